//! Values with units: times and sizes.

use sim_core::kernel::time::{Span, SpanError};

use super::fields::{Absent, Fields};
use super::leaves::{Label, quoted};
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::Opened;
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

    /// A time, or nothing.
    pub fn optional_time(&mut self, name: &'static str, doc: &'static str) -> Option<Span> {
        let value = self.span(Label { name, doc }, Absent::Nothing)?;
        self.record(name, Ron::text(&value.to_string()));
        Some(value)
    }

    /// A number of bytes, written with a unit: `"2GiB"`.
    pub fn bytes(&mut self, name: &'static str, default: u64, doc: &'static str) -> u64 {
        let label = Label { name, doc };
        let absent = Absent::Default(quoted(&bytes_text(default)));
        let read = self.leaf(label, "size", absent, |fields, raw, opened| {
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
        });
        let value = read.unwrap_or(default);
        self.record(name, Ron::text(&bytes_text(value)));
        value
    }

    fn span(&mut self, label: Label, absent: Absent) -> Option<Span> {
        self.leaf(label, "time", absent, |fields, raw, opened| match opened {
            Opened::Text(text) => {
                let params = fields.cx.params.borrow();
                let text = match params.get(&text).map(|param| &param.value) {
                    Some(None) => return None,
                    Some(Some(value)) => value.to_string(),
                    None => text,
                };
                drop(params);
                text.parse()
                    .map_err(|error| fields.cx.report(bad_time(raw.place, &text, error)))
                    .ok()
            }
            Opened::Number => {
                fields
                    .cx
                    .report(bad_time(raw.place, raw.text, SpanError::NoUnit));
                None
            }
            other => {
                fields.wrong_type(
                    raw,
                    label.name,
                    "a time such as \"5ms\"",
                    other.describe(),
                    label.doc,
                );
                None
            }
        })
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
        other => Problem::error(Code::S111, place, other.to_string())
            .label("write it like \"250us\" or \"1.5s\""),
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
