//! What a multicast promises, and who checks it (CGR ch. 3).
//!
//! The books assume that messages are unique. Workloads repeat themselves, so a checker counts: two casts of the same
//! payload by the same process are two messages that look alike, and each may be delivered once.
//!
//! A process is correct if it does not crash for good and never deviates from its algorithm. What a process says in the
//! instant of its recovery is its log read aloud: what it had delivered before is not delivered again.

mod agreement;
mod book;
mod consistency;
mod no_creation;
mod no_duplication;
mod validity;

use alloc::boxed::Box;

use sim_core::kernel::port::{Guarantee, Payload};
use sim_core::kernel::property::{About, Kind, Property};

use super::port::{BestEffort, Multicast, Reliable};
pub use agreement::Agreement;
pub use consistency::Consistency;
pub use no_creation::NoCreation;
pub use no_duplication::NoDuplication;
pub use validity::{Validity, Whom};

/// A guarantee of a multicast, as the list of properties that make it up.
pub trait Promises: Guarantee {
    /// Its properties, with their numbers in the literature.
    const PROMISED: &'static [About];
    /// Who must deliver what a correct process casts.
    const VALIDITY: Whom;
}

impl Promises for BestEffort {
    const PROMISED: &'static [About] = &[
        About {
            name: "validity",
            number: "BEB1",
            kind: Kind::Liveness,
            meaning: "If a correct process casts a message, every correct process eventually delivers it.",
        },
        About {
            number: "BEB2",
            ..NO_DUPLICATION
        },
        About {
            number: "BEB3",
            ..NO_CREATION
        },
    ];
    const VALIDITY: Whom = Whom::Everybody;
}

impl Promises for Reliable {
    const PROMISED: &'static [About] = &[
        About {
            name: "validity",
            number: "RB1",
            kind: Kind::Liveness,
            meaning: "If a correct process casts a message, it eventually delivers the message itself.",
        },
        About {
            number: "RB2",
            ..NO_DUPLICATION
        },
        About {
            number: "RB3",
            ..NO_CREATION
        },
        AGREEMENT,
    ];
    const VALIDITY: Whom = Whom::Caster;
}

const NO_DUPLICATION: About = About {
    name: "no_duplication",
    number: "RB2",
    kind: Kind::Safety,
    meaning: "No message is delivered more than once; what it says again in the instant of its recovery is its log, and does not count.",
};

const NO_CREATION: About = About {
    name: "no_creation",
    number: "RB3",
    kind: Kind::Safety,
    meaning: "If a message is delivered with a sender, that sender cast it before.",
};

const AGREEMENT: About = About {
    name: "agreement",
    number: "RB4",
    kind: Kind::Liveness,
    meaning: "If a correct process delivers a message, every correct process eventually delivers it.",
};

const UNIFORM_AGREEMENT: About = About {
    name: "uniform_agreement",
    number: "URB4",
    kind: Kind::Liveness,
    meaning: "If any process, correct or faulty, delivers a message, every correct process eventually delivers it.",
};

const CONSISTENCY: About = About {
    name: "consistency",
    number: "BCB4",
    kind: Kind::Safety,
    meaning: "No two correct processes deliver different messages for one cast, even if its origin is Byzantine.",
};

/// All properties that can be asked of a multicast with the guarantee `G`: those it promises, then those it does not.
pub fn askable<G: Promises>() -> impl Iterator<Item = About> {
    let more = [AGREEMENT, UNIFORM_AGREEMENT, CONSISTENCY];
    let promised = |name| G::PROMISED.iter().any(|about| about.name == name);
    G::PROMISED
        .iter()
        .copied()
        .chain(more.into_iter().filter(move |about| !promised(about.name)))
}

/// The checker of the property `name` over a group of `nodes`, if there is one.
#[must_use]
pub fn checker<P: Payload, G: Promises>(
    name: &str,
    nodes: u32,
) -> Option<Box<dyn Property<Multicast<P, G>>>> {
    Some(match name {
        "validity" => Box::new(Validity::new(G::VALIDITY, nodes)),
        "no_duplication" => Box::new(NoDuplication::new(nodes)),
        "no_creation" => Box::new(NoCreation::new()),
        "agreement" => Box::new(Agreement::among_correct(nodes)),
        "uniform_agreement" => Box::new(Agreement::uniform(nodes)),
        "consistency" => Box::new(Consistency::new(nodes)),
        _ => return None,
    })
}
