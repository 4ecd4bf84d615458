//! A small service, as clients meet it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where its set-up fails")]

mod access;
mod audit;
mod browsers;
mod http;
mod limits;
mod serving;
mod wire;
