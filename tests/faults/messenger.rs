//! Sends a command until it is answered, and checks every answer against what was promised of answers:
//! the same key gives the same bytes, twins at once are one, another request under the key is refused.

use super::{
    ledger::{Acknowledged, Book, Ledger, Refused},
    violation::{Kind, Violation},
};
use crate::restaurant::{Answer, Caller};
use chrono::Utc;
use rand::{RngExt, rngs::StdRng};
use reqwest::StatusCode;
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A command is repeated for so long; no fault lasts longer.
const PATIENCE: Duration = Duration::from_secs(120);
/// One try.
const TRY_WITHIN: Duration = Duration::from_secs(10);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(40);
/// One in so many commands is sent once more after its answer, sent twice at once, or sent with another body.
const REPEATED_ONE_IN: u32 = 8;

/// The longest that a command may take; the judge waits a little longer.
pub(super) const ANSWERED_WITHIN: Duration = PATIENCE.saturating_add(TRY_WITHIN).saturating_add(TRY_WITHIN);

/// What somebody wants.
pub(super) struct Command {
    pub(super) caller: Caller,
    pub(super) restaurant: usize,
    pub(super) path: String,
    pub(super) key: String,
    pub(super) body: Value,
    /// The answers that the rules allow.
    pub(super) statuses: &'static [u16],
    /// The events that it writes when it is done.
    pub(super) events: Vec<String>,
    /// Something else that must be refused under the same key.
    pub(super) other: Option<Value>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) body: Value,
}

pub(super) struct Messenger {
    pub(super) commands: Vec<String>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) random: StdRng,
}

impl Messenger {
    /// Sends it until it is answered; `effect` notes what follows from a command that was done. Nothing when
    /// the answer breaks a promise, which the ledger then has.
    pub(super) async fn say(&mut self, command: &Command, effect: impl FnOnce(&mut Book, &Value)) -> Option<Said> {
        let correlation = format!("{}-{}", command.restaurant, command.key);
        let caller = command.caller.clone().correlated(&correlation);
        self.ledger.book().counts.sent += 1;
        let sent = Utc::now();
        let twin = self.random.random_ratio(1, REPEATED_ONE_IN);
        let answer = if twin {
            self.twins(&caller, command).await?
        } else {
            self.until_answered(&caller, command, &command.body).await?
        };
        let said = Said { status: answer.status.as_u16(), body: answer.json() };
        if !command.statuses.contains(&said.status) {
            let what =
                format!("{}: answered {} {}, not {:?}", named(command), said.status, said.body, command.statuses);
            self.ledger.accuse(Violation::new(Kind::Different, what));
            return None;
        }
        self.note(command, correlation, &said, (sent, Utc::now()), effect);
        self.ask_again(&caller, command, &answer).await?;
        Some(said)
    }

    fn note(
        &self,
        command: &Command,
        correlation: String,
        said: &Said,
        between: (chrono::DateTime<Utc>, chrono::DateTime<Utc>),
        effect: impl FnOnce(&mut Book, &Value),
    ) {
        let mut book = self.ledger.book();
        if said.status == 409 {
            book.counts.refused += 1;
            book.refused.push(Refused { what: named(command), correlation });
            return;
        }
        book.counts.acknowledged += 1;
        let (id, position) = (said.body["id"].as_str(), said.body["position"].as_u64());
        book.acknowledged.push(Acknowledged {
            restaurant: command.restaurant,
            what: named(command),
            correlation,
            id: id.unwrap_or_default().to_owned(),
            position: position.unwrap_or_default(),
            events: command.events.clone(),
            between,
        });
        effect(&mut book, &said.body);
    }

    /// The same again, and something else under the same key.
    async fn ask_again(&mut self, caller: &Caller, command: &Command, answer: &Answer) -> Option<()> {
        if self.random.random_ratio(1, REPEATED_ONE_IN) {
            let again = self.until_answered(caller, command, &command.body).await?;
            self.ledger.book().counts.repeats += 1;
            self.same(command, answer, &again, "sent again");
            if !again.replayed {
                let what = format!("{}: sent again and not answered from its receipt", named(command));
                self.ledger.accuse(Violation::new(Kind::Repeated, what));
            }
        }
        if let Some(other) = command.other.as_ref().filter(|_| self.random.random_ratio(1, REPEATED_ONE_IN)) {
            let refused = self.until_answered(caller, command, other).await?;
            self.ledger.book().counts.reused += 1;
            if refused.status != StatusCode::UNPROCESSABLE_ENTITY {
                let what = format!("{}: another request under its key got {}", named(command), refused.status);
                self.ledger.accuse(Violation::new(Kind::Different, what));
            }
        }
        Some(())
    }

    /// Twice at once, perhaps to two processes: one is done, both get its answer.
    async fn twins(&mut self, caller: &Caller, command: &Command) -> Option<Answer> {
        let bases = [self.base(), self.base()];
        let send = |base: String| {
            let (caller, path) = (caller.clone(), command.path.clone());
            async move {
                let posted = caller.post(&base, &path, &command.key, &command.body);
                tokio::time::timeout(TRY_WITHIN, posted).await.ok()?.ok().filter(is_answer)
            }
        };
        let [first, second] = bases.map(send);
        let answers = tokio::join!(first, second);
        match answers {
            (Some(one), Some(two)) => {
                self.ledger.book().counts.twins += 1;
                self.same(command, &one, &two, "sent twice at once");
                Some(one)
            }
            (Some(one), None) | (None, Some(one)) => Some(one),
            (None, None) => self.until_answered(caller, command, &command.body).await,
        }
    }

    fn same(&self, command: &Command, one: &Answer, other: &Answer, when: &str) {
        if (one.status, &one.bytes, &one.location) != (other.status, &other.bytes, &other.location) {
            let text = |answer: &Answer| format!("{} {}", answer.status, String::from_utf8_lossy(&answer.bytes));
            let what = format!("{}: {when} it was answered {} and {}", named(command), text(one), text(other));
            self.ledger.accuse(Violation::new(Kind::Different, what));
        }
    }

    fn base(&mut self) -> String {
        self.commands[self.random.random_range(0..self.commands.len())].clone()
    }

    /// Sends it, to one process or another, until one has answered.
    async fn until_answered(&mut self, caller: &Caller, command: &Command, body: &Value) -> Option<Answer> {
        let end = Instant::now() + PATIENCE;
        loop {
            let base = self.base();
            let answer = tokio::time::timeout(TRY_WITHIN, caller.post(&base, &command.path, &command.key, body)).await;
            match answer {
                Ok(Ok(answer)) if is_answer(&answer) => return Some(answer),
                seen if Instant::now() > end => {
                    let what = format!("{} has no answer within {PATIENCE:?}: {seen:?}", named(command));
                    self.ledger.accuse(Violation::broken(what));
                    return None;
                }
                _ => {}
            }
            self.ledger.book().counts.unknown += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether it says what became of the command.
fn is_answer(answer: &Answer) -> bool {
    answer.status != StatusCode::SERVICE_UNAVAILABLE
}

fn named(command: &Command) -> String {
    format!("{} (key {})", command.path, command.key)
}
