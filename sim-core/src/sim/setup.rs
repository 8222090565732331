//! What a simulated cluster lives with: its network, its faults, its limits, its workload.

use crate::kernel::id::NodeId;
use crate::kernel::random::Sampler;
use crate::kernel::time::Span;

use super::fault::Fault;
use super::network::Network;

/// Everything about a run but the protocol and what is asked of it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How many processes there are, from 1.
    pub nodes: u32,
    /// The seed of every draw.
    pub seed: u64,
    /// How messages fare.
    pub network: Network,
    /// What goes wrong. Of faults that strike at the same instant, the earlier in the list comes first.
    pub faults: Vec<Fault>,
    /// How many numbers of faults are counted, those of the network included.
    pub counted: u32,
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
            network: Network::new(nodes),
            faults: Vec::new(),
            counted: 0,
            limits: Limits::default(),
        }
    }
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
    /// When: the first time, or, with gaps that are drawn, where the first of them begins.
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

/// How a job is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The time between two requests.
    pub every: Every,
    /// No request is made from here on.
    pub until: Span,
    /// So many requests at most are made of each process, the first included.
    pub count: u64,
}

/// The time between two requests of a job to one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Every {
    /// Always the same, above zero. The first request is made at the time of the job.
    Period(Span),
    /// Drawn anew each time, for each process by itself. A gap comes before the first request too: with exponential
    /// gaps the requests of a process are a Poisson process, and so are those of all together.
    Drawn {
        /// The law of the gaps. Not all of them are zero.
        law: Sampler,
        /// Tells the draws of this job from those of others.
        stream: u64,
    },
}

impl Repeat {
    /// With this period, before `until`.
    #[must_use]
    pub const fn period(every: Span, until: Span) -> Repeat {
        Repeat {
            every: Every::Period(every),
            until,
            count: u64::MAX,
        }
    }

    /// Does it come to an end, whenever that is?
    pub(super) fn moves_on(&self) -> bool {
        match &self.every {
            Every::Period(period) => *period > Span::ZERO,
            Every::Drawn { law, .. } => law.max() > Span::ZERO,
        }
    }
}
