//! What events do to the kitchen board: a line comes with `line.fired`, changes, and goes with
//! `line.served` or `line.voided`.

use super::schema::{LINES, Tables};
use crate::{
    sql,
    views::{ApplyError, Fact, all_met},
};
use chrono::{DateTime, Utc};
use domain::{
    event::Event,
    ids::{FeedId, LineId},
    ordering::{LineFired, LineState, OrderEvent},
    station::StationKey,
};
use sqlx::{MySqlConnection, QueryBuilder};
use std::collections::{BTreeMap, BTreeSet};

type Key = (FeedId, StationKey, LineId);

/// A line that came in this batch.
#[derive(Debug, PartialEq)]
struct NewLine {
    feed: FeedId,
    fired: LineFired,
    fired_position: u64,
    fired_at: DateTime<Utc>,
    state: LineState,
    changed_at: DateTime<Utc>,
}

/// What a batch of events changes, each row once.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    new: BTreeMap<Key, NewLine>,
    /// Lines of earlier batches, what they become, and when.
    moved: BTreeMap<Key, (LineState, DateTime<Utc>)>,
    gone: BTreeSet<Key>,
}

impl Changes {
    /// Folds the events of a batch together.
    pub(super) fn of(facts: &[Fact]) -> Result<Self, ApplyError> {
        let mut changes = Self::default();
        for fact in facts {
            if let Event::Order(event) = &fact.event {
                changes.fold(fact, event)?;
            }
        }
        Ok(changes)
    }

    fn fold(&mut self, fact: &Fact, event: &OrderEvent) -> Result<(), ApplyError> {
        match event {
            OrderEvent::LineFired(fired) => self.fire(fact, fired)?,
            OrderEvent::LineStarted(it) => {
                self.move_to((fact.feed, it.station.clone(), it.line_id), LineState::Preparing, fact.at)
            }
            OrderEvent::LineReady(it) => {
                self.move_to((fact.feed, it.station.clone(), it.line_id), LineState::Ready, fact.at)
            }
            OrderEvent::LineServed(it) => self.remove((fact.feed, it.station.clone(), it.line_id)),
            OrderEvent::LineVoided(it) => self.remove((fact.feed, it.station.clone(), it.line_id)),
            // A kitchen never sees the order itself.
            OrderEvent::Placed(_)
            | OrderEvent::Accepted(_)
            | OrderEvent::Rejected(_)
            | OrderEvent::Cancelled(_)
            | OrderEvent::Completed(_) => {}
        }
        Ok(())
    }

    fn fire(&mut self, fact: &Fact, fired: &LineFired) -> Result<(), ApplyError> {
        let line = NewLine {
            feed: fact.feed,
            fired: fired.clone(),
            fired_position: fact.position,
            fired_at: fact.at,
            state: LineState::Fired,
            changed_at: fact.at,
        };
        match self.new.insert((fact.feed, fired.station.clone(), fired.line_id), line) {
            None => Ok(()),
            Some(_) => Err(ApplyError::Misfit { table: LINES, expected: 0, rows: 1 }),
        }
    }

    fn move_to(&mut self, key: Key, state: LineState, at: DateTime<Utc>) {
        if let Some(line) = self.new.get_mut(&key) {
            (line.state, line.changed_at) = (state, at);
        } else {
            self.moved.insert(key, (state, at));
        }
    }

    fn remove(&mut self, key: Key) {
        if self.new.remove(&key).is_none() {
            self.moved.remove(&key);
            self.gone.insert(key);
        }
    }

    /// Writes the changes.
    pub(super) async fn write(self, connection: &mut MySqlConnection, tables: &Tables) -> Result<(), ApplyError> {
        let new: Vec<NewLine> = self.new.into_values().collect();
        for part in sql::parts(&new) {
            insert_lines(connection, tables, part).await?;
        }
        for (state, lines) in grouped(self.moved) {
            for part in sql::parts(&lines) {
                let rows = move_lines(connection, tables, part, state).await?;
                all_met(LINES, part.len(), rows)?;
            }
        }
        let gone: Vec<Key> = self.gone.into_iter().collect();
        for part in sql::parts(&gone) {
            let rows = delete_lines(connection, tables, part).await?;
            all_met(LINES, part.len(), rows)?;
        }
        Ok(())
    }
}

/// A line and when it moved.
type Moved = (Key, DateTime<Utc>);

/// By what they become, so that one statement moves many.
fn grouped(moved: BTreeMap<Key, (LineState, DateTime<Utc>)>) -> BTreeMap<LineState, Vec<Moved>> {
    let mut groups: BTreeMap<LineState, Vec<Moved>> = BTreeMap::new();
    for (key, (state, at)) in moved {
        groups.entry(state).or_default().push((key, at));
    }
    groups
}

async fn insert_lines(
    connection: &mut MySqlConnection,
    tables: &Tables,
    lines: &[NewLine],
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "INSERT INTO {} (feed_id, station, line_id, order_id, fired_position, code, table_label, order_note, \
         name, quantity, note, state, fired_at, changed_at) ",
        tables.lines
    ));
    query.push_values(lines, |mut row, line| {
        row.push_bind(line.feed.0)
            .push_bind(line.fired.station.as_str())
            .push_bind(line.fired.line_id.0)
            .push_bind(line.fired.order_id.0)
            .push_bind(line.fired_position)
            .push_bind(&line.fired.code)
            .push_bind(&line.fired.table_label)
            .push_bind(&line.fired.order_note)
            .push_bind(&line.fired.name)
            .push_bind(line.fired.quantity)
            .push_bind(&line.fired.note)
            .push_bind(line.state.as_str())
            .push_bind(line.fired_at)
            .push_bind(line.changed_at);
    });
    sql::run(connection, query).await
}

async fn move_lines(
    connection: &mut MySqlConnection,
    tables: &Tables,
    lines: &[Moved],
    state: LineState,
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!("UPDATE {} SET state = ", tables.lines));
    query.push_bind(state.as_str()).push(", changed_at = CASE");
    for ((feed, station, line), at) in lines {
        query.push(" WHEN line_id = ").push_bind(line.0);
        query.push(" AND feed_id = ").push_bind(feed.0);
        query.push(" AND station = ").push_bind(station.as_str());
        query.push(" THEN ").push_bind(*at);
    }
    query.push(" ELSE changed_at END WHERE (feed_id, station, line_id) IN ");
    push_keys(&mut query, lines.iter().map(|(key, _)| key));
    sql::run(connection, query).await
}

async fn delete_lines(connection: &mut MySqlConnection, tables: &Tables, keys: &[Key]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!("DELETE FROM {} WHERE (feed_id, station, line_id) IN ", tables.lines));
    push_keys(&mut query, keys);
    sql::run(connection, query).await
}

fn push_keys<'a>(query: &mut QueryBuilder<'a, sqlx::MySql>, keys: impl IntoIterator<Item = &'a Key>) {
    query.push_tuples(keys, |mut tuple, (feed, station, line)| {
        tuple.push_bind(feed.0).push_bind(station.as_str()).push_bind(line.0);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples::{
        FEED, accepted, at, cancelled, completed, facts, facts_of, fired, grill, line_id, placed, ready, served,
        started, voided,
    };
    use crate::{generation::Generation, views::kitchen_board::schema::VIEW};

    fn key(line: u128) -> Key {
        (FEED, grill(), line_id(line))
    }

    #[test]
    fn a_line_comes_when_it_is_fired_and_not_before() {
        let changes = Changes::of(&facts([placed(&[1]), accepted()])).unwrap();
        assert_eq!(changes, Changes::default());
        let changes = Changes::of(&facts([placed(&[1]), accepted(), fired(1)])).unwrap();
        assert_eq!(changes.new[&key(1)].fired_position, 3);
    }

    #[test]
    fn what_does_not_concern_the_board_changes_no_row() {
        let board = crate::views::of(crate::generation::Projection { view: VIEW, generation: Generation(1) });
        let all =
            [placed(&[1]), accepted(), cancelled(), completed(), fired(1), started(1), ready(1), served(1), voided(1)];
        for fact in facts(all) {
            let is_empty = Changes::of(std::slice::from_ref(&fact)).unwrap() == Changes::default();
            assert_eq!(board.concerns(fact.event.event_type()), !is_empty, "{}", fact.event.event_type());
        }
    }

    #[test]
    fn what_happens_to_a_new_line_is_one_row() {
        let changes = Changes::of(&facts([fired(1), started(1), ready(1)])).unwrap();
        let line = &changes.new[&key(1)];
        assert_eq!((line.state, line.fired_at, line.changed_at), (LineState::Ready, at(1), at(3)));
        assert!(changes.moved.is_empty() && changes.gone.is_empty());
    }

    #[test]
    fn a_line_that_came_and_went_leaves_nothing() {
        assert_eq!(Changes::of(&facts([fired(1), ready(1), served(1)])).unwrap(), Changes::default());
        assert_eq!(Changes::of(&facts([fired(1), voided(1)])).unwrap(), Changes::default());
    }

    #[test]
    fn the_same_line_in_another_feed_is_another_one() {
        let other = FeedId(uuid::Uuid::from_u128(9));
        let mut both = facts([fired(1)]);
        both.extend(facts_of(other, [served(1)]));
        let changes = Changes::of(&both).unwrap();
        assert_eq!(changes.new[&key(1)].state, LineState::Fired);
        assert_eq!(changes.gone, BTreeSet::from([(other, grill(), line_id(1))]));
    }

    #[test]
    fn an_older_line_is_moved_once_and_removed_once() {
        let changes = Changes::of(&facts([started(1), ready(1), started(2), served(2)])).unwrap();
        assert_eq!(changes.moved, BTreeMap::from([(key(1), (LineState::Ready, at(2)))]));
        assert_eq!(changes.gone, BTreeSet::from([key(2)]));
    }
}
