//! Several statements in one text, which MySQL runs one after another.
//!
//! A batch has ten statements. On a quiet evening it is one or two orders, and what it takes is the ways
//! to MySQL and back, and on a busy one each way waits for a free core, on both sides. So everything that
//! can be said at once is said at once: a batch is three ways, whatever its size. MySQL stops at the first
//! statement that fails.
//!
//! The values stand in the text, because the protocol of prepared statements has no way to send several.
//! Everything that comes from outside goes through [`Row`], which leaves no value without quotes or digits;
//! the session says how quotes are escaped (`SETTINGS` there) and sends bytes, so no character of several
//! bytes can hide one.

use chrono::{DateTime, Datelike, Timelike, Utc};
use futures::TryStreamExt;
use memchr::memchr2;
use sqlx::{Either, Executor, MySqlConnection, mysql::MySqlRow};
use std::fmt::Write as _;
use uuid::Uuid;

/// The rows of one statement.
pub(crate) type Rows = Vec<MySqlRow>;

/// Statements that are sent together.
#[derive(Debug, Default)]
pub(crate) struct Script {
    text: String,
    statements: usize,
}

impl Script {
    /// Begins anew, in the memory that it has: texts of a busy evening are as long as each other.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.statements = 0;
    }

    /// One statement without values.
    pub(crate) fn statement(&mut self, text: &str) {
        if self.statements > 0 {
            self.text.push(';');
        }
        self.statements += 1;
        self.text.push_str(text);
    }

    /// One statement with a list of rows: `before (…),(…) after`. Without rows there is no statement.
    pub(crate) fn list<T>(&mut self, before: &str, rows: &[T], after: &str, mut write: impl FnMut(&mut Row<'_>, &T)) {
        if rows.is_empty() {
            return;
        }
        self.statement(before);
        for (number, row) in rows.iter().enumerate() {
            self.text.push_str(if number > 0 { ",(" } else { "(" });
            write(&mut Row { text: &mut self.text, is_first: true }, row);
            self.text.push(')');
        }
        self.text.push_str(after);
    }

    /// Goes on with a value.
    pub(crate) fn value(&mut self, write: impl FnOnce(&mut Row<'_>)) {
        write(&mut Row { text: &mut self.text, is_first: true });
    }

    /// Goes on with more of the statement.
    pub(crate) fn more(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Runs it, and answers the rows of each statement in turn. After an error the later statements have
    /// not run; what the earlier ones did is still part of the transaction.
    pub(crate) async fn run(&self, connection: &mut MySqlConnection) -> Result<std::vec::IntoIter<Rows>, sqlx::Error> {
        let mut results = Vec::with_capacity(self.statements);
        if self.statements > 0 {
            let (mut rows, mut parts) = (Rows::new(), connection.fetch_many(self.text.as_str()));
            while let Some(part) = parts.try_next().await? {
                match part {
                    Either::Right(row) => rows.push(row),
                    Either::Left(_) => results.push(std::mem::take(&mut rows)),
                }
            }
        }
        Ok(results.into_iter())
    }

    /// The text, for tests of plans.
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// The values of one row, separated by commas.
pub(crate) struct Row<'a> {
    text: &'a mut String,
    is_first: bool,
}

impl Row<'_> {
    /// An id.
    pub(crate) fn id(&mut self, id: Uuid) -> &mut Self {
        self.hexadecimal(id.as_bytes())
    }

    /// A number.
    pub(crate) fn number(&mut self, number: impl Into<u64>) -> &mut Self {
        self.separate();
        let _ = write!(self.text, "{}", number.into());
        self
    }

    /// A moment, to the microsecond.
    pub(crate) fn time(&mut self, at: DateTime<Utc>) -> &mut Self {
        self.separate();
        let (date, time) = (at.date_naive(), at.time());
        let (year, month, day) = (date.year(), date.month(), date.day());
        let (hour, minute, second, micros) = (time.hour(), time.minute(), time.second(), time.nanosecond() / 1_000);
        let _ = write!(self.text, "'{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}'");
        self
    }

    /// A text for a column that compares characters, or NULL.
    pub(crate) fn text(&mut self, text: Option<&str>) -> &mut Self {
        self.separate();
        match text {
            Some(text) => self.quoted("_utf8mb4", text),
            None => self.text.push_str("NULL"),
        }
        self
    }

    /// Bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        // Nearly always JSON or a key that a client chose; a text sends it as it is.
        let Ok(text) = std::str::from_utf8(bytes) else { return self.hexadecimal(bytes) };
        self.separate();
        self.quoted("_binary", text);
        self
    }

    /// Bytes that are no text, such as a hash.
    pub(crate) fn hexadecimal(&mut self, bytes: &[u8]) -> &mut Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |of: u8| char::from(DIGITS[usize::from(of)]);
        self.separate();
        self.text.push_str("X'");
        self.text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
        self.text.push('\'');
        self
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.text.push(',');
        }
    }

    /// A quote and a backslash are the only two characters that mean anything between quotes.
    fn quoted(&mut self, charset: &str, text: &str) {
        self.text.push_str(charset);
        self.text.push('\'');
        let mut rest = text;
        while let Some(at) = memchr2(b'\'', b'\\', rest.as_bytes()) {
            let (plain, special) = rest.split_at(at);
            self.text.push_str(plain);
            self.text.push('\\');
            self.text.push_str(&special[..1]);
            rest = &special[1..];
        }
        self.text.push_str(rest);
        self.text.push('\'');
    }
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
