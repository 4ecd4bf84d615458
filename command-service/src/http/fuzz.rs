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
use serde_json::{Value, json};
use testkit::fuzz::{inputs, read_bodies};

const ID: &str = "0192d3a4-0000-7000-8000-000000000001";

macro_rules! bodies {
    ($($body:ty => $sample:tt),* $(,)?) => {
        /// Each body with one that is right, and how to try it.
        fn bodies() -> Vec<(&'static str, fn(Value, u64), Value)> {
            vec![$((stringify!($body), read_bodies::<$body> as fn(Value, u64), json!($sample))),*]
        }
    };
}

bodies! {
    PlaceOrderBody => {"session_id": ID, "note": "todo junto",
        "lines": [{"item_id": ID, "quantity": 2, "note": "sin cebolla"}, {"item_id": ID, "quantity": 999}]},
    CancelOrderBody => {"reason": "other", "note": "se fueron"},
    RejectOrderBody => {"reason": "other", "note": "no queda"},
    JoinBody => {"code": "0417"},
    AskBody => {"code": "041704170417"},
    AddItemBody => {"name": "Pollo", "price": {"amount": 1450, "currency": "EUR"}, "tax_rate_bp": 1000, "station": "grill"},
    CreateRestaurantBody => {"name": "Casa Lucía", "currency": "EUR", "time_zone": "Europe/Madrid",
        "prices_include_tax": true, "stations": [{"key": "grill", "name": "Parrilla"}],
        "tables": [{"label": "12", "seats": 4}, {"label": "Terraza 3", "seats": 200}]},
    IssueKeyBody => {"name": "Caja 1", "restaurant_id": ID, "permissions": ["order:read", "order:place"], "per_minute": 600},
    InviteBody => {"name": "Luis Pérez", "email": "luis@example.com", "assignments": [
        {"role_id": ID, "at": "everywhere"}, {"role_id": ID, "at": {"restaurant": ID}}, {"role_id": ID, "at": {"group": ID}}]},
    RolesBody => {"assignments": [{"role_id": ID, "at": {"restaurant": ID}}]},
    DefineRoleBody => {"name": "Jefe de sala", "permissions": ["order:read"]},
    ChangeRoleBody => {"name": "Jefe de sala", "permissions": ["order:read", "order:place"]},
    CreateGroupBody => {"name": "Campus norte"},
    RenameGroupBody => {"name": "Campus sur"},
    AddRestaurantBody => {"restaurant_id": ID},
    SignUpBody => {"name": "Grupo Lucía", "owner_name": "Ana García", "owner_email": "ana@example.com"},
}

#[test]
fn every_body_is_read_or_told_what_is_wrong() {
    let bodies = bodies();
    let each = inputs() / bodies.len() as u64;
    for (_, read, sample) in bodies {
        read(sample, each);
    }
}

#[test]
fn no_body_is_forgotten() {
    let tried: Vec<_> = bodies().into_iter().map(|(name, ..)| name).collect();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http");
    let mut read = 0;
    for folder in std::fs::read_dir(root).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for name in source.split("JsonBody<").chain(source.split("OptionalBody<")).skip(1) {
                let name = name.split('>').next().unwrap_or_default();
                if name.ends_with("Body") && name.chars().all(char::is_alphanumeric) {
                    read += 1;
                    assert!(tried.contains(&name), "{name} is read from requests, but no input is made for it");
                }
            }
        }
    }
    assert!(read >= tried.len(), "only {read} bodies were found in the sources");
}
