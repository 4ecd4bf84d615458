//! The `Idempotency-Key` of a command.

use crate::problem::{Code, Problem};
use axum::extract::FromRequestParts;
use domain::limits::IDEMPOTENCY_KEY_BYTES_MAX;
use http::{HeaderName, request::Parts};

/// The header.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The key under which a command is done once: 1 to 255 visible ASCII characters. An extractor.
///
/// # Errors
/// `idempotency-key-missing`, `idempotency-key-invalid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut keys = parts.headers.get_all(HEADER).iter();
        let key = keys.next().ok_or_else(|| Problem::new(Code::IdempotencyKeyMissing))?;
        // Which of two keys would be meant?
        if keys.next().is_some() {
            return Err(Problem::new(Code::IdempotencyKeyInvalid));
        }
        let bytes = key.as_bytes();
        let sound = (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
        let text = key.to_str().ok().filter(|_| sound);
        text.map(|text| Self(text.to_owned())).ok_or_else(|| Problem::new(Code::IdempotencyKeyInvalid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    async fn read(keys: &[&[u8]]) -> Result<String, Code> {
        let mut request = Request::builder();
        for key in keys {
            request = request.header(HEADER, *key);
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        IdempotencyKey::from_request_parts(&mut parts, &()).await.map(|key| key.0).map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn a_key_is_1_to_255_visible_ascii_characters_sent_once() {
        let (longest, too_long) = ("k".repeat(255), "k".repeat(256));
        assert_eq!(read(&[b"key-1"]).await, Ok("key-1".to_owned()));
        assert_eq!(read(&[longest.as_bytes()]).await, Ok(longest.clone()));
        assert_eq!(read(&[]).await, Err(Code::IdempotencyKeyMissing));
        for bad in [&[b"".as_slice()][..], &[b"a b"], &["ñ".as_bytes()], &[too_long.as_bytes()], &[b"a", b"a"]] {
            assert_eq!(read(bad).await, Err(Code::IdempotencyKeyInvalid), "{bad:?}");
        }
    }
}
