//! Who may see what.

use crate::support::Setup;
use identity::Permission;
use testkit::Place;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn every_query_asks_for_its_right() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let (order, events) = place.fired_order();
    setup.append(&place, events).await;
    setup.caught_up(&place).await;
    let (session, order) = (format!("/sessions/{}", place.session), format!("/orders/{}", order.order));
    let (history, then) = (format!("{order}/history"), format!("{order}?as_of_position=9"));

    // Somebody who may do something else there.
    let waiter = setup.staff(&place, &[Permission::LineServe]);
    for (path, status) in [
        ("", 200),
        ("/menu", 200),
        (&session, 403),
        ("/join-requests", 403),
        (&order, 403),
        ("/orders", 403),
        ("/kitchen-board", 403),
    ] {
        let (seen, body) = service.get(&place, path, &waiter).await;
        assert_eq!(seen, status, "{path}: {body}");
    }
    // Nobody looks into the past without the right to: not even who may see the present.
    let auditor = setup.staff(&place, &[Permission::AuditRead]);
    let manager = setup.staff(&place, &[Permission::OrderRead, Permission::KitchenRead, Permission::FloorRead]);
    let (guest, reader) = (setup.guest(&place, place.session), setup.staff(&place, &[Permission::OrderRead]));
    for (path, auditor_gets, order) in [(&history, 200, 403), (&then, 200, 403), (&order, 403, 200)] {
        for (who, token, status) in [
            ("auditor", &auditor, auditor_gets),
            ("manager", &manager, order),
            ("reader", &reader, order),
            ("waiter", &waiter, 403),
            ("guest", &guest, order),
        ] {
            let (seen, body) = service.get(&place, path, token).await;
            assert_eq!(seen, status, "{who} {path}: {body}");
        }
    }
    for (path, status) in [
        ("", 200),
        ("/menu", 200),
        (&session, 200),
        ("/join-requests", 403),
        (&order, 200),
        ("/orders", 403),
        ("/kitchen-board", 403),
    ] {
        let (seen, body) = service.get(&place, path, &guest).await;
        assert_eq!(seen, status, "{path}: {body}");
    }
    // A guest of another table, whose session and order these are not.
    let stranger = setup.guest(&place, Uuid::now_v7().into());
    for path in [&session, &order] {
        let (seen, body) = service.get(&place, path, &stranger).await;
        assert_eq!((seen.as_u16(), &body["code"]), (404, &"not-found".into()), "{path}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_not_yours_are_the_same_answer() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let (place, other) = (setup.place().await, setup.place().await);
    setup.caught_up(&place).await;
    let all = [Permission::OrderRead, Permission::KitchenRead, Permission::FloorRead];
    let mine = setup.staff(&place, &all);
    // A token that names the right restaurant but belongs to another tenant.
    let forged = Place { tenant: other.tenant, ..place.clone() };
    let foreign = setup.staff(&forged, &all);
    let nowhere = Place::new(place.tenant);
    let lost = setup.staff(&nowhere, &all);
    for (place, token) in [(&other, &mine), (&place, &foreign), (&nowhere, &lost)] {
        let order = format!("/orders/{}", Uuid::now_v7());
        let past = [format!("{order}/history"), format!("{order}?as_of_position=1"), order];
        let past = past.iter().map(String::as_str);
        for path in ["", "/menu", "/orders", "/kitchen-board", "/orders?limit=nonsense"].into_iter().chain(past) {
            let (status, body) = service.get(place, path, token).await;
            assert_eq!((status.as_u16(), &body["code"]), (404, &"not-found".into()), "{path}");
        }
    }
    for path in [format!("/sessions/{}", Uuid::now_v7()), format!("/orders/{}", Uuid::now_v7())] {
        let (status, _) = service.get(&place, &path, &mine).await;
        assert_eq!(status, 404);
    }
    let (status, body) = service.get(&place, "/orders?limit=101", &mine).await;
    assert_eq!((status.as_u16(), &body["errors"][0]["pointer"]), (400, &"/limit".into()));
    let (status, body) = service.get(&place, "", "no.token.here").await;
    assert_eq!((status.as_u16(), &body["code"]), (401, &"token-invalid".into()));
    service.stop().await;
}
