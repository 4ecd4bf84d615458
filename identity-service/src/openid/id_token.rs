//! Whether what a provider says about somebody is true, and meant for us, and for this log-in.

use super::{keys::KeySet, ticket::TICKET_LIFETIME};
use crate::email::Email;
use chrono::{DateTime, Utc};
use identity::verifier::LEEWAY;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

/// The longest token in bytes; a longer one is not looked at.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The longest subject in bytes (OpenID Connect Core, 2).
const SUBJECT_BYTES_MAX: usize = 255;

/// Somebody, as their provider knows them. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// Who they are to the provider, for ever. It is personal: it is kept as a keyed hash only.
    pub(crate) subject: String,
    /// Their address, if the provider says that it is theirs.
    pub(crate) verified_email: Option<Email>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person([redacted])")
    }
}

/// Why a log-in does not count. For the log: whoever comes with it is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// The ticket is none of ours, has ended, or is of another log-in.
    #[error("the ticket is not of this log-in, or has ended")]
    Ticket,
    /// It was finished before.
    #[error("the log-in was finished before")]
    Finished,
    /// Another provider has sent the browser back, or it cannot be told.
    #[error("it was not this provider that sent the browser back")]
    Sender,
    /// The provider does not know the code.
    #[error("the provider does not take the code")]
    Code,
    /// It is no token.
    #[error("the id_token is malformed")]
    Malformed,
    /// It is signed with an algorithm that we do not take.
    #[error("the id_token is signed with another algorithm than RS256 and ES256")]
    Algorithm,
    /// It names a key that the provider does not publish.
    #[error("the id_token is signed with an unknown key")]
    UnknownKey,
    /// Its signature is wrong.
    #[error("the signature of the id_token is wrong")]
    Signature,
    /// It is from somebody else.
    #[error("the id_token is from another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("the id_token is for another audience")]
    Audience,
    /// It is of another log-in.
    #[error("the id_token is of another log-in")]
    Nonce,
    /// It has ended.
    #[error("the id_token has expired")]
    Expired,
    /// It is from the future, or from before this log-in.
    #[error("the id_token is from another time")]
    IssuedAt,
    /// Nobody here is who the provider says.
    #[error("nobody here is known by it")]
    Unknown,
    /// Somebody else is who the provider says.
    #[error("it is known as somebody else's")]
    OfAnother,
}

/// What must stand in the token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    azp: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Who somebody is, if all of it is true.
pub(super) fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
    now: DateTime<Utc>,
) -> Result<Person, Refused> {
    let claims = signed(token, keys)?;
    check(&claims, expected, now)?;
    let verified = match &claims.email_verified {
        Some(Value::Bool(verified)) => *verified,
        // Some providers write it as a text.
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    let verified_email = claims.email.filter(|_| verified).and_then(|email| address(&email));
    Ok(Person { subject: claims.sub, verified_email })
}

/// The address, unless it is only made equal to another one by writing it small: the Kelvin sign becomes a `k`.
fn address(text: &str) -> Option<Email> {
    Email::parse(text).filter(|email| email.as_str() == text.trim().to_ascii_lowercase())
}

/// What the token says, if one of these keys has signed it.
fn signed(token: &str, keys: &KeySet) -> Result<Claims, Refused> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refused::Malformed);
    }
    // An algorithm that the library does not know, `none` above all, ends here.
    let header = decode_header(token).map_err(|_| Refused::Malformed)?;
    if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
        return Err(Refused::Algorithm);
    }
    if header.crit.is_some() {
        return Err(Refused::Malformed);
    }
    // The key decides which algorithm counts, not the token.
    let key = keys.find(header.kid.as_deref(), header.alg).ok_or(Refused::UnknownKey)?;
    let mut validation = Validation::new(header.alg);
    // Checked below, against the time of the caller.
    (validation.validate_exp, validation.validate_aud) = (false, false);
    validation.required_spec_claims.clear();
    let decoded = decode::<Claims>(token, key, &validation).map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => Refused::Signature,
        _ => Refused::Malformed,
    });
    Ok(decoded?.claims)
}

fn check(claims: &Claims, expected: &Expected<'_>, now: DateTime<Utc>) -> Result<(), Refused> {
    let (now, leeway) = (now.timestamp(), LEEWAY.num_seconds());
    // A token that is for others, too, could be used by them against us.
    let for_us = match &claims.aud {
        Audience::One(one) => one == expected.client_id,
        Audience::Many(many) => !many.is_empty() && many.iter().all(|one| one == expected.client_id),
    };
    if claims.iss != expected.issuer {
        return Err(Refused::Issuer);
    }
    if !for_us || claims.azp.as_ref().is_some_and(|azp| azp != expected.client_id) {
        return Err(Refused::Audience);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(Refused::Nonce);
    }
    if claims.exp.saturating_add(leeway) <= now {
        return Err(Refused::Expired);
    }
    let oldest = now - TICKET_LIFETIME.num_seconds() - leeway;
    if claims.iat < oldest || claims.iat.max(claims.nbf.unwrap_or(i64::MIN)) > now + leeway {
        return Err(Refused::IssuedAt);
    }
    if claims.sub.is_empty() || claims.sub.len() > SUBJECT_BYTES_MAX {
        return Err(Refused::Malformed);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
