//! The head of a frame.

use super::Violation;

/// Most bytes of a control frame's payload.
const CONTROL_BYTES_MAX: u64 = 125;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xa,
}

impl Opcode {
    fn of(number: u8) -> Option<Self> {
        [Self::Continuation, Self::Text, Self::Binary, Self::Close, Self::Ping, Self::Pong]
            .into_iter()
            .find(|it| *it as u8 == number)
    }

    fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// The head of a frame of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Whether the message ends with this frame.
    pub(super) is_last: bool,
    pub(super) opcode: Opcode,
    mask: [u8; 4],
    /// Bytes of this head.
    pub(super) head_bytes: usize,
    /// Bytes that follow it.
    pub(super) payload_bytes: usize,
}

impl Head {
    /// Reads a head, if it is there whole.
    ///
    /// # Errors
    /// When it is none of a client, or announces more than `bytes_max`.
    pub(super) fn read(bytes: &[u8], bytes_max: usize) -> Result<Option<Self>, Violation> {
        let [first, second, ..] = *bytes else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err(Violation::Protocol("no extension was agreed on"));
        }
        let opcode = Opcode::of(first & 0x0f).ok_or(Violation::Protocol("an unknown kind of frame"))?;
        let is_last = first & 0x80 != 0;
        if second & 0x80 == 0 {
            return Err(Violation::Protocol("frames of a client are masked"));
        }
        let (length_bytes, short) = match second & 0x7f {
            126 => (2, 0),
            127 => (8, 0),
            short => (0, u64::from(short)),
        };
        if opcode.is_control() && (!is_last || length_bytes > 0 || short > CONTROL_BYTES_MAX) {
            return Err(Violation::Protocol("a control frame is short and whole"));
        }
        let Some(length) = bytes.get(2..2 + length_bytes) else { return Ok(None) };
        let length = length.iter().fold(short, |length, byte| length << 8 | u64::from(*byte));
        let payload_bytes = usize::try_from(length).ok().filter(|length| *length <= bytes_max);
        let payload_bytes = payload_bytes.ok_or(Violation::TooBig)?;
        let Some(mask) = bytes.get(2 + length_bytes..6 + length_bytes) else { return Ok(None) };
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        Ok(Some(Self { is_last, opcode, mask, head_bytes: 6 + length_bytes, payload_bytes }))
    }

    /// Adds the bytes that were meant to `to`.
    pub(super) fn unmask(&self, payload: &[u8], to: &mut Vec<u8>) {
        to.extend(payload.iter().zip(self.mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    }
}

/// The head of a frame of ours, which is always whole.
pub(super) fn write_head(opcode: Opcode, payload_bytes: usize, to: &mut Vec<u8>) {
    to.push(0x80 | opcode as u8);
    let length = payload_bytes as u64;
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => to.push(short),
        (_, Ok(medium)) => {
            to.push(126);
            to.extend(medium.to_be_bytes());
        }
        _ => {
            to.push(127);
            to.extend(length.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as a client sends it.
    fn head(first: u8, length: &[u8]) -> Vec<u8> {
        [&[first], length, &[1, 2, 3, 4]].concat()
    }

    #[test]
    fn lengths_of_all_sizes_are_read_as_they_are_written() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let mut bytes = Vec::new();
            write_head(Opcode::Text, length, &mut bytes);
            bytes[1] |= 0x80;
            bytes.extend([1, 2, 3, 4]);
            for cut in 0..bytes.len() {
                assert_eq!(Head::read(&bytes[..cut], usize::MAX), Ok(None), "{cut} bytes of {length}");
            }
            let read = Head::read(&bytes, usize::MAX).unwrap().unwrap();
            assert_eq!((read.payload_bytes, read.head_bytes, read.is_last), (length, bytes.len(), true));
        }
    }

    #[test]
    fn what_no_client_may_send_is_refused_with_its_first_bytes() {
        let refused = |bytes: &[u8]| Head::read(bytes, 1_000).unwrap_err();
        assert!(matches!(refused(&[0x81, 0x01]), Violation::Protocol(_)), "not masked");
        assert!(matches!(refused(&[0xc1, 0x81]), Violation::Protocol(_)), "an extension");
        assert!(matches!(refused(&[0x83, 0x81]), Violation::Protocol(_)), "an unknown kind");
        assert!(matches!(refused(&[0x09, 0x81]), Violation::Protocol(_)), "a ping in parts");
        assert!(matches!(refused(&[0x89, 0xfe]), Violation::Protocol(_)), "a long ping");
        assert_eq!(refused(&head(0x81, &[0xfe, 0x03, 0xe9])), Violation::TooBig);
        assert_eq!(refused(&head(0x81, &[0xff, 0xff, 0, 0, 0, 0, 0, 0, 0])), Violation::TooBig);
        assert!(Head::read(&head(0x81, &[0xfe, 0x03, 0xe8]), 1_000).unwrap().is_some());
    }

    #[test]
    fn the_mask_goes_round() {
        let head = Head::read(&head(0x81, &[0x85]), 10).unwrap().unwrap();
        let mut text = Vec::new();
        head.unmask(&[b'h' ^ 1, b'e' ^ 2, b'l' ^ 3, b'l' ^ 4, b'o' ^ 1], &mut text);
        assert_eq!(text, b"hello");
    }
}
