//! What read models show: as clients get it over HTTP, and as it follows from the answers to commands.

use super::{house::House, ledger::Book};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the read models show of a restaurant, as far as the judge knows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown(BTreeSet<(&'static str, String, String)>);

impl Shown {
    /// What follows from the answers to commands.
    pub(super) fn of(book: &Book, house: &House) -> Self {
        let mut shown = BTreeSet::new();
        for (id, order) in book.orders.iter().filter(|(_, order)| order.restaurant == house.number) {
            shown.insert(("order", id.clone(), order.state().to_owned()));
            let board = order.on_the_board();
            shown
                .extend(board.map(|(line, it)| ("line", format!("{} {line}", it.station), it.state.name().to_owned())));
        }
        let open = book.open.iter().filter(|((restaurant, _), _)| *restaurant == house.number);
        shown.extend(open.map(|((_, table), session)| ("table", table.clone(), session.clone())));
        let withdrawn = book.withdrawn.iter().filter(|((restaurant, _), gone)| *restaurant == house.number && **gone);
        shown.extend(withdrawn.map(|((_, item), _)| ("withdrawn", item.clone(), String::new())));
        Self(shown)
    }

    /// What a projection-service answers; it must stand at the head.
    pub(super) async fn read(house: &House, base: &str, head: u64) -> Result<Self, String> {
        let mut shown = BTreeSet::new();
        let get = async |path: String| {
            let mark = if path.contains('?') { '&' } else { '?' };
            let path = house.path(&format!("{path}{mark}min_position={head}"));
            let (status, answer) = house.staff.ask(base, &path).await.map_err(|error| error.to_string())?;
            let fits = status.is_success() && answer["cursor"]["position"] == head;
            if fits { Ok(answer) } else { Err(format!("{path}: {status} {answer}, not at {head}")) }
        };
        let mut after = None;
        loop {
            let page =
                get(format!("/orders?limit=100{}", after.map(|at| format!("&after={at}")).unwrap_or_default())).await?;
            shown.extend(list(&page["items"]).map(|it| ("order", text(&it["order_id"]), text(&it["state"]))));
            after = page["next"].as_u64();
            if after.is_none() {
                break;
            }
        }
        for station in ["grill", "bar"] {
            let board = get(format!("/kitchen-board?station={station}")).await?;
            let lines = list(&board["tickets"]).flat_map(|ticket| list(&ticket["lines"]));
            shown.extend(lines.map(|it| ("line", format!("{station} {}", text(&it["line_id"])), text(&it["state"]))));
        }
        let restaurant = get(String::new()).await?;
        let open = list(&restaurant["tables"]).filter(|it| it["open_session_id"].is_string());
        shown.extend(open.map(|it| ("table", text(&it["table_id"]), text(&it["open_session_id"]))));
        let menu = get("/menu".to_owned()).await?;
        let withdrawn = list(&menu["items"]).filter(|it| it["available"] == false);
        shown.extend(withdrawn.map(|it| ("withdrawn", text(&it["item_id"]), String::new())));
        Ok(Self(shown))
    }

    /// What differs, for a person.
    pub(super) fn difference(&self, shown: &Self) -> String {
        let missing: Vec<_> = self.0.difference(&shown.0).take(5).collect();
        let wrong: Vec<_> = shown.0.difference(&self.0).take(5).collect();
        format!("said and not shown: {missing:?}; shown and not said: {wrong:?}")
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
