//! The kind of a message, as its summary names it.

use alloc::string::String;
use core::fmt::{self, Display, Write};

/// True if the summary of `msg` has one of the words `kinds` outside quotes, or if no kinds are given.
pub(super) fn is_of_kind(msg: &impl Display, kinds: &[String]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use sim_core::kernel::text::Text;

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
}
