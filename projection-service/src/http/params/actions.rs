//! Which actions an auditor asks for.

use super::{Params, limit};
use action_log::table::Wanted;
use chrono::{DateTime, Utc};
use domain::ids::{RestaurantId, TenantId};
use identity::principal::SUB_BYTES_MAX;
use serde::Deserialize;
use service_kit::problem::{Code, Problem};
use utoipa::IntoParams;
use uuid::Uuid;

/// The parameters of the list of actions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActionParams {
    /// Only of this actor: the id of a member, guest or machine, with its kind before it (`staff:…`) or without.
    #[param(max_length = 64)]
    actor: Option<String>,
    /// Only about this restaurant.
    #[param(value_type = Option<String>, format = Uuid)]
    restaurant: Option<String>,
    /// Only what was denied, or only what was not.
    #[param(value_type = Option<bool>)]
    denied: Option<String>,
    /// Only what was answered with such a status: `1xx` to `5xx`; `1xx` are sockets and streams that were opened.
    #[param(pattern = "^[1-5]xx$")]
    status: Option<String>,
    /// Not before this time, RFC 3339.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
    /// Before this time, RFC 3339.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// How many at most: 1 to 100, 50 without it.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>, format = Uuid)]
    after: Option<String>,
}

/// Which actions are asked for, of a tenant that the token says.
#[derive(Debug)]
pub(crate) struct Actions {
    wanted: Wanted,
    pub(crate) limit: usize,
}

impl Actions {
    /// What is asked for, of this tenant and no other.
    pub(crate) fn of(&self, tenant: TenantId) -> Wanted {
        Wanted { tenant: Some(tenant), ..self.wanted.clone() }
    }
}

impl Params for Actions {
    type Written = ActionParams;

    fn parse(written: ActionParams) -> Result<Self, Problem> {
        let ActionParams { actor, restaurant, denied, status, since, until, limit: most, after } = written;
        let wrong = |pointer: &str, what: &str| Problem::invalid_field(pointer, what.to_owned());
        if actor.as_ref().is_some_and(|actor| actor.len() > SUB_BYTES_MAX) {
            return Err(wrong("/actor", "is too long for an actor"));
        }
        let restaurant = restaurant.map(|it| Uuid::try_parse(&it).map(RestaurantId)).transpose();
        let denied = denied.map(|it| it.parse()).transpose();
        let status = status.map(|it| class(&it).ok_or_else(|| wrong("/status", "must be 1xx to 5xx"))).transpose()?;
        let after = after.map(|text| Uuid::try_parse(&text)).transpose();
        let wanted = Wanted {
            actor,
            restaurant: restaurant.map_err(|_| wrong("/restaurant", "must be the id of a restaurant"))?,
            is_denied: denied.map_err(|_| wrong("/denied", "must be true or false"))?,
            status_class: status,
            since: time("/since", since)?,
            until: time("/until", until)?,
            before: after.map_err(|_| Problem::new(Code::BadCursor))?,
            ..Wanted::default()
        };
        Ok(Self { wanted, limit: limit(most)? })
    }
}

fn class(text: &str) -> Option<u16> {
    let digit = text.strip_suffix("xx")?;
    digit.parse().ok().filter(|class| (1..=5).contains(class) && digit.len() == 1)
}

fn time(pointer: &str, text: Option<String>) -> Result<Option<DateTime<Utc>>, Problem> {
    let wrong = |_| Problem::invalid_field(pointer, "must be a time such as 2026-11-24T12:30:00Z (RFC 3339)");
    text.map(|text| DateTime::parse_from_rfc3339(&text).map(|time| time.with_timezone(&Utc)).map_err(wrong)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{extract::Query, http::Uri};

    fn asked(query: &str) -> Result<Actions, Code> {
        let uri: Uri = format!("/v1/audit/actions?{query}").parse().unwrap();
        let written = Query::<ActionParams>::try_from_uri(&uri).map_err(|_| Code::InvalidField)?;
        Actions::parse(written.0).map_err(|problem| problem.code())
    }

    #[test]
    fn what_is_asked_is_narrowed_and_what_makes_no_sense_is_refused() {
        let all = asked("").unwrap();
        assert!(all.limit == 50 && all.wanted.actor.is_none() && all.wanted.is_denied.is_none());
        let few = asked("actor=ana&denied=true&status=4xx&since=2026-11-24T12:30:00Z&limit=5").unwrap();
        assert_eq!((few.limit, few.wanted.is_denied, few.wanted.status_class), (5, Some(true), Some(4)));
        assert_eq!(few.of(TenantId(Uuid::max())).tenant, Some(TenantId(Uuid::max())));
        for wrong in ["denied=yes", "status=404", "status=6xx", "status=+4xx", "since=yesterday", "tenant=1"] {
            assert_eq!(asked(wrong).unwrap_err(), Code::InvalidField, "{wrong}");
        }
        assert_eq!(asked(&format!("actor={}", "a".repeat(65))).unwrap_err(), Code::InvalidField);
        assert_eq!(asked("after=first").unwrap_err(), Code::BadCursor);
    }
}
