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
    let mut text = String::new();
    summarise(&mut text, value);
    text
}

/// The same, into an empty text that may have room from an earlier use.
pub fn summarise(text: &mut String, value: &(impl Display + ?Sized)) {
    let mut cut = Cut {
        text,
        left: LENGTH_MAX,
        more: false,
    };
    // A value that cannot be displayed shows as far as it could.
    let _ = write!(cut, "{value}");
    if cut.more {
        text.pop();
        text.push('…');
    }
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

/// Is a message of one of these kinds? Its kinds are the words of its summary outside quotes: `Msg{#3 Data{"hi"}}` is a
/// `Msg` and a `Data`. No kinds are all kinds.
#[must_use]
pub fn is_of_kind(msg: &impl Display, kinds: &[String]) -> bool {
    if kinds.is_empty() {
        return true;
    }
    let mut words = Words {
        kinds,
        word: String::new(),
        quoted: false,
        escaped: false,
        found: false,
    };
    // The error is how it stops the writer once it has found what it looks for.
    let _ = write!(words, "{msg} ");
    words.found
}

/// Reads a summary as it is written, a word at a time.
struct Words<'a> {
    kinds: &'a [String],
    word: String,
    quoted: bool,
    escaped: bool,
    found: bool,
}

impl Write for Words<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for c in part.chars() {
            if self.quoted {
                let plain = !self.escaped;
                self.escaped = plain && c == '\\';
                self.quoted = !(plain && c == '"');
            } else if c.is_alphanumeric() || c == '_' {
                self.word.push(c);
            } else {
                self.quoted = c == '"';
                self.found = self.kinds.contains(&self.word);
                self.word.clear();
                if self.found {
                    return Err(fmt::Error);
                }
            }
        }
        Ok(())
    }
}

/// Takes so many characters and then refuses more.
struct Cut<'a> {
    text: &'a mut String,
    left: usize,
    more: bool,
}

impl Write for Cut<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        // Nearly all parts are plain and fit: a trace formats a summary for each of its events.
        if part.len() <= self.left && part.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            self.text.push_str(part);
            self.left -= part.len();
            return Ok(());
        }
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
    use super::super::text::Text;
    use super::*;

    #[test]
    fn a_kind_is_a_word_outside_quotes() {
        let is = |summary: &str, kind: &str| is_of_kind(&summary, &[kind.to_string()]);
        assert!(is("Data{1.0 \"hi\"}", "Data"));
        assert!(is("Frame{7 Data{1.0 \"hi\"}}", "Data"), "nested");
        assert!(is("Ack", "Ack"), "at the end");
        assert!(!is("Database{1}", "Data") && !is("Data_2", "Data"));
        let quoted = Text::from("say \"Data\" \\").to_string();
        assert!(!is(&quoted, "Data") && is(&(quoted + " Data"), "Data"));
        assert!(is_of_kind(&"anything", &[]));
    }

    #[test]
    fn cuts_long_texts_and_defuses_control_characters() {
        assert_eq!(summary("hello"), "hello");
        assert_eq!(summary(&"x".repeat(60)), "x".repeat(60));
        assert_eq!(summary(&"x".repeat(61)), format!("{}…", "x".repeat(59)));
        assert_eq!(summary("a\u{1b}[31m\u{9b}b"), "a\u{fffd}[31m\u{fffd}b");
    }
}
