//! Logical time: clocks as small values, and a layer that stamps what passes through a stack.
//!
//! A [`Clock`] is the rule by which a process stamps its events, a [`Timestamp`] what it puts on them. A stamp claims that
//! one event came before another, or that neither can have caused the other; [`property`] holds that against the truth.

mod any;
mod hybrid;
mod lamport;
mod matrix;
mod port;
pub mod property;
mod stamping;
mod vector;
mod version_vector;
mod wall;

use core::cmp::Ordering;
use core::fmt::Debug;
use core::hash::Hash;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Payload;
use sim_core::kernel::time::LocalTime;

pub use any::{AnyClock, AnyTime, ClockKind};
pub use hybrid::{Hybrid, HybridTime};
pub use lamport::{Lamport, LamportTime};
pub use matrix::{Matrix, MatrixTime};
pub use port::{Clocked, Said, Timed};
pub use stamping::Stamping;
pub use vector::{Vector, VectorTime};
pub use version_vector::VersionVector;
pub use wall::{Millis, Wall, WallTime};

/// A clock of one process: every event of the process gets a stamp.
pub trait Clock: Clone + Eq + Hash + Debug + 'static {
    /// What it stamps events with.
    type Time: Timestamp;

    /// Stamps an event of the process `me`: a local step, or one that sends. `wall` reads its wall clock.
    fn tick(&mut self, me: NodeId, wall: impl FnOnce() -> LocalTime) -> Self::Time;

    /// Stamps the receipt of a message whose sending was stamped `heard`.
    fn receive(
        &mut self,
        me: NodeId,
        heard: &Self::Time,
        wall: impl FnOnce() -> LocalTime,
    ) -> Self::Time;

    /// False for a stamp that no honest process of a group of `nodes` makes with such a clock: it is not to be heard.
    fn accepts(&self, heard: &Self::Time, nodes: u32) -> bool;
}

/// What a clock puts on an event. [`Ord`] puts all stamps into one order, for tables and for breaking ties; it claims
/// nothing.
pub trait Timestamp: Payload {
    /// What the two stamps claim: `Less` that this event came before the other one and may have caused it, `Equal` that it
    /// is the same one, `None` that neither may have caused the other.
    fn claim(&self, other: &Self) -> Option<Ordering>;
}
