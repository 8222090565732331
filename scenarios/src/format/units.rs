//! Values with units: times and sizes.

use sim_core::kernel::time::{Span, SpanError};

use super::faults::Offset;
use super::fields::{Absent, Fields, Spec};
use super::leaves::{Label, quoted};
use super::network::{RATE_UNITS, Rate, RateError};
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::{Opened, Raw};
use super::resolved::Ron;
use super::words::{shown, similar};

impl Fields<'_> {
    /// A time; without a default it is required.
    pub fn time(&mut self, name: &'static str, default: Option<Span>, doc: &'static str) -> Span {
        let absent = default.map_or(Absent::Required, |value| {
            Absent::Default(quoted(&value.to_string()))
        });
        let value = self
            .span(Label { name, doc }, absent)
            .or(default)
            .unwrap_or(Span::ZERO);
        self.record(name, Ron::text(&value.to_string()));
        value
    }

    /// A time above zero; without a default it is required.
    pub fn time_above_zero(
        &mut self,
        name: &'static str,
        default: Option<Span>,
        doc: &'static str,
    ) -> Span {
        let before = self.cx.count();
        let time = self.time(name, default, doc);
        if time == Span::ZERO && self.has(name) && self.cx.count() == before {
            self.zero(name, "this is no time at all");
        }
        time
    }

    /// Reports a zero where there has to be more.
    pub(super) fn zero(&mut self, name: &str, why: &str) {
        let title = format!("`{name}` has to be above zero");
        let problem = Problem::error(Code::S105, self.place_of(name), title);
        self.report(problem.label(why));
    }

    /// A time, or nothing.
    pub fn optional_time(&mut self, name: &'static str, doc: &'static str) -> Option<Span> {
        let value = self.span(Label { name, doc }, Absent::Nothing)?;
        self.record(name, Ron::text(&value.to_string()));
        Some(value)
    }

    /// A list of times.
    pub fn times(&mut self, name: &'static str, doc: &'static str) -> Vec<Span> {
        let node = self.take(Spec {
            name,
            kind: "list of times".to_owned(),
            absent: Absent::Required,
            doc,
            options: &[],
        });
        let label = Label { name, doc };
        let items = self.items(name, node).into_iter();
        let times: Vec<Span> = items
            .filter_map(|item| item.raw)
            .filter_map(|raw| self.span_value(raw, raw.open(), label))
            .collect();
        let texts = times.iter().map(|time| Ron::text(&time.to_string()));
        self.record(name, Ron::List(texts.collect()));
        times
    }

    /// A time that may have a sign; required.
    pub fn signed_time(&mut self, name: &'static str, doc: &'static str) -> Offset {
        let read = self.offset(Label { name, doc }, Absent::Required);
        let value = read.unwrap_or_default();
        self.record(name, Ron::text(&value.to_string()));
        value
    }

    /// A time that may have a sign, or nothing.
    pub fn optional_signed_time(
        &mut self,
        name: &'static str,
        doc: &'static str,
    ) -> Option<Offset> {
        let value = self.offset(Label { name, doc }, Absent::Nothing)?;
        self.record(name, Ron::text(&value.to_string()));
        Some(value)
    }

    /// An amount a second, written with a unit, or nothing: `"10Mbit/s"`.
    pub fn optional_rate(&mut self, name: &'static str, doc: &'static str) -> Option<Rate> {
        let label = Label { name, doc };
        let rate: Rate =
            self.leaf(
                label,
                "rate",
                Absent::Nothing,
                |fields, raw, opened| match opened {
                    Opened::Text(text) => text
                        .parse()
                        .map_err(|error| fields.cx.report(bad_rate(raw.place, name, &text, error)))
                        .ok(),
                    other => {
                        let title = format!("`{name}` has to be a rate with a unit");
                        let problem = Problem::error(Code::S113, raw.place, title);
                        let problem = problem.label(format!("this is {}", other.describe()));
                        fields.cx.report(problem.help(RATE_HELP, Vec::new()));
                        None
                    }
                },
            )?;
        self.record(name, Ron::text(&rate.to_string()));
        Some(rate)
    }

    /// A number of bytes, written with a unit: `"2GiB"`; without a default it is required.
    pub fn bytes(&mut self, name: &'static str, default: Option<u64>, doc: &'static str) -> u64 {
        let absent = default.map_or(Absent::Required, |default| {
            Absent::Default(quoted(&bytes_text(default)))
        });
        let read = self.size(Label { name, doc }, absent);
        let value = read.or(default).unwrap_or_default();
        self.record(name, Ron::text(&bytes_text(value)));
        value
    }

    /// A number of bytes, or nothing.
    pub fn optional_bytes(&mut self, name: &'static str, doc: &'static str) -> Option<u64> {
        let value = self.size(Label { name, doc }, Absent::Nothing)?;
        self.record(name, Ron::text(&bytes_text(value)));
        Some(value)
    }

    fn size(&mut self, label: Label, absent: Absent) -> Option<u64> {
        let name = label.name;
        self.leaf(label, "size", absent, |fields, raw, opened| {
            let bytes = match &opened {
                Opened::Text(text) => read_bytes(text),
                _ => None,
            };
            if bytes.is_none() {
                let problem = Problem::error(
                    Code::S113,
                    raw.place,
                    format!("`{name}` has to be a size with a unit"),
                );
                let label = match &opened {
                    Opened::Text(_) => "not a whole number and one of the units".to_owned(),
                    other => format!("this is {}", other.describe()),
                };
                fields.cx.report(problem.label(label).help(
                    "write it like \"512MiB\" (B, KiB, MiB, GiB, TiB)",
                    Vec::new(),
                ));
            }
            bytes
        })
    }

    fn span(&mut self, label: Label, absent: Absent) -> Option<Span> {
        self.leaf(label, "time", absent, |fields, raw, opened| {
            fields.span_value(raw, opened, label)
        })
    }

    pub(super) fn span_value(
        &self,
        raw: Raw<'_>,
        opened: Opened<'_>,
        label: Label,
    ) -> Option<Span> {
        let text = self.time_text(raw, opened, label)?;
        text.parse()
            .map_err(|error| self.cx.report(bad_time(raw.place, &text, error)))
            .ok()
    }

    fn offset(&mut self, label: Label, absent: Absent) -> Option<Offset> {
        let kind = "time, with a minus if it is below zero";
        self.leaf(label, kind, absent, |fields, raw, opened| {
            let text = fields.time_text(raw, opened, label)?;
            let trimmed = text.trim();
            let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
            let span: Span = unsigned
                .parse()
                .map_err(|error| fields.cx.report(bad_time(raw.place, unsigned, error)))
                .ok()?;
            let Ok(ns) = i64::try_from(span.as_nanos()) else {
                let title = format!("`{}` is out of range", label.name);
                let problem = Problem::error(Code::S105, raw.place, title);
                fields.cx.report(problem.label("at most some 292 years"));
                return None;
            };
            let minus = trimmed.starts_with('-');
            Some(Offset::from_nanos(if minus { -ns } else { ns }))
        })
    }

    /// What is written for a time, or stands for it as a parameter.
    fn time_text(&self, raw: Raw<'_>, opened: Opened<'_>, label: Label) -> Option<String> {
        match opened {
            Opened::Text(text) => match self.cx.params.borrow().get(&text) {
                Some(param) => param.value.as_ref().map(ToString::to_string),
                None => Some(text),
            },
            Opened::Number => {
                let problem = bad_time(raw.place, raw.text, SpanError::NoUnit);
                self.cx.report(problem);
                None
            }
            other => {
                self.wrong_type(
                    raw,
                    label.name,
                    "a time such as \"5ms\"",
                    other.describe(),
                    label.doc,
                );
                None
            }
        }
    }
}

/// A time that is none. `text` is what is taken for a time: the text at `place`, or the value of its parameter.
pub(super) fn bad_time(place: Place, text: &str, error: SpanError) -> Problem {
    let units = TIME_UNITS.join(", ");
    let short = shown(text.trim());
    match error {
        SpanError::NoUnit => {
            let problem = Problem::error(Code::S110, place, error.to_string())
                .label(format!("{short} what?"));
            let edits = vec![(place.range(), format!("\"{short}ms\""))];
            problem.help(
                format!("write the time as text with a unit ({units})"),
                edits,
            )
        }
        SpanError::UnknownUnit => {
            let unit = text
                .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | ' '));
            let problem = Problem::error(Code::S111, place, error.to_string())
                .label(format!("one of {units}"));
            let known = match unit.to_lowercase().as_str() {
                "sec" | "secs" | "second" | "seconds" => Some("s"),
                "m" | "mins" | "minute" | "minutes" => Some("min"),
                "hr" | "hrs" | "hour" | "hours" => Some("h"),
                "msec" | "msecs" | "millis" | "milliseconds" => Some("ms"),
                "µs" | "usec" | "micros" | "microseconds" => Some("us"),
                "nsec" | "nanos" | "nanoseconds" => Some("ns"),
                unit => similar(unit, ["ns", "us", "ms", "min"]),
            };
            match known {
                Some(near) => {
                    let number = text[..text.len() - unit.len()].trim();
                    let edits = vec![(place.range(), format!("\"{}{near}\"", shown(number)))];
                    problem.help(format!("did you mean `{near}`?"), edits)
                }
                None => problem,
            }
        }
        SpanError::NoNumber if short.starts_with(['-', '+']) => {
            let problem = Problem::error(Code::S111, place, "this time cannot have a sign");
            let edits = vec![(place.range(), format!("\"{}\"", &short[1..]))];
            problem
                .label("never below zero")
                .help("leave out the sign", edits)
        }
        other => Problem::error(Code::S111, place, other.to_string())
            .label("write it like \"250us\" or \"1.5s\""),
    }
}

const RATE_HELP: &str = "write it like \"10Mbit/s\" or \"125kB/s\"";

/// A rate that is none.
fn bad_rate(place: Place, name: &str, text: &str, error: RateError) -> Problem {
    let units = RATE_UNITS.map(|(unit, _)| unit);
    match error {
        RateError::UnknownUnit => {
            let unit = text
                .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | ' '));
            let title = format!("`{name}` has to be a rate with a unit");
            let problem = Problem::error(Code::S113, place, title)
                .label(format!("one of {}", units.join(", ")));
            // The small b is a bit and the large one a byte, which makes a difference of eight.
            let plain = match unit.strip_suffix("ps").or(unit.strip_suffix("/s")) {
                Some(amount) if amount.ends_with('b') => format!("{amount}it/s"),
                Some(amount) => format!("{amount}/s"),
                None => format!("{unit}/s"),
            };
            let same = |known: &&str| known.eq_ignore_ascii_case(&plain);
            let near = units
                .into_iter()
                .find(|known| *known == plain)
                .or_else(|| units.into_iter().find(same))
                .or_else(|| similar(&plain, units));
            match near.filter(|_| !unit.is_empty()) {
                Some(near) => {
                    let number = text[..text.len() - unit.len()].trim();
                    let edits = vec![(place.range(), format!("\"{}{near}\"", shown(number)))];
                    problem.help(format!("did you mean `{near}`?"), edits)
                }
                None => problem.help(RATE_HELP, Vec::new()),
            }
        }
        RateError::Syntax => {
            let title = format!("`{name}` has to be a rate with a unit");
            let problem = Problem::error(Code::S113, place, title);
            problem
                .label("not a number and a unit")
                .help(RATE_HELP, Vec::new())
        }
        RateError::Fraction => {
            let title = format!("`{name}` is out of range");
            Problem::error(Code::S105, place, title)
                .label("not one bit a second, or not whole bits")
        }
    }
}

/// The units of a time.
pub(super) const TIME_UNITS: [&str; 6] = ["ns", "us", "ms", "s", "min", "h"];

/// The units of a size, and by how many bits each shifts.
pub(super) const BYTE_UNITS: [(&str, u32); 5] =
    [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];

fn read_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (_, shift) = BYTE_UNITS
        .into_iter()
        .find(|(unit, _)| *unit == text[end..].trim_start())?;
    text[..end].parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// A size with the largest unit that leaves a whole number: `2GiB`.
#[must_use]
pub fn bytes_text(bytes: u64) -> String {
    let whole = |shift: u32| bytes > 0 && bytes.trailing_zeros() >= shift;
    let (unit, shift) = BYTE_UNITS
        .into_iter()
        .find(|(_, shift)| whole(*shift))
        .unwrap_or(("B", 0));
    format!("{}{unit}", bytes >> shift)
}
