//! What lies between the protocol and the network, as a scenario says it.

use std::fmt;

use super::entry::Need;
use sim_core::kernel::time::Span;

/// What lies between the protocol and the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Real layers, whose messages are counted, and no less than the protocol needs.
    Built(Layer),
    /// Nothing, but the network is taken to be perfect: textbook counts.
    Assumed(Guarantee),
    /// Real layers that are less than the protocol needs, on purpose.
    Weaker(Layer),
}

/// A link that is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Nothing: copies may be lost, duplicated, reordered.
    FairLoss,
    /// Sends everything again and again.
    Stubborn {
        /// After this time, above zero.
        every: Span,
        /// Until the receiver has acknowledged it, and not for ever.
        acks: bool,
    },
    /// Acknowledges, sends again, delivers once.
    Reliable(Retries),
    /// The same, with what is delivered in stable storage before.
    Logged(Retries),
    /// Reliable, and in the order of sending.
    Fifo(Retries),
    /// Reliable, and nobody speaks in another's name.
    Authenticated(Retries),
}

/// How a link sends again what is not acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retries {
    /// After this time, above zero; if none, after a time that follows what is measured.
    pub rto: Option<Span>,
    /// So many times in all, from 1; if none, the link never gives up.
    pub attempts: Option<u32>,
}

/// What an assumed link promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// Nothing is lost or duplicated.
    Reliable,
    /// Nor does it arrive out of order.
    Fifo,
    /// Nothing is lost or duplicated, and nobody speaks in another's name.
    Authenticated,
}

impl Links {
    /// What they promise.
    #[must_use]
    pub const fn promise(&self) -> Need {
        match self {
            Links::Built(layer) | Links::Weaker(layer) => layer.promise(),
            Links::Assumed(Guarantee::Reliable) => Need::Reliable,
            Links::Assumed(Guarantee::Fifo) => Need::Fifo,
            Links::Assumed(Guarantee::Authenticated) => Need::Authenticated,
        }
    }

    /// Is the network taken to be perfect?
    #[must_use]
    pub const fn is_assumed(&self) -> bool {
        matches!(self, Links::Assumed(_))
    }
}

impl Layer {
    /// What it promises over a network that may lose, duplicate and reorder.
    #[must_use]
    pub const fn promise(&self) -> Need {
        match self {
            Layer::FairLoss => Need::FairLoss,
            Layer::Stubborn { .. } => Need::Stubborn,
            Layer::Reliable(_) => Need::Reliable,
            Layer::Logged(_) => Need::Logged,
            Layer::Fifo(_) => Need::Fifo,
            Layer::Authenticated(_) => Need::Authenticated,
        }
    }
}

/// As a file says it.
impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Links::Built(layer) => layer.fmt(f),
            Links::Assumed(guarantee) => write!(f, "Assumed({guarantee:?})"),
            Links::Weaker(layer) => write!(f, "Weaker({layer})"),
        }
    }
}

/// As a file says it, without what is left to its default.
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.promise().name())?;
        let mut options = Vec::new();
        match self {
            Layer::FairLoss => {}
            Layer::Stubborn { every, acks } => {
                options.push(format!("every: \"{every}\""));
                options.extend(acks.then(|| "acks: true".to_owned()));
            }
            Layer::Reliable(retries)
            | Layer::Logged(retries)
            | Layer::Fifo(retries)
            | Layer::Authenticated(retries) => {
                options.extend(retries.rto.map(|rto| format!("rto: \"{rto}\"")));
                options.extend(retries.attempts.map(|most| format!("attempts: {most}")));
            }
        }
        if options.is_empty() {
            return Ok(());
        }
        write!(f, "({})", options.join(", "))
    }
}
