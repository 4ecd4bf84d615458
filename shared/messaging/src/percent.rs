//! Text in header values, as CloudEvents wants it: printable ASCII stands for itself, everything
//! else is percent-encoded. Without it a value could end the header, or lose its leading spaces.

use std::borrow::Cow;

/// The value as it may stand in a header.
pub(crate) fn encode(text: &str) -> Cow<'_, str> {
    if text.bytes().all(stands_for_itself) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if stands_for_itself(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    Cow::Owned(encoded)
}

/// The text that was encoded; `None` where it is not well-formed.
pub(crate) fn decode(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains('%') {
        return Some(Cow::Borrowed(value));
    }
    let mut decoded = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' { hex(bytes.next()?)? << 4 | hex(bytes.next()?)? } else { byte });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn stands_for_itself(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'%'
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_copied_as_they_are() {
        assert!(matches!(encode("req-1_2:3"), Cow::Borrowed("req-1_2:3")));
    }

    #[test]
    fn what_a_header_cannot_carry_is_encoded() {
        assert_eq!(encode(" a\r\n\"%é"), "%20a%0D%0A%22%25%C3%A9");
    }

    #[test]
    fn broken_encodings_are_refused() {
        for value in ["%", "%4", "%zz", "%FF"] {
            assert_eq!(decode(value), None, "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_text_comes_back(text in ".*") {
            let encoded = encode(&text);
            let decoded = decode(&encoded).map(String::from);
            proptest::prop_assert_eq!(decoded, Some(text));
        }
    }
}
