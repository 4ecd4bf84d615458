//! Appending events without rules, for tests of what follows a feed.

use crate::Env;
use domain::{
    dining::{SessionJoined, SessionOpened},
    envelope::{Actor, ActorKind, Metadata},
    event::Event,
    ids::{DinerId, FeedId, ItemId, LineId, MenuId, OrderId, RestaurantId, SessionId, TableId, TenantId},
    menu::{ItemAdded, MenuEvent},
    money::{Currency, Money, TaxRate},
    ordering::{
        LineFired, LineReady, LineServed, LineStarted, OrderAccepted, OrderCompleted, OrderEvent, OrderPlaced,
        PlacedLine,
    },
    refusal::Refusal,
    restaurants::{RestaurantCreated, RestaurantEvent, Station, Table},
    station::StationKey,
    stream::StreamId,
};
use event_store::committer::{
    Answer, Committers, Decision, Facts, Reply, Stop, StreamRead, Submission, SubmitError, UseCase,
};
use uuid::Uuid;

/// Appends these events, whatever the state is. The streams are loaded, so versions go on.
pub struct Append(pub Vec<(StreamId, Event)>);

impl UseCase for Append {
    fn reads(&self) -> Vec<StreamRead> {
        self.0.iter().map(|(stream, _)| StreamRead::Existing(*stream)).collect()
    }

    fn decide(&self, _: &Facts<'_>) -> Result<Decision, Stop> {
        let Some((addressed, _)) = self.0.first() else { return Err(Stop::Refused(Refusal::NotFound)) };
        Ok(Decision {
            addressed: *addressed,
            events: self.0.clone(),
            claims: Vec::new(),
            status: 200,
            location: None,
            extras: serde_json::Map::new(),
        })
    }

    fn refused(&self, refusal: &Refusal) -> Answer {
        Answer { status: 409, location: None, body: refusal.code().into() }
    }
}

/// Events of an order that was placed, accepted, fired, cooked, served and completed, with two lines.
pub const EVENTS_OF_A_SERVED_ORDER: usize = 11;
/// Orders of a past that are open at the same time.
const ORDERS_AT_ONCE: usize = 60;

/// A restaurant with a grill, a bar, a table, a session and two items, made of bare events.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its tenant.
    pub tenant: TenantId,
    /// The restaurant.
    pub restaurant: RestaurantId,
    /// Its menu.
    pub menu: MenuId,
    /// Its table.
    pub table: TableId,
    /// The session at the table.
    pub session: SessionId,
    /// The guest at the table.
    pub diner: DinerId,
    /// An item of the grill.
    pub burger: ItemId,
    /// An item of the bar.
    pub beer: ItemId,
}

/// An order of a [`Place`].
#[derive(Debug, Clone)]
pub struct PlacedOrder {
    /// The order.
    pub order: OrderId,
    /// Its lines, in order, each with its station.
    pub lines: Vec<(LineId, StationKey)>,
}

impl Place {
    /// Ids for a new place; nothing is stored yet.
    #[must_use]
    pub fn new(tenant: TenantId) -> Self {
        let id = Uuid::now_v7;
        Self {
            tenant,
            restaurant: id().into(),
            menu: id().into(),
            table: id().into(),
            session: id().into(),
            diner: id().into(),
            burger: id().into(),
            beer: id().into(),
        }
    }

    /// The feed of the restaurant.
    #[must_use]
    pub fn feed(&self) -> FeedId {
        self.restaurant.into()
    }

    /// Creates a place of a new tenant: 5 events.
    ///
    /// # Panics
    /// When it cannot be stored.
    pub async fn create(env: &Env, committers: &Committers) -> Self {
        let _ = env;
        Self::create_for(Uuid::now_v7().into(), committers).await
    }

    /// Creates a place of this tenant: 5 events.
    ///
    /// # Panics
    /// When it cannot be stored.
    pub async fn create_for(tenant: TenantId, committers: &Committers) -> Self {
        let place = Self::new(tenant);
        let created = place.submit(committers, true, place.opening_events()).await;
        created.unwrap_or_else(|error| panic!("{error}"));
        place
    }

    /// Appends events as one command.
    ///
    /// # Errors
    /// As [`Committers::submit`].
    pub async fn append(&self, committers: &Committers, events: Vec<(StreamId, Event)>) -> Result<Reply, SubmitError> {
        self.submit(committers, false, events).await
    }

    async fn submit(
        &self,
        committers: &Committers,
        creates_feed: bool,
        events: Vec<(StreamId, Event)>,
    ) -> Result<Reply, SubmitError> {
        let key = Uuid::now_v7().to_string();
        committers.submit(submission(self, &key, creates_feed, Box::new(Append(events)))).await
    }

    /// The events that make the place.
    ///
    /// # Panics
    /// Never: the constants in it are valid.
    #[must_use]
    pub fn opening_events(&self) -> Vec<(StreamId, Event)> {
        let menu = StreamId::from(self.menu);
        let session = StreamId::from(self.session);
        let opened = SessionOpened { session_id: self.session, table_id: self.table, table_label: "7".to_owned() };
        let joined = SessionJoined { session_id: self.session, diner_id: self.diner, number: 1 };
        vec![
            (self.restaurant.into(), Event::Restaurant(RestaurantEvent::Created(self.created()))),
            (menu, Event::Menu(MenuEvent::ItemAdded(self.item(self.burger, "Burger", "grill")))),
            (menu, Event::Menu(MenuEvent::ItemAdded(self.item(self.beer, "Beer", "bar")))),
            (session, Event::TableSession(opened.into())),
            (session, Event::TableSession(joined.into())),
        ]
    }

    fn created(&self) -> RestaurantCreated {
        let station = |key: &str| Station { key: key_of(key), name: key.to_owned() };
        RestaurantCreated {
            name: "Casa Prueba".to_owned(),
            currency: euro(),
            time_zone: "Europe/Madrid".to_owned(),
            prices_include_tax: true,
            menu_id: self.menu,
            stations: vec![station("grill"), station("bar")],
            tables: vec![Table { table_id: self.table, label: "7".to_owned(), seats: 4 }],
        }
    }

    fn item(&self, item_id: ItemId, name: &str, station: &str) -> ItemAdded {
        ItemAdded { item_id, name: name.to_owned(), price: money(1_000), tax_rate_bp: rate(), station: key_of(station) }
    }

    /// `order.placed`, `order.accepted` and a `line.fired` for a burger and a beer: 4 events.
    #[must_use]
    pub fn fired_order(&self) -> (PlacedOrder, Vec<(StreamId, Event)>) {
        let order_id = OrderId::from(Uuid::now_v7());
        let stream = StreamId::from(order_id);
        let lines = vec![self.line(self.burger, "Burger", "grill"), self.line(self.beer, "Beer", "bar")];
        let ids = lines.iter().map(|line| (line.line_id, line.station.clone())).collect();
        let accepted = OrderAccepted { order_id, session_id: self.session };
        let mut events = vec![OrderEvent::from(self.placed(order_id, lines.clone())), accepted.into()];
        events.extend(lines.into_iter().map(|line| OrderEvent::from(self.fired(order_id, line))));
        (
            PlacedOrder { order: order_id, lines: ids },
            events.into_iter().map(|event| (stream, Event::Order(event))).collect(),
        )
    }

    /// Orders that are placed, cooked and served side by side: [`EVENTS_OF_A_SERVED_ORDER`] events each.
    #[must_use]
    pub fn served_orders(&self, orders: usize) -> Vec<(StreamId, Event)> {
        let mut lives: Vec<_> = (0..orders).map(|_| self.served_order().into_iter()).collect();
        let mut events = Vec::with_capacity(orders * EVENTS_OF_A_SERVED_ORDER);
        for _ in 0..EVENTS_OF_A_SERVED_ORDER {
            events.extend(lives.iter_mut().filter_map(Iterator::next));
        }
        events
    }

    fn served_order(&self) -> Vec<(StreamId, Event)> {
        let (PlacedOrder { order: order_id, lines }, mut events) = self.fired_order();
        let (session_id, stream) = (self.session, StreamId::from(order_id));
        let mut push = |event: OrderEvent| events.push((stream, Event::Order(event)));
        for (line_id, station) in lines.clone() {
            push(LineStarted { order_id, session_id, line_id, station }.into());
        }
        for (line_id, station) in lines.clone() {
            push(LineReady { order_id, session_id, line_id, station }.into());
        }
        for (line_id, station) in lines {
            push(LineServed { order_id, session_id, line_id, station }.into());
        }
        push(OrderCompleted { order_id, session_id }.into());
        events
    }

    /// Appends a past of about so many events: orders that were served long ago.
    ///
    /// # Panics
    /// When it cannot be stored.
    pub async fn append_past(&self, committers: &Committers, events: usize) {
        let orders = events / EVENTS_OF_A_SERVED_ORDER;
        for chunk in (0..orders).step_by(ORDERS_AT_ONCE) {
            let events = self.served_orders(ORDERS_AT_ONCE.min(orders - chunk));
            self.append(committers, events).await.unwrap_or_else(|error| panic!("{error}"));
        }
    }

    fn placed(&self, order_id: OrderId, lines: Vec<PlacedLine>) -> OrderPlaced {
        OrderPlaced {
            order_id,
            session_id: self.session,
            table_id: self.table,
            table_label: "7".to_owned(),
            code: domain::ordering::order_code(order_id),
            diner_id: Some(self.diner),
            note: None,
            lines,
            total: money(2_000),
            tax: money(182),
        }
    }

    fn line(&self, item_id: ItemId, name: &str, station: &str) -> PlacedLine {
        PlacedLine {
            line_id: Uuid::now_v7().into(),
            item_id,
            name: name.to_owned(),
            quantity: 1,
            unit_price: money(1_000),
            tax_rate_bp: rate(),
            line_total: money(1_000),
            line_tax: money(91),
            station: key_of(station),
            note: None,
        }
    }

    fn fired(&self, order_id: OrderId, line: PlacedLine) -> LineFired {
        LineFired {
            order_id,
            session_id: self.session,
            line_id: line.line_id,
            station: line.station,
            table_label: "7".to_owned(),
            code: domain::ordering::order_code(order_id),
            name: line.name,
            quantity: line.quantity,
            note: line.note,
            order_note: None,
        }
    }
}

/// A command of staff at this place.
#[must_use]
pub fn submission(place: &Place, key: &str, creates_feed: bool, use_case: Box<dyn UseCase>) -> Submission {
    let command_id = Uuid::now_v7();
    let actor = Actor { kind: ActorKind::Staff, id: "test".to_owned() };
    let correlation_id = format!("test-{key}");
    Submission {
        feed: place.feed(),
        tenant: place.tenant,
        creates_feed,
        principal: "test".to_owned(),
        idempotency_key: key.to_owned(),
        request_hash: [0; 32],
        command_id,
        metadata: Metadata { actor, correlation_id, causation_id: command_id, traceparent: None, means: None },
        use_case,
    }
}

fn euro() -> Currency {
    "EUR".parse().unwrap_or_else(|error| panic!("{error}"))
}

fn money(amount: i64) -> Money {
    Money { amount, currency: euro() }
}

fn rate() -> TaxRate {
    TaxRate::try_from(1_000).unwrap_or_else(|error| panic!("{error}"))
}

fn key_of(station: &str) -> StationKey {
    station.parse().unwrap_or_else(|error| panic!("{error}"))
}
