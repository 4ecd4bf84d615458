//! Whatever a client sends as a body, it is read or told what is wrong with it.

use super::{
    accept_invitation::Accept, change_password::Change, finish_oidc::FinishOutside, forgot_password::Forgot,
    key_token::KeyShown, log_in::LogIn, log_out::LogOut, refresh::Refresh, reset_password::Reset,
    start_oidc::StartOutside,
};
use serde_json::{Value, json};
use testkit::fuzz::{inputs, read_bodies};

const ID: &str = "0192d3a4-0000-7000-8000-000000000001";

macro_rules! bodies {
    ($($body:ty => $sample:expr),* $(,)?) => {
        /// Each body with one that is right, and how to try it.
        fn bodies() -> Vec<(&'static str, fn(Value, u64), Value)> {
            vec![$((stringify!($body), read_bodies::<$body> as fn(Value, u64), $sample)),*]
        }
    };
}

bodies! {
    LogIn => json!({"email": "ana@example.com", "password": "correct horse", "tenant_id": ID, "device": "caja", "device_token": "x"}),
    Refresh => json!({"refresh_token": "x.y"}),
    LogOut => json!({"device_id": ID}),
    Forgot => json!({"email": "ana@example.com"}),
    Reset => json!({"token": "x", "password": "correct horse"}),
    Change => json!({"old_password": "correct horse", "new_password": "battery staple"}),
    Accept => json!({"token": "x", "password": "correct horse"}),
    StartOutside => json!({"redirect_uri": "https://pos.example/back"}),
    FinishOutside => json!({"code": "c", "state": "s", "iss": "https://id.example",
        "redirect_uri": "https://pos.example/back", "ticket": "t", "invitation": "i", "tenant_id": ID, "device": "caja"}),
    KeyShown => json!({"api_key": format!("aris_{}_{}", ID.replace('-', ""), "5f".repeat(32))}),
}

#[test]
fn every_body_is_read_or_told_what_is_wrong() {
    let bodies = bodies();
    let each = inputs() / bodies.len() as u64;
    for (_, read, sample) in bodies {
        read(sample, each);
    }
}

#[test]
fn no_body_is_forgotten() {
    let tried: Vec<_> = bodies().into_iter().map(|(name, ..)| name).collect();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http");
    let mut read = 0;
    let files = std::fs::read_dir(root).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|file| !file.ends_with("fuzz.rs")) {
        let source = std::fs::read_to_string(file).unwrap();
        for name in source.split(": JsonBody<").skip(1) {
            let name = name.split('>').next().unwrap_or_default();
            read += 1;
            assert!(tried.contains(&name), "{name} is read from requests, but no input is made for it");
        }
    }
    assert!(read >= tried.len(), "only {read} bodies were found in the sources");
}
