//! Where a request carries its token.

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use identity::{MachineKey, Principal, TokenError, Verifier, tables::GuestPass};

/// Guests without an account may send their token here; the token of somebody who works there, or of a
/// machine, counts only in `Authorization`.
const TABLE_TOKEN: HeaderName = HeaderName::from_static("x-table-token");

/// Who sent the request.
pub(super) fn principal(headers: &HeaderMap, verifier: &Verifier, now: DateTime<Utc>) -> Result<Principal, TokenError> {
    if let Some(value) = only(headers, &header::AUTHORIZATION)? {
        return verifier.verify(bearer(value)?, now);
    }
    let value = only(headers, &TABLE_TOKEN)?.ok_or(TokenError::Missing)?;
    match verifier.verify(value.to_str().map_err(|_| TokenError::Invalid)?, now)? {
        guest @ Principal::Guest(_) => Ok(guest),
        Principal::Staff(_) | Principal::Machine(_) => Err(TokenError::Invalid),
    }
}

/// Whose token it was that was true once, for the audit.
pub(super) fn holder(error: TokenError, headers: &HeaderMap, verifier: &Verifier) -> Option<Principal> {
    if !matches!(error, TokenError::Expired | TokenError::Revoked) {
        return None;
    }
    verifier.recognise(sent(headers)?)
}

/// Where a token is got for what was sent in its place, by its shape alone: whether it is true is told there.
pub(super) fn exchange(headers: &HeaderMap) -> Option<&'static str> {
    let text = sent(headers)?;
    if MachineKey::is_like(text) {
        Some("this is the key of a machine, not a token: POST /v1/auth/key-token gives one for it")
    } else if GuestPass::is_like(text) {
        Some("this is the pass of a guest, not a token: POST /v1/auth/guest-token gives one for it")
    } else {
        None
    }
}

/// What stands in the place of a token.
fn sent(headers: &HeaderMap) -> Option<&str> {
    match only(headers, &header::AUTHORIZATION).ok()? {
        Some(value) => bearer(value).ok(),
        None => only(headers, &TABLE_TOKEN).ok()??.to_str().ok(),
    }
}

/// Which of two would be meant?
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, TokenError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(TokenError::Invalid),
    }
}

fn bearer(value: &HeaderValue) -> Result<&str, TokenError> {
    let text = value.to_str().map_err(|_| TokenError::Invalid)?;
    let (scheme, token) = text.split_once(' ').ok_or(TokenError::Invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim_start()) } else { Err(TokenError::Invalid) }
}
