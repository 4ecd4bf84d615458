//! Everything that was promised, compared with everything that is there. Nobody gives commands meanwhile.

use super::{
    cast::Cast,
    compare::compare,
    house::House,
    ledger::{Acknowledged, Ledger},
    screens::{Screen, Screens},
    shown::Shown,
    violation::{Kind, Violation},
};
use chrono::Duration as Span;
use domain::{
    envelope::RecordedEvent,
    ids::FeedId,
    scope::{Tags, visible},
};
use event_store::{reader::EventReader, verify::verify_feed};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long views and screens may take to come to the end of the feed once all is mended.
const RECOVERY: Duration = Duration::from_secs(90);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// Events of one page.
const PAGE: usize = 256;
/// The committer stamps the time while a command is under way; both clocks are of one machine.
const CLOCKS_AGREE_WITHIN: Span = Span::milliseconds(50);

/// Tells the ledger of every promise that was not kept. Gives how long it had to wait for what was not there
/// at once; what it needs to read everything is not counted.
pub(super) async fn judge(cast: &Cast, houses: &[Arc<House>], ledger: &Ledger, screens: &Screens) -> Duration {
    let mut waited = Duration::ZERO;
    let (reader, views) = (&cast.reader, &cast.views);
    for house in houses {
        let feed = feed(reader, house.id.into()).await;
        let head = feed.len() as u64;
        commands_are_there_once(ledger, house.number, &feed);
        times_are_the_servers_own(ledger, house.number, &feed);
        waited += chain_is_whole(ledger, reader, house.id.into(), head).await;
        waited += views_equal_their_fold(ledger, reader, views, house.id.into(), head).await;
        waited += answers_equal_what_was_said(ledger, cast, house, head).await;
        for screen in screens.0.iter().filter(|screen| screen.restaurant == house.number) {
            waited += shows_all_in_order(ledger, screen, &feed).await;
        }
    }
    waited
}

/// Waits until `look` says that it is there; else somebody hangs, which is a violation too. Gives how long it
/// was before the look that found it.
async fn recovered(ledger: &Ledger, what: &str, mut look: impl AsyncFnMut() -> Result<(), String>) -> Duration {
    let begun = Instant::now();
    loop {
        let waited = begun.elapsed();
        match look().await {
            Ok(()) => return waited,
            Err(_) if waited < RECOVERY => tokio::time::sleep(LOOK).await,
            Err(seen) => {
                let what = format!("{what}: not within {RECOVERY:?}; last seen: {seen}");
                ledger.accuse(Violation::broken(what));
                return waited;
            }
        }
    }
}

async fn feed(reader: &EventReader, id: FeedId) -> Vec<RecordedEvent> {
    let mut feed: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = feed.last().map_or(0, |event| event.cursor.position);
        let page = reader.page(id, after, PAGE).await.unwrap();
        if page.is_empty() {
            return feed;
        }
        feed.extend(page);
    }
}

/// I1, I2, I3: each acknowledged command wrote its events, once, where its answer says; one that a rule
/// refused wrote nothing; and nothing is there that nobody asked for.
fn commands_are_there_once(ledger: &Ledger, restaurant: usize, feed: &[RecordedEvent]) {
    let mut written: BTreeMap<&str, Vec<&RecordedEvent>> = BTreeMap::new();
    for event in feed {
        written.entry(event.metadata.correlation_id.as_str()).or_default().push(event);
    }
    let found = {
        let book = ledger.book();
        let mine = book.acknowledged.iter().filter(|it| it.restaurant == restaurant);
        let mut found: Vec<_> = mine.filter_map(|it| differs(it, written.remove(&*it.correlation))).collect();
        for it in &book.refused {
            let done = written.remove(&*it.correlation);
            found.extend(done.map(|_| Violation::new(Kind::Different, format!("{} was refused and done", it.what))));
        }
        found
    };
    found.into_iter().for_each(|violation| ledger.accuse(violation));
    for (correlation, events) in written {
        let what = format!("{} events of {correlation}, which nobody knows", events.len());
        ledger.accuse(Violation::new(Kind::Different, what));
    }
}

fn differs(told: &Acknowledged, written: Option<Vec<&RecordedEvent>>) -> Option<Violation> {
    let Some(written) = written else {
        return Some(Violation::new(Kind::Lost, format!("{} was answered and is not there", told.what)));
    };
    let types: Vec<_> = written.iter().map(|event| event.event_type.as_str()).collect();
    if types != told.events {
        let kind = if types.len() > told.events.len() { Kind::Repeated } else { Kind::Different };
        return Some(Violation::new(kind, format!("{} wrote {types:?}, not {:?}", told.what, told.events)));
    }
    let positions: Vec<_> = written.iter().map(|event| event.cursor.position).collect();
    let (first, last) = (positions.first().copied(), positions.last().copied());
    let together = first.zip(last).is_some_and(|(first, last)| last - first + 1 == positions.len() as u64);
    let aggregate = written.iter().any(|event| event.aggregate_id.to_string() == told.id);
    if last != Some(told.position) || !together || !aggregate {
        let what = format!("{} stands at {positions:?} and was answered {} of {}", told.what, told.position, told.id);
        return Some(Violation::new(Kind::Different, what));
    }
    None
}

/// An event's time is the server's: while its command was under way, whatever the client's clock says. It
/// never runs backwards, whatever the servers' clocks say.
fn times_are_the_servers_own(ledger: &Ledger, restaurant: usize, feed: &[RecordedEvent]) {
    let backwards = feed.windows(2).filter(|two| two[1].recorded_at < two[0].recorded_at);
    let mut found: Vec<_> = backwards.map(|two| format!("position {} is older", two[1].cursor.position)).collect();
    if ledger.clocks_are_right() {
        let at: BTreeMap<_, _> = feed.iter().map(|event| (event.cursor.position, event.recorded_at)).collect();
        let book = ledger.book();
        for it in book.acknowledged.iter().filter(|it| it.restaurant == restaurant) {
            let (from, to) = (it.between.0 - CLOCKS_AGREE_WITHIN, it.between.1 + CLOCKS_AGREE_WITHIN);
            let stamped = at.get(&it.position).filter(|stamped| !(from..=to).contains(stamped));
            found.extend(stamped.map(|stamped| format!("{} is stamped {stamped}, not {from} to {to}", it.what)));
        }
    }
    found.into_iter().for_each(|what| ledger.accuse(Violation::new(Kind::Different, what)));
}

/// I1, I3, I10: positions, versions, hashes, claims, and what waits to be published.
async fn chain_is_whole(ledger: &Ledger, reader: &EventReader, id: FeedId, head: u64) -> Duration {
    recovered(ledger, "the feed is whole and published", async || {
        let report = verify_feed(reader, id).await.map_err(|error| error.to_string())?;
        if report.findings.is_empty() && report.events == head { Ok(()) } else { Err(format!("{report:?}")) }
    })
    .await
}

/// I4, I6.
async fn views_equal_their_fold(
    ledger: &Ledger,
    reader: &EventReader,
    views: &sqlx::MySqlPool,
    id: FeedId,
    head: u64,
) -> Duration {
    recovered(ledger, "the read models are there", async || {
        let report = projection_service::check::restaurant(views, reader, id).await.map_err(|it| it.to_string())?;
        let behind: Vec<_> = report.views.iter().filter(|view| view.cursor.position < head).collect();
        if !behind.is_empty() {
            return Err(format!("{behind:?} of {head}"));
        }
        if !report.is_clean() {
            ledger.accuse(Violation::new(Kind::Different, format!("a read model is not its fold: {report:?}")));
        }
        Ok(())
    })
    .await
}

/// I6 once more, as clients see it: every read is answered at the head, by each process, and says what the
/// judge has concluded from the answers to commands, without any code of the product.
async fn answers_equal_what_was_said(ledger: &Ledger, cast: &Cast, house: &House, head: u64) -> Duration {
    let mut waited = Duration::ZERO;
    for base in cast.projections() {
        waited += recovered(ledger, "reads are answered", async || {
            let shown = Shown::read(house, &base, head).await?;
            let said = Shown::of(&ledger.book(), house);
            if shown == said { Ok(()) } else { Err(said.difference(&shown)) }
        })
        .await;
    }
    waited
}

/// I5.
async fn shows_all_in_order(ledger: &Ledger, screen: &Screen, feed: &[RecordedEvent]) -> Duration {
    let shown = |event: &&RecordedEvent| visible(&screen.scope, &event.event_type, &Tags::of(&event.payload));
    let promised: Vec<String> =
        feed.iter().filter(shown).map(|event| String::from_utf8(event.envelope_json()).unwrap()).collect();
    let who = format!("{} of restaurant {}", screen.scope, screen.restaurant);
    let waited = recovered(ledger, &format!("{who} has caught up"), async || {
        let applied = screen.count();
        if applied >= promised.len() { Ok(()) } else { Err(format!("{applied} of {}", promised.len())) }
    })
    .await;
    compare(&who, &promised, &screen.applied()).into_iter().for_each(|violation| ledger.accuse(violation));
    waited
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use domain::envelope::{Actor, ActorKind, Cursor, Metadata};
    use uuid::Uuid;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn event(position: u64, event_type: &str, correlation: &str) -> RecordedEvent {
        RecordedEvent {
            feed: Uuid::nil().into(),
            tenant: Uuid::nil().into(),
            cursor: Cursor { epoch: 1, position },
            event_id: Uuid::from_u128(position.into()),
            aggregate_type: "order".to_owned(),
            aggregate_id: Uuid::from_u128(7),
            version: position,
            event_type: event_type.to_owned(),
            schema_version: 1,
            recorded_at: at(i64::try_from(position).unwrap()),
            metadata: Metadata {
                actor: Actor { kind: ActorKind::Staff, id: "ana".to_owned() },
                correlation_id: correlation.to_owned(),
                causation_id: Uuid::nil(),
                traceparent: None,
                means: None,
            },
            payload: b"{}".as_slice().into(),
        }
    }

    /// `accept` was answered with position 2, `close` was refused.
    fn ledger() -> Ledger {
        let ledger = Ledger::default();
        ledger.book().acknowledged.push(Acknowledged {
            restaurant: 0,
            what: "accept".to_owned(),
            correlation: "accept".to_owned(),
            id: Uuid::from_u128(7).to_string(),
            position: 2,
            events: vec!["order.accepted".to_owned(), "line.fired".to_owned()],
            between: (at(1), at(2)),
        });
        let close = "close".to_owned();
        ledger.book().refused.push(super::super::ledger::Refused { what: close.clone(), correlation: close });
        ledger
    }

    fn accepted() -> Vec<RecordedEvent> {
        vec![event(1, "order.accepted", "accept"), event(2, "line.fired", "accept")]
    }

    fn found(feed: &[RecordedEvent]) -> Vec<Kind> {
        let ledger = ledger();
        commands_are_there_once(&ledger, 0, feed);
        times_are_the_servers_own(&ledger, 0, feed);
        ledger.violations().iter().map(|violation| violation.kind).collect()
    }

    #[test]
    fn what_was_promised_is_no_violation() {
        assert_eq!(found(&accepted()), []);
    }

    #[test]
    fn an_answered_command_that_is_not_there_is_lost() {
        assert_eq!(found(&[]), [Kind::Lost]);
        assert_eq!(found(&accepted()[..1]), [Kind::Different]);
    }

    #[test]
    fn a_command_that_was_done_again_is_repeated() {
        let mut feed = accepted();
        feed.extend([event(3, "order.accepted", "accept"), event(4, "line.fired", "accept")]);
        assert_eq!(found(&feed), [Kind::Repeated]);
    }

    #[test]
    fn what_was_refused_or_never_asked_for_must_not_be_there() {
        for correlation in ["close", "nobody"] {
            let mut feed = accepted();
            feed.push(event(3, "table-session.closed", correlation));
            assert_eq!(found(&feed), [Kind::Different], "{correlation}");
        }
    }

    #[test]
    fn an_answer_that_names_another_place_is_different() {
        let mut feed = vec![event(1, "order.placed", "accept")];
        assert_eq!(found(&feed), [Kind::Different]);
        feed = accepted();
        feed.iter_mut().for_each(|event| event.aggregate_id = Uuid::nil());
        assert_eq!(found(&feed), [Kind::Different]);
    }

    #[test]
    fn a_time_that_runs_backwards_or_is_the_clients_is_different() {
        let mut feed = accepted();
        feed[1].recorded_at = at(0);
        assert_eq!(found(&feed), [Kind::Different; 2]);
        feed[1].recorded_at = at(3_600);
        assert_eq!(found(&feed), [Kind::Different]);
    }
}
