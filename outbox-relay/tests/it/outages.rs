//! NATS goes away, comes back, and forgets.

use crate::support::{
    PATIENCE, admin, committers, config, followed, heads, order, outbox_empty, places, published, relay, stream,
    stream_reaches,
};
use messaging::Namespace;
use outbox_relay::Config;
use testkit::{Env, Fault, TcpProxy, own_servers, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_while_nats_is_away_is_published_when_it_is_back() {
    let servers = own_servers("nats-away");
    let env = Env::on(&servers).await;
    let committers = committers(&env).await;
    let (_relay, _stop) = relay(config(&env)).await;
    let places = places(&env, &committers, 3).await;
    stream_reaches(&env, &heads(&env).await).await;

    servers.nats.kill_hard().unwrap();
    order(&places, &committers, 30).await;
    servers.nats.restart().unwrap();

    stream_reaches(&env, &heads(&env).await).await;
    outbox_empty(&env).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_stream_is_filled_again() {
    let servers = own_servers("nats-wiped");
    let env = Env::on(&servers).await;
    let committers = committers(&env).await;
    let (_relay, _stop) = relay(config(&env)).await;
    let places = places(&env, &committers, 3).await;
    order(&places, &committers, 10).await;
    let heads = heads(&env).await;
    stream_reaches(&env, &heads).await;
    outbox_empty(&env).await;

    servers.nats.wipe_store_and_restart().unwrap();
    stream_reaches(&env, &heads).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_wiped_while_the_leases_have_lapsed_is_filled_again() {
    let servers = own_servers("nats-wiped-without-leases");
    let env = Env::on(&servers).await;
    let committers = committers(&env).await;
    let (_relay, _stop) = relay(config(&env)).await;
    let places = places(&env, &committers, 3).await;
    order(&places, &committers, 10).await;
    let heads = heads(&env).await;
    stream_reaches(&env, &heads).await;
    outbox_empty(&env).await;

    let first = stream(&env).await.unwrap().get_raw_message(1).await.unwrap();

    // Who holds these rows keeps the relay from renewing its leases: they lapse, and come back to it.
    let admin = admin(&env).await;
    let mut nobody_renews = admin.begin().await.unwrap();
    sqlx::query("SELECT shard FROM leases FOR UPDATE").fetch_all(&mut *nobody_renews).await.unwrap();
    wait_for("the leases lapse", PATIENCE, async || {
        let sql = "SELECT COUNT(*) FROM leases WHERE kind = 'relay' AND shard < 64 AND until > NOW(6)";
        let (held,): (i64,) = sqlx::query_as(sql).fetch_one(&admin).await.unwrap();
        if held == 0 { Ok(()) } else { Err(format!("{held} shards are held")) }
    })
    .await;
    servers.nats.wipe_store_and_restart().unwrap();
    wait_for("the stream is made anew", PATIENCE, async || stream(&env).await.map(drop)).await;
    // With a message in it, the stream looks like one that has discarded what it lacks.
    let client = messaging::connect(&env.nats_url, "test").await.unwrap();
    client.publish_with_headers(first.subject, first.headers, first.payload).await.unwrap();
    wait_for("a message is in the stream", PATIENCE, async || published(&env).await?.pop().ok_or("none".to_owned()))
        .await;
    nobody_renews.rollback().await.unwrap();

    stream_reaches(&env, &heads).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_stream_is_filled_again_although_the_server_remembers_the_ids() {
    let env = Env::start().await;
    let committers = committers(&env).await;
    let (_relay, _stop) = relay(config(&env)).await;
    places(&env, &committers, 2).await;
    let heads = heads(&env).await;
    stream_reaches(&env, &heads).await;
    outbox_empty(&env).await;

    stream(&env).await.unwrap().purge().await.unwrap();
    stream_reaches(&env, &heads).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refill_is_bounded_to_the_last_positions() {
    let env = Env::start().await;
    let committers = committers(&env).await;
    let (_relay, _stop) = relay(Config { refill_positions: 7, ..config(&env) }).await;
    let places = places(&env, &committers, 1).await;
    order(&places, &committers, 5).await;
    outbox_empty(&env).await;

    stream(&env).await.unwrap().purge().await.unwrap();
    let positions = wait_for("the tail is back", PATIENCE, async || {
        let positions: Vec<_> = published(&env).await?.iter().map(|event| event.cursor.position).collect();
        if positions.last() == Some(&25) { Ok(positions) } else { Err(format!("{positions:?}")) }
    })
    .await;
    assert_eq!(positions, (19..=25).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_again_and_again_leaves_no_hole() {
    let env = Env::start().await;
    let port = env.nats_url.rsplit_once(':').unwrap().1.parse().unwrap();
    let proxy = TcpProxy::start(port).await;
    let committers = committers(&env).await;
    let nats_url = format!("nats://127.0.0.1:{}", proxy.port());
    let (_relay, _stop) = relay(Config { nats_url: nats_url.as_str().into(), ..config(&env) }).await;
    let places = places(&env, &committers, 3).await;
    for _ in 0..10 {
        order(&places, &committers, 5).await;
        proxy.cut();
    }
    proxy.set(Fault::Refuse);
    order(&places, &committers, 5).await;
    proxy.set(Fault::None);

    let heads = heads(&env).await;
    outbox_empty(&env).await;
    wait_for("every position is there", PATIENCE, async || {
        let mut events = published(&env).await?;
        // A cut may let a later message overtake one that was lost; what counts is that all are there.
        events.sort_by_key(|event| event.cursor);
        let at = followed(&events);
        if at == heads { Ok(()) } else { Err(format!("{at:?} of {heads:?}")) }
    })
    .await;
    assert_eq!(stream(&env).await.unwrap().cached_info().config.name, Namespace::new(&env.nats_prefix).stream_name());
}
