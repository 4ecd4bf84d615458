//! Lines that measure the whole service from outside.

mod deliveries;
mod fan_out;
mod growth;
mod idle;
mod order_http;
mod rebuild;
mod rounds;
mod storm;
mod to_kitchen;

pub(crate) use fan_out::fan_out;
pub(crate) use growth::growth;
pub(crate) use idle::idle;
pub(crate) use order_http::order_http;
pub(crate) use rebuild::rebuild;
pub(crate) use storm::storm;
pub(crate) use to_kitchen::to_kitchen;
