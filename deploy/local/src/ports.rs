//! Free ports.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::ServerError;

/// Below the range from which systems take the source ports of outgoing connections. A port of that
/// range could be taken by any client while its server is being restarted, even by a client that
/// tries to reach this very server: such a connection then connects to itself.
const FROM: u16 = 20_000;
const TO: u16 = 32_000;

/// How many ports are tried before giving up; each is asked for once.
const TRIES: u16 = 500;

/// A port of 127.0.0.1 that was free a moment ago. The caller must cope with losing it.
///
/// # Errors
/// When none of 500 ports that were tried is free.
pub fn free() -> Result<u16, ServerError> {
    // Processes that start together begin at different places; later calls of one process go on.
    static STEP: AtomicU16 = AtomicU16::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.subsec_nanos());
    let seed = nanos ^ std::process::id().wrapping_mul(2_654_435_761);
    for _ in 0..TRIES {
        let step = u32::from(STEP.fetch_add(1, Ordering::Relaxed));
        let offset = (seed.wrapping_add(step) % u32::from(TO - FROM)) as u16;
        if is_free(FROM + offset) {
            return Ok(FROM + offset);
        }
    }
    Err(ServerError::NoFreePort { from: FROM, to: TO })
}

/// Whether a server could listen on the port now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// How often a start is tried again on another port.
const STARTS: u32 = 5;

/// Starts a server on the given port, or on a free one: then a start whose port was taken by
/// somebody else in the meantime is tried again on another port.
pub(crate) fn with_port<T>(
    fixed: Option<u16>,
    start: impl Fn(u16) -> Result<T, ServerError>,
) -> Result<(u16, T), ServerError> {
    if let Some(port) = fixed {
        return start(port).map(|t| (port, t));
    }
    let mut tries = 0;
    loop {
        let port = free()?;
        tries += 1;
        match start(port) {
            Ok(t) => return Ok((port, t)),
            Err(ServerError::EndedEarly { .. }) if tries < STARTS && !is_free(port) => {}
            Err(e) => return Err(e),
        }
    }
}
