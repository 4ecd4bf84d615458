//! Events as they are stored: a type name, a schema version, and the bytes of `data`.

use crate::{
    claims::ClaimChange, dining::SessionEvent, menu::MenuEvent, ordering::OrderEvent, restaurants::RestaurantEvent,
    tenants::TenantEvent,
};
use bytes::Bytes;

/// A stored event that this build cannot read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No event has this type and schema version.
    #[error("no event is called `{event_type}` with schema version {version}")]
    Unknown {
        /// The type as stored.
        event_type: String,
        /// The schema version as stored.
        version: u16,
    },
    /// The bytes are not the JSON that the type promises.
    #[error("the data of `{event_type}` cannot be read: {source}")]
    Data {
        /// The type as stored.
        event_type: String,
        /// What was wrong.
        source: serde_json::Error,
    },
}

/// The schema of what is written, which is stricter than what would be read.
#[cfg(feature = "schema")]
pub(crate) fn schema_of<T: schemars::JsonSchema>() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>()
}

/// Declares the events of one aggregate: variants, payload types and stored names in one table.
macro_rules! events {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident($data:ty) = $type:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "type", content = "data")]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $type)] $variant($data),)*
        }

        $(impl From<$data> for $name {
            fn from(data: $data) -> Self {
                Self::$variant(data)
            }
        })*

        impl $name {
            /// The stored names of these events.
            pub const TYPES: &'static [&'static str] = &[$($type),*];

            /// The stored name of this event.
            #[must_use]
            pub fn event_type(&self) -> &'static str {
                match self { $(Self::$variant(_) => $type,)* }
            }

            /// The schema version that this build writes.
            #[must_use]
            pub fn schema_version(&self) -> u16 {
                1
            }

            pub(crate) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
                match self { $(Self::$variant(data) => serde_json::to_vec(data),)* }
            }

            pub(crate) fn from_json(event_type: &str, version: u16, data: &[u8])
                -> Result<Option<Self>, serde_json::Error> {
                match (event_type, version) {
                    $(($type, 1) => serde_json::from_slice(data).map(Self::$variant).map(Some),)*
                    _ => Ok(None),
                }
            }

            /// The JSON Schema of each event's `data`, by its stored name.
            #[cfg(feature = "schema")]
            #[must_use]
            pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
                vec![$(($type, crate::event::schema_of::<$data>())),*]
            }
        }

        impl cqrs_es::DomainEvent for $name {
            fn event_type(&self) -> String {
                Self::event_type(self).to_owned()
            }

            fn event_version(&self) -> String {
                self.schema_version().to_string()
            }
        }
    };
}
pub(crate) use events;

macro_rules! any_event {
    ($($variant:ident($inner:ty)),* $(,)?) => {
        /// Any event of a restaurant's or a tenant's feed.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Event {
            $(#[doc = concat!("An event of `", stringify!($inner), "`.")] $variant($inner),)*
        }

        $(impl From<$inner> for Event {
            fn from(event: $inner) -> Self {
                Self::$variant(event)
            }
        })*

        impl Event {
            /// The stored name, such as `order.placed`.
            #[must_use]
            pub fn event_type(&self) -> &'static str {
                match self { $(Self::$variant(event) => event.event_type(),)* }
            }

            /// The schema version that this build writes.
            #[must_use]
            pub fn schema_version(&self) -> u16 {
                match self { $(Self::$variant(event) => event.schema_version(),)* }
            }

            /// The claims that this event takes and releases.
            #[must_use]
            pub fn claims(&self) -> Vec<ClaimChange> {
                match self { $(Self::$variant(event) => event.claims(),)* }
            }

            /// The bytes of `data`. They are made once, stored, hashed and published as they are.
            ///
            /// # Errors
            /// None in practice: every payload is plain data.
            pub fn encode(&self) -> Result<Bytes, serde_json::Error> {
                match self { $(Self::$variant(event) => event.to_json().map(Bytes::from),)* }
            }

            /// Reads a stored event.
            ///
            /// # Errors
            /// When type and version are unknown to this build, or the bytes are not what they promise.
            pub fn decode(event_type: &str, version: u16, data: &[u8]) -> Result<Self, DecodeError> {
                $(match <$inner>::from_json(event_type, version, data) {
                    Ok(Some(event)) => return Ok(Self::$variant(event)),
                    Ok(None) => {}
                    Err(source) => return Err(DecodeError::Data { event_type: event_type.to_owned(), source }),
                })*
                Err(DecodeError::Unknown { event_type: event_type.to_owned(), version })
            }

            /// The stored names of all events.
            #[must_use]
            pub fn types() -> Vec<&'static str> {
                [$(<$inner>::TYPES),*].concat()
            }

            /// The JSON Schema of each event's `data`, by its stored name.
            #[cfg(feature = "schema")]
            #[must_use]
            pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
                let mut all = Vec::new();
                $(all.extend(<$inner>::schemas());)*
                all
            }
        }
    };
}

any_event! {
    Restaurant(RestaurantEvent),
    Menu(MenuEvent),
    TableSession(SessionEvent),
    Order(OrderEvent),
    Tenant(TenantEvent),
}
