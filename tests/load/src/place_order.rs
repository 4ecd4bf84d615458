//! Guests order three things: the command that everyone is measured with.

use crate::restaurant::Restaurant;
use domain::{
    dining::TableSession,
    event::Event,
    ids::{DinerId, IdSource, ItemId, LineId, MenuId, OrderId, RestaurantId, SessionId},
    menu::Menu,
    ordering::{OrderCommand, OrderEvent, OrderedLine, PlaceOrder, Quantity},
    refusal::Refusal,
    restaurants,
    stream::StreamId,
    text::Note,
};
use event_store::committer::{Answer, Decision, Facts, Stop, StreamRead, UseCase};
use serde_json::{Map, Value, json};

/// What the guests want.
pub(crate) struct Wish {
    pub(crate) order: OrderId,
    restaurant: RestaurantId,
    menu: MenuId,
    session: SessionId,
    diner: DinerId,
    lines: Vec<(LineId, ItemId)>,
}

impl Wish {
    /// One of each item. Ids are derived as the service derives them.
    pub(crate) fn new(at: &Restaurant, principal: &str, key: &str) -> Self {
        let ids = IdSource::new(at.id.0, principal, key);
        let line = |(number, item): (u32, ItemId)| (LineId(ids.id("line", number)), item);
        Self {
            order: OrderId(ids.id("order", 0)),
            restaurant: at.id,
            menu: at.menu,
            session: at.session,
            diner: at.diner,
            lines: (0..).zip(at.items).map(line).collect(),
        }
    }

    /// The domain's command, with what it has to know of the restaurant.
    pub(crate) fn command(
        &self,
        restaurant: &restaurants::Restaurant,
        session: &TableSession,
        menu: &Menu,
    ) -> Result<PlaceOrder, Refusal> {
        let note = |text: &str| Note::parse(text).ok();
        let quantity = Quantity::try_from(2).map_err(|_| Refusal::LineCount)?;
        let line = |&(line_id, item_id): &(LineId, ItemId)| OrderedLine {
            line_id,
            item_id,
            item: menu.item(item_id).cloned(),
            quantity,
            note: note("sin cebolla"),
        };
        Ok(PlaceOrder {
            order_id: self.order,
            session: session.facts(),
            diner_id: Some(self.diner),
            note: note("todo junto, por favor"),
            prices_include_tax: restaurant.prices_include_tax().ok_or(Refusal::NotFound)?,
            currency: restaurant.currency().ok_or(Refusal::NotFound)?,
            lines: self.lines.iter().map(line).collect(),
        })
    }
}

impl UseCase for Wish {
    fn reads(&self) -> Vec<StreamRead> {
        vec![
            StreamRead::Existing(self.restaurant.into()),
            StreamRead::Existing(self.session.into()),
            StreamRead::Existing(self.menu.into()),
            StreamRead::New(self.order.into()),
        ]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = self.command(facts.restaurant()?, facts.session(self.session)?, facts.menu(self.menu)?)?;
        let events = facts.order(self.order)?.decide(OrderCommand::Place(command))?;
        let stream = StreamId::from(self.order);
        Ok(Decision {
            addressed: stream,
            extras: extras(&events),
            events: events.into_iter().map(|event| (stream, Event::Order(event))).collect(),
            claims: Vec::new(),
            status: 201,
            location: Some(format!("/v1/restaurants/{}/orders/{}", self.restaurant, self.order)),
        })
    }

    fn refused(&self, refusal: &Refusal) -> Answer {
        Answer { status: 409, location: None, body: refusal.code().into() }
    }
}

/// What the guests are told: code, price, tax and the ids of their lines.
fn extras(events: &[OrderEvent]) -> Map<String, Value> {
    let Some(OrderEvent::Placed(placed)) = events.first() else { return Map::new() };
    let lines: Vec<Value> =
        placed.lines.iter().map(|line| json!({"line_id": line.line_id, "item_id": line.item_id})).collect();
    Map::from_iter([
        ("code".to_owned(), json!(placed.code)),
        ("total".to_owned(), json!(placed.total)),
        ("tax".to_owned(), json!(placed.tax)),
        ("lines".to_owned(), json!(lines)),
    ])
}
