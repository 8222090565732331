//! What can be measured of any run.

use std::fmt;

use sim_core::kernel::distribution::Distribution;
use sim_core::kernel::property::{Finding, Measure, Quantity};
use sim_core::kernel::time::Span;
use sim_core::sim::{Counters, Outcome};

use crate::format::{MetricAbout, Statistic, Unit};

/// How a metric is read off a run; `None` if it is not known.
type Read = fn(&Metrics) -> Option<Figure>;

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// A count, or a time in nanoseconds.
    Whole(u64),
    /// So many of so many; the second is not zero.
    Ratio(u64, u64),
}

impl From<u64> for Figure {
    fn from(count: u64) -> Figure {
        Figure::Whole(count)
    }
}

impl Figure {
    /// The share that `part` is of `whole`; `None` if there is nothing to share.
    #[must_use]
    pub fn ratio(part: u64, whole: u64) -> Option<Figure> {
        (whole > 0).then_some(Figure::Ratio(part, whole))
    }

    /// As a number, to be compared.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a bound is a number of the scenario, below 2^53; a larger metric is past any"
    )]
    pub fn number(self) -> f64 {
        match self {
            Figure::Whole(count) => count as f64,
            Figure::Ratio(part, whole) => part as f64 / whole as f64,
        }
    }
}

/// A ratio has six decimals, cut off at zeros.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Whole(count) => write!(f, "{count}"),
            Figure::Ratio(..) => {
                let text = format!("{:.6}", self.number());
                f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

/// The metrics that expectations can name, in the order in which they are shown.
const ALL: &[(&str, Read, &str)] = &[
    (
        "messages",
        |run| Some(run.counters.messages.into()),
        "copies sent to other nodes; those that the network makes are not among them",
    ),
    (
        "messages_with_self",
        |run| Some(run.counters.messages_with_self.into()),
        "the same with the copies that nodes sent to themselves",
    ),
    (
        "steps",
        |run| run.steps.map(|steps| u64::from(steps).into()),
        "latency of the last delivery if every message took one unit of time",
    ),
    (
        "bytes",
        |run| Some(run.counters.bytes.into()),
        "bytes of those messages in the canonical encoding",
    ),
    (
        "frames",
        |run| Some(run.counters.frames.into()),
        "frames put on the medium: on a bus a group send is one, elsewhere one a message",
    ),
    (
        "received",
        |run| Some(run.counters.received.into()),
        "messages received from other nodes; a copy that the network made counts again",
    ),
    (
        "lost",
        |run| Some(run.counters.lost.into()),
        "messages that the network lost by chance",
    ),
    (
        "duplicated",
        |run| Some(run.counters.duplicated.into()),
        "second copies that the network made",
    ),
    (
        "corrupted",
        |run| Some(run.counters.corrupted.into()),
        "messages dropped because a bit was flipped on the way",
    ),
    (
        "overflowed",
        |run| Some(run.counters.overflowed.into()),
        "messages dropped because the queue of their channel was full",
    ),
    (
        "cut",
        |run| Some(run.counters.cut.into()),
        "messages lost in a partition",
    ),
    (
        "held",
        |run| Some(run.counters.held.into()),
        "messages that waited for a partition to heal",
    ),
    (
        "omitted",
        |run| Some(run.counters.omitted.into()),
        "messages that a node omitted to send or to receive",
    ),
    (
        "refused",
        |run| Some(run.counters.refused.into()),
        "messages in another's name that an assumed authenticated link refused",
    ),
    (
        "no_channel",
        |run| Some(run.counters.no_channel.into()),
        "messages to a node that is no neighbour",
    ),
    (
        "to_crashed",
        |run| Some(run.counters.to_crashed.into()),
        "messages that arrived at a node that was down",
    ),
    (
        "writes",
        |run| Some(run.counters.writes.into()),
        "writes to stable storage that became durable",
    ),
    (
        "recoveries",
        |run| Some(run.counters.recoveries.into()),
        "nodes that came back from a crash",
    ),
    (
        "requests",
        |run| Some(run.counters.requests.into()),
        "what the workload asked of nodes that were up",
    ),
    (
        "deliveries",
        |run| Some(run.counters.indications.into()),
        "what nodes said through their uppermost port",
    ),
    (
        "calls",
        |run| run.measured("calls"),
        "remote calls that clients began; measured if asked for",
    ),
    (
        "attempts",
        |run| run.measured("attempts"),
        "how often a remote call that ended was sent, on average: retries and hedges count; measured if asked for",
    ),
    (
        "executions",
        |run| run.measured("executions"),
        "how often a remote call that began was carried out, on average; measured if asked for",
    ),
    (
        "success_ratio",
        |run| run.measured("success_ratio"),
        "share of the remote calls that ended that succeeded; measured if asked for",
    ),
    (
        "delivery_ratio",
        |run| run.measured("delivery_ratio"),
        "share of the deliveries that were due to correct nodes (everything cast, once each) that took place; measured if asked for",
    ),
    (
        "residue",
        |run| run.measured("residue"),
        "share of the deliveries that were due to correct nodes that never took place: who is still susceptible; measured if asked for",
    ),
    (
        "atomicity",
        |run| run.measured("atomicity"),
        "1 if everything that was cast was delivered by all correct nodes, else 0: over many runs, how probable that is; measured if asked for",
    ),
    (
        "traffic",
        |run| {
            let copies = run.counters.kinds.of("Data").net;
            (copies > 0).then_some(Figure::Ratio(copies, u64::from(run.nodes)))
        },
        "copies of what is spread (kind Data) sent to other nodes, a node; what is asked, offered or answered does not count",
    ),
    (
        "rounds",
        |run| {
            run.measured("rounds")
                .or(run.steps.map(|steps| u64::from(steps).into()))
        },
        "rounds from the first cast to the last delivery, measured if asked for; of a protocol that has none of its own, its steps",
    ),
    (
        "throughput",
        |run| run.measured("throughput"),
        "deliveries that were due, or remote calls that succeeded, a second of virtual time; measured if asked for",
    ),
    (
        "events",
        |run| Some(run.events.into()),
        "events, as numbered in the trace",
    ),
    (
        "virtual_time",
        |run| Some(run.virtual_time_ns.into()),
        "virtual time at the end of the run",
    ),
];

/// The metrics of which a run has many samples, all of them times.
const SAMPLED: &[(&str, &str)] = &[
    (
        "delivery_latency",
        "time from a cast to its delivery at each other correct node, of all that was delivered; measured if asked for",
    ),
    (
        "call_latency",
        "time from the beginning of a call to its success, retries included; measured if asked for",
    ),
];

/// The metrics that are sums over messages, so that one kind of messages has its part.
const BY_KIND: [&str; 2] = ["messages", "messages_with_self"];

/// The metrics that only some ports measure.
const OF_PORTS: &[&str] = &[
    "delivery_ratio",
    "residue",
    "atomicity",
    "traffic",
    "rounds",
    "throughput",
    "delivery_latency",
    "calls",
    "attempts",
    "executions",
    "success_ratio",
    "call_latency",
];

/// The metrics of a protocol whose port measures these.
pub fn of_port(measured: &'static [&'static str]) -> impl Iterator<Item = MetricAbout> {
    let is_there = |about: &MetricAbout| !OF_PORTS.contains(&about.name);
    all().filter(move |about| is_there(about) || measured.contains(&about.name))
}

/// Why a run has no figure for a metric.
pub(crate) fn absent(name: &str) -> &'static str {
    match name {
        "steps" => "not measured in a run of this size",
        "rounds" => {
            "nothing to measure: nothing was delivered, or its steps were not counted in a run of this size"
        }
        _ => "nothing to measure in this run",
    }
}

/// The metrics that expectations can name.
pub fn all() -> impl Iterator<Item = MetricAbout> {
    let counted = ALL.iter().map(|&(name, _, what)| MetricAbout {
        name,
        unit: if name == "virtual_time" {
            Unit::Time
        } else {
            Unit::Number
        },
        sampled: false,
        by_kind: BY_KIND.contains(&name),
        what,
    });
    let sampled = SAMPLED.iter().map(|&(name, what)| MetricAbout {
        name,
        unit: Unit::Time,
        sampled: true,
        by_kind: false,
        what,
    });
    counted.chain(sampled)
}

/// The statistics of many times that are told wherever one of them was asked for, with their names; times in
/// nanoseconds, and nothing of no times.
#[must_use]
pub fn statistics(times: &Distribution) -> [(&'static str, Option<u64>); 7] {
    let of = |statistic| statistic_of(times, statistic).map(Span::as_nanos);
    [
        ("count", Some(times.count())),
        ("mean", of(Statistic::Mean)),
        ("min", of(Statistic::Min)),
        ("max", of(Statistic::Max)),
        ("p50", of(Statistic::Percentile(500))),
        ("p90", of(Statistic::Percentile(900))),
        ("p99", of(Statistic::Percentile(990))),
    ]
}

fn statistic_of(times: &Distribution, statistic: Statistic) -> Option<Span> {
    match statistic {
        Statistic::Mean => times.mean(),
        Statistic::Min => times.min(),
        Statistic::Max => times.max(),
        Statistic::Percentile(thousandths) => times.percentile(thousandths),
    }
}

/// The figures of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// What the engine counted.
    pub counters: Counters,
    /// Latency of the last delivery if every message took one unit of time; `None` if that was too dear to find out.
    pub steps: Option<u32>,
    /// Events, as numbered in the trace.
    pub events: u64,
    /// Virtual time at the end, in nanoseconds.
    pub virtual_time_ns: u64,
    /// How many processes there were.
    pub nodes: u32,
    /// What was measured at the port, if an expectation asked for it.
    pub measured: Vec<Measure>,
}

impl Metrics {
    /// The figures of `outcome`.
    #[must_use]
    pub fn of(outcome: &Outcome, nodes: u32, steps: Option<u32>) -> Metrics {
        let measured = outcome
            .verdicts
            .iter()
            .filter_map(|verdict| match &verdict.finding {
                Finding::Measured(measures) => Some(measures.clone()),
                _ => None,
            });
        Metrics {
            nodes,
            measured: measured.flatten().collect(),
            counters: outcome.counters.clone(),
            steps,
            events: outcome.events,
            virtual_time_ns: outcome.at.as_nanos(),
        }
    }

    /// What was measured at the port under this name.
    fn measured(&self, name: &str) -> Option<Figure> {
        let found = self.measured.iter().find(|measure| measure.name == name)?;
        match found.quantity {
            Quantity::Count(count) => Some(Figure::Whole(count)),
            Quantity::Ratio { part, whole } => Figure::ratio(part, whole),
            Quantity::Times(_) => None,
        }
    }

    /// The metrics of which the run has many samples, by their names in JSON; those that were asked for.
    pub fn sampled(&self) -> impl Iterator<Item = (String, &Distribution)> {
        self.measured
            .iter()
            .filter_map(|measure| match &measure.quantity {
                Quantity::Times(times) => Some((format!("{}_ns", measure.name), times)),
                _ => None,
            })
    }

    /// A statistic of the samples of a metric, in nanoseconds; `None` if there are none.
    #[must_use]
    pub fn statistic(&self, name: &str, statistic: Statistic) -> Option<Figure> {
        let found = self.measured.iter().find(|measure| measure.name == name)?;
        let Quantity::Times(times) = &found.quantity else {
            return None;
        };
        statistic_of(times, statistic).map(|time| time.as_nanos().into())
    }

    /// The figure that an expectation calls `name`; times in nanoseconds. `None` if it is not known.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Figure> {
        let (_, read, _) = ALL.iter().find(|(known, ..)| *known == name)?;
        read(self)
    }

    /// The part of it that is due to messages of one kind, if it is a sum over messages.
    #[must_use]
    pub fn of_kind(&self, name: &str, kind: &str) -> Option<Figure> {
        let copies = self.counters.kinds.of(kind);
        match name {
            "messages" => Some(copies.net.into()),
            "messages_with_self" => Some(copies.with_self.into()),
            _ => None,
        }
    }

    /// All figures by their names in a table, in a fixed order: those of one number, then the statistics of those that have
    /// many samples, `delivery_latency_ns.p99`.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Option<Figure>)> {
        let single = self.single().into_iter();
        let single = single.map(|(name, figure)| (name.to_owned(), figure));
        let sampled = self.sampled().flat_map(|(name, times)| {
            statistics(times)
                .map(|(statistic, ns)| (format!("{name}.{statistic}"), ns.map(Figure::from)))
        });
        single.chain(sampled).collect()
    }

    /// The figures of one number by their names in JSON, in a fixed order; `None` is null.
    #[must_use]
    pub fn single(&self) -> Vec<(&'static str, Option<Figure>)> {
        let json = |name| match name {
            "virtual_time" => "virtual_time_ns",
            name => name,
        };
        let figures = ALL.iter().map(|(name, read, _)| (json(name), read(self)));
        figures
            .chain([("pending_max", Some(self.counters.pending_max.into()))])
            .collect()
    }
}
