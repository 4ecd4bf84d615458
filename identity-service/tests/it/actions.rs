//! Who logged in, tried to, or came with what was stolen, is written down; no address ever is.

use crate::{
    refresh::age_rotations,
    world::{PASSWORD, World},
};
use serde_json::json;

const LOG_IN: &str = "POST /v1/auth/login";

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_is_of_the_member_and_a_failed_one_is_told_to_the_tenant_whose_member_it_was() {
    let world = World::start().await;
    let (member, _) = world.member("ana@example.com", "waiter").await;
    let (env, ours) = (&world.env, Some(world.tenant));
    let joined = env.action(ours, "the joining", |row| row.action.action.ends_with("/invitations/accept")).await;
    assert_eq!((joined.action.status, joined.action.who.id), (200, member.to_string()));

    let answer = world.log_in("10.0.0.5", "ana@example.com", PASSWORD).await.expect(200);
    let row = env.action(ours, "a log-in", |row| row.action.action == LOG_IN && row.action.status == 200).await.action;
    assert_eq!((row.who.kind.as_str(), row.who.id, row.is_denied), ("staff", member.to_string(), false));
    assert_eq!(row.who.via, format!("device:{}", answer["device_id"].as_str().unwrap()));

    world.log_in("10.0.0.6", "Ana@Example.com", "not her password").await;
    let row = env.action(ours, "a failed log-in", |row| row.action.code == "login-failed").await.action;
    // Whose account it was is what it was about. Who it was nobody knows.
    assert_eq!((row.who.kind.as_str(), row.who.id.as_str(), row.is_denied), ("unknown", "", true));
    let account =
        row.subject.strip_suffix(&format!(" member:{member}")).unwrap_or_else(|| panic!("{row:?}")).to_owned();
    assert_eq!((account.starts_with("account:"), account.len()), (true, "account:".len() + 32));
    assert!(row.remote.is_some());

    // Of an address that nobody has: for who runs the installation, and for no tenant.
    world.log_in("10.0.0.7", "nobody@example.com", "a guess").await;
    let unknown = env.action(None, "an unknown account", |row| row.action.code == "login-failed").await.action;
    assert_eq!((unknown.who.kind.as_str(), unknown.who.id.as_str()), ("unknown", ""));
    assert!(unknown.subject.starts_with("account:") && unknown.subject != account, "{unknown:?}");

    for _ in 0..5 {
        world.log_in("10.0.0.8", "ana@example.com", "a guess").await;
    }
    assert_eq!(world.log_in("10.0.0.8", "ana@example.com", "a guess").await.code(), "too-many-attempts");
    let row_429 = env.action(ours, "too many tries", |row| row.action.status == 429).await.action;
    assert_eq!((row_429.who.id.as_str(), row_429.subject), ("", row.subject));
    let texts = ["ana@example.com", "Ana@Example.com", "nobody@example.com", PASSWORD, "not her password"];
    let found = testkit::scan::plaintext(&env.admin_url, &[&env.schemas.events], &texts).await;
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_refresh_token_and_a_token_that_was_revoked_are_written_down_with_whose_they_were() {
    let world = World::start().await;
    let (member, before) = world.member("ana@example.com", "waiter").await;
    let (env, ours) = (&world.env, Some(world.tenant));
    let after = world.refresh(&before["refresh_token"]).await.expect(200);
    age_rotations(&world).await;
    assert_eq!(world.refresh(&before["refresh_token"]).await.code(), "refresh-invalid");
    let row = env.action(ours, "a stolen token", |row| row.action.code == "refresh-invalid").await.action;
    assert_eq!((row.who.id.as_str(), row.is_denied), (member.to_string().as_str(), true));
    assert_eq!(row.who.via, format!("device:{}", before["device_id"].as_str().unwrap()));
    assert_eq!(row.subject, "reused:refresh-token");

    let token = after["access_token"].as_str().unwrap();
    testkit::wait_until("the access token is worthless", crate::world::PATIENCE, async || {
        world.get("/v1/auth/me", token).await.code() == "token-revoked"
    })
    .await;
    let row = env.action(ours, "a revoked token", |row| row.action.code == "token-revoked").await.action;
    assert_eq!((row.who.id, row.status), (member.to_string(), 401));

    // What never was a token is nobody's.
    assert_eq!(world.refresh(&json!("nonsense")).await.code(), "refresh-invalid");
    env.action(None, "nonsense", |row| row.action.code == "refresh-invalid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_and_passwords_are_written_down() {
    let world = World::start().await;
    let (member, own) = world.member("ana@example.com", "waiter").await;
    let (env, ours, token) = (&world.env, Some(world.tenant), own["access_token"].as_str());
    let change = |old: &str| json!({"old_password": old, "new_password": "cuatro tazas de té"});
    assert_eq!(world.post("/v1/auth/password/change", token, &change("a guess")).await.code(), "login-failed");
    world.post("/v1/auth/password/change", token, &change(PASSWORD)).await.expect(204);
    world.post("/v1/auth/logout", token, &json!({})).await.expect(204);
    for (action, status) in
        [("POST /v1/auth/password/change", 401), ("POST /v1/auth/password/change", 204), ("POST /v1/auth/logout", 204)]
    {
        let is = |row: &action_log::Row| (row.action.action.as_str(), row.action.status) == (action, status);
        let row = env.action(ours, action, is).await.action;
        assert_eq!((row.who.id, row.is_denied), (member.to_string(), status == 401));
        assert!(row.who.via.contains("device:") && row.who.via.contains("token:"), "{}", row.who.via);
    }
    let wrong = json!({"token": "made-up", "password": "cuatro tazas de té"});
    world.post("/v1/auth/password/reset", None, &wrong).await;
    assert!(env.action(None, "a link that was made up", |row| row.action.status == 410).await.action.is_denied);
}
