//! Problems and tokens in the OpenAPI document of a service.
//!
//! An operation names its own problems and its permission as extensions; what every operation can
//! answer is added here, so that no route forgets it:
//!
//! ```text
//! #[utoipa::path(post, path = "/v1/…", responses((status = 200, body = Done)),
//!     extensions(("x-permission" = json!("order:accept")), ("x-problems" = json!(["order-not-placed"]))))]
//! ```

use crate::problem::{Code, MEDIA_TYPE, Problem};
use identity::Permission;
use std::collections::BTreeMap;
use utoipa::{
    ToSchema,
    openapi::{
        OpenApi, Ref, RefOr,
        content::ContentBuilder,
        example::ExampleBuilder,
        header::HeaderBuilder,
        path::{Operation, PathItem},
        response::ResponseBuilder,
        schema::{ComponentsBuilder, ObjectBuilder, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

/// The extension with the permission that an operation needs.
pub const PERMISSION: &str = "x-permission";
/// The extension with the problems that only this operation answers, by their codes.
pub const PROBLEMS: &str = "x-problems";

/// The ways to authenticate, by their names in the document.
const TOKEN: &str = "token";
const TABLE_TOKEN: &str = "table-token";
const GUEST_PASS: &str = "guest-pass";

/// What every operation can answer.
const OF_ALL: &[Code] = &[
    Code::MalformedRequest,
    Code::UriTooLong,
    Code::RateLimited,
    Code::Internal,
    Code::TookTooLong,
    Code::StoreUnavailable,
];
/// What every operation with a token can answer besides.
const OF_HOLDERS: &[Code] = &[Code::TokenMissing, Code::TokenInvalid, Code::TokenExpired, Code::TokenRevoked];
/// What every operation with a body can answer besides.
const OF_BODIES: &[Code] =
    &[Code::MalformedJson, Code::InvalidField, Code::BodyTooSlow, Code::BodyTooLarge, Code::UnsupportedMediaType];
/// What every command can answer besides.
const OF_COMMANDS: &[Code] = &[
    Code::IdempotencyKeyMissing,
    Code::IdempotencyKeyInvalid,
    Code::IdempotencyKeyReused,
    Code::QueueFull,
    Code::ShuttingDown,
];

/// A problem document (RFC 9457). Further members are facts of the problem.
#[derive(Debug, ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "only its schema is used")]
struct ProblemDocument {
    /// `urn:arisgourmet:problem:<code>`
    #[schema(rename = "type", example = "urn:arisgourmet:problem:not-found")]
    urn: String,
    /// What it is called, the same whenever it happens.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is special this time.
    detail: String,
    /// The correlation id of the request.
    instance: String,
    /// The stable name that programs branch on.
    code: String,
    /// For `invalid-field`: which fields are wrong, and how.
    errors: Option<Vec<FieldErrorDocument>>,
}

/// What is wrong with one field of a body.
#[derive(Debug, ToSchema)]
#[schema(as = FieldError)]
#[expect(dead_code, reason = "only its schema is used")]
struct FieldErrorDocument {
    /// Which one, as a JSON Pointer (RFC 6901); empty for the whole body.
    pointer: String,
    /// What is wrong, in words.
    detail: String,
}

/// Completes a document: the ways to authenticate, every problem of every operation, and who may.
pub fn complete(api: &mut OpenApi) {
    for (path, item) in &mut api.paths.paths {
        for (operation, has_body) in operations(item) {
            let mut codes = declared(operation);
            codes.extend(OF_ALL);
            let is_open = is_open(operation);
            if !is_open {
                codes.extend(OF_HOLDERS);
            }
            if has_body {
                codes.extend(OF_BODIES);
            }
            // Logging in changes no feed: it has no receipt.
            if has_body && !path.starts_with("/v1/auth/") {
                codes.extend(OF_COMMANDS);
            }
            if path.contains('{') {
                codes.push(Code::NotFound);
            }
            if !is_open && extension(operation, PERMISSION).is_some() {
                codes.push(Code::PermissionMissing);
            }
            answer_with(operation, &codes);
            add_headers(operation);
            tell_permission(path, operation);
            tell_security(operation);
        }
    }
    let components = std::mem::take(&mut api.components).map_or_else(ComponentsBuilder::new, ComponentsBuilder::from);
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let table = ApiKey::Header(ApiKeyValue::with_description("X-Table-Token", "the token of a guest at a table"));
    let words = "the pass of who asked to join a table: it is no token, but gets one once they were let in";
    let pass = ApiKey::Header(ApiKeyValue::with_description("X-Table-Token", words));
    api.components = Some(
        components
            .schema_from::<ProblemDocument>()
            .schema_from::<FieldErrorDocument>()
            .security_scheme(TOKEN, SecurityScheme::Http(token))
            .security_scheme(TABLE_TOKEN, SecurityScheme::ApiKey(table))
            .security_scheme(GUEST_PASS, SecurityScheme::ApiKey(pass))
            .build(),
    );
    api.security = Some(by_any_of(&[TOKEN, TABLE_TOKEN]));
}

/// Whether no token is needed, as `security(())` says.
fn is_open(operation: &Operation) -> bool {
    operation.security.as_ref().is_some_and(|ways| ways.contains(&SecurityRequirement::default()))
}

/// States how to authenticate where the operation does not itself: guests have no permissions.
fn tell_security(operation: &mut Operation) {
    let for_staff = extension(operation, PERMISSION).and_then(|who| who.as_str()?.parse::<Permission>().ok()).is_some();
    let usual = if for_staff { &[TOKEN][..] } else { &[TOKEN, TABLE_TOKEN] };
    operation.security.get_or_insert_with(|| by_any_of(usual));
}

fn by_any_of(ways: &[&str]) -> Vec<SecurityRequirement> {
    let no_scopes: [&str; 0] = [];
    ways.iter().map(|way| SecurityRequirement::new(*way, no_scopes)).collect()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let get = item.get.as_mut().map(|operation| (operation, false));
    let post = item.post.as_mut().map(|operation| (operation, true));
    get.into_iter().chain(post)
}

fn extension<'a>(operation: &'a Operation, name: &str) -> Option<&'a serde_json::Value> {
    operation.extensions.as_ref()?.get(name)
}

/// Says who may, also where no permission is asked for; in words too, because not every viewer shows extensions.
fn tell_permission(path: &str, operation: &mut Operation) {
    let usual = if is_open(operation) {
        "anybody"
    } else if path.starts_with("/v1/restaurants/{restaurant}") {
        "anything in the restaurant, or a guest of it"
    } else {
        "any token"
    };
    let extensions = operation.extensions.get_or_insert_default();
    let who = extensions.entry(PERMISSION.to_owned()).or_insert_with(|| usual.into());
    let words = format!("Permission: {}.", who.as_str().unwrap_or_default());
    operation.description = Some(match operation.description.take() {
        Some(text) => format!("{text}\n\n{words}"),
        None => words,
    });
}

/// The codes that the operation names itself.
fn declared(operation: &Operation) -> Vec<Code> {
    let names = extension(operation, PROBLEMS).and_then(|names| names.as_array()).into_iter().flatten();
    names.filter_map(|name| Code::from_name(name.as_str()?)).collect()
}

/// One response per status; each code is an example of it.
fn answer_with(operation: &mut Operation, codes: &[Code]) {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
    }
    for (status, codes) in by_status {
        let description: Vec<String> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
        let examples = codes.iter().map(|code| (code.as_str(), example(*code)));
        let content =
            ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).examples_from_iter(examples).build();
        let response = ResponseBuilder::new().description(description.join(", ")).content(MEDIA_TYPE, content).build();
        operation.responses.responses.insert(status.to_string(), RefOr::T(response));
    }
}

/// What stands on every answer, and on those that ask to come back.
fn add_headers(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let mut add = |name: &str, kind, description: &str| {
            let schema = ObjectBuilder::new().schema_type(kind);
            let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
            response.headers.insert(name.to_owned(), header.into());
        };
        add("RateLimit-Policy", Type::String, "The budget that was counted: `\"guest-read\";q=120;w=12`.");
        add("RateLimit", Type::String, "What is left of it, and seconds until it is full: `\"guest-read\";r=119;t=1`.");
        if matches!(status.as_str(), "429" | "503") {
            add("Retry-After", Type::Integer, "Seconds until it is worth asking again.");
        }
    }
}

fn example(code: Code) -> RefOr<utoipa::openapi::example::Example> {
    let document = serde_json::from_slice(&Problem::new(code).to_bytes("7f9c…")).ok();
    RefOr::T(ExampleBuilder::new().summary(code.title()).value(document).build())
}
