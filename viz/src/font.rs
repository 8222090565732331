//! The font that every picture is laid out with: a part of DejaVu Sans, inside the program.
//!
//! No font of the host is asked, so that labels are as wide on every computer. A viewer of an SVG that lacks DejaVu
//! takes Verdana, which has the same widths, or another font, nearly all of which are narrower.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, point};

static FONT: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../assets/DejaVuSans-subset.ttf"))
        .expect("the font is part of the program")
});

/// How wide a text is, in pixels, if one em is `size` pixels.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let units: f64 = text.chars().map(advance).sum();
    units / units_per_em() * size
}

/// The outline of every glyph of a text that starts at (`x`, `y`), a point of the baseline.
pub(crate) fn outlines(text: &str, size: f64, x: f64, y: f64) -> Vec<ab_glyph::OutlinedGlyph> {
    // A scale of this crate is the height from the lowest to the highest line, not the em.
    let height = f64::from(FONT.height_unscaled()) / units_per_em() * size;
    let mut found = Vec::new();
    let mut right = x;
    for letter in text.chars() {
        let glyph = Glyph {
            id: FONT.glyph_id(letter),
            scale: PxScale::from(single(height)),
            position: point(single(right), single(y)),
        };
        found.extend(FONT.outline_glyph(glyph));
        right += advance(letter) / units_per_em() * size;
    }
    found
}

/// Breaks a text at spaces into lines that are at most so wide; a word that is wider has a line of its own.
pub(crate) fn wrap(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn advance(letter: char) -> f64 {
    f64::from(FONT.h_advance_unscaled(FONT.glyph_id(letter)))
}

fn units_per_em() -> f64 {
    f64::from(FONT.units_per_em().expect("DejaVu says it"))
}

/// A position of a picture as glyphs have it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a place in a picture: far below a pixel is not seen"
)]
pub(crate) fn single(x: f64) -> f32 {
    x as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What labels are made of; a missing glyph would be a box.
    #[test]
    fn the_font_has_every_sign_that_labels_use() {
        for letter in "aZ09 éß µΩαλ →×·−±≤≥≈∞ √⌈⌉ ⁰¹²³⁴⁵⁶⁷⁸⁹⁻ ₀₁₂ …–—“”\u{202f}✔✘".chars()
        {
            assert_ne!(FONT.glyph_id(letter).0, 0, "{letter:?}");
        }
    }

    #[test]
    fn widths_are_those_of_dejavu() {
        // 0 is 1303 of 2048 units wide.
        assert!((width("00", 2048.0) - 2606.0).abs() < 1e-9);
        assert_eq!(
            wrap("one two three", 10.0, width("one two", 10.0)),
            ["one two", "three"]
        );
    }
}
