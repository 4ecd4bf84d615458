//! Fetches an address that somebody else wrote, without becoming their way into the house.
//!
//! A server that fetches any URL asks whom it should not in somebody else's name: the database beside
//! it, the cloud's metadata, a printer in the office (server-side request forgery). So:
//!
//! - [`target`]: `https` or `http` on their own ports, no user, no password.
//! - [`address`]: only addresses of the public internet. Names are looked up first, every address is
//!   checked, and the connection goes to those very addresses: a name that changes its mind in between
//!   changes nothing. An answer with one address of ours among others is refused as a whole.
//! - [`Fetcher`]: redirects are checked like the first address and bounded; so are size and time.
//! - [`Fetcher::post`]: a form with a secret goes to one address and is never sent on to another.
//! - [`image`]: what an image is, its first bytes say, not its sender.
//!
//! Whoever stores a URL of a user without fetching it needs [`target::parse`] only.

pub mod address;
mod fetcher;
pub mod image;
mod request;
pub mod target;

pub use fetcher::{FetchError, Fetched, Fetcher, Lookup, Rules};
pub use request::Form;
