//! What became of each expectation, and what that makes of the run.

use sim_core::kernel::property::{self, Violation};
use sim_core::kernel::time::Span;
use sim_core::sim::{Ended, Outcome};

use super::{Verdict, ms, stage};
use crate::format::{
    Bound, Comparison, Expectation, Place, Scenario, Sentence, Statistic, StopWhen,
};
use crate::metrics::{self, Figure, Metrics};

/// What became of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It held.
    Held,
    /// It did not.
    Violated,
    /// The run ended before it could be decided.
    Pending,
    /// There was nothing to judge, or it was not reached.
    NotExercised,
}

impl Status {
    /// The word in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Status::Held => "held",
            Status::Violated => "violated",
            Status::Pending => "pending",
            Status::NotExercised => "not_exercised",
        }
    }
}

/// An expectation and what became of it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The sentence as it is written.
    pub sentence: String,
    /// `always`, `eventually`, `sometimes` or `metric`.
    pub kind: &'static str,
    /// The property, mark or metric that it is about.
    pub subject: String,
    /// Number of the property in the literature; may be empty.
    pub number: &'static str,
    /// What became of it.
    pub status: Status,
    /// The scenario is meant to break it.
    pub meant_to_break: bool,
    /// It need not be fulfilled: a `sometimes` in a run that is meant to break.
    pub waived: bool,
    /// What was seen, in a few words.
    pub said: String,
    /// The violation of a property.
    pub violation: Option<Violation>,
    /// It was broken for ever by one event, and not found broken in the end.
    pub at_once: bool,
    /// Why, in causal order.
    pub why: Vec<Reason>,
    /// Where the sentence is written.
    pub place: Place,
}

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The event it is about; 0 if it is about what did not happen.
    pub event: u64,
    /// What happened.
    pub text: String,
    /// What in the scenario brought it about: `faults[0]`.
    pub cause: Option<String>,
    /// Where that is written.
    pub place: Option<Place>,
}

impl Finding {
    /// True if a promise was broken, meant or not.
    #[must_use]
    pub fn is_violation(&self) -> bool {
        self.status == Status::Violated
    }

    /// True if it is as the scenario wants it.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        match self.status {
            Status::Held => !self.meant_to_break,
            Status::Violated => self.meant_to_break,
            Status::Pending => false,
            Status::NotExercised => self.waived,
        }
    }
}

/// The findings, in the order of the expectations; those whose `where` is false are left out.
pub(super) fn judge(scenario: &Scenario, outcome: &Outcome, metrics: &Metrics) -> Vec<Finding> {
    let watched: Vec<usize> = stage::watched(scenario).map(|(place, ..)| place).collect();
    let asked = scenario
        .expect
        .iter()
        .enumerate()
        .filter(|(_, expectation)| expectation.is_asked());
    asked
        .map(|(place, expectation)| {
            let verdict = watched
                .iter()
                .position(|watched| *watched == place)
                .and_then(|at| outcome.verdicts.get(at));
            match &expectation.sentence {
                Sentence::Always { property } => {
                    of_property(scenario, expectation, "always", property, outcome, verdict)
                }
                Sentence::Eventually { property, .. } => of_property(
                    scenario,
                    expectation,
                    "eventually",
                    property,
                    outcome,
                    verdict,
                ),
                Sentence::Sometimes { goal } => {
                    sometimes(scenario, expectation, goal, outcome, verdict)
                }
                Sentence::Metric {
                    statistic,
                    metric,
                    kind,
                    comparison,
                    bound,
                    ..
                } => {
                    let figure = match (statistic, kind) {
                        (Some(statistic), _) => metrics.statistic(metric, *statistic),
                        (None, Some(kind)) => metrics.of_kind(metric, kind),
                        (None, None) => metrics.get(metric),
                    };
                    let cut_short = is_cut_short(scenario, outcome.ended);
                    let later = cut_short.then(|| Later::of(*statistic, figure));
                    of_metric(expectation, metric, figure, *comparison, *bound, later)
                }
            }
        })
        .collect()
}

/// True if a budget ended the run: it has shown what it violated, and nothing else.
fn is_cut_short(scenario: &Scenario, ended: Ended) -> bool {
    match ended {
        Ended::Events | Ended::Memory => true,
        Ended::Time => scenario.stop.when == StopWhen::Quiescent,
        Ended::Quiescent | Ended::Panicked => false,
    }
}

/// What the findings make of the run.
pub(super) fn verdict(scenario: &Scenario, ended: Ended, findings: &[Finding]) -> Verdict {
    let cut_short = is_cut_short(scenario, ended);
    let judged = |finding: &Finding| match finding.status {
        Status::Violated if finding.meant_to_break => Verdict::Pass,
        Status::Violated => Verdict::Fail,
        _ if cut_short => Verdict::Inconclusive,
        _ if finding.is_fine() => Verdict::Pass,
        Status::Held => Verdict::Fail,
        Status::Pending | Status::NotExercised => Verdict::Inconclusive,
    };
    // What is meant to break must have been asked, or the run shows nothing of it.
    let asked = |name: &String| {
        findings
            .iter()
            .any(|finding| finding.meant_to_break && finding.subject == *name)
    };
    let unasked = !scenario.expect_violation.iter().all(asked);
    let least = if cut_short || unasked {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    };
    findings.iter().map(judged).fold(least, Verdict::max)
}

fn blank(expectation: &Expectation, kind: &'static str, subject: &str) -> Finding {
    Finding {
        sentence: expectation.text.clone(),
        kind,
        subject: subject.to_owned(),
        number: "",
        status: Status::NotExercised,
        meant_to_break: false,
        waived: false,
        said: String::new(),
        violation: None,
        at_once: false,
        why: vec![],
        place: expectation.place,
    }
}

fn of_property(
    scenario: &Scenario,
    expectation: &Expectation,
    kind: &'static str,
    name: &str,
    outcome: &Outcome,
    verdict: Option<&sim_core::sim::Verdict>,
) -> Finding {
    let mut finding = blank(expectation, kind, name);
    let number = scenario
        .protocol
        .properties()
        .iter()
        .find(|about| about.name == name)
        .map(|about| about.number);
    finding.number = number.unwrap_or_default();
    finding.meant_to_break = scenario.expect_violation.iter().any(|meant| meant == name);
    let Some(verdict) = verdict else {
        return finding;
    };
    (finding.status, finding.said) = match &verdict.finding {
        property::Finding::Held(said) => (Status::Held, said.clone()),
        property::Finding::NotExercised => (
            Status::NotExercised,
            "nothing to judge in this run".to_owned(),
        ),
        property::Finding::Measured(_) => (Status::NotExercised, "it judges nothing".to_owned()),
        property::Finding::Pending(said) => (Status::Pending, said.clone()),
        property::Finding::Violated(violation) => {
            finding.violation = Some(violation.clone());
            finding.at_once = verdict.broken.is_some();
            let when = match (verdict.broken, outcome.ended) {
                (Some(moment), _) => {
                    format!("violated at {}, event {}", ms(moment.at), moment.event)
                }
                (None, Ended::Quiescent) => format!(
                    "violated: all quiet at {}, owed since event {}",
                    ms(outcome.at),
                    violation.since.event
                ),
                (None, _) => format!(
                    "violated: owed since event {}, at {}",
                    violation.since.event,
                    ms(violation.since.at)
                ),
            };
            (Status::Violated, when)
        }
    };
    finding
}

fn sometimes(
    scenario: &Scenario,
    expectation: &Expectation,
    goal: &str,
    outcome: &Outcome,
    verdict: Option<&sim_core::sim::Verdict>,
) -> Finding {
    let mut finding = blank(expectation, "sometimes", goal);
    let meant = |other: &&Expectation| {
        other.is_asked() && names_one_of(&other.sentence, &scenario.expect_violation)
    };
    finding.waived = scenario.expect.iter().any(|other| meant(&other));
    (finding.status, finding.said) = match (
        outcome.marks.get(goal),
        verdict.map(|verdict| &verdict.finding),
    ) {
        (Some(mark), _) => {
            let (at, node, event) = (ms(mark.first.at), mark.node.0, mark.first.event);
            (
                Status::Held,
                format!("first at {at}, node {node} (event {event})"),
            )
        }
        (None, Some(property::Finding::Held(said))) => (Status::Held, said.clone()),
        (None, Some(property::Finding::Pending(said))) => (Status::Pending, said.clone()),
        (None, Some(property::Finding::Violated(violation))) => {
            (Status::NotExercised, violation.what.clone())
        }
        (None, _) => (
            Status::NotExercised,
            "never happened in this run".to_owned(),
        ),
    };
    finding
}

/// True if the sentence is about one of these properties.
fn names_one_of(sentence: &Sentence, properties: &[String]) -> bool {
    match sentence {
        Sentence::Always { property } | Sentence::Eventually { property, .. } => {
            properties.contains(property)
        }
        Sentence::Sometimes { .. } | Sentence::Metric { .. } => false,
    }
}

/// A measured time, exactly, in a unit that suits it: `9.348899ms`.
fn time(ns: u64) -> String {
    let (unit, name, digits) = match ns {
        0..1_000 => return format!("{ns}ns"),
        1_000..1_000_000 => (1_000, "us", 3),
        _ => (1_000_000, "ms", 6),
    };
    let text = format!("{}.{:0digits$}", ns / unit, ns % unit);
    format!("{}{name}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a time of a scenario is far below 2^53 ns, which are 104 days"
)]
fn nanos(time: Span) -> f64 {
    time.as_nanos() as f64
}

/// How a figure can change while a run goes on that was cut short.
#[derive(Clone, Copy)]
enum Later {
    /// As counts do, and the largest of many.
    Grows,
    /// As the smallest of many does.
    Shrinks,
    /// As a share does, and a mean.
    Either,
}

impl Later {
    fn of(statistic: Option<Statistic>, figure: Option<Figure>) -> Later {
        match (statistic, figure) {
            (Some(Statistic::Max), _) => Later::Grows,
            (Some(Statistic::Min), _) => Later::Shrinks,
            (Some(Statistic::Mean | Statistic::Percentile(_)), _) => Later::Either,
            (None, Some(Figure::Ratio(..))) => Later::Either,
            (None, _) => Later::Grows,
        }
    }

    /// Can the answer to this comparison still change?
    fn may_change(self, comparison: Comparison, left: f64, right: f64) -> bool {
        let equal = matches!(comparison, Comparison::Equal | Comparison::Different);
        let now = comparison.holds(&left, &right);
        match self {
            Later::Either => true,
            Later::Grows if equal => left <= right,
            Later::Shrinks if equal => left >= right,
            Later::Grows => comparison.holds(&f64::MAX, &right) != now,
            Later::Shrinks => comparison.holds(&0.0, &right) != now,
        }
    }
}

fn of_metric(
    expectation: &Expectation,
    metric: &str,
    figure: Option<Figure>,
    comparison: Comparison,
    bound: Bound,
    later: Option<Later>,
) -> Finding {
    let mut finding = blank(expectation, "metric", metric);
    let Some(figure) = figure else {
        finding.said = metrics::absent(metric).to_owned();
        return finding;
    };
    let left = figure.number();
    let (right, texts) = match (bound, figure) {
        (Bound::Time(bound), Figure::Whole(measured)) => {
            (nanos(bound), (time(measured), bound.to_string()))
        }
        (Bound::Time(bound), Figure::Ratio(..)) => {
            (nanos(bound), (figure.to_string(), bound.to_string()))
        }
        (Bound::Number(bound), _) => (bound, (figure.to_string(), bound.to_string())),
    };
    let ((measured, bound), sign) = (texts, comparison.sign());
    let holds = comparison.holds(&left, &right);
    // In a run that was cut short, what the rest of it could change is not decided.
    let undecided = later.is_some_and(|later| later.may_change(comparison, left, right));
    (finding.status, finding.said) = match (undecided, holds) {
        (true, _) => (
            Status::Pending,
            format!("{measured} so far, asked {sign} {bound}"),
        ),
        (false, true) => (Status::Held, format!("{measured} {sign} {bound}")),
        (false, false) => (
            Status::Violated,
            format!("{measured} is not {sign} {bound}"),
        ),
    };
    finding
}
