//! An event on its way to those who follow a scope.

use super::{ScopeLog, scope_log::Waiter};
use crate::websocket::Handed;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Connections that one task writes to, one after another: some hundred microseconds of work, so that no core has much
/// left to do when the others are done.
const CONNECTIONS_PER_TASK: usize = 64;

/// The scopes that see an event which was put into the ring.
#[derive(Debug)]
#[must_use = "nobody knows of the event yet"]
pub(crate) struct HandOut {
    pub(super) logs: Vec<Arc<ScopeLog>>,
    pub(super) position: u64,
}

impl HandOut {
    /// Wakes the tasks of all who follow them; they look for themselves.
    pub(crate) fn ring(self) {
        self.logs.iter().for_each(|log| log.wake());
    }

    /// Writes the frame to all connections that are at rest, and wakes the tasks of the others.
    pub(crate) async fn write(self) {
        for log in self.logs {
            match log.handed(self.position) {
                Some(frame) => to_all(&log, frame).await,
                None => log.wake(),
            }
        }
    }
}

async fn to_all(log: &ScopeLog, frame: Handed) {
    let waiters = log.waiters();
    if waiters.len() <= CONNECTIONS_PER_TASK {
        return to_each(&waiters, &frame);
    }
    let frame = Arc::new(frame);
    let mut tasks = JoinSet::new();
    for from in (0..waiters.len()).step_by(CONNECTIONS_PER_TASK) {
        let (waiters, frame) = (Arc::clone(&waiters), Arc::clone(&frame));
        tasks.spawn(async move {
            let to = waiters.len().min(from + CONNECTIONS_PER_TASK);
            to_each(&waiters[from..to], &frame);
        });
    }
    // The next event comes after this one for everybody; who overtakes would only have to be woken.
    while tasks.join_next().await.is_some() {}
}

fn to_each(waiters: &[Waiter], frame: &Handed) {
    waiters.iter().for_each(|waiter| waiter.signal.hand(waiter.stream, frame));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        feed::{Ring, RingLimits, Signal},
        testing,
        websocket::Line,
    };
    use domain::envelope::Cursor;
    use futures::{FutureExt, future::join_all};
    use std::time::Duration;
    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpStream},
        time::timeout,
    };

    /// More than one task writes to them.
    const CROWD: usize = CONNECTIONS_PER_TASK + 20;
    const PATIENCE: Duration = Duration::from_secs(60);

    async fn connection(listener: &TcpListener) -> (Arc<Signal>, TcpStream) {
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stream = listener.accept().await.unwrap().0;
        stream.writable().await.unwrap();
        let line = Line::new(stream);
        line.rest(vec![Some(Cursor { epoch: 1, position: 0 })]);
        (Arc::new(Signal::of(Arc::new(line))), client)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_crowd_at_rest_gets_each_event_once_and_in_order_and_no_task_is_woken() {
        let start = Cursor { epoch: 1, position: 0 };
        let ring = Arc::new(Ring::new(testing::feed_id(), start, RingLimits::default()));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let filter = testing::filters().remove(0);
        let (mut clients, mut places) = (Vec::new(), Vec::new());
        for _ in 0..CROWD {
            let (signal, client) = connection(&listener).await;
            places.push((ring.join(&filter, &signal, 0).unwrap(), signal));
            clients.push(client);
        }
        let busy: Arc<Signal> = Arc::default();
        let _busy = ring.join(&filter, &busy, 0).unwrap();
        let mut expected = Vec::new();
        for position in 1..=10 {
            ring.add(&testing::line_fired(position, if position % 3 == 0 { "bar" } else { "grill" }, 0, 0))
                .write()
                .await;
            let frame = places[0].0.log.handed(position);
            expected.extend(frame.map(|frame| frame.packet.bytes().to_vec()).unwrap_or_default());
        }
        let read = clients.iter_mut().map(|client| async {
            let mut bytes = vec![0; expected.len()];
            timeout(PATIENCE, client.read_exact(&mut bytes)).await.expect("in time").unwrap();
            bytes
        });
        assert!(join_all(read).await.iter().all(|bytes| *bytes == expected));
        assert!(places.iter().all(|(_, signal)| signal.wait().now_or_never().is_none()));
        assert!(busy.wait().now_or_never().is_some(), "who cannot be written to is woken");
    }
}
