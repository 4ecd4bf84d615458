//! What a client must keep to.

use crate::{
    raw::{Raw, hello, request, stream},
    world::{Gateway, PATIENCE, World},
};
use identity::Permission;
use realtime_gateway::close::CloseCode;
use serde_json::json;
use service_kit::{
    http::HttpConfig,
    limits::{Budget, Limits, Rates},
};
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio_tungstenite::{
    MaybeTlsStream, client_async,
    tungstenite::{
        Error, Message,
        protocol::frame::{
            CloseFrame, Frame,
            coding::{CloseCode as WebSocketCode, Data, OpCode},
        },
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_frame_ends_the_connection() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let floor = json!([stream(&world, "floor", None)]);
    for bad in [r#"{"t":"sub"}"#, "{", r#"{"t":"pong","n":1,"x":2}"#, &hello(&token, floor.clone()).to_string()] {
        let mut raw = Raw::hello(&gateway, &token, floor.clone()).await;
        raw.send_text(bad).await;
        raw.closes(CloseCode::BadFrame).await;
    }
    let mut raw = Raw::hello(&gateway, &token, floor).await;
    raw.send_message(Message::binary(b"{}".as_slice())).await;
    raw.closes(CloseCode::BadFrame).await;
    let mut raw = Raw::open(&gateway).await;
    raw.send(json!({"t": "pong", "n": 1})).await;
    raw.closes(CloseCode::BadFrame).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_breaks_websocket_itself_is_told_with_its_own_codes() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let reserved = Frame::message(b"{}".as_slice(), OpCode::Data(Data::Reserved(3)), true);
    let not_utf8 = Frame::message(b"{\xff}".as_slice(), OpCode::Data(Data::Text), true);
    for (frame, code) in [(reserved, CloseCode::Protocol), (not_utf8, CloseCode::NotUtf8)] {
        let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await;
        raw.send_message(Message::Frame(frame)).await;
        raw.closes(code).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_goodbye_is_answered() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await;
    let goodbye = CloseFrame { code: WebSocketCode::Away, reason: "the kitchen closes".into() };
    raw.send_message(Message::Close(Some(goodbye))).await;
    raw.ends_with(1001).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_told_apart() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let mut raw = Raw::open(&gateway).await;
    raw.send_text(r#"{"t":"hello","v":2,"new":true}"#).await;
    raw.closes(CloseCode::Version).await;
    let mut other = request(&gateway);
    other.headers_mut().remove("sec-websocket-protocol");
    Raw::with(other).await.unwrap().closes(CloseCode::Version).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_or_answers_nothing_is_closed() {
    let world = World::start().await;
    let mut config = world.config();
    config.timing.hello = Duration::from_millis(200);
    config.timing.heartbeat = Duration::from_millis(50);
    config.timing.idle = Duration::from_millis(300);
    let gateway = Gateway::start(config).await;
    Raw::open(&gateway).await.closes(CloseCode::HelloLate).await;
    let token = world.staff(&Permission::ALL);
    Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await.closes(CloseCode::NoPong).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_renewed_ends_the_connection() {
    let world = World::start().await;
    let mut config = world.config();
    config.timing.grace = Duration::from_millis(100);
    let gateway = Gateway::start(config).await;
    let token = world.staff_for(&Permission::ALL, chrono::Duration::seconds(1));
    let raw = Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await;
    raw.closes(CloseCode::Expired).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_and_too_big_messages_end_the_connection() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let floor = json!([stream(&world, "floor", None)]);
    let mut raw = Raw::hello(&gateway, &token, floor.clone()).await;
    for n in 0..100 {
        raw.send(json!({"t": "pong", "n": n})).await;
    }
    raw.closes(CloseCode::Rate).await;
    for bytes in [64 * 1024 + 1, 300 * 1024] {
        let mut raw = Raw::hello(&gateway, &token, floor.clone()).await;
        raw.send_text(&" ".repeat(bytes)).await;
        raw.closes(CloseCode::TooBig).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_closed_and_hurts_nobody() {
    let world = World::start().await;
    for _ in 0..4 {
        world.orders(20, false).await;
    }
    let mut config = world.config();
    config.timing.write = Duration::from_millis(300);
    let gateway = Gateway::start(config).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let tcp = socket.connect(([127, 0, 0, 1], gateway.port).into()).await.unwrap();
    let (socket, _) = client_async(request(&gateway), MaybeTlsStream::Plain(tcp)).await.unwrap();
    let mut slow = Raw::over(socket);
    let token = world.staff(&Permission::ALL);
    slow.send(hello(&token, json!([stream(&world, "audit", Some(0))]))).await;

    let mut other = Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await;
    other.until("live").await;
    world.orders(1, true).await;
    assert_eq!(other.next_of_stream().await["t"], "ev");

    // The time that passes is what is tested: longer than a write may take, shorter than the close.
    tokio::time::sleep(Duration::from_millis(600)).await;
    slow.closes(CloseCode::Slow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_sockets_is_told_before_the_upgrade_when_to_come_back() {
    let world = World::start().await;
    let mut config = world.config();
    config.accepts_per_second = 3;
    let gateway = Gateway::start(config).await;
    let crowd = futures::future::join_all((0..20).map(|_| Raw::with(request(&gateway)))).await;
    let sent_away: Vec<_> = crowd.into_iter().filter_map(Result::err).collect();
    assert!((1..=17).contains(&sent_away.len()), "{} of 20 were sent away", sent_away.len());
    for error in sent_away {
        let Error::Http(answer) = error else { panic!("{error}") };
        assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    }
    testkit::wait_until("they get in later", PATIENCE, async || Raw::with(request(&gateway)).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_gateway_says_so() {
    let world = World::start().await;
    let mut config = world.config();
    config.connections_max = 1;
    let gateway = Gateway::start(config).await;
    let token = world.staff(&Permission::ALL);
    let _first = Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await;
    Raw::open(&gateway).await.closes(CloseCode::Full).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_opens_so_many_sockets_and_their_colleagues_are_let_in() {
    let world = World::start().await;
    let few = Rates::default().with(Budget::Socket, "2+1/h".parse().ok());
    let http = HttpConfig { limits: Some(Limits::new(few)), ..HttpConfig::default() };
    let gateway = Gateway::limited(world.config(), http).await;
    let floor = json!([stream(&world, "floor", None)]);
    let (ana, ben) = (world.staff(&Permission::ALL), world.staff_named("ben", &Permission::ALL));
    for _ in 0..2 {
        Raw::hello(&gateway, &ana, floor.clone()).await;
    }
    let mut third = Raw::open(&gateway).await;
    third.send(hello(&ana, floor.clone())).await;
    third.closes(CloseCode::Rate).await;
    Raw::hello(&gateway, &ben, floor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_opens_so_many_sockets_before_anything_is_done_for_them() {
    let world = World::start().await;
    let few = Rates::default().with(Budget::AddressSockets, "1+1/h".parse().ok());
    let http = HttpConfig { limits: Some(Limits::new(few)), ..HttpConfig::default() };
    let gateway = Gateway::limited(world.config(), http).await;
    let _first = Raw::open(&gateway).await;
    match Raw::with(request(&gateway)).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 429),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a second socket was let in"),
    }
}
