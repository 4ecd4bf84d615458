//! What somebody typed, compared with what a table shows, and what follows when they guessed.

use crate::{
    command::{Command, done},
    submit::{Answered, Commands, Envelope, Sender},
    tries::{self, Try, Typed},
};
use bytes::Bytes;
use domain::{
    dining::{CodeGuess, LockCode, SessionCommand, TableSession, Visit, VisitCode},
    envelope::{Actor, ActorKind},
    ids::{RestaurantId, SessionId, TenantId},
    limits::{LONG_CODE_DIGITS, VISIT_CODE_DIGITS},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use identity::tables::VisitDigits;
use service_kit::{
    client::{Client, counted_as},
    problem::{Code, Problem},
};

/// Whose keys the commands belong to that nobody sends.
const SYSTEM: &str = "system";

/// Whether this could be a code of a table: four digits or twelve.
pub(super) fn is_code(typed: &str) -> bool {
    let is_long_enough = [VISIT_CODE_DIGITS, LONG_CODE_DIGITS].contains(&typed.len());
    is_long_enough && typed.bytes().all(|byte| byte.is_ascii_digit())
}

/// Where somebody types what.
pub(super) struct Guess<'a> {
    pub(super) tenant: TenantId,
    pub(super) restaurant: RestaurantId,
    pub(super) visit: &'a Visit,
    pub(super) client: Option<Client>,
    pub(super) typed: &'a str,
}

/// What was compared with what.
#[derive(Clone, Copy)]
pub(super) struct Compared {
    with: VisitCode,
    guess: CodeGuess,
}

impl Compared {
    /// Nothing: the rule will say no for another reason, or the answer was given before.
    pub(super) const NOTHING: Self = Self { with: VisitCode { rotation: 0, locked: false }, guess: CodeGuess::Wrong };

    /// What it is worth at this moment: what has changed since it was compared is wrong.
    pub(super) fn now(&self, session: &TableSession) -> CodeGuess {
        let Some(visit) = session.visit() else { return CodeGuess::Wrong };
        match self.guess {
            CodeGuess::Digits if visit.code.rotation == self.with.rotation => CodeGuess::Digits,
            CodeGuess::Long if visit.code.long() == self.with.long() => CodeGuess::Long,
            _ => CodeGuess::Wrong,
        }
    }
}

/// A try that was counted, and what follows from it.
pub(super) struct Counted {
    typed: Typed,
    is_right: bool,
    is_last: bool,
    tenant: TenantId,
    reaction: Envelope,
}

/// Compares what was typed, if it may be compared.
pub(super) async fn compare(
    commands: &Commands,
    guess: &Guess<'_>,
    envelope: &Envelope,
) -> Result<(Compared, Option<Counted>), Problem> {
    let (with, session, key) = (guess.visit.code, guess.visit.session_id, &commands.tables.key);
    if guess.typed.len() == LONG_CODE_DIGITS {
        let is_right = VisitDigits::long(session, with, key).are(guess.typed);
        let guess = if is_right { CodeGuess::Long } else { CodeGuess::Wrong };
        return Ok((Compared { with, guess }, None));
    }
    if with.locked {
        return Err(locked());
    }
    let from = guess.client.map_or_else(|| "unknown".to_owned(), |client| counted_as(client.address).to_string());
    let source = key.source(session, &from);
    let typed = Typed { restaurant: guess.restaurant, session, rotation: with.rotation, source };
    let reaction = envelope.reaction(format!("lock-{session}-{}", with.rotation));
    let counted = tries::count(&commands.tables.pool, typed).await;
    let is_last = match counted.map_err(|error| Problem::store_unavailable(&error))? {
        Try::Counted { last } => last,
        Try::Wait(seconds) => return Err(wait(seconds)),
        // Who had the last try may have been cut off before they locked the digits.
        Try::UsedUp => {
            lock(commands, guess.tenant, reaction, typed).await?;
            return Err(locked());
        }
    };
    let is_right = VisitDigits::of(session, with, key).are(guess.typed);
    let counted = Counted { typed, is_right, is_last, tenant: guess.tenant, reaction };
    let guess = if is_right { CodeGuess::Digits } else { CodeGuess::Wrong };
    Ok((Compared { with, guess }, Some(counted)))
}

/// Gives a right try back; locks the digits after the last wrong one.
pub(super) async fn settle(commands: &Commands, counted: Option<Counted>, answered: &Answered) -> Result<(), Problem> {
    let Some(Counted { typed, is_right, is_last, tenant, reaction }) = counted else { return Ok(()) };
    if is_right || answered.is_done() {
        let given_back = tries::give_back(&commands.tables.pool, typed).await;
        return given_back.map_err(|error| Problem::store_unavailable(&error));
    }
    if is_last { lock(commands, tenant, reaction, typed).await } else { Ok(()) }
}

struct Lock {
    session: SessionId,
    rotation: u32,
}

impl Command for Lock {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.session.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = SessionCommand::LockCode(LockCode { rotation: self.rotation });
        Ok(done(self.session, facts.session(self.session)?.decide(command)?))
    }
}

/// Done once per rotation, whoever comes first; who comes second is told that it was done.
async fn lock(commands: &Commands, tenant: TenantId, reaction: Envelope, typed: Typed) -> Result<(), Problem> {
    let sender = Sender {
        sub: SYSTEM.to_owned(),
        actor: Actor { kind: ActorKind::System, id: SYSTEM.to_owned() },
        tenant,
        feed: typed.restaurant.into(),
        creates_feed: false,
    };
    let command = Lock { session: typed.session, rotation: typed.rotation };
    commands.submit_from(sender, reaction, &Bytes::new(), command).await.map(drop)
}

fn locked() -> Problem {
    Problem::new(Code::CodeLocked).detail("type the long code of the table, or ask somebody to let you in")
}

fn wait(seconds: u32) -> Problem {
    let detail = "too many digits from this address were wrong; the long code of the table lets you in at once";
    Problem::new(Code::TooManyAttempts).retry_after(seconds).detail(detail)
}
