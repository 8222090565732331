//! What a failure detector promises, and who checks it (CGR ch. 2.6).
//!
//! A process is correct if it is up and has never deviated from its algorithm. Of one that deviates nothing is asked: it
//! may say what it likes, and whoever suspects it is not wrong. What a process that crashed had suspected is forgotten,
//! as it is by the process itself.

mod eventual_strong_accuracy;
mod strong_accuracy;
mod strong_completeness;
mod suspicions;

use alloc::boxed::Box;

use sim_core::kernel::port::Guarantee;
use sim_core::kernel::property::{About, Kind, Property};

use super::port::{Accurate, Detector, EventuallyAccurate};
pub use eventual_strong_accuracy::EventualStrongAccuracy;
pub use strong_accuracy::StrongAccuracy;
pub use strong_completeness::StrongCompleteness;

/// A guarantee of a failure detector, as the list of properties that make it up.
pub trait Promises: Guarantee {
    /// Its properties, with their numbers in the literature.
    const PROMISED: &'static [About];
}

impl Promises for Accurate {
    const PROMISED: &'static [About] = &[STRONG_COMPLETENESS, STRONG_ACCURACY];
}

impl Promises for EventuallyAccurate {
    const PROMISED: &'static [About] = &[
        About {
            number: "EPFD1",
            ..STRONG_COMPLETENESS
        },
        EVENTUAL_STRONG_ACCURACY,
    ];
}

const STRONG_COMPLETENESS: About = About {
    name: "strong_completeness",
    number: "PFD1",
    kind: Kind::Liveness,
    meaning: "Eventually every process that crashes is permanently suspected by every correct process.",
};

const STRONG_ACCURACY: About = About {
    name: "strong_accuracy",
    number: "PFD2",
    kind: Kind::Safety,
    meaning: "If a process is suspected by any process, it has crashed.",
};

const EVENTUAL_STRONG_ACCURACY: About = About {
    name: "eventual_strong_accuracy",
    number: "EPFD2",
    kind: Kind::Liveness,
    meaning: "From some time after the last repair on, no correct process is suspected by any correct process.",
};

/// All properties that can be asked of a detector with the guarantee `G`: those it promises, then those it does not.
pub fn askable<G: Promises>() -> impl Iterator<Item = About> {
    let promised = |name| G::PROMISED.iter().any(|about| about.name == name);
    G::PROMISED.iter().copied().chain(
        [STRONG_ACCURACY, EVENTUAL_STRONG_ACCURACY]
            .into_iter()
            .filter(move |about| !promised(about.name)),
    )
}

/// The checker of the property `name` over a group of `nodes`, if there is one.
#[must_use]
pub fn checker<G: Promises>(name: &str, nodes: u32) -> Option<Box<dyn Property<Detector<G>>>> {
    Some(match name {
        "strong_completeness" => Box::new(StrongCompleteness::new(nodes)),
        "strong_accuracy" => Box::new(StrongAccuracy::new()),
        "eventual_strong_accuracy" => Box::new(EventualStrongAccuracy::new(nodes)),
        _ => return None,
    })
}
