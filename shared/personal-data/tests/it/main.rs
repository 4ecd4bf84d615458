//! The keys of people, against a real database.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::ids::TenantId;
use personal_data::{Field, KeyError, MasterKey, PersonalKeys, master::DEMO_KEY, orphans::KeyOf};
use sqlx::MySqlPool;
use testkit::Env;
use uuid::Uuid;

async fn keys(env: &Env, master: &str) -> PersonalKeys {
    let pool = MySqlPool::connect(&env.access.personal).await.unwrap();
    PersonalKeys::new(pool, MasterKey::from_base64(master).unwrap())
}

fn new_id() -> Uuid {
    Uuid::now_v7()
}

#[tokio::test]
async fn a_person_has_one_key_whoever_makes_it_first() {
    let env = Env::start().await;
    let keys = keys(&env, DEMO_KEY).await;
    let (tenant, person) = (TenantId(new_id()), new_id());
    let makers = (0..8).map(|_| {
        tokio::spawn({
            let keys = keys.clone();
            async move { keys.ensure(tenant, person).await.unwrap().seal(Field::Name, "Ana").unwrap() }
        })
    });
    let key = keys.ensure(tenant, person).await.unwrap();
    for maker in makers.collect::<Vec<_>>() {
        assert_eq!(key.open(Field::Name, &maker.await.unwrap()).unwrap(), "Ana");
    }
}

#[tokio::test]
async fn who_is_forgotten_cannot_be_read_again_even_if_they_come_back() {
    let env = Env::start().await;
    let keys = keys(&env, DEMO_KEY).await;
    let (tenant, person) = (TenantId(new_id()), new_id());
    let sealed = keys.ensure(tenant, person).await.unwrap().seal(Field::Email, "ana@example.com").unwrap();
    assert!(keys.forget(tenant, person).await.unwrap());
    assert!(!keys.forget(tenant, person).await.unwrap());
    assert!(keys.find(tenant, &[person]).await.unwrap().is_empty());
    assert!(keys.ensure(tenant, person).await.unwrap().open(Field::Email, &sealed).is_err());
}

#[tokio::test]
async fn keys_belong_to_a_tenant_and_to_a_master_key() {
    let env = Env::start().await;
    let keys = keys(&env, DEMO_KEY).await;
    let (tenant, person) = (TenantId(new_id()), new_id());
    keys.ensure(tenant, person).await.unwrap();
    assert!(keys.find(TenantId(new_id()), &[person]).await.unwrap().is_empty());
    let other = self::keys(&env, &MasterKey::generate().unwrap()).await;
    assert!(matches!(other.find(tenant, &[person]).await, Err(KeyError::Wrapped(_))));
}

#[tokio::test]
async fn the_table_holds_wrapped_keys_and_no_other_service_reads_it() {
    let env = Env::start().await;
    let keys = keys(&env, DEMO_KEY).await;
    keys.ensure(TenantId(new_id()), new_id()).await.unwrap();
    for other in [&env.access.writer, &env.access.relay, &env.access.reader] {
        let pool = MySqlPool::connect(other).await.unwrap();
        let refused = sqlx::query("SELECT wrapped_key FROM personal_keys").fetch_all(&pool).await.unwrap_err();
        assert!(refused.to_string().contains("denied"), "{refused}");
    }
}

#[tokio::test]
async fn a_key_that_a_command_asks_for_again_is_not_deleted_as_an_orphan() {
    let env = Env::start().await;
    let keys = keys(&env, DEMO_KEY).await;
    let pool = MySqlPool::connect(&env.access.personal).await.unwrap();
    let (tenant, person) = (TenantId(new_id()), new_id());
    let grow_old = "UPDATE personal_keys SET asked_for_at = UTC_TIMESTAMP(6) - INTERVAL 3 DAY";
    let found = async || KeyOf::Person.to_look_up(&pool, 0, 10).await.unwrap();

    let key = keys.ensure(tenant, person).await.unwrap();
    assert_eq!(found().await, []);
    sqlx::query(grow_old).execute(&pool).await.unwrap();
    assert_eq!(found().await, [(tenant, person)]);
    // Somebody sends the command again while it is being looked up.
    let sealed = keys.ensure(tenant, person).await.unwrap().seal(Field::Name, "Ana").unwrap();
    assert!(!KeyOf::Person.delete(&pool, tenant, person).await.unwrap());
    assert_eq!(key.open(Field::Name, &sealed).unwrap(), "Ana");

    sqlx::query(grow_old).execute(&pool).await.unwrap();
    KeyOf::Person.keep(&pool, tenant, person).await.unwrap();
    assert_eq!(found().await, []);
    assert!(!KeyOf::Person.delete(&pool, tenant, person).await.unwrap());
}
