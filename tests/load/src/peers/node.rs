//! Orders with Express, mysql2 and Socket.IO: `tests/load/peers/node-orders`.

use super::{cache, done};
use crate::{
    consoles::Dialing,
    orders::{PHONES, Placed, Request},
    process::Process,
    processes::Usage,
    restaurant::{MENU, Restaurant},
    rows::count,
    server::Server,
    shop::Shop,
};
use anyhow::{Context, Result, ensure};
use jsonwebtoken::{EncodingKey, Header, encode};
use local_servers::free_port;
use serde_json::json;
use sqlx::{Executor, MySqlPool, QueryBuilder, Row};
use std::{
    collections::HashSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use uuid::Uuid;

const SERVER: &str = include_str!("../../peers/node-orders/server.js");
const PACKAGE: &str = include_str!("../../peers/node-orders/package.json");
const LOCK: &str = include_str!("../../peers/node-orders/package-lock.json");

/// Its tables, as somebody writes them who looks orders up by restaurant and time.
const TABLES: [&str; 3] = [
    "CREATE TABLE menu_items (
        restaurant_id CHAR(36)     CHARACTER SET ascii NOT NULL,
        id            CHAR(36)     CHARACTER SET ascii NOT NULL,
        name          VARCHAR(200) NOT NULL,
        price         INT          NOT NULL,
        tax_rate_bp   INT          NOT NULL,
        station       VARCHAR(40)  NOT NULL,
        PRIMARY KEY (restaurant_id, id)
    )",
    "CREATE TABLE orders (
        number        BIGINT       NOT NULL AUTO_INCREMENT,
        id            CHAR(36)     CHARACTER SET ascii NOT NULL,
        restaurant_id CHAR(36)     CHARACTER SET ascii NOT NULL,
        session_id    CHAR(36)     CHARACTER SET ascii NOT NULL,
        diner_id      CHAR(36)     CHARACTER SET ascii NOT NULL,
        code          CHAR(4)      NOT NULL,
        note          VARCHAR(500),
        `lines`       JSON         NOT NULL,
        total         INT          NOT NULL,
        tax           INT          NOT NULL,
        placed_at     DATETIME(3)  NOT NULL,
        PRIMARY KEY (number),
        UNIQUE KEY orders_id (id),
        KEY orders_restaurant (restaurant_id, placed_at)
    )",
    "CREATE TABLE outbox (
        number        BIGINT       NOT NULL AUTO_INCREMENT,
        restaurant_id CHAR(36)     CHARACTER SET ascii NOT NULL,
        order_id      CHAR(36)     CHARACTER SET ascii NOT NULL,
        type          VARCHAR(60)  NOT NULL,
        payload       JSON         NOT NULL,
        PRIMARY KEY (number)
    )",
];

/// The program with its packages, in the cache folder.
pub(crate) struct NodeProgram(PathBuf);

impl NodeProgram {
    /// Installs the packages of the lock file where that was not done yet.
    pub(crate) fn obtain() -> Result<Self> {
        let folder = cache("node-orders")?;
        let (lock, marker) = (folder.join("package-lock.json"), folder.join("installed"));
        if !marker.exists() || fs::read_to_string(&lock).ok().as_deref() != Some(LOCK) {
            println!("installing the packages of the Node server");
            let _ = fs::remove_file(&marker);
            fs::write(folder.join("package.json"), PACKAGE)?;
            fs::write(&lock, LOCK)?;
            done(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&folder))?;
            fs::write(&marker, "")?;
        }
        done(Command::new("node").arg("--version"))?;
        fs::write(folder.join("server.js"), SERVER)?;
        Ok(Self(folder))
    }
}

/// Options of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeOptions {
    pub(crate) workers: usize,
    /// Milliseconds for which Socket.IO remembers what a lost connection has missed; 0 is never.
    pub(crate) recovery_millis: u64,
}

/// A running server.
pub(crate) struct Node {
    process: Process,
    pool: MySqlPool,
    restaurants: Arc<[Restaurant]>,
    secret: String,
    requests: Arc<[Request]>,
    known: u64,
}

impl Node {
    /// On a schema of this name, which is made on the first call.
    pub(crate) async fn start(
        server: &Server,
        program: &NodeProgram,
        schema: &str,
        restaurants: Arc<[Restaurant]>,
        options: NodeOptions,
    ) -> Result<Self> {
        server.admin().await?.execute(format!("CREATE DATABASE IF NOT EXISTS `{schema}`").as_str()).await?;
        let pool = MySqlPool::connect(&server.url(schema)).await?;
        if pool.fetch_optional("SHOW TABLES LIKE 'orders'").await?.is_none() {
            make_tables(&pool, &restaurants).await?;
        }
        let (secret, port) = (Uuid::new_v4().to_string(), free_port()?);
        let mut command = Command::new("node");
        command.arg(program.0.join("server.js")).envs([
            ("NODE_ENV", "production".to_owned()),
            ("PORT", port.to_string()),
            ("DATABASE_HOST", "127.0.0.1".to_owned()),
            ("DATABASE_PORT", server.port().to_string()),
            ("DATABASE", schema.to_owned()),
            ("JWT_SECRET", secret.clone()),
            ("WORKERS", options.workers.to_string()),
            ("RECOVERY", options.recovery_millis.to_string()),
        ]);
        let log = server.folder().join(format!("{schema}.log"));
        let mut process = Process::start("the Node server", command, port, &log)?;
        process.ready("/readyz").await.with_context(|| tail(&log))?;
        let known = count(&pool, "orders").await?;
        let requests = requests(&restaurants, &secret)?;
        Ok(Self { process, pool, restaurants, secret, requests, known })
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> Result<()> {
        self.pool.close().await;
        self.process.end().await
    }

    /// The process.
    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

fn tail(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}

async fn make_tables(pool: &MySqlPool, restaurants: &[Restaurant]) -> Result<()> {
    for table in TABLES {
        pool.execute(table).await?;
    }
    for at in restaurants {
        let mut insert =
            QueryBuilder::new("INSERT INTO menu_items (restaurant_id, id, name, price, tax_rate_bp, station) ");
        insert.push_values(at.items.iter().zip(MENU), |mut row, (item, (name, price, station))| {
            row.push_bind(at.id.to_string()).push_bind(item.to_string());
            row.push_bind(name).push_bind(price).push_bind(1_000).push_bind(station);
        });
        insert.build().execute(pool).await?;
    }
    Ok(())
}

fn requests(restaurants: &[Restaurant], secret: &str) -> Result<Arc<[Request]>> {
    let phones = (0..PHONES).flat_map(|_| restaurants.iter().enumerate());
    phones.map(|(number, at)| Ok(Request::new(number, at, &token(at, secret)?))).collect()
}

/// What such servers put into a token: signed with a shared secret, which costs least to verify.
fn token(at: &Restaurant, secret: &str) -> Result<String> {
    let claims = json!({
        "sub": at.diner, "restaurant_id": at.id, "session_id": at.session, "table_label": "Terraza 7",
        "exp": chrono::Utc::now().timestamp() + 12 * 3_600, "jti": Uuid::new_v4(),
    });
    Ok(encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes()))?)
}

impl Shop for Node {
    const NAME: &'static str = "node";

    fn address(&self) -> Result<SocketAddr> {
        Ok(self.process.address())
    }

    fn requests(&self) -> Arc<[Request]> {
        Arc::clone(&self.requests)
    }

    fn console(&self, restaurant: usize) -> Result<Dialing> {
        let at = self.restaurants.get(restaurant).context("there is no such restaurant")?;
        Ok(Dialing::SocketIo { address: self.process.address(), token: token(at, &self.secret)? })
    }

    fn usage(&self) -> Result<Usage> {
        Ok(self.process.usage())
    }

    async fn settle(&mut self) -> Result<()> {
        // An order is answered when nothing of it is left to do.
        Ok(())
    }

    async fn judge(&mut self, placed: &[Placed]) -> Result<()> {
        for table in ["orders", "outbox"] {
            let rows = count(&self.pool, table).await?;
            let expected = self.known + placed.len() as u64;
            ensure!(rows == expected, "{table} has {rows} rows, not {expected}");
        }
        let sql = "SELECT id FROM orders ORDER BY number LIMIT ? OFFSET ?";
        let rows = sqlx::query(sql).bind(placed.len() as u64).bind(self.known).fetch_all(&self.pool).await?;
        let stored: HashSet<Uuid> =
            rows.iter().map(|row| Ok(row.try_get::<String, _>(0)?.parse()?)).collect::<Result<_>>()?;
        ensure!(placed.iter().all(|one| stored.contains(&one.order)), "an acknowledged order is not stored");
        self.known += placed.len() as u64;
        Ok(())
    }
}
