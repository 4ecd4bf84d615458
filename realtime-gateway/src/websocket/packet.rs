//! What goes out.

use super::frame::{Opcode, write_head};
use bytes::Bytes;
use std::str;

/// A message in the bytes that go over the wire: encoded once, and shared by all who get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    bytes: Bytes,
    /// Where the payload begins.
    head_bytes: u8,
}

/// Most bytes of a head.
const HEAD_BYTES_MAX: usize = 10;

impl Packet {
    /// A text.
    pub(crate) fn text(text: &str) -> Self {
        Self::new(Opcode::Text, text.as_bytes())
    }

    /// The answer to a ping.
    pub(crate) fn pong(payload: &[u8]) -> Self {
        Self::new(Opcode::Pong, payload)
    }

    /// The end, with a code if there is one. The reason has at most 123 bytes.
    pub(crate) fn close(code: Option<u16>, reason: &str) -> Self {
        let payload = code.map(|code| [&code.to_be_bytes(), reason.as_bytes()].concat());
        Self::new(Opcode::Close, &payload.unwrap_or_default())
    }

    /// Any bytes.
    #[cfg(feature = "conformance")]
    pub(crate) fn binary(bytes: &[u8]) -> Self {
        Self::new(Opcode::Binary, bytes)
    }

    fn new(opcode: Opcode, payload: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(HEAD_BYTES_MAX + payload.len());
        write_head(opcode, payload.len(), &mut bytes);
        let head_bytes = bytes.len() as u8;
        bytes.extend_from_slice(payload);
        Self { bytes: bytes.into(), head_bytes }
    }

    /// All that goes over the wire.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Bytes of the payload.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - usize::from(self.head_bytes)
    }

    /// The text; empty if it is none.
    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[usize::from(self.head_bytes)..]).unwrap_or_default()
    }
}

impl From<String> for Packet {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_a_head_and_its_text() {
        let packet = Packet::text("abc");
        assert_eq!((&packet.bytes()[..], packet.as_str(), packet.len()), (&b"\x81\x03abc"[..], "abc", 3));
        let long = Packet::text(&"x".repeat(300));
        assert_eq!((&long.bytes()[..4], long.len()), (&b"\x81\x7e\x01\x2c"[..], 300));
        assert_eq!(Packet::close(Some(4000), "bad").bytes()[..], *b"\x88\x05\x0f\xa0bad");
        assert_eq!(Packet::close(None, "").bytes()[..], *b"\x88\x00");
        assert_eq!(Packet::pong(b"!").bytes()[..], *b"\x8a\x01!");
    }
}
