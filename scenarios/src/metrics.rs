//! What can be measured of any run.

use sim_core::sim::{Counters, Outcome};

use crate::format::{MetricAbout, Unit};

/// How a metric is read off a run; `None` if it is not known.
type Read = fn(&Metrics) -> Option<u64>;

/// The metrics that expectations can name, in the order in which they are shown.
const ALL: &[(&str, Read, &str)] = &[
    (
        "messages",
        |run| Some(run.counters.messages),
        "copies sent to other nodes; those that the network makes are not among them",
    ),
    (
        "messages_with_self",
        |run| Some(run.counters.messages_with_self),
        "the same with the copies that nodes sent to themselves",
    ),
    (
        "steps",
        |run| run.steps.map(u64::from),
        "latency of the last delivery if every message took one unit of time",
    ),
    (
        "bytes",
        |run| Some(run.counters.bytes),
        "bytes of those messages in the canonical encoding",
    ),
    (
        "frames",
        |run| Some(run.counters.frames),
        "frames put on the medium: on a bus a group send is one, elsewhere one a message",
    ),
    (
        "received",
        |run| Some(run.counters.received),
        "messages received from other nodes; a copy that the network made counts again",
    ),
    (
        "lost",
        |run| Some(run.counters.lost),
        "messages that the network lost by chance",
    ),
    (
        "duplicated",
        |run| Some(run.counters.duplicated),
        "second copies that the network made",
    ),
    (
        "corrupted",
        |run| Some(run.counters.corrupted),
        "messages dropped because a bit was flipped on the way",
    ),
    (
        "overflowed",
        |run| Some(run.counters.overflowed),
        "messages dropped because the queue of their channel was full",
    ),
    (
        "cut",
        |run| Some(run.counters.cut),
        "messages lost in a partition",
    ),
    (
        "held",
        |run| Some(run.counters.held),
        "messages that waited for a partition to heal",
    ),
    (
        "omitted",
        |run| Some(run.counters.omitted),
        "messages that a node omitted to send or to receive",
    ),
    (
        "refused",
        |run| Some(run.counters.refused),
        "messages in another's name that an assumed authenticated link refused",
    ),
    (
        "no_channel",
        |run| Some(run.counters.no_channel),
        "messages to a node that is no neighbour",
    ),
    (
        "to_crashed",
        |run| Some(run.counters.to_crashed),
        "messages that arrived at a node that was down",
    ),
    (
        "writes",
        |run| Some(run.counters.writes),
        "writes to stable storage that became durable",
    ),
    (
        "recoveries",
        |run| Some(run.counters.recoveries),
        "nodes that came back from a crash",
    ),
    (
        "requests",
        |run| Some(run.counters.requests),
        "what the workload asked of nodes that were up",
    ),
    (
        "deliveries",
        |run| Some(run.counters.indications),
        "what nodes said through their uppermost port",
    ),
    (
        "events",
        |run| Some(run.events),
        "events, as numbered in the trace",
    ),
    (
        "virtual_time",
        |run| Some(run.virtual_time_ns),
        "virtual time at the end of the run",
    ),
];

/// The metrics that expectations can name.
pub fn all() -> impl Iterator<Item = MetricAbout> {
    ALL.iter().map(|&(name, _, what)| MetricAbout {
        name,
        unit: if name == "virtual_time" {
            Unit::Time
        } else {
            Unit::Number
        },
        sampled: false,
        what,
    })
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
}

impl Metrics {
    /// The figures of `outcome`.
    #[must_use]
    pub fn of(outcome: &Outcome, steps: Option<u32>) -> Metrics {
        Metrics {
            counters: outcome.counters.clone(),
            steps,
            events: outcome.events,
            virtual_time_ns: outcome.at.as_nanos(),
        }
    }

    /// The figure that an expectation calls `name`; times in nanoseconds. `None` if it is not known.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u64> {
        let (_, read, _) = ALL.iter().find(|(known, ..)| *known == name)?;
        read(self)
    }

    /// All figures by their names in JSON, in a fixed order; `None` is null.
    #[must_use]
    pub fn all(&self) -> Vec<(&'static str, Option<u64>)> {
        let json = |name| match name {
            "virtual_time" => "virtual_time_ns",
            name => name,
        };
        let figures = ALL.iter().map(|(name, read, _)| (json(name), read(self)));
        figures
            .chain([("pending_max", Some(self.counters.pending_max))])
            .collect()
    }
}
