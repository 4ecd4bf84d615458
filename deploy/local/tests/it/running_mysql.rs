//! A MySQL server's life.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use local_servers::{MysqlOptions, MysqlServer, QuietProgress, ServerError};

use crate::support::{Folder, binaries, is_alive, sql, until};

fn start(options: MysqlOptions) -> MysqlServer {
    MysqlServer::start(binaries(), options, &QuietProgress).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn is_durable_by_default() {
    let folder = Folder::new();
    let server = start(MysqlOptions::new(folder.join("mysql")));
    let settings = "SELECT @@sync_binlog, @@innodb_flush_log_at_trx_commit, @@log_bin, @@max_allowed_packet, \
                    @@max_connections, @@innodb_redo_log_capacity, @@max_prepared_stmt_count, @@innodb_doublewrite, \
                    @@innodb_log_writer_threads";
    assert_eq!(sql(&server, "", settings).unwrap(), "1\t1\t1\t67108864\t500\t1073741824\t1000000\tON\tON");
    assert_eq!(sql(&server, "", "SELECT CURRENT_USER()").unwrap(), "root@localhost");
    server.stop().unwrap();
}

#[test]
fn goes_on_after_kill_9_on_the_same_port_with_the_same_data() {
    let folder = Folder::new();
    let server = start(MysqlOptions::throw_away(folder.join("mysql")));
    let (port, pid) = (server.port(), server.pid().unwrap());
    sql(&server, "", "CREATE DATABASE d; CREATE TABLE d.t (n INT); INSERT INTO d.t VALUES (42)").unwrap();

    server.kill_hard().unwrap();
    assert!(!is_alive(pid));
    assert_eq!(server.pid(), None);
    assert!(sql(&server, "", "SELECT 1").is_err());

    server.restart().unwrap();
    assert_eq!(server.port(), port);
    assert_ne!(server.pid(), Some(pid));
    assert_eq!(sql(&server, "", "SELECT n FROM d.t").unwrap(), "42");
}

#[test]
fn keeps_its_data_when_stopped() {
    let folder = Folder::new();
    let options = MysqlOptions::new(folder.join("mysql"));
    let server = start(options.clone());
    let pid = server.pid().unwrap();
    sql(&server, "", "CREATE DATABASE d").unwrap();
    server.stop().unwrap();
    assert!(!is_alive(pid));

    let server = start(options);
    assert_eq!(sql(&server, "", "SHOW DATABASES LIKE 'd'").unwrap(), "d");
    let log = std::fs::read_to_string(server.log_file()).unwrap();
    assert!(log.contains("Shutdown complete"), "stopped by force:\n{log}");
    assert!(!log.contains("crash recovery"), "stopped by force:\n{log}");
}

#[test]
fn password_is_set_at_each_start() {
    let folder = Folder::new();
    let odd = r#"a b'c"d\e%/@:ü"#;
    let mut options = MysqlOptions::new(folder.join("mysql"));
    options.root_password = Some(odd.to_owned());
    let server = start(options.clone());
    assert_eq!(sql(&server, odd, "SELECT 1").unwrap(), "1");
    assert!(sql(&server, "", "SELECT 1").unwrap_err().contains("Access denied"));
    assert!(server.admin_url().starts_with("mysql://root:a%20b%27c%22d%5Ce%25%2F%40%3A%C3%BC@127.0.0.1:"));
    assert!(!folder.join("mysql.init.sql").exists());
    server.stop().unwrap();

    options.root_password = Some("other".to_owned());
    let server = start(options);
    assert_eq!(sql(&server, "other", "SELECT 1").unwrap(), "1");
}

#[test]
fn paused_is_silent_and_still_ends() {
    let folder = Folder::new();
    let server = start(MysqlOptions::throw_away(folder.join("mysql")));
    let pid = server.pid().unwrap();
    let greets = |patience| {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        stream.set_read_timeout(Some(patience)).unwrap();
        stream.read_exact(&mut [0; 5]).is_ok()
    };
    server.pause().unwrap();
    until("the server is silent", || !greets(Duration::from_millis(200)));
    server.resume().unwrap();
    assert!(greets(Duration::from_secs(30)));
    server.pause().unwrap();
    server.stop().unwrap();
    assert!(!is_alive(pid));
}

#[test]
fn what_was_thrown_away_is_gone() {
    let folder = Folder::new();
    let server = start(MysqlOptions::throw_away(folder.join("own/mysql")));
    let pid = server.pid().unwrap();
    drop(server);
    until("the server and its folder are gone", || !is_alive(pid) && !folder.join("own").exists());
}

#[test]
fn data_in_use_is_refused_at_once() {
    let folder = Folder::new();
    let server = start(MysqlOptions::throw_away(folder.join("mysql")));
    let second = MysqlServer::start(binaries(), MysqlOptions::new(folder.join("mysql")), &QuietProgress);
    let Err(error) = second else { panic!("two servers on the same data") };
    let text = error.to_string();
    assert!(matches!(error, ServerError::InUse { .. }), "{text}");
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    assert_eq!(sql(&server, "", "SELECT 1").unwrap(), "1");
}

#[test]
fn foreign_folder_is_left_alone() {
    let folder = Folder::new();
    std::fs::create_dir(folder.join("letters")).unwrap();
    std::fs::write(folder.join("letters/1.txt"), "dear").unwrap();
    let result = MysqlServer::start(binaries(), MysqlOptions::throw_away(folder.join("letters")), &QuietProgress);
    assert!(matches!(result, Err(ServerError::NotADataDir(_))));
    assert!(folder.join("letters/1.txt").exists());
}

#[test]
fn taken_port_is_told_with_the_log() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = MysqlOptions::throw_away(folder.join("mysql"));
    options.port = Some(taken.local_addr().unwrap().port());
    let Err(error) = MysqlServer::start(binaries(), options, &QuietProgress) else { panic!("started") };
    let text = error.to_string();
    assert!(matches!(error, ServerError::EndedEarly { .. }), "{text}");
    assert!(text.contains("Address already in use"), "{text}");
}
