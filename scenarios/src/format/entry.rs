//! The seam between the format and the registry: what a protocol must say about itself to be used in a scenario.

use std::any::Any;
use std::fmt::Debug;

use sim_core::kernel::property;

use super::fields::Fields;

/// The links that a protocol's promises rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// May lose, duplicate and reorder.
    FairLoss,
    /// Neither loses nor duplicates.
    Reliable,
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

/// One protocol of the registry.
pub trait Entry: Sync {
    /// What it is.
    fn about(&self) -> &About;
    /// The properties that can be asked of it.
    fn properties(&self) -> Vec<property::About>;
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
    fn metrics(&self) -> Vec<&'static str>;
    /// The marks that it may set.
    fn marks(&self) -> Vec<&'static str>;
}
