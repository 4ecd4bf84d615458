//! What every command has in the document: ids in its path, headers, problems.

use utoipa::openapi::{
    OpenApi, RefOr, Required,
    header::HeaderBuilder,
    path::{Operation, ParameterBuilder, ParameterIn},
    response::Response,
    schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, Type},
};

/// Completes the document of the commands.
pub(super) fn complete(api: &mut OpenApi) {
    for (path, item) in &mut api.paths.paths {
        if let Some(operation) = item.post.as_mut() {
            add_parameters(path, operation);
            add_answer_headers(operation);
        }
    }
    service_kit::openapi::complete(api);
}

fn add_parameters(path: &str, operation: &mut Operation) {
    let ids = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let ids = ids.map(|name| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(uuid()))
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
    let headers = [
        header(
            "Idempotency-Key",
            Required::True,
            "The same key and body get the same answer again, and nothing is done twice.",
            text(255),
        ),
        header("X-Correlation-Id", Required::False, "Joins all that this request sets off.", text(64)),
        header("traceparent", Required::False, "The W3C trace context.", text(55)),
    ];
    operation.parameters = Some(ids.chain(headers).map(RefOr::T).collect());
}

fn add_answer_headers(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        add(response, "X-Correlation-Id", "Joins all that the request set off.");
        add(response, "Idempotency-Replayed", "`true` when an earlier request got this answer.");
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
