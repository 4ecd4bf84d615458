//! A request that is cancelled while BEGIN is on its way must not spoil the connection for the next.

use event_store::pool::{self, Isolation};
use sqlx::Row;
use std::time::Duration;
use testkit::{Env, Fault, TcpProxy, servers};

#[tokio::test(flavor = "multi_thread")]
async fn a_begin_that_was_cancelled_loses_no_later_write() {
    let env = Env::start().await;
    let proxy = TcpProxy::start(servers().mysql.port()).await;
    let direct = format!(":{}/", servers().mysql.port());
    let url = env.events_admin_url().replace(&direct, &format!(":{}/", proxy.port()));
    let pool = pool::connect(&url, Isolation::ReadCommitted, 1).await.unwrap();
    sqlx::query("CREATE TABLE probe (n INT PRIMARY KEY)").execute(&pool).await.unwrap();

    let mut cut = 0;
    for number in 0..20 {
        proxy.set(Fault::Delay(Duration::from_millis(20)));
        // Somewhere within the round trips of the acquire and the BEGIN the caller goes away.
        let patience = Duration::from_millis(5 * number);
        if tokio::time::timeout(patience, pool.begin()).await.is_err() {
            cut += 1;
        }
        proxy.set(Fault::None);
        sqlx::query("INSERT INTO probe VALUES (?)").bind(number).execute(&pool).await.unwrap();
    }
    assert!(cut > 3, "only {cut} transactions were cut off");
    pool.close().await;

    let admin = sqlx::MySqlPool::connect(&env.events_admin_url()).await.unwrap();
    let rows: i64 = sqlx::query("SELECT COUNT(*) FROM probe").fetch_one(&admin).await.unwrap().get(0);
    assert_eq!(rows, 20, "writes that were acknowledged are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_pool_has_the_isolation_that_it_promises() {
    let env = Env::start().await;
    for (isolation, name) in
        [(Isolation::ReadCommitted, "READ-COMMITTED"), (Isolation::RepeatableRead, "REPEATABLE-READ")]
    {
        let pool = pool::connect(&env.access.reader, isolation, 1).await.unwrap();
        let row = sqlx::query("SELECT @@transaction_isolation, @@time_zone").fetch_one(&pool).await.unwrap();
        assert_eq!((row.get::<String, _>(0).as_str(), row.get::<String, _>(1).as_str()), (name, "+00:00"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_vanishes_keeps_neither_the_caller_nor_the_connection() {
    let env = Env::start().await;
    let proxy = TcpProxy::start(servers().mysql.port()).await;
    let direct = format!(":{}/", servers().mysql.port());
    let url = env.access.reader.replace(&direct, &format!(":{}/", proxy.port()));
    let pool = pool::connect(&url, Isolation::ReadCommitted, 1).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();

    proxy.set(Fault::HalfOpen);
    let limit = Duration::from_millis(200);
    let answer = pool::within(limit, sqlx::query("SELECT 1").execute(&mut *connection)).await;
    assert!(matches!(answer, Err(sqlx::Error::Io(error)) if error.kind() == std::io::ErrorKind::TimedOut));
    drop(connection);
    testkit::wait_until("the connection is dropped", Duration::from_secs(30), async || pool.size() == 0).await;

    proxy.set(Fault::None);
    sqlx::query("SELECT 1").execute(&pool).await.unwrap();
}
