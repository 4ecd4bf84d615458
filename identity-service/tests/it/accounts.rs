//! Invitations, passwords and devices.

use crate::world::{PASSWORD, PATIENCE, World};
use domain::staff::{MemberInvitationRenewed, MemberRolesChanged};
use serde_json::json;
use sqlx::Row;
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
async fn an_invitation_that_is_sent_again_has_a_new_link_and_the_old_one_ends() {
    let world = World::start().await;
    let member_id = world.invite("ana@example.com", "waiter").await;
    let first = world.link("ana@example.com", 1).await;
    world.append(vec![MemberInvitationRenewed { member_id }.into()]).await;
    let second = world.link("ana@example.com", 2).await;
    assert_ne!(first, second);
    let accept = |token: &str| json!({"token": token, "password": PASSWORD});
    assert_eq!(world.post("/v1/auth/invitations/accept", None, &accept(&first)).await.code(), "link-worthless");
    let answer = world.post("/v1/auth/invitations/accept", None, &accept(&second)).await.expect(200);
    assert_eq!(answer["member_id"], json!(member_id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_sent_again_because_the_server_was_away_counts_once_and_has_the_same_link() {
    let world = World::start().await;
    world.mails.refuse(1);
    world.invite("ana@example.com", "waiter").await;
    world.link("ana@example.com", 1).await;
    let mut sql = world.identity_sql().await;
    let links: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM links").fetch_one(&mut sql).await.unwrap();
    assert_eq!(links, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_account_is_told_that_an_invitation_needs_its_password() {
    let world = World::start().await;
    world.member("ana@example.com", "waiter").await;
    world.invite("ana@example.com", "kitchen").await;
    let body = json!({"token": world.link("ana@example.com", 2).await, "password": "cuatro tazas de té"});
    let refused = world.post("/v1/auth/invitations/accept", None, &body).await;
    assert_eq!(refused.code(), "login-failed");
    assert!(refused.json["detail"].as_str().unwrap().contains("present password"), "{}", refused.json);
    // Nobody but the holder of the mail is told.
    let log_in = world.log_in("10.0.0.9", "ana@example.com", "cuatro tazas de té").await;
    assert!(!log_in.json["detail"].as_str().unwrap_or_default().contains("account"), "{}", log_in.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_here_without_a_role_is_told_so_and_not_that_they_were_sent_away() {
    let world = World::start().await;
    let (member_id, answer) = world.member("ana@example.com", "waiter").await;
    world.append(vec![MemberRolesChanged { member_id, assignments: Vec::new() }.into()]).await;
    let refused = world.log_in("10.0.0.9", "ana@example.com", PASSWORD).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "no-role"));
    assert!(refused.json["detail"].as_str().unwrap().contains("ask"), "{}", refused.json);
    assert_eq!(world.refresh(&answer["refresh_token"]).await.code(), "no-role");
}

/// Asks for a new password, each time from another place.
async fn forgot(world: &World, email: &str, times: u8) {
    for n in 0..times {
        let body = json!({"email": email});
        world.post_from(&format!("10.9.0.{n}"), "/v1/auth/password/forgot", None, &body).await.expect(202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_again_and_again_in_somebodys_name_ends_none_of_their_links_and_fills_no_mailbox() {
    let world = World::start().await;
    world.member("ana@example.com", "waiter").await;
    forgot(&world, "ana@example.com", 1).await;
    let own = world.link("ana@example.com", 2).await;
    forgot(&world, "ana@example.com", 7).await;
    forgot(&world, "nobody@example.com", 7).await;
    world.until_no_mail_waits().await;
    let mails = world.mails.mails_to("ana@example.com");
    assert_eq!(mails.len(), 1 + 3, "an invitation, and three within an hour");
    assert_eq!(world.mails.mails_to("nobody@example.com"), []);
    let reset = |token: &str| json!({"token": token, "password": "cuatro tazas de té"});
    world.post("/v1/auth/password/reset", None, &reset(&own)).await.expect(204);
    // One password, one reset: whoever reads the other mails later chooses none.
    for mail in &mails[2..] {
        let other = reset(&mail.link_token().unwrap());
        assert_eq!(world.post("/v1/auth/password/reset", None, &other).await.code(), "link-worthless");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_up_in_somebodys_name_again_and_again_keeps_no_invitation_from_them() {
    let world = World::start().await;
    // Nobody has joined: these are what a sign-up sends.
    for _ in 0..5 {
        world.invite("ana@example.com", "owner").await;
    }
    world.member("bea@example.com", "owner").await;
    world.until_no_mail_waits().await;
    assert_eq!(world.mails.mails_to("ana@example.com").len(), 3);
    world.invite("ana@example.com", "waiter").await;
    world.link("ana@example.com", 4).await;
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
    wait_until("its access token is refused", PATIENCE, async || {
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
    let mut sql = world.identity_sql().await;
    wait_until("the letter waits", PATIENCE, async || {
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
