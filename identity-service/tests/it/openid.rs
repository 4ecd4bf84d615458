//! Log-in through a provider outside.

use crate::{
    provider::{Back, FakeProvider, Mood, REDIRECT, Signature, redirect_of},
    world::{Answer, PASSWORD, PATIENCE, World},
};
use domain::staff::{MemberDeactivated, MemberForgotten};
use identity_service::OpenIdConfig;
use serde_json::{Value, json};
use sqlx::{Connection, MySqlConnection};
use testkit::{Env, wait_until};

async fn world() -> (World, FakeProvider) {
    let provider = FakeProvider::start().await;
    (World::with(Env::start().await, provider.config()).await, provider)
}

/// Somebody starts, agrees at the provider, which will say this of them, and comes back: what they finish with.
async fn come_back(world: &World, provider: &FakeProvider, says: &Value) -> Value {
    let started = start(world, "sso").await.expect(200);
    let (code, state) = provider.agree(started["authorization_url"].as_str().unwrap(), says).await;
    assert_eq!(state, started["state"].as_str().unwrap());
    json!({"code": code, "state": state, "ticket": started["ticket"], "redirect_uri": REDIRECT})
}

async fn start(world: &World, provider: &str) -> Answer {
    let body = json!({"redirect_uri": redirect_of(provider)});
    world.post(&format!("/v1/auth/oidc/{provider}/start"), None, &body).await
}

async fn finish(world: &World, body: &Value) -> Answer {
    world.post("/v1/auth/oidc/sso/finish", None, body).await
}

async fn log_in(world: &World, provider: &FakeProvider, says: &Value) -> Answer {
    finish(world, &come_back(world, provider, says).await).await
}

/// With these members, too.
fn and(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_account_is_let_in_by_their_verified_address_and_from_then_on_by_who_they_are() {
    let (world, provider) = world().await;
    let (member, _) = world.member("ana@example.com", "waiter").await;
    let body = come_back(&world, &provider, &json!({"email": "Ana@Example.com"})).await;
    let answer = finish(&world, &and(body, &json!({"device": "till 7"}))).await.expect(200);
    let token = answer["access_token"].as_str().unwrap();
    let principal = world.verifier().await.verify(token, chrono::Utc::now()).unwrap();
    assert_eq!(principal.sub(), member.to_string());
    let devices = world.get("/v1/auth/devices", token).await.expect(200);
    assert_eq!(devices["items"][0]["name"], "till 7");
    world.refresh(&answer["refresh_token"]).await.expect(200);
    // The same person with another address is who they were.
    let moved = json!({"email": "ana@elsewhere.example", "email_verified": false});
    assert_eq!(log_in(&world, &provider, &moved).await.expect(200)["member_id"], json!(member.to_string()));
    // Another person with the address that somebody had before is not.
    assert_eq!(log_in(&world, &provider, &json!({"sub": "5678"})).await.code(), "outside-login-failed");
    // The password goes on.
    world.log_in("10.0.0.2", "ana@example.com", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_is_finished_once_by_who_has_started_it() {
    let (mut world, provider) = world().await;
    world.member("ana@example.com", "waiter").await;
    let (mine, theirs) =
        (come_back(&world, &provider, &json!({})).await, come_back(&world, &provider, &json!({})).await);
    // A code in somebody else's browser, and the address that somebody else's browser came back to.
    for mixed in [json!({"state": theirs["state"], "code": theirs["code"]}), json!({"ticket": theirs["ticket"]})] {
        assert_eq!(finish(&world, &and(mine.clone(), &mixed)).await.code(), "outside-login-failed", "{mixed}");
    }
    let other = world.post("/v1/auth/oidc/other/finish", None, &mine).await;
    assert_eq!(other.code(), "outside-login-failed");
    // PKCE: a code that was made for another log-in is worthless with the rest of this one.
    let stolen = and(mine.clone(), &json!({"code": theirs["code"]}));
    assert_eq!(finish(&world, &stolen).await.code(), "outside-login-failed");
    assert_eq!(finish(&world, &mine).await.code(), "outside-login-failed", "it was used up by the try before");
    let again = come_back(&world, &provider, &json!({})).await;
    finish(&world, &again).await.expect(200);
    assert_eq!(finish(&world, &again).await.code(), "outside-login-failed");
    world.another_process().await;
    assert_eq!(finish(&world, &again).await.code(), "outside-login-failed");
    // A used code in a new log-in.
    let late = and(come_back(&world, &provider, &json!({})).await, &json!({"code": again["code"]}));
    assert_eq!(finish(&world, &late).await.code(), "outside-login-failed");
}

/// Mix-up: somebody chooses `evil`, which sends them on to the honest `sso` with our id there. The code that the browser
/// brings is good for their account at `sso`; it must not come to `evil`, whatever our page makes of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_one_provider_never_comes_to_another() {
    let (honest, evil) = (FakeProvider::start().await, FakeProvider::start().await);
    evil.inner().sends_on = Some((honest.clone(), redirect_of("sso")));
    let config = OpenIdConfig { providers: vec![honest.called("sso"), evil.called("evil")], is_demo: false };
    let world = World::with(Env::start().await, config).await;
    world.member("ana@example.com", "waiter").await;
    // A page that says where it is; and one that says where it wanted to be, where the honest one tells its name.
    for (tells_issuer, place) in [(false, redirect_of("sso")), (true, redirect_of("evil"))] {
        honest.inner().tells_issuer = tells_issuer;
        let started = start(&world, "evil").await.expect(200);
        let Back { redirect, fields } = evil.browse(started["authorization_url"].as_str().unwrap(), &json!({})).await;
        assert_eq!((redirect.as_str(), &*fields["state"]), (REDIRECT, started["state"].as_str().unwrap()));
        let body = json!({
            "code": fields["code"], "state": fields["state"], "iss": fields.get("iss"), "ticket": started["ticket"],
            "redirect_uri": place,
        });
        // At the one that was chosen, and at the one whose place it is: the ticket is of the first.
        for name in ["evil", "sso"] {
            let answer = world.post(&format!("/v1/auth/oidc/{name}/finish"), None, &body).await;
            assert_eq!(answer.code(), "outside-login-failed", "{name}, {tells_issuer}");
        }
    }
    assert!(evil.inner().codes_seen.is_empty(), "a code came to the wrong one");
    assert!(honest.inner().codes_seen.is_empty(), "nor was one used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_tells_its_name_is_believed_with_its_name_only() {
    let provider = FakeProvider::start().await;
    provider.inner().tells_issuer = true;
    let world = World::with(Env::start().await, provider.config()).await;
    world.member("ana@example.com", "waiter").await;
    for issuer in [json!(null), json!(format!("{}/", provider.issuer)), json!("https://accounts.example"), json!("")] {
        let body = and(come_back(&world, &provider, &json!({})).await, &json!({"iss": issuer}));
        assert_eq!(finish(&world, &body).await.code(), "outside-login-failed", "{issuer}");
    }
    assert!(provider.inner().codes_seen.is_empty());
    let body = and(come_back(&world, &provider, &json!({})).await, &json!({"iss": provider.issuer}));
    finish(&world, &body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_told_without_need_must_be_the_right_one() {
    let (world, provider) = world().await;
    world.member("ana@example.com", "waiter").await;
    let wrong = and(come_back(&world, &provider, &json!({})).await, &json!({"iss": "https://accounts.example"}));
    assert_eq!(finish(&world, &wrong).await.code(), "outside-login-failed");
    let elsewhere = json!({"redirect_uri": redirect_of("other")});
    let elsewhere = and(come_back(&world, &provider, &json!({})).await, &elsewhere);
    assert_eq!(finish(&world, &elsewhere).await.code(), "outside-login-failed");
    let right = and(come_back(&world, &provider, &json!({})).await, &json!({"iss": provider.issuer}));
    finish(&world, &right).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_did_not_say_for_us_now_lets_nobody_in() {
    let (world, provider) = world().await;
    world.member("ana@example.com", "waiter").await;
    let now = chrono::Utc::now().timestamp();
    for says in [
        json!({"nonce": "of another log-in"}),
        json!({"aud": "another client"}),
        json!({"aud": ["aris:pos", "another client"]}),
        json!({"azp": "another client"}),
        json!({"iss": "https://accounts.example"}),
        json!({"exp": now - 31}),
        json!({"iat": now + 300}),
        json!({"sub": ""}),
    ] {
        assert_eq!(log_in(&world, &provider, &says).await.code(), "outside-login-failed", "{says}");
    }
    for signature in [Signature::None, Signature::PublicKey, Signature::Foreign] {
        provider.inner().signature = signature;
        assert_eq!(log_in(&world, &provider, &json!({})).await.code(), "outside-login-failed", "{signature:?}");
    }
    provider.inner().signature = Signature::Right;
    log_in(&world, &provider, &json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_an_account_who_was_not_invited_and_nobody_learns_who_was() {
    let (world, provider) = world().await;
    world.member("ana@example.com", "waiter").await;
    let told = async |says: Value| {
        let mut answer = log_in(&world, &provider, &says).await;
        answer.json.as_object_mut().unwrap().remove("instance");
        (answer.status.as_u16(), answer.json)
    };
    let unknown = told(json!({"email": "nobody@example.com"})).await;
    assert_eq!((unknown.0, &unknown.1["code"]), (401, &json!("outside-login-failed")));
    for says in [
        json!({"email_verified": false}),
        json!({"email_verified": null}),
        json!({"email": null}),
        json!({"email": "no address"}),
        json!({"nonce": "wrong"}),
    ] {
        assert_eq!(told(says.clone()).await, unknown, "{says}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_accepted_without_a_password_and_its_address_may_be_another() {
    let (world, provider) = world().await;
    let member = world.invite("ana@example.com", "waiter").await;
    let invitation = json!({"invitation": world.link("ana@example.com", 1).await});
    let says = json!({"email": "ana@private.example", "email_verified": false});
    assert_eq!(log_in(&world, &provider, &says).await.code(), "outside-login-failed");
    let body = and(come_back(&world, &provider, &says).await, &invitation);
    let answer = finish(&world, &body).await.expect(200);
    assert_eq!(answer["member_id"], json!(member.to_string()));
    log_in(&world, &provider, &says).await.expect(200);
    assert_eq!(world.log_in("10.0.0.2", "ana@example.com", PASSWORD).await.code(), "login-failed");
    let body = and(come_back(&world, &provider, &says).await, &invitation);
    assert_eq!(finish(&world, &body).await.code(), "link-worthless");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_does_not_open_an_account_that_is_there_to_somebody_else() {
    let (world, provider) = world().await;
    let (member, _) = world.member("ana@example.com", "waiter").await;
    // The same person is invited again, as somebody who works elsewhere would be.
    world.invite("ana@example.com", "kitchen").await;
    let invitation = json!({"invitation": world.link("ana@example.com", 2).await});
    let stranger = json!({"sub": "5678", "email": "eve@example.com"});
    let body = and(come_back(&world, &provider, &stranger).await, &invitation);
    assert_eq!(finish(&world, &body).await.code(), "outside-login-failed");
    // It was not used up by that, and who has the address accepts it.
    let body = and(come_back(&world, &provider, &json!({})).await, &invitation);
    let answer = finish(&world, &body).await.expect(200);
    assert_ne!(answer["member_id"], json!(member.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_sent_away_stays_out_and_a_new_password_unlinks() {
    let (world, provider) = world().await;
    let (member_id, _) = world.member("ana@example.com", "waiter").await;
    log_in(&world, &provider, &json!({})).await.expect(200);
    world.post("/v1/auth/password/forgot", None, &json!({"email": "ana@example.com"})).await.expect(202);
    let reset = json!({"token": world.link("ana@example.com", 2).await, "password": "cuatro tazas de té"});
    world.post("/v1/auth/password/reset", None, &reset).await.expect(204);
    let unlinked = json!({"email_verified": false});
    assert_eq!(log_in(&world, &provider, &unlinked).await.code(), "outside-login-failed");
    log_in(&world, &provider, &json!({})).await.expect(200);
    world.append(vec![MemberDeactivated { member_id }.into()]).await;
    assert_eq!(log_in(&world, &provider, &json!({})).await.code(), "member-inactive");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_says_nothing_and_goes_when_somebody_is_forgotten() {
    let (world, provider) = world().await;
    let (member_id, _) = world.member("ana@example.com", "waiter").await;
    log_in(&world, &provider, &json!({"sub": "subject-of-ana"})).await.expect(200);
    let url = format!("{}/{}", world.env.admin_url, world.env.schemas.identity);
    let mut sql = MySqlConnection::connect(&url).await.unwrap();
    let mut rows =
        async |table: &str| sqlx::query(&format!("SELECT * FROM {table}")).fetch_all(&mut sql).await.unwrap();
    for (table, of) in [("openid_links", 1), ("openid_finished", 1)] {
        let rows = rows(table).await;
        assert_eq!(rows.len(), of, "{table}");
        let text = format!("{:?}", rows.iter().map(bytes).collect::<Vec<_>>());
        assert!(!text.contains("subject-of-ana") && !text.contains("example.com"), "{table}: {text}");
    }
    world.append(vec![MemberForgotten { member_id }.into()]).await;
    wait_until("the link is gone", PATIENCE, async || rows("openid_links").await.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_logs_in_sees_what_there_is_to_choose_from() {
    let (world, _provider) = world().await;
    let offered = world.get("/v1/auth/oidc", "").await.expect(200);
    let one = |name: &str| json!({"name": name, "start": format!("/v1/auth/oidc/{name}/start")});
    assert_eq!(offered, json!({"items": [one("other"), one("sso")]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_logged_in_sees_their_links_and_takes_them_away_and_nobody_elses() {
    let (world, provider) = world().await;
    let (_, ana) = world.member("ana@example.com", "waiter").await;
    let (_, ben) = world.member("ben@example.com", "waiter").await;
    let token = |answer: &Value| answer["access_token"].as_str().unwrap().to_owned();
    let (ana, ben) = (token(&ana), token(&ben));
    log_in(&world, &provider, &json!({})).await.expect(200);
    let list = async |token: &str| world.get("/v1/auth/linked-providers", token).await.expect(200)["items"].clone();
    let links = list(&ana).await;
    assert_eq!((&links[0]["provider"], links.as_array().unwrap().len()), (&json!("sso"), 1));
    assert_eq!(list(&ben).await, json!([]));

    let remove = "/v1/auth/linked-providers/sso/remove";
    assert_eq!(world.post(remove, Some(&ben), &json!({})).await.code(), "not-found");
    world.post(remove, Some(&ana), &json!({})).await.expect(204);
    assert_eq!(list(&ana).await, json!([]));
    assert_eq!(world.post(remove, Some(&ana), &json!({})).await.code(), "not-found");
    let unlinked = json!({"email_verified": false});
    assert_eq!(log_in(&world, &provider, &unlinked).await.code(), "outside-login-failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_their_last_way_in_away() {
    let (world, provider) = world().await;
    world.invite("ana@example.com", "waiter").await;
    let invitation = json!({"invitation": world.link("ana@example.com", 1).await});
    let body = and(come_back(&world, &provider, &json!({})).await, &invitation);
    let token = finish(&world, &body).await.expect(200)["access_token"].as_str().unwrap().to_owned();
    let remove = "/v1/auth/linked-providers/sso/remove";
    assert_eq!(world.post(remove, Some(&token), &json!({})).await.code(), "last-way-in");
    log_in(&world, &provider, &json!({})).await.expect(200);

    // With a password of their own they may; it took the link away itself, and the next log-in brings it back.
    world.post("/v1/auth/password/forgot", None, &json!({"email": "ana@example.com"})).await.expect(202);
    let reset = json!({"token": world.link("ana@example.com", 2).await, "password": PASSWORD});
    world.post("/v1/auth/password/reset", None, &reset).await.expect(204);
    let token = log_in(&world, &provider, &json!({})).await.expect(200)["access_token"].as_str().unwrap().to_owned();
    world.post(remove, Some(&token), &json!({})).await.expect(204);
    world.log_in("10.0.0.2", "ana@example.com", PASSWORD).await.expect(200);
}

fn bytes(row: &sqlx::mysql::MySqlRow) -> String {
    use sqlx::Row;
    let column = |at| row.try_get_unchecked::<Option<Vec<u8>>, _>(at).unwrap_or_default().unwrap_or_default();
    (0..row.len()).map(|at| String::from_utf8_lossy(&column(at)).into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_sent_back_to_listed_places_only_and_providers_are_those_of_the_settings() {
    let (world, _provider) = world().await;
    // The last is that of another provider.
    let places = ["https://pos.example/back/", "https://pos.example/back?x", "https://eve.example/back", ""];
    for redirect in places.into_iter().chain([redirect_of("other").as_str()]) {
        let body = json!({"redirect_uri": redirect});
        let refused = world.post("/v1/auth/oidc/sso/start", None, &body).await;
        assert_eq!((refused.code(), &refused.json["errors"][0]["pointer"]), ("invalid-field", &json!("/redirect_uri")));
    }
    for name in ["google", "SSO", "sso%20"] {
        assert_eq!(start(&world, name).await.code(), "not-found", "{name}");
    }
    let body = json!({"code": "", "state": "s", "ticket": "t", "redirect_uri": REDIRECT});
    assert_eq!(finish(&world, &body).await.code(), "invalid-field");
    let body = json!({"code": "c", "state": "s", "ticket": "t", "redirect_uri": REDIRECT});
    assert_eq!(finish(&world, &body).await.code(), "outside-login-failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_slow_or_endless_is_a_503_and_the_same_log_in_is_finished_later() {
    let (world, provider) = world().await;
    world.member("ana@example.com", "waiter").await;
    let body = come_back(&world, &provider, &json!({})).await;
    for mood in [Mood::Broken, Mood::Huge, Mood::Silent] {
        provider.inner().mood = mood;
        let away = finish(&world, &body).await;
        assert_eq!((away.code(), away.retry_after), ("provider-unavailable", Some(5)), "{mood:?}");
    }
    // What it publishes is known for an hour; whoever has never read it has to.
    assert_eq!(start(&world, "sso").await.code(), "ok");
    let away = start(&world, "other").await;
    assert_eq!((away.code(), away.retry_after), ("provider-unavailable", Some(5)));
    provider.inner().mood = Mood::Sound;
    finish(&world, &body).await.expect(200);
    // Asked again, but not at once.
    wait_until("the provider is asked again", PATIENCE, async || start(&world, "other").await.code() == "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_of_the_provider_are_read_when_they_are_met_and_once_for_many() {
    let (world, provider) = world().await;
    world.member("ana@example.com", "waiter").await;
    log_in(&world, &provider, &json!({})).await.expect(200);
    assert_eq!(provider.inner().keys_read, 1);
    provider.rotate();
    let says = json!({});
    let all = (0..8).map(|_| log_in(&world, &provider, &says));
    for answer in futures::future::join_all(all).await {
        answer.expect(200);
    }
    // Whoever came first has read them for the others.
    assert!(provider.inner().keys_read < 4, "{} times", provider.inner().keys_read);
}
