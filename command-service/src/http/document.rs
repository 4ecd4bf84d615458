//! What every command has in the document: ids in its path, headers, problems.

use serde_json::json;
use service_kit::{openapi::PROBLEMS, problem::Code};
use utoipa::openapi::{
    OpenApi, RefOr, Required,
    header::HeaderBuilder,
    path::{Operation, ParameterBuilder, ParameterIn},
    response::Response,
    schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, Type},
};

/// Characters of a printed code.
const TABLE_CODE_CHARS: usize = 66;

/// What every command about a tenant can answer besides: their member may hold less by now than their token says, and
/// the tenant of a token that tools have signed may be none.
const OF_TENANTS: [Code; 2] = [Code::RightsExceeded, Code::NotFound];
/// Where commands about a tenant are.
const ABOUT_TENANTS: [&str; 4] = ["/v1/staff", "/v1/roles", "/v1/restaurant-groups", "/v1/api-keys"];

/// Completes the document of the commands.
pub(super) fn complete(api: &mut OpenApi) {
    for (path, item) in &mut api.paths.paths {
        if let Some(operation) = item.post.as_mut() {
            add_parameters(path, operation, true);
            add_problems(path, operation);
            add_answer_headers(operation, true);
        }
        if let Some(operation) = item.get.as_mut() {
            add_parameters(path, operation, false);
            add_answer_headers(operation, false);
        }
    }
    service_kit::openapi::complete(api);
}

fn add_parameters(path: &str, operation: &mut Operation, is_command: bool) {
    let ids = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let ids = ids.map(|name| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(if name == "code" { text(TABLE_CODE_CHARS) } else { uuid() }))
            .build()
    });
    let header = |name: &str, required, description: &str, schema: Object| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(required)
            .description(Some(description))
            .schema(Some(schema))
            .build()
    };
    let key = is_command.then(|| {
        header(
            "Idempotency-Key",
            Required::True,
            "The same key and body get the same answer again, and nothing is done twice.",
            text(255),
        )
    });
    let headers = [
        header("X-Correlation-Id", Required::False, "Joins all that this request sets off.", text(64)),
        header("traceparent", Required::False, "The W3C trace context.", text(55)),
    ];
    let own = operation.parameters.take().unwrap_or_default();
    operation.parameters = Some(ids.chain(key).chain(headers).map(RefOr::T).chain(own).collect());
}

fn add_problems(path: &str, operation: &mut Operation) {
    if !ABOUT_TENANTS.iter().any(|start| path.starts_with(start)) {
        return;
    }
    let extensions = operation.extensions.get_or_insert_default();
    let own = extensions.entry(PROBLEMS.to_owned()).or_insert_with(|| json!([]));
    if let Some(own) = own.as_array_mut() {
        // What a path names and is not there is said of every path.
        let besides = OF_TENANTS.into_iter().filter(|code| *code != Code::NotFound || !path.contains('{'));
        own.extend(besides.map(|code| json!(code.as_str())));
    }
}

fn add_answer_headers(operation: &mut Operation, is_command: bool) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        add(response, "X-Correlation-Id", "Joins all that the request set off.");
        if is_command {
            add(response, "Idempotency-Replayed", "`true` when an earlier request got this answer.");
        }
        if status == "201" {
            add(response, "Location", "Where the created thing is found.");
        }
    }
}

fn add(response: &mut Response, name: &str, description: &str) {
    let header = HeaderBuilder::new().schema(Some(text(255))).description(Some(description)).build();
    response.headers.insert(name.to_owned(), header.into());
}

fn uuid() -> Object {
    ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).build()
}

fn text(max: usize) -> Object {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(max)).build()
}
