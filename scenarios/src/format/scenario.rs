//! A scenario, read and checked: plain values, every default filled in.

use super::entry::Configured;
use super::expect::Expectation;
use super::faults::Fault;
use super::links::Links;
use super::network::{Network, Routing, Timing};
use super::nodes::NodeSet;
use super::place::Place;
use super::sweep::Sweep;
use crate::overlay::Shape;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::random::Delay;
use sim_core::kernel::time::Span;

/// Everything that a run depends on.
#[derive(Debug)]
pub struct Scenario {
    /// Its name; `name/variant` when a variant is chosen. Fit for a path.
    pub name: String,
    /// In one sentence; may be empty.
    pub about: String,
    /// The seed of every draw.
    pub seed: u64,
    /// Parameters in the order of the file, resolved, as text.
    pub params: Vec<(String, String)>,
    /// How many nodes: 1 to 10,000,000.
    pub nodes: u32,
    /// Who can talk to whom.
    pub topology: Shape,
    /// The graph itself.
    pub overlay: Overlay,
    /// How a message finds its way in it.
    pub routing: Routing,
    /// What the network does to a message.
    pub network: Network,
    /// What is known of how long things take.
    pub timing: Timing,
    /// The protocol with its parameters and the operations of the workload.
    pub protocol: Box<dyn Configured>,
    /// The protocol with all its parameters, as a file would say it.
    pub protocol_text: String,
    /// What lies between the protocol and the network.
    pub links: Links,
    /// What the clients ask for.
    pub workload: Vec<Job>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// What must hold.
    pub expect: Vec<Expectation>,
    /// Names of properties that this scenario is meant to break.
    pub expect_violation: Vec<String>,
    /// When the run ends.
    pub stop: Stop,
    /// How much is written down.
    pub trace: Trace,
    /// What is to be varied in a sweep. A single run is none: the resolved scenario says nothing of it.
    pub sweep: Sweep,
    /// What is measured besides what expectations ask for.
    pub measure: Vec<String>,
    /// Where the fields are written that a report may have to point at.
    pub places: Places,
    /// The resolved scenario as a file: reading it gives this scenario again, and this text.
    pub resolved: String,
}

/// Where fields of a scenario are written; none that is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// `protocol`, or what overrides it.
    pub protocol: Option<Place>,
    /// `network.loss`.
    pub loss: Option<Place>,
    /// `network.duplicate`.
    pub duplicate: Option<Place>,
    /// `network.corrupt`.
    pub corrupt: Option<Place>,
}

impl Scenario {
    /// The name of the scenario itself, and that of the variant if one is chosen.
    #[must_use]
    pub fn name_and_variant(&self) -> (&str, Option<&str>) {
        match self.name.split_once('/') {
            Some((name, variant)) => (name, Some(variant)),
            None => (&self.name, None),
        }
    }
}

/// One line of the workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// When.
    pub turn: Turn,
    /// Each repetition asks for something of its own.
    pub numbered: bool,
    /// At which nodes.
    pub node: NodeSet,
    /// The job with every default filled in, on one line.
    pub text: String,
    /// Which operation, as an index into those that the protocol has read.
    pub operation: usize,
    /// Where it is written.
    pub place: Place,
}

/// When a job asks for its operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Once.
    Once {
        /// Time since the start.
        at: Span,
    },
    /// Again and again. One of `until` and `count` is there.
    Repeated {
        /// The time between two requests.
        every: Every,
        /// The first time; the first gap that is drawn begins here.
        from: Span,
        /// No more from here on.
        until: Option<Span>,
        /// At most so many at each node.
        count: Option<u64>,
    },
}

/// The time between two requests at one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Every {
    /// Always this, which is above zero.
    Period(Span),
    /// Drawn from a law, for each node by itself. Not all draws are zero.
    Drawn(Delay),
}

/// When the run ends: whatever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// At this time.
    pub at: Span,
    /// Earlier, on a condition.
    pub when: StopWhen,
    /// After so many events.
    pub events: u64,
    /// At so many bytes of memory.
    pub memory: u64,
}

/// What ends a run before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopWhen {
    /// Nothing is in flight, armed or planned.
    Quiescent,
    /// Nothing.
    Never,
}

/// How much of a run is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trace {
    /// Nothing.
    Off,
    /// Counts.
    Summary,
    /// Every message.
    Messages,
    /// Timers and writes to stable storage too.
    Full,
}
