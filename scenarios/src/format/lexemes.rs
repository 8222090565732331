//! The words, numbers and signs of expressions and sentences.

use std::ops::Range;

use super::expr::{ExprError, WHOLE_LITERAL_MAX, WHOLE_MAX};

/// Longer signs first.
const SIGNS: [&str; 14] = [
    "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ",",
];

/// A token of an expression or a sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'t> {
    Number(f64),
    /// A number that runs into letters, such as `5ms`.
    Measure,
    Name(&'t str),
    Sign(&'static str),
}

/// Splits a text into tokens, each with its range.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Range<usize>)>, ExprError> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if first.is_ascii_digit() || first == '.' {
            let length = number_length(rest);
            let range = at..at + length;
            match rest[..length].replace('_', "").parse::<f64>() {
                Ok(number) => (
                    Token::Number(checked_literal(&rest[..length], number, range)?),
                    length,
                ),
                Err(_) => {
                    let word = name_length(rest).max(length);
                    if !rest[length..].starts_with(|c: char| c.is_alphabetic()) && length > 0 {
                        return Err(ExprError::Wrong(range, "this is not a number".to_owned()));
                    }
                    (Token::Measure, word.max(1))
                }
            }
        } else if first.is_alphabetic() || first == '_' {
            let length = name_length(rest);
            (Token::Name(&rest[..length]), length)
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            let hint = match first {
                '&' => " (write `and`)",
                '|' => " (write `or`)",
                '!' => " (write `not`)",
                '=' => " (write `==`)",
                _ => "",
            };
            let message = format!(
                "`{}` makes no sense here{hint}",
                super::words::shown(&first.to_string())
            );
            return Err(ExprError::Wrong(at..at + first.len_utf8(), message));
        };
        // `5ms`: a number right before letters is a measure, which only times have.
        let run = name_length(&rest[length..]);
        if matches!(token, Token::Number(_)) && run > 0 {
            out.push((Token::Measure, at..at + length + run));
            at += length + run;
        } else {
            out.push((token, at..at + length));
            at += length;
        }
    }
    Ok(out)
}

fn name_length(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == 'µ'))
        .unwrap_or(rest.len())
}

/// Digits, a point and digits, an exponent. `1..3` and `1e` are not numbers: they end before what does not fit.
fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digits = |mut at: usize| {
        while matches!(bytes.get(at), Some(b'0'..=b'9' | b'_')) {
            at += 1;
        }
        at
    };
    let mut at = digits(0);
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        if bytes.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
            at = digits(at + 1 + sign);
        }
    }
    at
}

fn checked_literal(text: &str, number: f64, range: Range<usize>) -> Result<f64, ExprError> {
    let whole = !text.contains(['.', 'e', 'E']);
    let inexact = whole
        && text
            .replace('_', "")
            .parse::<u64>()
            .is_ok_and(|exact| exact > WHOLE_LITERAL_MAX);
    if !number.is_finite() || inexact || (whole && number > WHOLE_MAX) {
        return Err(ExprError::Wrong(
            range,
            "this number is too large".to_owned(),
        ));
    }
    Ok(number)
}

/// The names that an expression uses, functions included; none if it is no expression.
pub(super) fn names(text: &str) -> Vec<&str> {
    let tokens = tokens(text).unwrap_or_default();
    tokens
        .into_iter()
        .filter_map(|(token, _)| {
            if let Token::Name(name) = token {
                Some(name)
            } else {
                None
            }
        })
        .collect()
}

/// Does the text consist of one name only?
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && name_length(text) == text.len()
}
