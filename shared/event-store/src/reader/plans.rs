use super::{
    search::STEP_BACK,
    streams::{NEXT_TIME, STREAM_PAGE},
};
use crate::{
    delivery::DELIVERY,
    plan::{ROWS, Value, explain, feed, filled},
};

#[tokio::test(flavor = "multi_thread")]
async fn auditors_read_streams_and_places_by_their_keys() {
    let (_env, mut admin) = filled().await;
    let stream = uuid::Uuid::from_u128(1_007).as_bytes().to_vec();
    for up_to in [1_u64, 400, u64::MAX >> 1] {
        let page: [Value; 6] =
            [feed(1).into(), stream.clone().into(), 0.into(), "order".into(), up_to.into(), 256.into()];
        let plans = explain(&mut admin, STREAM_PAGE, &page).await;
        let events = plans.iter().find(|plan| plan.key == "events_aggregate_version").unwrap();
        events.assert_by("events_aggregate_version", 4);
        assert!(plans.iter().all(|plan| plan.key == "PRIMARY" || plan == events), "{plans:?}");
    }
    // By what it looks at and not by what it expects: a range of the key in its order, with a limit of 1.
    explain(&mut admin, NEXT_TIME, &[feed(1).into(), 500.into()]).await[0].assert_by("PRIMARY", ROWS);
    for plan in explain(&mut admin, DELIVERY, &[3.into(), 500.into(), feed(1).into()]).await {
        plan.assert_by("PRIMARY", 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_looks_at_its_step_and_no_further() {
    let (_env, mut admin) = filled().await;
    let nothing = || Value::Bytes(vec![0; 16]);
    let values = [feed(1).into(), 100.into(), 200.into(), "c".into(), "c".into(), nothing(), nothing(), 10.into()];
    explain(&mut admin, STEP_BACK, &values).await[0].assert_by("PRIMARY", 200);
}
