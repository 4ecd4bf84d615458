//! Random histories: whatever happens in a restaurant, the views equal the fold (I6), also when every
//! message comes twice, and when everything is applied again from the start.

use crate::support::{PROJECTIONS, Setup};
use chrono::Utc;
use domain::{
    dining::{
        AnswerJoin, Host, LeaveSession, RequestJoin, SessionClosed, SessionCommand, SessionEvent, SessionJoined,
        SessionOpened,
    },
    event::Event,
    ids::{DinerId, OrderId, SessionId},
    menu::{ItemRestored, ItemWithdrawn, MenuEvent},
    ordering::{CancelOrder, CancelReason, CancelledBy, OrderCommand, RejectOrder, RejectReason},
    stream::{AggregateKind, State, StreamId},
};
use sqlx::Row;
use std::collections::BTreeMap;
use testkit::Place;
use uuid::Uuid;

/// Every table of every view.
const TABLES: [&str; 9] = [
    "restaurants_v1",
    "restaurant_tables_v1",
    "menu_items_v1",
    "sessions_v1",
    "diners_v1",
    "join_requests_v1",
    "kitchen_lines_v1",
    "orders_v1",
    "order_lines_v1",
];

/// Commands of one history.
const COMMANDS: usize = 250;

/// Numbers that only depend on a seed.
struct Dice(u64);

impl Dice {
    /// 0 to `below` − 1.
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }
}

/// A restaurant in which things happen that the rules allow.
struct Story {
    place: Place,
    dice: Dice,
    orders: Vec<(OrderId, State)>,
    beer_is_available: bool,
    extra: Option<(SessionId, State)>,
    guests: Vec<DinerId>,
}

impl Story {
    /// The events of the next command; none when a rule says no.
    fn next(&mut self) -> Vec<(StreamId, Event)> {
        match self.dice.roll(18) {
            12.. => self.act_on_the_session(),
            0 => vec![self.toggle_beer()],
            1 => self.toggle_session(),
            2 | 3 => self.place_order(),
            _ => self.act_on_an_order(),
        }
    }

    fn toggle_beer(&mut self) -> (StreamId, Event) {
        let (item_id, station) = (self.place.beer, "bar".parse().unwrap());
        self.beer_is_available = !self.beer_is_available;
        let event = if self.beer_is_available {
            MenuEvent::from(ItemRestored { item_id, station })
        } else {
            ItemWithdrawn { item_id, station }.into()
        };
        (self.place.menu.into(), Event::Menu(event))
    }

    fn toggle_session(&mut self) -> Vec<(StreamId, Event)> {
        let table_id = self.place.table;
        if let Some((session_id, _)) = self.extra.take() {
            return vec![(session_id.into(), Event::TableSession(SessionClosed { session_id, table_id }.into()))];
        }
        let session_id = SessionId::from(Uuid::now_v7());
        let opened = SessionOpened { session_id, table_id, table_label: "7".to_owned() };
        self.extra = Some((session_id, State::absent(AggregateKind::TableSession)));
        self.guests.clear();
        let mut events = vec![opened.into()];
        for number in 1..=u8::try_from(self.dice.roll(4)).unwrap() {
            self.guests.push(Uuid::now_v7().into());
            events.push(SessionJoined { session_id, diner_id: self.guests[usize::from(number) - 1], number }.into());
        }
        self.in_session(events)
    }

    /// Guests ask, are answered, and leave.
    fn act_on_the_session(&mut self) -> Vec<(StreamId, Event)> {
        let Some((_, State::TableSession(session))) = self.extra.clone() else { return Vec::new() };
        let (now, by) = (Utc::now(), Host::Staff);
        let verb = self.dice.roll(4);
        if verb == 0 || self.guests.is_empty() {
            self.guests.push(Uuid::now_v7().into());
        }
        let newest = self.guests.len() - 1;
        let diner_id = if verb == 0 { self.guests[newest] } else { self.guests[self.dice.roll(newest + 1)] };
        let command = match verb {
            0 => SessionCommand::RequestJoin(RequestJoin { diner_id, now }),
            1 => SessionCommand::ApproveJoin(AnswerJoin { diner_id, by, now }),
            2 => SessionCommand::DeclineJoin(AnswerJoin { diner_id, by, now }),
            _ => SessionCommand::Leave(LeaveSession { diner_id }),
        };
        let events = session.decide(command).unwrap_or_default();
        self.in_session(events)
    }

    fn in_session(&mut self, events: Vec<SessionEvent>) -> Vec<(StreamId, Event)> {
        let Some((id, session)) = &mut self.extra else { return Vec::new() };
        events.iter().for_each(|event| session.apply(Event::TableSession(event.clone())));
        events.into_iter().map(|event| (StreamId::from(*id), Event::TableSession(event))).collect()
    }

    fn place_order(&mut self) -> Vec<(StreamId, Event)> {
        let (order, mut events) = self.place.fired_order();
        events.truncate(1);
        let mut state = State::absent(AggregateKind::Order);
        state.apply(events[0].1.clone());
        self.orders.push((order.order, state));
        events
    }

    fn act_on_an_order(&mut self) -> Vec<(StreamId, Event)> {
        if self.orders.is_empty() {
            return Vec::new();
        }
        let chosen = self.dice.roll(self.orders.len());
        let command = self.command(chosen);
        let (id, state) = &mut self.orders[chosen];
        let State::Order(order) = &*state else { unreachable!() };
        let Ok(decided) = order.decide(command) else { return Vec::new() };
        let events: Vec<_> = decided.into_iter().map(|event| (StreamId::from(*id), Event::Order(event))).collect();
        events.iter().for_each(|(_, event)| state.apply(event.clone()));
        events
    }

    fn command(&mut self, chosen: usize) -> OrderCommand {
        let State::Order(order) = &self.orders[chosen].1 else { unreachable!() };
        let line_id = order.lines()[self.dice.roll(order.lines().len())].line_id;
        match self.dice.roll(12) {
            0 => OrderCommand::Reject(RejectOrder { reason: RejectReason::SoldOut, note: None }),
            1 => {
                let (by, reason) = (CancelledBy::Staff, CancelReason::GuestLeft);
                OrderCommand::Cancel(CancelOrder { by, reason, note: None })
            }
            2..=4 => OrderCommand::Accept,
            5 | 6 => OrderCommand::StartLine { line_id },
            7 | 8 => OrderCommand::ReadyLine { line_id },
            _ => OrderCommand::ServeLine { line_id },
        }
    }
}

/// Every row of every view of a place, as text.
async fn dump(setup: &Setup, place: &Place) -> BTreeMap<String, Vec<String>> {
    let mut dump = BTreeMap::new();
    for table in TABLES {
        let columns = "SELECT CONVERT(GROUP_CONCAT(CONCAT('HEX(COALESCE(', column_name, ', 0x00))') ORDER BY ordinal_position) USING utf8mb4) \
                       FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?";
        let columns: String = sqlx::query_scalar(columns).bind(table).fetch_one(&setup.views).await.unwrap();
        let rows = format!("SELECT CONCAT_WS(',', {columns}) AS line FROM {table} WHERE feed_id = ? ORDER BY line");
        let rows = sqlx::query(&rows).bind(place.restaurant.0).fetch_all(&setup.views).await.unwrap();
        dump.insert(table.to_owned(), rows.iter().map(|row| row.get("line")).collect());
    }
    dump
}

async fn forget_everything(setup: &Setup) {
    for table in TABLES.iter().chain(&["projection_checkpoints", "parked_events"]) {
        sqlx::query(&format!("DELETE FROM {table}")).execute(&setup.views).await.unwrap();
    }
}

async fn whatever_happens(seed: u64) {
    println!("seed {seed}");
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let mut story = Story {
        place: place.clone(),
        dice: Dice(seed),
        orders: Vec::new(),
        beer_is_available: true,
        extra: None,
        guests: Vec::new(),
    };
    // The table is free for the sessions of the story.
    let closed = SessionClosed { session_id: place.session, table_id: place.table };
    setup.append(&place, vec![(place.session.into(), Event::TableSession(closed.into()))]).await;
    let mut published = 0;
    for _ in 0..COMMANDS {
        let events = story.next();
        if events.is_empty() {
            continue;
        }
        setup.append(&place, events).await;
        if story.dice.roll(10) == 0 {
            // Everything new is published, and some of it again.
            for event in setup.feed(&place).await {
                if event.cursor.position > published || story.dice.roll(3) == 0 {
                    setup.publish(&event).await;
                    setup.publish(&event).await;
                    published = published.max(event.cursor.position);
                }
            }
        }
    }
    setup.assert_equal_to_fold(&place).await;
    let live = dump(&setup, &place).await;
    assert!(live["orders_v1"].len() > 10 && live["sessions_v1"].len() > 1);
    service.stop().await;

    forget_everything(&setup).await;
    let service = setup.service("b").await;
    setup.assert_equal_to_fold(&place).await;
    assert_eq!(dump(&setup, &place).await, live);
    for projection in PROJECTIONS {
        assert!(setup.stands(projection, &place).await.is_some());
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_views_equal_the_fold() {
    for seed in [0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03] {
        whatever_happens(seed).await;
    }
}

/// The comparison itself must see what is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_changed_by_hand_is_found() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    setup.append(&place, place.fired_order().1).await;
    setup.assert_equal_to_fold(&place).await;
    for text in [
        "UPDATE orders_v1 SET state = 'served' WHERE feed_id = ?",
        "DELETE FROM diners_v1 WHERE feed_id = ?",
        "UPDATE kitchen_lines_v1 SET line_id = REVERSE(line_id) WHERE feed_id = ? AND station = 'bar'",
    ] {
        sqlx::query(text).bind(place.restaurant.0).execute(&setup.views).await.unwrap();
    }
    let report = setup.check(&place).await;
    let differences: Vec<usize> = report.views.iter().map(|view| view.n_differences).collect();
    assert_eq!(differences, [1, 2, 1], "{report:#?}");
    let changed = &report.views[2].differences[0];
    assert_eq!(changed.table, "orders_v1");
    assert!(changed.expected.as_ref().unwrap().contains("accepted"));
    assert!(changed.found.as_ref().unwrap().contains("served"));
    service.stop().await;
}
