//! A resolved value, and how it is written as RON: one canonical text for one value.

use std::fmt::Write;

/// A value with every default filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ron {
    /// A number, a text, a name: as it is written.
    Leaf(String),
    /// `Name(a: 1)`, or `(a: 1)` without a name.
    Struct(String, Vec<(&'static str, Ron)>),
    /// `Name(1, 2)`, or `Name` without arguments, or `(1, 2)`.
    Tuple(String, Vec<Ron>),
    /// `[1, 2]`
    List(Vec<Ron>),
    /// `{ "a": 1 }`
    Map(Vec<(String, Ron)>),
}

/// Opening bracket, closing bracket, and what stands between them, each with its key.
type Parts<'r> = (String, &'static str, Vec<(String, &'r Ron)>);

/// A line longer than this is broken up.
const WIDTH: usize = 100;

impl Ron {
    /// A text in quotes.
    pub(super) fn text(text: &str) -> Ron {
        let mut out = String::from("\"");
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if super::words::is_harmless(c) => out.push(c),
                c => out.extend(c.escape_unicode()),
            }
        }
        out.push('"');
        Ron::Leaf(out)
    }

    /// The value as a file: the outermost fields one a line.
    pub(super) fn file(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0, true);
        out.push('\n');
        out
    }

    /// The items of a list, each on one line; none of what is no list.
    pub(super) fn item_lines(&self) -> Vec<String> {
        match self {
            Ron::List(items) => items.iter().map(Ron::line).collect(),
            _ => Vec::new(),
        }
    }

    /// The value on one line.
    pub(super) fn line(&self) -> String {
        let mut out = String::new();
        self.write_flat(&mut out);
        out
    }

    /// The brackets, and what stands between them: a key in front of each value or nothing.
    fn parts(&self) -> Option<Parts<'_>> {
        let part = |value| (String::new(), value);
        match self {
            Ron::Leaf(_) => None,
            Ron::Tuple(name, items) if items.is_empty() && !name.is_empty() => None,
            Ron::Struct(name, fields) => {
                let fields = fields
                    .iter()
                    .map(|(key, value)| (format!("{key}: "), value))
                    .collect();
                Some((format!("{name}("), ")", fields))
            }
            Ron::Tuple(name, items) => {
                Some((format!("{name}("), ")", items.iter().map(part).collect()))
            }
            Ron::List(items) => Some(("[".to_owned(), "]", items.iter().map(part).collect())),
            Ron::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| (format!("{}: ", Ron::text(key).line()), value))
                    .collect();
                Some(("{".to_owned(), "}", entries))
            }
        }
    }

    fn write_flat(&self, out: &mut String) {
        match (self, self.parts()) {
            (Ron::Leaf(text) | Ron::Tuple(text, _), None) => out.push_str(text),
            (_, Some((open, close, parts))) => {
                out.push_str(&open);
                for (i, (key, value)) in parts.into_iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&key);
                    value.write_flat(out);
                }
                out.push_str(close);
            }
            _ => {}
        }
    }

    fn write(&self, out: &mut String, indent: usize, broken: bool) {
        let flat = self.line();
        let column = out.len() - out.rfind('\n').map_or(0, |at| at + 1);
        match self.parts() {
            Some((open, close, parts))
                if !parts.is_empty() && (broken || column + flat.len() > WIDTH) =>
            {
                out.push_str(&open);
                for (key, value) in parts {
                    let _ = write!(out, "\n{:1$}{key}", "", indent + 4);
                    value.write(out, indent + 4, false);
                    out.push(',');
                }
                let _ = write!(out, "\n{:1$}{close}", "", indent);
            }
            _ => out.push_str(&flat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_long_values_and_keeps_short_ones_on_a_line() {
        let long: Vec<Ron> = (0..4).map(|_| Ron::text(&"x".repeat(30))).collect();
        let value = Ron::Struct(
            "S".to_owned(),
            vec![
                ("a", Ron::Tuple("All".to_owned(), vec![])),
                ("b", Ron::List(long)),
            ],
        );
        let x = "x".repeat(30);
        let item = format!("        \"{x}\",\n");
        assert_eq!(
            value.file(),
            format!("S(\n    a: All,\n    b: [\n{}    ],\n)\n", item.repeat(4))
        );
    }

    #[test]
    fn texts_read_back() {
        for text in ["", "a\"b\\c\n\t\r", "\u{0}\u{1b}\u{202e}", "åß∂ 🦀"] {
            assert_eq!(
                ron::from_str::<String>(&Ron::text(text).line()).unwrap(),
                text
            );
        }
    }
}
