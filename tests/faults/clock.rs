//! Processes whose clock is wrong.
//!
//! A small library, compiled by the C compiler that every build of this product needs anyway, is loaded
//! before the C library and moves what `clock_gettime(CLOCK_REALTIME)` says. Time that only measures
//! (`CLOCK_MONOTONIC`) stays as it is, as on a machine whose clock was set wrong.

use std::{path::PathBuf, process::Command, sync::OnceLock};

const SOURCE: &str = r"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, id, now);
    const char *seconds = getenv(`ARIS_TEST_CLOCK_SECONDS`);
    if (!failed && id == CLOCK_REALTIME && seconds) now->tv_sec += atol(seconds);
    return failed;
}
";

/// Whether this machine can have such processes: not without a C compiler.
pub(super) fn can_be_wrong() -> bool {
    library().is_some()
}

/// The environment of a process whose clock is wrong by so many seconds.
pub(super) fn wrong_by(seconds: i64) -> Vec<(&'static str, String)> {
    let library = library().expect("asked before");
    vec![("LD_PRELOAD", library.display().to_string()), ("ARIS_TEST_CLOCK_SECONDS", seconds.to_string())]
}

fn library() -> Option<&'static PathBuf> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    LIBRARY.get_or_init(|| compile().inspect_err(|why| println!("no clock is wrong in this run: {why}")).ok()).as_ref()
}

fn compile() -> Result<PathBuf, String> {
    let folder = std::env::temp_dir().join(format!("arisgourmet-test-{}-clock", std::process::id()));
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    std::fs::write(&source, SOURCE.replace('`', "\"")).map_err(|error| error.to_string())?;
    let compiler = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).output();
    let output = compiler.map_err(|error| format!("no C compiler: {error}"))?;
    if output.status.success() { Ok(library) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn a_process_can_be_an_hour_ahead() {
    if !can_be_wrong() {
        return;
    }
    let seconds = |env: Vec<(&'static str, String)>| {
        let output = Command::new("date").arg("+%s").envs(env).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse::<i64>().unwrap()
    };
    let ahead = seconds(wrong_by(3_600)) - seconds(Vec::new());
    assert!((3_590..=3_610).contains(&ahead), "{ahead}");
}
