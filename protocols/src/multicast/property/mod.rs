//! What a multicast promises, and who checks it (CGR ch. 3).
//!
//! The books assume that messages are unique. Workloads repeat themselves, so a checker counts: two casts of the same
//! payload by the same process are two messages that look alike, and each may be delivered once.
//!
//! A process is correct if it does not crash for good and never deviates from its algorithm. What a process says in the
//! instant of its recovery is its log read aloud: what it had delivered before is not delivered again.

mod agreement;
#[cfg(test)]
mod bench;
mod book;
mod causal_order;
mod consistency;
mod fifo_order;
mod latency;
mod line;
mod no_creation;
mod no_duplication;
mod spread;
mod standing;
mod total_order;
mod totality;
mod validity;

use alloc::boxed::Box;
use alloc::format;

use sim_core::kernel::port::{Guarantee, Payload};
use sim_core::kernel::property::{About, Finding, Kind, Property};

use super::port::{
    BestEffort, ByzantineReliable, CausalOrder, Consistent, FifoOrder, Multicast, Probabilistic,
    Reliable, TotalOrder, Uniform,
};
pub use agreement::Agreement;
pub use causal_order::CausalDelivery;
pub use consistency::Consistency;
pub use fifo_order::FifoDelivery;
pub use latency::Latency;
pub use no_creation::NoCreation;
pub use no_duplication::NoDuplication;
pub use spread::Spread;
pub use total_order::SameOrder;
pub use totality::Totality;
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
        numbered("BEB1", VALIDITY_FOR_ALL),
        numbered("BEB2", NO_DUPLICATION),
        numbered("BEB3", NO_CREATION),
    ];
    const VALIDITY: Whom = Whom::Everybody;
}

impl Promises for Reliable {
    const PROMISED: &'static [About] = &[VALIDITY, NO_DUPLICATION, NO_CREATION, AGREEMENT];
    const VALIDITY: Whom = Whom::Caster;
}

impl Promises for Uniform {
    const PROMISED: &'static [About] = &[
        numbered("URB1", VALIDITY),
        numbered("URB2", NO_DUPLICATION),
        numbered("URB3", NO_CREATION),
        UNIFORM_AGREEMENT,
    ];
    const VALIDITY: Whom = Whom::Caster;
}

/// Probabilistic validity (PB1) is a matter of many runs; one run has its `delivery_ratio`.
impl Promises for Probabilistic {
    const PROMISED: &'static [About] = &[
        numbered("PB2", NO_DUPLICATION),
        numbered("PB3", NO_CREATION),
    ];
    const VALIDITY: Whom = Whom::Everybody;
}

impl Promises for FifoOrder {
    const PROMISED: &'static [About] = &[
        numbered("FRB1", VALIDITY),
        numbered("FRB2", NO_DUPLICATION),
        numbered("FRB3", NO_CREATION),
        numbered("FRB4", AGREEMENT),
        FIFO_ORDER,
    ];
    const VALIDITY: Whom = Whom::Caster;
}

impl Promises for CausalOrder {
    const PROMISED: &'static [About] = &[
        numbered("CRB1", VALIDITY),
        numbered("CRB2", NO_DUPLICATION),
        numbered("CRB3", NO_CREATION),
        numbered("CRB4", AGREEMENT),
        CAUSAL_ORDER,
    ];
    const VALIDITY: Whom = Whom::Caster;
}

impl Promises for TotalOrder {
    const PROMISED: &'static [About] = &[
        numbered("TOB1", VALIDITY),
        numbered("TOB2", NO_DUPLICATION),
        numbered("TOB3", NO_CREATION),
        numbered("TOB4", AGREEMENT),
        TOTAL_ORDER,
    ];
    const VALIDITY: Whom = Whom::Caster;
}

impl Promises for Consistent {
    const PROMISED: &'static [About] = &[
        numbered("BCB1", VALIDITY_FOR_ALL),
        numbered("BCB2", NO_DUPLICATION),
        INTEGRITY,
        CONSISTENCY,
    ];
    const VALIDITY: Whom = Whom::Everybody;
}

impl Promises for ByzantineReliable {
    const PROMISED: &'static [About] = &[
        numbered("BRB1", VALIDITY_FOR_ALL),
        numbered("BRB2", NO_DUPLICATION),
        numbered("BRB3", INTEGRITY),
        numbered("BRB4", CONSISTENCY),
        TOTALITY,
    ];
    const VALIDITY: Whom = Whom::Everybody;
}

/// The same property under the number that it has in another abstraction.
const fn numbered(number: &'static str, about: About) -> About {
    About { number, ..about }
}

const VALIDITY_FOR_ALL: About = About {
    name: "validity",
    number: "BEB1",
    kind: Kind::Liveness,
    meaning: "If a correct process casts a message, every correct process eventually delivers it.",
};

const VALIDITY: About = About {
    name: "validity",
    number: "RB1",
    kind: Kind::Liveness,
    meaning: "If a correct process casts a message, it eventually delivers the message itself.",
};

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

const FIFO_ORDER: About = About {
    name: "fifo_order",
    number: "FRB5",
    kind: Kind::Safety,
    meaning: "If a process casts one message before another, no correct process delivers the second unless it has delivered the first.",
};

const CAUSAL_ORDER: About = About {
    name: "causal_order",
    number: "CRB5",
    kind: Kind::Safety,
    meaning: "No process delivers a message unless it has delivered every message that potentially caused it.",
};

const TOTAL_ORDER: About = About {
    name: "total_order",
    number: "TOB5",
    kind: Kind::Safety,
    meaning: "If two correct processes deliver the same two messages, they deliver them in the same order.",
};

const INTEGRITY: About = About {
    name: "integrity",
    number: "BCB3",
    kind: Kind::Safety,
    meaning: "If a correct process delivers a message with a correct sender, that sender cast it before.",
};

const TOTALITY: About = About {
    name: "totality",
    number: "BRB5",
    kind: Kind::Liveness,
    meaning: "If some correct process delivers a message, every correct process eventually delivers a message.",
};

/// All properties that can be asked of a multicast with the guarantee `G`: those it promises, then those it does not.
pub fn askable<G: Promises>() -> impl Iterator<Item = About> {
    let more = [
        VALIDITY_FOR_ALL,
        AGREEMENT,
        UNIFORM_AGREEMENT,
        FIFO_ORDER,
        CAUSAL_ORDER,
        TOTAL_ORDER,
        INTEGRITY,
        CONSISTENCY,
        TOTALITY,
    ];
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
        // Where nobody is Byzantine they are the same, and elsewhere nothing is asked of whoever is.
        "no_creation" | "integrity" => Box::new(NoCreation::new()),
        "agreement" => Box::new(Agreement::among_correct(nodes)),
        "uniform_agreement" => Box::new(Agreement::uniform(nodes)),
        "consistency" => Box::new(Consistency::new(nodes)),
        "fifo_order" => Box::new(FifoDelivery::new(nodes)),
        "causal_order" => Box::new(CausalDelivery::new(nodes)),
        "total_order" => Box::new(SameOrder::new(nodes)),
        "totality" => Box::new(Totality::new(nodes)),
        _ => return None,
    })
}

/// What is to be said of an order that was kept over so many deliveries. One message is in any order: where no delivery
/// was `bound` to its place by another message, there was nothing to judge.
fn kept(deliveries: u64, bound: bool) -> Finding {
    if bound {
        Finding::Held(format!("{deliveries} deliveries"))
    } else {
        Finding::NotExercised
    }
}
