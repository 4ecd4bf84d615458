//! Rebuild at noon: a view is rebuilt from a large past while orders come in. The rebuild is killed
//! twice, a service is frozen during the switch, and whoever reads notices nothing.

use super::noon::{Noon, PAST, PATIENCE, Rebuilding};
use serde_json::{Value, json};
use testkit::wait_until;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Orders that are answered before the rebuild begins, and after the switch.
const BEFORE: u64 = 500;
const AFTER: u64 = 200;

/// Progress that never goes back, is never more than there is, and is what the checkpoints say.
#[derive(Default)]
struct Told {
    done: u64,
    total: u64,
    lines: u64,
}

impl Told {
    fn hear(&mut self, line: &Value) {
        let (done, total) = (line["done"].as_u64().unwrap(), line["total"].as_u64().unwrap());
        assert!(done >= self.done, "from {} back to {done}", self.done);
        assert!(total >= self.total && done <= total, "{line}");
        (self.done, self.total, self.lines) = (done, total, self.lines + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a noon is one story; cut in pieces it would be harder to follow")]
async fn a_rebuild_at_noon_killed_twice_is_noticed_by_nobody_who_reads() {
    let noon = Noon::start(PAST).await;
    let all = noon.installation.serve("all").await;
    let second = noon.installation.serve("projection").await;
    for projection in ["restaurants@1", "kitchen_board@1", "orders@2"] {
        noon.caught_up(projection).await;
    }
    let stop = CancellationToken::new();
    let readers = noon.readers(&[&all, &second], &stop).await;
    let placed_before = noon.orders_placed().await;
    let (orders, accepting) = noon.guests(&all);
    wait_until("orders flow", PATIENCE, async || orders.answered() > BEFORE).await;
    let (before, began) = (orders.answered(), Instant::now());

    // Killed twice in the middle; run again, it goes on where it was.
    let mut told = Told::default();
    for part in [1, 2] {
        let mut rebuilding = Rebuilding::start(&noon.installation, &[]);
        loop {
            let line = rebuilding.next().await.expect("it is not at its end");
            if line["projections"] == json!([]) {
                continue;
            }
            assert_eq!((&line["projections"][0], &line["step"]), (&json!("orders@3"), &json!("filling")));
            assert_eq!(line["resumed"], json!(part > 1));
            told.hear(&line);
            let niceness = rebuilding.niceness();
            assert!(niceness.len() > 1 && niceness.iter().all(|nice| nice == "5"), "{niceness:?}");
            if told.done >= told.total / 4 * part {
                break;
            }
        }
        rebuilding.process.kill().await.unwrap();
        let kept = noon.done("orders@3").await;
        assert!(kept >= told.done, "told {}, and {kept} are there", told.done);
        told.done = kept;
        let refused = noon.ran(&["projections", "switch", "orders"]).await;
        assert!(!refused.ok && refused.error.contains("orders@3 is not built yet"), "{}", refused.error);
        // A COMMIT that was on its way when the process was killed may still have happened since.
        let list = noon.ran(&["projections", "list"]).await;
        let line = list.text.lines().find(|line| line.starts_with("orders@3")).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "building", _, _, done, "of", total, behind, "0", ..] = words[..] else { panic!("{}", list.text) };
        let number = |text: &str| text.parse::<u64>().unwrap();
        assert!(number(done) >= kept && number(total) - number(done) == number(behind), "{}", list.text);
        println!("{}", list.text);
    }
    let mut rebuilding = Rebuilding::start(&noon.installation, &[]);
    while let Some(line) = rebuilding.next().await {
        println!("{line}");
        if line["projections"] != json!([]) {
            told.hear(&line);
        }
    }
    assert!(rebuilding.process.wait().await.unwrap().success());
    assert!(told.done > PAST as u64 && told.done <= noon.done("orders@3").await && told.lines > 2);
    let built = Instant::now();
    assert!(orders.answered() > before, "orders go on");

    // A projection-service sleeps through the switch.
    second.signal("STOP").await;
    let switched = noon.ran(&["projections", "switch", "orders", "--wait", "60"]).await;
    second.signal("CONT").await;
    assert!(switched.ok, "{} {}", switched.text, switched.error);
    assert!(switched.text.contains("orders@3 answers now; orders@2 is kept up to date"), "{}", switched.text);
    let after = orders.answered();
    wait_until("orders go on", PATIENCE, async || orders.answered() > after + AFTER).await;
    let back = noon.ran(&["projections", "rollback", "orders"]).await;
    assert!(back.ok && back.text.contains("orders@2 answers again; orders@3 is kept up to date"), "{}", back.error);

    let sent = orders.stop().await;
    let accepted = accepting.await.unwrap();
    println!("{sent}; {accepted} accepted");
    println!("before the rebuild: {}", sent.between(sent.started(), began));
    println!("during the rebuild: {}", sent.between(began, built));
    println!("switch and later:   {}", sent.between(built, sent.stopped()));
    // As many as the clock says, and each of them is an event, once.
    assert!(sent.answered().abs_diff(sent.due()) <= 1, "{sent}");
    assert_eq!(noon.orders_placed().await - placed_before, sent.answered());
    stop.cancel();
    for reader in readers {
        assert!(reader.await.unwrap() > 10);
    }
    noon.assert_equal_to_fold("orders@2").await;
    noon.assert_equal_to_fold("orders@3").await;
    let list = noon.ran(&["projections", "list", "--json"]).await;
    println!("{}", list.text);
    let lines: Vec<Value> = list.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> =
        lines.iter().map(|it| (it["projection"].as_str().unwrap(), it["status"].as_str().unwrap())).collect();
    let expected =
        [("restaurants@1", "live"), ("kitchen_board@1", "live"), ("orders@2", "live"), ("orders@3", "previous")];
    assert_eq!(seen, expected);
    assert!(lines.iter().all(|it| it["parked"] == 0 && it["done"].as_u64() <= it["total"].as_u64()), "{}", list.text);
    assert!(all.terminate().await.success() && second.terminate().await.success());
}
