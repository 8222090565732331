//! What a lease promises, and who checks it.

mod eventual_grant;
mod mutual_exclusion;

use alloc::boxed::Box;

use sim_core::kernel::property::{About, Kind, Property};

use super::port::Lease;
pub use eventual_grant::EventualGrant;
pub use mutual_exclusion::MutualExclusion;

/// The properties that can be asked of a lease.
pub const ASKABLE: &[About] = &[
    About {
        name: "mutual_exclusion",
        number: "ME1",
        kind: Kind::Safety,
        meaning: "At no time two processes hold the lease.",
    },
    About {
        name: "eventual_grant",
        number: "ME2",
        kind: Kind::Liveness,
        meaning: "Every correct process that asks for the lease eventually acquires it.",
    },
];

/// The checker of the property `name`, if there is one.
#[must_use]
pub fn checker(name: &str) -> Option<Box<dyn Property<Lease>>> {
    Some(match name {
        "mutual_exclusion" => Box::new(MutualExclusion::new()),
        "eventual_grant" => Box::new(EventualGrant::new()),
        _ => return None,
    })
}
