//! For any feed, scope, cursor, page size, ring size and order of happenings, over two gateways with
//! lost connections and lost frames: what the client applied is the feed in its scope.

use super::{Step, StreamCursor, credit::Credit};
use crate::{
    client::{StreamState, Verdict},
    feed::{Ring, RingLimits, Subscription},
    frames::{ServerFrame, StreamName},
    testing,
    websocket::{Packet, Standing},
};
use domain::envelope::{Cursor, RecordedEvent};
use identity::ScopeFilter;
use proptest::{collection::vec, prelude::*};
use std::{collections::VecDeque, sync::Arc};

#[derive(Debug, Clone)]
enum Action {
    /// So many events are committed; no gateway knows yet.
    Commit(u8),
    /// A gateway's ring takes so many of them; whether a connection there is at rest, and gets them handed.
    Fill(bool, u8, bool),
    /// The server does one step; a page of the store has at most so many events.
    Serve(u8),
    /// So many frames reach the client.
    Deliver(u8),
    /// A frame vanishes, which TCP never does: the checker must see it all the same.
    Lose,
    /// The client acknowledges.
    Ack,
    /// The connection breaks and the client comes to this gateway.
    Break(bool),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => (1..6_u8).prop_map(Action::Commit),
        4 => (any::<bool>(), 1..8_u8, any::<bool>())
            .prop_map(|(gateway, n, is_at_rest)| Action::Fill(gateway, n, is_at_rest)),
        8 => (1..9_u8).prop_map(Action::Serve),
        6 => (1..9_u8).prop_map(Action::Deliver),
        1 => Just(Action::Lose),
        4 => Just(Action::Ack),
        1 => any::<bool>().prop_map(Action::Break),
    ]
}

#[derive(Debug, Clone)]
struct Case {
    kinds: Vec<u8>,
    committed: usize,
    filter: ScopeFilter,
    after: Option<u64>,
    rings: [(RingLimits, u64); 2],
    page: (usize, usize),
    actions: Vec<Action>,
}

fn case() -> impl Strategy<Value = Case> {
    let ring = || (1..12_usize, prop_oneof![Just(1_000_000), 500..4_000_usize], 0..40_u64);
    let page = (1..10_usize, prop_oneof![Just(1_000_000), 1..3_000_usize]);
    let scope = 0..testing::filters().len();
    let after = proptest::option::of(0..40_u64);
    (vec(any::<u8>(), 1..80), any::<prop::sample::Index>(), scope, after, [ring(), ring()], page, vec(action(), 0..120))
        .prop_map(|(kinds, committed, scope, after, rings, page, actions)| {
            let committed = committed.index(kinds.len() + 1);
            let bound = |position: u64| position.min(committed as u64);
            Case {
                committed,
                filter: testing::filters().swap_remove(scope),
                after: after.map(bound),
                rings: rings.map(|(events, bytes, at)| (RingLimits { events, bytes }, bound(at))),
                page,
                actions,
                kinds,
            }
        })
}

struct World {
    feed: Vec<RecordedEvent>,
    committed: usize,
    filter: ScopeFilter,
    rings: [Arc<Ring>; 2],
    page: Credit,
    server: (Subscription, StreamCursor),
    network: VecDeque<Packet>,
    client: StreamState,
    /// Where the client's log begins.
    origin: Option<u64>,
    applied: Vec<u64>,
    /// What the server has sent since its last start: whether `live` was among it.
    lives: u32,
}

impl World {
    fn new(case: &Case) -> Self {
        let feed: Vec<_> = case.kinds.iter().zip(1..).map(|(kind, position)| testing::any(position, *kind)).collect();
        let rings = case.rings.map(|(limits, at)| Arc::new(Ring::new(testing::feed_id(), cursor(at), limits)));
        let page = Credit::of(case.page.0, case.page.1);
        let server = connect(&rings[0], &case.filter, page);
        let mut world = Self {
            feed,
            committed: case.committed,
            filter: case.filter.clone(),
            rings,
            page,
            server,
            network: VecDeque::new(),
            client: StreamState::new(case.after.map(cursor)),
            origin: case.after,
            applied: Vec::new(),
            lives: 0,
        };
        world.start();
        world
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Commit(n) => self.committed = (self.committed + usize::from(*n)).min(self.feed.len()),
            Action::Fill(gateway, n, is_at_rest) => self.fill(usize::from(*gateway), usize::from(*n), *is_at_rest),
            Action::Serve(n) => {
                self.serve(usize::from(*n));
            }
            Action::Deliver(n) => (0..*n).for_each(|_| self.deliver()),
            Action::Lose => drop(self.network.pop_front()),
            Action::Ack => {
                self.ack();
            }
            Action::Break(gateway) => {
                self.network.clear();
                self.server = connect(&self.rings[usize::from(*gateway)], &self.filter, self.page);
                self.client.reconnected();
                self.start();
            }
        }
    }

    fn fill(&mut self, gateway: usize, n: usize, is_at_rest: bool) {
        let ring = Arc::clone(&self.rings[gateway]);
        let is_there = Arc::ptr_eq(&ring, &self.server.0.ring);
        let from = usize::try_from(ring.head().cursor.position).unwrap();
        for at in (from..self.committed.max(from)).take(n) {
            ring.push(&self.feed[at]);
            if is_there && is_at_rest {
                self.hand(at as u64 + 1);
            }
        }
    }

    /// What a hand-out does with a line that is at rest.
    fn hand(&mut self, position: u64) {
        let (subscription, stream) = &mut self.server;
        let Some((frame, has)) = subscription.log.handed(position).zip(stream.resting()) else { return };
        if frame.standing(has) == Standing::Next {
            stream.handed(cursor(position));
            self.network.push_back(frame.packet);
        }
    }

    /// `hello` or `rs`. The connection first sees to it that its ring has what the client has.
    fn start(&mut self) {
        let after = self.client.cursor();
        let ring = self.server.0.ring.clone();
        let behind = after.map_or(0, |after| after.position.saturating_sub(ring.head().cursor.position));
        let gateway = usize::from(Arc::ptr_eq(&ring, &self.rings[1]));
        self.fill(gateway, usize::try_from(behind).unwrap(), false);
        let mut out = Vec::new();
        self.lives = 0;
        self.server.1.start(after, ring.head().cursor, &self.server.0.log, &mut out);
        self.send(out);
    }

    fn serve(&mut self, page: usize) -> Step {
        let (subscription, stream) = &mut self.server;
        let (head, mut out) = (subscription.ring.head().cursor, Vec::new());
        let step = stream.step(head, &subscription.log, &mut out);
        if let Step::Store { after } = step {
            let from = usize::try_from(after).unwrap();
            let events = &self.feed[from..self.committed.min(from + page)];
            stream.page(events, head, &self.filter, &mut out).unwrap();
        }
        self.send(out);
        step
    }

    fn send(&mut self, frames: Vec<Packet>) {
        for text in frames {
            match ServerFrame::parse(text.as_str()).unwrap() {
                ServerFrame::Catch(_) => self.lives = 0,
                ServerFrame::Live(_) => self.lives += 1,
                ServerFrame::Reset(reset) => panic!("{reset:?}"),
                _ => {}
            }
            assert!(self.lives <= 1, "a second live without a new start");
            self.network.push_back(text);
        }
    }

    fn deliver(&mut self) {
        let Some(text) = self.network.pop_front() else { return };
        let frame = ServerFrame::parse(text.as_str()).unwrap();
        match (self.client.take(&frame), &frame) {
            (Verdict::Apply, ServerFrame::Event(event)) => self.applied.push(event.position),
            (Verdict::Resync, _) => self.start(),
            (Verdict::Apply | Verdict::Reset, _) => panic!("{frame:?}"),
            (Verdict::Drop | Verdict::Noted, _) => {}
        }
        self.origin = self.origin.or(self.client.cursor().map(|cursor| cursor.position));
    }

    fn ack(&mut self) -> bool {
        self.client.cursor().is_some_and(|cursor| self.server.1.ack(cursor.position))
    }

    /// Everything is committed, known and delivered; at last a heartbeat.
    fn settle(&mut self) {
        self.committed = self.feed.len();
        for _ in 0..3 {
            for _ in 0..2_000 {
                (0..2).for_each(|gateway| self.fill(gateway, usize::MAX, false));
                let step = self.serve(7);
                while !self.network.is_empty() {
                    self.deliver();
                }
                let granted = self.ack();
                if step == Step::Wait && self.server.1.is_live() && self.client.is_live() {
                    break;
                }
                // A frame that was lost leaves the two of different minds; a client that hears of no
                // progress calls anew.
                if step == Step::Wait && !granted {
                    self.act(&Action::Break(false));
                }
            }
            if self.client.heartbeat(cursor(self.server.0.log.last())) == Verdict::Resync {
                self.start();
            }
        }
    }

    fn expected(&self) -> Vec<u64> {
        let origin = self.origin.unwrap();
        let visible =
            |event: &&RecordedEvent| self.filter.shows(&event.event_type, &domain::scope::Tags::of(&event.payload));
        self.feed.iter().filter(visible).map(|event| event.cursor.position).filter(|at| *at > origin).collect()
    }
}

fn cursor(position: u64) -> Cursor {
    Cursor { epoch: 1, position }
}

fn connect(ring: &Arc<Ring>, filter: &ScopeFilter, page: Credit) -> (Subscription, StreamCursor) {
    let name = StreamName { restaurant: testing::feed_id().restaurant(), scope: filter.scope.clone() };
    (ring.join(filter, &Arc::default(), 0).unwrap(), StreamCursor::new(name).with_page(page))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_the_client_applied_is_the_feed_in_its_scope(case in case()) {
        let mut world = World::new(&case);
        for action in &case.actions {
            world.act(action);
        }
        world.settle();
        prop_assert!(world.client.is_live());
        prop_assert_eq!(world.lives, 1);
        prop_assert_eq!(&world.applied, &world.expected());
    }
}
