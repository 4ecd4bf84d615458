//! Colours, or none.

/// How a piece of the screen looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Normal,
    Strong,
    Faint,
    /// In hand.
    Cooking,
    /// Done.
    Ready,
    /// A note: the exception that a cook must not miss.
    Note,
    /// The title of a young, a waiting and a late ticket.
    Young,
    Waiting,
    Late,
    /// The state of the connection.
    Good,
    Bad,
}

impl Look {
    fn code(self) -> &'static str {
        match self {
            Self::Normal => "0",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Cooking => "33",
            Self::Ready => "32",
            Self::Note => "3;36",
            Self::Young => "1;30;42",
            Self::Waiting => "1;30;43",
            Self::Late => "1;97;41",
            Self::Good => "1;32",
            Self::Bad => "1;31",
        }
    }
}

/// Paints, where the terminal and the user want colours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Painter {
    pub(super) colours: bool,
}

impl Painter {
    /// The text in this look.
    pub(super) fn paint(self, look: Look, text: &str) -> String {
        if self.colours && look != Look::Normal {
            format!("\x1b[{}m{text}\x1b[0m", look.code())
        } else {
            text.to_owned()
        }
    }
}
