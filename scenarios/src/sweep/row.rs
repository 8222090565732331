//! One run as a row of the table: names and values, the same in JSON and in CSV.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::plan::Planned;
use crate::format::{Scenario, StopWhen};
use crate::json;
use crate::metrics::{Figure, statistics};
use crate::run::{Finding, Run, Status, Verdict};
use sim_core::sim::Ended;

/// The columns before the parameters.
pub(super) const FIRST: [&str; 6] = ["run", "point", "replicate", "seed", "variant", "protocol"];
/// The column behind the parameters.
pub(super) const VERDICT: &str = "verdict";
/// What a `sometimes` or an expected violation waited for in vain; a point needs it in one of its runs.
pub(super) const UNREACHED: &str = "unreached";
/// What the last columns begin with: what the literature says of a metric.
pub(super) const THEORY: &str = "theory_";

/// A row: columns in order, each with its value as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Vec<(String, String)>);

impl Row {
    /// What came of a run.
    #[must_use]
    pub(super) fn of(
        planned: &Planned,
        scenario: &Scenario,
        run: &Run,
        theory: &[(String, Option<f64>)],
    ) -> Row {
        let (_, variant) = scenario.name_and_variant();
        let mut row = Row(Vec::new());
        row.text("run", &planned.id);
        row.put("point", planned.point.to_string());
        row.put("replicate", planned.replicate.to_string());
        row.put("seed", planned.seed.to_string());
        row.text("variant", variant.unwrap_or_default());
        row.text("protocol", &scenario.protocol_text);
        let names: Vec<&str> = run.metrics.single().iter().map(|(name, _)| *name).collect();
        for (name, value) in &scenario.params {
            let clashes = names.contains(&name.as_str())
                || FIRST.contains(&name.as_str())
                || [VERDICT, UNREACHED].contains(&name.as_str())
                || name.starts_with(THEORY)
                || run
                    .metrics
                    .sampled()
                    .any(|(sampled, _)| name.starts_with(&sampled));
            let name = if clashes {
                format!("param_{name}")
            } else {
                name.clone()
            };
            row.put(&name, json::parameter(value).to_string());
        }
        let (verdict, unreached) = verdict(scenario, run);
        row.text(VERDICT, verdict.word());
        if unreached.is_empty() {
            row.put(UNREACHED, "null".to_owned());
        } else {
            row.text(UNREACHED, &unreached.join("; "));
        }
        for (name, figure) in run.metrics.single() {
            let text = match figure {
                None => "null".to_owned(),
                Some(Figure::Whole(count)) => count.to_string(),
                Some(ratio) => decimal(ratio.number()),
            };
            row.put(name, text);
        }
        for (name, times) in run.metrics.sampled() {
            for (statistic, value) in statistics(times) {
                if statistic != "count" {
                    let text = value.map_or("null".to_owned(), |value| value.to_string());
                    row.put(&format!("{name}_{statistic}"), text);
                }
            }
        }
        for (metric, value) in theory {
            let text = value.map_or("null".to_owned(), decimal);
            row.put(&format!("{THEORY}{metric}"), text);
        }
        row
    }

    fn put(&mut self, name: &str, json: String) {
        self.0.push((name.to_owned(), json));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.put(name, serde_json::Value::from(text).to_string());
    }

    /// Reads a line of JSON. `None` if it is not one object of plain values with the columns that every row has.
    #[must_use]
    pub fn parse(line: &str) -> Option<Row> {
        let mut json = serde_json::Deserializer::from_str(line);
        let row = json.deserialize_map(Columns).ok()?;
        json.end().ok()?;
        let plain = |(_, value): &(String, String)| !value.starts_with(['{', '[']);
        let is_row = row.0.iter().all(plain)
            && row
                .0
                .iter()
                .zip(FIRST)
                .all(|((name, _), first)| name == first)
            && row.place(VERDICT).is_some_and(|place| place >= FIRST.len());
        is_row.then_some(row)
    }

    /// As a line of JSON, without its end.
    #[must_use]
    pub fn line(&self) -> String {
        let mut out = String::from("{");
        for (place, (name, value)) in self.0.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            out.push_str(&serde_json::Value::from(name.as_str()).to_string());
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        out
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(known, _)| known == name)
    }

    /// A value as JSON; `None` if it is absent or null.
    #[must_use]
    pub fn json(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.get(self.place(name)?)?;
        (value != "null").then_some(value)
    }

    /// A value as text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let json = self.json(name)?;
        Some(serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()))
    }

    /// A number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.json(name)?.parse().ok()
    }

    /// The id of the run.
    #[must_use]
    pub fn id(&self) -> String {
        self.get("run").unwrap_or_default()
    }

    /// The same with these columns; null where it has nothing.
    pub(super) fn under(&self, columns: &[&str]) -> Row {
        let value = |name: &&str| self.json(name).unwrap_or("null").to_owned();
        let cells = columns.iter().map(|name| ((*name).to_owned(), value(name)));
        Row(cells.collect())
    }

    /// The names of the parameters' columns, and those of all others behind them.
    pub(super) fn sections(&self) -> (Vec<&str>, Vec<&str>) {
        let verdict = self.place(VERDICT).unwrap_or(self.0.len());
        let params = self.0[FIRST.len().min(verdict)..verdict].iter();
        let others = self.0[verdict..].iter();
        (
            params.map(|(name, _)| name.as_str()).collect(),
            others.map(|(name, _)| name.as_str()).collect(),
        )
    }

    /// The column of a parameter.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        let (params, _) = self.sections();
        let renamed = format!("param_{name}");
        params
            .iter()
            .position(|known| *known == name)
            .or_else(|| params.iter().position(|known| *known == renamed))
            .and_then(|at| params.get(at).copied())
    }
}

/// The verdict, taken alone from what one run need not show, and what it did not show of that.
fn verdict(scenario: &Scenario, run: &Run) -> (Verdict, Vec<String>) {
    let mut unreached = Vec::new();
    let mut others_fine = true;
    for finding in &run.findings {
        match may_wait(finding) {
            Some(what) => unreached.push(what),
            None => others_fine &= finding.is_fine(),
        }
    }
    let whole = match run.ended {
        Ended::Quiescent => true,
        Ended::Time => scenario.stop.when == StopWhen::Never,
        Ended::Events | Ended::Memory | Ended::Panicked => false,
    };
    match run.verdict {
        Verdict::Fail | Verdict::Inconclusive if whole && others_fine && !unreached.is_empty() => {
            (Verdict::Pass, unreached)
        }
        verdict => (verdict, unreached),
    }
}

/// What another run of the point may show in place of this one.
fn may_wait(finding: &Finding) -> Option<String> {
    let subject = &finding.subject;
    match finding.status {
        Status::NotExercised if finding.kind == "sometimes" && !finding.waived => {
            Some(subject.clone())
        }
        Status::Held if finding.meant_to_break => Some(format!("{VIOLATION}{subject}")),
        _ => None,
    }
}

/// Stands before a property that a scenario is meant to break.
pub(super) const VIOLATION: &str = "violation of ";

/// A number as JSON has it.
pub(super) fn decimal(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        format!("{number:.0}")
    } else {
        format!("{number:?}")
    }
}

/// Reads an object and keeps the order of its fields and the text of its values.
struct Columns;

impl<'d> Visitor<'d> for Columns {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<Row, A::Error> {
        let mut row = Row(Vec::new());
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            row.put(&name, value.get().to_owned());
        }
        Ok(row)
    }
}
