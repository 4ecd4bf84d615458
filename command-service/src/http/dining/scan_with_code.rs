//! Somebody who scanned the printed code of a table types the code that the table shows, and comes in at once.
//!
//! They need no place among those who wait, so strangers who have taken all of these keep nobody out.

use super::{
    guess::{Compared, Guess, compare, settle},
    request_join::{open_session, what_was_asked},
};
use crate::{
    access::{Scanned, guest_sender},
    command::{Command, done_with},
    submit::{Answered, Commands, Envelope},
};
use bytes::Bytes;
use chrono::Utc;
use domain::{
    claims::ClaimKind,
    dining::{JoinWithCode, SessionCommand, Standing},
    ids::{DinerId, SessionId},
    refusal::Refusal,
};
use event_store::committer::{ClaimRead, Decision, Facts, Stop, StreamRead};
use identity::tables::TableCode;
use service_kit::{
    client::Client,
    problem::{Code, Problem},
};

struct ScanWithCode {
    code: TableCode,
    session: SessionId,
    diner_id: DinerId,
    compared: Compared,
}

impl Command for ScanWithCode {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.code.restaurant.into()), StreamRead::Existing(self.session.into())]
    }

    fn claims(&self) -> Vec<ClaimRead> {
        vec![ClaimRead::Key(ClaimKind::OpenSession, self.code.table.to_string())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        if open_session(&self.code, facts)? != self.session {
            // Others sit there now.
            return Err(Refusal::WrongCode.into());
        }
        let session = facts.session(self.session)?;
        let guess = self.compared.now(session);
        let command = JoinWithCode { diner_id: self.diner_id, scanned: true, guess, now: facts.now() };
        let events = session.decide(SessionCommand::JoinWithCode(command))?;
        let extras = what_was_asked(&self.code, &events);
        Ok(done_with(self.session, events, extras))
    }
}

/// Compares what was typed, if it may be, and lets the guest in. Answers who sits at the table, too.
pub(super) async fn scan_with_code(
    commands: &Commands,
    (scanned, client): (&Scanned, Option<Client>),
    (diner_id, sub): (DinerId, String),
    (envelope, body): (Envelope, &Bytes),
    typed: &str,
) -> Result<Answered, Problem> {
    let Scanned { code, tenant } = *scanned;
    // Before anything is counted: who has a photo of a code that was replaced does not even use up tries.
    if commands.tables.code(code.restaurant, code.table).await?.1.issue != code.issue {
        return Err(Problem::not_found());
    }
    let open = commands.tables.open_session(code.restaurant, code.table).await?;
    let open = open.ok_or_else(|| Problem::new(Code::NoOpenSession))?;
    let session = commands.tables.session(code.restaurant, open).await?;
    let visit = session.visit().ok_or_else(Problem::not_found)?;
    let guess = Guess { tenant, restaurant: code.restaurant, visit, client, typed };
    // Who is known already has sent this before, and gets the answer of then.
    let (compared, counted) = if visit.standing(diner_id, Utc::now()) == Standing::Unknown {
        compare(commands, &guess, &envelope).await?
    } else {
        (Compared::NOTHING, None)
    };
    let sender = guest_sender(sub, diner_id, tenant, code.restaurant);
    let command = ScanWithCode { code, session: open, diner_id, compared };
    let answered = commands.submit_from(sender, envelope, body, command).await?;
    settle(commands, counted, &answered).await?;
    Ok(answered)
}
