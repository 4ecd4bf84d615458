//! A proxy on every way between two parts.

use super::fault::{End, Trouble};
use testkit::TcpProxy;

/// The ways of one process: to its servers, and of its clients to it.
pub(super) struct Ways {
    pub(super) mysql: TcpProxy,
    pub(super) nats: TcpProxy,
    pub(super) front: TcpProxy,
}

impl Ways {
    pub(super) async fn new(mysql: u16, nats: u16, own: u16) -> Self {
        let (mysql, nats) = (TcpProxy::start(mysql).await, TcpProxy::start(nats).await);
        Self { mysql, nats, front: TcpProxy::start(own).await }
    }

    fn to(&self, end: End) -> &TcpProxy {
        match end {
            End::Mysql => &self.mysql,
            End::Nats => &self.nats,
            End::Clients => &self.front,
        }
    }

    pub(super) fn break_one(&self, end: End, trouble: &Trouble) {
        match trouble {
            Trouble::Cut => self.to(end).cut(),
            Trouble::Vanish => self.to(end).vanish(),
            Trouble::Lasting(fault) => self.to(end).set(fault.clone()),
        }
    }

    pub(super) fn mend(&self, end: End) {
        self.to(end).set(testkit::Fault::None);
    }
}
