//! Everything that was promised, compared with everything that is there. Nobody gives commands meanwhile.

use super::{
    cast::Cast,
    compare::compare,
    house::House,
    ledger::{Acknowledged, Book, Ledger},
    screens::{Screen, Screens},
    violation::{Kind, Violation},
};
use chrono::Duration as Span;
use domain::{
    envelope::RecordedEvent,
    ids::FeedId,
    scope::{Tags, visible},
};
use event_store::{
    pool::{self, Isolation},
    reader::EventReader,
    verify::verify_feed,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

/// How long views and screens may take to come to the end of the feed once all is mended.
const RECOVERY: Duration = Duration::from_secs(90);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// Events of one page.
const PAGE: usize = 256;
/// The committer stamps the time while a command is under way; both clocks are of one machine.
const CLOCKS_AGREE_WITHIN: Span = Span::milliseconds(50);

/// Tells the ledger of every promise that was not kept.
pub(super) async fn judge(cast: &Cast, houses: &[Arc<House>], ledger: &Ledger, screens: &Screens) {
    let env = &cast.installation.env;
    let reader = env.reader().await;
    let views = pool::connect(&env.access.projection, Isolation::RepeatableRead, 2).await.unwrap();
    for house in houses {
        let feed = feed(&reader, house.id).await;
        let head = feed.len() as u64;
        commands_are_there_once(ledger, house.number, &feed);
        times_are_the_servers_own(ledger, house.number, &feed);
        chain_is_whole(ledger, &reader, house.id, head).await;
        views_equal_their_fold(ledger, &reader, &views, house.id, head).await;
        answers_equal_what_was_said(ledger, cast, house, head).await;
        for screen in screens.0.iter().filter(|screen| screen.restaurant == house.number) {
            shows_all_in_order(ledger, screen, &feed).await;
        }
    }
}

/// Waits until `look` says that it is there; else somebody hangs, which is a violation too.
async fn recovered(ledger: &Ledger, what: &str, mut look: impl AsyncFnMut() -> Result<(), String>) {
    let end = Instant::now() + RECOVERY;
    while let Err(seen) = look().await {
        if Instant::now() > end {
            return ledger.accuse(Violation::broken(format!("{what}: not within {RECOVERY:?}; last seen: {seen}")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn feed(reader: &EventReader, id: FeedId) -> Vec<RecordedEvent> {
    let mut feed: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = feed.last().map_or(0, |event| event.cursor.position);
        let page = reader.page(id, after, PAGE).await.unwrap();
        if page.is_empty() {
            return feed;
        }
        feed.extend(page);
    }
}

/// I1, I2, I3: each acknowledged command wrote its events, once, where its answer says; one that a rule
/// refused wrote nothing; and nothing is there that nobody asked for.
fn commands_are_there_once(ledger: &Ledger, restaurant: usize, feed: &[RecordedEvent]) {
    let mut written: BTreeMap<&str, Vec<&RecordedEvent>> = BTreeMap::new();
    for event in feed {
        written.entry(event.metadata.correlation_id.as_str()).or_default().push(event);
    }
    let found = {
        let book = ledger.book();
        let mine = book.acknowledged.iter().filter(|it| it.restaurant == restaurant);
        let mut found: Vec<_> = mine.filter_map(|it| differs(it, written.remove(&*it.correlation))).collect();
        for it in &book.refused {
            let done = written.remove(&*it.correlation);
            found.extend(done.map(|_| Violation::new(Kind::Different, format!("{} was refused and done", it.what))));
        }
        found
    };
    found.into_iter().for_each(|violation| ledger.accuse(violation));
    for (correlation, events) in written {
        let what = format!("{} events of {correlation}, which nobody knows", events.len());
        ledger.accuse(Violation::new(Kind::Different, what));
    }
}

fn differs(told: &Acknowledged, written: Option<Vec<&RecordedEvent>>) -> Option<Violation> {
    let Some(written) = written else {
        return Some(Violation::new(Kind::Lost, format!("{} was answered and is not there", told.what)));
    };
    let types: Vec<_> = written.iter().map(|event| event.event_type.as_str()).collect();
    if types != told.events {
        let kind = if types.len() > told.events.len() { Kind::Repeated } else { Kind::Different };
        return Some(Violation::new(kind, format!("{} wrote {types:?}, not {:?}", told.what, told.events)));
    }
    let positions: Vec<_> = written.iter().map(|event| event.cursor.position).collect();
    let (first, last) = (positions.first().copied(), positions.last().copied());
    let together = first.zip(last).is_some_and(|(first, last)| last - first + 1 == positions.len() as u64);
    let aggregate = written.iter().any(|event| event.aggregate_id.to_string() == told.id);
    if last != Some(told.position) || !together || !aggregate {
        let what = format!("{} stands at {positions:?} and was answered {} of {}", told.what, told.position, told.id);
        return Some(Violation::new(Kind::Different, what));
    }
    None
}

/// An event's time is the server's: while its command was under way, whatever the client's clock says. It
/// never runs backwards, whatever the servers' clocks say.
fn times_are_the_servers_own(ledger: &Ledger, restaurant: usize, feed: &[RecordedEvent]) {
    let backwards = feed.windows(2).filter(|two| two[1].recorded_at < two[0].recorded_at);
    let mut found: Vec<_> = backwards.map(|two| format!("position {} is older", two[1].cursor.position)).collect();
    if ledger.clocks_are_right() {
        let at: BTreeMap<_, _> = feed.iter().map(|event| (event.cursor.position, event.recorded_at)).collect();
        let book = ledger.book();
        for it in book.acknowledged.iter().filter(|it| it.restaurant == restaurant) {
            let (from, to) = (it.between.0 - CLOCKS_AGREE_WITHIN, it.between.1 + CLOCKS_AGREE_WITHIN);
            let stamped = at.get(&it.position).filter(|stamped| !(from..=to).contains(stamped));
            found.extend(stamped.map(|stamped| format!("{} is stamped {stamped}, not {from} to {to}", it.what)));
        }
    }
    found.into_iter().for_each(|what| ledger.accuse(Violation::new(Kind::Different, what)));
}

/// I1, I3, I10: positions, versions, hashes, claims, and what waits to be published.
async fn chain_is_whole(ledger: &Ledger, reader: &EventReader, id: FeedId, head: u64) {
    recovered(ledger, "the feed is whole and published", async || {
        let report = verify_feed(reader, id).await.map_err(|error| error.to_string())?;
        if report.findings.is_empty() && report.events == head { Ok(()) } else { Err(format!("{report:?}")) }
    })
    .await;
}

/// I4, I6.
async fn views_equal_their_fold(ledger: &Ledger, reader: &EventReader, views: &sqlx::MySqlPool, id: FeedId, head: u64) {
    recovered(ledger, "the read models are there", async || {
        let report = projection_service::check::restaurant(views, reader, id).await.map_err(|it| it.to_string())?;
        let behind: Vec<_> = report.views.iter().filter(|view| view.cursor.position < head).collect();
        if !behind.is_empty() {
            return Err(format!("{behind:?} of {head}"));
        }
        if !report.is_clean() {
            ledger.accuse(Violation::new(Kind::Different, format!("a read model is not its fold: {report:?}")));
        }
        Ok(())
    })
    .await;
}

/// I6 once more, as clients see it: every read is answered at the head, by each process, and says what the
/// judge has concluded from the answers to commands, without any code of the product.
async fn answers_equal_what_was_said(ledger: &Ledger, cast: &Cast, house: &House, head: u64) {
    for base in cast.projections() {
        recovered(ledger, "reads are answered", async || {
            let shown = Shown::read(house, &base, head).await?;
            let said = Shown::of(&ledger.book(), house);
            if shown == said { Ok(()) } else { Err(said.difference(&shown)) }
        })
        .await;
    }
}

/// What the read models show of a restaurant, as far as the judge knows it.
#[derive(Debug, PartialEq, Eq)]
struct Shown(BTreeSet<(&'static str, String, String)>);

impl Shown {
    fn of(book: &Book, house: &House) -> Self {
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

    async fn read(house: &House, base: &str, head: u64) -> Result<Self, String> {
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

    fn difference(&self, shown: &Self) -> String {
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

/// I5.
async fn shows_all_in_order(ledger: &Ledger, screen: &Screen, feed: &[RecordedEvent]) {
    let shown = |event: &&RecordedEvent| visible(&screen.scope, &event.event_type, &Tags::of(&event.payload));
    let promised: Vec<String> =
        feed.iter().filter(shown).map(|event| String::from_utf8(event.envelope_json()).unwrap()).collect();
    let who = format!("{} of restaurant {}", screen.scope, screen.restaurant);
    recovered(ledger, &format!("{who} has caught up"), async || {
        let applied = screen.count();
        if applied >= promised.len() { Ok(()) } else { Err(format!("{applied} of {}", promised.len())) }
    })
    .await;
    compare(&who, &promised, &screen.applied()).into_iter().for_each(|violation| ledger.accuse(violation));
}
