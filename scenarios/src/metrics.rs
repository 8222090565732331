//! What can be measured of any run.

use sim_core::sim::Outcome;

use crate::format::{MetricAbout, Unit};

/// The metrics that expectations can name.
pub const ALL: &[MetricAbout] = &[
    count(
        "messages",
        "copies sent to other nodes; those that the network makes are not among them",
    ),
    count(
        "messages_with_self",
        "the same with the copies that nodes sent to themselves",
    ),
    count(
        "steps",
        "latency of the last delivery if every message took one unit of time",
    ),
    count("bytes", "bytes of those messages in the canonical encoding"),
    count(
        "received",
        "messages received from other nodes; a copy that the network made counts again",
    ),
    count("lost", "messages that the network lost"),
    count("duplicated", "second copies that the network made"),
    count(
        "to_crashed",
        "messages that arrived at a node that was down",
    ),
    count("requests", "what the workload asked of nodes that were up"),
    count("deliveries", "what nodes said through their uppermost port"),
    count("events", "events, as numbered in the trace"),
    MetricAbout {
        name: "virtual_time",
        unit: Unit::Time,
        sampled: false,
        what: "virtual time at the end of the run",
    },
];

const fn count(name: &'static str, what: &'static str) -> MetricAbout {
    MetricAbout {
        name,
        unit: Unit::Number,
        sampled: false,
        what,
    }
}

/// The figures of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Copies sent to other processes.
    pub messages: u64,
    /// The same with those that processes sent to themselves.
    pub messages_with_self: u64,
    /// Bytes of those to others, in the canonical encoding.
    pub bytes: u64,
    /// Latency of the last delivery if every message took one unit of time; `None` if that was too dear to find out.
    pub steps: Option<u32>,
    /// Messages received from other processes.
    pub received: u64,
    /// Messages that the network lost.
    pub lost: u64,
    /// Second copies that the network made.
    pub duplicated: u64,
    /// Messages that arrived at a process that was down.
    pub to_crashed: u64,
    /// What the workload asked.
    pub requests: u64,
    /// What processes said through their uppermost port.
    pub deliveries: u64,
    /// Events, as numbered in the trace.
    pub events: u64,
    /// Virtual time at the end, in nanoseconds.
    pub virtual_time_ns: u64,
    /// Most entries of the event queue that were pending at once.
    pub pending_max: u64,
}

impl Metrics {
    /// The figures of `outcome`.
    #[must_use]
    pub fn of(outcome: &Outcome, steps: Option<u32>) -> Metrics {
        let counters = &outcome.counters;
        Metrics {
            messages: counters.messages,
            messages_with_self: counters.messages_with_self,
            bytes: counters.bytes,
            steps,
            received: counters.received,
            lost: counters.lost,
            duplicated: counters.duplicated,
            to_crashed: counters.to_crashed,
            requests: counters.requests,
            deliveries: counters.indications,
            events: outcome.events,
            virtual_time_ns: outcome.at.as_nanos(),
            pending_max: counters.pending_max,
        }
    }

    /// The figure that an expectation calls `name`; times in nanoseconds. `None` if it is not known.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u64> {
        Some(match name {
            "messages" => self.messages,
            "messages_with_self" => self.messages_with_self,
            "bytes" => self.bytes,
            "steps" => u64::from(self.steps?),
            "received" => self.received,
            "lost" => self.lost,
            "duplicated" => self.duplicated,
            "to_crashed" => self.to_crashed,
            "requests" => self.requests,
            "deliveries" => self.deliveries,
            "events" => self.events,
            "virtual_time" => self.virtual_time_ns,
            _ => return None,
        })
    }

    /// All figures by their names in JSON, in a fixed order; `None` is null.
    #[must_use]
    pub fn all(&self) -> [(&'static str, Option<u64>); 13] {
        [
            ("messages", Some(self.messages)),
            ("messages_with_self", Some(self.messages_with_self)),
            ("steps", self.steps.map(u64::from)),
            ("bytes", Some(self.bytes)),
            ("received", Some(self.received)),
            ("lost", Some(self.lost)),
            ("duplicated", Some(self.duplicated)),
            ("to_crashed", Some(self.to_crashed)),
            ("requests", Some(self.requests)),
            ("deliveries", Some(self.deliveries)),
            ("events", Some(self.events)),
            ("virtual_time_ns", Some(self.virtual_time_ns)),
            ("pending_max", Some(self.pending_max)),
        ]
    }
}
