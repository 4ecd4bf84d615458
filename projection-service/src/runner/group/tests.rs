//! Groups on a real MySQL.

use super::*;
use crate::{
    check,
    generation::{Generation, Projection},
    progress::Progress,
    runner::checkpoint::moves,
    views,
};
use domain::{
    event::Event,
    limits::PAGE_EVENTS_MAX,
    ordering::{LineStarted, OrderAccepted, OrderEvent},
    stream::StreamId,
};
use event_store::{
    committer::Committers,
    pool::{self, Isolation},
};
use sqlx::{Connection, Execute, MySqlConnection, MySqlPool, Row};
use std::sync::Arc;
use testkit::{Env, Place, PlacedOrder};

const BOARD: Projection = Projection { view: "kitchen_board", generation: Generation::FIRST };
const ORDERS: Projection = Projection { view: "orders", generation: Generation::FIRST };

struct Scene {
    env: Env,
    committers: Committers,
    /// The read side, with all rights.
    views: MySqlPool,
    context: Context,
    places: Vec<Place>,
}

impl Scene {
    /// So many restaurants, none of whose events is applied to the orders view. Its projector has one connection.
    async fn with(places: usize) -> Self {
        Self::of(ORDERS, places).await
    }

    async fn of(projection: Projection, places: usize) -> Self {
        let env = Env::start().await;
        let committers = env.committers();
        let context = context(&env, projection).await;
        crate::generations::register(&context.pool).await.unwrap();
        let views = pool::connect(&env.views_admin_url(), Isolation::RepeatableRead, 2).await.unwrap();
        let mut scene = Self { env, committers, views, context, places: Vec::new() };
        for _ in 0..places {
            scene.places.push(Place::create(&scene.env, &scene.committers).await);
        }
        scene
    }

    async fn order(&self, place: &Place) -> PlacedOrder {
        let (order, events) = place.fired_order();
        place.append(&self.committers, events).await.unwrap();
        order
    }

    /// What a group would hold of this restaurant.
    async fn member(&self, place: &Place) -> Member {
        let from = job::stand(&self.context, place.feed(), 1).await.unwrap();
        let events = self.context.reader.page(place.feed(), from.cursor.position, PAGE_EVENTS_MAX).await.unwrap();
        let target = events.last().map_or(from.cursor, |event| event.cursor);
        Member { feed: place.feed(), from, events, target }
    }

    async fn members(&self) -> Vec<Member> {
        let mut members = Vec::new();
        for place in &self.places {
            members.push(self.member(place).await);
        }
        members
    }

    async fn stands(&self, place: &Place) -> u64 {
        job::stand(&self.context, place.feed(), 1).await.unwrap().cursor.position
    }

    /// Rows of orders of this restaurant; each must be what the events say up to its checkpoint.
    async fn orders(&self, place: &Place) -> u64 {
        let report = check::restaurant(&self.views, &self.context.reader, place.feed()).await.unwrap();
        assert_eq!(report.views.iter().map(|view| view.n_differences).sum::<usize>(), 0, "{report:#?}");
        let rows = sqlx::query("SELECT COUNT(*) AS n FROM orders_v1 WHERE feed_id = ?").bind(place.restaurant.0);
        rows.fetch_one(&self.views).await.unwrap().get::<i64, _>("n").try_into().unwrap()
    }
}

async fn context(env: &Env, projection: Projection) -> Context {
    Context {
        view: views::of(projection),
        pool: pool::connect(&env.access.projection, Isolation::ReadCommitted, 1).await.unwrap(),
        reader: env.reader().await,
        progress: Arc::new(Progress::default()),
    }
}

async fn commits(pool: &MySqlPool) -> u64 {
    let text = "SHOW SESSION STATUS LIKE 'Com_commit'";
    let row = sqlx::query(text).fetch_one(pool).await.unwrap();
    row.get::<String, _>(1).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_feeds_are_one_transaction_and_who_waits_for_any_is_told() {
    let scene = Scene::with(5).await;
    for place in &scene.places {
        scene.order(place).await;
    }
    let members = scene.members().await;
    let told = scene.context.progress.watch(ORDERS, scene.places[4].feed());
    let before = commits(&scene.context.pool).await;
    assert_eq!(Group::of(members).run(&scene.context).await.unwrap(), Outcome::Moved);
    assert_eq!(commits(&scene.context.pool).await, before + 1);
    assert_eq!(*told.borrow(), 9);
    for place in &scene.places {
        assert_eq!((scene.stands(place).await, scene.orders(place).await), (9, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_earlier_groups_go_on_in_every_feed() {
    let scene = Scene::with(3).await;
    let mut placed = Vec::new();
    for place in &scene.places {
        let (order, mut events) = place.fired_order();
        events.truncate(1);
        place.append(&scene.committers, events).await.unwrap();
        placed.push(order);
    }
    assert_eq!(Group::of(scene.members().await).run(&scene.context).await.unwrap(), Outcome::Moved);
    for (place, order) in scene.places.iter().zip(&placed) {
        let accepted = OrderAccepted { order_id: order.order, session_id: place.session };
        let event: (StreamId, Event) = (order.order.into(), Event::Order(OrderEvent::Accepted(accepted)));
        place.append(&scene.committers, vec![event]).await.unwrap();
    }
    assert_eq!(Group::of(scene.members().await).run(&scene.context).await.unwrap(), Outcome::Moved);
    for place in &scene.places {
        assert_eq!((scene.stands(place).await, scene.orders(place).await), (7, 1));
    }
}

/// What the check compares includes when each of them moved.
#[tokio::test(flavor = "multi_thread")]
async fn lines_of_many_feeds_move_together_each_at_its_own_time() {
    let scene = Scene::of(BOARD, 3).await;
    let mut fired = Vec::new();
    for place in &scene.places {
        fired.push(scene.order(place).await);
    }
    assert_eq!(Group::of(scene.members().await).run(&scene.context).await.unwrap(), Outcome::Moved);
    for (place, order) in scene.places.iter().zip(&fired) {
        for (line_id, station) in order.lines.clone() {
            let started = LineStarted { order_id: order.order, session_id: place.session, line_id, station };
            let event: (StreamId, Event) = (order.order.into(), Event::Order(started.into()));
            place.append(&scene.committers, vec![event]).await.unwrap();
        }
    }
    assert_eq!(Group::of(scene.members().await).run(&scene.context).await.unwrap(), Outcome::Moved);
    for place in &scene.places {
        let report = check::restaurant(&scene.views, &scene.context.reader, place.feed()).await.unwrap();
        let board = report.views.iter().find(|view| view.projection == BOARD).unwrap();
        assert_eq!((board.cursor.position, board.rows, board.n_differences), (11, 2, 0), "{report:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_applied_leaves_every_feed_of_its_group_as_it_was() {
    let scene = Scene::with(3).await;
    for place in &scene.places {
        scene.order(place).await;
    }
    let members = scene.members().await;
    let unreadable = |members: &mut Vec<Member>| members[1].events[6].event_type = "order.teleported".to_owned();
    let unfitting = |members: &mut Vec<Member>| drop(members[1].events.drain(..6));
    let refused = |members: &mut Vec<Member>| {
        let payload = String::from_utf8(members[1].events[5].payload.to_vec()).unwrap();
        let code = payload.split("\"code\":\"").nth(1).unwrap().split('"').next().unwrap();
        members[1].events[5].payload = payload.replace(code, "far too long for a code").into();
    };
    for spoil in [&unreadable as &dyn Fn(&mut Vec<Member>), &unfitting, &refused] {
        let mut spoilt: Vec<Member> = members.iter().map(copy).collect();
        spoil(&mut spoilt);
        assert_eq!(Group::of(spoilt).run(&scene.context).await.unwrap(), Outcome::Apart);
        for place in &scene.places {
            assert_eq!((scene.stands(place).await, scene.orders(place).await), (0, 0));
        }
    }
    assert_eq!(Group::of(members).run(&scene.context).await.unwrap(), Outcome::Moved);
}

fn copy(member: &Member) -> Member {
    Member { feed: member.feed, from: member.from, events: member.events.clone(), target: member.target }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_somebody_else_has_moved_takes_the_group_apart() {
    let scene = Scene::with(3).await;
    let members = scene.members().await;
    let faster = Group::of(vec![copy(&members[2])]);
    assert_eq!(faster.run(&scene.context).await.unwrap(), Outcome::Moved);
    assert_eq!(Group::of(members).run(&scene.context).await.unwrap(), Outcome::Apart);
    let stands = [scene.stands(&scene.places[0]).await, scene.stands(&scene.places[2]).await];
    assert_eq!(stands, [0, 5]);
}

/// A frozen projector, an operator, a switch of generations: whoever holds one checkpoint holds one up.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_somebody_holds_takes_the_group_apart() {
    let scene = Scene::with(2).await;
    let members = scene.members().await;
    let mut holder = scene.views.begin().await.unwrap();
    let lock = "SELECT position FROM projection_checkpoints WHERE projection = ? AND feed_id = ? FOR UPDATE";
    let held = sqlx::query(lock).bind(ORDERS.to_string()).bind(scene.places[1].restaurant.0);
    held.fetch_one(&mut *holder).await.unwrap();
    let rest = Group::of(vec![copy(&members[0])]);
    assert_eq!(Group::of(members).run(&scene.context).await.unwrap(), Outcome::Apart);
    assert_eq!(rest.run(&scene.context).await.unwrap(), Outcome::Moved, "it is not the others that wait");
    holder.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_projectors_with_the_same_feeds_in_another_order_one_wins_and_nothing_is_lost() {
    let scene = Scene::with(8).await;
    let other = context(&scene.env, ORDERS).await;
    for round in 0..12 {
        for place in &scene.places {
            scene.order(place).await;
        }
        let there: Vec<Member> = scene.members().await;
        let back: Vec<Member> = there.iter().rev().map(copy).collect();
        let (there, back) = (Group::of(there), Group::of(back));
        let (one, two) = tokio::join!(there.run(&scene.context), back.run(&other));
        let mut outcomes = [one.unwrap(), two.unwrap()];
        outcomes.sort_by_key(|outcome| *outcome == Outcome::Apart);
        assert_eq!(outcomes, [Outcome::Moved, Outcome::Apart], "in round {round}");
    }
    for place in &scene.places {
        assert_eq!((scene.stands(place).await, scene.orders(place).await), (5 + 12 * 4, 12));
    }
}

/// In a small table, and for most of its rows, a scan would look cheaper to MySQL.
#[tokio::test(flavor = "multi_thread")]
async fn the_checkpoints_of_a_group_are_found_by_their_keys() {
    let scene = Scene::with(6).await;
    let members = scene.members().await;
    let mut admin = MySqlConnection::connect(&scene.env.views_admin_url()).await.unwrap();
    sqlx::raw_sql("ANALYZE TABLE projection_checkpoints").execute(&mut admin).await.unwrap();
    for feeds in 1..=members.len() {
        let mut query = moves(ORDERS, &members[..feeds]);
        let mut query = query.build();
        let arguments = query.take_arguments().unwrap().unwrap();
        let text = format!("EXPLAIN FORMAT=TRADITIONAL {}", query.sql());
        let plan = sqlx::query_with(&text, arguments).fetch_one(&mut admin).await.unwrap();
        let access: Option<Vec<u8>> = plan.get_unchecked(4);
        assert_eq!(access.as_deref(), Some(b"range".as_slice()), "{feeds} feeds: {text}");
    }
}
