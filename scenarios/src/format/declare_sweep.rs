//! The declaration of `sweep`: what varies, how often, and what is expected of all runs together.

use std::ops::Range;

use super::axis;
use super::context::{Context, whole};
use super::entry::Unit;
use super::expect::Vocabulary;
use super::expr::Value;
use super::fields::{Absent, Fields, Spec};
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::{Entry, Opened, Raw};
use super::sweep::{Axis, Figures, Said, Seeds, Sweep};
use super::sweep_expect::{Ask, What};
use super::words::{listed, shown, similar};
use sim_core::kernel::time::Span;

/// More runs of one point are taken for a mistake.
const SEEDS_MAX: u64 = 1_000_000;

/// Reads `sweep`. It is not recorded: the resolved scenario is that of one run.
pub(super) fn sweep(f: &mut Fields<'_>, words: Option<&Vocabulary>) -> Sweep {
    let node = f.take(Spec {
        name: "sweep",
        kind: "struct".to_owned(),
        absent: Absent::Default("()".to_owned()),
        doc: "what `stormglass sweep` varies; a single run takes no notice of it",
        options: &[],
    });
    f.nested("sweep", node, |f| fields(f, words)).0
}

fn fields(f: &mut Fields<'_>, words: Option<&Vocabulary>) -> Sweep {
    let axes = vary(f);
    let zip = zip(f, &axes);
    Sweep {
        condition: condition(f),
        seeds: seeds(f),
        expect: expectations(f, words),
        measure: measure(f, words),
        theory: theory(f, &axes, words),
        source: f.text(
            "source",
            Some(""),
            "where the literature says what `theory` says",
        ),
        axes,
        zip,
    }
}

fn vary(f: &mut Fields<'_>) -> Vec<Axis> {
    let node = f.take(Spec {
        name: "vary",
        kind: "map of axes".to_owned(),
        absent: Absent::Default("{}".to_owned()),
        doc: "parameters and their values: `[4, 8, 16..=64]`, `0..=7`, `Lin(..)`, `Log(..)`",
        options: &[],
    });
    let mut written: Vec<(String, Place, Raw<'_>)> = Vec::new();
    let entries: Vec<Entry<'_>> = match node.raw.map(|raw| (raw, raw.open())) {
        None => Vec::new(),
        Some((_, Opened::Map(entries))) => entries,
        Some((_, Opened::Tuple("", items))) if items.is_empty() => Vec::new(),
        Some((raw, other)) => {
            let title = "`vary` has to be a map, `{ \"n\": [4, 8, 16..=64] }`";
            let label = format!("this is {}", other.describe());
            f.cx.report(Problem::error(Code::S104, raw.place, title).label(label));
            Vec::new()
        }
    };
    for entry in entries {
        if let Some((_, first, _)) = written.iter().find(|(name, ..)| *name == entry.key) {
            let title = format!("`{}` is given twice", shown(&entry.key));
            let problem = Problem::error(Code::S106, entry.key_place, title).label("again here");
            f.cx.report(problem.also(*first, "first here"));
        } else {
            written.push((entry.key, entry.key_place, entry.value));
        }
    }
    for set in node.sets {
        match written.iter_mut().find(|(name, ..)| name == set.first()) {
            Some(axis) => (axis.1, axis.2) = (set.place(), set.raw),
            None => written.push((set.first().to_owned(), set.place(), set.raw)),
        }
    }
    let mut axes = Vec::new();
    for (name, place, raw) in written {
        let known = is_parameter(f.cx, &name, place);
        if let (Some(values), true) = (axis::values(f.cx, raw, &name), known) {
            axes.push(Axis {
                name,
                values,
                place,
            });
        }
    }
    axes
}

/// Reports a name that is no parameter.
fn is_parameter(cx: &Context<'_>, name: &str, place: Place) -> bool {
    let params = cx.params.borrow();
    if params.get(name).is_some() || cx.params_unread.get() {
        return true;
    }
    let title = format!("there is no parameter `{}`", shown(name));
    let mut problem = Problem::error(Code::S102, place, title).label("unknown parameter");
    if let Some(near) = similar(name, params.names()) {
        let is_quoted = cx
            .sources
            .text(place.source)
            .get(place.range())
            .is_some_and(|text| text.starts_with('"'));
        let text = if is_quoted {
            format!("\"{near}\"")
        } else {
            near.to_owned()
        };
        problem = problem.help(
            format!("did you mean `{near}`?"),
            vec![(place.range(), text)],
        );
    }
    let known = if params.0.is_empty() {
        "none".to_owned()
    } else {
        listed(params.names())
    };
    let note = format!(
        "parameters of this scenario: {known}; a protocol or a delay is varied by `variants`"
    );
    cx.report(problem.note(note));
    false
}

fn zip(f: &mut Fields<'_>, axes: &[Axis]) -> Vec<String> {
    let names = f.texts("zip", "axes that go together, value by value");
    let mut zipped: Vec<(&Axis, Place)> = Vec::new();
    for (place, name) in &names {
        let Some(axis) = axes.iter().find(|axis| axis.name == *name) else {
            // An axis that could not be read is reported.
            if f.cx.count() == 0 {
                let title = format!("there is no axis `{}`", shown(name));
                let note = format!("axes: {}", listed(axes.iter().map(|axis| &axis.name)));
                f.cx.report(
                    Problem::error(Code::S102, *place, title)
                        .label("unknown axis")
                        .note(note),
                );
            }
            continue;
        };
        if let Some((first, _)) = zipped
            .first()
            .filter(|(first, _)| first.values.len() != axis.values.len())
        {
            let title = "axes that go together have equally many values";
            let label = format!(
                "{} values, and `{}` has {}",
                axis.values.len(),
                first.name,
                first.values.len()
            );
            f.cx.report(Problem::error(Code::S140, *place, title).label(label));
        }
        zipped.push((axis, *place));
    }
    names.into_iter().map(|(_, name)| name).collect()
}

fn condition(f: &mut Fields<'_>) -> Option<String> {
    let spec = Spec {
        name: "where",
        kind: "true or false, an expression".to_owned(),
        absent: Absent::Nothing,
        doc: "which points are meant: `k < n`",
        options: &[],
    };
    f.leaf_value(spec, |f, raw, opened| match opened {
        Opened::Text(text) => {
            is_true_or_false(f.cx, raw, &text, 0..text.len())?;
            Some(text)
        }
        other => {
            f.wrong_type(
                raw,
                "where",
                "an expression in quotes",
                other.describe(),
                "`k < n`",
            );
            None
        }
    })
}

fn is_true_or_false(
    cx: &Context<'_>,
    raw: Raw<'_>,
    content: &str,
    part: Range<usize>,
) -> Option<()> {
    match cx.evaluate_part(raw, content, part.clone())? {
        Value::Bool(_) => Some(()),
        _ => {
            let place = raw.inside_quotes(content, part.start, part.end);
            let title = "`where` asks for something true or false";
            cx.report(Problem::error(Code::S112, place, title).label("this is neither"));
            None
        }
    }
}

fn seeds(f: &mut Fields<'_>) -> Seeds {
    const DOC: &str = "runs of a point: so many, or these seeds, `100..=119`";
    let spec = Spec {
        name: "seeds",
        kind: "whole number from 1, or a range".to_owned(),
        absent: Absent::Default("1".to_owned()),
        doc: DOC,
        options: &[],
    };
    let read = f.leaf_value(spec, |f, raw, opened| match opened {
        Opened::Range => given(f, raw),
        opened => {
            let count = f.whole_value(raw, opened, "seeds", DOC, &(1..=SEEDS_MAX))?;
            u32::try_from(count).ok().map(Seeds::Derived)
        }
    });
    read.unwrap_or_default()
}

/// `100..=119`
fn given(f: &Fields<'_>, raw: Raw<'_>) -> Option<Seeds> {
    let ends = raw.text.split_once("..=").and_then(|(first, last)| {
        let number = |text: &str| whole(&text.trim().replace('_', ""));
        Some((number(first)?, number(last)?))
    });
    match ends {
        Some((first, last)) if first <= last && last - first < SEEDS_MAX => {
            Some(Seeds::Given(first..=last))
        }
        _ => {
            let title = "these are no seeds";
            let problem = Problem::error(Code::S140, raw.place, title);
            let label = format!("first and last, `100..=119`, at most {SEEDS_MAX}");
            f.cx.report(problem.label(label));
            None
        }
    }
}

fn expectations(f: &mut Fields<'_>, words: Option<&Vocabulary>) -> Vec<Ask> {
    let doc = "what must hold of all runs, as `exponent(messages, n) in 1.9 .. 2.1`";
    let sentences = f.raw_texts("expect", doc);
    let read = |(raw, text): (Raw<'_>, String)| match Ask::parse(&text) {
        Ok(ask) => {
            check(f.cx, raw, &text, &ask, words?)?;
            Some(ask)
        }
        Err((range, label)) => {
            malformed(
                f.cx,
                raw.inside_quotes(&text, range.start, range.end),
                label,
            );
            None
        }
    };
    sentences.into_iter().filter_map(read).collect()
}

fn malformed(cx: &Context<'_>, place: Place, label: String) {
    let title = "this is not an expectation of a sweep";
    let note = "write `exponent(METRIC, PARAMETER) in A .. B` or `mean(METRIC) <= EXPR`, and perhaps `where EXPR`";
    cx.report(
        Problem::error(Code::S141, place, title)
            .label(label)
            .note(note),
    );
}

fn measure(f: &mut Fields<'_>, words: Option<&Vocabulary>) -> Vec<String> {
    let doc = "metrics that are measured besides those that sentences name, as `rounds`";
    let known = |(place, name): (Place, String)| {
        if words?.metric(&name).is_none() {
            f.cx.report(words?.no_metric_in_quotes(place, &name));
            return None;
        }
        Some(name)
    };
    let names = f.texts("measure", doc);
    names.into_iter().filter_map(known).collect()
}

/// What the literature says: a formula, or figures for values of the first axis.
fn theory(f: &mut Fields<'_>, axes: &[Axis], words: Option<&Vocabulary>) -> Vec<Said> {
    let node = f.take(Spec {
        name: "theory",
        kind: "map of formulas or tables".to_owned(),
        absent: Absent::Default("{}".to_owned()),
        doc: "what the literature says: `{ \"messages\": \"n*(n-1)\" }`, or pairs of a value of the first axis and a figure",
        options: &[],
    });
    let entries: Vec<Entry<'_>> = match node.raw.map(|raw| (raw, raw.open())) {
        None => Vec::new(),
        Some((_, Opened::Map(entries))) => entries,
        Some((_, Opened::Tuple("", items))) if items.is_empty() => Vec::new(),
        Some((raw, other)) => {
            let title = "`theory` has to be a map, `{ \"messages\": \"n*(n-1)\" }`";
            let label = format!("this is {}", other.describe());
            f.cx.report(Problem::error(Code::S104, raw.place, title).label(label));
            Vec::new()
        }
    };
    let mut known: Vec<String> = Vec::new();
    let read = |entry: Entry<'_>| {
        let words = words?;
        if known.contains(&entry.key) {
            let title = format!("`{}` is given twice", shown(&entry.key));
            let problem = Problem::error(Code::S106, entry.key_place, title);
            f.cx.report(problem.label("again here"));
            return None;
        }
        known.push(entry.key.clone());
        match words.metric(&entry.key) {
            Some(about) if !about.sampled && about.unit == Unit::Number => {}
            Some(_) => {
                let title = format!(
                    "`theory` is about figures of which a run has one, not `{}`",
                    entry.key
                );
                let problem = Problem::error(Code::S130, entry.key_place, title);
                f.cx.report(problem.label("times, or many of a run"));
                return None;
            }
            None => {
                let problem = words.no_metric_of_a_sweep(entry.key_place, &entry.key);
                f.cx.report(problem);
                return None;
            }
        }
        let figures = figures(f.cx, entry.value, axes)?;
        Some(Said {
            metric: entry.key,
            figures,
        })
    };
    entries.into_iter().filter_map(read).collect()
}

fn figures(cx: &Context<'_>, raw: Raw<'_>, axes: &[Axis]) -> Option<Figures> {
    let wrong = |raw: Raw<'_>, label: String| {
        let title = "this is nothing that theory could say";
        let note = "write an expression in quotes, or pairs of a value of the first axis and a figure: `[(1, 0.18), (2, 0.037)]`";
        let problem = Problem::error(Code::S140, raw.place, title);
        cx.report(problem.label(label).note(note));
        None
    };
    let pair = |item: &Raw<'_>| match item.open() {
        Opened::Tuple("", pair) if pair.len() == 2 => {
            let number = |raw: &Raw<'_>| match raw.open() {
                Opened::Number => cx.float(*raw, raw.text),
                other => wrong(*raw, format!("this is {}", other.describe())),
            };
            Some((number(&pair[0])?, number(&pair[1])?))
        }
        _ => wrong(*item, "this is no pair of numbers".to_owned()).and(None),
    };
    match raw.open() {
        Opened::Text(text) => match cx.evaluate_part(raw, &text, 0..text.len())? {
            Value::Number(_) => Some(Figures::Formula(text)),
            _ => wrong(raw, "this is no number".to_owned()).and(None),
        },
        Opened::Number => Some(Figures::Formula(raw.text.to_owned())),
        Opened::List(items) => {
            let table: Vec<(f64, f64)> = items.iter().map(pair).collect::<Option<_>>()?;
            let twice =
                (1..table.len()).find(|at| table[..*at].iter().any(|(x, _)| *x == table[*at].0));
            match (axes.first(), twice) {
                (_, Some(at)) => {
                    wrong(items[at], "this value has a figure already".to_owned()).and(None)
                }
                (Some(axis), None) if !table.is_empty() => {
                    Some(Figures::Table(axis.name.clone(), table))
                }
                _ => wrong(
                    raw,
                    "a figure for each value, and an axis that takes them".to_owned(),
                )
                .and(None),
            }
        }
        other => wrong(raw, format!("this is {}", other.describe())).and(None),
    }
}

/// Checks what a sentence names, and that its expressions have values.
fn check(
    cx: &Context<'_>,
    raw: Raw<'_>,
    content: &str,
    ask: &Ask,
    words: &Vocabulary,
) -> Option<()> {
    let part = |text: &str| {
        let start = content.rfind(text).unwrap_or(0);
        start..start + text.len()
    };
    let place = |text: &str| {
        let Range { start, end } = part(text);
        raw.inside_quotes(content, start, end)
    };
    let term = ask.metric();
    let Some(about) = words.metric(&term.name) else {
        cx.report(words.no_metric_of_a_sweep(place(&term.name), &term.name));
        return None;
    };
    let (unit, sampled) = (about.unit, about.sampled);
    match &term.statistic {
        None if sampled => {
            let label = format!(
                "a run has many of these; which of them? `p99({})`",
                term.name
            );
            malformed(cx, place(&term.name), label);
            return None;
        }
        Some(_) if !sampled => {
            let label = format!(
                "a run has one `{}`, of which there is no statistic",
                term.name
            );
            malformed(cx, place(&term.name), label);
            return None;
        }
        Some(statistic) if !STATISTICS.contains(&statistic.as_str()) => {
            malformed(
                cx,
                place(statistic),
                format!("of one run, one of {}", listed(STATISTICS)),
            );
            return None;
        }
        _ => {}
    }
    if let Some(condition) = &ask.condition {
        is_true_or_false(cx, raw, content, part(condition))?;
    }
    let is_number = |text: &str| {
        let is_time = text.parse::<Span>().is_ok();
        let label = match &ask.what {
            What::Statistic { .. } if is_time => match unit {
                Unit::Time => return Some(()),
                Unit::Number => format!("`{}` is a number, not a time", term.name),
            },
            What::Statistic { .. } if unit == Unit::Time => {
                format!("`{}` is a time: write the unit, `5ms`", term.name)
            }
            _ => match cx.evaluate_part(raw, content, part(text))? {
                Value::Number(_) => return Some(()),
                _ => "this is no number".to_owned(),
            },
        };
        malformed(cx, place(text), label);
        None
    };
    match &ask.what {
        What::Statistic { bound, .. } => is_number(bound),
        What::Exponent {
            param, low, high, ..
        } => {
            is_parameter(cx, param, place(param)).then_some(())?;
            is_number(low)?;
            is_number(high)
        }
    }
}

/// The statistics of samples that stand in the table of runs.
const STATISTICS: [&str; 6] = ["mean", "min", "max", "p50", "p90", "p99"];
