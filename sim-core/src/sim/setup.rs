//! What a simulated cluster lives with: its network, its faults, its limits, its workload.

use crate::kernel::id::NodeId;
use crate::kernel::random::{Delay, Probability, Sampler};
use crate::kernel::time::{SimTime, Span};

/// Everything about a run but the protocol and what is asked of it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How many processes there are, from 1.
    pub nodes: u32,
    /// The seed of every draw.
    pub seed: u64,
    /// How messages fare.
    pub network: Network,
    /// Who crashes, and when.
    pub crashes: Vec<Crash>,
    /// How many faults the scenario has; [`Crash::fault`] is below it.
    pub faults: u32,
    /// When to stop.
    pub limits: Limits,
}

impl Setup {
    /// `nodes` processes on a network that delivers everything after 1 ms, without faults, with the usual limits.
    ///
    /// # Panics
    /// If `nodes` is 0.
    #[must_use]
    pub fn new(nodes: u32, seed: u64) -> Setup {
        assert!(nodes > 0, "a cluster has at least one process");
        Setup {
            nodes,
            seed,
            network: Network::default(),
            crashes: Vec::new(),
            faults: 0,
            limits: Limits::default(),
        }
    }
}

/// A fair-loss network: what becomes of each message between two different processes.
///
/// A message of a process to itself is not the network's business: it arrives at once, always.
#[derive(Clone, Debug)]
pub struct Network {
    /// How long a message takes.
    pub latency: Sampler,
    /// Probability that a message is lost.
    pub loss: Probability,
    /// Probability that a message that is not lost arrives a second time, with a delay of its own.
    pub duplicate: Probability,
}

impl Default for Network {
    fn default() -> Network {
        let latency = Delay::Fixed(Span::from_millis(1))
            .sampler()
            .expect("a fixed delay is a law of delay");
        Network {
            latency,
            loss: Probability::NEVER,
            duplicate: Probability::NEVER,
        }
    }
}

/// A process that stops for ever (crash-stop, CGR 2.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Who.
    pub node: NodeId,
    /// When.
    pub trigger: Trigger,
    /// The fault of the scenario that this is part of.
    pub fault: u32,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// At this time after the start. A crash precedes the requests of the same instant.
    At(Span),
    /// As soon as the process has sent so many copies to other processes, in the middle of a group send if need be;
    /// with 0, when it first tries to.
    AfterSends(u64),
}

/// When to stop a run. All but quiescence are budgets: a run that they end may be inconclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Virtual time.
    pub at: Span,
    /// Stop as soon as nothing is in flight, armed or planned; else go on until `at`.
    pub when_quiescent: bool,
    /// Events, as numbered in the trace.
    pub events: u64,
    /// Accounted bytes of what is in flight or armed: the same on every machine, not what the host hands out.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            at: Span::from_secs(60),
            when_quiescent: true,
            events: 10_000_000,
            memory: 4 << 30,
        }
    }
}

/// Something that is asked of processes, once or again and again.
#[derive(Clone, Debug)]
pub struct Job<R> {
    /// When, the first time.
    pub at: Span,
    /// How it is repeated, if it is.
    pub repeat: Option<Repeat>,
    /// Whom, in this order.
    pub nodes: Vec<NodeId>,
    /// What, the first time.
    pub request: R,
    /// What, the n-th time after the first: the books assume that messages are unique, so a repeated one is numbered.
    pub again: fn(&R, u64) -> R,
}

impl<R: Clone> Job<R> {
    /// What is asked at `now`.
    pub(super) fn request(&self, now: SimTime) -> R {
        let passed = now.as_nanos() - self.at.as_nanos();
        match self
            .repeat
            .map_or(0, |repeat| passed / repeat.every.as_nanos())
        {
            0 => self.request.clone(),
            n => (self.again)(&self.request, n),
        }
    }
}

/// How a job is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The time between two requests; above zero.
    pub every: Span,
    /// No request is made from here on.
    pub until: Span,
}
