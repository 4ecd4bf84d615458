//! One OpenAPI document out of the parts of all services.

use anyhow::Result;
use serde_json::Value;
use utoipa::openapi::{InfoBuilder, OpenApi};

/// The document of the whole product. Where one service answers GET and another POST of a path, both
/// stand under that path.
pub(crate) fn merged() -> OpenApi {
    let mut document = command_service::openapi();
    document.merge(projection_service::openapi());
    document.merge(realtime_gateway::openapi());
    document.merge(identity_service::openapi());
    document.info = InfoBuilder::new()
        .title("ArisGourmet")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("The event-sourced backend that restaurants run on."))
        .build();
    document
}

/// The document as text; the same build gives the same bytes.
pub(crate) fn merged_json() -> Result<String> {
    Ok(serde_json::to_string_pretty(&in_order(serde_json::to_value(merged())?))?)
}

/// Extensions come out of a hash map, in another order each time: they go to the end, by their names.
fn in_order(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let (mut extensions, mut rest): (Vec<_>, Vec<_>) =
                members.into_iter().partition(|(name, _)| name.starts_with("x-"));
            extensions.sort_by(|one, other| one.0.cmp(&other.0));
            rest.append(&mut extensions);
            rest.into_iter().map(|(name, value)| (name, in_order(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(in_order).collect(),
        plain => plain,
    }
}
