//! From bytes to messages.

use super::{
    Message, Violation,
    frame::{Head, Opcode},
};
use std::{mem, str};

/// What has come and is no message yet. It holds nothing between two messages.
#[derive(Debug)]
pub(crate) struct Inbox {
    bytes_max: usize,
    /// Bytes of frames, the first of which begins at `taken`.
    part: Vec<u8>,
    taken: usize,
    unfinished: Option<Box<Unfinished>>,
}

/// A message of which some frames have come.
#[derive(Debug)]
struct Unfinished {
    is_text: bool,
    payload: Vec<u8>,
    /// Bytes that are known to be UTF-8.
    sound: usize,
    /// Bytes that count: those of the payload, and one for each frame without any.
    counted: usize,
}

impl Inbox {
    /// An inbox for messages of at most so many bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, part: Vec::new(), taken: 0, unfinished: None }
    }

    /// Takes in what was read.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.part.extend_from_slice(bytes);
    }

    /// The next message, once it is there.
    ///
    /// # Errors
    /// When it cannot become one; nothing that comes after it makes sense.
    pub(crate) fn next(&mut self) -> Result<Option<Message>, Violation> {
        // Ends: each turn takes a frame away.
        loop {
            let rest = &self.part[self.taken..];
            let Some(head) = Head::read(rest, self.bytes_max)? else { break };
            let Some(payload) = rest.get(head.head_bytes..head.head_bytes + head.payload_bytes) else { break };
            self.taken += head.head_bytes + head.payload_bytes;
            let message = match head.opcode {
                Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                    join(&mut self.unfinished, &head, payload, self.bytes_max)?
                }
                Opcode::Ping => Some(Message::Ping(unmasked(&head, payload))),
                Opcode::Pong => Some(Message::Pong),
                Opcode::Close => Some(close(&unmasked(&head, payload))?),
            };
            if message.is_some() {
                self.tidy();
                return Ok(message);
            }
        }
        self.tidy();
        Ok(None)
    }

    /// Lets go of what was taken.
    fn tidy(&mut self) {
        if self.taken == self.part.len() {
            self.part = Vec::new();
            self.taken = 0;
        } else if self.taken > self.part.len() / 2 {
            self.part.drain(..mem::take(&mut self.taken));
        }
    }
}

fn unmasked(head: &Head, payload: &[u8]) -> Vec<u8> {
    let mut meant = Vec::with_capacity(payload.len());
    head.unmask(payload, &mut meant);
    meant
}

/// Adds a frame to its message, and gives it if that was the last one.
fn join(
    unfinished: &mut Option<Box<Unfinished>>,
    head: &Head,
    payload: &[u8],
    bytes_max: usize,
) -> Result<Option<Message>, Violation> {
    let is_first = head.opcode != Opcode::Continuation;
    let message = match (is_first, &mut *unfinished) {
        (true, None) => unfinished.insert(Box::new(Unfinished::new(head.opcode == Opcode::Text))),
        (false, Some(message)) => message,
        (true, Some(_)) => return Err(Violation::Protocol("a message begins within another one")),
        (false, None) => return Err(Violation::Protocol("a message goes on that has not begun")),
    };
    message.counted += payload.len().max(usize::from(!head.is_last));
    if message.counted > bytes_max {
        return Err(Violation::TooBig);
    }
    head.unmask(payload, &mut message.payload);
    message.look(head.is_last)?;
    if !head.is_last {
        return Ok(None);
    }
    unfinished.take().map(|message| message.finish()).transpose()
}

impl Unfinished {
    fn new(is_text: bool) -> Self {
        Self { is_text, payload: Vec::new(), sound: 0, counted: 0 }
    }

    /// Whether it can still become a text: with each frame, for a wrong one is refused with its first wrong byte.
    fn look(&mut self, is_whole: bool) -> Result<(), Violation> {
        if !self.is_text {
            return Ok(());
        }
        match str::from_utf8(&self.payload[self.sound..]) {
            Ok(text) => self.sound += text.len(),
            // A letter whose other bytes may come with the next frame.
            Err(error) if error.error_len().is_none() && !is_whole => self.sound += error.valid_up_to(),
            Err(_) => return Err(Violation::NotUtf8),
        }
        Ok(())
    }

    fn finish(self) -> Result<Message, Violation> {
        if !self.is_text {
            return Ok(Message::Binary(self.payload));
        }
        String::from_utf8(self.payload).map(Message::Text).map_err(|_| Violation::NotUtf8)
    }
}

fn close(payload: &[u8]) -> Result<Message, Violation> {
    let (code, reason) = match payload {
        [] => return Ok(Message::Close(None)),
        [_] => return Err(Violation::Protocol("half a code of a close")),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    // The others are never sent, or are nobody's.
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Violation::Protocol("a code that no close has"));
    }
    match str::from_utf8(reason) {
        Ok(_) => Ok(Message::Close(Some(code))),
        Err(_) => Err(Violation::NotUtf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAX: usize = 1_000;

    /// A frame as a client sends it.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match u8::try_from(payload.len()) {
            Ok(short @ 0..=125) => bytes.push(0x80 | short),
            _ => {
                bytes.push(0xfe);
                bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
            }
        }
        let mask = [7, 0, 255, 33];
        bytes.extend(mask);
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }

    fn messages(bytes: &[u8]) -> Result<Vec<Message>, Violation> {
        let mut inbox = Inbox::new(MAX);
        inbox.add(bytes);
        let mut messages = Vec::new();
        while let Some(message) = inbox.next()? {
            messages.push(message);
        }
        Ok(messages)
    }

    fn conversation() -> (Vec<u8>, Vec<Message>) {
        let bytes = [
            frame(0x81, b"one"),
            frame(0x01, "two \u{e4}".as_bytes().split_last().unwrap().1),
            frame(0x89, b"are you there"),
            frame(0x00, b""),
            frame(0x80, &["\u{e4}".as_bytes()[1], b'!']),
            frame(0x82, &[0; 300]),
            frame(0x8a, b""),
            frame(0x88, &[0x03, 0xe8, b'x']),
        ];
        let messages = vec![
            Message::Text("one".to_owned()),
            Message::Ping(b"are you there".to_vec()),
            Message::Text("two \u{e4}!".to_owned()),
            Message::Binary(vec![0; 300]),
            Message::Pong,
            Message::Close(Some(1000)),
        ];
        (bytes.concat(), messages)
    }

    #[test]
    fn nothing_is_held_between_two_messages() {
        let mut inbox = Inbox::new(MAX);
        inbox.add(&frame(0x81, b"one"));
        assert_eq!(inbox.next(), Ok(Some(Message::Text("one".to_owned()))));
        assert_eq!((inbox.part.capacity(), inbox.unfinished.is_none()), (0, true));
    }

    #[test]
    fn messages_that_cannot_be_are_refused() {
        let protocol = |bytes: &[u8]| matches!(messages(bytes), Err(Violation::Protocol(_)));
        assert!(protocol(&frame(0x80, b"nothing before it")));
        assert!(protocol(&[frame(0x01, b"a"), frame(0x81, b"b")].concat()));
        assert!(protocol(&frame(0x88, b"x")));
        for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1100, 2999, 5000] {
            assert!(protocol(&frame(0x88, &code.to_be_bytes())), "{code}");
        }
        assert_eq!(messages(&frame(0x88, &[0x03, 0xe8, 0xff])), Err(Violation::NotUtf8));
        assert_eq!(messages(&frame(0x81, &[0xff])), Err(Violation::NotUtf8));
        assert_eq!(messages(&frame(0x81, &[0xc3])), Err(Violation::NotUtf8), "half a letter");
        assert_eq!(messages(&[frame(0x01, &[0xff]), vec![0x00]].concat()), Err(Violation::NotUtf8), "at once");
    }

    #[test]
    fn a_message_is_bounded_however_many_frames_it_has() {
        let half = frame(0x01, &[b'x'; MAX / 2 + 1]);
        assert_eq!(messages(&[half, frame(0x80, &[b'x'; MAX / 2])].concat()), Err(Violation::TooBig));
        let empty = [vec![frame(0x01, b"")], vec![frame(0x00, b""); MAX]].concat().concat();
        assert_eq!(messages(&empty), Err(Violation::TooBig));
    }

    proptest! {
        #[test]
        fn it_makes_no_difference_how_the_bytes_arrive(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
            let (bytes, expected) = conversation();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let (mut inbox, mut messages) = (Inbox::new(MAX), Vec::new());
            for part in cuts.windows(2) {
                inbox.add(&bytes[part[0]..part[1]]);
                while let Some(message) = inbox.next().unwrap() {
                    messages.push(message);
                }
            }
            prop_assert_eq!(messages, expected);
            prop_assert_eq!(inbox.part.capacity(), 0);
        }

        #[test]
        fn no_bytes_do_harm(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)) {
            let mut inbox = Inbox::new(MAX);
            for part in parts {
                inbox.add(&part);
                while let Ok(Some(_)) = inbox.next() {}
                prop_assert!(inbox.unfinished.as_ref().is_none_or(|message| message.payload.len() <= MAX));
            }
        }
    }
}
