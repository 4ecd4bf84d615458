//! States as they are kept to shorten the way to them: derived, and never needed.
//!
//! Only kinds whose streams grow for years have them. A kept state belongs to the code that folded it:
//! [`fold_example`] is what this build folds a fixed list of events to, and a state that was kept under
//! another example is not used. A test fails when code and example part.

use crate::{
    menu::Menu,
    stream::{AggregateKind, State},
};

/// What this build folds the example events of this kind to; `None` where no states are kept.
#[must_use]
pub fn fold_example(kind: AggregateKind) -> Option<&'static [u8]> {
    match kind {
        AggregateKind::Menu => Some(include_bytes!("../snapshots/menu.json")),
        AggregateKind::Restaurant | AggregateKind::TableSession | AggregateKind::Order | AggregateKind::Tenant => None,
    }
}

impl State {
    /// The bytes to keep; equal states have equal bytes. `None` where no states are kept.
    #[must_use]
    pub fn to_snapshot(&self) -> Option<Vec<u8>> {
        match self {
            Self::Menu(menu) => serde_json::to_vec(menu).ok(),
            Self::Restaurant(_) | Self::TableSession(_) | Self::Order(_) | Self::Tenant(_) => None,
        }
    }

    /// The state that was kept as these bytes; `None` if they are none of this kind.
    #[must_use]
    pub fn from_snapshot(kind: AggregateKind, bytes: &[u8]) -> Option<Self> {
        fold_example(kind)?;
        serde_json::from_slice::<Menu>(bytes).ok().map(Self::Menu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::Event, menu::examples};

    fn folded() -> State {
        let mut state = State::absent(AggregateKind::Menu);
        let events = [
            examples::added(1),
            examples::added(2),
            examples::added(3),
            examples::withdrawn(1),
            examples::withdrawn(2),
            examples::restored(2),
        ];
        events.into_iter().for_each(|event| state.apply(Event::Menu(event)));
        state
    }

    #[test]
    fn the_example_is_what_this_build_folds() {
        let text = serde_json::to_string_pretty(
            &serde_json::from_slice::<serde_json::Value>(&folded().to_snapshot().unwrap()).unwrap(),
        )
        .unwrap()
            + "\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/menu.json");
        if std::env::var_os("ARIS_WRITE_SCHEMAS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            text,
            "kept states of older builds must not be used: write the example anew with ARIS_WRITE_SCHEMAS=1"
        );
    }

    #[test]
    fn a_kept_state_is_found_again() {
        let bytes = folded().to_snapshot().unwrap();
        assert_eq!(State::from_snapshot(AggregateKind::Menu, &bytes), Some(folded()));
        assert_eq!(State::from_snapshot(AggregateKind::Menu, b"{\"Listed\":{}}"), None);
        assert_eq!(State::from_snapshot(AggregateKind::Order, &bytes), None);
    }

    #[test]
    fn only_kinds_with_an_example_are_kept() {
        for kind in AggregateKind::ALL {
            assert_eq!(State::absent(kind).to_snapshot().is_some(), fold_example(kind).is_some());
        }
    }
}
