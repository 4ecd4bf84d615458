//! Obtaining servers, with an archive that the test controls: small programs stand for `apt-get`,
//! `apt-cache` and `dpkg-deb`, and what they "unpack" are the real servers of this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{Folder, Killed, binaries, program, until};

/// An executable file.
fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A machine with a package archive, and with unsuitable servers on `PATH` (before any that the
/// machine of the test may have).
struct Machine {
    folder: Folder,
}

impl Machine {
    fn new() -> Self {
        let this = Self { folder: Folder::new() };
        let bin = this.folder.join("bin");
        // Both names of a release, so that it does not matter which system the test runs on.
        let indextargets = "sed -n 's/^VERSION_CODENAME=//p' /etc/os-release | sed 's,$, main file:/nowhere,'";
        let download = "for p; do :; done; while [ \"$1\" != download ]; do shift; done; shift
            for p; do echo \"$p\" >\"$p.deb\"; done";
        script(
            &bin.join("apt-get"),
            &format!("case \"$*\" in indextargets*) {indextargets} ;; *download*) {download} ;; esac"),
        );
        script(
            &bin.join("apt-cache"),
            "case \"$*\" in *policy*) echo '  Candidate: 99.1.2-3' ;; *) echo mysql-server-core; echo libc6 ;; esac",
        );
        script(&bin.join("mysqld"), "echo 'mysqld  Ver 10.11.14-MariaDB-0+deb12u2 for debian-linux-gnu'");
        script(&bin.join("nats-server"), "echo 'nats-server: v2.9.10'");
        this.unpacks_by("");
        this
    }

    /// `dpkg-deb -x DEB PREFIX` first does `before`, then copies a server to the prefix.
    fn unpacks_by(&self, before: &str) {
        let nats = binaries().nats_server.display();
        // A loader that runs the real server stands for the unpacked one.
        let mysqld = binaries().mysqld.program().display();
        let text = format!(
            "{before}
            mkdir -p \"$3/usr/sbin\" \"$3/usr/lib64\"
            case $2 in
            *nats-server*) cp -L '{nats}' \"$3/usr/sbin/nats-server\" ;;
            *mysql-server*) cp -L '{mysqld}' \"$3/usr/sbin/mysqld\" ;;
            *) printf '#!/bin/sh\\necho \"mysqld  Ver 99.1.2-3 for Linux on x86_64\"\\n' >\"$3/usr/lib64/ld-linux-x\"
               chmod +x \"$3/usr/lib64/ld-linux-x\" ;;
            esac"
        );
        script(&self.folder.join("bin/dpkg-deb"), &text);
    }

    fn obtain(&self) -> Command {
        let mut command = program();
        let mut path = vec![self.folder.join("bin")];
        path.extend(["/usr/bin", "/bin"].map(PathBuf::from));
        command
            .arg("obtain")
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .env_remove("ARIS_MYSQLD")
            .env_remove("ARIS_NATS_SERVER");
        command
    }

    fn cache(&self) -> PathBuf {
        self.folder.join("cache/arisgourmet")
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn killed_in_the_middle_leaves_nothing_and_the_next_one_finishes() {
    let machine = Machine::new();
    let marks = machine.folder.join("marks");
    fs::create_dir_all(&marks).unwrap();
    // The first process stays in the middle of unpacking until it is killed.
    let (unpacking, go) = (machine.folder.join("unpacking"), machine.folder.join("go"));
    let stay = format!("until [ -e '{}' ]; do sleep 0.05; done", go.display());
    machine.unpacks_by(&format!("case $2 in *nats*) ;; *) : >'{}'; {stay} ;; esac", unpacking.display()));
    let mut first = Killed(machine.obtain().spawn().unwrap());
    until("the first unpacks", || unpacking.exists());

    let second = Killed(machine.obtain().spawn().unwrap());
    assert!(first.0.try_wait().unwrap().is_none());
    first.0.kill().unwrap();
    assert!(!machine.cache().join("mysql").exists());
    fs::write(go, "").unwrap();
    let output = wait(second);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("MySQL 99.1.2"), "{}", text(&output));
}

#[test]
fn two_at_once_download_once() {
    let machine = Machine::new();
    let count = machine.folder.join("count");
    machine.unpacks_by(&format!("echo \"$2\" >>'{}'", count.display()));
    let both = [(); 2].map(|()| Killed(machine.obtain().spawn().unwrap()));
    for process in both {
        let output = wait(process);
        assert!(output.status.success(), "{}", text(&output));
    }
    let unpacked = fs::read_to_string(&count).unwrap();
    assert_eq!(unpacked.lines().count(), 3, "{unpacked}");
}

#[test]
fn unsuitable_servers_on_path_are_named_and_passed_over() {
    let machine = Machine::new();
    let output = machine.obtain().output().unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("is MariaDB, not MySQL") && said.contains("is version 2.9.10"), "{said}");
}

#[test]
fn without_any_archive_one_message_says_what_was_tried() {
    let machine = Machine::new();
    script(&machine.folder.join("bin/apt-get"), "echo 'E: no network' >&2; exit 100");
    let output = machine.obtain().output().unwrap();
    let said = text(&output);
    assert!(!output.status.success(), "{said}");
    for part in ["MySQL 8.4 or newer", "is MariaDB, not MySQL", "no network", "ARIS_MYSQLD"] {
        assert!(said.contains(part), "no {part:?} in: {said}");
    }
}

#[test]
fn a_named_server_that_will_not_do_is_an_error() {
    let machine = Machine::new();
    let old = machine.folder.join("old-nats");
    script(&old, "echo 'nats-server: v2.9.10'");
    let output = machine.obtain().env("ARIS_NATS_SERVER", &old).output().unwrap();
    let said = text(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("ARIS_NATS_SERVER names") && said.contains("2.9.10"), "{said}");
}

fn wait(mut process: Killed) -> Output {
    use std::io::Read;
    let status = process.0.wait().unwrap();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    process.0.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    process.0.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    Output { status, stdout, stderr }
}
