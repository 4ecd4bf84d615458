//! A person is erased: everywhere, also from what was copied before.

use crate::installation::{Installation, Service};
use domain::{event::Event, staff::MemberInvited, tenants::TenantEvent};
use futures::StreamExt;
use messaging::Namespace;
use personal_data::{Field, PersonalKeys, master::DEMO_KEY};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{backup, scan::plaintext, wait_for};
use tokio::process::Command;
use uuid::Uuid;

const NAME: &str = "Zoraida Etxeberria";
const EMAIL: &str = "zoraida.etxeberria@example.com";

async fn call(service: &Service, token: Option<&str>, path: &str, body: Option<Value>) -> Value {
    let (http, url) = (reqwest::Client::new(), format!("{}{path}", service.url()));
    let request = match body {
        Some(body) => http.post(url).header("Idempotency-Key", Uuid::now_v7().to_string()).json(&body),
        None => http.get(url),
    };
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let answer = request.send().await.unwrap();
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {body}");
    serde_json::from_str(&body).unwrap()
}

/// Everything that JetStream keeps of this installation: subjects, headers, bodies.
async fn messages(installation: &Installation) -> String {
    let nats = messaging::connect(&installation.env.nats_url, "test").await.unwrap();
    let jetstream = async_nats::jetstream::new(nats);
    let name = Namespace::new(&installation.env.nats_prefix).stream_name();
    let mut stream = jetstream.get_stream(name).await.unwrap();
    let count = stream.info().await.unwrap().state.messages;
    let consumer = stream.create_consumer(async_nats::jetstream::consumer::pull::Config::default()).await.unwrap();
    let mut batch = consumer.fetch().max_messages(usize::try_from(count).unwrap()).messages().await.unwrap();
    let mut all = String::new();
    while let Some(message) = batch.next().await {
        let message = message.unwrap();
        all.push_str(&format!("{} {:?} ", message.subject, message.headers));
        all.push_str(&String::from_utf8_lossy(&message.payload));
    }
    all
}

/// Runs `aris forget`: what it says.
async fn forget(installation: &Installation, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_aris"))
        .arg("forget")
        .args(arguments)
        .env("ARIS_WRITER_URL", &installation.env.access.writer)
        .env("ARIS_PERSONAL_URL", &installation.env.access.personal)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The two backups of docs/operations.md: everything but the keys of people, and these alone.
fn back_up(installation: &Installation) -> (Vec<u8>, Vec<u8>) {
    let (env, events) = (&installation.env, &installation.env.schemas.events);
    let but_keys = format!("--ignore-table={events}.personal_keys");
    let mut store = backup::dump(&env.admin_url, &[&but_keys, events]);
    store.extend(backup::dump(&env.admin_url, &[&env.schemas.views]));
    store.extend(backup::dump(&env.admin_url, &[&env.schemas.identity]));
    (store, backup::dump(&env.admin_url, &[events, "personal_keys"]))
}

/// Whether these bytes hold one of the texts, as it was written or in the hexadecimal digits of a dump.
fn holds(bytes: &[u8], texts: &[&str]) -> bool {
    let dumped = String::from_utf8_lossy(bytes).to_lowercase();
    texts.iter().any(|text| {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        dumped.contains(&text.to_lowercase()) || dumped.contains(&hex)
    })
}

async fn published(installation: &Installation, position: u64) {
    let admin = sqlx::MySqlPool::connect(&installation.env.events_admin_url()).await.unwrap();
    wait_for("everything is published", Duration::from_secs(60), async || {
        let sum = "SELECT CAST(COALESCE(SUM(position), 0) AS UNSIGNED) FROM published";
        let seen: u64 = sqlx::query_scalar(sum).fetch_one(&admin).await.unwrap();
        if seen >= position { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
}

/// How many addresses are claimed by members.
async fn addresses_held(installation: &Installation) -> i64 {
    let admin = sqlx::MySqlPool::connect(&installation.env.events_admin_url()).await.unwrap();
    let count = "SELECT COUNT(*) FROM claims WHERE kind = 'member-address'";
    sqlx::query_scalar(count).fetch_one(&admin).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_stands_nowhere_in_what_is_there_and_in_what_was_copied_before() {
    let installation = Installation::new().await;
    let service = installation.serve("all").await;
    let body = json!({"name": "Grupo Sur", "owner_name": NAME, "owner_email": EMAIL});
    let signed_up = call(&service, None, "/v1/tenants", Some(body)).await;
    let tenant = signed_up["id"].as_str().unwrap().parse().unwrap();
    let owner_id: Uuid = signed_up["owner_id"].as_str().unwrap().parse().unwrap();
    let owner = installation.staff_of(tenant, "owner", chrono::Duration::hours(1));

    // Whoever may, reads the name; and that they did is written down.
    let staff = call(&service, Some(&owner), "/v1/staff", None).await;
    assert_eq!((&staff["items"][0]["name"], &staff["items"][0]["email"]), (&json!(NAME), &json!(EMAIL)));
    let actions = call(&service, Some(&owner), "/v1/audit/actions", None).await;
    assert_eq!(actions["items"][0]["permission"], "staff:read");
    assert!(actions["items"][0]["subject"].as_str().unwrap().contains(&owner_id.to_string()));

    // What was copied while the name could be read: the event as a backup has it, without the keys.
    let copied = installation.env.reader().await.page(tenant.into(), 0, 256).await.unwrap();
    published(&installation, copied.len() as u64).await;
    // And real backups of everything, while the key was there. What is looked for is found where it is.
    let (store, keys) = back_up(&installation);
    assert!(holds(&store, &["member.invited"]) && holds(&store, &["Grupo Sur"]) && holds(&keys, &["personal_keys"]));
    assert!(!holds(&store, &[NAME, EMAIL]) && !holds(&keys, &[NAME, EMAIL]), "a backup holds a name or an address");

    assert_eq!(addresses_held(&installation).await, 1);

    let forget_loudly = async |person: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aris"));
        command.args(["forget", person]).env("ARIS_WRITER_URL", &installation.env.access.writer);
        let output = command.env("ARIS_PERSONAL_URL", &installation.env.access.personal).output().await.unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let (done, text) = forget_loudly(&owner_id.to_string()).await;
    assert!(done && text.contains("the event is stored; the key is deleted"), "{text}");
    // Again, and of somebody who never was.
    let (done, text) = forget_loudly(&owner_id.to_string()).await;
    assert!(done && text.contains(&format!("{owner_id} of tenant {tenant}: was already forgotten")), "{text}");
    let (done, text) = forget_loudly(&uuid::Uuid::now_v7().to_string()).await;
    assert!(!done && text.contains("there is nobody with this id"), "{text}");
    published(&installation, copied.len() as u64 + 1).await;

    let staff = call(&service, Some(&owner), "/v1/staff", None).await;
    assert_eq!(staff["items"][0]["state"], "forgotten");
    assert!(staff["items"][0].get("name").is_none() && staff["items"][0].get("email").is_none(), "{staff}");

    let env = &installation.env;
    let schemas = [env.schemas.events.as_str(), &env.schemas.views, &env.schemas.identity];
    assert_eq!(plaintext(&env.admin_url, &schemas, &[NAME, EMAIL]).await, Vec::<String>::new());
    assert_eq!(addresses_held(&installation).await, 0, "whoever has the master key could ask whether it was them");
    let messages = messages(&installation).await;
    assert!(messages.contains("member.invited") && messages.contains("member.forgotten"));
    assert!(!messages.contains(NAME) && !messages.contains(EMAIL));

    // The copy holds what was sealed, and no key that is left opens it.
    let keys = PersonalKeys::new(sqlx::MySqlPool::connect(&env.access.personal).await.unwrap(), installation.master());
    let sealed = copied.iter().find_map(|event| match event.event().unwrap() {
        Event::Tenant(TenantEvent::MemberInvited(MemberInvited { name, .. })) => Some(name),
        _ => None,
    });
    assert!(keys.find(tenant, &[owner_id]).await.unwrap().is_empty());
    assert!(keys.ensure(tenant, owner_id).await.unwrap().open(Field::Name, &sealed.unwrap()).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_before_brings_the_forgotten_back_until_they_are_forgotten_anew() {
    let installation = Installation::new().await;
    let service = installation.serve("all").await;
    let body = json!({"name": "Grupo Sur", "owner_name": NAME, "owner_email": EMAIL});
    let signed_up = call(&service, None, "/v1/tenants", Some(body)).await;
    let tenant = signed_up["id"].as_str().unwrap().parse().unwrap();
    let owner: Uuid = signed_up["owner_id"].as_str().unwrap().parse().unwrap();
    let (env, events) = (&installation.env, &installation.env.schemas.events);
    let keys = PersonalKeys::new(sqlx::MySqlPool::connect(&env.access.personal).await.unwrap(), installation.master());
    let can_be_read = async || !keys.find(tenant, &[owner]).await.unwrap().is_empty();
    // Nobody else deletes keys meanwhile.
    assert!(service.terminate().await.success());
    let (before, keys_before) = (backup::dump(&env.admin_url, &[events]), back_up(&installation).1);

    forget(&installation, &[&owner.to_string()]).await;
    let list = forget(&installation, &["--list"]).await;
    assert!(list.starts_with(&format!("{tenant} {owner} ")) && list.lines().count() == 1, "{list}");
    let kept_elsewhere = std::env::temp_dir().join(format!("forgotten-{}.txt", Uuid::now_v7()));
    std::fs::write(&kept_elsewhere, &list).unwrap();
    assert!(!can_be_read().await);

    // The keys alone are of an older day: the store still knows who was forgotten.
    backup::restore(&env.admin_url, events, &keys_before);
    assert!(can_be_read().await, "this is what the backup brings back");
    let said = forget(&installation, &["--replay"]).await;
    assert!(said.contains("1 of them had a key again") && !can_be_read().await, "{said}");

    // All is of an older day, where nobody had been forgotten: the list knows.
    backup::restore(&env.admin_url, events, &before);
    assert!(can_be_read().await);
    assert_eq!(forget(&installation, &["--list"]).await, "");
    let said = forget(&installation, &["--replay", kept_elsewhere.to_str().unwrap()]).await;
    assert!(said.contains("1 were forgotten after the backup") && !can_be_read().await, "{said}");
    assert!(forget(&installation, &["--list"]).await.starts_with(&format!("{tenant} {owner} ")));
    // Once more does no harm.
    let said = forget(&installation, &["--replay", kept_elsewhere.to_str().unwrap()]).await;
    assert!(said.contains("0 of them had a key again") && said.contains("0 were forgotten after"), "{said}");
    std::fs::remove_file(&kept_elsewhere).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_the_master_key_of_demonstrations_fails_elsewhere() {
    let installation = Installation::new().await;
    let output = Command::new(env!("CARGO_BIN_EXE_aris"))
        .args(["serve", "command", "--listen", "127.0.0.1:0"])
        .env("ARIS_WRITER_URL", &installation.env.access.writer)
        .env("ARIS_PERSONAL_URL", &installation.env.access.personal)
        .env("ARIS_AUDIT_URL", &installation.env.access.audit)
        .env("ARIS_MASTER_KEY", DEMO_KEY)
        .env("ARIS_NATS_URL", &installation.env.nats_url)
        .env("ARIS_JWKS_FILE", "/no/such/file")
        .env_remove("ARIS_DEMO")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("master key"), "{said}");
    assert!(!said.contains(DEMO_KEY));
}
