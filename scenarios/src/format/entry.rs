//! The seam between the format and the registry: what a protocol must say about itself to be used in a scenario.

use std::any::Any;
use std::fmt::Debug;

use sim_core::kernel::property;

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
    /// Messages without faults, as a formula: `n(n-1)`.
    pub messages: &'static str,
    /// Where it comes from: `CGR 3.3`.
    pub source: &'static str,
    /// Its layers, from the top.
    pub layers: &'static [&'static str],
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
    /// The marks that it may set.
    fn marks(&self) -> Vec<&'static str>;
}
