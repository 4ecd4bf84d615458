//! Whatever a client sends as a body, it is read or told what is wrong with it.

use super::{
    accept_invitation::Accept, change_password::Change, finish_oidc::FinishOutside, forgot_password::Forgot,
    key_token::KeyShown, log_in::LogIn, log_out::LogOut, refresh::Refresh, reset_password::Reset,
    start_oidc::StartOutside,
};
use serde_json::json;
use testkit::fuzz::{Body, assert_none_is_forgotten, read_all};

const ID: &str = "0192d3a4-0000-7000-8000-000000000001";

/// Each body with one that is right.
fn bodies() -> Vec<Body> {
    vec![
        Body::of::<LogIn>(
            json!({"email": "ana@example.com", "password": "correct horse", "tenant_id": ID, "device": "caja", "device_token": "x"}),
        ),
        Body::of::<Refresh>(json!({"refresh_token": "x.y"})),
        Body::of::<LogOut>(json!({"device_id": ID})),
        Body::of::<Forgot>(json!({"email": "ana@example.com"})),
        Body::of::<Reset>(json!({"token": "x", "password": "correct horse"})),
        Body::of::<Change>(json!({"old_password": "correct horse", "new_password": "battery staple"})),
        Body::of::<Accept>(json!({"token": "x", "password": "correct horse"})),
        Body::of::<StartOutside>(json!({"redirect_uri": "https://pos.example/back"})),
        Body::of::<FinishOutside>(json!({"code": "c", "state": "s", "iss": "https://id.example",
        "redirect_uri": "https://pos.example/back", "ticket": "t", "invitation": "i", "tenant_id": ID, "device": "caja"})),
        Body::of::<KeyShown>(json!({"api_key": format!("aris_{}_{}", ID.replace('-', ""), "5f".repeat(32))})),
    ]
}

#[test]
fn every_body_is_read_or_told_what_is_wrong() {
    read_all(bodies());
}

#[test]
fn no_body_is_forgotten() {
    assert_none_is_forgotten(&bodies(), concat!(env!("CARGO_MANIFEST_DIR"), "/src/http").as_ref());
}
