//! Running a scenario: from a plan to a verdict with reasons.
//!
//! ```text
//! Scenario ──plan──▶ Setup ──simulate──▶ Outcome ──judge──▶ Run (verdict, findings, metrics, trace)
//!                                                  └─explain──▶ reasons, with lines of the file
//! ```

mod explain;
mod judge;
mod live;
mod parts;
mod plan;
mod reach;
mod simulate;
mod stack;
mod stage;

use std::collections::BTreeMap;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::Moment;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Ended, Gauge, MarkCount, Outcome, Part, RealTime};
use sim_core::trace::{Record, Sink, Trace, text};

use crate::format::{Entry, Place, Resilience, Scenario, Trace as Level};
use crate::metrics::Metrics;
use crate::recipe::Registry;

pub use judge::{Finding, Reason, Status};
pub use parts::{PartRun, Seen, SeenFact, Witnessed};
pub use simulate::Panicked;
use simulate::{Simulated, simulate};
pub use stage::{Keys, keys_of_seed};
use stage::{Latency, Recording};

/// Most events that are recorded where the scenario does not say `trace: Full`.
const RECORDED_MAX: usize = 100_000;
/// Most events that are kept in memory when it does, and when a run is repeated to find out why it failed.
const RECORDED_FULL_MAX: usize = 2_000_000;
/// Above so many messages a run is not repeated to count its steps.
const STEPS_MESSAGES_MAX: u64 = 1_000_000;

/// How a run is to be carried out; none of it changes what happens in it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Run twice and compare event by event.
    pub twice: bool,
    /// A run in which a fault never struck is inconclusive: it shows nothing about that fault.
    pub strict: bool,
    /// Record messages, also where the scenario does not ask for it.
    pub record: bool,
    /// Shows what the simulation is doing, for a profiler.
    pub gauge: Option<Gauge>,
}

/// How a run came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every expectation held.
    Pass,
    /// The run ended too early to tell, or did not exercise what it was meant to.
    Inconclusive,
    /// An expectation was violated, or an expected violation was not found.
    Fail,
    /// Two runs of the same scenario and seed were different.
    Nondeterministic,
    /// The protocol panicked.
    Panicked,
}

impl Verdict {
    /// The word in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Fail => "fail",
            Verdict::Nondeterministic => "nondeterministic",
            Verdict::Panicked => "panicked",
        }
    }
}

/// A fault of the scenario, and how often it struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultReport {
    /// `faults[0]`, `network.loss`.
    pub id: String,
    /// What it does: `crash after 2 sends`.
    pub what: String,
    /// How often it struck.
    pub fired: u64,
    /// It is no wonder if it never does.
    pub may_rest: bool,
    /// Where it is written.
    pub place: Option<Place>,
}

impl FaultReport {
    /// It should have struck and never did: the run shows nothing about it.
    #[must_use]
    pub const fn is_vacuous(&self) -> bool {
        self.fired == 0 && !self.may_rest
    }
}

/// More nodes were faulty than the protocol bears: whatever it did, the run says little about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overload {
    /// So many were: down in the end, Byzantine, or omitting.
    pub faulty: u32,
    /// So many it bears, and why.
    pub bears: Resilience,
}

/// One run of one scenario, judged.
#[derive(Clone, Debug)]
pub struct Run {
    /// The verdict.
    pub verdict: Verdict,
    /// What became of each expectation.
    pub findings: Vec<Finding>,
    /// Why the run ended.
    pub ended: Ended,
    /// Faults of the network first, then those of the scenario in order.
    pub faults: Vec<FaultReport>,
    /// Whether more failed than the protocol bears, in a scenario that does not mean to break anything.
    pub overload: Option<Overload>,
    /// The figures.
    pub metrics: Metrics,
    /// Marks by name.
    pub marks: BTreeMap<&'static str, MarkCount>,
    /// Who crashed, and when.
    pub crashed: BTreeMap<NodeId, Moment>,
    /// 64 bits over all events.
    pub fingerprint: u64,
    /// The trace, if one was recorded and no sink has it.
    pub trace: Option<Trace>,
    /// Where the protocol panicked, if it did.
    pub panicked: Option<Panicked>,
    /// The first event in which two runs were different, if they were.
    pub difference: Option<Difference>,
}

/// Where two runs of the same scenario and seed part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first different events of the two runs, as lines of a trace; `None` where a run had ended or was not
    /// recorded so far.
    pub lines: [Option<String>; 2],
    /// The fingerprints.
    pub fingerprints: [u64; 2],
}

/// A registry as a runner: what reads and runs scenarios without knowing which protocols there are.
///
/// Simulations are compiled where a registry becomes a runner, once for all who use that.
pub trait Runner: Sync {
    /// The protocols, for readers of scenarios.
    fn entries(&self) -> &'static [&'static dyn Entry];

    /// Runs a scenario and judges it; see [`run`].
    fn run(&self, scenario: &Scenario, options: Options) -> Run;

    /// The same with a trace that goes to a sink while the run goes on, as long as it may be. If runs are compared, only
    /// traces in memory tell where they part.
    fn run_into(&self, scenario: &Scenario, options: Options, sink: &mut dyn Sink) -> Run;

    /// A part of a scenario's cluster in real time, for a driver: its processes, and what befalls them. A witness is
    /// shown all that properties are shown, for [`Runner::join`].
    fn live(
        &self,
        scenario: &Scenario,
        part: Part,
        keys: Keys,
        witness: Option<Witnessed>,
    ) -> Box<dyn RealTime>;

    /// Puts the parts of a run together and judges the whole. `ended` and `quiet_since` are those of the whole.
    fn join(
        &self,
        scenario: &Scenario,
        parts: Vec<PartRun>,
        ended: Ended,
        quiet_since: Option<SimTime>,
    ) -> Outcome;
}

impl<R: Registry + Sync> Runner for R {
    fn entries(&self) -> &'static [&'static dyn Entry] {
        Registry::entries(self)
    }

    fn run(&self, scenario: &Scenario, options: Options) -> Run {
        run(scenario, self, options)
    }

    fn run_into(&self, scenario: &Scenario, options: Options, sink: &mut dyn Sink) -> Run {
        run_with(scenario, self, options, Some(sink))
    }

    fn live(
        &self,
        scenario: &Scenario,
        part: Part,
        keys: Keys,
        witness: Option<Witnessed>,
    ) -> Box<dyn RealTime> {
        live::live(scenario, self, part, keys, witness)
    }

    fn join(
        &self,
        scenario: &Scenario,
        parts: Vec<PartRun>,
        ended: Ended,
        quiet_since: Option<SimTime>,
    ) -> Outcome {
        parts::join(scenario, self, parts, ended, quiet_since)
    }
}

/// Runs a scenario and judges it.
///
/// # Panics
/// If the scenario was read with another registry.
pub fn run(scenario: &Scenario, registry: &impl Registry, options: Options) -> Run {
    run_with(scenario, registry, options, None)
}

fn run_with<'a>(
    scenario: &'a Scenario,
    registry: &impl Registry,
    options: Options,
    sink: Option<&'a mut dyn Sink>,
) -> Run {
    let level = match scenario.trace {
        Level::Off | Level::Summary if !options.record => None,
        Level::Off | Level::Summary | Level::Messages => Some(Recording {
            details: false,
            limit: RECORDED_MAX,
        }),
        Level::Full => Some(Recording {
            details: true,
            limit: match sink {
                Some(_) => usize::MAX,
                None => RECORDED_FULL_MAX,
            },
        }),
    };
    let recorded = level.map(|level| (level, sink));
    let gauge = options.gauge.as_ref();
    let Simulated { outcome, panicked } =
        simulate(scenario, registry, recorded, Latency::AsWritten, gauge);
    let difference = options
        .twice
        .then(|| twice(scenario, registry, level, &outcome))
        .flatten();
    let metrics = Metrics::of(
        &outcome,
        scenario.nodes,
        steps(scenario, registry, &outcome),
    );
    let mut findings = findings(scenario, &outcome, &metrics, panicked.as_ref());
    if findings.iter().any(|finding| finding.violation.is_some()) {
        explain(scenario, registry, &outcome, &mut findings);
    }
    let judged = Judged {
        metrics,
        findings,
        panicked,
        difference,
    };
    judged.conclude(scenario, outcome, options)
}

/// Judges what came of a run in real time; its trace, in which all was recorded, says why. The *steps* of the books are a
/// matter of simulations, on a network where every message takes equally long: they come from one.
#[must_use]
pub fn conclude(
    scenario: &Scenario,
    outcome: Outcome,
    panicked: Option<Panicked>,
    steps: Option<u32>,
) -> Run {
    let metrics = Metrics::of(&outcome, scenario.nodes, steps);
    let mut findings = findings(scenario, &outcome, &metrics, panicked.as_ref());
    if let Some(trace) = outcome.trace.as_ref().filter(|trace| trace.left_out == 0) {
        explain::explain(scenario, trace, &outcome.faults, &mut findings);
    }
    let judged = Judged {
        metrics,
        findings,
        panicked,
        difference: None,
    };
    judged.conclude(scenario, outcome, Options::default())
}

/// What each fault of a scenario is called in a trace, by its number: `faults[0]: crash after 2 sends`.
#[must_use]
pub fn fault_names(scenario: &Scenario) -> Vec<String> {
    plan::fault_names(scenario)
}

/// What this scenario says that a real run cannot do, a sentence each. `apart`: every process is an OS process of its own.
#[must_use]
pub fn out_of_reach(scenario: &Scenario, apart: bool) -> Vec<String> {
    reach::out_of_reach(scenario, apart)
}

/// What is known of a run besides its outcome.
struct Judged {
    metrics: Metrics,
    findings: Vec<Finding>,
    panicked: Option<Panicked>,
    difference: Option<Difference>,
}

/// What became of each expectation; nothing is asked of a protocol that panicked.
fn findings(
    scenario: &Scenario,
    outcome: &Outcome,
    metrics: &Metrics,
    panicked: Option<&Panicked>,
) -> Vec<Finding> {
    match panicked {
        Some(_) => vec![],
        None => judge::judge(scenario, outcome, metrics),
    }
}

impl Judged {
    fn conclude(self, scenario: &Scenario, outcome: Outcome, options: Options) -> Run {
        let Judged {
            metrics,
            findings,
            panicked,
            difference,
        } = self;
        let faults = plan::fault_reports(scenario, &outcome.faults);
        let overload = overload(scenario, &outcome);
        let vacuous = options.strict && faults.iter().any(FaultReport::is_vacuous);
        let verdict = match (&difference, &panicked) {
            (Some(_), _) => Verdict::Nondeterministic,
            (None, Some(_)) => Verdict::Panicked,
            (None, None) if vacuous => {
                judge::verdict(scenario, outcome.ended, &findings).max(Verdict::Inconclusive)
            }
            (None, None) => judge::verdict(scenario, outcome.ended, &findings),
        };
        Run {
            verdict,
            findings,
            ended: outcome.ended,
            faults,
            overload,
            metrics,
            marks: outcome.marks,
            crashed: outcome.crashed,
            fingerprint: outcome.fingerprint,
            trace: outcome.trace,
            panicked,
            difference,
        }
    }
}

/// Whether more failed than the protocol bears. Who means to break a promise knows that.
fn overload(scenario: &Scenario, outcome: &Outcome) -> Option<Overload> {
    let bears = scenario.protocol.bears(scenario.nodes)?;
    let faulty = u32::try_from(plan::faulty(scenario, outcome).len()).unwrap_or(u32::MAX);
    let broken = faulty > bears.faulty && scenario.expect_violation.is_empty();
    broken.then_some(Overload { faulty, bears })
}

/// Gives violations their reasons. To say why, everything must be known, timers too; a run that recorded less is run
/// again, which gives the same events. A run that is too long for that goes without reasons.
fn explain(
    scenario: &Scenario,
    registry: &impl Registry,
    outcome: &Outcome,
    findings: &mut [Finding],
) {
    let recorded = outcome
        .trace
        .as_ref()
        .filter(|trace| scenario.trace == Level::Full && trace.left_out == 0);
    if let Some(trace) = recorded {
        explain::explain(scenario, trace, &outcome.faults, findings);
    } else if outcome.events <= RECORDED_FULL_MAX as u64 {
        let all = Recording {
            details: true,
            limit: RECORDED_FULL_MAX,
        };
        let all = Some((all, None));
        if let Some(trace) = simulate(scenario, registry, all, Latency::AsWritten, None)
            .outcome
            .trace
        {
            explain::explain(scenario, &trace, &outcome.faults, findings);
        }
    }
}

/// The *steps* of the books: how long the last delivery takes if every message takes one unit of time. If all delays are equal
/// the run itself tells; otherwise it is run once more on such a network.
fn steps(scenario: &Scenario, registry: &impl Registry, outcome: &Outcome) -> Option<u32> {
    if plan::is_uniform(scenario) {
        return Some(outcome.counters.depth);
    }
    if outcome.counters.messages > STEPS_MESSAGES_MAX || outcome.ended == Ended::Panicked {
        return None;
    }
    let unit = simulate(scenario, registry, None, Latency::Unit, None);
    unit.panicked
        .is_none()
        .then_some(unit.outcome.counters.depth)
}

/// Runs again and looks for the first different event.
fn twice(
    scenario: &Scenario,
    registry: &impl Registry,
    level: Option<Recording>,
    first: &Outcome,
) -> Option<Difference> {
    let recorded = level.map(|level| (level, None));
    let second = simulate(scenario, registry, recorded, Latency::AsWritten, None).outcome;
    if (second.fingerprint, second.events) == (first.fingerprint, first.events) {
        return None;
    }
    let fingerprints = [first.fingerprint, second.fingerprint];
    let (Some(a), Some(b)) = (&first.trace, &second.trace) else {
        return Some(Difference {
            lines: [None, None],
            fingerprints,
        });
    };
    let line = |trace: &Trace, record: Option<&Record>| {
        record.map(|record| text::line(trace, record).to_string())
    };
    let same = |(x, y): &(&Record, &Record)| x == y && line(a, Some(x)) == line(b, Some(y));
    let place = a.records.iter().zip(&b.records).take_while(same).count();
    Some(Difference {
        lines: [line(a, a.records.get(place)), line(b, b.records.get(place))],
        fingerprints,
    })
}

/// Virtual time as a person says it, in milliseconds: `3.871ms`.
#[must_use]
pub fn ms(at: SimTime) -> String {
    format!("{at}ms")
}
