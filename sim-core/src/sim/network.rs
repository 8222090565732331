//! The network as a scenario describes it: which law governs a message, and what the law says.

use crate::kernel::id::NodeId;
use crate::kernel::overlay::Overlay;
use crate::kernel::random::{Delay, Probability, Sampler};
use crate::kernel::time::Span;

use super::fault::Nodes;

/// A fair-loss network: what becomes of each message between two different processes.
///
/// A message of a process to itself is not the network's business: it arrives at once, always.
#[derive(Clone, Debug)]
pub struct Network {
    /// Who has a channel to whom. What is sent to anybody else comes to nothing.
    pub overlay: Overlay,
    /// All processes share one medium (a bus): a group send is one frame, and whoever sends keeps the others waiting.
    pub shared: bool,
    /// What happens on a channel, unless [`Network::between`] says otherwise.
    pub law: Law,
    /// Channels with a law of their own; of several that fit the last one counts.
    pub between: Vec<Between>,
    /// Every frame carries a checksum, so that a corrupted one is dropped.
    pub checksum: bool,
    /// What is sent across a partition waits for the heal, as over a link that is assumed to be reliable. Else it is lost.
    pub holds: bool,
    /// Nobody can speak in another's name, as over a link that is assumed to be authenticated.
    pub authentic: bool,
    /// Partial synchrony, if it is asked for.
    pub stabilisation: Option<Stabilisation>,
}

impl Network {
    /// A channel between any two of `nodes` that delivers everything after 1 ms.
    #[must_use]
    pub fn new(nodes: u32) -> Network {
        Network {
            overlay: Overlay::complete(nodes),
            shared: false,
            law: Law::default(),
            between: Vec::new(),
            checksum: true,
            holds: false,
            authentic: false,
            stabilisation: None,
        }
    }

    /// The same channels without a model: nothing is delayed, lost or changed but by whatever carries the messages. What
    /// links are assumed to promise stays.
    #[must_use]
    pub fn unmodelled(mut self) -> Network {
        let in_order = self.law.fifo && self.holds;
        self.law = Law {
            latency: Delay::Fixed(Span::ZERO)
                .sampler()
                .expect("a fixed delay is a law of delay"),
            fifo: in_order,
            numbers: self.law.numbers,
            ..Law::default()
        };
        self.between.clear();
        self.stabilisation = None;
        self
    }

    /// The law of the channel from `from` to `to`: the last of `between` that fits, or else the general one.
    pub(super) fn law_between(&self, from: NodeId, to: NodeId) -> &Law {
        let fits = |between: &&Between| between.from.contains(from) && between.to.contains(to);
        let special = self.between.iter().rfind(fits);
        special.map_or(&self.law, |between| &between.law)
    }

    /// Does every message fare alike, whatever was sent before and by whom?
    pub(super) fn is_plain(&self) -> bool {
        self.overlay.is_complete()
            && !self.shared
            && self.between.is_empty()
            && self.stabilisation.is_none()
            && self.law.is_plain()
    }

    /// Does nothing befall a message but a delay, the same for all?
    pub(super) fn only_delays(&self) -> bool {
        let never = matches!(self.law.loss, Loss::Bernoulli(p) if p.is_never());
        self.is_plain() && never && self.law.duplicate.is_never()
    }
}

/// Channels with a law of their own.
#[derive(Clone, Debug)]
pub struct Between {
    /// From these processes
    pub from: Nodes,
    /// to these.
    pub to: Nodes,
    /// What happens there.
    pub law: Law,
}

/// What happens on a channel, each direction for itself.
#[derive(Clone, Debug)]
pub struct Law {
    /// How long a message takes.
    pub latency: Sampler,
    /// Whether it is lost.
    pub loss: Loss,
    /// Probability that a message that is not lost arrives a second time, with a delay of its own.
    pub duplicate: Probability,
    /// Probability that one bit of it is flipped.
    pub corrupt: Probability,
    /// No message arrives before one that was sent earlier.
    pub fifo: bool,
    /// How much the channel carries, if that is limited.
    pub bandwidth: Option<Bandwidth>,
    /// Under which numbers faults are counted.
    pub numbers: LawNumbers,
}

impl Default for Law {
    fn default() -> Law {
        let latency = Delay::Fixed(Span::from_millis(1))
            .sampler()
            .expect("a fixed delay is a law of delay");
        Law {
            latency,
            loss: Loss::NEVER,
            duplicate: Probability::NEVER,
            corrupt: Probability::NEVER,
            fifo: false,
            bandwidth: None,
            numbers: LawNumbers::default(),
        }
    }
}

impl Law {
    fn is_plain(&self) -> bool {
        matches!(self.loss, Loss::Bernoulli(_))
            && self.corrupt.is_never()
            && !self.fifo
            && self.bandwidth.is_none()
    }
}

/// The numbers of a law's faults in traces and counts; `u32::MAX` for one that is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LawNumbers {
    /// Of messages lost.
    pub loss: u32,
    /// Of second copies.
    pub duplicate: u32,
    /// Of flipped bits.
    pub corrupt: u32,
    /// Of messages that found the queue of the channel full.
    pub overflow: u32,
}

impl Default for LawNumbers {
    fn default() -> LawNumbers {
        LawNumbers {
            loss: u32::MAX,
            duplicate: u32::MAX,
            corrupt: u32::MAX,
            overflow: u32::MAX,
        }
    }
}

/// When a message is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Each for itself, with this probability.
    Bernoulli(Probability),
    /// In bursts (Gilbert 1960, Elliott 1963): the channel is good or bad, and starts good. Before each message it may
    /// pass over; then the message is lost with the probability of the state.
    ///
    /// In the long run it is bad for `to_bad / (to_bad + to_good)` of the messages, `1 / to_good` of them at a time.
    GilbertElliott {
        /// Probability that a good channel turns bad.
        to_bad: Probability,
        /// Probability that a bad channel turns good.
        to_good: Probability,
        /// Probability of loss while it is good.
        good: Probability,
        /// Probability of loss while it is bad.
        bad: Probability,
    },
}

impl Loss {
    /// Nothing is lost.
    pub const NEVER: Loss = Loss::Bernoulli(Probability::NEVER);
}

impl From<Probability> for Loss {
    fn from(p: Probability) -> Loss {
        Loss::Bernoulli(p)
    }
}

/// How much a channel carries. A message leaves when those before it have left, `8 · bytes / bits_per_second` later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// Bits in a second; above 0.
    pub bits_per_second: u64,
    /// Bytes that may wait or be on their way out; a message that would exceed them is dropped (tail drop).
    pub queue: u64,
}

impl Bandwidth {
    /// How long the channel is busy with so many bytes, rounded up.
    pub(super) fn time(self, bytes: u64) -> u64 {
        let time = (u128::from(bytes) * 8_000_000_000).div_ceil(u128::from(self.bits_per_second));
        u64::try_from(time).unwrap_or(u64::MAX)
    }

    /// How many bytes are still waiting when the channel is busy for `nanos` more.
    pub(super) fn waiting(self, nanos: u64) -> u64 {
        let bytes = u128::from(nanos) * u128::from(self.bits_per_second) / 8_000_000_000;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// Partial synchrony (Dwork, Lynch, Stockmeyer 1988): delays obey the laws until the global stabilisation time, and have a
/// bound after it. What was sent before arrives by `gst + bound` at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stabilisation {
    /// The global stabilisation time.
    pub gst: Span,
    /// The longest a message takes after it.
    pub bound: Span,
}

/// What a channel remembers, once something has been sent over it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Channel {
    /// Gilbert-Elliott: it is in its bad state.
    pub(super) bad: bool,
    /// When all that was sent has left, in virtual ns.
    pub(super) busy_until: u64,
    /// When the last message arrives, in virtual ns.
    pub(super) last_arrival: u64,
}
