//! What stamps promise, and who holds them against the truth (Lamport 1978; Mattern 1989).
//!
//! The truth is happens-before among the events that bear stamps, taken from the edges of the port alone: what a process
//! says comes after what it said before, and a delivery comes after its cast. A process has one history, over all its lives.

mod causality;
mod claims;
mod underneath;

use alloc::boxed::Box;

use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{About, Kind, Property};

use super::Timestamp;
use super::port::Clocked;
use crate::multicast::property::{Promises, askable as askable_of_multicast};
pub use claims::{Claims, Rule};
pub use underneath::Underneath;

const CONSISTENT: About = About {
    name: "consistent_with_causality",
    number: "",
    kind: Kind::Safety,
    meaning: "If one event happened before another, their stamps say so: the clock condition.",
};

const CHARACTERIZES: About = About {
    name: "characterizes_causality",
    number: "",
    kind: Kind::Safety,
    meaning: "The stamps of two events say that one happened before the other if, and only if, it did.",
};

/// All properties that can be asked of a multicast with stamps: those of its stamps, then those of the multicast.
pub fn askable<G: Promises>() -> impl Iterator<Item = About> {
    [CONSISTENT, CHARACTERIZES]
        .into_iter()
        .chain(askable_of_multicast::<G>())
}

/// The checker of the property `name` over a group of `nodes`, if there is one.
#[must_use]
pub fn checker<P: Payload, T: Timestamp, G: Promises>(
    name: &str,
    nodes: u32,
) -> Option<Box<dyn Property<Clocked<P, T, G>>>> {
    Some(match name {
        "consistent_with_causality" => Box::new(Claims::new(Rule::Consistent)),
        "characterizes_causality" => Box::new(Claims::new(Rule::Characterizes)),
        name => Box::new(Underneath::of(name, nodes)?),
    })
}
