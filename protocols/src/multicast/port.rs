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

/// Uniform reliable broadcast, CGR module 3.3: what anybody delivers, correct or faulty, all correct processes deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Uniform;

/// Probabilistic broadcast, CGR module 3.7: every correct process delivers with high probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Probabilistic;

/// FIFO-order reliable broadcast, CGR module 3.8: reliable, and each caster's messages in the order of its casts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FifoOrder;

/// Causal-order reliable broadcast, CGR module 3.9: reliable, and no message before one that may have caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CausalOrder;

/// Total-order broadcast, CGR module 6.1: reliable, and everybody delivers in one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TotalOrder;

/// Byzantine consistent broadcast, CGR module 3.11: no two correct processes deliver different messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Consistent;

/// Byzantine reliable broadcast, CGR module 3.12: consistent, and if one correct process delivers, all do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByzantineReliable;

impl Guarantee for BestEffort {}
impl Guarantee for Reliable {}
impl Guarantee for Uniform {}
impl Guarantee for Probabilistic {}
impl Guarantee for FifoOrder {}
impl Guarantee for CausalOrder {}
impl Guarantee for TotalOrder {}
impl Guarantee for Consistent {}
impl Guarantee for ByzantineReliable {}

impl AtLeast<BestEffort> for Reliable {}
impl AtLeast<BestEffort> for Uniform {}
impl AtLeast<BestEffort> for FifoOrder {}
impl AtLeast<BestEffort> for CausalOrder {}
impl AtLeast<BestEffort> for TotalOrder {}
impl AtLeast<Reliable> for Uniform {}
impl AtLeast<Reliable> for FifoOrder {}
impl AtLeast<Reliable> for CausalOrder {}
impl AtLeast<Reliable> for TotalOrder {}
impl AtLeast<FifoOrder> for CausalOrder {}
impl AtLeast<Consistent> for ByzantineReliable {}
