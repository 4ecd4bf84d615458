use super::*;
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Map, json};

const NOW: i64 = 1_800_000_000;
const EXPECTED: Expected<'static> = Expected { issuer: "https://sso.example", client_id: "us", nonce: "n-1" };

/// A provider's key.
struct Signer {
    key: EncodingKey,
    header: Header,
}

impl Signer {
    fn rsa(kid: &str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let pem =
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
        Self::of(EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(), Algorithm::RS256, kid)
    }

    fn ec(kid: &str) -> Self {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self::of(EncodingKey::from_ec_der(document.as_ref()), Algorithm::ES256, kid)
    }

    fn of(key: EncodingKey, algorithm: Algorithm, kid: &str) -> Self {
        Self { key, header: Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) } }
    }

    fn jwk(&self) -> Value {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&self.key, self.header.alg).unwrap()).unwrap();
        jwk["kid"] = json!(self.header.kid);
        jwk
    }

    fn sign(&self, claims: &Value) -> String {
        encode(&self.header, claims, &self.key).unwrap()
    }
}

fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

/// What a sound token says, with these changes; `null` takes a claim away.
fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://sso.example", "sub": "1234", "aud": "us", "exp": NOW + 3_600, "iat": NOW, "nonce": "n-1",
        "email": "Ana@Example.com", "email_verified": true, "at_hash": "ignored",
    });
    let all: &mut Map<_, _> = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        all.insert(name.clone(), value.clone());
    }
    all.retain(|_, value| !value.is_null());
    claims
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

#[test]
fn every_claim_is_looked_at() {
    let signer = Signer::ec("k-1");
    let keys = set(&[signer.jwk()]);
    let told = |changes: &Value| verify(&signer.sign(&claims(changes)), &keys, &EXPECTED, now()).map(|_| ());
    let cases = [
        (json!({}), Ok(())),
        (json!({"iss": "https://sso.example/"}), Err(Refused::Issuer)),
        (json!({"aud": "them"}), Err(Refused::Audience)),
        (json!({"aud": ["us"]}), Ok(())),
        (json!({"aud": ["us", "them"], "azp": "us"}), Err(Refused::Audience)),
        (json!({"aud": []}), Err(Refused::Audience)),
        (json!({"azp": "us"}), Ok(())),
        (json!({"azp": "them"}), Err(Refused::Audience)),
        (json!({"nonce": "n-2"}), Err(Refused::Nonce)),
        (json!({"nonce": null}), Err(Refused::Nonce)),
        (json!({"exp": NOW - 29}), Ok(())),
        (json!({"exp": NOW - 30}), Err(Refused::Expired)),
        (json!({"exp": null}), Err(Refused::Malformed)),
        (json!({"exp": i64::MAX}), Ok(())),
        (json!({"iat": NOW + 30}), Ok(())),
        (json!({"iat": NOW + 31}), Err(Refused::IssuedAt)),
        (json!({"iat": NOW - 630}), Ok(())),
        (json!({"iat": NOW - 631}), Err(Refused::IssuedAt)),
        (json!({"iat": null}), Err(Refused::Malformed)),
        (json!({"nbf": NOW + 31}), Err(Refused::IssuedAt)),
        (json!({"sub": ""}), Err(Refused::Malformed)),
        (json!({"sub": "x".repeat(256)}), Err(Refused::Malformed)),
    ];
    for (changes, expected) in cases {
        assert_eq!(told(&changes), expected, "{changes}");
    }
}

#[test]
fn an_address_counts_only_when_the_provider_says_that_it_is_theirs() {
    let signer = Signer::ec("k-1");
    let keys = set(&[signer.jwk()]);
    for (verified, counts) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!(1), false),
        (Value::Null, false),
    ] {
        let token = signer.sign(&claims(&json!({"email_verified": verified})));
        let person = verify(&token, &keys, &EXPECTED, now()).unwrap();
        assert_eq!(person.verified_email.is_some(), counts, "{verified}");
        assert_eq!(format!("{person:?}"), "Person([redacted])");
    }
    for (email, counts) in [("jos\u{e9}@example.com", true), ("\u{212a}ate@example.com", false), ("ana", false)] {
        let token = signer.sign(&claims(&json!({"email": email})));
        assert_eq!(verify(&token, &keys, &EXPECTED, now()).unwrap().verified_email.is_some(), counts, "{email}");
    }
    let without = signer.sign(&claims(&json!({"email": null})));
    assert_eq!(verify(&without, &keys, &EXPECTED, now()).unwrap().verified_email, None);
}

#[test]
fn both_algorithms_count_and_no_other_whatever_the_token_says() {
    let (rsa, ec) = (Signer::rsa("r"), Signer::ec("e"));
    let keys = set(&[rsa.jwk(), ec.jwk()]);
    let claims = claims(&json!({}));
    let told = |token: &str| verify(token, &keys, &EXPECTED, now()).map(|_| ());
    assert_eq!((told(&rsa.sign(&claims)), told(&ec.sign(&claims))), (Ok(()), Ok(())));

    // Without any signature.
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    for algorithm in ["none", "None", "NONE", ""] {
        let token = format!("{}.{}.", part(&json!({"alg": algorithm, "kid": "r"})), part(&claims));
        assert_eq!(told(&token), Err(Refused::Malformed), "{algorithm}");
    }
    // With what everybody knows as the secret: the public key.
    let modulus = rsa.jwk()["n"].as_str().unwrap().to_owned();
    for secret in [modulus.clone().into_bytes(), URL_SAFE_NO_PAD.decode(&modulus).unwrap()] {
        let forger = Signer::of(EncodingKey::from_secret(&secret), Algorithm::HS256, "r");
        assert_eq!(told(&forger.sign(&claims)), Err(Refused::Algorithm));
    }
    // With a key of the right name, or of another kind than its name has.
    assert_eq!(told(&Signer::rsa("r").sign(&claims)), Err(Refused::Signature));
    assert_eq!(told(&Signer::rsa("e").sign(&claims)), Err(Refused::UnknownKey));
    assert_eq!(told(&Signer::rsa("new").sign(&claims)), Err(Refused::UnknownKey));
    let strong = Signer { header: Header { alg: Algorithm::RS512, ..rsa.header.clone() }, key: rsa.key.clone() };
    assert_eq!(told(&strong.sign(&claims)), Err(Refused::Algorithm));
    let critical = Header { crit: Some(vec!["b64".to_owned()]), ..rsa.header.clone() };
    assert_eq!(told(&Signer { header: critical, key: rsa.key }.sign(&claims)), Err(Refused::Malformed));
    for token in ["", "a.b.c", &"x".repeat(17_000)] {
        assert_eq!(told(token), Err(Refused::Malformed));
    }
}

#[test]
fn a_token_without_a_kid_means_the_only_key_of_its_kind() {
    let (one, other) = (Signer::ec("e-1"), Signer::ec("e-2"));
    let nameless = Signer { header: Header::new(Algorithm::ES256), key: one.key.clone() };
    let token = nameless.sign(&claims(&json!({})));
    assert!(verify(&token, &set(&[one.jwk(), Signer::rsa("r").jwk()]), &EXPECTED, now()).is_ok());
    assert_eq!(verify(&token, &set(&[one.jwk(), other.jwk()]), &EXPECTED, now()), Err(Refused::UnknownKey));
}

#[test]
fn keys_for_something_else_are_left_out() {
    let sound = Signer::ec("e").jwk();
    let with = |name: &str, value: &str| {
        let mut jwk = sound.clone();
        jwk[name] = json!(value);
        jwk
    };
    let secret = json!({"kty": "oct", "kid": "o", "k": "c2VjcmV0", "alg": "HS256"});
    let odd = json!({"kty": "AKP", "kid": "x"});
    for jwk in [with("use", "enc"), with("alg", "ES384"), with("crv", "P-384"), secret.clone(), odd.clone()] {
        assert!(KeySet::parse(json!({"keys": [jwk]}).to_string().as_bytes()).is_err(), "{jwk}");
    }
    assert!(set(&[json!("nonsense"), secret, odd, sound]).find(Some("e"), Algorithm::ES256).is_some());
    assert!(KeySet::parse(b"{}").is_err() && KeySet::parse(b"[]").is_err());
}
