//! Rebuilding a view beside the live one, switching to it, and back.

use crate::support::{SOON, Setup, proxied};
use domain::envelope::Cursor;
use event_store::pool::{self, Isolation};
use identity::Permission;
use projection_service::{
    Projection, check,
    generations::{self, Entry, Status},
    rebuild::{self, Options, PASSES_MAX, Phase, RebuildError, Sides, Switch},
};
use serde_json::Value;
use std::time::Duration;
use testkit::{Fault, Place, wait_for, wait_until};
use tokio::sync::watch;

const NO_HURRY: Switch = Switch { accept_parked: false, wait: SOON };

async fn sides(setup: &Setup) -> Sides {
    let url = &setup.env.access.projection;
    Sides {
        views: pool::connect(url, Isolation::ReadCommitted, 8).await.unwrap(),
        snapshots: pool::connect(url, Isolation::RepeatableRead, 2).await.unwrap(),
        events: setup.reader.clone(),
    }
}

fn options(owner: &str) -> Options {
    Options { workers: 2, passes: PASSES_MAX, owner: owner.to_owned(), holds_back: true }
}

async fn rebuild(sides: &Sides, views: &[&'static str], owner: &str) -> Result<Vec<Projection>, RebuildError> {
    rebuild::run(sides, views, &options(owner), &watch::Sender::new(Phase::default())).await
}

async fn switch(sides: &Sides, view: &'static str, options: Switch) -> Result<String, RebuildError> {
    rebuild::switch(sides, view, options, |_, _| {}).await.map(|swapped| swapped.to.to_string())
}

/// What the generations of the orders view are, the oldest first.
async fn orders(sides: &Sides) -> Vec<(String, Status)> {
    let all = generations::all(&sides.views).await.unwrap();
    let orders = all.into_iter().filter(|entry| entry.projection.view == "orders");
    orders.map(|Entry { projection, status, .. }| (projection.to_string(), status)).collect()
}

fn expect(seen: &[(String, Status)], expected: &[(&str, Status)]) {
    let seen: Vec<_> = seen.iter().map(|(name, status)| (name.as_str(), *status)).collect();
    assert_eq!(seen, expected);
}

/// Waits until this generation stands at the head of the place.
async fn caught_up(setup: &Setup, projection: &str, place: &Place) {
    let head = setup.reader.head(place.feed()).await.unwrap().unwrap().cursor;
    wait_for(&format!("{projection} reaches {head}"), SOON, async || match setup.stands(projection, place).await {
        Some(cursor) if cursor >= head => Ok(()),
        seen => Err(format!("{seen:?}")),
    })
    .await;
}

async fn sql(setup: &Setup, text: &str) -> u64 {
    sqlx::query(text).execute(&setup.views).await.unwrap().rows_affected()
}

/// A table as MySQL describes it, without what is only a name.
async fn shape(setup: &Setup, table: &str) -> String {
    let (_, text): (String, String) =
        sqlx::query_as(&format!("SHOW CREATE TABLE {table}")).fetch_one(&setup.views).await.unwrap();
    let base = table.trim_end_matches("_v1").trim_end_matches("_v2").trim_end_matches("_template");
    text.replace(&format!("`{table}`"), "`table`").replace(&format!("`{base}_v1_"), &format!("`{base}_"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_view_is_switched_in_fed_and_switched_back() {
    let (setup, service) = started().await;
    let place = setup.place().await;
    place.append_past(&setup.committers, 400).await;
    let sides = sides(&setup).await;
    rebuild(&sides, &["orders", "kitchen_board"], "one").await.unwrap();
    expect(&orders(&sides).await, &[("orders@1", Status::Live), ("orders@2", Status::Ready)]);
    for table in ["orders", "order_lines", "kitchen_lines"] {
        assert_eq!(shape(&setup, &format!("{table}_v1")).await, shape(&setup, &format!("{table}_v2")).await);
    }
    // Services feed it from now on, beside the live one.
    setup.append(&place, place.fired_order().1).await;
    for projection in ["orders@1", "orders@2", "kitchen_board@1", "kitchen_board@2"] {
        caught_up(&setup, projection, &place).await;
    }
    let report = setup.check(&place).await;
    assert_eq!(report.views.len(), 5);
    assert!(report.is_clean(), "{report:#?}");

    assert_eq!(switch(&sides, "orders", NO_HURRY).await.unwrap(), "orders@2");
    expect(&orders(&sides).await, &[("orders@1", Status::Previous), ("orders@2", Status::Live)]);
    // Both are fed; queries see the new one: its rows are marked here.
    sql(&setup, "UPDATE orders_v2 SET code = 'NEW' WHERE feed_id IS NOT NULL").await;
    let at = setup.append(&place, place.fired_order().1).await;
    let token = setup.staff(&place, &[Permission::OrderRead]);
    let (status, page) = service.get(&place, &format!("/orders?limit=2&min_position={at}"), &token).await;
    assert_eq!((status.as_u16(), &page["items"][1]["code"]), (200, &"NEW".into()), "{page}");
    caught_up(&setup, "orders@1", &place).await;
    caught_up(&setup, "orders@2", &place).await;

    let back = rebuild::rollback(&sides, "orders", SOON).await.unwrap();
    assert_eq!((back.from.to_string(), back.to.to_string()), ("orders@2".to_owned(), "orders@1".to_owned()));
    let (status, page) = service.get(&place, &format!("/orders?limit=2&min_position={at}"), &token).await;
    assert_eq!(status, 200);
    assert_ne!(page["items"][1]["code"], "NEW");
    expect(&orders(&sides).await, &[("orders@1", Status::Live), ("orders@2", Status::Previous)]);
    service.stop().await;
}

/// At most three generations have tables: live, previous, and the one that is built.
#[tokio::test(flavor = "multi_thread")]
async fn generations_older_than_the_previous_one_are_dropped() {
    let (setup, service) = started().await;
    let place = setup.place().await;
    place.append_past(&setup.committers, 100).await;
    let sides = sides(&setup).await;
    for generation in 2..=4 {
        rebuild(&sides, &["orders"], "one").await.unwrap();
        assert_eq!(switch(&sides, "orders", NO_HURRY).await.unwrap(), format!("orders@{generation}"));
    }
    expect(&orders(&sides).await, &[("orders@3", Status::Previous), ("orders@4", Status::Live)]);
    let left = "SELECT CONVERT(GROUP_CONCAT(table_name ORDER BY table_name) USING utf8mb4) FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name LIKE 'orders\\_v%'";
    let left: String = sqlx::query_scalar(left).fetch_one(&setup.views).await.unwrap();
    assert_eq!(left, "orders_v3,orders_v4");
    setup.append(&place, place.fired_order().1).await;
    caught_up(&setup, "orders@3", &place).await;
    caught_up(&setup, "orders@4", &place).await;
    assert!(setup.stands("orders@1", &place).await.is_none() && setup.stands("orders@2", &place).await.is_none());

    // The previous one may be given up too, the live one not; a number never comes back.
    let refused = rebuild::drop_generation(&sides, "orders@4").await;
    assert!(matches!(refused, Err(RebuildError::InUse { .. })), "{refused:?}");
    rebuild::drop_generation(&sides, "orders@3").await.unwrap();
    let nothing = rebuild::rollback(&sides, "orders", Duration::ZERO).await;
    assert!(matches!(nothing, Err(RebuildError::NothingToSwitchTo { .. })), "{nothing:?}");
    let unknown = rebuild::drop_generation(&sides, "orders@3").await;
    assert!(matches!(unknown, Err(RebuildError::UnknownProjection(_))), "{unknown:?}");
    assert_eq!(rebuild(&sides, &["orders"], "one").await.unwrap()[0].to_string(), "orders@5");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_whose_rows_were_changed_is_never_switched_in() {
    let (setup, service) = started().await;
    let place = setup.place().await;
    place.append_past(&setup.committers, 100).await;
    let sides = sides(&setup).await;
    let nothing = switch(&sides, "orders", NO_HURRY).await.unwrap_err().to_string();
    assert!(nothing.contains("no generation of orders is ready: run `aris projections rebuild orders`"), "{nothing}");

    // Found by the comparison before the switch …
    rebuild(&sides, &["orders"], "one").await.unwrap();
    let again = rebuild(&sides, &["orders"], "one").await;
    assert!(matches!(again, Err(RebuildError::ReadyAlready(_))), "{again:?}");
    assert_eq!(sql(&setup, "UPDATE orders_v2 SET total = total + 1 WHERE feed_id IS NOT NULL LIMIT 1").await, 1);
    let refused = switch(&sides, "orders", NO_HURRY).await.unwrap_err().to_string();
    assert!(refused.starts_with("orders@2 is not switched in: 1 rows of restaurant"), "{refused}");
    assert!(refused.contains("; orders@1 has 0 rows there that differ, first orders_v2"), "{refused}");
    expect(&orders(&sides).await, &[("orders@1", Status::Live), ("orders@2", Status::Failed)]);
    let kept = generations::all(&sides.views).await.unwrap();
    assert!(kept.last().unwrap().cause.contains("are not what the events say"), "{kept:?}");
    let refused = switch(&sides, "orders", NO_HURRY).await.unwrap_err().to_string();
    assert!(refused.contains("orders@2 has failed: 1 rows"), "{refused}");

    // … and by the one at the end of a rebuild: here of one that goes on over changed rows. The failed
    // one makes room.
    let begun = interrupted(&setup, &sides, "one").await;
    assert_eq!(begun, "orders@3");
    assert!(sql(&setup, "UPDATE orders_v3 SET code = 'WRONG' WHERE feed_id IS NOT NULL LIMIT 1").await == 1);
    let failed = rebuild(&sides, &["orders"], "two").await;
    assert!(matches!(failed, Err(RebuildError::Different { .. })), "{failed:?}");
    expect(&orders(&sides).await, &[("orders@1", Status::Live), ("orders@3", Status::Failed)]);
    service.stop().await;
}

/// Begins a rebuild, and cuts it off when it has written rows.
async fn interrupted(setup: &Setup, sides: &Sides, owner: &str) -> String {
    let place = setup.place().await;
    place.append_past(&setup.committers, 30_000).await;
    let (running, owner) = (sides.clone(), owner.to_owned());
    let task = tokio::spawn(async move { rebuild(&running, &["orders"], &owner).await });
    let building = wait_for("rows are written", SOON, async || {
        let all = generations::all(&sides.views).await.unwrap();
        let building = all.iter().find(|entry| entry.status == Status::Building).ok_or("nothing is building")?;
        let extent = rebuild::extents(sides, &[building.projection]).await.unwrap()[0];
        if extent.done > 0 { Ok(building.projection.to_string()) } else { Err(format!("{extent:?}")) }
    })
    .await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    building
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_switched_while_the_new_generation_is_behind() {
    let (setup, service) = started().await;
    let place = setup.place().await;
    setup.caught_up(&place).await;
    let sides = sides(&setup).await;
    rebuild(&sides, &["orders"], "one").await.unwrap();
    setup.append(&place, place.fired_order().1).await;
    setup.caught_up(&place).await;
    caught_up(&setup, "orders@2", &place).await;
    service.stop().await;
    // As if the new one had not applied the last event yet.
    sql(
        &setup,
        "UPDATE projection_checkpoints SET position = position - 1 WHERE projection = 'orders@2' AND feed_id > ''",
    )
    .await;
    let wait = Switch { wait: Duration::from_millis(100), ..NO_HURRY };
    // The comparison sees a row that is ahead; so only the last event of a line, which is not in orders' rows.
    let refused = rebuild::rollback(&sides, "orders", wait.wait).await;
    assert!(matches!(refused, Err(RebuildError::NothingToSwitchTo { .. })), "{refused:?}");
    sql(&setup, "UPDATE projections SET status = 'previous' WHERE projection = 'orders@2'").await;
    let refused = rebuild::rollback(&sides, "orders", wait.wait).await;
    assert!(matches!(refused, Err(RebuildError::Behind { events: 1, .. })), "{refused:?}");
    expect(&orders(&sides).await, &[("orders@1", Status::Live), ("orders@2", Status::Previous)]);
    // What it waited for may come while it waits.
    let waiting = tokio::spawn({
        let sides = sides.clone();
        async move { rebuild::rollback(&sides, "orders", SOON).await }
    });
    sql(
        &setup,
        "UPDATE projection_checkpoints SET position = position + 1 WHERE projection = 'orders@2' AND feed_id > ''",
    )
    .await;
    assert_eq!(waiting.await.unwrap().unwrap().to.to_string(), "orders@2");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_applied_is_parked_under_the_new_generation_and_holds_the_switch_up() {
    let (setup, service) = started().await;
    let place = setup.place().await;
    let (bad, events) = place.fired_order();
    setup.append(&place, events).await;
    setup.append(&place, place.fired_order().1).await;
    setup.caught_up(&place).await;
    // The live one has applied it; since then a newer build has renamed the event, say.
    sqlx::query("UPDATE events SET type = 'order.teleported' WHERE feed_id = ? AND position = 7")
        .bind(place.restaurant.0)
        .execute(&setup.events)
        .await
        .unwrap();
    let sides = sides(&setup).await;
    rebuild(&sides, &["orders"], "one").await.unwrap();
    let parked = projection_service::parked::list(&sides.views).await.unwrap();
    let seen: Vec<_> = parked.iter().map(|it| (it.which.projection.as_str(), it.first, it.events)).collect();
    assert_eq!(seen, [("orders@2", 7, 3)]);
    assert_eq!(parked[0].which.aggregate, bad.order.0);
    let refused = switch(&sides, "orders", NO_HURRY).await;
    assert!(matches!(refused, Err(RebuildError::Parked { events: 3, position: 7, .. })), "{refused:?}");
    expect(&orders(&sides).await, &[("orders@1", Status::Live), ("orders@2", Status::Ready)]);
    let accepted = switch(&sides, "orders", Switch { accept_parked: true, ..NO_HURRY }).await;
    assert_eq!(accepted.unwrap(), "orders@2");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_decided_to_skip_stays_left_out_of_a_rebuild() {
    let (setup, service) = started().await;
    let place = setup.place().await;
    let (bad, events) = place.fired_order();
    setup.append(&place, events).await;
    sqlx::query("UPDATE events SET type = 'order.teleported' WHERE feed_id = ? AND position = 7")
        .bind(place.restaurant.0)
        .execute(&setup.events)
        .await
        .unwrap();
    wait_until("it is parked", SOON, async || {
        projection_service::parked::list(&setup.views).await.unwrap().iter().any(|it| it.which.projection == "orders@1")
    })
    .await;
    setup.caught_up(&place).await;
    let sides = sides(&setup).await;
    let which = projection_service::parked::Which {
        projection: "orders@1".to_owned(),
        feed: place.feed(),
        aggregate: bad.order.0,
    };
    let skip = projection_service::parked::Skip { position: 7, by: "ana".to_owned(), reason: "an import".to_owned() };
    projection_service::parked::skip(&sides.views, &which, &skip).await.unwrap();
    projection_service::parked::retry(&sides.views, &setup.reader, &which).await.unwrap();
    rebuild(&sides, &["orders"], "one").await.unwrap();
    let parked = projection_service::parked::list(&sides.views).await.unwrap();
    assert!(parked.iter().all(|it| it.which.projection != "orders@2"), "{parked:?}");
    assert_eq!(switch(&sides, "orders", NO_HURRY).await.unwrap(), "orders@2");
    let report = setup.check(&place).await;
    assert!(report.views.iter().all(|view| view.n_differences == 0), "{report:#?}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rebuilds_at_once_do_no_harm_and_an_interrupted_one_goes_on() {
    let (setup, service) = started().await;
    let sides = sides(&setup).await;
    let begun = interrupted(&setup, &sides, "one").await;
    let before = rebuild::extents(&sides, &[Projection::from_name(&begun).unwrap()]).await.unwrap()[0];
    assert!(before.done > 0 && before.done <= before.total);
    let (one, two) = tokio::join!(rebuild(&sides, &["orders"], "two"), rebuild(&sides, &["orders"], "three"));
    // One did it. The other waited for its lease in vain, or got it after the first one had ended.
    let (done, other): (Vec<_>, Vec<_>) = [one, two].into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), other.len()), (1, 1));
    let other = other.into_iter().next().unwrap().unwrap_err();
    assert!(matches!(other, RebuildError::Taken { .. } | RebuildError::ReadyAlready(_)), "{other}");
    assert_eq!(done[0].as_ref().unwrap()[0].to_string(), begun);
    assert_eq!(switch(&sides, "orders", NO_HURRY).await.unwrap(), begun);
    service.stop().await;
}

/// Two that both believe in their lease, as after a long pause of one: the checkpoints keep them right.
#[tokio::test(flavor = "multi_thread")]
async fn two_rebuilds_that_both_believe_in_their_lease_apply_everything_once() {
    let (setup, service) = started().await;
    let places = [setup.place().await, setup.place().await];
    for place in &places {
        place.append_past(&setup.committers, 20_000).await;
    }
    let sides = sides(&setup).await;
    let (one, two) = tokio::join!(rebuild(&sides, &["orders"], "same"), rebuild(&sides, &["orders"], "same"));
    assert!(one.is_ok() || two.is_ok(), "{one:?} {two:?}");
    assert_eq!(switch(&sides, "orders", NO_HURRY).await.unwrap(), "orders@2");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_waits_for_a_position_is_served_across_a_switch() {
    let (setup, service) = started().await;
    let place = setup.place().await;
    place.append_past(&setup.committers, 200).await;
    setup.caught_up(&place).await;
    let sides = sides(&setup).await;
    rebuild(&sides, &["orders"], "one").await.unwrap();
    let token = setup.staff(&place, &[Permission::OrderRead]);
    let head = setup.reader.head(place.feed()).await.unwrap().unwrap().cursor.position;
    let path = format!("/orders?limit=1&min_position={}", head + 4);
    let (app, asking) = (service.app(), place.clone());
    let asked = tokio::spawn(async move { crate::support::get(app, &asking, &path, &token).await });
    switch(&sides, "orders", NO_HURRY).await.unwrap();
    setup.append(&place, place.fired_order().1).await;
    let (status, page) = asked.await.unwrap();
    assert_eq!((status.as_u16(), &page["cursor"]["position"]), (200, &Value::from(head + 4)), "{page}");
    service.stop().await;
}

/// The event side is restored from a backup while a rebuild is at it: shorter, and under another numbering.
#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_renumbered_in_the_middle_of_a_rebuild_is_begun_again() {
    let setup = Setup::start().await;
    let place = setup.place().await;
    place.append_past(&setup.committers, 30_000).await;
    let (proxy, url) = proxied(&setup).await;
    let near = sides(&setup).await;
    let far = Sides { views: pool::connect(&url, Isolation::ReadCommitted, 8).await.unwrap(), ..near.clone() };
    // Slow enough to be met in the middle, and then held there.
    proxy.set(Fault::Delay(Duration::from_millis(20)));
    let rebuilding = tokio::spawn(async move { rebuild(&far, &["orders"], "one").await });
    let building = wait_for("rows are written", SOON, async || {
        let stands = setup.stands("orders@2", &place).await;
        stands.filter(|cursor| cursor.position > 0).ok_or_else(|| format!("{stands:?}"))
    })
    .await;
    proxy.set(Fault::HalfOpen);
    assert!(building.position < 30_000, "{building}");
    for text in [
        "DELETE FROM events WHERE feed_id = ? AND position > 20000",
        "UPDATE feed_heads SET epoch = 2, position = 20000 WHERE feed_id = ?",
    ] {
        sqlx::query(text).bind(place.restaurant.0).execute(&setup.events).await.unwrap();
    }
    proxy.set(Fault::None);
    assert_eq!(rebuilding.await.unwrap().unwrap()[0].to_string(), "orders@2");
    assert_eq!(setup.stands("orders@2", &place).await, Some(Cursor { epoch: 2, position: 20_000 }));
    let projection = Projection::from_name("orders@2").unwrap();
    let report = check::projection(&near.snapshots, &near.events, projection, place.feed()).await.unwrap();
    assert!(report.n_differences == 0 && report.rows > 1_000, "{report:#?}");
}

/// A read side that is far away, and a dining room that never rests.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_slower_than_what_comes_in_ends_and_says_so_and_goes_on_when_it_is_quieter() {
    let setup = Setup::start().await;
    let place = setup.place().await;
    place.append_past(&setup.committers, 2_000).await;
    let (proxy, url) = proxied(&setup).await;
    let near = sides(&setup).await;
    let far = Sides { views: pool::connect(&url, Isolation::ReadCommitted, 8).await.unwrap(), ..near.clone() };
    proxy.set(Fault::Delay(Duration::from_millis(25)));
    // The first pass is some forty round trips, and thousands of events come in meanwhile.
    let few = Options { passes: 2, holds_back: false, ..options("one") };
    let phase = watch::Sender::new(Phase::default());
    let orders_come_in = async {
        // Ends with the rebuild.
        loop {
            place.append_past(&setup.committers, 660).await;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    };
    let outrun = tokio::select! {
        ended = rebuild::run(&far, &["orders"], &few, &phase) => ended.unwrap_err(),
        () = orders_come_in => unreachable!(),
    };
    let RebuildError::Outrun { passes: 2, events, .. } = &outrun else { panic!("{outrun}") };
    assert!(*events > 1_000, "{outrun}");
    assert!(outrun.to_string().starts_with("orders@2 does not catch up: the last of 2 passes"), "{outrun}");
    expect(&orders(&near).await, &[("orders@1", Status::Live), ("orders@2", Status::Building)]);
    assert_eq!(rebuild(&near, &["orders"], "two").await.unwrap()[0].to_string(), "orders@2");
}

/// `EVENTS=1000000 cargo test --release … a_large_past -- --nocapture` prints the rate.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_past_is_rebuilt_to_what_its_events_say() {
    let events: usize = std::env::var("EVENTS").map_or(40_000, |text| text.parse().unwrap());
    let setup = Setup::start().await;
    let began = std::time::Instant::now();
    let mut places = Vec::new();
    for _ in 0..4 {
        places.push(setup.place().await);
    }
    let past = places.iter().map(|place| place.append_past(&setup.committers, events / 4));
    futures::future::join_all(past).await;
    println!("{events} events were appended in {:?}", began.elapsed());
    let sides = sides(&setup).await;
    generations_of_the_migrations_stand(&sides).await;
    let (sender, phase) = watch::channel(Phase::default());
    let began = std::time::Instant::now();
    let running = sides.clone();
    let task =
        tokio::spawn(
            async move { rebuild::run(&running, &["kitchen_board", "orders"], &options("one"), &sender).await },
        );
    let mut phase = phase;
    phase.wait_for(|phase| matches!(phase.step, rebuild::Step::Filling)).await.unwrap();
    let filling = std::time::Instant::now();
    let _ = phase.wait_for(|phase| matches!(phase.step, rebuild::Step::Comparing { .. })).await;
    let took = filling.elapsed();
    println!("filled in {took:?}: {:.0} events/s", events as f64 / took.as_secs_f64());
    task.await.unwrap().unwrap();
    println!("built and compared in {:?}", began.elapsed());
    for place in &places {
        let report = setup.check(place).await;
        let rebuilt: Vec<_> = report.views.iter().filter(|view| view.projection.generation.0 == 2).collect();
        assert_eq!(rebuilt.len(), 2);
        assert!(rebuilt.iter().all(|view| view.n_differences == 0 && view.parked == 0), "{rebuilt:#?}");
    }
}

/// Before any service has run, the migrations have said which generations are live.
async fn generations_of_the_migrations_stand(sides: &Sides) {
    expect(&orders(sides).await, &[("orders@1", Status::Live)]);
}

async fn started() -> (Setup, crate::support::Running) {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    (setup, service)
}
