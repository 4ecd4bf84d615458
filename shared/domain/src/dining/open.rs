//! Guests sit down at a table.

use super::{SessionEvent, SessionOpened, TableSession};
use crate::{ids::SessionId, refusal::Refusal, restaurants::Table};

/// Open a session at a table.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenSession {
    /// The id of the new session.
    pub session_id: SessionId,
    /// Fact: the table that the path names, if the restaurant has it.
    pub table: Option<Table>,
    /// Fact: the session that is open at this table.
    pub occupied_by: Option<SessionId>,
}

pub(super) fn open(session: &TableSession, command: OpenSession) -> Result<Vec<SessionEvent>, Refusal> {
    let table = command.table.ok_or(Refusal::NotFound)?;
    // Before the table is looked at: what occupies it may be this very session.
    if session.facts().is_some() {
        return Err(Refusal::AlreadyDone(command.session_id.into()));
    }
    if let Some(other) = command.occupied_by {
        return Err(Refusal::TableOccupied(other));
    }
    let opened = SessionOpened { session_id: command.session_id, table_id: table.table_id, table_label: table.label };
    Ok(vec![opened.into()])
}

#[cfg(test)]
mod tests {
    use super::OpenSession;
    use crate::{
        dining::{
            SessionCommand, TableSession,
            examples::{closed, opened, table},
        },
        refusal::Refusal,
        testing::{folded, given, id},
    };

    fn open() -> OpenSession {
        OpenSession { session_id: id(1), table: Some(table()), occupied_by: None }
    }

    #[test]
    fn guests_sit_down_at_a_free_table() {
        given::<TableSession>([]).when(SessionCommand::Open(open())).then([opened()]);
    }

    #[test]
    fn a_table_has_one_open_session() {
        let command = OpenSession { occupied_by: Some(id(9)), ..open() };
        given::<TableSession>([]).when(SessionCommand::Open(command)).refused(Refusal::TableOccupied(id(9)));
    }

    #[test]
    fn a_table_that_the_restaurant_does_not_have_is_not_found() {
        let command = OpenSession { table: None, ..open() };
        given::<TableSession>([]).when(SessionCommand::Open(command)).refused(Refusal::NotFound);
    }

    #[test]
    fn a_session_that_was_opened_long_ago_does_not_find_its_table_occupied_by_itself() {
        let command = OpenSession { occupied_by: Some(id(1)), ..open() };
        let done = Refusal::AlreadyDone(command.session_id.into());
        given::<TableSession>([opened()]).when(SessionCommand::Open(command)).refused(done.clone());
        given::<TableSession>([opened(), closed()]).when(SessionCommand::Open(open())).refused(done);
    }

    #[test]
    fn an_open_session_knows_its_table() {
        let session: TableSession = folded([opened()]);
        assert!(session.is_open());
        assert_eq!((session.session_id(), session.table_id()), (Some(id(1)), Some(id(7))));
        assert_eq!(TableSession::default().facts(), None);
    }
}
