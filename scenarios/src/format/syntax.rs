//! What is not even RON, in our words: ron says where, this says what to do.

use super::habits;
use super::place::{Place, SourceId};
use super::problem::{Code, Problem};
use super::tokens::{BracketError, Token, Tokens, brackets, closing};
use ron::error::{Error, Position, SpannedError};
use serde::de::IgnoredAny;
use std::ops::Range;

/// How deeply a text may be nested: more than any scenario needs, and less than a stack can bear.
const DEPTH_MAX: usize = 32;
/// How long a text may be, in bytes.
const BYTES_MAX: usize = 256 << 10;

/// Checks the syntax of the part of a source that begins at byte `start`.
pub(super) fn check(source: SourceId, text: &str, start: usize) -> Result<(), Box<Problem>> {
    let place = |range: Range<usize>| Place {
        source,
        start: start + range.start,
        end: start + range.end,
    };
    if text.len() > BYTES_MAX {
        let title = format!(
            "this is too long: {} bytes, and the limit is {BYTES_MAX}",
            text.len()
        );
        return Err(Problem::error(Code::S004, place(0..0), title).into());
    }
    let pairs = brackets(text, DEPTH_MAX);
    if let Err(BracketError::TooDeep(range)) = pairs {
        let title = format!("brackets are nested more than {DEPTH_MAX} deep");
        return Err(Problem::error(Code::S004, place(range), title)
            .label("one too many")
            .into());
    }
    match ron::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(explain(text, &error, pairs, &place).into()),
    }
}

fn explain(
    text: &str,
    error: &SpannedError,
    pairs: Result<(), BracketError>,
    place: &dyn Fn(Range<usize>) -> Place,
) -> Problem {
    let at = offset(text, &error.span.end);
    let plain = |range, title: &str| Problem::error(Code::S003, place(range), title);
    let next = Tokens::of(text).find(|(_, range)| range.end > at);
    let before = Tokens::of(text)
        .take_while(|(_, range)| range.end <= at)
        .last();
    let word = next.as_ref().map_or(at..at, |(_, range)| range.clone());

    if let Some(problem) = habits::of_other_languages(text, &word, before.as_ref(), place) {
        return problem;
    }
    // `Name { a: 1 }`: ron reads a name, and stumbles over the bracket.
    if let (Some((Token::Open(b'{'), brace)), Some((Token::Word, _))) = (&next, &before) {
        return curly(text, brace.start, place);
    }
    if pairs.is_err()
        && let Some(text) = endless(text)
    {
        return plain(text, "this text is never closed").label("a quote is missing");
    }
    match (pairs, &error.code) {
        (Err(BracketError::Crossed(open, close)), _) => {
            let (was, due) = (
                &text[open.clone()],
                char::from(closing(text.as_bytes()[open.start])),
            );
            let title = format!("`{was}` is closed by `{}`", &text[close.clone()]);
            plain(close, &title)
                .label(format!("expected `{due}`"))
                .also(place(open), "opened here")
        }
        (Err(BracketError::Unclosed(open)), _) => {
            let title = format!("this `{}` is never closed", &text[open.clone()]);
            plain(open, &title).label("opened here")
        }
        (Err(BracketError::Unopened(close)), _) => {
            let title = format!("this `{}` closes nothing", &text[close.clone()]);
            plain(close, &title).label("no bracket is open here")
        }
        (_, Error::ExpectedComma) => {
            let end = before.map_or(at, |(_, range)| range.end);
            let spot = place(end..end);
            Problem::error(Code::S001, spot, "a comma is missing")
                .label("after this value")
                .help(
                    "separate fields and values with commas",
                    vec![(spot.range(), ",".to_owned())],
                )
        }
        (_, Error::ExpectedMapColon) => {
            let end = before.map_or(at, |(_, range)| range.end);
            plain(word, "a colon is missing after the name of a field")
                .label("before this")
                .help(
                    "write `name: value`",
                    vec![(place(end..end).range(), ":".to_owned())],
                )
        }
        (_, Error::Eof) if text.trim().is_empty() => plain(0..0, "this is empty").note(
            "a scenario needs a name, nodes and a protocol: `stormglass new scenario` writes one",
        ),
        (_, Error::Eof) => {
            plain(text.len()..text.len(), "this ends too soon").label("something is missing")
        }
        (_, Error::TrailingCharacters) => plain(word, "there is something after the end")
            .label("the value is complete before this"),
        (_, Error::UnclosedBlockComment) => {
            let start = text.rfind("/*").unwrap_or(at);
            plain(
                start..(start + 2).min(text.len()),
                "this comment is never closed",
            )
            .label("opened here")
        }
        (_, Error::ExpectedStringEnd) => {
            let start = next.map_or(at, |(_, range)| range.start);
            plain(start..start, "this text is never closed").label("a quote is missing")
        }
        (_, Error::UnexpectedChar(c)) => plain(
            word,
            &format!("`{}` makes no sense here", c.escape_default()),
        )
        .label("unexpected"),
        (_, other) => {
            let mut said = other.to_string();
            if let Some((end, _)) = said.char_indices().nth(160) {
                said.truncate(end);
            }
            plain(word, "this is not RON").label(said.escape_debug().to_string())
        }
    }
}

/// The first line of a text that runs on to the next line, if the quotes of the whole do not go in pairs: where one
/// is missing, all that follows is turned inside out, and the last text has no end.
fn endless(text: &str) -> Option<Range<usize>> {
    let quoted = || Tokens::of(text).filter(|(token, _)| *token == Token::Quoted);
    let (_, last) = quoted().last()?;
    let open = &text[last.clone()];
    if last.end < text.len() || (open.len() > 1 && open.ends_with('"')) {
        return None;
    }
    quoted().find_map(|(_, range)| {
        let line = text[range.clone()].find('\n')?;
        Some(range.start..range.start + line)
    })
}

/// `{ }` where RON wants `( )`: says so, with a patch if the bracket has a partner.
pub(super) fn curly(text: &str, brace: usize, place: &dyn Fn(Range<usize>) -> Place) -> Problem {
    let mut depth = 0_usize;
    let partner = Tokens::of(text)
        .filter(|(_, range)| range.start >= brace)
        .find(|(token, _)| {
            match token {
                Token::Open(b'{') => depth += 1,
                Token::Close(b'}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        });
    let open = place(brace..brace + 1);
    let mut edits = vec![(open.range(), "(".to_owned())];
    if let Some((_, range)) = partner {
        edits.push((place(range).range(), ")".to_owned()));
    }
    Problem::error(Code::S002, open, "fields are written in round brackets")
        .label("a `(` belongs here")
        .help(
            "RON writes fields in round brackets; `{ }` is for maps with quoted keys",
            edits,
        )
}

/// Byte offset of a line and a column in characters, both from 1.
fn offset(text: &str, position: &Position) -> usize {
    let start = match position.line {
        0 | 1 => 0,
        line => text
            .match_indices('\n')
            .nth(line - 2)
            .map_or(text.len(), |(at, _)| at + 1),
    };
    let rest = text.get(start..).unwrap_or("");
    let column = position.col.saturating_sub(1);
    start
        + rest
            .char_indices()
            .nth(column)
            .map_or(rest.len(), |(at, _)| at)
}
