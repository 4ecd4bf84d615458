//! Whether every console saw what it should, and how long that took.

use crate::{consoles::Seen, latency::Latencies, open_loop::Answered, orders::Placed};
use anyhow::{Context, Result, ensure};
use std::collections::HashMap;
use tokio::time::Instant;
use uuid::Uuid;

/// Latencies from each order's time until each console of its restaurant saw it. Fails where a console missed an order,
/// saw one twice, or saw one that nobody placed. `follows` says which restaurant a console follows.
pub(super) fn delivered(
    answered: &[Answered<Placed>],
    seen: &[Vec<Seen>],
    follows: impl Fn(usize) -> usize,
) -> Result<Latencies> {
    let due = answered.iter().map(|one| (one.sent.order, one.due)).collect();
    since(&due, &placed(answered), seen, follows)
}

/// The same, but latencies count from these moments.
pub(super) fn since(
    moments: &HashMap<Uuid, Instant>,
    placed: &HashMap<Uuid, usize>,
    seen: &[Vec<Seen>],
    follows: impl Fn(usize) -> usize,
) -> Result<Latencies> {
    let mut expected: HashMap<usize, usize> = HashMap::new();
    placed.values().for_each(|restaurant| *expected.entry(*restaurant).or_default() += 1);
    let mut latencies = Latencies::new()?;
    for (console, orders) in seen.iter().enumerate() {
        let restaurant = follows(console);
        let mut once = std::collections::HashSet::with_capacity(orders.len());
        for Seen { order, at } in orders {
            ensure!(placed.get(order) == Some(&restaurant), "console {console} saw {order}, which is not for it");
            ensure!(once.insert(*order), "console {console} saw {order} twice");
            let moment = moments.get(order).with_context(|| format!("nobody knows when {order} began"))?;
            // A console may have it before the one who listens beside it.
            latencies.add(at.saturating_duration_since(*moment));
        }
        let due = expected.get(&restaurant).copied().unwrap_or_default();
        ensure!(orders.len() == due, "console {console} saw {} of {due} orders", orders.len());
    }
    Ok(latencies)
}

/// The restaurant of each order.
pub(super) fn placed(answered: &[Answered<Placed>]) -> HashMap<Uuid, usize> {
    answered.iter().map(|one| (one.sent.order, one.sent.restaurant)).collect()
}

#[cfg(test)]
mod tests {
    use super::delivered;
    use crate::{consoles::Seen, open_loop::Answered, orders::Placed};
    use std::time::Duration;
    use tokio::time::Instant;
    use uuid::Uuid;

    #[test]
    fn a_missing_a_repeated_and_a_foreign_order_are_found() {
        let (due, order) = (Instant::now(), Uuid::now_v7());
        let sent = Placed { restaurant: 1, order };
        let answered = [Answered { due, latency: Duration::ZERO, sent }];
        let seen = Seen { order, at: due + Duration::from_millis(5) };
        let of = |consoles: &[Vec<Seen>]| delivered(&answered, consoles, |console| console);
        let latencies = of(&[vec![], vec![seen]]).unwrap();
        assert!((latencies.millis_at(100.0) - 5.0).abs() < 0.1);
        assert!(of(&[vec![], vec![]]).is_err(), "missing");
        assert!(of(&[vec![], vec![seen, seen]]).is_err(), "repeated");
        assert!(of(&[vec![seen], vec![seen]]).is_err(), "not for it");
    }
}
