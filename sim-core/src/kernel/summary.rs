//! Short summaries of payloads: what traces and reports print of them.

use core::fmt::{self, Display, Write};

/// Longest summary of a payload, in characters.
const LENGTH_MAX: usize = 60;

/// What `value` displays, cut at 60 characters and without control characters. A huge payload is not printed to be cut.
#[must_use]
pub fn summary(value: &(impl Display + ?Sized)) -> String {
    let mut cut = Cut {
        text: String::new(),
        left: LENGTH_MAX,
        more: false,
    };
    // A value that cannot be displayed shows as far as it could.
    let _ = write!(cut, "{value}");
    if cut.more {
        cut.text.pop();
        cut.text.push('…');
    }
    cut.text
}

/// Takes so many characters and then refuses more.
struct Cut {
    text: String,
    left: usize,
    more: bool,
}

impl Write for Cut {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for c in part.chars() {
            if self.left == 0 {
                self.more = true;
                return Err(fmt::Error);
            }
            self.text.push(if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            });
            self.left -= 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_long_texts_and_defuses_control_characters() {
        assert_eq!(summary("hello"), "hello");
        assert_eq!(summary(&"x".repeat(60)), "x".repeat(60));
        assert_eq!(summary(&"x".repeat(61)), format!("{}…", "x".repeat(59)));
        assert_eq!(summary("a\u{1b}[31m\u{9b}b"), "a\u{fffd}[31m\u{fffd}b");
    }
}
