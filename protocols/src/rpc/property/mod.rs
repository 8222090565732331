//! What remote calls promise, and who checks it.
//!
//! Calls are told apart by their [`Key`](super::Key)s. A client is *correct* as long as it has neither crashed nor failed
//! since a call began. What a failed client says counts for nothing, and what a failed server says is held against nobody.

mod at_most_once_effect;
#[cfg(test)]
mod bench;
mod deadline_respected;
mod debts;
mod effort;
mod every_call_answered;
mod exactly_once_effect;
mod honest_outcome;
mod latency;
mod linearizability;
mod no_lost_call;
mod numbers;
mod roll;
mod single_writer;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use sim_core::kernel::property::{About, Finding, Kind, Property};

use super::port::Rpc;
use super::service::Service;
pub use at_most_once_effect::AtMostOnceEffect;
pub use deadline_respected::DeadlineRespected;
pub use effort::Effort;
pub use every_call_answered::EveryCallAnswered;
pub use exactly_once_effect::ExactlyOnceEffect;
pub use honest_outcome::HonestOutcome;
pub use latency::Latency;
pub use linearizability::{
    Fate, Linearizability, Operation, STEPS, STEPS_PER_CALL, Unexplained, Verdict, judge,
};
pub use no_lost_call::NoLostCall;
pub use single_writer::SingleWriter;

/// The properties that can be asked of remote calls.
pub const ASKABLE: &[About] = &[
    About {
        name: "at_most_once_effect",
        number: "",
        kind: Kind::Safety,
        meaning: "No call has an effect twice, on whichever servers; what a server says again in the instant of its recovery is its log, and does not count.",
    },
    About {
        name: "exactly_once_effect",
        number: "",
        kind: Kind::Liveness,
        meaning: "Every call that succeeds or begins at a correct client eventually has its effect, none has it twice, and no server forgets one.",
    },
    About {
        name: "no_lost_call",
        number: "",
        kind: Kind::Liveness,
        meaning: "Every call that begins at a correct client is eventually carried out.",
    },
    About {
        name: "every_call_answered",
        number: "",
        kind: Kind::Liveness,
        meaning: "Every call that a correct client is asked for begins, and every call that begins there ends, one way or another.",
    },
    About {
        name: "honest_outcome",
        number: "",
        kind: Kind::Safety,
        meaning: "If a call succeeds, a server carried it out and answered that; if it is refused or fails, no correct server ever carries it out.",
    },
    About {
        name: "deadline_respected",
        number: "",
        kind: Kind::Safety,
        meaning: "A call that has a deadline ends no later, as long as its client's clock runs true.",
    },
    About {
        name: "single_writer",
        number: "",
        kind: Kind::Safety,
        meaning: "No write under an older lease takes effect after one under a later lease.",
    },
    About {
        name: "linearizability",
        number: "",
        kind: Kind::Safety,
        meaning: "Each call seems to take effect at one instant between its beginning and its end.",
    },
];

/// The checker of the property `name` over so many processes, if there is one.
#[must_use]
pub fn checker<S: Service>(name: &str, _nodes: u32) -> Option<Box<dyn Property<Rpc<S>>>> {
    Some(match name {
        "at_most_once_effect" => Box::new(AtMostOnceEffect::new()),
        "exactly_once_effect" => Box::new(ExactlyOnceEffect::<S>::new()),
        "no_lost_call" => Box::new(NoLostCall::<S>::new()),
        "every_call_answered" => Box::new(EveryCallAnswered::<S>::new()),
        "honest_outcome" => Box::new(HonestOutcome::<S>::new()),
        "deadline_respected" => Box::new(DeadlineRespected::<S>::new()),
        "single_writer" => Box::new(SingleWriter::new()),
        "linearizability" => Box::new(Linearizability::<S>::new()),
        _ => return None,
    })
}

/// `1 call`, `1,234 calls`.
fn counted(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {what}{s}", grouped(count))
}

/// A number with commas: `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = format!("{number}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A promise that was kept so many times.
fn kept(count: u64, what: &str) -> Finding {
    match count {
        0 => Finding::NotExercised,
        count => Finding::Held(counted(count, what)),
    }
}
