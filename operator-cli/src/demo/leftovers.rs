//! Orders of an evening that ended in the middle: called off, or cooked to the end.

use super::{World, api::Trouble};
use domain::{
    ids::{LineId, OrderId},
    ordering::LineState,
};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct OrdersOpen {
    order_ids: Vec<OrderId>,
}

#[derive(Deserialize)]
struct Order {
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    line_id: LineId,
    state: LineState,
}

/// Brings the orders that the problem `orders-open` names to an end, as far as that goes.
pub(super) async fn finish(world: &World, problem: &Value) {
    let Ok(OrdersOpen { order_ids }) = serde_json::from_value(problem.clone()) else {
        return world.tally.wrong("orders-open does not name the orders");
    };
    for order in order_ids {
        if let Err(Trouble::Refused(_)) = cancel(world, order).await {
            cook(world, order).await;
        }
    }
}

async fn cancel(world: &World, order: OrderId) -> Result<Value, Trouble> {
    let waiter = world.waiter.token().map_err(|_| Trouble::Failed)?;
    let body = json!({"reason": "guest-left"});
    world.api.command(&waiter, &format!("/orders/{order}/cancel"), &body, StatusCode::OK).await
}

/// One of its lines was started, so it can only be served.
async fn cook(world: &World, order: OrderId) {
    let Ok(waiter) = world.waiter.token() else { return };
    let Ok(Order { lines }) = world.api.view(&waiter, &format!("/orders/{order}")).await else { return };
    for Line { line_id, state } in lines {
        let steps: &[&str] = match state {
            LineState::Fired | LineState::Preparing => &["ready", "served"],
            LineState::Ready => &["served"],
            LineState::Placed | LineState::Served | LineState::Voided => &[],
        };
        for step in steps {
            let pass = if *step == "served" { &world.waiter } else { &world.cook };
            let Ok(token) = pass.token() else { return };
            let path = format!("/orders/{order}/lines/{line_id}/{step}");
            // The view may be behind: a refusal here only means that it is done already.
            let _ = world.api.command::<Value>(&token, &path, &json!({}), StatusCode::OK).await;
        }
    }
}
