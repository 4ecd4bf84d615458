//! Why a connection ends: one number per cause, in three classes, and WebSocket's own two.

/// The code of a WebSocket close. Its class tells a client what to do next, see [`CloseCode::advice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// What came is no WebSocket; the number is that of RFC 6455.
    Protocol = 1002,
    /// A text that is not UTF-8; the number is that of RFC 6455.
    NotUtf8 = 1007,
    /// A frame that is not of the protocol.
    BadFrame = 4000,
    /// The token is not valid, or does not grant the scope.
    Forbidden = 4003,
    /// No such restaurant, or not one of this token.
    NotFound = 4004,
    /// A message beyond 64 KiB.
    TooBig = 4013,
    /// A protocol version that this gateway does not speak.
    Version = 4015,
    /// The gateway has no room for more.
    Full = 4100,
    /// The token has ended.
    Expired = 4101,
    /// `hello` did not come in time.
    HelloLate = 4108,
    /// The event store cannot be read now.
    StoreAway = 4110,
    /// Too many messages in a second.
    Rate = 4129,
    /// A fault of the gateway.
    Error = 4200,
    /// No `pong` for too long.
    NoPong = 4201,
    /// The client does not read fast enough.
    Slow = 4208,
    /// The gateway is leaving.
    Drained = 4290,
}

/// What a client does after a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Not come back: the same again would fail again.
    Stop,
    /// Come back later, with growing and jittered pauses.
    Later,
    /// Come back at once with the cursor.
    AtOnce,
}

impl CloseCode {
    /// All codes.
    pub const ALL: [Self; 16] = [
        Self::Protocol,
        Self::NotUtf8,
        Self::BadFrame,
        Self::Forbidden,
        Self::NotFound,
        Self::TooBig,
        Self::Version,
        Self::Full,
        Self::Expired,
        Self::HelloLate,
        Self::StoreAway,
        Self::Rate,
        Self::Error,
        Self::NoPong,
        Self::Slow,
        Self::Drained,
    ];

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The name that stands first in the reason of the close.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::NotUtf8 => "not-utf8",
            Self::BadFrame => "bad-frame",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::TooBig => "too-big",
            Self::Version => "version",
            Self::Full => "full",
            Self::Expired => "expired",
            Self::HelloLate => "hello-late",
            Self::StoreAway => "store-away",
            Self::Rate => "rate",
            Self::Error => "error",
            Self::NoPong => "no-pong",
            Self::Slow => "slow",
            Self::Drained => "drained",
        }
    }

    /// What a client does after a close with this number, one of ours or not.
    #[must_use]
    pub fn advice(number: u16) -> Advice {
        match number {
            4000..=4099 => Advice::Stop,
            4200..=4299 => Advice::AtOnce,
            _ => Advice::Later,
        }
    }
}

/// The end of a connection: the code and what was wrong, for a person who reads a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", code.name())]
pub struct Close {
    /// The code.
    pub code: CloseCode,
    /// What was wrong. Holds nothing of the client's own input but ids and scopes.
    pub detail: String,
}

impl Close {
    /// A close with this code and detail.
    #[must_use]
    pub fn new(code: CloseCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// The reason on the wire: name and detail, cut to what WebSocket allows.
    #[must_use]
    pub fn reason(&self) -> String {
        let mut reason = self.to_string();
        let mut end = reason.len().min(crate::limits::CLOSE_REASON_BYTES_MAX);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        reason.truncate(end);
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_code_is_its_second_digit() {
        for code in CloseCode::ALL {
            let expected = match code.number() / 100 {
                40 => Advice::Stop,
                42 => Advice::AtOnce,
                // Perhaps it was not the client but something on the way that spoilt the bytes.
                _ => Advice::Later,
            };
            assert_eq!(CloseCode::advice(code.number()), expected, "{code:?}");
        }
        assert_eq!(CloseCode::advice(1006), Advice::Later);
    }

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let reason = Close::new(CloseCode::BadFrame, "ñ".repeat(200)).reason();
        assert!(reason.len() <= 123 && reason.starts_with("bad-frame: ñ"));
    }
}
