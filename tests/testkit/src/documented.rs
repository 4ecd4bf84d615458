//! The document of a service against what it answers.

use serde_json::Value;

/// Asserts that the OpenAPI document lists this answer: its status, and for a problem its code. Says nothing of paths
/// and methods that it does not have.
///
/// # Panics
/// When the document does not list it.
#[track_caller]
pub fn assert_documented(document: &Value, (method, path): (&str, &str), status: u16, code: Option<&str>) {
    let path = path.split('?').next().unwrap_or_default();
    let Some((template, operation)) = operation(document, method, path) else { return };
    let answer = &operation["responses"][status.to_string()];
    assert!(answer.is_object(), "{method} {template} answered {status}, which the document does not list");
    if let Some(code) = code {
        let listed = &answer["content"]["application/problem+json"]["examples"][code];
        assert!(listed.is_object(), "{method} {template} answered {status} {code}, which the document does not list");
    }
}

/// The operation that answers this path; one whose path has fewer parameters comes first.
fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<(&'a str, &'a Value)> {
    let found = document["paths"].as_object()?.iter().filter(|(template, _)| fits(template, path));
    let (template, item) = found.min_by_key(|(template, _)| template.matches('{').count())?;
    item.get(method.to_ascii_lowercase()).map(|operation| (template.as_str(), operation))
}

fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(it)) if part == it || (part.starts_with('{') && !it.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::assert_documented;
    use serde_json::{Value, json};

    fn document() -> Value {
        let problem = json!({"content": {"application/problem+json": {"examples": {"not-found": {}}}}});
        json!({"paths": {
            "/a/{id}": {"post": {"responses": {"200": {}, "404": problem}}},
            "/a/me": {"post": {"responses": {"204": {}}}},
        }})
    }

    #[test]
    fn what_is_listed_or_not_of_the_document_passes() {
        assert_documented(&document(), ("POST", "/a/7?wait=1"), 200, None);
        assert_documented(&document(), ("POST", "/a/7"), 404, Some("not-found"));
        assert_documented(&document(), ("POST", "/a/me"), 204, None);
        assert_documented(&document(), ("GET", "/a/7"), 405, Some("method-not-allowed"));
        assert_documented(&document(), ("POST", "/b"), 404, Some("not-found"));
    }

    #[test]
    #[should_panic(expected = "POST /a/{id} answered 404 gone")]
    fn a_code_that_is_not_listed_does_not() {
        assert_documented(&document(), ("POST", "/a/7"), 404, Some("gone"));
    }

    #[test]
    #[should_panic(expected = "POST /a/me answered 200")]
    fn a_status_that_is_not_listed_does_not() {
        assert_documented(&document(), ("POST", "/a/me"), 200, None);
    }
}
