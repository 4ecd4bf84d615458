use super::*;
use crate::committer::session;
use chrono::DateTime;
use proptest::{collection::vec, prelude::*};
use sqlx::{Connection, Row as _};
use testkit::Env;

fn text_of(write: impl FnOnce(&mut Row<'_>)) -> String {
    let mut script = Script::default();
    script.value(write);
    script.text
}

#[test]
fn values_are_separated_and_statements_too() {
    let mut script = Script::default();
    script.statement("START TRANSACTION");
    script.list("INSERT INTO t VALUES ", &[1_u64, 2], " AS new", |row, number| {
        row.number(*number).text(None).bytes(b"it's \\ \"so\"").hexadecimal(&[0, 255]);
    });
    script.list("DELETE FROM t WHERE n IN (", &[] as &[u64], ")", |row, number| {
        row.number(*number);
    });
    assert_eq!(
        script.text(),
        r#"START TRANSACTION;INSERT INTO t VALUES (1,NULL,_binary'it\'s \\ "so"',X'00ff'),(2,NULL,_binary'it\'s \\ "so"',X'00ff') AS new"#
    );
}

#[test]
fn moments_are_written_to_the_microsecond() {
    let at = DateTime::from_timestamp(1_700_000_000, 123_456_789).unwrap();
    assert_eq!(
        text_of(|row| {
            row.time(at).number(7_u8);
        }),
        "'2023-11-14 22:13:20.123456',7"
    );
}

/// Bytes that mean something to somebody, and any others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let special = prop::sample::select(b"'\\\"`;-#%_\0\x08\x09\x0a\x0d\x1a\xbf\x27\x5c\xff".to_vec());
    vec(prop_oneof![special, any::<u8>()], 0..60)
}

/// Whoever finds bytes that come back as others has found a way to write statements of his own.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_written_comes_back_as_it_was_and_as_one_value() {
    let env = Env::start().await;
    let mut connection = MySqlConnection::connect(&env.events_admin_url()).await.unwrap();
    // The worst that a server may be set to; the session has its own settings.
    connection.execute("SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'").await.unwrap();
    connection.execute(session::SETTINGS).await.unwrap();
    let mut random = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..200 {
        let (values, texts): (Vec<Vec<u8>>, Vec<String>) = (0..8)
            .map(|_| {
                let tree = bytes().new_tree(&mut random).unwrap();
                let bytes = proptest::strategy::ValueTree::current(&tree);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                (bytes, text)
            })
            .unzip();
        let mut script = Script::default();
        script.statement("SELECT ");
        script.value(|row| {
            for bytes in &values {
                row.bytes(bytes);
            }
            for text in &texts {
                row.text(Some(text));
            }
        });
        let rows = script.run(&mut connection).await.unwrap().next().unwrap();
        let found: Vec<Vec<u8>> = (0..16).map(|column| rows[0].get_unchecked(column)).collect();
        let expected: Vec<Vec<u8>> = values.into_iter().chain(texts.into_iter().map(String::into_bytes)).collect();
        assert_eq!((rows.len(), rows[0].len(), found), (1, 16, expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_each_statement_come_in_turn_and_an_error_ends_the_script() {
    let env = Env::start().await;
    let mut connection = MySqlConnection::connect(&env.events_admin_url()).await.unwrap();
    let mut script = Script::default();
    for statement in ["START TRANSACTION", "SELECT 1 UNION SELECT 2", "SELECT 3 FROM events", "SELECT 4"] {
        script.statement(statement);
    }
    let rows: Vec<usize> = script.run(&mut connection).await.unwrap().map(|rows| rows.len()).collect();
    assert_eq!(rows, [0, 2, 0, 1]);
    let mut failing = Script::default();
    for statement in ["CREATE TEMPORARY TABLE once (a INT PRIMARY KEY)", "INSERT INTO once VALUES (1), (1)", "COMMIT"] {
        failing.statement(statement);
    }
    let error = failing.run(&mut connection).await.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("Duplicate entry"), "{error}");
    let left: i64 = connection.fetch_one("SELECT COUNT(*) FROM once").await.unwrap().get_unchecked(0);
    assert_eq!(left, 0, "the statement was undone whole, and the connection goes on");
}
