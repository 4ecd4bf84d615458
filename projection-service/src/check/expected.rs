//! The rows that ought to be there, from the domain's own aggregates.

use super::rows::Rows;
use crate::views::{kitchen_board::schema as kitchen, orders::schema as order, restaurants::schema as restaurant};
use chrono::{DateTime, Utc};
use domain::{
    dining::{JoinRequested, SessionEvent, TableSession},
    envelope::{RecordedEvent, format_time},
    event::{DecodeError, Event},
    ids::{DinerId, ItemId, LineId, OrderId, SessionId},
    menu::{Menu, MenuEvent},
    ordering::{Line, LineFired, LineState, Order, OrderEvent, OrderPlaced},
    restaurants::{RestaurantCreated, RestaurantEvent},
    stream::{AggregateKind, State},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A restaurant, folded from its events.
#[derive(Default)]
pub(super) struct Expected {
    created: Option<RestaurantCreated>,
    menu: Option<Menu>,
    added: BTreeMap<ItemId, u64>,
    sessions: BTreeMap<SessionId, SessionFold>,
    orders: BTreeMap<OrderId, OrderFold>,
}

struct SessionFold {
    state: State,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    left: BTreeMap<DinerId, DateTime<Utc>>,
    /// Who asked and was not answered. The state of the session forgets some of them; the view does not.
    asked: BTreeMap<DinerId, (JoinRequested, DateTime<Utc>)>,
}

struct OrderFold {
    state: State,
    placed: OrderPlaced,
    position: u64,
    at: DateTime<Utc>,
    version: u64,
    reason: Value,
    fired: BTreeMap<LineId, (LineFired, u64, DateTime<Utc>)>,
    changed: BTreeMap<LineId, DateTime<Utc>>,
}

impl Expected {
    /// Folds one event in.
    pub(super) fn fold(&mut self, recorded: &RecordedEvent) -> Result<(), DecodeError> {
        match recorded.event()? {
            Event::Restaurant(RestaurantEvent::Created(created)) => self.created = Some(created),
            Event::Restaurant(RestaurantEvent::TableCodeReissued(_)) => {}
            Event::Menu(event) => self.fold_menu(recorded, event),
            Event::TableSession(event) => self.fold_session(recorded, event),
            Event::Order(event) => self.fold_order(recorded, event),
            Event::Tenant(_) => {}
        }
        Ok(())
    }

    fn fold_menu(&mut self, recorded: &RecordedEvent, event: MenuEvent) {
        if let MenuEvent::ItemAdded(added) = &event {
            self.added.insert(added.item_id, recorded.cursor.position);
        }
        let mut state = State::Menu(self.menu.take().unwrap_or_default());
        state.apply(Event::Menu(event));
        if let State::Menu(menu) = state {
            self.menu = Some(menu);
        }
    }

    fn fold_session(&mut self, recorded: &RecordedEvent, event: SessionEvent) {
        let fold = self.sessions.entry(recorded.aggregate_id.into()).or_insert_with(|| SessionFold {
            state: State::absent(AggregateKind::TableSession),
            opened_at: recorded.recorded_at,
            closed_at: None,
            left: BTreeMap::new(),
            asked: BTreeMap::new(),
        });
        match &event {
            SessionEvent::Closed(_) => fold.closed_at = Some(recorded.recorded_at),
            SessionEvent::Left(it) => drop(fold.left.insert(it.diner_id, recorded.recorded_at)),
            SessionEvent::JoinRequested(it) => {
                fold.asked.insert(it.diner_id, (it.clone(), recorded.recorded_at));
            }
            SessionEvent::Joined(it) => drop(fold.asked.remove(&it.diner_id)),
            SessionEvent::JoinDeclined(it) => drop(fold.asked.remove(&it.diner_id)),
            SessionEvent::Opened(_) | SessionEvent::CodeRotated(_) => {}
        }
        fold.state.apply(Event::TableSession(event));
    }

    fn fold_order(&mut self, recorded: &RecordedEvent, event: OrderEvent) {
        let id = OrderId::from(recorded.aggregate_id);
        if let OrderEvent::Placed(placed) = &event {
            self.orders.insert(id, OrderFold::new(recorded, placed));
        }
        if let Some(order) = self.orders.get_mut(&id) {
            order.fold(recorded, event);
        }
    }

    /// The rows of the restaurants view.
    pub(super) fn restaurants(&self) -> Rows {
        let mut rows = Rows::new();
        if let Some(created) = &self.created {
            add_restaurant(&mut rows, created);
        }
        self.add_items(&mut rows);
        for (id, session) in &self.sessions {
            session.add(&mut rows, *id);
        }
        rows
    }

    fn add_items(&self, rows: &mut Rows) {
        for (id, position) in &self.added {
            let Some(item) = self.menu.as_ref().and_then(|menu| menu.item(*id)) else { continue };
            let value = json!({
                "added_position": position, "name": item.name, "amount": item.price.amount,
                "currency": item.price.currency, "tax_rate_bp": item.tax_rate_bp, "station": item.station,
                "available": item.available,
            });
            rows.insert((restaurant::ITEMS, id.to_string()), value);
        }
    }

    /// The rows of the kitchen board: every line that is at its station.
    pub(super) fn kitchen_board(&self) -> Rows {
        self.orders.values().flat_map(OrderFold::on_the_board).collect()
    }

    /// The rows of the orders view.
    pub(super) fn orders(&self) -> Rows {
        let mut rows = Rows::new();
        for order in self.orders.values() {
            order.add(&mut rows);
        }
        rows
    }
}

fn add_restaurant(rows: &mut Rows, created: &RestaurantCreated) {
    let value = json!({
        "name": created.name, "currency": created.currency, "time_zone": created.time_zone,
        "stations": created.stations,
    });
    rows.insert((restaurant::RESTAURANTS, "restaurant".to_owned()), value);
    for (ordinal, table) in created.tables.iter().enumerate() {
        let value = json!({"ordinal": ordinal, "label": table.label, "seats": table.seats});
        rows.insert((restaurant::TABLES, table.table_id.to_string()), value);
    }
}

impl SessionFold {
    fn add(&self, rows: &mut Rows, id: SessionId) {
        let State::TableSession(session) = &self.state else { return };
        let Some(visit) = session.visit() else { return };
        let closed_at = if matches!(session, TableSession::Closed(_)) { self.closed_at } else { None };
        let value = json!({
            "table_id": visit.table_id, "table_label": visit.table_label,
            "opened_at": format_time(self.opened_at), "closed_at": closed_at.map(format_time),
        });
        rows.insert((restaurant::SESSIONS, id.to_string()), value);
        for (index, diner) in visit.diners.iter().enumerate() {
            let left_at = self.left.get(&diner.diner_id).filter(|_| diner.left).copied().map(format_time);
            let value = json!({"diner_id": diner.diner_id, "left_at": left_at});
            rows.insert((restaurant::DINERS, format!("{id}/{}", index + 1)), value);
        }
        for (asked, at) in self.asked.values().filter(|_| session.is_open()) {
            let value = json!({
                "table_label": asked.table_label, "mark": asked.mark, "requested_at": format_time(*at),
                "expires_at": format_time(asked.expires_at),
            });
            rows.insert((restaurant::JOIN_REQUESTS, format!("{id}/{}", asked.diner_id)), value);
        }
    }
}

impl OrderFold {
    fn new(recorded: &RecordedEvent, placed: &OrderPlaced) -> Self {
        Self {
            state: State::absent(AggregateKind::Order),
            placed: placed.clone(),
            position: recorded.cursor.position,
            at: recorded.recorded_at,
            version: recorded.version,
            reason: Value::Null,
            fired: BTreeMap::new(),
            changed: BTreeMap::new(),
        }
    }

    fn fold(&mut self, recorded: &RecordedEvent, event: OrderEvent) {
        self.version = recorded.version;
        match &event {
            OrderEvent::Rejected(it) => self.reason = json!(it.reason),
            OrderEvent::Cancelled(it) => self.reason = json!(it.reason),
            OrderEvent::LineFired(it) => {
                self.fired.insert(it.line_id, (it.clone(), recorded.cursor.position, recorded.recorded_at));
                self.changed.insert(it.line_id, recorded.recorded_at);
            }
            OrderEvent::LineStarted(it) => drop(self.changed.insert(it.line_id, recorded.recorded_at)),
            OrderEvent::LineReady(it) => drop(self.changed.insert(it.line_id, recorded.recorded_at)),
            _ => {}
        }
        self.state.apply(Event::Order(event));
    }

    fn order(&self) -> Option<&Order> {
        if let State::Order(order) = &self.state { Some(order) } else { None }
    }

    fn on_the_board(&self) -> Vec<((&'static str, String), Value)> {
        let lines = self.order().map(Order::lines).unwrap_or_default();
        let shown = |line: &&Line| matches!(line.state, LineState::Fired | LineState::Preparing | LineState::Ready);
        lines.iter().filter(shown).filter_map(|line| self.board_row(line)).collect()
    }

    fn board_row(&self, line: &Line) -> Option<((&'static str, String), Value)> {
        let (fired, position, at) = self.fired.get(&line.line_id)?;
        let value = json!({
            "order_id": fired.order_id, "fired_position": position, "code": fired.code,
            "table_label": fired.table_label, "order_note": fired.order_note, "name": fired.name,
            "quantity": fired.quantity, "note": fired.note, "state": line.state.as_str(),
            "fired_at": format_time(*at),
            "changed_at": self.changed.get(&line.line_id).copied().map(format_time),
        });
        Some(((kitchen::LINES, format!("{}/{}", line.station, line.line_id)), value))
    }

    fn add(&self, rows: &mut Rows) {
        let (placed, Some(order)) = (&self.placed, self.order()) else { return };
        let value = json!({
            "placed_position": self.position, "session_id": placed.session_id,
            "table_label": placed.table_label, "code": placed.code,
            "state": order.view_state().map(|state| state.as_str()), "placed_at": format_time(self.at),
            "note": placed.note, "reason": self.reason, "currency": placed.total.currency,
            "total": placed.total.amount, "tax": placed.tax.amount, "version": self.version,
        });
        rows.insert((order::ORDERS, placed.order_id.to_string()), value);
        for (ordinal, line) in placed.lines.iter().enumerate() {
            let value = json!({
                "ordinal": ordinal, "item_id": line.item_id, "name": line.name, "quantity": line.quantity,
                "unit_price": line.unit_price.amount, "line_total": line.line_total.amount,
                "line_tax": line.line_tax.amount, "station": line.station,
                "state": order.line(line.line_id).map(|line| line.state.as_str()), "note": line.note,
            });
            rows.insert((order::LINES, format!("{}/{}", placed.order_id, line.line_id)), value);
        }
    }
}
