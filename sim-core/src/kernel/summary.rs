//! Short summaries: what traces and reports print of payloads and of lists of processes.

use core::fmt::{self, Display, Write};

use super::id::NodeId;

/// Longest list of processes that is given one by one.
const NAMED_MAX: usize = 6;
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

/// A list of processes as a sentence names it: `node 1`, `nodes 2, 3, 4`, `nodes 2, 3, 4, 5, 6, 7 and 92 more`.
#[must_use]
pub fn nodes(nodes: &[NodeId]) -> String {
    let named: Vec<String> = nodes
        .iter()
        .take(NAMED_MAX)
        .map(|node| node.0.to_string())
        .collect();
    let word = if nodes.len() == 1 { "node" } else { "nodes" };
    match nodes.len().saturating_sub(NAMED_MAX) {
        0 => format!("{word} {}", named.join(", ")),
        more => format!("{word} {} and {more} more", named.join(", ")),
    }
}

/// Does a summary name this kind of message? It does if the word stands in it outside of quotes: `Data` in
/// `Msg{#3 Data{0.0 "Echo"}}`, but not `Echo`.
#[must_use]
pub fn names(summary: &str, kind: &str) -> bool {
    let unquoted = summary.split('"').step_by(2);
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    unquoted
        .flat_map(|part| part.split(|c| !is_part(c)))
        .any(|word| word == kind)
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
    fn a_summary_names_the_kinds_in_it() {
        let text = "Msg{#3 Data{0.0 \"Echo Ready\"}}";
        assert!(names(text, "Msg") && names(text, "Data"));
        assert!(!names(text, "Echo") && !names(text, "Dat") && !names("\"Data\"", "Data"));
    }

    #[test]
    fn cuts_long_texts_and_defuses_control_characters() {
        assert_eq!(summary("hello"), "hello");
        assert_eq!(summary(&"x".repeat(60)), "x".repeat(60));
        assert_eq!(summary(&"x".repeat(61)), format!("{}…", "x".repeat(59)));
        assert_eq!(summary("a\u{1b}[31m\u{9b}b"), "a\u{fffd}[31m\u{fffd}b");
    }
}
