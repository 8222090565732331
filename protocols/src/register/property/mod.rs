//! What a replicated register promises, and who checks it.
//!
//! The checkers see what was asked and what was shown, so they tell writes by their values: a value that was written more
//! than once is never held against anybody.

mod convergence;
mod lost;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{About, Kind, Property};
use sim_core::kernel::summary::summary;

use super::port::Register;
pub use convergence::Convergence;
pub use lost::{Lost, Whose};

/// The properties that can be asked of a register.
pub const ASKABLE: &[About] = &[
    About {
        name: "no_lost_update",
        number: "",
        kind: Kind::Safety,
        meaning: "No write gives way to a value that its writer had seen before it wrote.",
    },
    About {
        name: "own_writes",
        number: "",
        kind: Kind::Safety,
        meaning: "No write gives way to an earlier write of the same process.",
    },
    About {
        name: "convergence",
        number: "",
        kind: Kind::Liveness,
        meaning: "After the last write all correct processes eventually show the same.",
    },
];

/// The checker of the property `name` over `nodes` replicas, if there is one.
#[must_use]
pub fn checker<V: Payload>(name: &str, nodes: u32) -> Option<Box<dyn Property<Register<V>>>> {
    Some(match name {
        "no_lost_update" => Box::new(Lost::new(Whose::Anybody)),
        "own_writes" => Box::new(Lost::new(Whose::Own)),
        "convergence" => Box::new(Convergence::new(nodes)),
        _ => return None,
    })
}

/// A content, for people.
fn shown<V: Payload>(content: &[V]) -> String {
    match content {
        [] => "nothing".into(),
        content => {
            let values: Vec<String> = content.iter().map(summary).collect();
            values.join(" | ")
        }
    }
}
