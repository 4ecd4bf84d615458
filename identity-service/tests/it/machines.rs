//! Keys of machines become tokens, as long as they count.

use crate::world::{Answer, PATIENCE, World};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{ApiKeyId, RestaurantId, TenantId},
    staff::{ApiKeyIssued, ApiKeyRevoked, Permission, PermissionSet},
};
use identity::{MachineKey, Principal};
use serde_json::{Value, json};
use service_kit::{
    http::HttpConfig,
    limits::{Budget, Limits, Rates},
};
use sqlx::MySqlPool;
use std::time::Instant;
use testkit::{scan, wait_until};
use uuid::Uuid;

const PATH: &str = "/v1/auth/key-token";
const RESTAURANT: RestaurantId = RestaurantId(Uuid::from_u128(77));
const TILL: [Permission; 2] = [Permission::OrderPlace, Permission::OrderAccept];

/// A key that was issued, and what its machine knows.
struct Till {
    id: ApiKeyId,
    key: MachineKey,
}

impl Till {
    /// Stores what a key is recognised by, as the command-service does before the event.
    async fn stored(world: &World, tenant: TenantId) -> Self {
        let id = ApiKeyId(Uuid::now_v7());
        let secret = [*id.0.as_bytes(), *Uuid::new_v4().as_bytes()].concat();
        let key = MachineKey::new(id, &secret.try_into().unwrap());
        sqlx::query("INSERT INTO api_keys (key_id, tenant_id, secret_hash) VALUES (?, ?, ?)")
            .bind(id.0)
            .bind(tenant.0)
            .bind(key.hash().as_slice())
            .execute(&events(world).await)
            .await
            .unwrap();
        Self { id, key }
    }

    async fn issued(world: &World, permissions: &[Permission]) -> Self {
        let till = Self::stored(world, world.tenant).await;
        let permissions: PermissionSet = permissions.iter().copied().collect();
        let event = ApiKeyIssued {
            key_id: till.id,
            name: "Till 1".to_owned(),
            restaurant_id: RESTAURANT,
            permissions,
            per_minute: 90,
        };
        world.append(vec![event.into()]).await;
        till
    }

    async fn exchange(&self, world: &World, from: &str) -> Answer {
        exchange(world, from, self.key.expose()).await
    }
}

async fn exchange(world: &World, from: &str, key: &str) -> Answer {
    world.post_from(from, PATH, None, &json!({"api_key": key})).await
}

/// The event side, with all rights.
async fn events(world: &World) -> MySqlPool {
    MySqlPool::connect(&world.env.events_admin_url()).await.unwrap()
}

fn token(answer: &Value) -> &str {
    answer["access_token"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_becomes_a_token_that_may_what_was_issued_in_one_restaurant_for_a_quarter_of_an_hour() {
    let world = World::start().await;
    let till = Till::issued(&world, &TILL).await;
    let answer = till.exchange(&world, "10.0.0.1").await.expect(200);
    assert_eq!((&answer["expires_in"], &answer["per_minute"]), (&json!(900), &json!(90)));
    assert_eq!((&answer["restaurant_id"], &answer["key_id"]), (&json!(RESTAURANT), &json!(till.id)));
    assert_eq!(answer["permissions"], json!(["order:place", "order:accept"]));
    assert!(answer.get("refresh_token").is_none());

    let principal = world.verifier().await.verify(token(&answer), Utc::now()).unwrap();
    assert!(TILL.into_iter().all(|permission| principal.may(RESTAURANT, permission)));
    assert!(!principal.may(RESTAURANT, Permission::MenuWrite) && !principal.may_everywhere(Permission::OrderPlace));
    assert!(!principal.knows(RestaurantId(Uuid::from_u128(78))));
    let Principal::Machine(machine) = principal else { panic!("a machine is nobody else") };
    assert_eq!((machine.key_id, machine.tenant, machine.per_minute.get()), (till.id, world.tenant, 90));
    // It comes from no log-in, and is told what it is.
    let me = world.get("/v1/auth/me", token(&answer)).await.expect(200);
    assert_eq!((&me["kind"], &me["sub"]), (&json!("machine"), &json!(till.id)));
    assert_eq!(me["grants"][RESTAURANT.to_string()].as_array().unwrap().len(), TILL.len());
    assert_eq!(world.get("/v1/auth/devices", token(&answer)).await.code(), "permission-missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_makes_a_key_worthless_the_answer_is_the_same() {
    let world = World::start().await;
    let (revoked, true_one) = (Till::issued(&world, &TILL).await, Till::issued(&world, &TILL).await);
    world.append(vec![ApiKeyRevoked { key_id: revoked.id }.into()]).await;
    let for_nothing = Till::issued(&world, &[]).await;
    let refused_by_the_rules = Till::stored(&world, world.tenant).await;
    let of_another_tenant = Till::stored(&world, TenantId(Uuid::now_v7())).await;
    let unknown = MachineKey::new(ApiKeyId(Uuid::now_v7()), &[1; 32]);
    let guessed = MachineKey::new(true_one.id, &[1; 32]);
    let kept = true_one.key.expose().to_owned();
    let mut answers = Vec::new();
    for sent in [
        revoked.key.expose(),
        for_nothing.key.expose(),
        refused_by_the_rules.key.expose(),
        of_another_tenant.key.expose(),
        unknown.expose(),
        guessed.expose(),
        "",
        "no key",
        &kept.to_uppercase(),
        &format!("{kept} "),
        &kept.repeat(100),
    ] {
        let mut answer = exchange(&world, "10.0.0.1", sent).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "api-key-worthless"), "{sent}");
        answer.json.as_object_mut().unwrap().remove("instance");
        answers.push(answer.json);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    let malformed = world.post(PATH, None, &json!({"api_key": 7})).await;
    assert_eq!((malformed.status.as_u16(), malformed.code()), (400, "invalid-field"));
    true_one.exchange(&world, "10.0.0.1").await.expect(200);
}

/// Pairs of exchanges whose times are compared.
const PAIRS: usize = 60;

/// The sign test of the log-in (see `logins.rs`): each pair is measured back to back. A look-up that is skipped for the
/// one or the other would show in nearly all of them.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_an_exchange_does_not_tell_whether_there_is_such_a_key() {
    let world = World::start().await;
    let till = Till::issued(&world, &TILL).await;
    let time = async |key: &MachineKey| {
        let started = Instant::now();
        assert_eq!(exchange(&world, "10.0.0.1", key.expose()).await.code(), "api-key-worthless");
        started.elapsed()
    };
    // The first exchanges make connections.
    let guess = |n: usize| [u8::try_from(n).unwrap(); 32];
    for n in 0..10 {
        time(&MachineKey::new(ApiKeyId(Uuid::now_v7()), &guess(n))).await;
        time(&MachineKey::new(till.id, &guess(n))).await;
    }
    let mut known_is_slower = 0;
    for n in 0..PAIRS {
        let known = MachineKey::new(till.id, &guess(n));
        let unknown = MachineKey::new(ApiKeyId(Uuid::now_v7()), &guess(n));
        let (known, unknown) = if n % 2 == 0 {
            (time(&known).await, time(&unknown).await)
        } else {
            let unknown = time(&unknown).await;
            (time(&known).await, unknown)
        };
        known_is_slower += usize::from(known > unknown);
    }
    assert!((11..=49).contains(&known_is_slower), "the known one was slower in {known_is_slower} of {PAIRS} pairs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_gets_no_token_and_loses_those_it_has_while_others_keep_theirs() {
    let world = World::start().await;
    let (lost, kept) = (Till::issued(&world, &TILL).await, Till::issued(&world, &TILL).await);
    let (of_lost, of_kept) =
        (lost.exchange(&world, "10.0.0.1").await.expect(200), kept.exchange(&world, "10.0.0.1").await.expect(200));
    world.append(vec![ApiKeyRevoked { key_id: lost.id }.into()]).await;
    assert_eq!(lost.exchange(&world, "10.0.0.1").await.code(), "api-key-worthless");
    wait_until("its token is revoked", PATIENCE, async || {
        world.get("/v1/auth/me", token(&of_lost)).await.code() == "token-revoked"
    })
    .await;
    world.get("/v1/auth/me", token(&of_kept)).await.expect(200);
    kept.exchange(&world, "10.0.0.1").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_a_key_is_written_down_at_most_once_a_minute() {
    let world = World::start().await;
    let till = Till::issued(&world, &TILL).await;
    let sql = events(&world).await;
    let last = async || {
        let query = "SELECT last_used_at, last_used_from FROM api_keys WHERE key_id = ?";
        sqlx::query_as::<_, (Option<DateTime<Utc>>, Option<String>)>(query)
            .bind(till.id.0)
            .fetch_one(&sql)
            .await
            .unwrap()
    };
    assert_eq!(last().await, (None, None));
    let before = Utc::now() - TimeDelta::seconds(1);
    till.exchange(&world, "10.0.0.1").await.expect(200);
    let first = last().await;
    assert!(first.0 >= Some(before) && first.1.as_deref() == Some("10.0.0.1"), "{first:?}");
    // As of a future that is still the same minute for whoever wrote it.
    let soon = "UPDATE api_keys SET last_used_at = DATE_ADD(last_used_at, INTERVAL 1 HOUR) WHERE key_id = ?";
    sqlx::query(soon).bind(till.id.0).execute(&sql).await.unwrap();
    till.exchange(&world, "10.0.0.2").await.expect(200);
    assert_eq!(last().await.1.as_deref(), Some("10.0.0.1"));
    let long_ago = "UPDATE api_keys SET last_used_at = DATE_SUB(last_used_at, INTERVAL 2 HOUR) WHERE key_id = ?";
    sqlx::query(long_ago).bind(till.id.0).execute(&sql).await.unwrap();
    till.exchange(&world, "10.0.0.3").await.expect(200);
    assert_eq!(last().await.1.as_deref(), Some("10.0.0.3"));
    // Who fails has not used it.
    exchange(&world, "10.0.0.4", MachineKey::new(till.id, &[1; 32]).expose()).await;
    assert_eq!(last().await.1.as_deref(), Some("10.0.0.3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_counted_by_address_and_keep_no_good_key_out() {
    let mut world = World::start().await;
    let few = Rates::default().with(Budget::AddressUnknown, "3+1/h".parse().ok());
    world.another_process_with(&HttpConfig { limits: Some(Limits::new(few)), ..HttpConfig::default() }).await;
    let till = Till::issued(&world, &TILL).await;
    let mut codes = Vec::new();
    for n in 0..5 {
        let guess = MachineKey::new(ApiKeyId(Uuid::now_v7()), &[n; 32]);
        codes.push(exchange(&world, "10.0.0.1", guess.expose()).await.code().to_owned());
    }
    let worthless = "api-key-worthless";
    assert_eq!(codes, [worthless, worthless, worthless, "rate-limited", "rate-limited"]);
    assert_eq!(exchange(&world, "10.0.0.2", "no key").await.code(), worthless);
    till.exchange(&world, "10.0.0.1").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_holds_a_secret_that_was_sent() {
    let world = World::start().await;
    let till = Till::issued(&world, &TILL).await;
    let answer = till.exchange(&world, "10.0.0.1").await.expect(200);
    let secret = till.key.expose().rsplit('_').next().unwrap();
    let schemas = [world.env.schemas.events.as_str(), &world.env.schemas.identity, &world.env.schemas.views];
    let found = scan::plaintext(&world.env.admin_url, &schemas, &[secret, token(&answer)]).await;
    assert_eq!(found, Vec::<String>::new());
}
