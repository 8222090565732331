//! Foreign text in messages: cut, and harmless on a terminal.

use std::path::Path;

/// The longest text that a message repeats, in characters.
const SHOWN_MAX: usize = 60;
/// The same for a path, whose end matters.
const PATH_MAX: usize = 400;

/// What somebody wrote, to be shown in a message.
pub(crate) fn shown(text: &str) -> String {
    cut(text, SHOWN_MAX)
}

/// A path, to be shown in a message.
pub(crate) fn path(path: &Path) -> String {
    cut(&path.to_string_lossy(), PATH_MAX)
}

/// At most `max` characters of a text.
pub(crate) fn cut(text: &str, max: usize) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == max {
            out.push('…');
            break;
        }
        if is_harmless(c) {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    out
}

/// Not a control character, and none that reorders or hides text on a terminal.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_cut_and_made_harmless() {
        assert_eq!(
            shown("a\u{1b}[31m\n\u{202e}"),
            "a\\u{1b}[31m\\u{a}\\u{202e}"
        );
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), SHOWN_MAX + 1);
        assert_eq!(path(Path::new("a/b\r")), "a/b\\u{d}");
    }
}
