//! Whatever a client sends as a body, it is read or told what is wrong with it.

use super::{
    api_keys::issue_key::IssueKeyBody,
    dining::{join_session::JoinBody, request_join::AskBody},
    menu::add_item::AddItemBody,
    ordering::{cancel_order::CancelOrderBody, place_order::PlaceOrderBody, reject_order::RejectOrderBody},
    restaurant_groups::{
        add_restaurant::AddRestaurantBody, create_group::CreateGroupBody, rename_group::RenameGroupBody,
    },
    restaurants::create_restaurant::CreateRestaurantBody,
    roles::{change_role::ChangeRoleBody, define_role::DefineRoleBody},
    staff::{change_member_roles::RolesBody, invite_member::InviteBody},
    tenants::sign_up::SignUpBody,
};
use serde_json::json;
use testkit::fuzz::{Body, assert_none_is_forgotten, read_all};

const ID: &str = "0192d3a4-0000-7000-8000-000000000001";

/// Each body with one that is right.
fn bodies() -> Vec<Body> {
    vec![
        Body::of::<PlaceOrderBody>(json!({"session_id": ID, "note": "todo junto",
        "lines": [{"item_id": ID, "quantity": 2, "note": "sin cebolla"}, {"item_id": ID, "quantity": 999}]})),
        Body::of::<CancelOrderBody>(json!({"reason": "other", "note": "se fueron"})),
        Body::of::<RejectOrderBody>(json!({"reason": "other", "note": "no queda"})),
        Body::of::<JoinBody>(json!({"code": "0417"})),
        Body::of::<AskBody>(json!({"code": "041704170417"})),
        Body::of::<AddItemBody>(
            json!({"name": "Pollo", "price": {"amount": 1450, "currency": "EUR"}, "tax_rate_bp": 1000, "station": "grill"}),
        ),
        Body::of::<CreateRestaurantBody>(json!({"name": "Casa Lucía", "currency": "EUR", "time_zone": "Europe/Madrid",
        "prices_include_tax": true, "stations": [{"key": "grill", "name": "Parrilla"}],
        "tables": [{"label": "12", "seats": 4}, {"label": "Terraza 3", "seats": 200}]})),
        Body::of::<IssueKeyBody>(
            json!({"name": "Caja 1", "restaurant_id": ID, "permissions": ["order:read", "order:place"], "per_minute": 600}),
        ),
        Body::of::<InviteBody>(json!({"name": "Luis Pérez", "email": "luis@example.com", "assignments": [
        {"role_id": ID, "at": "everywhere"}, {"role_id": ID, "at": {"restaurant": ID}}, {"role_id": ID, "at": {"group": ID}}]})),
        Body::of::<RolesBody>(json!({"assignments": [{"role_id": ID, "at": {"restaurant": ID}}]})),
        Body::of::<DefineRoleBody>(json!({"name": "Jefe de sala", "permissions": ["order:read"]})),
        Body::of::<ChangeRoleBody>(json!({"name": "Jefe de sala", "permissions": ["order:read", "order:place"]})),
        Body::of::<CreateGroupBody>(json!({"name": "Campus norte"})),
        Body::of::<RenameGroupBody>(json!({"name": "Campus sur"})),
        Body::of::<AddRestaurantBody>(json!({"restaurant_id": ID})),
        Body::of::<SignUpBody>(
            json!({"name": "Grupo Lucía", "owner_name": "Ana García", "owner_email": "ana@example.com"}),
        ),
    ]
}

#[test]
fn every_body_is_read_or_told_what_is_wrong() {
    read_all(bodies());
}

#[test]
fn no_body_is_forgotten() {
    assert_none_is_forgotten(&bodies(), concat!(env!("CARGO_MANIFEST_DIR"), "/src/http").as_ref());
}
