use super::{OWNERS, RELEASE, WITH_PREFIX, of_keys};
use crate::plan::{Value, explain, feed, filled};
use sqlx::Executor;

/// The keys of so many claims of one feed.
fn keys(count: u64) -> Vec<Value> {
    (1..=count)
        .map(|nr| nr * 2)
        .flat_map(|nr| [feed(2).into(), "open-order".into(), format!("session-{}/{nr}", nr / 10).as_str().into()])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_looked_up_released_and_counted_by_the_primary_key() {
    let (_env, mut admin) = filled().await;
    for count in [1, 2, 16, 128] {
        for statement in [OWNERS, RELEASE] {
            let plan = explain(&mut admin, &of_keys(statement, count), &keys(count as u64)).await;
            plan[0].assert_by("PRIMARY", count as u64);
        }
    }
    // The orders of one session: ten of a thousand claims of the feed.
    let prefix =
        [feed(2).into(), "open-order".into(), "session-7/".into(), b"session-7/\xFF".to_vec().into(), 10_000.into()];
    explain(&mut admin, WITH_PREFIX, &prefix).await[0].assert_by("PRIMARY", 20);
    // The same where few claims are left and most of them are named: a scan would wait for claims that
    // others are about to take.
    admin
        .execute("DELETE FROM claims WHERE kind <> 'open-order' OR feed_id <> UNHEX(LPAD('2', 32, '0'))")
        .await
        .unwrap();
    admin.execute("DELETE FROM claims ORDER BY claim_key DESC LIMIT 498").await.unwrap();
    admin.execute("ANALYZE TABLE claims").await.unwrap();
    for count in [1, 2, 16] {
        for statement in [OWNERS, RELEASE] {
            let plan = explain(&mut admin, &of_keys(statement, count), &keys(count as u64)).await;
            // Nothing there at all is found out by the key, too.
            assert!(plan[0].extra.starts_with("no matching row") || plan[0].key == "PRIMARY", "{plan:?}");
            assert!(plan[0].access != "ALL" && plan[0].access != "index", "{plan:?}");
        }
    }
}
