//! What people write out of habit from other languages, and how a scenario says it.

use super::place::Place;
use super::problem::{Code, Problem};
use super::tokens::{Token, Tokens};
use super::units::{BYTE_UNITS, TIME_UNITS};
use std::ops::Range;

/// What is wrong with the word at which reading stopped, if it is a habit. `before` is the token in front of it.
pub(super) fn of_other_languages(
    text: &str,
    word: &Range<usize>,
    before: Option<&(Token, Range<usize>)>,
    place: &dyn Fn(Range<usize>) -> Place,
) -> Option<Problem> {
    let written = &text[word.clone()];
    let error =
        |code, range: &Range<usize>, title: &str| Problem::error(code, place(range.clone()), title);
    let edit = |range: Range<usize>, with: String| vec![(place(range).range(), with)];
    let first = written.chars().next()?;
    let next = Tokens::of(text).find(|(_, range)| range.start >= word.end);
    let begins_field = next.is_some_and(|(_, range)| &text[range] == ":");

    let before_word = before.map(|(_, range)| range.clone());
    let comment = [Some(word.clone()), before_word]
        .into_iter()
        .flatten()
        .find(|range| {
            text[range.clone()].starts_with('#') && !text[range.clone()].starts_with("#!")
        });
    if let Some(comment) = comment {
        let sign = comment.start..comment.start + 1;
        return Some(
            error(Code::S003, &sign, "this is not RON")
                .label("comments begin with `//`")
                .help("write it like this", edit(sign.clone(), "//".to_owned())),
        );
    }
    if first == '=' || (written.ends_with('=') && written.len() > 1) {
        let sign = written.find('=').map_or(word.end, |sign| word.start + sign);
        let title = "a colon is missing after the name of a field";
        return Some(
            error(Code::S003, word, title)
                .label("here")
                .help("write `name: value`", edit(sign..sign + 1, ":".to_owned())),
        );
    }
    if let (":", Some((Token::Quoted, name))) = (written, before) {
        return Some(quoted_name(text, name, place));
    }
    if first == '"' && begins_field {
        return Some(quoted_name(text, word, place));
    }
    if first == '\'' {
        let line = text[word.start..].lines().next().unwrap_or("");
        let end = line[1..].find('\'')? + 2;
        let range = word.start..word.start + end;
        let content = &line[1..end - 1];
        return Some(
            error(Code::S003, &range, "a text stands in double quotes")
                .label("these are single ones")
                .help(
                    "write it like this",
                    edit(range.clone(), format!("\"{content}\"")),
                ),
        );
    }
    if let Some(rest) = written.strip_suffix(';') {
        let range = word.end - 1..word.end;
        let problem = error(Code::S001, &range, "a comma is missing").label("this is a semicolon");
        let free = rest.is_empty() || !rest.contains(';');
        return free.then(|| {
            problem.help(
                "separate fields and values with commas",
                edit(range.clone(), ",".to_owned()),
            )
        });
    }
    if let Some(problem) = bare_expression(text, word, before, place) {
        return Some(problem);
    }
    let digits = written
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
        .filter(|end| *end > 0)?;
    let unit = &written[digits..];
    let quoted = || edit(word.clone(), format!("\"{written}\""));
    if TIME_UNITS.contains(&unit) {
        let problem = error(Code::S110, word, "a time is a text").label("quotes are missing");
        return Some(problem.help("put it in quotes", quoted()));
    }
    if BYTE_UNITS.iter().any(|(known, _)| *known == unit) {
        let problem = error(Code::S113, word, "a size is a text").label("quotes are missing");
        return Some(problem.help("put it in quotes", quoted()));
    }
    if unit == "%" {
        let problem =
            error(Code::S003, word, "there is no percent sign").label("write it as a part of 1");
        let percent = written[..digits]
            .parse::<u32>()
            .ok()
            .filter(|all| *all <= 100)?;
        let part = format!("{}.{:02}", percent / 100, percent % 100);
        let part = part.trim_end_matches('0').trim_end_matches('.').to_owned();
        return Some(problem.help("write it like this", edit(word.clone(), part)));
    }
    None
}

/// `n - 1` or `2*n`, without quotes.
fn bare_expression(
    text: &str,
    word: &Range<usize>,
    before: Option<&(Token, Range<usize>)>,
    place: &dyn Fn(Range<usize>) -> Place,
) -> Option<Problem> {
    const SIGNS: [char; 4] = ['+', '-', '*', '/'];
    let written = &text[word.clone()];
    let start = match before {
        Some((Token::Word, value)) if written.starts_with(SIGNS) && &text[value.clone()] != ":" => {
            value.start
        }
        _ if written.starts_with(|c: char| c.is_ascii_digit()) && written.contains(SIGNS) => {
            word.start
        }
        _ => return None,
    };
    let mut depth = 0_usize;
    let (_, last) = Tokens::of(text)
        .filter(|(_, range)| range.start >= start)
        .take_while(|(token, _)| {
            match token {
                Token::Open(_) => depth += 1,
                Token::Close(_) if depth == 0 => return false,
                Token::Close(_) => depth -= 1,
                Token::Comma if depth == 0 => return false,
                _ => {}
            }
            true
        })
        .last()?;
    let range = start..last.end;
    let expression = &text[range.clone()];
    if expression.contains(['\n', '"', ':']) {
        return None;
    }
    let edits = vec![(place(range.clone()).range(), format!("\"{expression}\""))];
    Some(
        Problem::error(Code::S003, place(range), "an expression is a text")
            .label("quotes are missing")
            .help("put it in quotes", edits),
    )
}

/// `"name": value` where fields are due.
fn quoted_name(text: &str, name: &Range<usize>, place: &dyn Fn(Range<usize>) -> Place) -> Problem {
    let bare = text[name.clone()].trim_matches('"').to_owned();
    Problem::error(
        Code::S003,
        place(name.clone()),
        "the name of a field has no quotes",
    )
    .label("a text")
    .help(
        "fields have bare names in round brackets, maps have names in quotes in curly ones",
        vec![(place(name.clone()).range(), bare)],
    )
}
