//! Guests order, or staff does it for their table.

use crate::{
    access::Orderer,
    command::{Command, created, extras},
    http::{answers::OrderPlaced, fields},
    refusals::location_of,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    dining::SessionFacts,
    ids::{IdSource, ItemId, LineId, OrderId, RestaurantId, SessionId},
    menu::Menu,
    ordering::{self, OrderCommand, OrderEvent, OrderedLine, Quantity},
    text::Note,
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use identity::Guest;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use service_kit::{body::JsonBody, problem::Problem, telemetry::ORDER_CREATION_TOTAL};
use utoipa::ToSchema;

/// A new order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct PlaceOrderBody {
    /// The session that orders; a guest orders for their own.
    #[schema(value_type = uuid::Uuid)]
    session_id: SessionId,
    /// What is ordered: 1 to 100 lines.
    #[serde(deserialize_with = "fields::lines")]
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<LineBody>,
    /// A wish for the whole order.
    #[schema(value_type = Option<String>, max_length = 200)]
    note: Option<Note>,
}

/// A line of a new order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct LineBody {
    /// The item of the menu.
    #[schema(value_type = uuid::Uuid)]
    item_id: ItemId,
    /// How many.
    #[schema(value_type = u32, minimum = 1, maximum = 999, example = 2)]
    quantity: Quantity,
    /// A wish for this line.
    #[schema(value_type = Option<String>, max_length = 200, example = "no onions")]
    note: Option<Note>,
}

struct PlaceOrder {
    restaurant: RestaurantId,
    order_id: OrderId,
    guest: Option<Guest>,
    session_id: SessionId,
    lines: Vec<(LineId, LineBody)>,
    note: Option<Note>,
}

impl PlaceOrder {
    fn new(restaurant: RestaurantId, guest: Option<Guest>, body: PlaceOrderBody, ids: &IdSource) -> Self {
        let lines = (0..).zip(body.lines).map(|(index, line)| (ids.id("line", index).into(), line));
        Self {
            restaurant,
            order_id: ids.id("order", 0).into(),
            guest,
            session_id: body.session_id,
            lines: lines.collect(),
            note: body.note,
        }
    }

    /// The session of the body; for a guest of another one there is no such session.
    fn session(&self, facts: &Facts<'_>) -> Result<Option<SessionFacts>, Stop> {
        let visible = self.guest.as_ref().is_none_or(|guest| guest.session_id == self.session_id);
        Ok(facts.session(self.session_id)?.facts().filter(|_| visible))
    }

    fn ordered_lines(&self, menu: &Menu) -> Vec<OrderedLine> {
        let ordered = |(line_id, line): &(LineId, LineBody)| OrderedLine {
            line_id: *line_id,
            item_id: line.item_id,
            item: menu.item(line.item_id).cloned(),
            quantity: line.quantity,
            note: line.note.clone(),
        };
        self.lines.iter().map(ordered).collect()
    }
}

impl Command for PlaceOrder {
    fn reads(&self) -> Vec<StreamRead> {
        vec![
            StreamRead::Existing(self.restaurant.into()),
            StreamRead::Existing(self.session_id.into()),
            StreamRead::New(self.order_id.into()),
        ]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let settings = facts.restaurant()?.active()?;
        let command = ordering::PlaceOrder {
            order_id: self.order_id,
            session: self.session(facts)?,
            diner_id: self.guest.as_ref().map(|guest| guest.diner_id),
            note: self.note.clone(),
            prices_include_tax: settings.prices_include_tax,
            currency: settings.currency,
            lines: self.ordered_lines(facts.menu(settings.menu_id)?),
        };
        let events = facts.order(self.order_id)?.decide(OrderCommand::Place(command))?;
        let extras = what_was_placed(&events);
        let location = location_of(self.restaurant, self.order_id.into());
        Ok(created(self.order_id, events, location, extras))
    }
}

fn what_was_placed(events: &[OrderEvent]) -> Map<String, Value> {
    let Some(OrderEvent::Placed(placed)) = events.first() else { return Map::new() };
    let lines = placed.lines.iter().map(|line| json!({"line_id": line.line_id, "item_id": line.item_id}));
    extras([
        ("code", json!(placed.code)),
        ("total", json!(placed.total)),
        ("tax", json!(placed.tax)),
        ("lines", lines.collect()),
    ])
}

/// Place an order
///
/// By a guest who joined the session, or by staff for a table. Names, prices and tax are copied from
/// the menu of that moment, and the total is computed here. Nobody cooks before it is accepted.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/orders",
    tag = "ordering",
    request_body = PlaceOrderBody,
    responses((status = 201, description = "It was placed", body = OrderPlaced)),
    extensions(
        ("x-permission" = json!("order:place")),
        ("x-problems" = json!([
            "already-done", "unknown-session", "session-closed", "not-joined", "diner-left", "unknown-item",
            "item-withdrawn", "amount-too-large"
        ]))
    )
)]
pub(crate) async fn place_order(
    State(commands): State<Commands>,
    Orderer { guest, caller }: Orderer,
    envelope: Envelope,
    body: JsonBody<PlaceOrderBody>,
) -> Result<Answered, Problem> {
    let command = PlaceOrder::new(caller.restaurant, guest, body.value, &envelope.ids(&caller));
    let answered = commands.submit(caller, envelope, &body.raw, command).await?;
    if answered.is_new() {
        metrics::counter!(ORDER_CREATION_TOTAL).increment(1);
    }
    Ok(answered)
}
