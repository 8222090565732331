//! The port of a failure detector (CGR ch. 2.6): nobody asks it for anything, it says whom it suspects.

use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

/// Indication: what a detector thinks of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Opinion {
    /// It has crashed: `<P, Crash | p>` of a perfect detector, which never takes it back, and `<◇P, Suspect | p>` of an
    /// eventually perfect one, which may.
    Suspect(NodeId),
    /// It is alive after all: `<◇P, Restore | p>`.
    Restore(NodeId),
}

impl fmt::Display for Opinion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Opinion::Suspect(node) => write!(f, "Suspect {node}"),
            Opinion::Restore(node) => write!(f, "Restore {node}"),
        }
    }
}

/// A failure detector with the guarantee `G`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Detector<G>(PhantomData<fn() -> G>);

impl<G: Guarantee> Port for Detector<G> {
    type Request = Never;
    type Indication = Opinion;
}

/// The perfect failure detector P, CGR module 2.6: strong completeness, strong accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Accurate;

/// The eventually perfect failure detector ◇P, CGR module 2.8: strong completeness, eventual strong accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventuallyAccurate;

impl Guarantee for Accurate {}
impl Guarantee for EventuallyAccurate {}
impl AtLeast<EventuallyAccurate> for Accurate {}
