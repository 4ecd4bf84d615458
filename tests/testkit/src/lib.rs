//! What every test of a service stands on: real MySQL and NATS servers, started once per process;
//! schemas and subjects of its own for each test; a network that can be broken.
//!
//! Nothing here retries what a test asserts, and nothing sleeps and hopes: [`wait_until`] waits for a
//! condition and says what it last saw.

mod actions;
mod append;
pub mod backup;
mod cluster;
mod documented;
mod env;
pub mod fuzz;
mod mail;
mod proxy;
pub mod scan;
mod servers;
mod wait;

pub use actions::trail;
pub use append::{Append, EVENTS_OF_A_SERVED_ORDER, Place, PlacedOrder, submission};
pub use cluster::{Cluster, SERVERS};
pub use documented::assert_documented;
pub use env::Env;
pub use local_servers::NatsOptions;
pub use mail::{Mail, MailServer};
pub use proxy::{Fault, TcpProxy};
pub use servers::{Servers, own_servers, own_servers_with, servers};
pub use wait::{wait_for, wait_until};
