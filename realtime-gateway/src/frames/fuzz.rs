//! Whatever a client sends, the decoder answers.

use super::ClientFrame;
use serde_json::{Value, json};
use testkit::fuzz::{Fuzz, inputs};

fn samples() -> Vec<Value> {
    let restaurant = "0192d3a4-0000-7000-8000-000000000001";
    let after = json!({"epoch": 1, "position": 1042});
    let stream = |scope: &str| json!({"restaurant": restaurant, "scope": scope, "after": after});
    let session = format!("table-session:{restaurant}");
    vec![
        json!({"t": "hello", "v": 1, "token": "a.b.c", "device": "kds-3",
               "streams": [stream("kitchen:grill"), stream("floor"), stream("audit"), stream(&session)]}),
        json!({"t": "hello", "v": 1, "token": "", "streams": [{"restaurant": restaurant, "scope": "floor"}]}),
        json!({"t": "ack", "restaurant": restaurant, "scope": "floor", "position": 1050, "drawn": [1044, 1050]}),
        json!({"t": "rs", "restaurant": restaurant, "scope": "kitchen:bar", "after": after}),
        json!({"t": "pong", "n": 3}),
        json!({"t": "auth", "id": 7, "token": "a.b.c"}),
    ]
}

/// The decoder takes text: WebSocket has seen to the UTF-8 before it.
#[test]
fn every_text_is_a_frame_or_a_bad_frame() {
    let (mut fuzz, mut frames) = (Fuzz::new(0xF4A3E, samples()), 0_u64);
    for _ in 0..inputs() {
        let input = fuzz.input();
        let text = String::from_utf8_lossy(&input);
        match ClientFrame::parse(&text) {
            Ok(frame) => {
                frames += 1;
                let again = serde_json::to_string(&frame).unwrap();
                assert_eq!(ClientFrame::parse(&again).unwrap(), frame, "{text}");
            }
            Err(bad) => assert!(!bad.to_string().is_empty() && !bad.to_string().contains(" at line "), "{text}: {bad}"),
        }
    }
    assert!(frames > inputs() / 100, "only {frames} frames: nothing nearly right was tried");
}
