//! What becomes of servers whose owner is killed.

use std::io::{BufRead, BufReader};

use local_servers::{MysqlOptions, MysqlServer, NatsOptions, NatsServer, Progress};

use crate::support::{Folder, Killed, binaries, is_alive, program, until};

/// A process that owns both servers, and their process ids.
struct Owner {
    process: Killed,
    pids: [u32; 2],
}

fn own(folder: &Folder, more: &[&str]) -> Owner {
    binaries();
    let mut child = program().arg("run").arg(folder.join("data")).args(more).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
    let pids = ["mysql_pid", "nats_pid"].map(|key| u32::try_from(told[key].as_u64().unwrap()).unwrap());
    Owner { process: Killed(child), pids }
}

#[test]
fn servers_end_with_an_owner_killed_by_kill_9() {
    let folder = Folder::new();
    let mut owner = own(&folder, &["--throw-away"]);
    assert!(owner.pids.into_iter().all(is_alive));
    owner.process.0.kill().unwrap();
    until("the servers are gone", || !owner.pids.into_iter().any(is_alive));
    until("their data is gone", || !folder.join("data").exists());
}

#[test]
fn the_next_owner_goes_on_at_once_with_the_data() {
    let folder = Folder::new();
    let mut owner = own(&folder, &[]);
    owner.process.0.kill().unwrap();
    owner.process.0.wait().unwrap();
    // The old servers have a grace now, in which they still hold their data.
    let data = folder.join("data");
    let mysql = MysqlServer::start(binaries(), MysqlOptions::new(data.join("mysql")), &Printed).unwrap();
    let nats = NatsServer::start(binaries(), NatsOptions::new(data.join("nats")), &Printed).unwrap();
    assert!(!owner.pids.into_iter().any(is_alive));
    mysql.stop().unwrap();
    nats.stop().unwrap();
}

#[test]
fn ctrl_c_does_not_reach_the_servers_directly() {
    let folder = Folder::new();
    let owner = own(&folder, &["--throw-away"]);
    // Field 5 of stat is the process group; the name before it has no spaces here.
    let group = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.split_whitespace().nth(4).unwrap().to_owned()
    };
    for pid in owner.pids {
        assert_ne!(group(pid), group(owner.process.0.id()));
    }
}

/// Messages as the test's output.
struct Printed;

impl Progress for Printed {
    fn step(&self, text: &str) {
        println!("{text}");
    }
    fn advance(&self, _: u64, _: u64) {}
    fn done(&self, text: &str) {
        println!("{text}");
    }
}
