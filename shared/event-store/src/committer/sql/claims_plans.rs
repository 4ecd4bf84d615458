use super::{super::script::Script, look_up, release};
use crate::{
    committer::{ClaimRead, stage::ClaimPlace},
    plan::{explain, feed, filled},
};
use domain::claims::ClaimKind;
use sqlx::Executor;
use uuid::Uuid;

/// So many claims of one feed.
fn places(count: u64) -> Vec<ClaimPlace> {
    let place = |nr: u64| {
        let feed = Uuid::from_slice(&feed(2)).unwrap().into();
        (feed, ClaimKind::OpenOrder, format!("session-{}/{nr}", nr / 10))
    };
    (1..=count).map(|nr| place(nr * 2)).collect()
}

/// The texts that look so many claims up, and that release them.
fn texts(count: u64) -> [Script; 2] {
    let [mut looks, mut releases] = [Script::default(), Script::default()];
    let reads: Vec<_> = places(count).into_iter().map(|(feed, kind, key)| (feed, ClaimRead::Key(kind, key))).collect();
    look_up(&mut looks, &reads);
    release(&mut releases, &places(count));
    [looks, releases]
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_looked_up_released_and_counted_by_the_primary_key() {
    let (_env, mut admin) = filled().await;
    for count in [1, 2, 16, 128] {
        for script in texts(count) {
            explain(&mut admin, script.text(), &[]).await[0].assert_by("PRIMARY", count);
        }
    }
    // The orders of one session: ten of a thousand claims of the feed.
    let mut orders = Script::default();
    let session = ClaimRead::Prefix(ClaimKind::OpenOrder, "session-7/".to_owned());
    look_up(&mut orders, &[(places(1)[0].0, session)]);
    explain(&mut admin, orders.text(), &[]).await[0].assert_by("PRIMARY", 20);
    // The same where few claims are left and most of them are named: a scan would wait for claims that
    // others are about to take.
    admin
        .execute("DELETE FROM claims WHERE kind <> 'open-order' OR feed_id <> UNHEX(LPAD('2', 32, '0'))")
        .await
        .unwrap();
    admin.execute("DELETE FROM claims ORDER BY claim_key DESC LIMIT 498").await.unwrap();
    admin.execute("ANALYZE TABLE claims").await.unwrap();
    for count in [1, 2, 16] {
        for script in texts(count) {
            let plan = explain(&mut admin, script.text(), &[]).await;
            // Nothing there at all is found out by the key, too.
            assert!(plan[0].extra.starts_with("no matching row") || plan[0].key == "PRIMARY", "{plan:?}");
            assert!(plan[0].access != "ALL" && plan[0].access != "index", "{plan:?}");
        }
    }
}
