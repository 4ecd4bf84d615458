//! The state that a console starts from: what the views say, with the cursor at which they say it.

use super::{board::Board, pass::Pass};
use anyhow::{Result, anyhow, bail};
use chrono::{DateTime, Utc};
use domain::{ids::RestaurantId, station::StationKey};
use reqwest::{Client, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Duration;

/// Where the views of one station are.
#[derive(Clone)]
pub(super) struct Views {
    http: Client,
    /// The address of the restaurant, without a slash at its end.
    restaurant: String,
    station: StationKey,
    pass: Pass,
}

/// A view did not answer as hoped.
#[derive(Debug)]
pub(super) enum Refused {
    /// It may answer later.
    ForNow,
    /// Asking again would not help.
    ForGood(anyhow::Error),
}

/// Names for the head of the screen.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Place {
    pub(super) name: String,
    stations: Vec<Station>,
}

#[derive(Debug, Clone, Deserialize)]
struct Station {
    key: String,
    name: String,
}

/// The board as the view tells it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Snapshot {
    pub(super) now: DateTime<Utc>,
    #[serde(flatten)]
    pub(super) board: Board,
}

impl Views {
    /// The views at this address.
    pub(super) fn new(base: &str, restaurant: RestaurantId, station: StationKey, pass: Pass) -> Result<Self> {
        let http = Client::builder().connect_timeout(Duration::from_secs(3)).timeout(Duration::from_secs(10));
        let restaurant = format!("{base}/v1/restaurants/{restaurant}");
        Ok(Self { http: http.build()?, restaurant, station, pass })
    }

    /// The restaurant, checked to have the station.
    pub(super) async fn place(&self) -> Result<Place, Refused> {
        let place: Place = self.get(&self.restaurant).await?;
        if place.stations.iter().any(|it| it.key == self.station.as_str()) {
            return Ok(place);
        }
        let known: Vec<&str> = place.stations.iter().map(|it| it.key.as_str()).collect();
        Err(Refused::ForGood(anyhow!("there is no station `{}`; stations are {}", self.station, known.join(", "))))
    }

    /// The board of the station.
    pub(super) async fn board(&self) -> Result<Snapshot, Refused> {
        self.get(&format!("{}/kitchen-board?station={}", self.restaurant, self.station)).await
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, Refused> {
        let token = self.pass.token().map_err(Refused::ForGood)?;
        let answer = self.http.get(url).bearer_auth(token).send().await;
        let answer = answer.map_err(|_| Refused::ForNow)?;
        usable(answer.status())?;
        answer.json().await.map_err(|_| Refused::ForNow)
    }
}

fn usable(status: StatusCode) -> Result<(), Refused> {
    let sorry = |text: &str| Refused::ForGood(anyhow!("{text}"));
    match status {
        StatusCode::UNAUTHORIZED => Err(sorry("the token is refused: was this installation started with another key?")),
        StatusCode::FORBIDDEN => Err(sorry("the token does not allow to read the kitchen")),
        StatusCode::NOT_FOUND => Err(sorry("there is no such restaurant")),
        status if status.is_success() => Ok(()),
        _ => Err(Refused::ForNow),
    }
}

impl Place {
    /// What people call the station.
    pub(super) fn station_name<'a>(&'a self, key: &'a StationKey) -> &'a str {
        self.stations.iter().find(|it| it.key == key.as_str()).map_or(key.as_str(), |it| it.name.as_str())
    }
}

/// Reads a station's key as somebody typed it.
pub(super) fn station(text: &str) -> Result<StationKey> {
    match text.parse() {
        Ok(key) => Ok(key),
        Err(reason) => bail!("`{text}` is no station: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ordering::LineState;

    #[test]
    fn the_answer_of_the_view_becomes_a_board() {
        let answer = r#"{"cursor":{"epoch":1,"position":1050},"now":"2026-01-02T03:05:00.000000Z","tickets":[{
            "order_id":"0192d3a4-0000-7000-8000-000000000001","code":"7K2M","station":"grill","table_label":"4",
            "state":"fired","fired_at":"2026-01-02T03:04:05.000000Z","lines":[{
                "line_id":"0192d3a4-0000-7000-8000-000000000002","name":"Burger","quantity":2,"state":"preparing",
                "changed_at":"2026-01-02T03:04:05.000000Z"}]}]}"#;
        let snapshot: Snapshot = serde_json::from_str(answer).unwrap();
        assert_eq!(snapshot.board.cursor.position, 1050);
        assert_eq!(snapshot.board.tickets[0].lines[0].state, LineState::Preparing);
        assert_eq!((snapshot.now - snapshot.board.tickets[0].fired_at).num_seconds(), 55);
    }

    #[test]
    fn what_may_heal_is_tried_again() {
        assert!(matches!(usable(StatusCode::SERVICE_UNAVAILABLE), Err(Refused::ForNow)));
        assert!(matches!(usable(StatusCode::FORBIDDEN), Err(Refused::ForGood(_))));
        assert!(usable(StatusCode::OK).is_ok());
    }
}
