//! A TCP proxy between two parts, whose network can be broken at any moment.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// What is wrong with the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Everything arrives later, both ways.
    Delay(Duration),
    /// Connections stay open, but nothing arrives any more (a cable was pulled).
    HalfOpen,
    /// Open connections are reset and new ones closed at once.
    Refuse,
    /// A connection is cut when the client sends these bytes, before their answer comes back: the first
    /// time, and then every so many times.
    CutAfter {
        /// The bytes, such as `COMMIT`.
        needle: &'static [u8],
        /// Every so many times.
        every: u64,
        /// Whether the bytes still reach the server.
        deliver: bool,
    },
}

/// A proxy on a port of its own. Dropping it cuts all its connections.
pub struct TcpProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    _task: AbortOnDropHandle<()>,
}

struct Shared {
    upstream: std::sync::Mutex<SocketAddr>,
    fault: watch::Sender<Fault>,
    cut_all: watch::Sender<u64>,
    vanished: watch::Sender<u64>,
    needles: AtomicU64,
    cuts: AtomicU64,
}

impl TcpProxy {
    /// A proxy in front of `127.0.0.1:port`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap_or_else(|error| panic!("{error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("{error}"));
        let shared = Arc::new(Shared {
            upstream: std::sync::Mutex::new(SocketAddr::from(([127, 0, 0, 1], port))),
            fault: watch::Sender::new(Fault::None),
            cut_all: watch::Sender::new(0),
            vanished: watch::Sender::new(0),
            needles: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
        });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, _task: AbortOnDropHandle::new(task) }
    }

    /// The port that clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Sets what is wrong from now on.
    pub fn set(&self, fault: Fault) {
        let refuse = fault == Fault::Refuse;
        self.shared.needles.store(0, Ordering::Relaxed);
        self.shared.fault.send_replace(fault);
        if refuse {
            self.cut();
        }
    }

    /// Cuts every open connection.
    pub fn cut(&self) {
        self.shared.cut_all.send_modify(|generation| *generation += 1);
    }

    /// Every open connection goes silent for ever, without a word to either side, as when a machine
    /// between them lost its power. New ones work.
    pub fn vanish(&self) {
        self.shared.vanished.send_modify(|generation| *generation += 1);
    }

    /// Sends new connections to another port.
    ///
    /// # Panics
    /// Never: nothing panics while it holds the lock.
    pub fn retarget(&self, port: u16) {
        let upstream = SocketAddr::from(([127, 0, 0, 1], port));
        *self.shared.upstream.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = upstream;
    }

    /// How many connections `CutAfter` has cut.
    #[must_use]
    pub fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        if *shared.fault.borrow() == Fault::Refuse {
            drop(client);
            continue;
        }
        tokio::spawn(connection(client, shared.clone()));
    }
}

async fn connection(client: TcpStream, shared: Arc<Shared>) {
    let (mut cut_all, mut vanished) = (shared.cut_all.subscribe(), shared.vanished.subscribe());
    let upstream = *shared.upstream.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    // The client sees a reset, as when a machine is gone; the server may still read what was sent.
    let _ = client.set_zero_linger();
    let cut = CancellationToken::new();
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    let mut up = pin!(pump(client_read, server_write, shared.clone(), true, cut.clone()));
    let mut down = pin!(pump(server_read, client_write, shared, false, cut.clone()));
    tokio::select! {
        () = &mut up => {}
        () = &mut down => {}
        () = cut.cancelled() => {}
        _ = cut_all.changed() => {}
        _ = vanished.changed() => {
            // Nothing is read and nothing is said, but both sockets stay open; only a cut ends it.
            let _ = cut_all.changed().await;
        }
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: Arc<Shared>,
    from_client: bool,
    cut: CancellationToken,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else { return };
        let bytes = &buffer[..count];
        let fault = shared.fault.borrow().clone();
        match fault {
            Fault::None | Fault::Refuse => {}
            Fault::Delay(delay) => tokio::time::sleep(delay).await,
            Fault::HalfOpen => wait_for_end(&shared).await,
            Fault::CutAfter { needle, every, deliver } => {
                if from_client
                    && contains(bytes, needle)
                    && shared.needles.fetch_add(1, Ordering::Relaxed).is_multiple_of(every)
                {
                    shared.cuts.fetch_add(1, Ordering::Relaxed);
                    if deliver {
                        let _ = to.write_all(bytes).await;
                    }
                    cut.cancel();
                    return;
                }
            }
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

/// Half open: nothing moves until the fault is another one.
async fn wait_for_end(shared: &Shared) {
    let mut fault = shared.fault.subscribe();
    let _ = fault.wait_for(|fault| *fault != Fault::HalfOpen).await;
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
