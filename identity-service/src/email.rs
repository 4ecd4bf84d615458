//! E-mail addresses, as far as an account is found by one.

/// The longest address in bytes (RFC 5321).
const BYTES_MAX: usize = 254;

/// An address in the one spelling that an account is found by: without blanks around it, in lower case.
/// It is personal: it is neither logged nor printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

impl Email {
    /// The address, if it can be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@')?;
        let sound = |part: &str| !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control());
        let valid = text.len() <= BYTES_MAX && sound(local) && sound(domain) && !domain.starts_with('.');
        valid.then_some(Self(text))
    }

    /// The normalised address.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::Email;

    #[test]
    fn one_address_has_one_spelling() {
        assert_eq!(Email::parse(" Ana@Example.COM\n"), Email::parse("ana@example.com"));
        for wrong in
            ["", "ana", "@example.com", "ana@", "a b@example.com", "ana@.com", &format!("{}@x.com", "a".repeat(260))]
        {
            assert!(Email::parse(wrong).is_none(), "{wrong}");
        }
        assert!(!format!("{:?}", Email::parse("ana@example.com")).contains("ana"));
    }
}
