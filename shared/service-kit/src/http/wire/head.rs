//! Looks at the heads of requests as they come in, for what two parsers would read differently.
//!
//! A proxy in front of us that sees one request where we see two lets the second one in unseen
//! (request smuggling). Our parser makes sense of such a request and takes the doubtful header away
//! before anybody could object to it; so the bytes themselves are looked at, and nothing doubtful is
//! answered but with 400.

use std::{
    mem,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// Bytes of a line that are kept: more than any name that we look for and its value have.
const KEPT_BYTES: usize = 64;

/// What was seen of a connection's requests. Shared with whoever answers them.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    doubt: OnceLock<&'static str>,
    ends: AtomicBool,
}

impl Seen {
    /// What is doubtful about a request of this connection, if anything is.
    pub(crate) fn doubt(&self) -> Option<&'static str> {
        self.doubt.get().copied()
    }

    /// Whether the end of the last request is not known from its head: after it, nothing that comes
    /// over the connection may be taken for a request.
    pub(crate) fn ends(&self) -> bool {
        self.ends.load(Ordering::Acquire)
    }
}

/// Follows the requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Heads {
    state: State,
    line: Vec<u8>,
    /// Bytes of the line, kept or not.
    length: usize,
    after_cr: bool,
    head: Head,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    /// So many bytes of the body are to come.
    Body(u64),
    /// Nothing more is looked at.
    Over,
}

/// What the lines of this head have said.
#[derive(Debug, Default)]
struct Head {
    has_request_line: bool,
    lengths: u32,
    body: u64,
    is_chunked: bool,
    upgrades: bool,
}

impl Heads {
    /// Looks at the next bytes of the connection.
    pub(super) fn see(&mut self, mut bytes: &[u8], seen: &Seen) {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Over => return,
                State::Body(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= taken as u64;
                    bytes = &bytes[taken..];
                    if *left == 0 {
                        self.state = State::Head;
                    }
                }
                State::Head => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
                    let line = self.part_of_line(part).and_then(|()| match end {
                        Some(_) => self.end_of_line(seen),
                        None => Ok(()),
                    });
                    if let Err(doubt) = line {
                        let _ = seen.doubt.set(doubt);
                        self.state = State::Over;
                    }
                    bytes = rest.get(1..).unwrap_or_default();
                }
            }
        }
    }

    /// Whether a head has begun and not ended.
    pub(super) fn is_within_a_head(&self) -> bool {
        self.state == State::Head && (self.head.has_request_line || self.length > 0)
    }

    fn part_of_line(&mut self, part: &[u8]) -> Result<(), &'static str> {
        let Some(last) = part.last() else { return Ok(()) };
        let before = &part[..part.len() - 1];
        if self.after_cr || before.contains(&b'\r') {
            return Err("a carriage return that ends no line");
        }
        self.after_cr = *last == b'\r';
        let room = KEPT_BYTES.saturating_sub(self.line.len());
        self.line.extend(part.iter().take(room));
        self.length += part.len();
        Ok(())
    }

    fn end_of_line(&mut self, seen: &Seen) -> Result<(), &'static str> {
        if !mem::take(&mut self.after_cr) {
            return Err("a line that ends without a carriage return");
        }
        let (line, length) = (mem::take(&mut self.line), mem::take(&mut self.length));
        // Empty lines before a request are passed over, as the standard asks.
        if length == 1 {
            return if self.head.has_request_line { self.end_of_head(seen) } else { Ok(()) };
        }
        if mem::replace(&mut self.head.has_request_line, true) {
            let is_cut = length > line.len();
            self.head.line(line.strip_suffix(b"\r").unwrap_or(&line), is_cut)?;
        }
        Ok(())
    }

    fn end_of_head(&mut self, seen: &Seen) -> Result<(), &'static str> {
        let head = mem::take(&mut self.head);
        if head.lengths > 1 {
            return Err("more than one Content-Length");
        }
        if head.lengths == 1 && head.is_chunked {
            return Err("both a Content-Length and a Transfer-Encoding");
        }
        if head.is_chunked || head.upgrades {
            seen.ends.store(true, Ordering::Release);
            self.state = State::Over;
        } else if head.body > 0 {
            self.state = State::Body(head.body);
        }
        Ok(())
    }
}

impl Head {
    fn line(&mut self, line: &[u8], is_cut: bool) -> Result<(), &'static str> {
        if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            return Err("a header that goes on in the next line");
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = (&line[..colon], line.get(colon + 1..).unwrap_or_default());
        let is = |header: &str| name.trim_ascii().eq_ignore_ascii_case(header.as_bytes());
        if is("content-length") {
            self.lengths += 1;
            self.body = number(value).filter(|_| !is_cut).ok_or("a Content-Length that is no number")?;
        } else if is("transfer-encoding") {
            self.is_chunked = true;
            if is_cut || !value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                return Err("a Transfer-Encoding other than chunked");
            }
        } else if is("upgrade") {
            self.upgrades = true;
        }
        Ok(())
    }
}

/// Digits and nothing else: `+5` and `5, 5` mean different things to different parsers.
fn number(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    let text = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn see(text: &str) -> (Option<&'static str>, bool) {
        let (seen, mut heads) = (Seen::default(), Heads::default());
        heads.see(text.as_bytes(), &seen);
        (seen.doubt(), seen.ends())
    }

    const SOUND: &str = "\r\nPOST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\na\nb\nc\
                         GET /b HTTP/1.1\r\nx: y\r\n\r\n";

    #[test]
    fn sound_requests_are_passed_one_after_another() {
        assert_eq!(see(SOUND), (None, false));
        assert_eq!(see("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), (None, true));
        assert_eq!(see("GET / HTTP/1.1\r\nupgrade: websocket\r\n\r\n\n\n\n"), (None, true));
    }

    #[test]
    fn what_two_parsers_would_read_differently_is_doubtful() {
        let (cl, te) = ("content-length: 5\r\n", "transfer-encoding: chunked\r\n");
        let doubtful = [
            format!("{cl}{te}"),
            format!("{te}{cl}"),
            format!("{cl}{cl}"),
            "content-length: 5, 5\r\n".to_owned(),
            "content-length: +5\r\n".to_owned(),
            "content-length:\r\n".to_owned(),
            format!("content-length: {}5\r\n", "0".repeat(80)),
            format!("content-length : 5\r\n{te}"),
            "transfer-encoding: gzip, chunked\r\n".to_owned(),
            "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n".to_owned(),
            "a: b\r\n c: d\r\n".to_owned(),
            "a: b\r\n\tcontent-length: 5\r\n".to_owned(),
            "a: b\ncontent-length: 5\r\n".to_owned(),
            "a: b\rcontent-length: 5\r\n".to_owned(),
        ];
        for lines in doubtful {
            let request = format!("POST / HTTP/1.1\r\nhost: x\r\n{lines}\r\n");
            assert!(see(&request).0.is_some(), "{request:?}");
            let second = format!("{SOUND}{request}");
            assert!(see(&second).0.is_some(), "after another: {request:?}");
        }
    }

    #[test]
    fn it_is_known_whether_a_head_is_under_way() {
        let (seen, mut heads) = (Seen::default(), Heads::default());
        let mut is_within_after = |text: &str| {
            heads.see(text.as_bytes(), &seen);
            heads.is_within_a_head()
        };
        assert!(!is_within_after(""));
        assert!(
            is_within_after("P") && is_within_after("OST / HTTP/1.1\r\n") && is_within_after("content-length: 2\r\n\r")
        );
        assert!(!is_within_after("\n") && !is_within_after("a") && !is_within_after("b") && is_within_after("G"));
    }

    proptest! {
        #[test]
        fn it_makes_no_difference_how_the_bytes_arrive(cuts in prop::collection::vec(0..SOUND.len(), 0..20)) {
            let (seen, mut heads, mut at) = (Seen::default(), Heads::default(), 0);
            let mut cuts = cuts;
            cuts.sort_unstable();
            for cut in cuts.into_iter().chain([SOUND.len()]) {
                heads.see(&SOUND.as_bytes()[at..cut], &seen);
                at = cut;
            }
            prop_assert_eq!(seen.doubt(), None);
            prop_assert!(!heads.is_within_a_head());
        }

        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let (seen, mut heads) = (Seen::default(), Heads::default());
            heads.see(&bytes, &seen);
            prop_assert!(heads.line.len() <= KEPT_BYTES);
        }
    }
}
