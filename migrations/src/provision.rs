//! Schemas, users and rights: who may write what.

use crate::{DatabaseSecret, Side, migrate};
use sqlx::{ConnectOptions, Connection, Executor, MySqlConnection, mysql::MySqlConnectOptions};

/// The names of the schemas and what the names of the users start with.
#[derive(Debug, Clone)]
pub struct Schemas {
    /// The schema of the event side.
    pub events: String,
    /// The schema of the read side.
    pub views: String,
    /// The schema of accounts and their secrets.
    pub identity: String,
    /// Users are `<prefix>_writer`, `_relay`, `_reader`, `_projection`, `_personal`, `_audit` and `_identity`.
    pub user_prefix: String,
    /// What the password of each of them follows from.
    pub secret: DatabaseSecret,
}

impl Schemas {
    /// The whole name of a user, such as `aris_writer` of `writer`.
    #[must_use]
    pub fn user(&self, user: &str) -> String {
        format!("{}_{user}", self.user_prefix)
    }
}

/// Addresses for the services, each with a user that may do just what its service does, and its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// command-service: appends to the event side.
    pub writer: String,
    /// outbox-relay: reads events; owns outbox, leases and published.
    pub relay: String,
    /// gateway and projection-service: reads the event side.
    pub reader: String,
    /// projection-service: owns the read side.
    pub projection: String,
    /// command-service, projection-service and identity-service, besides: keys of people, keys of machines, who did what.
    pub personal: String,
    /// Every service that takes requests: writes down who did what, and reads none of it.
    pub audit: String,
    /// identity-service: owns the accounts. It reads and writes the event side with two other users.
    pub identity: String,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access([redacted])")
    }
}

/// What the names of the users end with.
pub(crate) const USERS: [&str; 7] = ["writer", "relay", "reader", "projection", "personal", "audit", "identity"];

/// The rights of each user: (user, rights, table or `*`).
const EVENT_GRANTS: &[(&str, &str, &str)] = &[
    ("writer", "SELECT, INSERT", "events"),
    ("writer", "SELECT, INSERT, UPDATE", "feed_heads"),
    ("writer", "INSERT", "outbox"),
    ("writer", "SELECT, INSERT, DELETE", "receipts"),
    ("writer", "SELECT, INSERT, DELETE", "claims"),
    ("writer", "SELECT, INSERT, DELETE", "snapshots"),
    ("writer", "SELECT, INSERT, UPDATE, DELETE", "code_tries"),
    ("writer", "SELECT, INSERT, UPDATE, DELETE", "digit_tries"),
    // Keys of people, keys of machines, and who did what: the services that touch these have a user more.
    ("personal", "SELECT, INSERT, DELETE, UPDATE (asked_for_at, is_kept)", "personal_keys"),
    ("personal", "SELECT, INSERT, UPDATE, DELETE", "api_keys"),
    ("personal", "SELECT, INSERT, DELETE", "actions"),
    // The count of a row grows, which MySQL wants to read for; nothing else of it can be changed or read.
    ("audit", "INSERT, SELECT (repeats, last_at), UPDATE (repeats, last_at)", "actions"),
    ("relay", "SELECT", "_sqlx_migrations"),
    ("relay", "SELECT", "events"),
    ("relay", "SELECT", "feed_heads"),
    ("relay", "SELECT, DELETE", "outbox"),
    ("relay", "SELECT, INSERT, UPDATE, DELETE", "leases"),
    ("relay", "SELECT, INSERT, UPDATE", "published"),
    ("reader", "SELECT", "events"),
    ("reader", "SELECT", "feed_heads"),
    // For auditors: what stands beside the events. Not the answers themselves, which are the clients'.
    ("reader", "SELECT", "claims"),
    ("reader", "SELECT", "outbox"),
    ("reader", "SELECT", "published"),
    // Nor under which keys they were sent: a key is part of who may ask again.
    ("reader", "SELECT (feed_id, principal, command_id, status, position, recorded_at)", "receipts"),
];
/// Rights that users had once and have no more.
const EVENT_RIGHTS_ENDED: &[(&str, &str, &str)] = &[("reader", "SELECT (idempotency_key)", "receipts")];
const VIEW_GRANTS: &[(&str, &str, &str)] =
    &[("projection", "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX", "*")];

const IDENTITY_GRANTS: &[(&str, &str, &str)] = &[("identity", "SELECT, INSERT, UPDATE, DELETE", "*")];

/// Where a server says who is in its group.
const MEMBERS: &str = "performance_schema.replication_group_members";

/// Creates what is missing of schemas, tables, users and rights. Running it again changes nothing; a user that is
/// there keeps its password ([`crate::users_with_other_passwords`] tells whose are others).
///
/// `admin_url` names a user that may do this, without a schema: `mysql://root@127.0.0.1:3306`.
///
/// # Errors
/// When the server is away or the user lacks the right; the message names the statement's cause.
pub async fn provision(admin_url: &str, schemas: &Schemas) -> Result<Access, sqlx::migrate::MigrateError> {
    let mut admin = connect_as_admin(admin_url).await?;
    for schema in [&schemas.events, &schemas.views, &schemas.identity] {
        execute(&mut admin, &format!("CREATE DATABASE IF NOT EXISTS `{schema}`")).await?;
    }
    migrate(&format!("{admin_url}/{}", schemas.events), Side::Events).await?;
    migrate(&format!("{admin_url}/{}", schemas.views), Side::Views).await?;
    migrate(&format!("{admin_url}/{}", schemas.identity), Side::Identity).await?;
    for user in USERS.map(|user| schemas.user(user)) {
        let password = schemas.secret.password_of(&user);
        execute(&mut admin, &format!("CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY '{password}'")).await?;
    }
    let all = [(&schemas.events, EVENT_GRANTS), (&schemas.views, VIEW_GRANTS), (&schemas.identity, IDENTITY_GRANTS)];
    for (schema, grants) in all {
        for (user, rights, table) in grants {
            let table = if *table == "*" { "*".to_owned() } else { format!("`{table}`") };
            let user = schemas.user(user);
            execute(&mut admin, &format!("GRANT {rights} ON `{schema}`.{table} TO '{user}'@'%'")).await?;
        }
    }
    for (user, rights, table) in EVENT_RIGHTS_ENDED {
        let (schema, user) = (&schemas.events, schemas.user(user));
        execute(&mut admin, &format!("REVOKE IF EXISTS {rights} ON `{schema}`.`{table}` FROM '{user}'@'%'")).await?;
    }
    if is_in_a_group(&mut admin).await? {
        for user in USERS.map(|user| schemas.user(user)) {
            execute(&mut admin, &format!("GRANT SELECT ON {MEMBERS} TO '{user}'@'%'")).await?;
        }
    }
    admin.close().await?;
    Ok(access(admin_url, schemas))
}

/// Whether the server is a member of a group: then every service must see who the primary is.
async fn is_in_a_group(admin: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    let sql = format!("SELECT 1 FROM {MEMBERS} WHERE MEMBER_STATE <> 'OFFLINE' LIMIT 1");
    Ok(admin.fetch_optional(sql.as_str()).await?.is_some())
}

/// A connection that logs no statement, not even a slow one: passwords stand in some.
pub(crate) async fn connect_as_admin(admin_url: &str) -> Result<MySqlConnection, sqlx::Error> {
    admin_url.parse::<MySqlConnectOptions>()?.disable_statement_logging().connect().await
}

pub(crate) async fn execute(admin: &mut MySqlConnection, sql: &str) -> Result<(), sqlx::Error> {
    admin.execute(sql).await.map(drop)
}

/// The addresses of the users on the server of `admin_url`, or on all that it lists.
#[must_use]
pub fn access(admin_url: &str, schemas: &Schemas) -> Access {
    let url = |user: &str| address(admin_url, schemas, user);
    Access {
        writer: url("writer"),
        relay: url("relay"),
        reader: url("reader"),
        projection: url("projection"),
        personal: url("personal"),
        audit: url("audit"),
        identity: url("identity"),
    }
}

/// The address of one of [`USERS`], with its password.
pub(crate) fn address(admin_url: &str, schemas: &Schemas, user: &str) -> String {
    let host = admin_url.rsplit_once('@').map_or(admin_url, |(_, host)| host);
    let schema = match user {
        "projection" => &schemas.views,
        "identity" => &schemas.identity,
        _ => &schemas.events,
    };
    let user = schemas.user(user);
    format!("mysql://{user}:{}@{host}/{schema}", schemas.secret.password_of(&user))
}
