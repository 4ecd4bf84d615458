//! Over any history of a small restaurant, claims are taken and released exactly once, and they say
//! the same as the states do.

use super::{ClaimChange, ClaimKind};
use crate::{
    dining::{CloseSession, JoinSession, OpenSession, SessionCommand, TableSession},
    event::Event,
    ids::{DinerId, ItemId, OrderId, SessionId},
    menu::{AddItem, Menu, MenuCommand, Price, WithdrawItem, item_name_claim},
    money::TaxRate,
    ordering::{
        CancelOrder, CancelReason, CancelledBy, Order, OrderCommand, OrderState, OrderedLine, PlaceOrder, Quantity,
        RejectOrder, RejectReason, open_order_claim,
    },
    refusal::Refusal,
    restaurants::Table,
    testing::{eur, id, station},
    text::Name,
};
use cqrs_es::Aggregate;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// Ids are drawn from so few that repeated, late and crossing commands are common.
const FEW: u128 = 3;

/// Something that someone tries.
#[derive(Debug, Clone, Copy)]
enum Attempt {
    AddItem { item: u128, name: &'static str },
    Withdraw { item: u128 },
    Open { session: u128, table: u128 },
    Join { session: u128, diner: u128 },
    Close { session: u128 },
    Place { order: u128, session: u128, diner: u128, item: u128 },
    Accept { order: u128 },
    Reject { order: u128 },
    Cancel { order: u128 },
    Ready { order: u128 },
    Serve { order: u128 },
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let few = || 0..FEW;
    let name = prop::sample::select(vec!["Soup", "SOUP", "Bread", "Ice"]);
    let attempt = prop_oneof![
        (few(), name).prop_map(|(item, name)| Attempt::AddItem { item, name }),
        few().prop_map(|item| Attempt::Withdraw { item }),
        (few(), few()).prop_map(|(session, table)| Attempt::Open { session, table }),
        (few(), few()).prop_map(|(session, diner)| Attempt::Join { session, diner }),
        few().prop_map(|session| Attempt::Close { session }),
        (0..2 * FEW, few(), few(), few()).prop_map(|(order, session, diner, item)| Attempt::Place {
            order,
            session,
            diner,
            item
        }),
        (0..2 * FEW).prop_map(|order| Attempt::Accept { order }),
        (0..2 * FEW).prop_map(|order| Attempt::Reject { order }),
        (0..2 * FEW).prop_map(|order| Attempt::Cancel { order }),
        (0..2 * FEW).prop_map(|order| Attempt::Ready { order }),
        (0..2 * FEW).prop_map(|order| Attempt::Serve { order }),
    ];
    prop::collection::vec(attempt, 0..150)
}

/// A restaurant, with the claims table as the store would keep it.
#[derive(Default)]
struct World {
    menu: Menu,
    sessions: HashMap<SessionId, TableSession>,
    orders: HashMap<OrderId, Order>,
    claims: BTreeMap<(ClaimKind, String), Owner>,
}

/// Which aggregate holds a claim.
type Owner = uuid::Uuid;

impl World {
    fn attempt(&mut self, attempt: Attempt) -> Result<(), Refusal> {
        match attempt {
            Attempt::AddItem { item, name } => self.add_item(id(item), name),
            Attempt::Withdraw { item } => self.menu(MenuCommand::WithdrawItem(WithdrawItem { item_id: id(item) })),
            Attempt::Open { session, table } => self.open(id(session), table),
            Attempt::Join { session, diner } => {
                self.session(id(session), SessionCommand::Join(JoinSession { diner_id: id(diner) }))
            }
            Attempt::Close { session } => self.close(id(session)),
            Attempt::Place { order, session, diner, item } => self.place(id(order), id(session), id(diner), id(item)),
            Attempt::Accept { order } => self.order(id(order), OrderCommand::Accept),
            Attempt::Reject { order } => {
                let reject = RejectOrder { reason: RejectReason::Other, note: None };
                self.order(id(order), OrderCommand::Reject(reject))
            }
            Attempt::Cancel { order } => {
                let cancel = CancelOrder { by: CancelledBy::Staff, reason: CancelReason::Other, note: None };
                self.order(id(order), OrderCommand::Cancel(cancel))
            }
            Attempt::Ready { order } => self.order(id(order), OrderCommand::ReadyLine { line_id: id(order) }),
            Attempt::Serve { order } => self.order(id(order), OrderCommand::ServeLine { line_id: id(order) }),
        }
    }

    fn add_item(&mut self, item_id: ItemId, name: &str) -> Result<(), Refusal> {
        self.menu(MenuCommand::AddItem(AddItem {
            menu_id: id(100),
            item_id,
            name: Name::parse(name).unwrap(),
            price: Price::new(500, eur()).unwrap(),
            tax_rate_bp: TaxRate::try_from(1_000).unwrap(),
            station: station("grill"),
            station_exists: true,
            currency: eur(),
            name_taken: self.claims.contains_key(&(ClaimKind::ItemName, item_name_claim(name))),
        }))
    }

    fn open(&mut self, session_id: SessionId, table: u128) -> Result<(), Refusal> {
        let table = Table { table_id: id(table), label: table.to_string(), seats: 4 };
        let owner = self.claims.get(&(ClaimKind::OpenSession, table.table_id.to_string()));
        let occupied_by = owner.copied().map(SessionId);
        self.session(session_id, SessionCommand::Open(OpenSession { session_id, table: Some(table), occupied_by }))
    }

    fn close(&mut self, session_id: SessionId) -> Result<(), Refusal> {
        let of_session =
            |kind: &ClaimKind, key: &str| *kind == ClaimKind::OpenOrder && key.starts_with(&format!("{session_id}/"));
        let open = self.claims.iter().filter(|((kind, key), _)| of_session(kind, key));
        let open_orders = open.map(|(_, owner)| OrderId(*owner)).collect();
        self.session(session_id, SessionCommand::Close(CloseSession { open_orders }))
    }

    fn place(&mut self, order: OrderId, session: SessionId, diner: DinerId, item_id: ItemId) -> Result<(), Refusal> {
        let line = OrderedLine {
            line_id: order.0.into(),
            item_id,
            item: self.menu.item(item_id).cloned(),
            quantity: Quantity::try_from(1).unwrap(),
            note: None,
        };
        let command = PlaceOrder {
            order_id: order,
            session: self.sessions.get(&session).and_then(TableSession::facts),
            diner_id: Some(diner),
            note: None,
            prices_include_tax: true,
            currency: eur(),
            lines: vec![line],
        };
        self.order(order, OrderCommand::Place(command))
    }

    fn menu(&mut self, command: MenuCommand) -> Result<(), Refusal> {
        for event in self.menu.decide(command)? {
            // Items share the stream of their menu, so the menu owns their names.
            record(&mut self.claims, &event.clone().into(), id(100));
            self.menu.apply(event);
        }
        Ok(())
    }

    fn session(&mut self, id: SessionId, command: SessionCommand) -> Result<(), Refusal> {
        let state = self.sessions.entry(id).or_default();
        for event in state.decide(command)? {
            record(&mut self.claims, &event.clone().into(), id.0);
            state.apply(event);
        }
        Ok(())
    }

    fn order(&mut self, id: OrderId, command: OrderCommand) -> Result<(), Refusal> {
        let state = self.orders.entry(id).or_default();
        for event in state.decide(command)? {
            record(&mut self.claims, &event.clone().into(), id.0);
            state.apply(event);
        }
        Ok(())
    }

    /// The claims as they follow from the states alone.
    fn expected_claims(&self) -> BTreeMap<(ClaimKind, String), Owner> {
        let open = |order: &&Order| matches!(order.state(), Some(OrderState::Placed | OrderState::Accepted));
        let orders = self.orders.values().filter(open).filter_map(|order| {
            let (order, session) = (order.order_id()?, order.session_id()?);
            Some(((ClaimKind::OpenOrder, open_order_claim(session, order)), order.0))
        });
        let sessions = self.sessions.values().filter(|session| session.is_open()).filter_map(|session| {
            Some(((ClaimKind::OpenSession, session.table_id()?.to_string()), session.session_id()?.0))
        });
        let items = (0..FEW).filter_map(|n| self.menu.item(id(n)));
        let items = items.map(|item| ((ClaimKind::ItemName, item_name_claim(&item.name)), id(100)));
        items.chain(sessions).chain(orders).collect()
    }
}

/// What the store does with the claims of an event; taking twice or releasing nothing is a bug.
fn record(claims: &mut BTreeMap<(ClaimKind, String), Owner>, event: &Event, owner: Owner) {
    for change in event.claims() {
        match change {
            ClaimChange::Take(kind, key) => {
                let before = claims.insert((kind, key), owner);
                assert_eq!(before, None, "{event:?} took a claim that somebody owns");
            }
            ClaimChange::Release(kind, key) => {
                let before = claims.remove(&(kind, key));
                assert_eq!(before, Some(owner), "{event:?} released a claim that it does not own");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn claims_are_taken_and_released_exactly_once_and_agree_with_the_states(attempts in attempts()) {
        let mut world = World::default();
        for attempt in attempts {
            // Most attempts are refused, which is part of the history.
            let _ = world.attempt(attempt);
            prop_assert_eq!(&world.claims, &world.expected_claims());
        }
    }

    #[test]
    fn no_session_is_closed_under_an_open_order_and_no_table_has_two_sessions(attempts in attempts()) {
        let mut world = World::default();
        for attempt in attempts {
            let _ = world.attempt(attempt);
        }
        for order in world.orders.values().filter(|order| matches!(order.state_name(), "placed" | "accepted")) {
            prop_assert!(world.sessions[&order.session_id().unwrap()].is_open());
        }
        let mut tables: Vec<_> = world.sessions.values().filter(|it| it.is_open()).map(TableSession::table_id).collect();
        tables.sort();
        let open = tables.len();
        tables.dedup();
        prop_assert_eq!(tables.len(), open);
    }
}

#[test]
fn the_attempts_that_are_tried_get_far() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut worlds = (0..500).map(|_| {
        let mut world = World::default();
        for attempt in attempts().new_tree(&mut runner).unwrap().current() {
            let _ = world.attempt(attempt);
        }
        world
    });
    assert!(worlds.any(|world| world.orders.values().any(|order| order.state() == Some(OrderState::Completed))));
}
