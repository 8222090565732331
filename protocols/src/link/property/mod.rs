//! What a link promises, and who checks it (CGR ch. 2.4).
//!
//! The books assume that messages are unique. Workloads repeat themselves, so a checker counts: two messages from the same
//! process to the same process that look alike are two messages.
//!
//! *Correct* is who has not crashed for good and has not begun to deviate: after its recovery a process is correct again.

mod book;
mod fair_loss;
mod fifo_delivery;
mod finite_duplication;
mod no_creation;
mod no_duplication;
mod reliable_delivery;
mod roll;
mod stubborn_delivery;

use alloc::boxed::Box;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{
    Authentic, FairLoss, Fifo, Guarantee, Link, Logged, Payload, Perfect, Stubborn,
};
use sim_core::kernel::property::{About, Kind, Property};

use super::authenticated::AuthenticFairLoss;
use roll::Roll;

pub use fair_loss::{FairDelivery, OFTEN};
pub use fifo_delivery::FifoDelivery;
pub use finite_duplication::FiniteDuplication;
pub use no_creation::NoCreation;
pub use no_duplication::NoDuplication;
pub use reliable_delivery::ReliableDelivery;
pub use stubborn_delivery::StubbornDelivery;

/// A guarantee of a link, as the list of properties that make it up.
pub trait Promises: Guarantee {
    /// Its properties, with their numbers in the literature.
    const PROMISED: &'static [About];
    /// Whose messages must arrive.
    const SENDERS: Senders = Senders::Correct;
}

/// Whose messages reliable delivery is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Senders {
    /// Correct processes.
    Correct,
    /// Correct processes that never crashed: a logged link keeps what was received, not what is to be sent.
    NeverCrashed,
}

impl Senders {
    fn include(self, roll: &Roll, node: NodeId) -> bool {
        roll.is_correct(node) && (self == Senders::Correct || !roll.has_crashed(node))
    }
}

const FAIR_LOSS: About = About {
    name: "fair_loss",
    number: "FLL1",
    kind: Kind::Liveness,
    meaning: "If a correct process keeps sending a message to a correct process, copies of it keep arriving.",
};

const FINITE_DUPLICATION: About = About {
    name: "finite_duplication",
    number: "FLL2",
    kind: Kind::Liveness,
    meaning: "If a correct process stops sending a message, copies of it stop arriving.",
};

const STUBBORN_DELIVERY: About = About {
    name: "stubborn_delivery",
    number: "SL1",
    kind: Kind::Liveness,
    meaning: "If a correct process sends a message once to a correct process, that one delivers it again and again.",
};

const RELIABLE_DELIVERY: About = About {
    name: "reliable_delivery",
    number: "PL1",
    kind: Kind::Liveness,
    meaning: "If a correct process sends a message to a correct process, that one eventually delivers it.",
};

const NO_DUPLICATION: About = About {
    name: "no_duplication",
    number: "PL2",
    kind: Kind::Safety,
    meaning: "No message is delivered by a process more than once; what it says again in the instant of its recovery is its log, and does not count.",
};

const NO_CREATION: About = About {
    name: "no_creation",
    number: "PL3",
    kind: Kind::Safety,
    meaning: "If a message is delivered with a sender, that sender sent it before to who delivers it.",
};

const FIFO_DELIVERY: About = About {
    name: "fifo_delivery",
    number: "FPL4",
    kind: Kind::Safety,
    meaning: "If a process sends two messages to the same process, the later is not delivered before the earlier.",
};

const AUTHENTICITY: About = About {
    name: "authenticity",
    number: "AL3",
    kind: Kind::Safety,
    meaning: "If a message is delivered with a correct sender, that sender sent it before to who delivers it.",
};

const ALL: [About; 8] = [
    FAIR_LOSS,
    FINITE_DUPLICATION,
    STUBBORN_DELIVERY,
    RELIABLE_DELIVERY,
    NO_DUPLICATION,
    NO_CREATION,
    FIFO_DELIVERY,
    AUTHENTICITY,
];

/// The same property by the number that it has in another module of the book.
const fn numbered(number: &'static str, about: About) -> About {
    About { number, ..about }
}

impl Promises for FairLoss {
    const PROMISED: &'static [About] =
        &[FAIR_LOSS, FINITE_DUPLICATION, numbered("FLL3", NO_CREATION)];
}

impl Promises for AuthenticFairLoss {
    const PROMISED: &'static [About] = &[FAIR_LOSS, FINITE_DUPLICATION, AUTHENTICITY];
}

impl Promises for Stubborn {
    const PROMISED: &'static [About] = &[STUBBORN_DELIVERY, numbered("SL2", NO_CREATION)];
}

impl Promises for Perfect {
    const PROMISED: &'static [About] = &[RELIABLE_DELIVERY, NO_DUPLICATION, NO_CREATION];
}

impl Promises for Logged {
    const PROMISED: &'static [About] = &[
        About {
            meaning: "If a process that never crashes sends a message to a correct process, that one eventually delivers it.",
            ..numbered("LPL1", RELIABLE_DELIVERY)
        },
        numbered("LPL2", NO_DUPLICATION),
        numbered("LPL3", NO_CREATION),
    ];
    const SENDERS: Senders = Senders::NeverCrashed;
}

impl Promises for Fifo {
    const PROMISED: &'static [About] = &[
        numbered("FPL1", RELIABLE_DELIVERY),
        numbered("FPL2", NO_DUPLICATION),
        numbered("FPL3", NO_CREATION),
        FIFO_DELIVERY,
    ];
}

impl Promises for Authentic {
    const PROMISED: &'static [About] = &[
        numbered("AL1", RELIABLE_DELIVERY),
        numbered("AL2", NO_DUPLICATION),
        AUTHENTICITY,
    ];
}

/// All properties that can be asked of a link with the guarantee `Q`: those it promises, then those it does not.
pub fn askable<Q: Promises>() -> impl Iterator<Item = About> {
    let promised = |name| Q::PROMISED.iter().any(|about| about.name == name);
    let others = ALL.into_iter().filter(move |about| !promised(about.name));
    Q::PROMISED.iter().copied().chain(others)
}

/// The checker of the property `name` over the processes of the `overlay`, if there is one.
#[must_use]
pub fn checker<M: Payload, Q: Promises>(
    name: &str,
    overlay: &Overlay,
) -> Option<Box<dyn Property<Link<M, Q>>>> {
    Some(match name {
        "fair_loss" => Box::new(FairDelivery::new(overlay)),
        "finite_duplication" => Box::new(FiniteDuplication::new(overlay)),
        "stubborn_delivery" => Box::new(StubbornDelivery::new(overlay)),
        "reliable_delivery" => Box::new(ReliableDelivery::new(Q::SENDERS, overlay)),
        "no_duplication" => Box::new(NoDuplication::new(overlay)),
        "no_creation" => Box::new(NoCreation::from_anybody(overlay)),
        "fifo_delivery" => Box::new(FifoDelivery::new(overlay)),
        "authenticity" => Box::new(NoCreation::from_correct(overlay)),
        _ => return None,
    })
}
