//! Which service is told which address of the database, and so which password.

use crate::cli::ServiceName;
use migrations::Access;

/// A user of the database: how services are told of it, and who needs it.
pub(crate) struct Address {
    /// What the name of the user ends with.
    pub(crate) user: &'static str,
    /// The variable that holds the address.
    pub(crate) variable: &'static str,
    /// The services that read it.
    pub(crate) services: &'static [ServiceName],
    of: fn(&Access) -> &String,
}

use ServiceName::{Command, Gateway, Identity, Projection, Relay};

/// All of them.
pub(crate) const ADDRESSES: [Address; 7] = [
    Address { user: "writer", variable: "ARIS_WRITER_URL", services: &[Command, Identity], of: |it| &it.writer },
    Address { user: "relay", variable: "ARIS_RELAY_URL", services: &[Relay], of: |it| &it.relay },
    Address {
        user: "reader",
        variable: "ARIS_READER_URL",
        services: &[Projection, Gateway, Identity],
        of: |it| &it.reader,
    },
    Address { user: "projection", variable: "ARIS_PROJECTION_URL", services: &[Projection], of: |it| &it.projection },
    Address {
        user: "personal",
        variable: "ARIS_PERSONAL_URL",
        services: &[Command, Projection, Identity],
        of: |it| &it.personal,
    },
    Address {
        user: "audit",
        variable: "ARIS_AUDIT_URL",
        services: &[Command, Projection, Gateway, Identity],
        of: |it| &it.audit,
    },
    Address { user: "identity", variable: "ARIS_IDENTITY_URL", services: &[Identity], of: |it| &it.identity },
];

/// What a service is told: its own addresses and no others, so that a broken one cannot become another.
pub(crate) fn addresses_of(service: ServiceName, access: &Access) -> Vec<(&'static str, String)> {
    let is_its = |address: &&Address| service == ServiceName::All || address.services.contains(&service);
    ADDRESSES.iter().filter(is_its).map(|address| (address.variable, (address.of)(access).clone())).collect()
}
