//! JSON bodies, and what is wrong with them.

use crate::problem::{Code, Problem};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// A body of this type, and its bytes as they were sent. The last argument of a handler.
///
/// # Errors
/// `malformed-json`, `invalid-field` with the place of the first mistake.
#[derive(Debug, Clone)]
pub struct JsonBody<T> {
    /// What the body says.
    pub value: T,
    /// How it says it: requests are told apart by their bytes.
    pub raw: Bytes,
}

/// A body of this type; nothing at all is the same as `{}`. The last argument of a handler.
///
/// # Errors
/// `malformed-json`, `invalid-field` with the place of the first mistake.
#[derive(Debug, Clone)]
pub struct OptionalBody<T> {
    /// What the body says.
    pub value: T,
    /// How it says it.
    pub raw: Bytes,
}

/// No body: nothing, or `{}`. The last argument of a handler.
///
/// # Errors
/// `malformed-json`, `invalid-field` for any member.
#[derive(Debug, Clone)]
pub struct NoBody {
    /// The bytes as they were sent.
    pub raw: Bytes,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "no body, or {}")]
struct Nothing {}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let raw = bytes(request, state).await?;
        Ok(Self { value: parse(&raw)?, raw })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let raw = bytes(request, state).await?;
        Ok(Self { value: parse(if raw.is_empty() { b"{}" } else { &raw })?, raw })
    }
}

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let raw = bytes(request, state).await?;
        if !raw.is_empty() {
            let Nothing {} = parse(&raw)?;
        }
        Ok(Self { raw })
    }
}

/// How serde begins to tell that a field is missing or one too many.
const NAMES_A_FIELD: [&str; 3] = ["missing field `", "unknown field `", "duplicate field `"];

/// The size was bounded before the request came here.
async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|_| Problem::new(Code::MalformedJson))
}

fn parse<T: DeserializeOwned>(raw: &[u8]) -> Result<T, Problem> {
    // serde would also read the fields of a struct from an array, one after another.
    if raw.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::invalid_field("", "must be an object"));
    }
    let mut json = serde_json::Deserializer::from_slice(raw);
    let value =
        serde_path_to_error::deserialize(&mut json).map_err(|error| problem(error.path(), error.inner(), raw))?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Code::MalformedJson).detail(error.to_string())
}

fn problem(path: &Path, error: &serde_json::Error, raw: &[u8]) -> Problem {
    let mut detail = without_place(&error.to_string());
    if !error.is_data() {
        // Where one of several words is expected, anything else is wrong JSON to serde_json, however sound it is.
        if serde_json::from_slice::<serde_json::Value>(raw).is_err() {
            return malformed(error);
        }
        detail = format!("is not what belongs here: {detail}");
    }
    // The path leads to the object that misses a field, or has one too many; name the field.
    let field = NAMES_A_FIELD.iter().find_map(|start| detail.strip_prefix(start)?.split('`').next());
    let pointer = pointer(path, field);
    Problem::invalid_field(pointer, detail)
}

/// A path as a JSON Pointer (RFC 6901).
fn pointer(path: &Path, field: Option<&str>) -> String {
    let mut pointer = String::new();
    let mut push = |segment: &str| {
        pointer.push('/');
        pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
    };
    let mut last = None;
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&index.to_string()),
            Segment::Map { key } | Segment::Enum { variant: key } => push(key),
            Segment::Unknown => continue,
        }
        last = Some(segment);
    }
    let named = |name: &str| matches!(last, Some(Segment::Map { key }) if key == name);
    if let Some(name) = field.filter(|name| !named(name)) {
        push(name);
    }
    pointer
}

/// The place in the text means nothing to a program that has the pointer.
fn without_place(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields, expecting = "an object")]
    #[expect(dead_code, reason = "only what cannot be read matters here")]
    struct Order {
        lines: Vec<Line>,
        note: Option<String>,
        at: Option<At>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only what cannot be read matters here")]
    enum At {
        Everywhere,
        Table(u32),
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields, expecting = "an object")]
    #[expect(dead_code, reason = "only what cannot be read matters here")]
    struct Line {
        quantity: u32,
    }

    #[track_caller]
    fn refused(body: &str, code: Code, pointer: &str, words: &str) {
        let problem = parse::<Order>(body.as_bytes()).unwrap_err();
        let document: Value = serde_json::from_slice(&problem.to_bytes("")).unwrap();
        assert_eq!(problem.code(), code, "{document}");
        let error = &document["errors"][0];
        assert_eq!(error["pointer"].as_str().unwrap_or_default(), pointer, "{document}");
        let said = error["detail"].as_str().or(document["detail"].as_str()).unwrap();
        assert!(said.contains(words), "{document}");
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for body in ["", "{", r#"{"lines":["#, r#"{"lines":[]} x"#, "nope", r#"{"lines":[],}"#, "\u{feff}{}"] {
            refused(body, Code::MalformedJson, "", "");
        }
        assert!(parse::<Order>(b"\xff\xfe").is_err());
        refused(&"[".repeat(1_000), Code::InvalidField, "", "an object");
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        refused("[]", Code::InvalidField, "", "");
        refused(r#"{"note":"x"}"#, Code::InvalidField, "/lines", "missing field");
        refused(r#"{"lines":[{}]}"#, Code::InvalidField, "/lines/0/quantity", "missing field");
        refused(
            r#"{"lines":[{"quantity":1},{"quantity":-1}]}"#,
            Code::InvalidField,
            "/lines/1/quantity",
            "integer `-1`",
        );
        refused(r#"{"lines":[{"quantity":99999999999}]}"#, Code::InvalidField, "/lines/0/quantity", "u32");
        refused(r#"{"lines":[{"quantity":1.5}]}"#, Code::InvalidField, "/lines/0/quantity", "1.5");
        refused(r#"{"lines":[],"note":7}"#, Code::InvalidField, "/note", "a string");
        refused(r#"{"lines":[],"lines":[]}"#, Code::InvalidField, "/lines", "duplicate field");
    }

    #[test]
    fn a_sound_value_that_is_none_of_several_is_pointed_at() {
        for at in ["{}", r#"{"table":1,"chair":2}"#, "[]", "7", r#"{"table":"x"}"#, r#""nowhere""#] {
            let problem = parse::<Order>(format!(r#"{{"lines":[],"at":{at}}}"#).as_bytes()).unwrap_err();
            let document: Value = serde_json::from_slice(&problem.to_bytes("")).unwrap();
            assert_eq!(problem.code(), Code::InvalidField, "{at}: {document}");
            assert!(document["errors"][0]["pointer"].as_str().unwrap().starts_with("/at"), "{at}: {document}");
        }
    }

    #[test]
    fn unknown_fields_are_refused_by_name() {
        refused(r#"{"lines":[],"tip":1}"#, Code::InvalidField, "/tip", "unknown field");
        refused(r#"{"lines":[{"quantity":1,"a/b~c":1}]}"#, Code::InvalidField, "/lines/0/a~1b~0c", "unknown field");
    }

    #[test]
    fn nothing_is_nothing() {
        assert!(parse::<Nothing>(b" {} ").is_ok());
        assert_eq!(parse::<Nothing>(b"{\"a\":1}").err().map(|problem| problem.code()), Some(Code::InvalidField));
    }
}
