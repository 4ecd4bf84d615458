//! An order as it was at some point of the past: the view's own fold, over its events up to there.

use super::{
    apply::{Changes, NewOrder, Progress},
    query::{OrderAnswer, OrderLineAnswer},
};
use crate::{
    money::MoneyAnswer,
    views::{ApplyError, Fact},
};
use domain::{envelope::format_time, money::Money, ordering::PlacedLine};
use std::collections::BTreeMap;

/// The order after these events, which are its first; `None` where there are none.
pub(crate) fn fold(facts: &[Fact]) -> Result<Option<OrderAnswer>, ApplyError> {
    let mut changes = Changes::of(facts, BTreeMap::new())?;
    let Some(new) = changes.new.pop() else { return Ok(None) };
    let progress = changes.progress.remove(&new.key());
    Ok(progress.map(|progress| answer(new, &progress)))
}

fn answer(new: NewOrder, progress: &Progress) -> OrderAnswer {
    let NewOrder { placed, at, .. } = new;
    OrderAnswer {
        order_id: placed.order_id.0,
        code: placed.code,
        session_id: placed.session_id.0,
        table_label: placed.table_label,
        state: progress.view_state().as_str(),
        placed_at: format_time(at),
        note: placed.note,
        reason: progress.reason.map(str::to_owned),
        lines: placed.lines.into_iter().map(|placed| line(placed, progress)).collect(),
        total: money(&placed.total),
        tax: money(&placed.tax),
        version: progress.version,
    }
}

fn line(placed: PlacedLine, progress: &Progress) -> OrderLineAnswer {
    OrderLineAnswer {
        state: progress.lines.get(&placed.line_id).map_or("placed", |state| state.as_str()),
        line_id: placed.line_id.0,
        item_id: placed.item_id.0,
        name: placed.name,
        quantity: placed.quantity,
        unit_price: money(&placed.unit_price),
        line_total: money(&placed.line_total),
        line_tax: money(&placed.line_tax),
        station: placed.station.to_string(),
        note: placed.note,
    }
}

fn money(money: &Money) -> MoneyAnswer {
    MoneyAnswer { amount: money.amount, currency: money.currency.to_string() }
}

#[cfg(test)]
mod tests {
    use super::fold;
    use crate::views::samples::{accepted, cancelled, facts, fired, placed, ready, started, voided};

    fn state_after(events: usize) -> Option<(&'static str, Vec<&'static str>, u64)> {
        let way = [placed(&[1, 2]), accepted(), fired(1), fired(2), started(1), ready(1)];
        let order = fold(&facts(way[..events].to_vec())).unwrap()?;
        Some((order.state, order.lines.iter().map(|line| line.state).collect(), order.version))
    }

    #[test]
    fn given_its_events_when_it_is_folded_up_to_each_then_it_is_what_it_was() {
        assert_eq!(state_after(0), None);
        assert_eq!(state_after(1), Some(("placed", vec!["placed", "placed"], 1)));
        assert_eq!(state_after(2), Some(("accepted", vec!["placed", "placed"], 2)));
        assert_eq!(state_after(4), Some(("accepted", vec!["fired", "fired"], 4)));
        assert_eq!(state_after(5), Some(("preparing", vec!["preparing", "fired"], 5)));
        assert_eq!(state_after(6), Some(("preparing", vec!["ready", "fired"], 6)));
    }

    #[test]
    fn given_a_cancelled_order_when_it_is_folded_then_its_reason_is_told() {
        let order = fold(&facts([placed(&[1]), accepted(), fired(1), cancelled(), voided(1)])).unwrap().unwrap();
        assert_eq!(
            (order.state, order.reason.as_deref(), order.lines[0].state),
            ("cancelled", Some("mistake"), "voided")
        );
    }
}
