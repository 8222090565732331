//! The port of a multicast, and how much it may promise.

use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

/// Request: `<beb, Broadcast | m>`. Everybody gets the payload, the caster too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cast<P>(pub P);

impl<P: fmt::Display> fmt::Display for Cast<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Multicast {}", self.0)
    }
}

/// Indication: `<beb, Deliver | p, m>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Deliver<P> {
    /// The process that cast it.
    pub origin: NodeId,
    /// What it cast.
    pub payload: P,
}

impl<P: fmt::Display> fmt::Display for Deliver<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.payload, self.origin)
    }
}

/// A multicast of `P` with the guarantee `G`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Multicast<P, G>(PhantomData<fn() -> (P, G)>);

impl<P: Payload, G: Guarantee> Port for Multicast<P, G> {
    type Request = Cast<P>;
    type Indication = Deliver<P>;
}

/// Best-effort broadcast, CGR module 3.1: validity, no duplication, no creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BestEffort;

/// Reliable broadcast, CGR module 3.2: the correct processes agree on what they deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reliable;

impl Guarantee for BestEffort {}
impl Guarantee for Reliable {}
