//! The seam between the format and the registry: what a protocol must say about itself to be used in a scenario.

use std::any::Any;
use std::fmt::{self, Debug};

use sim_core::kernel::id::NodeId;
use sim_core::kernel::property;
use sim_core::kernel::time::Span;

use super::fields::Fields;

/// What links promise, and what a protocol's own promises rest on. Numbers of modules as in CGR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// May lose, duplicate and reorder (2.1).
    FairLoss,
    /// What is sent once arrives again and again (2.2).
    Stubborn,
    /// Neither loses nor duplicates (2.3, perfect links).
    Reliable,
    /// Reliable even if the receiver crashes and recovers (2.4).
    Logged,
    /// Reliable, and in the order of sending (2.11).
    Fifo,
    /// Reliable, and nobody speaks in another's name (2.5).
    Authenticated,
}

impl Need {
    /// All of them.
    pub const ALL: [Need; 6] = [
        Need::FairLoss,
        Need::Stubborn,
        Need::Reliable,
        Need::Logged,
        Need::Fifo,
        Need::Authenticated,
    ];

    /// As a file names such links.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Need::FairLoss => "FairLoss",
            Need::Stubborn => "Stubborn",
            Need::Reliable => "Reliable",
            Need::Logged => "Logged",
            Need::Fifo => "Fifo",
            Need::Authenticated => "Authenticated",
        }
    }

    /// Do links that promise this promise `other` too?
    #[must_use]
    pub fn is_at_least(self, other: Need) -> bool {
        let reliable = matches!(self, Need::Logged | Need::Fifo | Need::Authenticated);
        self == other || other == Need::FairLoss || other == Need::Reliable && reliable
    }
}

/// What `stormglass list protocols` prints.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// As written in a scenario: `EagerMulticast`.
    pub name: &'static str,
    /// In a few words: `relay every first copy`.
    pub what: &'static str,
    /// The links it needs.
    pub needs: Need,
    /// What one operation costs without faults.
    pub messages: Messages,
    /// Where it comes from: `CGR 3.3`.
    pub source: &'static str,
    /// Its layers, from the top.
    pub layers: &'static [&'static str],
}

/// What one operation costs, if nothing fails and no other operation runs beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Messages {
    /// Exactly so much, whatever the delays: one formula for each form of the protocol.
    Exactly(&'static [Cost]),
    /// About so much, in words or as a formula: `2 a lease`.
    About(&'static str),
}

/// An exact cost. The formulas are expressions over `n` and the protocol's own parameters, as scenarios write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Which form of the protocol it is about, as its arguments: `originator: Literal`. Empty: with the defaults.
    pub form: &'static str,
    /// Messages between distinct processes.
    pub net: &'static str,
    /// The same with the copies that processes send themselves.
    pub with_self: &'static str,
    /// Latency of the last delivery, if every message takes one unit of time.
    pub steps: &'static str,
    /// The kinds of messages that count; all, if there are none. What a failure detector sends, for one, does not.
    pub kinds: &'static [&'static str],
}

/// The formulas of the messages between distinct processes: `n*(n-1); originator: Literal n*n-1`.
impl fmt::Display for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Messages::About(words) => f.write_str(words),
            Messages::Exactly(costs) => {
                for (place, Cost { form, net, .. }) in costs.iter().enumerate() {
                    if place > 0 {
                        f.write_str("; ")?;
                    }
                    if !form.is_empty() {
                        write!(f, "{form} ")?;
                    }
                    f.write_str(net)?;
                }
                Ok(())
            }
        }
    }
}

/// Something that can be measured of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricAbout {
    /// As an expectation names it.
    pub name: &'static str,
    /// What it is compared with.
    pub unit: Unit,
    /// A run has many samples of it, so that an expectation asks for a statistic: `p99(delivery_latency)`.
    pub sampled: bool,
    /// It is a sum over messages, so that an expectation may ask for those of one kind: `messages(Ack)`.
    pub by_kind: bool,
    /// In a few words.
    pub what: &'static str,
}

/// A mark that a protocol may leave in a trace, for `sometimes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// As an expectation names it.
    pub name: &'static str,
    /// What it says, in a few words.
    pub what: &'static str,
}

/// How many nodes may fail before a protocol no longer keeps its promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resilience {
    /// So many.
    pub faulty: u32,
    /// Where that comes from, as the books write it: `n > 3f`.
    pub rule: &'static str,
}

/// What a metric is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number.
    Number,
    /// A time: `2s`.
    Time,
}

/// One protocol of the registry.
pub trait Entry: Sync {
    /// What it is.
    fn about(&self) -> &About;
    /// The properties that can be asked of it.
    fn properties(&self) -> Vec<property::About>;
    /// The marks that it may leave.
    fn marks(&self) -> &'static [Mark];
    /// Reads its parameters, the arguments of `EagerMulticast(relay: true)`.
    fn read(&self, args: &mut Fields<'_>) -> Box<dyn Configured>;
}

/// A protocol with its parameters, collecting the operations that its clients will ask for.
pub trait Configured: Any + Debug + Send + Sync {
    /// Reads one operation of the workload, such as `Multicast("hello")`, and appends it to the protocol's own list.
    /// False if there is no operation of that name (nothing is appended then).
    fn operation(&mut self, op: &mut Fields<'_>) -> bool;
    /// The names of its operations.
    fn operations(&self) -> &[&'static str];
    /// What its port promises.
    fn properties(&self) -> Vec<property::About>;
    /// What can be measured.
    fn metrics(&self) -> Vec<MetricAbout>;
    /// The kinds of messages that it and its links send, those of its own first; `None` if they are not known.
    fn kinds(&self) -> Option<Vec<&'static str>> {
        None
    }
    /// How many faulty nodes it bears in a cluster of `nodes`, if it keeps its promises only up to a bound.
    fn bears(&self, _nodes: u32) -> Option<Resilience> {
        None
    }
    /// How long a round of it takes, if it goes by rounds.
    fn period(&self) -> Option<Span> {
        None
    }
    /// Whether this process takes requests; the others of a set are left out.
    fn takes_requests(&self, _node: NodeId) -> bool {
        true
    }
    /// The marks that it may set.
    fn marks(&self) -> Vec<&'static str>;
}
