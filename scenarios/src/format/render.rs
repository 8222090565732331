//! Problems as text: for people in the look of rustc, for editors on one line, for programs as JSON.

use super::place::{Place, SourceId, Sources};
use super::problem::{Problem, Severity};
use super::words::{harmless, is_harmless};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// With or without colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Text only.
    Plain,
    /// With escape sequences for a terminal.
    Coloured,
}

/// Longer lines are cut, bytes.
const LINE_MAX: usize = 120;
/// Longer texts of messages are cut, bytes: a title, a label, a note.
const TEXT_MAX: usize = 480;
/// Places further apart than this get a picture of their own, lines.
const APART_MAX: usize = 30;

/// A problem as rustc would show it, over several lines, without a line break at the end.
#[must_use]
pub fn human(sources: &Sources, problem: &Problem, look: Look) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(cut(&problem.title))
        .id(problem.code.to_string());
    let mut group = Group::with_title(title);
    let mut headers = Vec::new();
    for (snippet, header) in excerpts(sources, problem) {
        group = group.element(snippet);
        headers.extend(header);
    }
    let mut report = vec![group];
    if let Some((help, edits)) = &problem.help {
        let title = Level::HELP.secondary_title(cut(help));
        let group = match patched(sources, problem.place.source, edits) {
            Some(patched) => title.element(patched),
            None => Group::with_title(title),
        };
        report.push(group);
    }
    report.extend(
        problem
            .notes
            .iter()
            .map(|note| Group::with_title(Level::NOTE.secondary_title(cut(note)))),
    );
    let renderer = match look {
        Look::Plain => Renderer::plain(),
        Look::Coloured => Renderer::styled(),
    };
    let mut text = renderer.render(&report);
    for (drawn, header) in headers {
        text = text.replacen(&drawn, &header, 1);
    }
    text
}

/// A problem on one line: `gossip.ron:5:39: error[S101]: .. (..)`.
#[must_use]
pub fn short(sources: &Sources, problem: &Problem) -> String {
    let (line, column) = sources.position(problem.place);
    let name = cut(sources.name(problem.place.source));
    let (severity, code, title) = (problem.severity.name(), problem.code, cut(&problem.title));
    let help = problem
        .help
        .as_ref()
        .map_or(String::new(), |(help, _)| format!(" ({})", cut(help)));
    format!("{name}:{line}:{column}: {severity}[{code}]: {title}{help}")
}

/// A problem as one JSON object.
#[must_use]
pub fn json(sources: &Sources, problem: &Problem) -> String {
    #[derive(Serialize)]
    struct Object<'a> {
        file: &'a str,
        line: usize,
        column: usize,
        severity: &'a str,
        code: String,
        message: String,
        label: String,
        help: Option<String>,
        notes: Vec<String>,
    }
    let (line, column) = sources.position(problem.place);
    let object = Object {
        file: sources.name(problem.place.source),
        line,
        column,
        severity: problem.severity.name(),
        code: problem.code.to_string(),
        message: cut(&problem.title),
        label: cut(&problem.label),
        help: problem.help.as_ref().map(|(help, _)| cut(help)),
        notes: problem.notes.iter().map(|note| cut(note)).collect(),
    };
    // Texts and numbers always have a form in JSON.
    serde_json::to_string(&object).unwrap_or_default()
}

/// A text of ours with pieces of somebody else's in it, made harmless.
fn cut(text: &str) -> String {
    harmless(text, TEXT_MAX)
}

/// A picture, and how its header reads as against how it has to read.
type Picture<'a> = (Snippet<'a, Annotation<'a>>, Option<(String, String)>);

/// The pictures of a problem: its own place, and the others, near ones in one picture.
fn excerpts<'a>(sources: &'a Sources, problem: &'a Problem) -> Vec<Picture<'a>> {
    let line = |place: Place| sources.position(place).0;
    let first = (
        problem.place,
        problem.label.as_str(),
        AnnotationKind::Primary,
    );
    let mut pictures = vec![vec![first]];
    for (place, label) in &problem.also {
        let near = |picture: &&mut Vec<(Place, &str, AnnotationKind)>| {
            picture.iter().any(|(other, _, _)| {
                other.source == place.source && line(*other).abs_diff(line(*place)) <= APART_MAX
            })
        };
        let mark = (*place, label.as_str(), AnnotationKind::Context);
        match pictures.iter_mut().find(near) {
            Some(picture) => picture.push(mark),
            None => pictures.push(vec![mark]),
        }
    }
    let draw = |marks: Vec<(Place, &'a str, AnnotationKind)>| {
        let source = marks[0].0.source;
        let ranges: Vec<Range<usize>> = marks.iter().map(|(place, _, _)| place.range()).collect();
        let excerpt = Excerpt::of(sources.text(source), &ranges);
        let annotations: Vec<_> = marks
            .iter()
            .map(|(place, label, kind)| {
                let label = Some(cut(label)).filter(|label| !label.is_empty());
                kind.span(excerpt.range(&place.range())).label(label)
            })
            .collect();
        let name = cut(sources.name(source));
        // Of a cut line the renderer cannot know the column.
        let (line, column) = sources.position(marks[0].0);
        let drawn = excerpt.column(excerpt.range(&marks[0].0.range()).start);
        let header = (drawn != column).then(|| {
            (
                format!("{name}:{line}:{drawn}"),
                format!("{name}:{line}:{column}"),
            )
        });
        let snippet = Snippet::source(excerpt.text)
            .line_start(excerpt.line)
            .path(name)
            .annotations(annotations);
        (snippet, header)
    };
    pictures.into_iter().map(draw).collect()
}

/// The source after the edits; none if there are none.
fn patched<'a>(
    sources: &Sources,
    source: SourceId,
    edits: &'a [(Range<usize>, String)],
) -> Option<Snippet<'a, Patch<'a>>> {
    let text = sources.text(source);
    let lines = |range: &Range<usize>| text.get(range.clone()).unwrap_or("").contains('\n');
    let (first, last) = (
        edits.iter().map(|(range, _)| range.start).min()?,
        edits.iter().map(|(range, _)| range.end).max()?,
    );
    // A patch over many lines would be a wall of text.
    let span = text.get(first..last).unwrap_or("").matches('\n').count();
    if span > APART_MAX || edits.iter().any(|(range, _)| lines(range)) {
        return None;
    }
    let ranges: Vec<Range<usize>> = edits.iter().map(|(range, _)| range.clone()).collect();
    let excerpt = Excerpt::of(text, &ranges);
    let patches: Vec<_> = edits
        .iter()
        .map(|(range, with)| Patch::new(excerpt.range(range), cut(with)))
        .collect();
    Some(
        Snippet::source(excerpt.text)
            .line_start(excerpt.line)
            .patches(patches),
    )
}

/// The lines around some ranges, long ones cut, with control characters replaced.
struct Excerpt {
    text: String,
    line: usize,
    /// From where a piece of the source begins to where it begins in the excerpt, and its length in the source.
    pieces: BTreeMap<usize, (usize, usize)>,
}

impl Excerpt {
    fn of(source: &str, ranges: &[Range<usize>]) -> Excerpt {
        let clamp = |at: usize| {
            (0..=at.min(source.len()))
                .rev()
                .find(|at| source.is_char_boundary(*at))
                .unwrap_or(0)
        };
        let start = clamp(ranges.iter().map(|range| range.start).min().unwrap_or(0));
        // Of a range over several lines the first is shown.
        let end = clamp(ranges.iter().map(|range| range.start).max().unwrap_or(0));
        let start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let end = source[end..].find('\n').map_or(source.len(), |at| end + at);
        let mut excerpt = Excerpt {
            text: String::new(),
            line: source[..start].matches('\n').count() + 1,
            pieces: BTreeMap::new(),
        };
        let mut at = start;
        for line in source[start..end].split('\n') {
            excerpt.line(line, at, ranges);
            at += line.len() + 1;
        }
        excerpt.text.pop();
        excerpt
    }

    /// Adds one line that begins at byte `start` of the source; of a long one what surrounds the first range in it.
    fn line(&mut self, line: &str, start: usize, ranges: &[Range<usize>]) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let boundary = |at: usize| {
            (0..=at.min(line.len()))
                .rev()
                .find(|at| line.is_char_boundary(*at))
                .unwrap_or(0)
        };
        let first = ranges
            .iter()
            .map(|range| range.start)
            .filter(|at| (start..=start + line.len()).contains(at))
            .min();
        let (mut from, mut to) = (0, line.len());
        if line.len() > LINE_MAX {
            from = boundary(
                first
                    .map_or(0, |at| at - start)
                    .saturating_sub(LINE_MAX / 3),
            );
            to = boundary(from + LINE_MAX);
        }
        if from > 0 {
            self.text.push('…');
        }
        for (at, c) in line[from..to].char_indices() {
            self.pieces
                .insert(start + from + at, (self.text.len(), c.len_utf8()));
            let c = match c {
                '\t' => ' ',
                c if is_harmless(c) => c,
                _ => '\u{fffd}',
            };
            self.text.push(c);
        }
        self.pieces.insert(start + to, (self.text.len(), 0));
        if to < line.len() {
            self.text.push('…');
        }
        self.text.push('\n');
    }

    /// The column in characters, from 1, of a byte of the excerpt.
    fn column(&self, at: usize) -> usize {
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        self.text[start..at].chars().count() + 1
    }

    /// A range of the source as one of the excerpt, on one line.
    fn range(&self, range: &Range<usize>) -> Range<usize> {
        let at = |offset: usize| {
            let piece = self
                .pieces
                .range(..=offset)
                .next_back()
                .or_else(|| self.pieces.iter().next());
            piece.map_or(0, |(_, (at, _))| *at)
        };
        let start = at(range.start);
        let line_end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |end| start + end);
        start..at(range.end).clamp(start, line_end)
    }
}
