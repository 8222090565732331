//! A judged run as JSON: one object of the document `stormglass.run/1`.

use serde_json::{Map, Value, json};

use crate::format::{Scenario, Sources};
use crate::metrics::{Figure, statistics};
use crate::run::{Finding, Reason, Run};
use sim_core::kernel::distribution::Distribution;
use sim_core::sim::Ended;
use sim_core::trace::{MODEL_VERSION, fingerprint_text};

/// The name and version of the document.
pub const SCHEMA: &str = "stormglass.run/1";

/// The document with all `runs`.
#[must_use]
pub fn document(runs: Vec<Value>) -> Value {
    json!({ "schema": SCHEMA, "model_version": MODEL_VERSION, "runs": runs })
}

/// One run. Everything in it is a function of the scenario, the seed and the semantic options.
#[must_use]
pub fn run(sources: &Sources, scenario: &Scenario, run: &Run, again: &str) -> Value {
    let (name, variant) = scenario.name_and_variant();
    let params: Map<String, Value> = scenario
        .params
        .iter()
        .map(|(name, value)| (name.clone(), parameter(value)))
        .collect();
    let metrics: Map<String, Value> = run
        .metrics
        .single()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.map_or(Value::Null, figure)))
        .chain(run.metrics.sampled().map(samples))
        .chain([("messages_by_kind".to_owned(), kinds(run))])
        .collect();
    let faults: Vec<Value> = run
        .faults
        .iter()
        .map(|fault| json!({ "id": fault.id, "what": fault.what, "fired": fault.fired, "line": fault.place.map(|place| sources.line(place)) }))
        .collect();
    let marks: Map<String, Value> = run
        .marks
        .iter()
        .map(|(name, mark)| ((*name).to_owned(), json!({ "count": mark.count, "first_event": mark.first.event, "first_ns": mark.first.at.as_nanos(), "first_node": mark.node.0 })))
        .collect();
    json!({
        "scenario": name,
        "variant": variant,
        "seed": scenario.seed,
        "params": params,
        "nodes": scenario.nodes,
        "protocol": scenario.protocol_text,
        "links": scenario.links.to_string(),
        "verdict": run.verdict.word(),
        "ended": ended_word(run.ended),
        "properties": run.findings.iter().map(|each| finding(sources, each)).collect::<Vec<_>>(),
        "faults": faults,
        "marks": marks,
        "metrics": metrics,
        "fingerprint": fingerprint_text(run.fingerprint),

        "again": again,
    })
}

fn figure(figure: Figure) -> Value {
    match figure {
        Figure::Whole(count) => json!(count),
        Figure::Ratio(..) => json!(figure.number()),
    }
}

/// A metric with many samples: how many, and statistics in nanoseconds.
fn samples((name, times): (String, &Distribution)) -> (String, Value) {
    let statistics = statistics(times).map(|(name, value)| (name.to_owned(), json!(value)));
    (name, Value::Object(Map::from_iter(statistics)))
}

/// The messages of each kind.
fn kinds(run: &Run) -> Value {
    let kinds = run.metrics.counters.kinds.iter();
    Value::Object(
        kinds
            .map(|(kind, copies)| (kind.to_owned(), json!(copies.net)))
            .collect(),
    )
}

/// Why a run ended, in a word.
#[must_use]
pub const fn ended_word(ended: Ended) -> &'static str {
    match ended {
        Ended::Quiescent => "quiescent",
        Ended::Time => "time",
        Ended::Events => "events",
        Ended::Memory => "memory",
        Ended::Panicked => "panic",
    }
}

fn finding(sources: &Sources, finding: &Finding) -> Value {
    let violation = finding.violation.as_ref().map(|violation| {
        json!({
            "what": violation.what,
            "before_event": violation.before.map(|before| before.event),
            "since_event": violation.since.event,
            "since_ns": violation.since.at.as_nanos(),
            "nodes": violation.nodes.iter().map(|node| node.0).collect::<Vec<_>>(),
            "why": finding.why.iter().map(|each| reason(sources, each)).collect::<Vec<_>>(),
        })
    });
    json!({
        "expect": finding.sentence,
        "kind": finding.kind,
        "name": finding.subject,
        "number": finding.number,
        "verdict": finding.status.word(),
        "meant_to_break": finding.meant_to_break,
        "fine": finding.is_fine(),
        "detail": finding.said,
        "line": sources.line(finding.place),
        "violation": violation,
    })
}

fn reason(sources: &Sources, reason: &Reason) -> Value {
    let event = (reason.event > 0).then_some(reason.event);
    json!({ "event": event, "text": reason.text, "cause": reason.cause, "line": reason.place.map(|place| sources.line(place)) })
}

/// A parameter as a number where it is one.
pub(crate) fn parameter(text: &str) -> Value {
    serde_json::from_str::<serde_json::Number>(text).map_or_else(
        |_| match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => Value::String(text.trim_matches('"').to_owned()),
        },
        Value::Number,
    )
}
