//! Guests and staff at one table: they sit down, order, cook, serve, change their minds, and leave; and
//! whoever writes the menu. They are refused now and then, as people are.

use super::{
    house::House,
    ledger::Book,
    messenger::{Command, Messenger, Said},
    model::{Line, LineState, Order, Stage},
};
use crate::restaurant::Caller;
use rand::RngExt;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::sync::RwLock;

/// Between two commands of a party: at most.
const PAUSE_MS: u64 = 120;
/// Orders of one visit: at most.
const ORDERS: u32 = 3;

/// Makes the token of the guest who sits in a session.
pub(super) type Tokens = Box<dyn Fn(&str) -> String + Send + Sync>;

/// What becomes of an order.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Rejected,
    CancelledByGuest,
    CancelledByStaff,
    Served,
}

/// An order that is on its way.
struct Placed {
    id: String,
    /// Each line and its station.
    lines: Vec<(String, &'static str)>,
}

pub(super) struct Party {
    pub(super) name: String,
    pub(super) house: Arc<House>,
    /// Closed while the judge looks.
    pub(super) gate: Arc<RwLock<()>>,
    pub(super) messenger: Messenger,
    /// How many commands it gave.
    pub(super) said: u64,
}

/// A command without its sender and its place.
struct Wish {
    rest: String,
    body: Value,
    statuses: &'static [u16],
    events: Vec<String>,
    other: Option<Value>,
}

fn wish(rest: String, statuses: &'static [u16], events: &[&str]) -> Wish {
    let events = events.iter().map(|&event| event.to_owned()).collect();
    Wish { rest, body: json!({}), statuses, events, other: None }
}

impl Party {
    /// Visit after visit, until something breaks a promise or the run ends.
    pub(super) async fn dine(mut self, table: String, tokens: Tokens) {
        while self.visit(&table, &tokens).await.is_some() {}
    }

    pub(super) async fn write_the_menu(mut self) {
        while self.change_the_menu().await.is_some() {}
    }

    async fn say(&mut self, who: &Caller, wish: Wish, effect: impl FnOnce(&mut Book, &Value)) -> Option<Said> {
        let pause = self.messenger.random.random_range(0..PAUSE_MS);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        self.said += 1;
        let command = Command {
            caller: who.clone(),
            restaurant: self.house.number,
            path: self.house.path(&wish.rest),
            key: format!("{}-{}", self.name, self.said),
            body: wish.body,
            statuses: wish.statuses,
            events: wish.events,
            other: wish.other,
        };
        let gate = Arc::clone(&self.gate);
        let _open = gate.read().await;
        self.messenger.say(&command, effect).await
    }

    /// Now and then somebody tries what the rules refuse.
    async fn try_in_vain(&mut self, who: &Caller, rest: String, body: Value) -> Option<()> {
        if self.messenger.random.random_ratio(1, 5) {
            let wish = Wish { body, ..wish(rest, &[409], &[]) };
            self.say(who, wish, |_, _| {}).await?;
        }
        Some(())
    }

    async fn visit(&mut self, table: &str, tokens: &Tokens) -> Option<()> {
        let (house, staff) = (Arc::clone(&self.house), self.house.staff.clone());
        let open = format!("/tables/{table}/sessions");
        let place = (house.number, table.to_owned());
        let opened = self
            .say(&staff, wish(open.clone(), &[201], &["table-session.opened"]), |book, said| {
                book.open.insert(place.clone(), text(&said["id"]));
            })
            .await?;
        let session = text(&opened.body["id"]);
        self.try_in_vain(&staff, open, json!({})).await?;
        let guest = Caller::new(tokens(&session));
        let join = format!("/sessions/{session}/join");
        self.say(&guest, wish(join.clone(), &[200], &["table-session.joined"]), |_, _| {}).await?;
        self.try_in_vain(&guest, join, json!({})).await?;
        for _ in 0..self.messenger.random.random_range(1..=ORDERS) {
            self.order(&guest, &session).await?;
        }
        let close = format!("/sessions/{session}/close");
        let closed = wish(close.clone(), &[200], &["table-session.closed"]);
        self.say(&staff, closed, |book, _| drop(book.open.remove(&place))).await?;
        self.try_in_vain(&staff, close, json!({})).await
    }

    async fn order(&mut self, guest: &Caller, session: &str) -> Option<()> {
        let staff = self.house.staff.clone();
        let Some(order) = self.place(guest, session).await? else { return Some(()) };
        self.try_in_vain(&staff, format!("/sessions/{session}/close"), json!({})).await?;
        match self.draw_fate() {
            Fate::Rejected => {
                let reject = wish(format!("/orders/{}/reject", order.id), &[200], &["order.rejected"]);
                let body = json!({"reason": "sold-out", "note": "no more"});
                let wish = Wish { body, other: Some(json!({"reason": "other"})), ..reject };
                self.say(&staff, wish, |book, said| book.moved(said, |it| it.stage = Stage::Rejected)).await?;
            }
            Fate::CancelledByGuest => self.cancel(guest, &order, 0).await?,
            Fate::CancelledByStaff => {
                self.accept(&order).await?;
                self.cancel(&staff, &order, order.lines.len()).await?;
            }
            Fate::Served => {
                self.accept(&order).await?;
                self.cook_and_serve(&order).await?;
            }
        }
        let accept = format!("/orders/{}/accept", order.id);
        self.try_in_vain(&staff, accept, json!({})).await
    }

    fn draw_fate(&mut self) -> Fate {
        match self.messenger.random.random_range(0..10) {
            0 => Fate::Rejected,
            1 => Fate::CancelledByGuest,
            2 => Fate::CancelledByStaff,
            _ => Fate::Served,
        }
    }

    /// Nothing when the special was withdrawn meanwhile.
    async fn place(&mut self, guest: &Caller, session: &str) -> Option<Option<Placed>> {
        let house = Arc::clone(&self.house);
        let mut dishes = house.dishes.clone();
        dishes.truncate(self.messenger.random.random_range(1..=dishes.len()));
        let risky = self.messenger.random.random_ratio(1, 8);
        if risky {
            dishes.push(house.special.clone());
        }
        let lines = |quantity: u32| -> Vec<Value> {
            dishes.iter().map(|dish| json!({"item_id": dish.item, "quantity": quantity})).collect()
        };
        let body = |quantity| json!({"session_id": session, "lines": lines(quantity), "note": "no onions"});
        let statuses: &[u16] = if risky { &[201, 409] } else { &[201] };
        let wish = wish("/orders".to_owned(), statuses, &["order.placed"]);
        let wish = Wish { body: body(1), other: Some(body(2)), ..wish };
        let stations: Vec<_> = dishes.iter().map(|dish| dish.station).collect();
        let number = house.number;
        let note = |book: &mut Book, said: &Value| {
            let lines = line_ids(said).into_iter().zip(stations.iter());
            let line = |(id, station): (String, &&'static str)| (id, Line { station, state: LineState::Fired });
            let order = Order {
                restaurant: number,
                stage: Stage::Placed,
                lines: lines.map(line).collect(),
                position: said["position"].as_u64().unwrap_or_default(),
            };
            book.orders.insert(text(&said["id"]), order);
        };
        let said = self.say(guest, wish, note).await?;
        if said.status == 409 {
            return Some(None);
        }
        let lines = line_ids(&said.body).into_iter().zip(dishes.iter().map(|dish| dish.station)).collect();
        Some(Some(Placed { id: text(&said.body["id"]), lines }))
    }

    async fn accept(&mut self, order: &Placed) -> Option<()> {
        let staff = self.house.staff.clone();
        let mut events = vec!["order.accepted"];
        events.extend(order.lines.iter().map(|_| "line.fired"));
        let accept = wish(format!("/orders/{}/accept", order.id), &[200], &events);
        self.say(&staff, accept, |book, said| book.moved(said, |it| it.stage = Stage::Accepted)).await?;
        Some(())
    }

    async fn cancel(&mut self, who: &Caller, order: &Placed, fired: usize) -> Option<()> {
        let mut events = vec!["order.cancelled"];
        events.extend((0..fired).map(|_| "line.voided"));
        let cancel = wish(format!("/orders/{}/cancel", order.id), &[200], &events);
        let body = json!({"reason": "mistake"});
        let wish = Wish { body, other: Some(json!({"reason": "guest-left"})), ..cancel };
        self.say(who, wish, |book, said| book.moved(said, |it| it.stage = Stage::Cancelled)).await?;
        Some(())
    }

    async fn cook_and_serve(&mut self, order: &Placed) -> Option<()> {
        let staff = self.house.staff.clone();
        let last = order.lines.len() - 1;
        for (number, (line, _)) in order.lines.iter().enumerate() {
            let at = |verb: &str| format!("/orders/{}/lines/{line}/{verb}", order.id);
            if self.messenger.random.random_ratio(2, 3) {
                self.bump(at("start"), line, LineState::Preparing, &["line.started"]).await?;
                let cancel = format!("/orders/{}/cancel", order.id);
                self.try_in_vain(&staff, cancel, json!({"reason": "mistake"})).await?;
            }
            self.bump(at("ready"), line, LineState::Ready, &["line.ready"]).await?;
            let events: &[&str] = if number == last { &["line.served", "order.completed"] } else { &["line.served"] };
            self.bump(at("served"), line, LineState::Served, events).await?;
        }
        Some(())
    }

    async fn bump(&mut self, rest: String, line: &str, state: LineState, events: &[&str]) -> Option<()> {
        let staff = self.house.staff.clone();
        let effect = |order: &mut Order| {
            if let Some(line) = order.lines.get_mut(line) {
                line.state = state;
            }
        };
        self.say(&staff, wish(rest, &[200], events), |book, said| book.moved(said, effect)).await?;
        Some(())
    }

    async fn change_the_menu(&mut self) -> Option<()> {
        let (house, staff) = (Arc::clone(&self.house), self.house.staff.clone());
        let at = |verb: &str| format!("/menu/items/{}/{verb}", house.special.item);
        let place = (house.number, house.special.item.clone());
        for (verb, event, withdrawn) in
            [("withdraw", "menu-item.withdrawn", true), ("restore", "menu-item.restored", false)]
        {
            let change = wish(at(verb), &[200], &[event]);
            self.say(&staff, change, |book, _| {
                book.withdrawn.insert(place.clone(), withdrawn);
            })
            .await?;
            self.try_in_vain(&staff, at(verb), json!({})).await?;
            tokio::time::sleep(Duration::from_millis(5 * PAUSE_MS)).await;
        }
        Some(())
    }
}

impl Book {
    /// The order that an answer is about has changed.
    fn moved(&mut self, said: &Value, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.orders.get_mut(&text(&said["id"])) {
            order.position = said["position"].as_u64().unwrap_or_default();
            change(order);
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn line_ids(placed: &Value) -> Vec<String> {
    placed["lines"].as_array().into_iter().flatten().map(|line| text(&line["line_id"])).collect()
}
