//! The identity-service as clients meet it: real router, real MySQL, real NATS, a mail server that speaks SMTP.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where its set-up fails")]

mod accounts;
mod actions;
mod guests;
mod logins;
mod machines;
mod refresh;
mod rights;
mod world;
