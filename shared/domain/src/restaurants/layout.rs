//! Stations and tables of a new restaurant: bounded, and none twice.

use super::{Station, Table};
use crate::{
    limits::{SEATS_MAX, STATIONS_MAX, TABLES_MAX},
    text::{Label, Name, TextError},
};
use std::collections::HashSet;

/// The stations of a restaurant: at most 32, each key once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stations(Vec<Station>);

/// The tables of a restaurant: at most 500, each label once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables(Vec<Table>);

/// Which entry of a list is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct LayoutError {
    /// The place in the request, such as `/tables/3/label`.
    pub pointer: String,
    /// What is wrong there.
    pub problem: LayoutProblem,
}

/// What can be wrong with stations and tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutProblem {
    /// More than a restaurant can have.
    #[error("must have at most {max} entries")]
    TooMany {
        /// How many are allowed.
        max: usize,
    },
    /// A name or label that no text may be.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A table for nobody, or for a crowd.
    #[error("must be 1 to {SEATS_MAX} seats")]
    Seats,
    /// Two entries that could not be told apart.
    #[error("must not be the same as an earlier entry")]
    Duplicate,
}

impl Stations {
    /// Checks the stations and trims their names.
    ///
    /// # Errors
    /// The first entry that is wrong.
    pub fn parse(mut stations: Vec<Station>) -> Result<Self, LayoutError> {
        at_most(STATIONS_MAX, stations.len(), "/stations")?;
        let mut seen = HashSet::new();
        for (index, station) in stations.iter_mut().enumerate() {
            let at = |field| move |problem| error(format!("/stations/{index}/{field}"), problem);
            station.name = Name::parse(&station.name).map_err(LayoutProblem::from).map_err(at("name"))?.into();
            first_time(&mut seen, station.key.as_str()).map_err(at("key"))?;
        }
        Ok(Self(stations))
    }
}

impl Tables {
    /// Checks the tables and trims their labels. Labels that differ only in case count as the same.
    ///
    /// # Errors
    /// The first entry that is wrong.
    pub fn parse(mut tables: Vec<Table>) -> Result<Self, LayoutError> {
        at_most(TABLES_MAX, tables.len(), "/tables")?;
        let mut seen = HashSet::new();
        for (index, table) in tables.iter_mut().enumerate() {
            let at = |field| move |problem| error(format!("/tables/{index}/{field}"), problem);
            table.label = Label::parse(&table.label).map_err(LayoutProblem::from).map_err(at("label"))?.into();
            if !(1..=SEATS_MAX).contains(&table.seats) {
                return Err(at("seats")(LayoutProblem::Seats));
            }
            first_time(&mut seen, &table.label).map_err(at("label"))?;
        }
        Ok(Self(tables))
    }
}

impl From<Stations> for Vec<Station> {
    fn from(stations: Stations) -> Self {
        stations.0
    }
}

impl From<Tables> for Vec<Table> {
    fn from(tables: Tables) -> Self {
        tables.0
    }
}

fn at_most(max: usize, count: usize, pointer: &str) -> Result<(), LayoutError> {
    if count > max { Err(error(pointer.to_owned(), LayoutProblem::TooMany { max })) } else { Ok(()) }
}

fn first_time(seen: &mut HashSet<String>, text: &str) -> Result<(), LayoutProblem> {
    if seen.insert(text.to_lowercase()) { Ok(()) } else { Err(LayoutProblem::Duplicate) }
}

fn error(pointer: String, problem: LayoutProblem) -> LayoutError {
    LayoutError { pointer, problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TableId;

    fn station(key: &str, name: &str) -> Station {
        Station { key: key.parse().unwrap(), name: name.to_owned() }
    }

    fn table(label: &str, seats: u16) -> Table {
        Table { table_id: TableId::default(), label: label.to_owned(), seats }
    }

    #[track_caller]
    fn refused<T: std::fmt::Debug>(result: Result<T, LayoutError>, pointer: &str, problem: LayoutProblem) {
        assert_eq!(result.unwrap_err(), LayoutError { pointer: pointer.to_owned(), problem });
    }

    #[test]
    fn texts_are_trimmed() {
        let tables: Vec<Table> = Tables::parse(vec![table(" Terrace 3 ", 4)]).unwrap().into();
        assert_eq!(tables[0].label, "Terrace 3");
    }

    #[test]
    fn a_restaurant_may_have_no_tables_at_all() {
        assert!(Tables::parse(Vec::new()).is_ok());
    }

    #[test]
    fn a_station_key_is_used_once() {
        let twice = vec![station("grill", "Grill"), station("bar", "Bar"), station("grill", "Grill 2")];
        refused(Stations::parse(twice), "/stations/2/key", LayoutProblem::Duplicate);
    }

    #[test]
    fn a_table_label_is_used_once_whatever_its_case() {
        refused(Tables::parse(vec![table("A1", 2), table("a1", 2)]), "/tables/1/label", LayoutProblem::Duplicate);
    }

    #[test]
    fn a_blank_name_is_pointed_at() {
        let blank = LayoutProblem::Text(TextError::Blank);
        refused(Stations::parse(vec![station("grill", " ")]), "/stations/0/name", blank);
        refused(Tables::parse(vec![table("", 2)]), "/tables/0/label", blank);
    }

    #[test]
    fn a_table_seats_somebody_but_no_crowd() {
        assert!(Tables::parse(vec![table("1", 1), table("2", SEATS_MAX)]).is_ok());
        refused(Tables::parse(vec![table("1", 0)]), "/tables/0/seats", LayoutProblem::Seats);
        refused(Tables::parse(vec![table("1", SEATS_MAX + 1)]), "/tables/0/seats", LayoutProblem::Seats);
    }

    #[test]
    fn there_are_at_most_32_stations_and_500_tables() {
        let stations = |count| (0..count).map(|n| station(&format!("s{n}"), "Station")).collect();
        let tables = |count| (0..count).map(|n| table(&n.to_string(), 2)).collect();
        assert!(Stations::parse(stations(32)).is_ok());
        assert!(Tables::parse(tables(500)).is_ok());
        refused(Stations::parse(stations(33)), "/stations", LayoutProblem::TooMany { max: 32 });
        refused(Tables::parse(tables(501)), "/tables", LayoutProblem::TooMany { max: 500 });
    }
}
