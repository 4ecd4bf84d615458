//! A restaurant with guests at a table, whose orders are measured.

use anyhow::{Context, Result};
use domain::{
    dining::{SessionJoined, SessionOpened},
    event::Event,
    ids::{DinerId, ItemId, MenuId, RestaurantId, SessionId, TableId, TenantId},
    menu::{ItemAdded, MenuEvent},
    money::{Currency, Money, TaxRate},
    refusal::Refusal,
    restaurants::{RestaurantCreated, RestaurantEvent, Station, Table},
    stream::StreamId,
};
use event_store::committer::{Answer, Decision, Facts, Stop, StreamRead, UseCase};
use uuid::Uuid;

/// What its menu has: name, price in cents, station.
pub(crate) const MENU: [(&str, i64, &str); 3] =
    [("Hamburguesa de la casa", 1_450, "grill"), ("Ensalada de tomate", 890, "cold"), ("Cerveza", 320, "bar")];

/// The ids of one restaurant.
#[derive(Debug, Clone)]
pub(crate) struct Restaurant {
    pub(crate) tenant: TenantId,
    pub(crate) id: RestaurantId,
    pub(crate) menu: MenuId,
    pub(crate) session: SessionId,
    pub(crate) diner: DinerId,
    pub(crate) items: [ItemId; MENU.len()],
    pub(crate) table: TableId,
}

impl Restaurant {
    /// Events that make a restaurant ready for orders: it, its items, the session and its guest.
    pub(crate) const OPENING_EVENTS: u64 = MENU.len() as u64 + 3;
    /// Claims that these events take: the items' names and the table.
    pub(crate) const OPENING_CLAIMS: u64 = MENU.len() as u64 + 1;

    pub(crate) fn new() -> Self {
        let id = Uuid::now_v7;
        Self {
            tenant: id().into(),
            id: id().into(),
            menu: id().into(),
            session: id().into(),
            diner: id().into(),
            items: MENU.map(|_| id().into()),
            table: id().into(),
        }
    }

    /// The events that make it.
    pub(crate) fn opening(&self) -> Result<Opening> {
        let opened = SessionOpened { session_id: self.session, table_id: self.table, table_label: "Terraza 7".into() };
        let joined = SessionJoined { session_id: self.session, diner_id: self.diner, number: 1 };
        let mut events = vec![(
            StreamId::from(self.id),
            Event::from(RestaurantEvent::Created(self.created().context("restaurant")?)),
        )];
        for (item, (name, price, station)) in self.items.into_iter().zip(MENU) {
            let added = item_added(item, name, price, station).context("item")?;
            events.push((self.menu.into(), Event::from(MenuEvent::ItemAdded(added))));
        }
        events.push((self.session.into(), Event::TableSession(opened.into())));
        events.push((self.session.into(), Event::TableSession(joined.into())));
        Ok(Opening(events))
    }

    fn created(&self) -> Result<RestaurantCreated> {
        let station = |(_, _, key): (&str, i64, &str)| Ok(Station { key: key.parse()?, name: key.to_owned() });
        Ok(RestaurantCreated {
            name: "Casa Prueba".to_owned(),
            currency: "EUR".parse()?,
            time_zone: "Europe/Madrid".to_owned(),
            prices_include_tax: true,
            menu_id: self.menu,
            stations: MENU.into_iter().map(station).collect::<Result<_>>()?,
            tables: vec![Table { table_id: self.table, label: "Terraza 7".to_owned(), seats: 4 }],
        })
    }
}

fn item_added(item_id: ItemId, name: &str, price: i64, station: &str) -> Result<ItemAdded> {
    let currency: Currency = "EUR".parse()?;
    Ok(ItemAdded {
        item_id,
        name: name.to_owned(),
        price: Money::new(price, currency)?,
        tax_rate_bp: TaxRate::try_from(1_000)?,
        station: station.parse()?,
    })
}

/// The command that makes a restaurant and seats its guests.
pub(crate) struct Opening(pub(crate) Vec<(StreamId, Event)>);

impl UseCase for Opening {
    fn reads(&self) -> Vec<StreamRead> {
        self.0.iter().map(|(stream, _)| StreamRead::New(*stream)).collect()
    }

    fn decide(&self, _: &Facts<'_>) -> Result<Decision, Stop> {
        let (addressed, _) = *self.0.first().ok_or(Stop::Refused(Refusal::NotFound))?;
        let extras = serde_json::Map::new();
        Ok(Decision { addressed, events: self.0.clone(), claims: Vec::new(), status: 201, location: None, extras })
    }

    fn refused(&self, refusal: &Refusal) -> Answer {
        Answer { status: 409, location: None, body: refusal.code().into() }
    }
}
