//! A NATS server's life.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use local_servers::{NatsCluster, NatsOptions, NatsServer, QuietProgress, free_port};

use crate::support::{Folder, binaries, is_alive, until};

fn start(options: NatsOptions) -> NatsServer {
    NatsServer::start(binaries(), options, &QuietProgress).unwrap_or_else(|e| panic!("{e}"))
}

/// One request over a connection of its own, and its answer; nothing of a client library is needed.
fn request(server: &NatsServer, subject: &str, body: &str) -> String {
    ask(server, subject, body, Duration::from_secs(30)).unwrap()
}

/// The same, where there may be nobody to answer yet: then it is empty.
fn attempt(server: &NatsServer, subject: &str, body: &str) -> String {
    ask(server, subject, body, Duration::from_secs(2)).unwrap_or_default()
}

fn ask(server: &NatsServer, subject: &str, body: &str, patience: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port()))?;
    stream.set_read_timeout(Some(patience))?;
    let length = body.len();
    write!(stream, "CONNECT {{\"verbose\":false}}\r\nSUB answer 1\r\nPUB {subject} answer {length}\r\n{body}\r\n")?;
    let mut lines = BufReader::new(stream).lines();
    while !lines.next().ok_or(std::io::ErrorKind::UnexpectedEof)??.starts_with("MSG answer") {}
    lines.next().ok_or(std::io::ErrorKind::UnexpectedEof)?
}

fn store_message(server: &NatsServer) {
    let created = request(server, "$JS.API.STREAM.CREATE.S", r#"{"name":"S","subjects":["s.>"],"storage":"file"}"#);
    assert!(created.contains("\"created\""), "{created}");
    let stored = request(server, "s.1", "hello");
    assert!(stored.contains("\"seq\":1"), "{stored}");
}

fn stream_info(server: &NatsServer) -> String {
    request(server, "$JS.API.STREAM.INFO.S", "")
}

#[test]
fn goes_on_after_kill_9_on_the_same_port_with_the_same_data() {
    let folder = Folder::new();
    let mut options = NatsOptions::throw_away(folder.join("nats"));
    options.sync_always = true;
    let server = start(options);
    let (port, pid) = (server.port(), server.pid().unwrap());
    store_message(&server);

    server.kill_hard().unwrap();
    assert!(!is_alive(pid));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());

    server.restart().unwrap();
    assert_eq!(server.port(), port);
    assert_ne!(server.pid(), Some(pid));
    assert!(stream_info(&server).contains("\"messages\":1"));
}

#[test]
fn wiped_store_is_empty() {
    let folder = Folder::new();
    let server = start(NatsOptions::throw_away(folder.join("nats")));
    store_message(&server);
    server.wipe_store_and_restart().unwrap();
    assert!(stream_info(&server).contains("stream not found"));
}

#[test]
fn keeps_its_data_when_stopped() {
    let folder = Folder::new();
    let server = start(NatsOptions::new(folder.join("nats")));
    store_message(&server);
    server.stop().unwrap();
    let server = start(NatsOptions::new(folder.join("nats")));
    assert!(stream_info(&server).contains("\"messages\":1"));
}

#[test]
fn paused_still_ends() {
    let folder = Folder::new();
    let server = start(NatsOptions::throw_away(folder.join("own/nats")));
    let pid = server.pid().unwrap();
    server.pause().unwrap();
    drop(server);
    until("the server and its folder are gone", || !is_alive(pid) && !folder.join("own").exists());
}

#[test]
fn ends_although_its_folder_was_removed_first() {
    let folder = Folder::new();
    let server = start(NatsOptions::new(folder.join("nats")));
    let pid = server.pid().unwrap();
    drop(folder);
    drop(server);
    until("the server is gone", || !is_alive(pid));
}

#[test]
fn ends_when_killed_before_it_is_let_go() {
    let folder = Folder::new();
    let server = start(NatsOptions::throw_away(folder.join("own/nats")));
    server.kill_hard().unwrap();
    server.stop().unwrap();
    assert!(!folder.join("own").exists());
}

#[test]
fn wrong_configuration_is_told_with_the_log() {
    let folder = Folder::new();
    let mut options = NatsOptions::throw_away(folder.join("nats"));
    options.extra_config = "no_such_option: 1".to_owned();
    let Err(error) = NatsServer::start(binaries(), options, &QuietProgress) else { panic!("started") };
    assert!(error.to_string().contains("no_such_option"), "{error}");
}

#[test]
fn three_servers_make_a_cluster_and_one_that_was_killed_comes_back_to_it() {
    let folder = Folder::new();
    let ports: Vec<_> = (0..3).map(|_| free_port().unwrap()).collect();
    let member = |place: usize| {
        let cluster = NatsCluster { name: "three".to_owned(), ports: ports.clone(), place };
        let options = NatsOptions::throw_away(folder.join(&format!("nats-{place}")));
        start(NatsOptions { cluster: Some(cluster), ..options })
    };
    let servers: Vec<_> = (0..3).map(member).collect();
    let create = r#"{"name":"S","subjects":["s.>"],"storage":"file","num_replicas":3}"#;
    until("a stream with three copies is there", || {
        attempt(&servers[0], "$JS.API.STREAM.CREATE.S", create).contains("\"num_replicas\":3")
    });
    until("a message is stored", || attempt(&servers[0], "s.1", "hello").contains("\"stream\":\"S\""));

    let (victim, other) = (&servers[2], &servers[0]);
    let copies = || attempt(other, "$JS.API.STREAM.INFO.S", "").matches("\"current\":true").count();
    until("each has a copy", || copies() == 2);
    victim.kill_hard().unwrap();
    until("the others store without it", || attempt(other, "s.2", "hello").contains("\"stream\":\"S\""));
    victim.restart().unwrap();
    until("it has everything again", || {
        copies() == 2 && attempt(victim, "$JS.API.STREAM.INFO.S", "").contains("\"S\"")
    });
}
