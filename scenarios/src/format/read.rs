//! Reading a whole file: syntax, overrides, one variant or all of them.

use super::context::Context;
use super::declare::{self, is_fit_for_a_folder};
use super::entry::Entry;
use super::expr::Value;
use super::fields::{FieldDoc, Fields};
use super::place::{Place, SourceId, Sources};
use super::problem::{Code, Problem, Severity};
use super::raw::{Entry as Field, Opened, Origin, Raw};
use super::scenario::Scenario;
use super::sets::{Node, Segment, Set};
use super::syntax;
use super::tokens::{Token, Tokens, trimmed};
use super::words::{listed, shown, similar};

/// What the command line adds to a file: sources, so that a mistake in them is shown as one in the file is.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The source of the name of the variant to run (`--variant`).
    pub variant: Option<SourceId>,
    /// `-p n=10`, each the source of `n=10`. The value is a number, true, false, or an expression without quotes.
    pub params: Vec<SourceId>,
    /// `--set network.loss=0.2`, each the source of `network.loss=0.2`, the value in RON. Also for `--seed`, `--trace`.
    pub sets: Vec<SourceId>,
    /// `-s n=4,8,16..=64`, each the source of an axis of the sweep; it takes the place of the file's, or is added.
    pub axes: Vec<SourceId>,
    /// `--expect`, each the source of a sentence.
    pub expects: Vec<SourceId>,
    /// Metrics that a sweep measures besides those of the file.
    pub measures: Vec<SourceId>,
    /// Judge as if nothing were meant to break (`--no-expect-violation`).
    pub no_expect_violation: bool,
}

/// A variant of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// The properties that it is meant to break, as far as it says so itself.
    pub expect_violation: Vec<String>,
    /// Where it is written.
    pub place: Place,
}

/// What came of a file.
#[derive(Debug)]
pub struct Reading {
    /// The scenario, if nothing is wrong with it.
    pub scenario: Option<Scenario>,
    /// The variants of the file.
    pub variants: Vec<Variant>,
    /// Errors and warnings, in the order of their places.
    pub problems: Vec<Problem>,
}

/// Reads `file` under `overrides`: one scenario, or every mistake in it.
#[must_use]
pub fn read(
    sources: &Sources,
    file: SourceId,
    overrides: &Overrides,
    registry: &[&dyn Entry],
) -> Reading {
    let chosen = overrides.variant.map(|source| {
        let text = sources.text(source);
        (
            text,
            Place {
                source,
                start: 0,
                end: text.len(),
            },
        )
    });
    read_variant(sources, file, overrides, registry, chosen)
}

/// Everything that is wrong with `file` under `overrides`, and with each of its variants.
#[must_use]
pub fn validate(
    sources: &Sources,
    file: SourceId,
    overrides: &Overrides,
    registry: &[&dyn Entry],
) -> Vec<Problem> {
    let Reading {
        mut problems,
        variants,
        ..
    } = read_variant(sources, file, overrides, registry, None);
    for variant in &variants {
        let chosen = Some((variant.name.as_str(), variant.place));
        for problem in read_variant(sources, file, overrides, registry, chosen).problems {
            let known = problems.iter().any(|other| {
                (other.code, other.place, &other.title)
                    == (problem.code, problem.place, &problem.title)
            });
            if !known {
                problems.push(problem.note(format!("in variant `{}`", shown(&variant.name))));
            }
        }
    }
    problems.sort_by_key(|problem| problem.place);
    problems
}

/// Every field of a scenario, with those of each protocol and its operations.
#[must_use]
pub fn describe(registry: &[&dyn Entry]) -> Vec<FieldDoc> {
    let mut sources = Sources::new();
    let source = sources.add("", "");
    let cx = Context::new(&sources, source, true);
    let mut fields = Fields::top(
        &cx,
        Node::default(),
        Place {
            source,
            start: 0,
            end: 0,
        },
    );
    declare::scenario(&mut fields, None, &[], registry);
    cx.docs
        .map(std::cell::RefCell::into_inner)
        .unwrap_or_default()
}

/// Is the point of a sweep meant that `overrides` set, if those are meant of which `condition` is true?
///
/// # Errors
/// What is wrong with the parameters of the point, or with the condition there.
pub fn is_meant(
    sources: &Sources,
    file: SourceId,
    overrides: &Overrides,
    condition: &str,
) -> Result<bool, Vec<Problem>> {
    let cx = Context::new(sources, file, false);
    let raw = file_value(sources, file).map_err(|problem| vec![*problem])?;
    let sets: Result<Vec<_>, _> = overrides
        .params
        .iter()
        .map(|id| argument(sources, *id, true))
        .collect();
    let sets = sets.map_err(|problem| vec![*problem])?;
    let mut node = Node::written(raw);
    for (path, value) in &sets {
        node.apply(Set { path, raw: *value });
    }
    super::params::params(&mut Fields::top(&cx, node, raw.place));
    let written = top_fields(raw)
        .into_iter()
        .find(|field| field.key == "sweep")
        .map_or(raw, |field| field.value);
    let value = cx.evaluate(written, condition);
    let problems = cx.problems.into_inner();
    match value {
        Some(Value::Bool(value)) if problems.is_empty() => Ok(value),
        _ => Err(problems),
    }
}

fn read_variant(
    sources: &Sources,
    file: SourceId,
    overrides: &Overrides,
    registry: &[&dyn Entry],
    chosen: Option<(&str, Place)>,
) -> Reading {
    let cx = Context::new(sources, file, false);
    let (scenario, variants) = match file_value(sources, file) {
        Ok(raw) => {
            let fields = top_fields(raw);
            let variants = variants(&cx, &fields);
            let scenario = read_scenario(&cx, raw, &variants, overrides, registry, chosen);
            (
                scenario,
                variants.into_iter().map(|(variant, _)| variant).collect(),
            )
        }
        Err(problem) => {
            cx.report(*problem);
            (None, Vec::new())
        }
    };
    let mut problems = cx.problems.into_inner();
    problems.sort_by_key(|problem| problem.place);
    let sound = problems
        .iter()
        .all(|problem| problem.severity == Severity::Warning);
    Reading {
        scenario: scenario.filter(|_| sound),
        variants,
        problems,
    }
}

fn read_scenario<'s>(
    cx: &Context<'s>,
    raw: Raw<'s>,
    variants: &[(Variant, Vec<Field<'s>>)],
    overrides: &Overrides,
    registry: &[&dyn Entry],
    chosen: Option<(&str, Place)>,
) -> Option<Scenario> {
    let mut sets = Vec::new();
    if let Some((name, place)) = chosen {
        match variants.iter().find(|(variant, _)| variant.name == name) {
            Some((_, fields)) => sets.extend(variant_sets(fields)),
            None => {
                cx.report(no_variant(variants, name, place));
                return None;
            }
        }
    }
    for (ids, param) in [(&overrides.params, true), (&overrides.sets, false)] {
        for id in ids {
            match argument(cx.sources, *id, param) {
                Ok(set) => sets.push(set),
                Err(problem) => cx.report(*problem),
            }
        }
    }
    for id in &overrides.axes {
        match axis(cx.sources, *id) {
            Ok(set) => sets.push(set),
            Err(problem) => cx.report(*problem),
        }
    }
    if overrides.no_expect_violation {
        let path = vec![Segment {
            name: "expect_violation".to_owned(),
            place: raw.opening(),
        }];
        sets.push((
            path,
            Raw {
                text: "[]",
                place: raw.opening(),
                origin: Origin::BuiltIn,
            },
        ));
    }
    let whole = |id: &SourceId| {
        let text = cx.sources.text(*id);
        Raw {
            text,
            place: Place {
                source: *id,
                start: 0,
                end: text.len(),
            },
            origin: Origin::Bare,
        }
    };
    let expects: Vec<Raw<'s>> = overrides.expects.iter().map(whole).collect();

    let mut node = Node::written(raw);
    for (path, value) in &sets {
        node.apply(Set { path, raw: *value });
    }
    let mut fields = Fields::top(cx, node, raw.place);
    let read = declare::scenario(
        &mut fields,
        chosen.map(|(name, _)| name),
        &expects,
        registry,
    );
    let resolved = fields.finish();
    let mut scenario = read?;
    scenario.resolved = resolved.file();
    Some(scenario)
}

/// The value of a file: without a mark or attributes in front, blanks and comments around.
fn file_value(sources: &Sources, file: SourceId) -> Result<Raw<'_>, Box<Problem>> {
    let text = sources.text(file);
    let start = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    syntax::check(file, &text[start..], start)?;
    // `#![type = ".."]` is for editors: it tells us nothing.
    let mut start = start;
    while text[start..][trimmed(&text[start..])].starts_with('#') {
        let mut depth = 0_usize;
        let end = Tokens::of(&text[start..]).find(|(token, _)| {
            match token {
                Token::Open(_) => depth += 1,
                Token::Close(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && matches!(token, Token::Close(_))
        });
        start = end.map_or(text.len(), |(_, range)| start + range.end);
    }
    let range = trimmed(&text[start..]);
    let (start, end) = (start + range.start, start + range.end);
    Ok(Raw {
        text: &text[start..end],
        place: Place {
            source: file,
            start,
            end,
        },
        origin: Origin::Written,
    })
}

fn top_fields(raw: Raw<'_>) -> Vec<Field<'_>> {
    match raw.open() {
        Opened::Struct(_, fields) => fields,
        _ => Vec::new(),
    }
}

/// The variants of a file, each with its fields. What is wrong with their form is reported.
fn variants<'s>(cx: &Context<'s>, fields: &[Field<'s>]) -> Vec<(Variant, Vec<Field<'s>>)> {
    let Some(field) = fields.iter().find(|field| field.key == "variants") else {
        return Vec::new();
    };
    let report = |code, place, title: &str, label: &str| {
        cx.report(Problem::error(code, place, title).label(label))
    };
    let entries = match field.value.open() {
        Opened::Map(entries) => entries,
        other => {
            let label = format!("this is {}", other.describe());
            report(
                Code::S104,
                field.value.place,
                "`variants` has to be a map, `{ \"name\": ( .. ) }`",
                &label,
            );
            return Vec::new();
        }
    };
    let mut variants: Vec<(Variant, Vec<Field<'s>>)> = Vec::new();
    for entry in entries {
        if variants.len() == VARIANTS_MAX {
            let title = format!("there are more than {VARIANTS_MAX} variants");
            report(Code::S004, entry.key_place, &title, "one too many");
            return Vec::new();
        }
        if !entry.sound || !is_fit_for_a_folder(&entry.key) {
            let title = format!("`{}` cannot be the name of a variant", shown(&entry.key));
            report(
                Code::S105,
                entry.key_place,
                &title,
                "a text of letters, digits, `-`, `_`, `.`",
            );
            continue;
        }
        if let Some((first, _)) = variants
            .iter()
            .find(|(variant, _)| variant.name == entry.key)
        {
            let problem = Problem::error(
                Code::S106,
                entry.key_place,
                format!("variant `{}` is given twice", shown(&entry.key)),
            );
            cx.report(problem.label("again here").also(first.place, "first here"));
            continue;
        }
        let fields = match entry.value.open() {
            Opened::Struct("", fields) => fields,
            Opened::Tuple("", items) if items.is_empty() => Vec::new(),
            Opened::Map(_) => {
                let value = entry.value;
                cx.report(syntax::curly(value.text, 0, &|range| {
                    value.inside(range.start, range.end)
                }));
                continue;
            }
            other => {
                let label = format!("this is {}", other.describe());
                report(
                    Code::S104,
                    entry.value.place,
                    "a variant has to be a struct, `( .. )`, of the fields that differ",
                    &label,
                );
                continue;
            }
        };
        if let Some(inner) = fields
            .iter()
            .find(|field| matches!(field.key.as_str(), "name" | "variants"))
        {
            let title = format!("a variant has no `{}` of its own", shown(&inner.key));
            report(
                Code::S101,
                inner.key_place,
                &title,
                "this belongs to the scenario",
            );
        }
        let violations = fields.iter().find(|field| field.key == "expect_violation");
        let expect_violation = match violations.map(|field| field.value.open()) {
            Some(Opened::List(items)) => {
                let text = |raw: Raw<'_>| {
                    if let Opened::Text(text) = raw.open() {
                        Some(text)
                    } else {
                        None
                    }
                };
                items.into_iter().filter_map(text).collect()
            }
            _ => Vec::new(),
        };
        let place = entry.place();
        variants.push((
            Variant {
                name: entry.key,
                expect_violation,
                place,
            },
            fields,
        ));
    }
    variants
}

/// More variants are refused: to check one is to read the whole file.
const VARIANTS_MAX: usize = 50;

type OwnedSet<'s> = (Vec<Segment>, Raw<'s>);

/// A variant as overrides: `params`, `network` and `stop` key by key, all other fields as a whole.
fn variant_sets<'s>(fields: &[Field<'s>]) -> Vec<OwnedSet<'s>> {
    let segment = |field: &Field<'s>| Segment {
        name: field.key.clone(),
        place: field.key_place,
    };
    let mut sets = Vec::new();
    for field in fields {
        let inner = match (field.key.as_str(), field.value.open()) {
            ("params", Opened::Map(entries)) if entries.iter().all(|entry| entry.sound) => entries,
            ("network" | "stop", Opened::Struct("", fields)) => fields,
            _ => {
                sets.push((vec![segment(field)], field.value));
                continue;
            }
        };
        sets.extend(
            inner
                .iter()
                .map(|inner| (vec![segment(field), segment(inner)], inner.value)),
        );
    }
    sets
}

fn no_variant(variants: &[(Variant, Vec<Field<'_>>)], name: &str, place: Place) -> Problem {
    let names = || variants.iter().map(|(variant, _)| variant.name.as_str());
    let mut problem = Problem::error(
        Code::S102,
        place,
        format!("no variant is called `{}`", shown(name)),
    )
    .label("unknown name");
    if let Some(near) = similar(name, names()) {
        problem = problem.help(
            format!("did you mean `{near}`?"),
            vec![(place.range(), near.to_owned())],
        );
    }
    let known = if variants.is_empty() {
        "none".to_owned()
    } else {
        listed(names())
    };
    problem.note(format!("variants of this scenario: {known}"))
}

/// `n=4,8,16..=64` of the command line. The list needs no brackets, and names no quotes.
fn axis(sources: &Sources, id: SourceId) -> Result<OwnedSet<'_>, Box<Problem>> {
    let text = sources.text(id);
    let place = |start, end| Place {
        source: id,
        start,
        end,
    };
    let Some((name, value)) = text
        .split_once('=')
        .filter(|(name, value)| !name.trim().is_empty() && !value.trim().is_empty())
    else {
        let title = "this has to be NAME=AXIS, `n=4,8,16..=64`";
        let problem = Problem::error(Code::S003, place(0, text.len()), title);
        return Err(problem.label("no name, or no values").into());
    };
    let segments = ["sweep", "vary", name.trim()].map(|step| Segment {
        name: step.to_owned(),
        place: place(0, name.len()),
    });
    let start = name.len() + 1;
    let range = trimmed(value);
    let (begin, end) = (start + range.start, start + range.end);
    let has_form = value.contains(['(', '[', '{', '"', '\'']);
    if has_form {
        syntax::check(id, value, start)?;
    }
    let raw = Raw {
        text: &text[begin..end],
        place: place(begin, end),
        origin: if has_form {
            Origin::Written
        } else {
            Origin::Bare
        },
    };
    Ok((segments.to_vec(), raw))
}

/// `path=value` of the command line. The value of a parameter may be an expression without quotes.
fn argument(sources: &Sources, id: SourceId, param: bool) -> Result<OwnedSet<'_>, Box<Problem>> {
    let text = sources.text(id);
    let place = |start, end| Place {
        source: id,
        start,
        end,
    };
    let form = if param { "NAME=VALUE" } else { "PATH=VALUE" };
    let Some((path, value)) = text
        .split_once('=')
        .filter(|(path, _)| !path.trim().is_empty())
    else {
        let title = format!("this has to be {form}");
        let problem = Problem::error(Code::S003, place(0, text.len()), title);
        return Err(problem.label("no name, or no value").into());
    };
    let mut segments = Vec::new();
    if param {
        let name = path.trim();
        segments.push(Segment {
            name: "params".to_owned(),
            place: place(0, path.len()),
        });
        segments.push(Segment {
            name: name.to_owned(),
            place: place(0, path.len()),
        });
    } else {
        let mut start = 0;
        for part in path.split('.') {
            segments.push(Segment {
                name: part.trim().to_owned(),
                place: place(start, start + part.len()),
            });
            start += part.len() + 1;
        }
    }
    if value.trim().is_empty() {
        let title = format!("this has to be {form}");
        let problem = Problem::error(Code::S003, place(0, text.len()), title);
        return Err(problem.label("no value").into());
    }
    let start = path.len() + 1;
    let ron = syntax::check(id, value, start);
    let range = trimmed(value);
    let (begin, end) = (start + range.start, start + range.end);
    let mut raw = Raw {
        text: &text[begin..end],
        place: place(begin, end),
        origin: Origin::Written,
    };
    let literal = ron.is_ok()
        && matches!(
            raw.open(),
            Opened::Number | Opened::Bool(_) | Opened::Text(_)
        );
    // What is no RON and has no brackets or quotes is a time or an expression whose quotes the shell has taken.
    let bare = ron.is_err() && !value.contains(['(', '[', '{', ')', ']', '}', '"', '\'']);
    if (param && !literal) || bare {
        raw.origin = Origin::Bare;
        return Ok((segments, raw));
    }
    ron?;
    Ok((segments, raw))
}
