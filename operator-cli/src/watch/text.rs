//! Text in cells of a terminal: how wide it is, where it breaks, and what must not reach the screen.

/// Cells that a character takes. Good enough for names and notes of any language; a terminal that
/// disagrees shifts a column, nothing worse.
fn cells_of(character: char) -> usize {
    match u32::from(character) {
        // Combining marks, joiners, variation selectors.
        0x0300..=0x036F | 0x200B..=0x200F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F => 0,
        // East Asian scripts, full-width forms, pictographs.
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 => 2,
        0x1F300..=0x1FAFF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Cells that a text takes.
pub(super) fn cells(text: &str) -> usize {
    text.chars().map(cells_of).sum()
}

/// A guest writes notes and a terminal obeys escape codes: what is no plain character becomes a space.
pub(super) fn plain(text: &str) -> String {
    let harmless = |c: char| !c.is_control() && !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if harmless(c) { c } else { ' ' }).collect()
}

/// The text in exactly `width` cells: cut with `…`, or filled up with spaces.
pub(super) fn fit(text: &str, width: usize) -> String {
    if cells(text) <= width {
        return format!("{text}{}", " ".repeat(width.saturating_sub(cells(text))));
    }
    let (mut cut, mut used) = (String::new(), 0);
    for character in text.chars() {
        if used + cells_of(character) >= width {
            break;
        }
        used += cells_of(character);
        cut.push(character);
    }
    if width > 0 {
        cut.push('…');
        used += 1;
    }
    format!("{cut}{}", " ".repeat(width.saturating_sub(used)))
}

/// Left and right in exactly `width` cells; where both have no room, the right one stays whole.
pub(super) fn between(left: &str, right: &str, width: usize) -> String {
    let right_cells = cells(right);
    if right_cells + 1 >= width {
        return fit(right, width);
    }
    format!("{} {right}", fit(left, width - right_cells - 1))
}

/// Breaks a text at spaces into lines of at most `width` cells: a cook must read the whole note.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace().flat_map(|word| pieces(word, width)) {
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = word,
            Some(line) if cells(line) + 1 + cells(&word) <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// A word that is wider than a line, in pieces.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let (mut pieces, mut used) = (vec![String::new()], 0);
    for character in word.chars() {
        if used > 0 && used + cells_of(character) > width {
            pieces.push(String::new());
            used = 0;
        }
        used += cells_of(character);
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_or_filled_to_its_width() {
        assert_eq!(fit("Burger", 8), "Burger  ");
        assert_eq!(fit("Burger", 6), "Burger");
        assert_eq!(fit("Burger", 4), "Bur…");
        assert_eq!(fit("寿司盛り", 4), "寿… ");
        assert_eq!(fit("Burger", 0), "");
    }

    #[test]
    fn left_gives_way_to_right() {
        assert_eq!(between("Casa Demo", "live", 16), "Casa Demo   live");
        assert_eq!(between("Casa Demo", "live", 10), "Casa… live");
        assert_eq!(between("Casa Demo", "live", 3), "li…");
    }

    #[test]
    fn words_move_to_the_next_line_as_a_whole_unless_they_are_too_long() {
        assert_eq!(wrap("no onions  please", 9), ["no onions", "please"]);
        assert_eq!(wrap("Donaudampfschiff ahoi", 8), ["Donaudam", "pfschiff", "ahoi"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn no_escape_code_of_a_note_reaches_the_terminal() {
        assert_eq!(plain("no\u{1b}[2Jsalt\u{202E}\n"), "no [2Jsalt  ");
    }
}
