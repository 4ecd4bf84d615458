use super::*;
use proptest::prelude::*;
use uuid::Uuid;

prop_compose! {
    fn any_event()(
        ids in any::<[u128; 5]>(),
        (epoch, position, version, schema_version) in any::<(u32, u64, u64, u16)>(),
        micros in 0_i64..4_102_444_800_000_000,
        kind in prop::sample::select(vec![ActorKind::Staff, ActorKind::Guest, ActorKind::Machine, ActorKind::System]),
        texts in prop::collection::vec(".{0,80}", 2),
        traceparent in prop::option::of("00-[0-9a-f]{32}-[0-9a-f]{16}-01"),
        payload in prop::collection::vec(any::<u8>(), 0..200),
    ) -> RecordedEvent {
        RecordedEvent {
            feed: FeedId::from(Uuid::from_u128(ids[0])),
            tenant: TenantId::from(Uuid::from_u128(ids[1])),
            cursor: Cursor { epoch, position },
            event_id: Uuid::from_u128(ids[2]),
            aggregate_type: "table-session".to_owned(),
            aggregate_id: Uuid::from_u128(ids[3]),
            version,
            event_type: "table-session.opened".to_owned(),
            schema_version,
            recorded_at: DateTime::from_timestamp_micros(micros).unwrap(),
            metadata: Metadata {
                actor: Actor { kind, id: texts[0].clone() },
                correlation_id: texts[1].clone(),
                causation_id: Uuid::from_u128(ids[4]),
                traceparent,
                means: None,
            },
            payload: Bytes::from(payload),
        }
    }
}

proptest! {
    #[test]
    fn an_event_comes_back_equal(event in any_event(), prefix in prop::sample::select(vec!["", "t1", "evt"])) {
        let (subject, headers, payload) = to_message(&event, &Namespace::new(prefix));
        prop_assert_eq!(from_parts(&subject, &headers, payload), Ok(event));
    }

    #[test]
    fn a_header_that_is_missing_is_named(event in any_event(), which in 1_usize..14) {
        let (subject, headers, payload) = to_message(&event, &Namespace::production());
        let names = ["ce-id", "ce-type", "ce-subject", "ce-time", "ce-position", "ce-epoch", "ce-streamversion",
            "ce-schemaversion", "ce-actorkind", "ce-actorid", "ce-correlationid", "ce-causationid"];
        let gone = names[which % names.len()];
        let mut fewer = HeaderMap::new();
        for (name, values) in headers.iter().filter(|(name, _)| name.to_string() != gone) {
            fewer.insert(name.to_string(), values[0].as_str());
        }
        prop_assert_eq!(from_parts(&subject, &fewer, payload), Err(MalformedMessage::Missing(gone)));
    }
}

#[test]
fn the_source_of_a_tenants_own_feed_is_the_tenant() {
    let mut event = event();
    event.feed = event.tenant.into();
    let (_, headers, _) = to_message(&event, &Namespace::production());
    assert_eq!(headers.get("ce-source").unwrap().as_str(), format!("/tenants/{}", event.tenant));
}

#[test]
fn the_headers_are_those_of_the_contract() {
    let event = event();
    let (subject, mut headers, body) = to_message(&event, &Namespace::production());
    set_message_id(&mut headers, event.feed, event.cursor);
    let feed = event.feed;
    assert_eq!(subject, format!("evt.{:02}.{}.{feed}.order.placed", feed.shard(), event.tenant));
    let header = |name: &str| headers.get(name).map(|value| value.as_str().to_owned()).unwrap();
    assert_eq!(header("ce-specversion"), "1.0");
    assert_eq!(header("ce-source"), format!("/restaurants/{feed}"));
    assert_eq!(header("ce-subject"), format!("order/{}", event.aggregate_id));
    assert_eq!(header("ce-time"), "2026-11-22T19:30:00.000042Z");
    assert_eq!(header("Nats-Msg-Id"), format!("{feed}:1:1042"));
    assert_eq!(body, event.payload);
}

#[test]
fn foreign_subjects_are_refused() {
    let (subject, headers, payload) = to_message(&event(), &Namespace::production());
    let wrong_shard = subject.replacen(&subject[..7], "evt.99.", 1);
    for subject in ["", "evt", "evt.01.x.y.z", "wake.01", wrong_shard.as_str()] {
        assert_eq!(from_parts(subject, &headers, payload.clone()), Err(MalformedMessage::Subject), "{subject}");
    }
}

fn event() -> RecordedEvent {
    RecordedEvent {
        feed: FeedId::from(Uuid::from_u128(1)),
        tenant: TenantId::from(Uuid::from_u128(2)),
        cursor: Cursor { epoch: 1, position: 1042 },
        event_id: Uuid::from_u128(3),
        aggregate_type: "order".to_owned(),
        aggregate_id: Uuid::from_u128(4),
        version: 1,
        event_type: "order.placed".to_owned(),
        schema_version: 1,
        recorded_at: "2026-11-22T19:30:00.000042Z".parse().unwrap(),
        metadata: Metadata {
            actor: Actor { kind: ActorKind::Guest, id: "g".to_owned() },
            correlation_id: "c".to_owned(),
            causation_id: Uuid::from_u128(5),
            traceparent: None,
            means: None,
        },
        payload: Bytes::from_static(b"{}"),
    }
}
