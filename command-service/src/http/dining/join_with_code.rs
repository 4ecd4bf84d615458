//! Somebody who asked to join types a code of the table.

use super::guess::{Compared, Guess, compare, settle};
use crate::{
    access::Asker,
    command::{Command, done_with},
    http::dining::join_session::who_joined,
    submit::{Answered, Commands, Envelope},
};
use bytes::Bytes;
use chrono::Utc;
use domain::{
    dining::{JoinWithCode, SessionCommand, Standing},
    ids::{DinerId, SessionId},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use service_kit::{client::Client, problem::Problem};

struct WithCode {
    session: SessionId,
    diner_id: DinerId,
    compared: Compared,
}

impl Command for WithCode {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.session.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let session = facts.session(self.session)?;
        let guess = self.compared.now(session);
        let command = JoinWithCode { diner_id: self.diner_id, scanned: false, guess, now: facts.now() };
        let events = session.decide(SessionCommand::JoinWithCode(command))?;
        let extras = who_joined(&events);
        Ok(done_with(self.session, events, extras))
    }
}

/// Compares what was typed, if it may be, and lets the guest in.
pub(super) async fn join_with_code(
    commands: &Commands,
    (asker, client): (&Asker, Option<Client>),
    envelope: Envelope,
    body: &Bytes,
    typed: &str,
) -> Result<Answered, Problem> {
    let (pass, tenant) = (&asker.pass, asker.tenant);
    let session = commands.tables.session(pass.restaurant, pass.session).await?;
    let visit = session.visit().ok_or_else(Problem::not_found)?;
    let guess = Guess { tenant, restaurant: pass.restaurant, visit, client, typed };
    let (compared, counted) = if visit.standing(pass.diner, Utc::now()) == Standing::Waiting {
        compare(commands, &guess, &envelope).await?
    } else {
        (Compared::NOTHING, None)
    };
    let command = WithCode { session: pass.session, diner_id: pass.diner, compared };
    let answered = commands.submit_from(asker.sender(), envelope, body, command).await?;
    settle(commands, counted, &answered).await?;
    Ok(answered)
}
