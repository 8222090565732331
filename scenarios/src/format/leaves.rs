//! The methods of [`Fields`] that read one value: numbers, texts, choices. Times and sizes are in `units.rs`.

use super::context::{Context, whole};
use super::expr::{self, Value, number_text};
use super::fields::{Absent, Fields, Spec};
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::{Opened, Raw};
use super::resolved::Ron;
use super::words::shown;
use sim_core::kernel::random::{Probability, ProbabilityError};
use std::ops::RangeInclusive;

/// One option of [`Fields::choice`].
#[derive(Clone, Copy, Debug)]
pub struct Choice<T> {
    /// As it is written.
    pub name: &'static str,
    /// What it stands for.
    pub value: T,
}

/// What is read of a field when only its name and documentation are left to say.
#[derive(Clone, Copy)]
pub(super) struct Label {
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
}

impl<'r> Fields<'r> {
    /// True or false; a text is an expression.
    pub fn flag(&mut self, name: &'static str, default: bool, doc: &'static str) -> bool {
        let absent = Absent::Default(default.to_string());
        let value = self.truth(Label { name, doc }, absent).unwrap_or(default);
        self.record(name, Ron::Leaf(value.to_string()));
        value
    }

    /// True or false, or nothing; a text is an expression.
    pub fn optional_flag(&mut self, name: &'static str, doc: &'static str) -> Option<bool> {
        let value = self.truth(Label { name, doc }, Absent::Nothing)?;
        self.record(name, Ron::Leaf(value.to_string()));
        Some(value)
    }

    /// A whole number from `least`, small enough for a `u32`; without a default it is required.
    pub(super) fn small(
        &mut self,
        name: &'static str,
        least: u32,
        default: Option<u32>,
        doc: &'static str,
    ) -> u32 {
        let range = u64::from(least)..=u64::from(u32::MAX);
        let value = self.integer(name, range, default.map(u64::from), doc);
        u32::try_from(value).unwrap_or(least)
    }

    /// A whole number from `least`, small enough for a `u32`, or nothing.
    pub(super) fn optional_small(
        &mut self,
        name: &'static str,
        least: u32,
        doc: &'static str,
    ) -> Option<u32> {
        let range = u64::from(least)..=u64::from(u32::MAX);
        let value = self.optional_integer(name, range, doc)?;
        u32::try_from(value).ok()
    }

    /// A whole number in a range; without a default it is required. A text is an expression.
    pub fn integer(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        default: Option<u64>,
        doc: &'static str,
    ) -> u64 {
        let absent = default.map_or(Absent::Required, |value| Absent::Default(value.to_string()));
        let value = self
            .whole_number(Label { name, doc }, &range, absent)
            .or(default)
            .unwrap_or(*range.start());
        self.record(name, Ron::Leaf(value.to_string()));
        value
    }

    /// A whole number in a range, or nothing.
    pub fn optional_integer(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        doc: &'static str,
    ) -> Option<u64> {
        let value = self.whole_number(Label { name, doc }, &range, Absent::Nothing)?;
        self.record(name, Ron::Leaf(value.to_string()));
        Some(value)
    }

    /// A whole number in a range that may have a sign, or nothing. A text is an expression.
    pub fn optional_signed(
        &mut self,
        name: &'static str,
        range: RangeInclusive<i32>,
        doc: &'static str,
    ) -> Option<i32> {
        let label = Label { name, doc };
        let limits = format!("{} to {}", range.start(), range.end());
        let kind = format!("whole number, {limits}");
        let value = self.leaf(label, &kind, Absent::Nothing, |fields, raw, opened| {
            let numeric = fields.numeric(raw, opened, label)?;
            let number = numeric.value(fields.cx, raw)?;
            let text = number_text(number);
            if number.fract() != 0.0 {
                fields.fraction(raw, label, &numeric, &text);
                return None;
            }
            let value = text.parse().ok().filter(|value| range.contains(value));
            if value.is_none() {
                fields.out_of_range(raw, label, &text, &limits);
            }
            value
        })?;
        self.record(name, Ron::Leaf(value.to_string()));
        Some(value)
    }

    /// A list of whole numbers from 1, at least one. A text is an expression.
    pub fn counts(&mut self, name: &'static str, default: &[u32], doc: &'static str) -> Vec<u32> {
        let ron =
            |counts: &[u32]| Ron::List(counts.iter().map(|n| Ron::Leaf(n.to_string())).collect());
        let node = self.take(Spec {
            name,
            kind: "list of whole numbers".to_owned(),
            absent: Absent::Default(format!("{default:?}")),
            doc,
            options: &[],
        });
        let range = 1..=u64::from(u32::MAX);
        let items = self.items(name, node).into_iter();
        let read: Vec<u32> = items
            .filter_map(|item| item.raw)
            .filter_map(|raw| self.whole_value(raw, raw.open(), name, doc, &range))
            .filter_map(|count| u32::try_from(count).ok())
            .collect();
        let counts = if read.is_empty() {
            default.to_vec()
        } else {
            read
        };
        self.record(name, ron(&counts));
        counts
    }

    /// A number in a range; without a default it is required. A text is an expression.
    pub fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<f64>,
        default: Option<f64>,
        doc: &'static str,
    ) -> f64 {
        let absent = default.map_or(Absent::Required, |value| {
            Absent::Default(number_text(value))
        });
        let limits = format!(
            "{} to {}",
            number_text(*range.start()),
            number_text(*range.end())
        );
        let read = self.leaf(
            Label { name, doc },
            &format!("number, {limits}"),
            absent,
            |fields, raw, opened| {
                let number = fields
                    .numeric(raw, opened, Label { name, doc })?
                    .value(fields.cx, raw)?;
                if range.contains(&number) {
                    return Some(number);
                }
                fields.out_of_range(raw, Label { name, doc }, &number_text(number), &limits);
                None
            },
        );
        let value = read.or(default).unwrap_or(*range.start());
        self.record(name, Ron::Leaf(number_text(value)));
        value
    }

    /// A probability; a literal is read exactly. Without a default it is required. A text is an expression.
    pub fn probability(
        &mut self,
        name: &'static str,
        default: Option<Probability>,
        doc: &'static str,
    ) -> Probability {
        let absent = default.map_or(Absent::Required, |value| Absent::Default(value.to_string()));
        let value = self
            .chance(Label { name, doc }, absent)
            .or(default)
            .unwrap_or(Probability::NEVER);
        self.record(name, Ron::Leaf(value.to_string()));
        value
    }

    /// A probability, or nothing.
    pub fn optional_probability(
        &mut self,
        name: &'static str,
        doc: &'static str,
    ) -> Option<Probability> {
        let value = self.chance(Label { name, doc }, Absent::Nothing)?;
        self.record(name, Ron::Leaf(value.to_string()));
        Some(value)
    }

    /// A text; without a default it is required.
    pub fn text(&mut self, name: &'static str, default: Option<&str>, doc: &'static str) -> String {
        let absent = default.map_or(Absent::Required, |value| Absent::Default(quoted(value)));
        let read = self.leaf(
            Label { name, doc },
            "text",
            absent,
            |fields, raw, opened| fields.plain_text(raw, opened, Label { name, doc }),
        );
        let value = read.or(default.map(str::to_owned)).unwrap_or_default();
        self.record(name, Ron::text(&value));
        value
    }

    /// A list of texts, each with its place.
    pub fn texts(&mut self, name: &'static str, doc: &'static str) -> Vec<(Place, String)> {
        let texts: Vec<_> = self
            .raw_texts(name, doc)
            .into_iter()
            .map(|(raw, text)| (raw.place, text))
            .collect();
        self.record(
            name,
            Ron::List(texts.iter().map(|(_, text)| Ron::text(text)).collect()),
        );
        texts
    }

    /// A list of texts as written; not recorded.
    pub(super) fn raw_texts(
        &mut self,
        name: &'static str,
        doc: &'static str,
    ) -> Vec<(Raw<'r>, String)> {
        let absent = Absent::Default("[]".to_owned());
        let node = self.take(Spec {
            name,
            kind: "list of texts".to_owned(),
            absent,
            doc,
            options: &[],
        });
        let items = self.items(name, node);
        let label = Label { name, doc };
        items
            .into_iter()
            .filter_map(|item| item.raw)
            .filter_map(|raw| Some((raw, self.plain_text(raw, raw.open(), label)?)))
            .collect()
    }

    /// One of a few names; without a default it is required. A text is a parameter that holds the name.
    pub fn choice<T: Copy + PartialEq>(
        &mut self,
        name: &'static str,
        options: &[Choice<T>],
        default: Option<T>,
        doc: &'static str,
    ) -> T {
        let names: Vec<&str> = options.iter().map(|option| option.name).collect();
        let default =
            default.and_then(|value| options.iter().position(|option| option.value == value));
        let absent = default.map_or(Absent::Required, |index| {
            Absent::Default(names[index].to_owned())
        });
        let node = self.take(Spec {
            name,
            kind: "one of".to_owned(),
            absent,
            doc,
            options: &names,
        });
        let read = self.only(name, node).and_then(|raw| {
            let word = match raw.open() {
                Opened::Tuple(word, items) if items.is_empty() && !word.is_empty() => {
                    word.to_owned()
                }
                Opened::Text(text) => match self.cx.params.borrow().get(&text) {
                    Some(param) => param.value.as_ref()?.to_string(),
                    None => {
                        let problem = Problem::error(
                            Code::S104,
                            raw.place,
                            format!("`{name}` is a name, not a text"),
                        );
                        let edits = if names.contains(&text.as_str()) {
                            vec![(raw.place.range(), text)]
                        } else {
                            Vec::new()
                        };
                        self.cx.report(
                            problem
                                .label("this is a text")
                                .help("write it without quotes", edits),
                        );
                        return None;
                    }
                },
                other => {
                    self.wrong_type(
                        raw,
                        name,
                        &format!("one of {}", names.join(", ")),
                        other.describe(),
                        doc,
                    );
                    return None;
                }
            };
            let index = names.iter().position(|option| *option == word);
            if index.is_none() {
                self.wrong_name(raw, name, &word, &names);
            }
            index
        });
        let index = read.or(default).unwrap_or(0);
        self.record(name, Ron::Leaf(names[index].to_owned()));
        options[index].value
    }

    /// Declares a field of one value and reads it. None if it is absent or wrong.
    pub(super) fn leaf_value<T>(
        &mut self,
        spec: Spec<'_>,
        read: impl FnOnce(&Self, Raw<'r>, Opened<'r>) -> Option<T>,
    ) -> Option<T> {
        let name = spec.name;
        let node = self.take(spec);
        let raw = self.only(name, node)?;
        read(self, raw, raw.open())
    }

    pub(super) fn leaf<T>(
        &mut self,
        label: Label,
        kind: &str,
        absent: Absent,
        read: impl FnOnce(&Self, Raw<'r>, Opened<'r>) -> Option<T>,
    ) -> Option<T> {
        let spec = Spec {
            name: label.name,
            kind: kind.to_owned(),
            absent,
            doc: label.doc,
            options: &[],
        };
        self.leaf_value(spec, read)
    }

    /// The text of a value that has nothing inside.
    pub(super) fn only(&self, name: &str, node: super::sets::Node<'r>) -> Option<Raw<'r>> {
        for set in &node.sets {
            let title = format!("`{name}` has no field `{}`", shown(set.first()));
            self.cx.report(
                Problem::error(Code::S101, set.place(), title).label("there is nothing inside"),
            );
        }
        node.raw
    }

    fn truth(&mut self, label: Label, absent: Absent) -> Option<bool> {
        let Label { name, doc } = label;
        self.leaf(label, "true or false", absent, |fields, raw, opened| {
            let value = match opened {
                Opened::Bool(value) => return Some(value),
                Opened::Text(text) => fields.cx.evaluate(raw, &text)?,
                Opened::Tuple(word @ ("True" | "False"), _) => {
                    let lower = word.to_lowercase();
                    let title = format!("`{name}` has to be true or false");
                    let problem = Problem::error(Code::S104, raw.place, title);
                    fields.cx.report(
                        problem
                            .label("this is a name")
                            .help(format!("write `{lower}`"), vec![(raw.place.range(), lower)]),
                    );
                    return None;
                }
                other => {
                    fields.wrong_type(raw, name, "true or false", other.describe(), doc);
                    return None;
                }
            };
            let Value::Bool(value) = value else {
                fields.wrong_type(raw, name, "true or false", &result(&value), doc);
                return None;
            };
            Some(value)
        })
    }

    fn whole_number(
        &mut self,
        label: Label,
        range: &RangeInclusive<u64>,
        absent: Absent,
    ) -> Option<u64> {
        let limits = match *range.end() {
            u64::MAX => format!("at least {}", range.start()),
            end => format!("{} to {end}", range.start()),
        };
        self.leaf(
            label,
            &format!("whole number, {limits}"),
            absent,
            |fields, raw, opened| fields.whole_value(raw, opened, label.name, label.doc, range),
        )
    }

    /// A whole number, from a literal or an expression.
    pub(super) fn whole_value(
        &self,
        raw: Raw<'r>,
        opened: Opened<'r>,
        name: &'static str,
        doc: &'static str,
        range: &RangeInclusive<u64>,
    ) -> Option<u64> {
        let label = Label { name, doc };
        let numeric = self.numeric(raw, opened, label)?;
        let limits = match *range.end() {
            u64::MAX => format!("at least {}", range.start()),
            end => format!("{} to {end}", range.start()),
        };
        let exact = match &numeric {
            Numeric::Literal(text) => whole(text),
            Numeric::Computed(_) => None,
        };
        let number = match exact {
            Some(number) => number,
            None => {
                let text = match &numeric {
                    Numeric::Literal(text) => text.clone(),
                    Numeric::Computed(number) => number_text(*number),
                };
                let number = numeric.value(self.cx, raw)?;
                if number.fract() != 0.0 {
                    self.fraction(raw, label, &numeric, &text);
                    return None;
                }
                if !(0.0..=expr::WHOLE_MAX).contains(&number) {
                    self.out_of_range(raw, label, &shown(&text), &limits);
                    return None;
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "whole, and 0 to 2^53"
                )]
                let number = number as u64;
                number
            }
        };
        if range.contains(&number) {
            return Some(number);
        }
        self.out_of_range(raw, label, &number.to_string(), &limits);
        None
    }

    /// Reports a number that is not whole.
    fn fraction(&self, raw: Raw<'_>, label: Label, numeric: &Numeric, text: &str) {
        let title = format!("`{}` has to be a whole number", label.name);
        let mut problem = Problem::error(Code::S104, raw.place, title)
            .label(format!("this is {}", shown(text)))
            .note(format!("`{}`: {}", label.name, label.doc));
        let inner = raw.text.trim_matches('"');
        if matches!(numeric, Numeric::Computed(_)) && raw.text.len() == inner.len() + 2 {
            let edits = vec![(raw.place.range(), format!("\"floor({inner})\""))];
            problem = problem.help("round it with `floor`, `ceil` or `round`", edits);
        }
        self.cx.report(problem);
    }

    fn numeric(&self, raw: Raw<'r>, opened: Opened<'r>, label: Label) -> Option<Numeric> {
        match opened {
            Opened::Number => Some(Numeric::Literal(raw.text.replace('_', ""))),
            Opened::Text(text) => match self.cx.evaluate(raw, &text)? {
                Value::Number(number) => Some(Numeric::Computed(number)),
                other => {
                    self.wrong_type(raw, label.name, "a number", &result(&other), label.doc);
                    None
                }
            },
            Opened::Tuple(word, items) if items.is_empty() && !word.is_empty() => {
                let title = format!("`{}` has to be a number", label.name);
                let edits = vec![(raw.place.range(), quoted(word))];
                let problem = Problem::error(Code::S104, raw.place, title).label("this is a name");
                self.cx
                    .report(problem.help("an expression stands in quotes", edits));
                None
            }
            other => {
                self.wrong_type(raw, label.name, "a number", other.describe(), label.doc);
                None
            }
        }
    }

    fn out_of_range(&self, raw: Raw<'_>, label: Label, found: &str, limits: &str) {
        let title = format!("`{}` is out of range", label.name);
        let problem = Problem::error(Code::S105, raw.place, title)
            .label(format!("this is {found}, not {limits}"));
        self.cx
            .report(problem.note(format!("`{}`: {}", label.name, label.doc)));
    }

    fn chance(&mut self, label: Label, absent: Absent) -> Option<Probability> {
        self.leaf(label, "probability", absent, |fields, raw, opened| {
            fields.chance_value(raw, opened, label)
        })
    }

    pub(super) fn chance_value(
        &self,
        raw: Raw<'r>,
        opened: Opened<'r>,
        label: Label,
    ) -> Option<Probability> {
        let text = match self.numeric(raw, opened, label)? {
            Numeric::Literal(text) => decimal(&text),
            // By way of its shortest decimal, so that 0.1 is 0.1 wherever it comes from.
            Numeric::Computed(number) => number_text(number),
        };
        match Probability::parse(&text) {
            Ok(probability) => Some(probability),
            Err(ProbabilityError::Range) => {
                self.out_of_range(raw, label, &shown(&text), "0 to 1");
                None
            }
            Err(_) => {
                self.wrong_type(
                    raw,
                    label.name,
                    "a number from 0 to 1",
                    "no plain decimal number",
                    label.doc,
                );
                None
            }
        }
    }

    /// A text that is no expression.
    pub(super) fn plain_text(
        &self,
        raw: Raw<'r>,
        opened: Opened<'r>,
        label: Label,
    ) -> Option<String> {
        match opened {
            Opened::Text(text) => Some(text),
            Opened::Tuple(word, items) if items.is_empty() && !word.is_empty() => {
                let problem = Problem::error(
                    Code::S104,
                    raw.place,
                    format!("`{}` has to be a text", label.name),
                );
                let edits = vec![(raw.place.range(), quoted(word))];
                self.cx.report(
                    problem
                        .label("this is a name")
                        .help("put it in quotes", edits),
                );
                None
            }
            other => {
                self.wrong_type(raw, label.name, "a text", other.describe(), label.doc);
                None
            }
        }
    }
}

/// A number as it is written, or as an expression gave it.
enum Numeric {
    Literal(String),
    Computed(f64),
}

impl Numeric {
    fn value(&self, cx: &Context<'_>, raw: Raw<'_>) -> Option<f64> {
        match self {
            Numeric::Literal(text) => cx.float(raw, text),
            Numeric::Computed(number) => Some(*number),
        }
    }
}

/// A literal of RON as a plain decimal number.
fn decimal(literal: &str) -> String {
    let literal = literal.strip_prefix('+').unwrap_or(literal);
    let lead = if literal.starts_with('.') { "0" } else { "" };
    let trail = if literal.ends_with('.') { "0" } else { "" };
    format!("{lead}{literal}{trail}")
}

pub(super) fn quoted(text: &str) -> String {
    Ron::text(text).line()
}

fn result(value: &Value) -> String {
    match value {
        Value::Number(number) => number_text(*number),
        Value::Bool(value) => value.to_string(),
        Value::Text(text) => format!("the text `{}`", shown(text)),
    }
}
