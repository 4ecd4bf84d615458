//! Tokens as services meet them: made with one key, verified with its public half.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use domain::{
    ids::{DinerId, OrderId, RestaurantId, SessionId, TableId, TenantId},
    scope::Scope,
};
use identity::{
    Claims, Permission, Principal, SigningKey, TokenError, Verifier,
    claims::{At, Holder},
    filter_for,
    keys::key_set,
    revocation::{Entry, Revoked},
    roles,
};
use serde_json::{Value, json};
use uuid::Uuid;

const R: RestaurantId = RestaurantId(Uuid::from_u128(1));
const OTHER: RestaurantId = RestaurantId(Uuid::from_u128(2));
const TENANT: TenantId = TenantId(Uuid::from_u128(3));
const SESSION: SessionId = SessionId(Uuid::from_u128(4));

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn kitchen() -> Claims {
    let grants = [(At::Restaurant(R), roles::permissions_of("kitchen").unwrap())];
    Claims::staff("cook-1", TENANT, &["kitchen"], &grants, now(), Duration::minutes(15))
}

fn guest() -> Claims {
    let seat = (TableId(Uuid::from_u128(5)), SESSION);
    Claims::guest(DinerId(Uuid::from_u128(6)), TENANT, R, seat, now(), Duration::hours(4))
}

struct Keys {
    key: SigningKey,
    verifier: Verifier,
}

fn keys() -> Keys {
    let key = SigningKey::generate().unwrap();
    let verifier = Verifier::from_jwks(&key.jwks_json()).unwrap();
    Keys { key, verifier }
}

impl Keys {
    fn principal(&self, claims: &Claims) -> Principal {
        self.verifier.verify(&self.key.sign(claims).unwrap(), now()).unwrap()
    }

    #[track_caller]
    fn refused(&self, change: impl FnOnce(&mut Value)) {
        let mut claims = serde_json::to_value(guest()).unwrap();
        change(&mut claims);
        let token = self.key.sign_any(&claims).unwrap();
        assert_eq!(self.verifier.verify(&token, now()), Err(TokenError::Invalid));
    }
}

#[test]
fn staff_may_what_they_were_granted_where_they_were_granted_it() {
    let cook = keys().principal(&kitchen());
    assert_eq!((cook.sub(), cook.tenant()), ("cook-1", TENANT));
    assert!(cook.knows(R) && cook.may(R, Permission::LineBump));
    assert!(!cook.may(R, Permission::MenuWrite));
    assert!(!cook.knows(OTHER) && !cook.may(OTHER, Permission::LineBump));
}

#[test]
fn a_grant_for_everywhere_counts_in_every_restaurant() {
    let grants = [(At::Everywhere, roles::permissions_of("owner").unwrap())];
    let owner = keys().principal(&Claims::staff("o", TENANT, &["owner"], &grants, now(), Duration::minutes(15)));
    assert!(owner.may(OTHER, Permission::MenuWrite) && owner.may_everywhere(Permission::RestaurantCreate));
}

#[test]
fn a_guest_knows_their_restaurant_and_has_no_permission() {
    let guest = keys().principal(&guest());
    assert!(guest.knows(R) && !guest.knows(OTHER));
    assert!(Permission::ALL.into_iter().all(|permission| !guest.may(R, permission)));
}

#[test]
fn the_claims_are_those_of_the_contract() {
    let claims = serde_json::to_value(guest()).unwrap();
    assert_eq!((&claims["kind"], &claims["branch_ids"]), (&json!("guest"), &json!([R])));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("arisgourmet"), &json!("arisgourmet-api")));
    let claims = serde_json::to_value(kitchen()).unwrap();
    assert_eq!(claims["grants"][R.to_string()], json!(["order:accept", "order:read", "line:bump", "kitchen:read"]));
}

#[test]
fn a_token_is_taken_until_30_seconds_after_its_end() {
    let Keys { key, verifier } = keys();
    let token = key.sign(&kitchen()).unwrap();
    let end = now() + Duration::minutes(15);
    assert!(verifier.verify(&token, end + Duration::seconds(29)).is_ok());
    assert_eq!(verifier.verify(&token, end + Duration::seconds(30)), Err(TokenError::Expired));
}

#[test]
fn a_token_from_a_clock_that_is_ahead_is_taken_up_to_30_seconds() {
    let Keys { key, verifier } = keys();
    let token = key.sign(&kitchen()).unwrap();
    assert!(verifier.verify(&token, now() - Duration::seconds(30)).is_ok());
    assert_eq!(verifier.verify(&token, now() - Duration::seconds(31)), Err(TokenError::Invalid));
}

#[test]
fn a_remembered_token_is_revoked_at_once() {
    let keys = keys();
    let mut claims = kitchen();
    let device = Uuid::now_v7();
    let Holder::Staff { device: at, .. } = &mut claims.holder else { unreachable!() };
    *at = Some(device);
    let token = keys.key.sign(&claims).unwrap();
    assert!(keys.verifier.verify(&token, now()).is_ok());
    keys.verifier.revocations().learn(Revoked::Device(device), Entry::until(now()));
    assert_eq!(keys.verifier.verify(&token, now()), Err(TokenError::Revoked));
    assert_eq!(keys.verifier.verify(&token, now() + Duration::hours(1)), Err(TokenError::Expired));
}

#[test]
fn a_closed_session_ends_the_tokens_of_its_guests() {
    let keys = keys();
    let token = keys.key.sign(&guest()).unwrap();
    keys.verifier.revocations().learn(Revoked::TableSession(SESSION), Entry::until(now() + Duration::hours(4)));
    assert_eq!(keys.verifier.verify(&token, now()), Err(TokenError::Revoked));
}

#[test]
fn a_rotation_of_keys_logs_nobody_out_until_the_old_key_is_taken_away() {
    let Keys { key: old, verifier } = keys();
    let new = SigningKey::generate().unwrap();
    let (before, after) = (old.sign(&kitchen()).unwrap(), new.sign(&kitchen()).unwrap());
    assert_eq!(verifier.verify(&after, now()), Err(TokenError::Invalid));
    assert_eq!(verifier.replace_keys(&key_set([&old, &new])).ok(), Some(true));
    assert!(verifier.verify(&before, now()).is_ok() && verifier.verify(&after, now()).is_ok());
    assert_eq!(verifier.replace_keys(&key_set([&new, &old])).ok(), Some(false), "the order says nothing");
    assert_eq!(verifier.replace_keys(&new.jwks_json()).ok(), Some(true));
    assert_eq!(verifier.verify(&before, now()), Err(TokenError::Invalid), "remembered or not");
    assert!(verifier.verify(&after, now()).is_ok());
    assert!(verifier.replace_keys("{").is_err() && verifier.verify(&after, now()).is_ok(), "the old keys stay");
}

#[test]
fn a_verifier_without_keys_takes_nothing() {
    let Keys { key, .. } = keys();
    let verifier = Verifier::without_keys();
    assert!(!verifier.has_keys());
    assert_eq!(verifier.verify(&key.sign(&kitchen()).unwrap(), now()), Err(TokenError::Invalid));
}

#[test]
fn a_token_of_another_key_is_refused_even_under_our_kid() {
    let (ours, theirs) = (keys(), keys());
    let forged = theirs.key.sign(&kitchen()).unwrap();
    assert_eq!(ours.verifier.verify(&forged, now()), Err(TokenError::Invalid));
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": "EdDSA", "typ": "JWT", "kid": ours.key.kid()}).to_string());
    let (_, rest) = forged.split_once('.').unwrap();
    assert_eq!(ours.verifier.verify(&format!("{header}.{rest}"), now()), Err(TokenError::Invalid));
}

#[test]
fn any_other_algorithm_is_refused() {
    let Keys { key, verifier } = keys();
    let token = key.sign(&kitchen()).unwrap();
    let (_, rest) = token.split_once('.').unwrap();
    let (payload, _) = rest.split_once('.').unwrap();
    for alg in ["none", "None", "HS256", "RS256", "ES256"] {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "JWT", "kid": key.kid()}).to_string());
        for forged in [format!("{header}.{payload}."), format!("{header}.{rest}")] {
            assert_eq!(verifier.verify(&forged, now()), Err(TokenError::Invalid), "{alg}");
        }
    }
}

#[test]
fn a_changed_token_is_refused() {
    let Keys { key, verifier } = keys();
    let token = key.sign(&kitchen()).unwrap();
    assert!(verifier.verify(&token, now()).is_ok());
    for (index, _) in token.char_indices().step_by(7) {
        let mut changed = token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        assert_eq!(verifier.verify(&String::from_utf8(changed).unwrap(), now()), Err(TokenError::Invalid), "{index}");
    }
}

#[test]
fn garbage_is_refused() {
    let verifier = keys().verifier;
    for garbage in ["", ".", "..", "a.b.c", "é.é.é", &"a".repeat(100_000)] {
        assert_eq!(verifier.verify(garbage, now()), Err(TokenError::Invalid));
    }
}

#[test]
fn senseless_claims_are_refused_however_well_signed() {
    let keys = keys();
    keys.refused(|claims| claims["iss"] = json!("somebody"));
    keys.refused(|claims| claims["aud"] = json!("another-api"));
    keys.refused(|claims| claims["kind"] = json!("robot"));
    keys.refused(|claims| claims["sub"] = json!("not-a-uuid"));
    keys.refused(|claims| claims["sub"] = json!("00000000000000000000000000000006"));
    keys.refused(|claims| claims["sub"] = json!("a".repeat(65)));
    keys.refused(|claims| claims["branch_ids"] = json!([R, OTHER]));
    keys.refused(|claims| claims["branch_ids"] = json!([]));
    for missing in ["iss", "aud", "sub", "exp", "tenant_id", "kind", "session_id"] {
        keys.refused(|claims| drop(claims.as_object_mut().unwrap().remove(missing)));
    }
}

#[test]
fn unknown_permissions_and_restaurants_allow_nothing() {
    let mut claims = kitchen();
    let Holder::Staff { grants, .. } = &mut claims.holder else { unreachable!() };
    grants.insert("**".to_owned(), vec!["menu:write".to_owned()]);
    grants.insert(OTHER.to_string(), vec!["order:eat".to_owned()]);
    let cook = keys().principal(&claims);
    assert!(!cook.knows(OTHER) && !cook.may(R, Permission::MenuWrite));
}

#[test]
fn a_key_survives_its_pem() {
    let key = SigningKey::generate().unwrap();
    let again = SigningKey::from_pem(&key.to_pem()).unwrap();
    assert_eq!((key.kid(), key.jwks_json()), (again.kid(), again.jwks_json()));
    assert!(SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_err());
}

#[test]
fn a_key_set_without_a_usable_key_is_refused() {
    assert!(Verifier::from_jwks("{").is_err());
    assert!(Verifier::from_jwks(r#"{"keys":[]}"#).is_err());
    assert!(Verifier::from_jwks(r#"{"keys":[{"kty":"oct","kid":"k","k":"AAAA"}]}"#).is_err());
    assert!(Verifier::from_file("no/such/file").is_err());
}

#[test]
fn scopes_follow_from_permissions() {
    let cook = keys().principal(&kitchen());
    let see = |restaurant, scope: &str| filter_for(&cook, restaurant, &scope.parse().unwrap()).is_some();
    assert!(see(R, "kitchen:grill") && see(R, &format!("order:{}", Uuid::max())));
    assert!(!see(R, "floor") && !see(R, "audit") && !see(R, &format!("table-session:{SESSION}")));
    assert!(!see(OTHER, "kitchen:grill"));
}

#[test]
fn a_guest_follows_their_session_and_of_orders_only_what_names_it() {
    let guest = keys().principal(&guest());
    let own = filter_for(&guest, R, &Scope::TableSession(SESSION)).unwrap();
    assert_eq!(own.only_session, None);
    let order = filter_for(&guest, R, &Scope::Order(OrderId(Uuid::max()))).unwrap();
    assert_eq!(order.only_session, Some(SESSION));
    for scope in [Scope::Floor, Scope::Audit, Scope::TableSession(SessionId(Uuid::max()))] {
        assert_eq!(filter_for(&guest, R, &scope), None);
    }
    assert_eq!(filter_for(&guest, OTHER, &Scope::TableSession(SESSION)), None);
}
