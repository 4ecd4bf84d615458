//! A small service, as clients meet it.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

mod access;
mod http;
mod serving;
