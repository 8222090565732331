//! The lexical skeleton of a RON text: brackets, commas, and where comments and texts end.
//!
//! ron decides what is legal. This only finds out what ron does not tell: how deeply a text is nested (before it
//! is parsed), which bracket belongs to which, and where the value before a mistake ends.

use std::ops::Range;

/// What a token is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `(`, `[` or `{`.
    Open(u8),
    /// `)`, `]` or `}`.
    Close(u8),
    /// `,`
    Comma,
    /// A text or a character in quotes.
    Quoted,
    /// A name, a number, any other run of characters.
    Word,
}

/// The tokens of a text, each with its range; never fails, whatever the text.
pub(super) struct Tokens<'s> {
    text: &'s str,
    at: usize,
}

impl<'s> Tokens<'s> {
    pub(super) fn of(text: &'s str) -> Tokens<'s> {
        Tokens { text, at: 0 }
    }

    fn byte(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + offset).copied()
    }

    fn rest(&self) -> &'s str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The length of the rest up to and with `end`, or all of it.
    fn until(&self, end: &str) -> usize {
        let rest = self.rest();
        rest.find(end).map_or(rest.len(), |found| found + end.len())
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches(is_blank).len();
            self.at += blank;
            match (self.byte(0), self.byte(1)) {
                (Some(b'/'), Some(b'/')) => self.at += self.until("\n"),
                (Some(b'/'), Some(b'*')) => self.skip_block_comment(),
                _ if blank == 0 => return,
                _ => {}
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0_usize;
        while let (Some(first), second) = (self.byte(0), self.byte(1)) {
            match (first, second) {
                (b'/', Some(b'*')) => (depth, self.at) = (depth + 1, self.at + 2),
                (b'*', Some(b'/')) => (depth, self.at) = (depth - 1, self.at + 2),
                _ => self.at += 1,
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// The length of what begins with a quote: `"..."`, `r#"..."#`, `b"..."`, `'.'`; none if nothing does.
    fn quoted(&self) -> Option<usize> {
        let rest = self.rest();
        let bare = rest.strip_prefix('b').unwrap_or(rest);
        let prefix = rest.len() - bare.len();
        if let Some(raw) = bare.strip_prefix('r') {
            let hashes = raw.len() - raw.trim_start_matches('#').len();
            if let Some(body) = raw.get(hashes..).and_then(|raw| raw.strip_prefix('"')) {
                let end = format!("\"{}", "#".repeat(hashes));
                let closed = body.find(&end).map(|found| found + end.len());
                return Some(rest.len() - body.len() + closed.unwrap_or(body.len()));
            }
            return None;
        }
        let quote = bare.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let mut escaped = false;
        for (i, c) in bare.char_indices().skip(1) {
            // `'''` is a quote in quotes.
            if c == quote && !escaped && !(quote == '\'' && i == 1) {
                return Some(prefix + i + 1);
            }
            // A stray apostrophe must not swallow the rest of the file.
            if quote == '\'' && i > 12 {
                return Some(prefix + 1);
            }
            escaped = c == '\\' && !escaped;
        }
        Some(rest.len())
    }
}

impl Iterator for Tokens<'_> {
    type Item = (Token, Range<usize>);

    fn next(&mut self) -> Option<(Token, Range<usize>)> {
        self.skip_blanks();
        let start = self.at;
        let (token, length) = match self.byte(0)? {
            open @ (b'(' | b'[' | b'{') => (Token::Open(open), 1),
            close @ (b')' | b']' | b'}') => (Token::Close(close), 1),
            b',' => (Token::Comma, 1),
            b':' => (Token::Word, 1),
            _ => match self.quoted() {
                Some(length) => (Token::Quoted, length),
                None => (Token::Word, word(self.rest())),
            },
        };
        self.at += length;
        Some((token, start..self.at))
    }
}

/// The length of a run up to a blank, a bracket, a comma, a colon, a quote or a comment; at least one character.
fn word(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    chars
        .find(|&(i, c)| {
            is_blank(c)
                || matches!(
                    c,
                    '(' | '[' | '{' | ')' | ']' | '}' | ',' | ':' | '"' | '\''
                )
                || (c == '/'
                    && rest
                        .get(i + 1..)
                        .is_some_and(|next| next.starts_with(['/', '*'])))
        })
        .map_or(rest.len(), |(i, _)| i)
}

/// What ron takes for a blank, and the mark that some editors put in front of a file.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{feff}')
}

/// Without blanks and comments at both ends: the range of what is left, empty if nothing is.
pub(super) fn trimmed(text: &str) -> Range<usize> {
    let mut tokens = Tokens::of(text).map(|(_, range)| range);
    match tokens.next() {
        Some(first) => first.start..tokens.last().map_or(first.end, |last| last.end),
        None => 0..0,
    }
}

/// What is wrong with the brackets of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BracketError {
    /// More open brackets than the limit.
    TooDeep(Range<usize>),
    /// Never closed.
    Unclosed(Range<usize>),
    /// Closed by a bracket of another kind: where each stands.
    Crossed(Range<usize>, Range<usize>),
    /// Never opened.
    Unopened(Range<usize>),
}

/// Checks depth and pairs of brackets.
pub(super) fn brackets(text: &str, limit: usize) -> Result<(), BracketError> {
    let mut open: Vec<(u8, Range<usize>)> = Vec::new();
    let mut crossed = Ok(());
    for (token, range) in Tokens::of(text) {
        match token {
            Token::Open(_) if open.len() >= limit => return Err(BracketError::TooDeep(range)),
            Token::Open(bracket) => open.push((bracket, range)),
            Token::Close(bracket) if crossed.is_ok() => match open.pop() {
                None => crossed = Err(BracketError::Unopened(range)),
                Some((opening, at)) if closing(opening) != bracket => {
                    crossed = Err(BracketError::Crossed(at, range))
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    crossed?;
    match open.pop() {
        Some((_, range)) => Err(BracketError::Unclosed(range)),
        None => Ok(()),
    }
}

/// The bracket that closes `open`.
pub(super) fn closing(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        Tokens::of(text).map(|(_, range)| &text[range]).collect()
    }

    #[test]
    fn comments_and_texts_hide_brackets() {
        assert_eq!(
            words("a(/* ( /* ] */ */ \"(\\\")\" // )\n b:1)"),
            ["a", "(", "\"(\\\")\"", "b", ":", "1", ")"]
        );
        assert_eq!(
            words("r#\"(\"(\"# '(' b'\\'' r#raw"),
            ["r#\"(\"(\"#", "'('", "b'\\''", "r#raw"]
        );
        assert_eq!(words("/* never closed ("), [""; 0]);
        assert_eq!(words("\"never closed ("), ["\"never closed ("]);
    }

    #[test]
    fn trims_comments_but_not_texts() {
        let text = " /* a */ Foo(1 // b\n) // c";
        assert_eq!(&text[trimmed(text)], "Foo(1 // b\n)");
        assert_eq!(trimmed(" // nothing"), 0..0);
    }

    #[test]
    fn finds_the_bracket_that_is_wrong() {
        assert_eq!(brackets("([{}])", 3), Ok(()));
        assert_eq!(brackets("([{}])", 2), Err(BracketError::TooDeep(2..3)));
        assert_eq!(brackets("([)", 9), Err(BracketError::Crossed(1..2, 2..3)));
        assert_eq!(brackets("((", 9), Err(BracketError::Unclosed(1..2)));
        assert_eq!(brackets("())", 9), Err(BracketError::Unopened(2..3)));
    }
}
