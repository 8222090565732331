//! The seam between the format and the registry: what a protocol must say about itself to be used in a scenario.

use super::fields::Fields;
use std::fmt::Debug;

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

/// Safety or liveness: which words an expectation may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nothing bad happens: `always`.
    Safety,
    /// Something good happens in the end: `eventually`.
    Liveness,
}

/// A property that a protocol's port promises.
#[derive(Clone, Copy, Debug)]
pub struct PropertyAbout {
    /// As written in an expectation: `agreement`.
    pub name: &'static str,
    /// Its number in the book: `RB4`.
    pub number: &'static str,
    /// Safety or liveness.
    pub class: Class,
    /// In one sentence.
    pub doc: &'static str,
}

/// One protocol of the registry.
pub trait Entry: Sync {
    /// What it is.
    fn about(&self) -> &About;
    /// Reads its parameters, the arguments of `EagerMulticast(relay: true)`.
    fn read(&self, args: &mut Fields<'_>) -> Box<dyn Configured>;
}

/// A protocol with its parameters, collecting the operations that its clients will ask for.
pub trait Configured: Debug + Send + Sync {
    /// Reads one operation of the workload, such as `Multicast("hello")`, and appends it to the protocol's own list.
    /// False if there is no operation of that name (nothing is appended then).
    fn operation(&mut self, op: &mut Fields<'_>) -> bool;
    /// The names of its operations.
    fn operations(&self) -> &[&'static str];
    /// What its port promises.
    fn properties(&self) -> Vec<PropertyAbout>;
    /// What can be measured.
    fn metrics(&self) -> Vec<&'static str>;
    /// The marks that it may set.
    fn marks(&self) -> Vec<&'static str>;
}
