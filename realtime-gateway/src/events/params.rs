//! What stands behind the question mark of `…/events`.

use crate::limits::PAGE_EVENTS;
use axum::extract::{FromRequestParts, Query};
use domain::{envelope::Cursor, scope::Scope};
use http::request::Parts;
use serde::Deserialize;
use service_kit::problem::{Code, Problem};
use utoipa::IntoParams;

/// Browsers send it by themselves when they come back.
const LAST_EVENT_ID: &str = "last-event-id";
/// Events of a page when nobody asks for a number.
const LIMIT: usize = 100;

/// The parameters, as they are written.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParams {
    /// `kitchen:<station>`, `floor`, `table-session:<id>`, `order:<id>` or `audit`.
    scope: Option<String>,
    /// The cursor of the last page, `<epoch>.<position>`; without it nothing before now is answered, only
    /// the cursor. `1.0` is the beginning.
    after: Option<String>,
    /// How many events at most: 1 to 256, 100 without it. Only for pages.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 256)]
    limit: Option<String>,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(super) scope: Scope,
    pub(super) after: Option<Cursor>,
    pub(super) limit: usize,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let written = Query::<EventParams>::try_from_uri(&parts.uri)
            .map_err(|error| Problem::invalid_field("", error.body_text()))?;
        let last = parts.headers.get(LAST_EVENT_ID).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
        Self::parse(written.0, last)
    }
}

impl Asked {
    fn parse(written: EventParams, last_event_id: Option<String>) -> Result<Self, Problem> {
        let wrong_scope = || Problem::invalid_field("/scope", "must be a scope, such as kitchen:grill or floor");
        let scope = written.scope.ok_or_else(wrong_scope)?.parse().map_err(|_| wrong_scope())?;
        let after = last_event_id.or(written.after).map(|text| text.parse()).transpose();
        let wrong_cursor = |_| Problem::new(Code::BadCursor).detail("must be <epoch>.<position>, such as 1.1050");
        Ok(Self { scope, after: after.map_err(wrong_cursor)?, limit: limit(written.limit)? })
    }
}

fn limit(text: Option<String>) -> Result<usize, Problem> {
    match text.map(|text| text.parse()) {
        None => Ok(LIMIT),
        Some(Ok(limit)) if (1..=PAGE_EVENTS).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::invalid_field("/limit", format!("must be 1 to {PAGE_EVENTS}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(query: &str, last: Option<&str>) -> Result<Asked, Code> {
        let uri: axum::http::Uri = format!("/events?{query}").parse().unwrap();
        let written = Query::<EventParams>::try_from_uri(&uri).map_err(|_| Code::InvalidField)?;
        Asked::parse(written.0, last.map(str::to_owned)).map_err(|problem| problem.code())
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for wrong in ["", "scope=roof", "scope=floor&limit=0", "scope=floor&limit=257", "scope=floor&limti=2"] {
            assert_eq!(ask(wrong, None).unwrap_err(), Code::InvalidField, "{wrong}");
        }
        for wrong in ["scope=floor&after=7", "scope=floor&after=1.x", "scope=floor&after="] {
            assert_eq!(ask(wrong, None).unwrap_err(), Code::BadCursor, "{wrong}");
        }
    }

    #[test]
    fn where_the_browser_stands_wins_over_where_the_page_once_began() {
        let asked = ask("scope=kitchen:grill&after=1.5", Some("1.9")).unwrap();
        assert_eq!((asked.after, asked.limit), (Some(Cursor { epoch: 1, position: 9 }), 100));
    }
}
