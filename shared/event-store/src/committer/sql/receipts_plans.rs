use super::{super::script::Script, look_up};
use crate::{
    delivery,
    plan::{ROWS, explain, feed, filled},
    receipts::PURGE,
};

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_looked_up_by_the_primary_key_and_purged_by_their_time() {
    let (_env, mut admin) = filled().await;
    for count in [1_u64, 2, 16, 128] {
        let of = uuid::Uuid::from_slice(&feed(3)).unwrap().into();
        let keys: Vec<_> = (1..=count).map(|nr| (of, format!("who-{}", nr % 10), format!("key-{nr}"))).collect();
        let mut script = Script::default();
        look_up(&mut script, &keys);
        explain(&mut admin, script.text(), &[]).await[0].assert_by("PRIMARY", count);
    }
    // An auditor's look: one principal of one feed, a tenth of its receipts.
    let by_command = [feed(3).into(), "who-3".into(), vec![0; 16].into()];
    explain(&mut admin, delivery::RECEIPT, &by_command).await[0].assert_by("PRIMARY", ROWS / 8);
    // Minutes 900 to 1000 of a thousand: 15 hours and older.
    let old = [15.into(), 500.into()];
    explain(&mut admin, PURGE, &old).await[0].assert_by("receipts_recorded_at", ROWS / 4);
}
