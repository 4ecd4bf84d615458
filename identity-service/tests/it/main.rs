//! The identity-service as clients meet it: real router, real MySQL, real NATS, a mail server that speaks SMTP,
//! a provider of log-ins that speaks OpenID Connect.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where its set-up fails")]

mod accounts;
mod actions;
mod guests;
mod logins;
mod machines;
mod openid;
mod provider;
mod refresh;
mod rights;
mod world;
