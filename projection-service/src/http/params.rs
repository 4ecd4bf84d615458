//! What stands behind the question mark.

mod actions;

pub(crate) use actions::{ActionParams, Actions};

use crate::audit::as_of::Moment;
use axum::extract::{FromRequestParts, Query};
use chrono::{DateTime, Utc};
use domain::{limits::LIST_ROWS_MAX, ordering::ViewState, station::StationKey};
use http::request::Parts;
use serde::{Deserialize, de::DeserializeOwned};
use service_kit::problem::{Code, Problem};
use utoipa::IntoParams;
use uuid::Uuid;

/// Rows of a list when nobody asks for a number.
const LIST_ROWS: usize = 50;

/// Parameters of a query, parsed. Unknown ones are refused: a misspelled `min_position` would
/// otherwise quietly promise nothing.
pub(crate) trait Params: Sized {
    /// As they are written.
    type Written: DeserializeOwned;

    /// What they mean.
    fn parse(written: Self::Written) -> Result<Self, Problem>;
}

/// Extracts parameters.
pub(crate) struct Asked<P>(pub(crate) P);

impl<P: Params, S: Send + Sync> FromRequestParts<S> for Asked<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let written = Query::<P::Written>::try_from_uri(&parts.uri)
            .map_err(|error| Problem::invalid_field("", error.body_text()))?;
        P::parse(written.0).map(Self)
    }
}

/// `?min_position=`
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MinPosition {
    /// Wait (at most 5 s) until the view contains this position, such as the one that a command
    /// answered.
    #[param(value_type = Option<u64>, minimum = 0)]
    min_position: Option<String>,
}

/// The position that an answer must contain at least.
pub(crate) struct AtLeast(pub(crate) u64);

impl Params for AtLeast {
    type Written = MinPosition;

    fn parse(written: MinPosition) -> Result<Self, Problem> {
        position("min_position", written.min_position).map(|position| Self(position.unwrap_or(0)))
    }
}

/// The parameters of one order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OneOrderParams {
    /// Wait (at most 5 s) until the view contains this position. Not together with the others.
    #[param(value_type = Option<u64>, minimum = 0)]
    min_position: Option<String>,
    /// The order as it was after the event at this position; needs `audit:read`.
    #[param(value_type = Option<u64>, minimum = 0)]
    as_of_position: Option<String>,
    /// The order as it was at this time, RFC 3339; needs `audit:read`.
    #[param(value_type = Option<String>, format = DateTime)]
    as_of: Option<String>,
}

/// Which state of an order is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OneOrder {
    /// What the view says now, at or after this position.
    Now(u64),
    /// What it was.
    Then(Moment),
}

impl Params for OneOrder {
    type Written = OneOrderParams;

    fn parse(written: OneOrderParams) -> Result<Self, Problem> {
        match (written.min_position, written.as_of_position, written.as_of) {
            (min, None, None) => Ok(Self::Now(position("min_position", min)?.unwrap_or(0))),
            (None, Some(at), None) => {
                Ok(Self::Then(Moment::Position(position("as_of_position", Some(at))?.unwrap_or(0))))
            }
            (None, None, Some(time)) => Ok(Self::Then(Moment::Time(time_of(&time)?))),
            _ => Err(Problem::invalid_field("/as_of", "only one of as_of, as_of_position and min_position")),
        }
    }
}

fn time_of(text: &str) -> Result<DateTime<Utc>, Problem> {
    let wrong = |_| Problem::invalid_field("/as_of", "must be a time such as 2026-11-24T12:30:00Z (RFC 3339)");
    DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc)).map_err(wrong)
}

/// The parameters of a history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryParams {
    /// How many events at most: 1 to 100, 50 without it. A page has at most about 256 KiB.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The `next` of the page before: a version of the order.
    #[param(value_type = Option<u64>, minimum = 1)]
    after: Option<String>,
}

/// Which part of a history is asked for.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) limit: usize,
    /// The version after which it begins.
    pub(crate) after: u64,
}

impl Params for History {
    type Written = HistoryParams;

    fn parse(written: HistoryParams) -> Result<Self, Problem> {
        let after = written.after.map(|text| text.parse().map_err(|_| Problem::new(Code::BadCursor))).transpose()?;
        Ok(Self { limit: limit(written.limit)?, after: after.unwrap_or(0) })
    }
}

/// The parameters of the kitchen board.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BoardParams {
    /// Only this station; all stations without it.
    #[param(max_length = 32)]
    station: Option<String>,
    /// Wait (at most 5 s) until the view contains this position.
    #[param(value_type = Option<u64>, minimum = 0)]
    min_position: Option<String>,
}

/// What is asked of the kitchen board.
pub(crate) struct Board {
    pub(crate) station: Option<StationKey>,
    pub(crate) min_position: u64,
}

impl Params for Board {
    type Written = BoardParams;

    fn parse(written: BoardParams) -> Result<Self, Problem> {
        let station = written.station.map(StationKey::try_from).transpose();
        let station = station.map_err(|error| Problem::invalid_field("/station", error.to_string()))?;
        Ok(Self { station, min_position: position("min_position", written.min_position)?.unwrap_or(0) })
    }
}

/// The parameters of the list of orders.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderParams {
    /// Only orders in this state: placed, rejected, cancelled, accepted, preparing, ready or served.
    state: Option<String>,
    /// How many at most: 1 to 100, 50 without it. A page ends earlier where it would be larger than 256 KiB.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    #[param(value_type = Option<u64>, minimum = 1)]
    after: Option<String>,
    /// Wait (at most 5 s) until the view contains this position.
    #[param(value_type = Option<u64>, minimum = 0)]
    min_position: Option<String>,
}

/// What is asked of the list of orders.
#[derive(Debug)]
pub(crate) struct OrderList {
    pub(crate) state: Option<ViewState>,
    pub(crate) limit: usize,
    pub(crate) after: Option<u64>,
    pub(crate) min_position: u64,
}

impl Params for OrderList {
    type Written = OrderParams;

    fn parse(written: OrderParams) -> Result<Self, Problem> {
        let unknown = || Problem::invalid_field("/state", "is no state of an order");
        let state = written.state.map(|name| ViewState::from_name(&name).ok_or_else(unknown)).transpose()?;
        let after = written.after.map(|text| text.parse().map_err(|_| Problem::new(Code::BadCursor))).transpose()?;
        let min_position = position("min_position", written.min_position)?.unwrap_or(0);
        Ok(Self { state, limit: limit(written.limit)?, after, min_position })
    }
}

/// The parameters of a list that is in the order of ids.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ByIdParams {
    /// How many at most: 1 to 100, 50 without it.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>, format = Uuid)]
    after: Option<String>,
    /// A position that the answer must contain, such as the one that a command answered.
    #[param(value_type = Option<u64>, minimum = 0)]
    min_position: Option<String>,
}

/// Which part of a list in the order of ids is asked for.
#[derive(Debug)]
pub(crate) struct ById {
    pub(crate) limit: usize,
    pub(crate) after: Option<Uuid>,
    pub(crate) min_position: u64,
}

impl Params for ById {
    type Written = ByIdParams;

    fn parse(written: ByIdParams) -> Result<Self, Problem> {
        let bad = |_| Problem::new(Code::BadCursor);
        let after = written.after.map(|text| Uuid::try_parse(&text).map_err(bad)).transpose()?;
        let min_position = position("min_position", written.min_position)?.unwrap_or(0);
        Ok(Self { limit: limit(written.limit)?, after, min_position })
    }
}

impl ById {
    /// One page of things in the order of their ids, and where the next begins.
    pub(crate) fn page<K: Copy + Ord + From<Uuid> + Into<Uuid>, V>(
        &self,
        all: impl Iterator<Item = (K, V)>,
    ) -> (Vec<(K, V)>, Option<Uuid>) {
        let after = self.after.map(K::from);
        let mut page: Vec<_> =
            all.filter(|(id, _)| after.is_none_or(|after| *id > after)).take(self.limit + 1).collect();
        let more = page.len() > self.limit;
        page.truncate(self.limit);
        let next = if more { page.last().map(|(id, _)| (*id).into()) } else { None };
        (page, next)
    }
}

fn limit(text: Option<String>) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(LIST_ROWS) };
    match text.parse() {
        Ok(limit) if (1..=LIST_ROWS_MAX).contains(&limit) => Ok(limit),
        _ => Err(Problem::invalid_field("/limit", format!("must be 1 to {LIST_ROWS_MAX}"))),
    }
}

fn position(name: &str, text: Option<String>) -> Result<Option<u64>, Problem> {
    let wrong = || Problem::invalid_field(format!("/{name}"), "must be a position: a whole number from 0 on");
    text.map(|text| text.parse().map_err(|_| wrong())).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Uri;

    fn list(query: &str) -> Result<OrderList, Code> {
        let uri: Uri = format!("/orders?{query}").parse().unwrap();
        let written = Query::<OrderParams>::try_from_uri(&uri).map_err(|_| Code::InvalidField)?;
        OrderList::parse(written.0).map_err(|problem| problem.code())
    }

    #[test]
    fn a_list_has_1_to_100_rows() {
        assert_eq!(list("").unwrap().limit, 50);
        assert_eq!(list("limit=100").unwrap().limit, 100);
        for wrong in ["limit=0", "limit=101", "limit=-1", "limit=ten", "limit="] {
            assert_eq!(list(wrong).unwrap_err(), Code::InvalidField, "{wrong}");
        }
    }

    fn one(query: &str) -> Result<OneOrder, Code> {
        let uri: Uri = format!("/orders/1?{query}").parse().unwrap();
        let written = Query::<OneOrderParams>::try_from_uri(&uri).map_err(|_| Code::InvalidField)?;
        OneOrder::parse(written.0).map_err(|problem| problem.code())
    }

    #[test]
    fn an_order_is_asked_for_as_it_is_or_as_it_was() {
        assert_eq!(one(""), Ok(OneOrder::Now(0)));
        assert_eq!(one("min_position=7"), Ok(OneOrder::Now(7)));
        assert_eq!(one("as_of_position=7"), Ok(OneOrder::Then(Moment::Position(7))));
        let time = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for text in ["2023-11-14T22:13:20Z", "2023-11-14T23:13:20%2B01:00"] {
            assert_eq!(one(&format!("as_of={text}")), Ok(OneOrder::Then(Moment::Time(time))));
        }
        for wrong in ["as_of=yesterday", "as_of=", "as_of_position=-1", "as_of_position=1&min_position=1", "asof=1"] {
            assert_eq!(one(wrong), Err(Code::InvalidField), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert_eq!(list("state=eaten").unwrap_err(), Code::InvalidField);
        assert_eq!(list("min_postion=3").unwrap_err(), Code::InvalidField);
        assert_eq!(list("min_position=1.5").unwrap_err(), Code::InvalidField);
        assert_eq!(list("after=first").unwrap_err(), Code::BadCursor);
        assert_eq!(list("after=12&state=ready").unwrap().after, Some(12));
    }
}
