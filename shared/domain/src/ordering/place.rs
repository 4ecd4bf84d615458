//! Guests order.

use super::{Order, OrderEvent, OrderPlaced, PlacedLine, Quantity, order_code};
use crate::{
    dining::{SessionFacts, SessionState},
    ids::{DinerId, ItemId, LineId, OrderId},
    limits::ORDER_LINES_MAX,
    menu::MenuItem,
    money::{Currency, Money, MoneyError},
    refusal::Refusal,
    text::Note,
};

/// Place an order.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceOrder {
    /// The id of the new order.
    pub order_id: OrderId,
    /// Fact: the session that the body names, if there is one.
    pub session: Option<SessionFacts>,
    /// The guest who orders, who must have joined; nobody when staff does it for the table.
    pub diner_id: Option<DinerId>,
    /// A wish for the whole order.
    pub note: Option<Note>,
    /// Fact: whether prices of the restaurant contain their tax.
    pub prices_include_tax: bool,
    /// Fact: the currency of the restaurant.
    pub currency: Currency,
    /// What is ordered: 1 to 100 lines.
    pub lines: Vec<OrderedLine>,
}

/// One line of an order to be placed.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderedLine {
    /// The id of the new line.
    pub line_id: LineId,
    /// The item that the body names.
    pub item_id: ItemId,
    /// Fact: the item as it stands on the menu now, if it does.
    pub item: Option<MenuItem>,
    /// How many.
    pub quantity: Quantity,
    /// A wish for this line.
    pub note: Option<Note>,
}

pub(super) fn place(order: &Order, command: PlaceOrder) -> Result<Vec<OrderEvent>, Refusal> {
    if order.state().is_some() {
        return Err(Refusal::AlreadyDone(command.order_id.into()));
    }
    let session = command.session.ok_or(Refusal::UnknownSession)?;
    if session.state == SessionState::Closed {
        return Err(Refusal::SessionClosed);
    }
    if let Some(diner) = command.diner_id {
        session.seated(diner)?;
    }
    check_lines(&command.lines)?;
    let lines = price_lines(command.lines, command.prices_include_tax)?;
    let (total, tax) = totals(&lines, command.currency, command.prices_include_tax)?;
    let placed = OrderPlaced {
        order_id: command.order_id,
        session_id: session.visit.session_id,
        table_id: session.visit.table_id,
        table_label: session.visit.table_label.clone(),
        code: order_code(command.order_id),
        diner_id: command.diner_id,
        note: command.note.map(String::from),
        lines,
        total,
        tax,
    };
    Ok(vec![placed.into()])
}

/// An unknown item anywhere in the order is reported before a withdrawn one.
fn check_lines(lines: &[OrderedLine]) -> Result<(), Refusal> {
    if !(1..=ORDER_LINES_MAX).contains(&lines.len()) {
        return Err(Refusal::LineCount);
    }
    if let Some(line) = lines.iter().find(|line| line.item.is_none()) {
        return Err(Refusal::UnknownItem(line.item_id));
    }
    match lines.iter().find(|line| line.item.as_ref().is_some_and(|item| !item.available)) {
        Some(line) => Err(Refusal::OrderedItemWithdrawn(line.item_id)),
        None => Ok(()),
    }
}

fn price_lines(lines: Vec<OrderedLine>, prices_include_tax: bool) -> Result<Vec<PlacedLine>, Refusal> {
    lines.into_iter().map(|line| price_line(line, prices_include_tax)).collect()
}

/// Copies what the menu says now into the line, so that later changes of the menu do not touch it.
fn price_line(line: OrderedLine, prices_include_tax: bool) -> Result<PlacedLine, Refusal> {
    let item = line.item.ok_or(Refusal::UnknownItem(line.item_id))?;
    let quantity = u32::from(line.quantity);
    let line_total = item.price.times(quantity).map_err(refuse)?;
    let rate = item.tax_rate_bp;
    let line_tax = if prices_include_tax { rate.included_in(line_total) } else { rate.on_top_of(line_total) };
    Ok(PlacedLine {
        line_id: line.line_id,
        item_id: line.item_id,
        name: item.name,
        quantity,
        unit_price: item.price,
        tax_rate_bp: rate,
        line_total,
        line_tax,
        station: item.station,
        note: line.note.map(String::from),
    })
}

/// What the order costs and the tax in it. Each line is rounded by itself, so that the lines add up.
fn totals(lines: &[PlacedLine], currency: Currency, prices_include_tax: bool) -> Result<(Money, Money), Refusal> {
    let sum = |of: fn(&PlacedLine) -> Money| {
        lines.iter().try_fold(Money::zero(currency), |sum, line| sum.plus(of(line))).map_err(refuse)
    };
    let (net_or_gross, tax) = (sum(|line| line.line_total)?, sum(|line| line.line_tax)?);
    let total = if prices_include_tax { net_or_gross } else { net_or_gross.plus(tax).map_err(refuse)? };
    Ok((total, tax))
}

/// Prices were checked when the item was added, so all that can go wrong here is the size.
fn refuse(_: MoneyError) -> Refusal {
    Refusal::AmountTooLarge
}

#[cfg(test)]
mod tests {
    use super::{OrderedLine, PlaceOrder};
    use crate::{
        dining::{Diner, SessionFacts, SessionState, Visit},
        limits::{AMOUNT_MAX, EVENT_BYTES_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX, ORDER_LINES_MAX},
        menu::MenuItem,
        money::{Money, TaxRate},
        ordering::{
            Order, OrderCommand, OrderEvent, OrderPlaced, PlacedLine, Quantity,
            examples::{line, order, order_placed, placed, rejected, session},
        },
        refusal::Refusal,
        testing::{eur, euros, given, id, station},
        text::Note,
    };
    use proptest::prelude::*;
    use std::sync::Arc;

    fn facts(state: SessionState) -> SessionFacts {
        let diners = vec![Diner { diner_id: id(3), left: false }, Diner { diner_id: id(5), left: true }];
        let visit = Visit { diners, ..Visit::new(session(), id(7), "12".into()) };
        SessionFacts { state, visit: Arc::new(visit) }
    }

    fn dish(n: u128) -> MenuItem {
        MenuItem {
            name: format!("Dish {n}"),
            price: euros(1_100),
            tax_rate_bp: TaxRate::try_from(1_000).unwrap(),
            station: station(if n == 1 { "grill" } else { "bar" }),
            available: true,
        }
    }

    fn two_of(n: u128) -> OrderedLine {
        OrderedLine {
            line_id: line(n),
            item_id: id(20 + n),
            item: Some(dish(n)),
            quantity: Quantity::try_from(2).unwrap(),
            note: None,
        }
    }

    /// The command of which the example's `order_placed` is the outcome.
    fn place() -> PlaceOrder {
        PlaceOrder {
            order_id: order(),
            session: Some(facts(SessionState::Open)),
            diner_id: Some(id(3)),
            note: Some(Note::parse("all together").unwrap()),
            prices_include_tax: true,
            currency: eur(),
            lines: vec![OrderedLine { note: Some(Note::parse("rare").unwrap()), ..two_of(1) }, two_of(2)],
        }
    }

    #[track_caller]
    fn refused(command: PlaceOrder, refusal: Refusal) {
        given::<Order>([]).when(OrderCommand::Place(command)).refused(refusal);
    }

    #[track_caller]
    fn placed_by(command: PlaceOrder) -> OrderPlaced {
        match Order::default().decide(OrderCommand::Place(command)).unwrap().remove(0) {
            OrderEvent::Placed(placed) => placed,
            other => panic!("not placed: {other:?}"),
        }
    }

    #[test]
    fn names_prices_and_tax_are_copied_from_the_menu() {
        given::<Order>([]).when(OrderCommand::Place(place())).then([placed()]);
    }

    #[test]
    fn staff_order_for_a_table_without_being_one_of_its_diners() {
        let expected = OrderPlaced { diner_id: None, ..order_placed() };
        let command = PlaceOrder { diner_id: None, ..place() };
        given::<Order>([]).when(OrderCommand::Place(command)).then([expected.into()]);
    }

    #[test]
    fn tax_is_added_to_the_total_where_prices_do_not_include_it() {
        let placed = placed_by(PlaceOrder { prices_include_tax: false, ..place() });
        assert_eq!(placed.lines[0].line_total, euros(2_200));
        assert_eq!(placed.lines[0].line_tax, euros(220));
        assert_eq!((placed.total, placed.tax), (euros(4_840), euros(440)));
    }

    #[test]
    fn a_session_that_does_not_exist_is_a_refusal_not_a_404() {
        refused(PlaceOrder { session: None, ..place() }, Refusal::UnknownSession);
    }

    #[test]
    fn nobody_orders_after_the_session_is_over() {
        refused(PlaceOrder { session: Some(facts(SessionState::Closed)), ..place() }, Refusal::SessionClosed);
    }

    #[test]
    fn a_guest_joins_before_ordering() {
        refused(PlaceOrder { diner_id: Some(id(4)), ..place() }, Refusal::NotJoined);
    }

    #[test]
    fn a_guest_who_left_orders_no_more() {
        refused(PlaceOrder { diner_id: Some(id(5)), ..place() }, Refusal::DinerLeft);
    }

    #[test]
    fn an_item_that_the_menu_does_not_have_is_named() {
        let lines = vec![two_of(1), OrderedLine { item: None, ..two_of(2) }];
        refused(PlaceOrder { lines, ..place() }, Refusal::UnknownItem(id(22)));
    }

    #[test]
    fn a_withdrawn_item_is_named() {
        let sold_out = OrderedLine { item: Some(MenuItem { available: false, ..dish(2) }), ..two_of(2) };
        let lines = vec![two_of(1), sold_out.clone()];
        refused(PlaceOrder { lines, ..place() }, Refusal::OrderedItemWithdrawn(id(22)));
        let lines = vec![sold_out, OrderedLine { item: None, ..two_of(1) }];
        refused(PlaceOrder { lines, ..place() }, Refusal::UnknownItem(id(21)));
    }

    #[test]
    fn an_order_has_1_to_100_lines() {
        refused(PlaceOrder { lines: vec![], ..place() }, Refusal::LineCount);
        refused(PlaceOrder { lines: vec![two_of(1); ORDER_LINES_MAX + 1], ..place() }, Refusal::LineCount);
        assert_eq!(placed_by(PlaceOrder { lines: vec![two_of(1); ORDER_LINES_MAX], ..place() }).lines.len(), 100);
    }

    #[test]
    fn an_order_that_no_amount_of_money_can_hold_is_refused() {
        let dearest = MenuItem { price: Money::new(AMOUNT_MAX, eur()).unwrap(), ..dish(1) };
        let one = OrderedLine { quantity: Quantity::try_from(1).unwrap(), item: Some(dearest), ..two_of(1) };
        assert!(
            Order::default().decide(OrderCommand::Place(PlaceOrder { lines: vec![one.clone()], ..place() })).is_ok()
        );
        let untaxed = PlaceOrder { lines: vec![one.clone()], prices_include_tax: false, ..place() };
        refused(untaxed, Refusal::AmountTooLarge);
        refused(PlaceOrder { lines: vec![one.clone(), two_of(2)], ..place() }, Refusal::AmountTooLarge);
        let two = OrderedLine { quantity: Quantity::try_from(2).unwrap(), ..one };
        refused(PlaceOrder { lines: vec![two], ..place() }, Refusal::AmountTooLarge);
    }

    #[test]
    fn an_order_that_was_placed_long_ago_is_not_placed_again_whatever_became_of_it() {
        for history in [vec![placed()], vec![placed(), rejected()]] {
            let command = PlaceOrder { session: Some(facts(SessionState::Closed)), ..place() };
            let done = Refusal::AlreadyDone(order().into());
            given::<Order>(history).when(OrderCommand::Place(command)).refused(done);
        }
    }

    #[test]
    fn the_largest_order_fits_into_one_event() {
        let note = Some(Note::parse(&"🦞".repeat(NOTE_CHARS_MAX)).unwrap());
        let item = MenuItem { name: "🦞".repeat(NAME_CHARS_MAX), station: station(&"s".repeat(32)), ..dish(1) };
        let line = OrderedLine { item: Some(item), note: note.clone(), ..two_of(1) };
        let command = PlaceOrder { note, lines: vec![line; ORDER_LINES_MAX], ..place() };
        assert!(serde_json::to_vec(&placed_by(command)).unwrap().len() <= EVENT_BYTES_MAX);
    }

    fn any_line() -> impl Strategy<Value = OrderedLine> {
        (0..=5_000_000_i64, 1..=999_u32, 0..=10_000_u16).prop_map(|(price, quantity, rate)| {
            let tax_rate_bp = TaxRate::try_from(rate).unwrap();
            let item = MenuItem { price: euros(price), tax_rate_bp, ..dish(1) };
            OrderedLine { item: Some(item), quantity: Quantity::try_from(quantity).unwrap(), ..two_of(1) }
        })
    }

    proptest! {
        #[test]
        fn an_order_costs_what_its_lines_cost_to_the_last_unit(
            lines in prop::collection::vec(any_line(), 1..20),
            prices_include_tax: bool,
        ) {
            let placed = placed_by(PlaceOrder { lines, prices_include_tax, ..place() });
            let sum = |of: fn(&PlacedLine) -> i64| placed.lines.iter().map(of).sum::<i64>();
            let (lines, tax) = (sum(|line| line.line_total.amount), sum(|line| line.line_tax.amount));
            prop_assert_eq!(placed.tax.amount, tax);
            prop_assert_eq!(placed.total.amount, if prices_include_tax { lines } else { lines + tax });
            for line in &placed.lines {
                prop_assert_eq!(line.line_total.amount, line.unit_price.amount * i64::from(line.quantity));
            }
        }
    }
}
