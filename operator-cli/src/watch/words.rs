//! The words on the console, by language.

/// Every word that the console shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) connecting: &'static str,
    pub(super) catching_up: &'static str,
    /// `{}` is the position.
    pub(super) live: &'static str,
    /// `{}` are the seconds.
    pub(super) offline: &'static str,
    pub(super) table: &'static str,
    pub(super) to_cook: &'static str,
    pub(super) cooking: &'static str,
    pub(super) ready: &'static str,
    pub(super) nothing: &'static str,
    pub(super) more_tickets: &'static str,
    pub(super) more_lines: &'static str,
    pub(super) leave: &'static str,
}

/// Plain English.
pub(super) const ENGLISH: Words = Words {
    connecting: "connecting",
    catching_up: "catching up",
    live: "live at position {}",
    offline: "offline, next try in {} s",
    table: "table",
    to_cook: "to cook",
    cooking: "cooking",
    ready: "ready",
    nothing: "Nothing to cook.",
    more_tickets: "+ {} more tickets",
    more_lines: "+ {} more lines",
    leave: "Ctrl-C leaves",
};

/// Plain Spanish.
pub(super) const SPANISH: Words = Words {
    connecting: "conectando",
    catching_up: "poniéndose al día",
    live: "al día en la posición {}",
    offline: "sin conexión, próximo intento en {} s",
    table: "mesa",
    to_cook: "por hacer",
    cooking: "preparando",
    ready: "listo",
    nothing: "Nada que cocinar.",
    more_tickets: "+ {} comandas más",
    more_lines: "+ {} líneas más",
    leave: "Ctrl-C para salir",
};

impl Words {
    /// The words of the language that the environment asks for.
    pub(super) fn of_environment() -> &'static Self {
        // The usual order of the three: the first that is set decides.
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::of(&["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default())
    }

    fn of(locale: &str) -> &'static Self {
        match locale.split(['_', '.', '@']).next() {
            Some("es") => &SPANISH,
            _ => &ENGLISH,
        }
    }
}

/// A phrase with its number in it.
pub(super) fn with_number(phrase: &str, number: impl std::fmt::Display) -> String {
    phrase.replace("{}", &number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_the_language() {
        for spanish in ["es", "es_ES.UTF-8", "es_419", "es@euro"] {
            assert_eq!(Words::of(spanish), &SPANISH, "{spanish}");
        }
        for english in ["", "C", "en_GB.UTF-8", "eslovaco", "de"] {
            assert_eq!(Words::of(english), &ENGLISH, "{english}");
        }
    }
}
