//! What a provider publishes about itself, read and checked.

use super::settings::endpoint;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use url::Url;

/// How we prove to the provider that we are who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// Id and secret in `Authorization`: what every provider takes that says nothing else.
    Basic,
    /// Id and secret as fields of the form.
    Fields,
}

/// Where a provider is asked what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    /// Where browsers go.
    pub(super) authorization: Url,
    /// Where codes are exchanged.
    pub(super) token: Url,
    /// Where its keys are.
    pub(super) keys: Url,
    pub(super) proof: Proof,
    /// It says in the address of the browser who it is (RFC 9207).
    pub(super) tells_issuer: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: Option<String>,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Reads the document of this issuer; `token_endpoint` is that of the settings.
    pub(super) fn parse(json: &[u8], issuer: &str, token_endpoint: Option<&str>, is_demo: bool) -> Result<Self> {
        let document: Document = serde_json::from_slice(json).context("its description cannot be read")?;
        ensure!(document.issuer == issuer, "it calls itself {}, not {issuer}", document.issuer);
        let url = |what: &str, text: &str| endpoint(text, is_demo).with_context(|| format!("its {what}"));
        let token = token_endpoint.or(document.token_endpoint.as_deref()).context("it names no token_endpoint")?;
        let methods = document.token_endpoint_auth_methods_supported;
        let takes_fields = methods.is_some_and(|methods| methods.iter().any(|it| it == "client_secret_post"));
        Ok(Self {
            authorization: url("authorization_endpoint", &document.authorization_endpoint)?,
            token: url("token_endpoint", token)?,
            keys: url("jwks_uri", &document.jwks_uri)?,
            // Whoever does not publish the endpoint does not publish this either; there, fields are what is taken.
            tells_issuer: document.authorization_response_iss_parameter_supported,
            proof: if takes_fields || token_endpoint.is_some() { Proof::Fields } else { Proof::Basic },
        })
    }
}

/// Where the description of an issuer is.
pub(super) fn address_of(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://sso.example";

    fn parse(from: &str, to: &str) -> Result<Metadata> {
        let json = r#"{"issuer":"https://sso.example","authorization_endpoint":"https://sso.example/a",
            "token_endpoint":"https://sso.example/t","jwks_uri":"https://keys.example/k","other":[1]}"#;
        Metadata::parse(json.replace(from, to).as_bytes(), ISSUER, None, false)
    }

    #[test]
    fn a_description_says_where_to_ask_and_how() {
        let metadata = parse("", "").unwrap();
        assert_eq!((metadata.keys.as_str(), metadata.proof), ("https://keys.example/k", Proof::Basic));
        let with_fields = parse("\"other\":[1]", "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"]");
        assert_eq!(with_fields.unwrap().proof, Proof::Fields);
        let own = Metadata::parse(
            br#"{"issuer":"https://sso.example","authorization_endpoint":"https://sso.example/a","jwks_uri":"https://sso.example/k"}"#,
            ISSUER,
            Some("https://graph.example/t"),
            false,
        );
        assert_eq!(own.unwrap().token.as_str(), "https://graph.example/t");
    }

    #[test]
    fn a_description_of_somebody_else_or_without_tls_is_not_taken() {
        for (from, to) in [
            ("\"issuer\":\"https://sso.example\"", "\"issuer\":\"https://sso.example/\""),
            ("https://sso.example/t", "http://sso.example/t"),
            ("https://keys.example/k", "file:///etc/passwd"),
            ("token_endpoint", "no_endpoint"),
            ("{", "["),
        ] {
            assert!(parse(from, to).is_err(), "{to}");
        }
    }

    #[test]
    fn the_description_stands_below_the_issuer() {
        assert_eq!(address_of(ISSUER), "https://sso.example/.well-known/openid-configuration");
        assert_eq!(address_of("https://sso.example/r/"), "https://sso.example/r/.well-known/openid-configuration");
    }
}
