//! Invitations, passwords and devices.

use crate::world::{PASSWORD, World};
use serde_json::json;
use sqlx::{Connection, MySqlConnection, Row};
use testkit::wait_until;

#[tokio::test(flavor = "multi_thread")]
async fn who_was_invited_accepts_by_mail_once_and_may_what_their_role_allows() {
    let world = World::start().await;
    let (member, answer) = world.member("ana@example.com", "waiter").await;
    let token = answer["access_token"].as_str().unwrap();
    let principal = world.verifier().await.verify(token, chrono::Utc::now()).unwrap();
    assert_eq!((principal.sub(), principal.tenant()), (member.to_string().as_str(), world.tenant));
    assert!(principal.may_everywhere(identity::Permission::OrderAccept));
    assert!(!principal.may_everywhere(identity::Permission::MenuWrite));
    let me = world.get("/v1/auth/me", token).await.expect(200);
    assert_eq!(me["roles"], json!(["waiter"]));
    let again = world.link("ana@example.com", 1).await;
    let body = json!({"token": again, "password": PASSWORD});
    assert_eq!(world.post("/v1/auth/invitations/accept", None, &body).await.code(), "link-worthless");
    world.log_in("10.0.0.9", " ANA@example.com", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_again_after_they_left_logs_in_as_the_new_member() {
    let world = World::start().await;
    let (first, _) = world.member("ana@example.com", "waiter").await;
    let second = world.invite("ana@example.com", "kitchen").await;
    let body = json!({"token": world.link("ana@example.com", 2).await, "password": PASSWORD});
    world.post("/v1/auth/invitations/accept", None, &body).await.expect(200);
    let answer = world.log_in("10.0.0.9", "ana@example.com", PASSWORD).await.expect(200);
    assert_ne!(first, second);
    assert_eq!(answer["member_id"], json!(second));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_password_does_not_use_the_link_up() {
    let world = World::start().await;
    world.invite("ana@example.com", "waiter").await;
    let token = world.link("ana@example.com", 1).await;
    let body = json!({"token": token, "password": "password1234"});
    let refused = world.post("/v1/auth/invitations/accept", None, &body).await;
    assert_eq!((refused.code(), &refused.json["errors"][0]["pointer"]), ("invalid-field", &json!("/password")));
    let body = json!({"token": token, "password": PASSWORD});
    world.post("/v1/auth/invitations/accept", None, &body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_by_mail_and_every_device_is_out() {
    let world = World::start().await;
    let (_, before) = world.member("ana@example.com", "waiter").await;
    // The mail server is away for a moment.
    world.mails.refuse(1);
    let forgot = |email: &str| json!({"email": email});
    world.post("/v1/auth/password/forgot", None, &forgot("ana@example.com")).await.expect(202);
    world.post("/v1/auth/password/forgot", None, &forgot("nobody@example.com")).await.expect(202);
    let token = world.link("ana@example.com", 2).await;
    let new = "cuatro tazas de té";
    let reset = json!({"token": token, "password": new});
    world.post("/v1/auth/password/reset", None, &reset).await.expect(204);
    assert_eq!(world.post("/v1/auth/password/reset", None, &reset).await.code(), "link-worthless");
    assert_eq!(world.log_in("10.0.0.2", "ana@example.com", PASSWORD).await.code(), "login-failed");
    world.log_in("10.0.0.2", "ana@example.com", new).await.expect(200);
    assert_eq!(world.refresh(&before["refresh_token"]).await.code(), "refresh-invalid");
    assert!(world.mails.mails_to("nobody@example.com").is_empty());
}

/// Log-ins with the old password that are under way while the new one is chosen: none of them stays.
#[tokio::test(flavor = "multi_thread")]
async fn no_log_in_with_the_old_password_outlives_the_new_one() {
    let world = World::start().await;
    world.member("ana@example.com", "waiter").await;
    world.post("/v1/auth/password/forgot", None, &json!({"email": "ana@example.com"})).await.expect(202);
    let token = world.link("ana@example.com", 2).await;
    let thief = async |from: usize| {
        let mut stolen = Vec::new();
        for n in 0..8 {
            let answer = world.log_in(&format!("10.3.{from}.{n}"), "ana@example.com", PASSWORD).await;
            stolen.extend(answer.json.get("refresh_token").cloned());
        }
        stolen
    };
    let reset = json!({"token": token, "password": "cuatro tazas de té"});
    let (stolen, answer) =
        tokio::join!(futures::future::join_all((0..6).map(thief)), world.post("/v1/auth/password/reset", None, &reset));
    answer.expect(204);
    for refresh_token in stolen.into_iter().flatten() {
        assert_eq!(world.refresh(&refresh_token).await.code(), "refresh-invalid");
    }
    world.log_in("10.0.0.2", "ana@example.com", "cuatro tazas de té").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_listed_and_logged_out_one_by_one_and_all() {
    let world = World::start().await;
    let (_, first) = world.member("ana@example.com", "waiter").await;
    let second = world.log_in("10.0.0.2", "ana@example.com", PASSWORD).await.expect(200);
    let third = world.log_in("10.0.0.3", "ana@example.com", PASSWORD).await.expect(200);
    let (first_token, third_token) = (first["access_token"].as_str().unwrap(), third["access_token"].as_str().unwrap());
    let list = world.get("/v1/auth/devices", first_token).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    let out = json!({"device_id": second["device_id"]});
    world.post("/v1/auth/logout", Some(first_token), &out).await.expect(204);
    assert_eq!(world.refresh(&second["refresh_token"]).await.code(), "refresh-invalid");
    let second_token = second["access_token"].as_str().unwrap();
    wait_until("its access token is refused", crate::world::PATIENCE, async || {
        world.get("/v1/auth/me", second_token).await.code() == "token-revoked"
    })
    .await;
    let (_, stranger) = world.member("bea@example.com", "waiter").await;
    let foreign = json!({"device_id": stranger["device_id"]});
    assert_eq!(world.post("/v1/auth/logout", Some(first_token), &foreign).await.code(), "not-found");
    let all = world.post("/v1/auth/logout-all", Some(third_token), &json!({})).await.expect(200);
    assert_eq!(all["devices"], 2);
    for answer in [&first, &third] {
        assert_eq!(world.refresh(&answer["refresh_token"]).await.code(), "refresh-invalid");
    }
    world.refresh(&stranger["refresh_token"]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_logs_the_other_devices_out_and_not_this_one() {
    let world = World::start().await;
    let (_, own) = world.member("ana@example.com", "waiter").await;
    let other = world.log_in("10.0.0.2", "ana@example.com", PASSWORD).await.expect(200);
    let token = own["access_token"].as_str();
    let change = |old: &str| json!({"old_password": old, "new_password": "cuatro tazas de té"});
    assert_eq!(world.post("/v1/auth/password/change", token, &change("something else")).await.code(), "login-failed");
    world.post("/v1/auth/password/change", token, &change(PASSWORD)).await.expect(204);
    assert_eq!(world.refresh(&other["refresh_token"]).await.code(), "refresh-invalid");
    world.refresh(&own["refresh_token"]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_holds_an_address_a_password_or_a_token() {
    let world = World::start().await;
    world.mails.refuse(u32::MAX);
    world.invite("ana@example.com", "waiter").await;
    let mut sql =
        MySqlConnection::connect(&format!("{}/{}", world.env.admin_url, world.env.schemas.identity)).await.unwrap();
    wait_until("the letter waits", crate::world::PATIENCE, async || {
        let row = sqlx::query("SELECT COUNT(*) AS n FROM mail_jobs").fetch_one(&mut sql).await.unwrap();
        row.get::<i64, _>("n") > 0
    })
    .await;
    for table in
        ["accounts", "memberships", "devices", "refresh_tokens", "attempts", "links", "mail_jobs", "revocations"]
    {
        let rows = sqlx::query(&format!("SELECT * FROM {table}")).fetch_all(&mut sql).await.unwrap();
        for row in &rows {
            for column in 0..row.len() {
                let bytes = row.try_get_unchecked::<Option<Vec<u8>>, _>(column).unwrap_or_default().unwrap_or_default();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                assert!(!text.contains("example.com") && !text.contains(PASSWORD), "{table}: {text}");
            }
        }
    }
}
