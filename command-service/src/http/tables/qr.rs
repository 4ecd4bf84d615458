//! A QR code as SVG: squares, and what stands on the table.

use qrcode::{Color, EcLevel, QrCode, types::QrError};
use std::fmt::Write;

/// White around the code, in modules; less is not read by some phones.
const QUIET: usize = 4;
/// Room for the label below, in modules.
const LABEL: usize = 8;

/// The picture. Error correction M: it is read with an eighth of it under a coffee stain.
pub(super) fn svg(text: &str, label: &str) -> Result<String, QrError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let (width, colors) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
            // Writing to a text cannot fail.
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {height}\" width=\"60mm\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{height}\" fill=\"#fff\"/>\
         <path d=\"{path}\" fill=\"#000\"/>\
         <text x=\"{middle}\" y=\"{baseline}\" text-anchor=\"middle\" font-family=\"sans-serif\" \
         font-size=\"6\">{label}</text></svg>\n",
        height = side + LABEL,
        middle = side as f32 / 2.0,
        baseline = side + LABEL / 2,
        label = escaped(label),
    ))
}

/// Text as it stands between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{QUIET, svg};
    use qrcode::{Color, EcLevel, QrCode};

    const URL: &str = "http://127.0.0.1:8080/t/AQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAACAAAAA1xvowk5j2ycK_m-Qg";

    #[test]
    fn every_dark_module_is_a_square_where_it_belongs() {
        let picture = svg(URL, "12").unwrap();
        let code = QrCode::with_error_correction_level(URL, EcLevel::M).unwrap();
        let dark = code.to_colors().into_iter().filter(|color| *color == Color::Dark).count();
        assert_eq!(picture.matches("h1v1h-1z").count(), dark);
        // The corner of a finder pattern.
        assert!(picture.contains(&format!("M{QUIET} {QUIET}h1")));
        assert!(picture.contains(">12</text>"));
    }

    #[test]
    fn a_label_is_text_and_nothing_else() {
        let picture = svg(URL, "<b>&").unwrap();
        assert!(picture.contains(">&lt;b&gt;&amp;</text>"));
    }
}
