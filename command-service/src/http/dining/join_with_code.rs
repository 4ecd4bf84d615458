//! Somebody who asked to join types the digits of the table.

use crate::{
    access::Asker,
    command::{Command, done, done_with},
    http::dining::join_session::who_joined,
    submit::{Answered, Commands, Envelope, Sender},
    tries,
};
use bytes::Bytes;
use domain::{
    dining::{CodeGuess, JoinWithCode, LockCode, SessionCommand, VisitCode},
    envelope::{Actor, ActorKind},
    ids::{DinerId, SessionId},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use identity::tables::{GuestPass, VisitDigits};
use service_kit::problem::{Code, Problem};

/// Whose keys the commands belong to that nobody sends.
const SYSTEM: &str = "system";

struct WithCode {
    session: SessionId,
    diner_id: DinerId,
    /// The rotation whose digits were compared, and whether they were right.
    compared: (u32, bool),
}

impl Command for WithCode {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.session.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let session = facts.session(self.session)?;
        let now = session.visit().map(|visit| (visit.code.rotation, true));
        // Digits that changed since they were compared are wrong.
        let guess = if now == Some(self.compared) { CodeGuess::Right } else { CodeGuess::Wrong };
        let command = JoinWithCode { diner_id: self.diner_id, guess, now: facts.now() };
        let events = session.decide(SessionCommand::JoinWithCode(command))?;
        let extras = who_joined(&events);
        Ok(done_with(self.session, events, extras))
    }
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

/// Compares the digits, if the guest and the session have a try left, and lets the guest in.
pub(super) async fn join_with_code(
    commands: &Commands,
    asker: &Asker,
    envelope: Envelope,
    body: &Bytes,
    typed: &str,
) -> Result<Answered, Problem> {
    let pass = &asker.pass;
    let code = code_now(commands, pass).await?;
    let tries = tries::count(&commands.tables.pool, pass, code.rotation).await;
    let tries = tries.map_err(|error| Problem::store_unavailable(&error))?;
    let lock = envelope.reaction(format!("lock-{}-{}", pass.session, code.rotation));
    if !tries.may_compare() {
        if tries.is_last_of_session() {
            lock_code(commands, asker, lock, code.rotation).await?;
        }
        return Err(Problem::new(Code::CodeLocked).detail("ask somebody at the table or staff to let you in"));
    }
    let right = VisitDigits::of(pass.session, code, &commands.tables.key).are(typed);
    let command = WithCode { session: pass.session, diner_id: pass.diner, compared: (code.rotation, right) };
    let answered = commands.submit_from(asker.sender(), envelope, body, command).await?;
    if answered.is_done() {
        let forgiven = tries::forgive(&commands.tables.pool, pass, code.rotation).await;
        forgiven.map_err(|error| Problem::store_unavailable(&error))?;
    } else if !right && tries.is_last_of_session() {
        lock_code(commands, asker, lock, code.rotation).await?;
    }
    Ok(answered)
}

async fn code_now(commands: &Commands, pass: &GuestPass) -> Result<VisitCode, Problem> {
    let session = commands.tables.session(pass.restaurant, pass.session).await?;
    session.visit().map(|visit| visit.code).ok_or_else(Problem::not_found)
}

/// Done once per rotation, whoever comes first; who comes second is told that it was done.
async fn lock_code(commands: &Commands, asker: &Asker, envelope: Envelope, rotation: u32) -> Result<(), Problem> {
    let sender = Sender {
        sub: SYSTEM.to_owned(),
        actor: Actor { kind: ActorKind::System, id: SYSTEM.to_owned() },
        ..asker.sender()
    };
    let command = Lock { session: asker.pass.session, rotation };
    commands.submit_from(sender, envelope, &Bytes::new(), command).await.map(drop)
}
