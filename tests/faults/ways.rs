//! A proxy on every way between two parts.

use super::fault::{End, Trouble};
use testkit::TcpProxy;

/// The ways of one process: to each of its servers, and of its clients to it.
pub(super) struct Ways {
    pub(super) mysql: Vec<TcpProxy>,
    pub(super) nats: Vec<TcpProxy>,
    pub(super) front: TcpProxy,
}

impl Ways {
    pub(super) async fn new(mysql: &[u16], nats: &[u16], own: u16) -> Self {
        Self { mysql: to_each(mysql).await, nats: to_each(nats).await, front: TcpProxy::start(own).await }
    }

    fn to(&self, end: End) -> &[TcpProxy] {
        match end {
            End::Mysql => &self.mysql,
            End::Nats => &self.nats,
            End::Clients => std::slice::from_ref(&self.front),
        }
    }

    pub(super) fn break_one(&self, end: End, trouble: &Trouble) {
        for way in self.to(end) {
            match trouble {
                Trouble::Cut => way.cut(),
                Trouble::Vanish => way.vanish(),
                Trouble::Lasting(fault) => way.set(fault.clone()),
            }
        }
    }

    pub(super) fn mend(&self, end: End) {
        self.to(end).iter().for_each(|way| way.set(testkit::Fault::None));
    }
}

/// The ports of the proxies, as a process is told them.
pub(super) fn ports(ways: &[TcpProxy]) -> Vec<u16> {
    ways.iter().map(TcpProxy::port).collect()
}

async fn to_each(servers: &[u16]) -> Vec<TcpProxy> {
    let mut ways = Vec::with_capacity(servers.len());
    for port in servers {
        ways.push(TcpProxy::start(*port).await);
    }
    ways
}
