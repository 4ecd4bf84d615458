//! Which sessions a demo has opened: others are somebody's who tries things by hand, and are none of its business.

use super::locked;
use anyhow::{Context, Result};
use domain::ids::SessionId;
use std::{
    collections::{BTreeSet, HashSet},
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// In the folder of the installation: a line for each session, until a demo ends in peace.
const FILE: &str = "demo-sessions";

/// The sessions of this demo, and of those before that ended in the middle.
pub(super) struct Ours {
    path: PathBuf,
    file: Mutex<File>,
    /// Of those before: they may be closed.
    earlier: HashSet<SessionId>,
    /// The user lets it close everybody's.
    clears_tables: bool,
    /// Tables where somebody else sits, by label.
    left_alone: Mutex<BTreeSet<String>>,
}

impl Ours {
    pub(super) fn read(local: &Path, clears_tables: bool) -> Result<Self> {
        let path = local.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            read => read,
        };
        let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
        // A line that was cut when a demo was killed names no session.
        let earlier = text.lines().filter_map(|line| line.parse().ok()).collect();
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = Mutex::new(file.with_context(|| format!("{} cannot be written", path.display()))?);
        Ok(Self { path, file, earlier, clears_tables, left_alone: Mutex::default() })
    }

    /// A session was opened by this demo.
    pub(super) fn opened(&self, session: SessionId) {
        // What is not remembered is left alone by the next demo, which says so.
        let _ = writeln!(locked(&self.file), "{session}");
    }

    /// Whether the session at this table may be closed; otherwise it is told.
    pub(super) fn may_close(&self, session: SessionId, label: String) -> bool {
        let may = self.clears_tables || self.earlier.contains(&session);
        if !may {
            locked(&self.left_alone).insert(label);
        }
        may
    }

    /// What the user should know of tables where somebody else sits.
    pub(super) fn words(&self) -> Option<String> {
        let labels: Vec<_> = locked(&self.left_alone).iter().cloned().collect();
        let (tables, sessions) = if labels.len() == 1 { ("table", "a session") } else { ("tables", "sessions") };
        let labels = (!labels.is_empty()).then(|| labels.join(", "))?;
        Some(format!(
            "{tables} {labels}: {sessions} that no demo has opened, left alone; --clear-tables ends them, with their orders"
        ))
    }

    /// Every session was closed.
    pub(super) fn all_closed(&self) {
        // A line too many does no harm: that session is closed.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::Ours;
    use domain::ids::SessionId;
    use uuid::Uuid;

    #[test]
    fn a_demo_closes_what_a_demo_has_opened_and_nothing_else_unless_it_is_told_to() {
        let folder = std::env::temp_dir().join(format!("arisgourmet-ours-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        let (demos, somebodys) = (SessionId(Uuid::now_v7()), SessionId(Uuid::now_v7()));
        let read = |clears| Ours::read(&folder, clears).unwrap();
        read(false).opened(demos);

        let next = read(false);
        assert!(next.may_close(demos, "1".to_owned()) && next.words().is_none());
        assert!(!next.may_close(somebodys, "2".to_owned()));
        assert!(next.words().unwrap().starts_with("table 2: a session that no demo has opened"));
        assert!(read(true).may_close(somebodys, "2".to_owned()));

        next.all_closed();
        assert!(!read(false).may_close(demos, "1".to_owned()));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
