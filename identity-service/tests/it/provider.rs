//! A provider of log-ins, as a company outside would run one: over HTTP, with keys, codes and PKCE. What it says,
//! and how it fails, is up to the test.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::Utc;
use http::{HeaderMap, StatusCode, header};
use identity_service::{OpenIdConfig, ProviderConfig};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::net::TcpListener;
use uuid::Uuid;

pub(crate) const REDIRECT: &str = "https://pos.example/back";

/// Where browsers come back to from the provider of this name; `sso` has the plain one.
pub(crate) fn redirect_of(provider: &str) -> String {
    if provider == "sso" { REDIRECT.to_owned() } else { format!("{REDIRECT}/{provider}") }
}

/// What stands in the address of a browser that came back.
pub(crate) struct Back {
    pub(crate) redirect: String,
    pub(crate) fields: HashMap<String, String>,
}
const CLIENT_ID: &str = "aris:pos";
const CLIENT_SECRET: &str = "only for tests: %&+";
/// More than anybody should read.
const HUGE_BYTES: usize = 8 * 1024 * 1024;

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Sound,
    Broken,
    Silent,
    Huge,
}

/// How it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Right,
    /// `alg: none`.
    None,
    /// HS256, with its public key as the secret.
    PublicKey,
    /// By a key that it does not publish, under the name of one that it does.
    Foreign,
}

/// What somebody agreed to at the provider.
struct Grant {
    nonce: String,
    challenge: String,
    redirect: String,
    /// Changes to what the id_token says.
    says: Value,
}

pub(crate) struct Inner {
    pub(crate) mood: Mood,
    pub(crate) signature: Signature,
    key: EncodingKey,
    algorithm: Algorithm,
    kid: String,
    codes: HashMap<String, Grant>,
    /// How often its keys were read.
    pub(crate) keys_read: u32,
    /// It says who it is in the address of the browser, and that it does.
    pub(crate) tells_issuer: bool,
    /// It wants codes of this one: browsers are sent on to there, back to this place.
    pub(crate) sends_on: Option<(FakeProvider, String)>,
    /// Codes that came to it, whoever had made them.
    pub(crate) codes_seen: Vec<String>,
    /// Where it was told that browsers of ours may go.
    registered: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct FakeProvider {
    inner: Arc<Mutex<Inner>>,
    pub(crate) issuer: String,
}

impl FakeProvider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let inner = Inner {
            mood: Mood::Sound,
            signature: Signature::Right,
            key: rsa(),
            algorithm: Algorithm::RS256,
            kid: "first".to_owned(),
            codes: HashMap::new(),
            keys_read: 0,
            tells_issuer: false,
            sends_on: None,
            codes_seen: Vec::new(),
            registered: vec![redirect_of("sso"), redirect_of("other")],
        };
        let provider = Self { inner: Arc::new(Mutex::new(inner)), issuer };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        provider
    }

    /// The settings of an installation that trusts it, under two names.
    pub(crate) fn config(&self) -> OpenIdConfig {
        OpenIdConfig { providers: vec![self.called("sso"), self.called("other")], is_demo: false }
    }

    /// The settings of it under this name.
    pub(crate) fn called(&self, name: &str) -> ProviderConfig {
        ProviderConfig {
            name: name.to_owned(),
            issuer: self.issuer.clone(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.into(),
            redirects: vec![redirect_of(name)],
            scopes: "openid email".to_owned(),
            token_endpoint: None,
        }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Another key signs from now on, and the one before is published no more.
    pub(crate) fn rotate(&self) {
        let mut inner = self.inner();
        (inner.key, inner.algorithm, inner.kid) = (ec(), Algorithm::ES256, format!("{}'", inner.kid));
    }

    /// A browser goes there, somebody agrees, and it is sent back: the code and the state of its address. What the
    /// provider will say of them are these changes to a sound token.
    pub(crate) async fn agree(&self, authorization_url: &str, says: &Value) -> (String, String) {
        let Back { redirect, fields } = self.browse(authorization_url, says).await;
        assert!(redirect.starts_with(REDIRECT), "{redirect}");
        (fields["code"].clone(), fields["state"].clone())
    }

    /// The same, wherever the browser comes out and with whatever.
    pub(crate) async fn browse(&self, authorization_url: &str, says: &Value) -> Back {
        let mut url = format!("{authorization_url}&says={}", URL_SAFE_NO_PAD.encode(says.to_string()));
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        // Ends: nobody sends a browser on for ever.
        while !url.starts_with("https://") {
            let answer = browser.get(&url).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::FOUND, "{}", answer.text().await.unwrap());
            answer.headers()[header::LOCATION].to_str().unwrap().clone_into(&mut url);
        }
        let (redirect, query) = url.split_once('?').unwrap();
        Back { redirect: redirect.to_owned(), fields: fields(query.as_bytes()) }
    }

    fn answer(&self, json: &Value) -> Response {
        let mood = self.inner().mood;
        match mood {
            Mood::Sound => ([(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response(),
            Mood::Broken => StatusCode::BAD_GATEWAY.into_response(),
            Mood::Silent => {
                Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>()).into_response()
            }
            Mood::Huge => vec![b' '; HUGE_BYTES].into_response(),
        }
    }
}

async fn describe(State(provider): State<FakeProvider>) -> Response {
    let issuer = &provider.issuer;
    provider.answer(&json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?prompt=none"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "authorization_response_iss_parameter_supported": provider.inner().tells_issuer,
    }))
}

async fn keys(State(provider): State<FakeProvider>) -> Response {
    let jwk = {
        let mut inner = provider.inner();
        inner.keys_read += 1;
        public(&inner)
    };
    provider.answer(&json!({ "keys": [jwk] }))
}

/// Asks whether all is there that a provider asks for.
async fn authorize(State(provider): State<FakeProvider>, RawQuery(query): RawQuery) -> Response {
    let fields = fields(query.unwrap_or_default().as_bytes());
    let of = |name: &str| fields.get(name).cloned().unwrap_or_default();
    if let Some((honest, redirect)) = provider.inner().sends_on.clone() {
        let mut on = url::Url::parse(&format!("{}/authorize", honest.issuer)).unwrap();
        for (name, value) in &fields {
            on.query_pairs_mut().append_pair(name, if name == "redirect_uri" { &redirect } else { value });
        }
        return (StatusCode::FOUND, [(header::LOCATION, on.to_string())]).into_response();
    }
    let expected = [
        ("prompt", "none"),
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("scope", "openid email"),
        ("code_challenge_method", "S256"),
    ];
    let wrong: Vec<_> = expected.iter().filter(|(name, value)| of(name) != *value).collect();
    if !wrong.is_empty() || [of("state"), of("nonce"), of("code_challenge")].iter().any(|it| it.len() < 43) {
        return (StatusCode::BAD_REQUEST, format!("not {wrong:?}, or too short: {fields:?}")).into_response();
    }
    let (redirect, code) = (of("redirect_uri"), Uuid::new_v4().to_string());
    if !provider.inner().registered.contains(&redirect) {
        return (StatusCode::BAD_REQUEST, "no such redirect").into_response();
    }
    let says = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(of("says")).unwrap()).unwrap();
    let issuer: String = url::form_urlencoded::byte_serialize(provider.issuer.as_bytes()).collect();
    let issuer = if provider.inner().tells_issuer { format!("&iss={issuer}") } else { String::new() };
    let back = format!("{redirect}?code={code}&state={}{issuer}", of("state"));
    let grant = Grant { nonce: of("nonce"), challenge: of("code_challenge"), redirect, says };
    provider.inner().codes.insert(code, grant);
    (StatusCode::FOUND, [(header::LOCATION, back)]).into_response()
}

async fn token(State(provider): State<FakeProvider>, headers: HeaderMap, body: Bytes) -> Response {
    if provider.inner().mood != Mood::Sound {
        return provider.answer(&json!({}));
    }
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let secret = STANDARD.encode(format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET)));
    if headers.get(header::AUTHORIZATION).is_none_or(|it| it != &format!("Basic {secret}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let fields = fields(&body);
    provider.inner().codes_seen.push(fields["code"].clone());
    // A code is good once, whatever becomes of it.
    let grant = provider.inner().codes.remove(&fields["code"]);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(fields["code_verifier"].as_bytes()));
    let meant = |grant: &Grant| {
        fields["grant_type"] == "authorization_code"
            && fields["redirect_uri"] == grant.redirect
            && challenge == grant.challenge
    };
    match grant.filter(meant) {
        Some(grant) => {
            let token = provider.id_token(&grant);
            provider.answer(&json!({"access_token": "unused", "token_type": "Bearer", "id_token": token}))
        }
        None => (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"}).to_string()).into_response(),
    }
}

impl FakeProvider {
    fn id_token(&self, grant: &Grant) -> String {
        let now = Utc::now().timestamp();
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "1234", "nonce": grant.nonce, "iat": now, "exp": now + 300,
            "email": "ana@example.com", "email_verified": true,
        });
        for (name, value) in grant.says.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let inner = self.inner();
        let header = |algorithm| Header { kid: Some(inner.kid.clone()), ..Header::new(algorithm) };
        match inner.signature {
            Signature::Right => encode(&header(inner.algorithm), &claims, &inner.key).unwrap(),
            Signature::None => {
                let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
                format!("{}.{}.", part(&json!({"alg": "none", "kid": inner.kid})), part(&claims))
            }
            Signature::PublicKey => {
                let modulus = public(&inner)["n"].as_str().unwrap().to_owned();
                encode(&header(Algorithm::HS256), &claims, &EncodingKey::from_secret(modulus.as_bytes())).unwrap()
            }
            Signature::Foreign => encode(&header(Algorithm::RS256), &claims, &rsa()).unwrap(),
        }
    }
}

fn public(inner: &Inner) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&inner.key, inner.algorithm).unwrap()).unwrap();
    (jwk["kid"], jwk["use"]) = (json!(inner.kid), json!("sig"));
    jwk
}

fn rsa() -> EncodingKey {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
    EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
}

fn ec() -> EncodingKey {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    EncodingKey::from_ec_der(document.as_ref())
}

fn fields(text: &[u8]) -> HashMap<String, String> {
    url::form_urlencoded::parse(text).into_owned().collect()
}
