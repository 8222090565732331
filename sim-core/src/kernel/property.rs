//! Properties: what an abstraction promises, judged from outside while the run goes on.
//!
//! A property sees the edges of a port (what was requested, what was indicated) and the fault facts, never the state
//! of a protocol. So one checker judges every implementation of a port, simulated or on real sockets. It keeps bounded
//! memory: per message a bit a process, not the history.

use super::distribution::Distribution;
use super::id::NodeId;
use super::port::{Ind, Port, Req};
use super::time::{SimTime, Span};

/// When something happened, and its number in the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Virtual time.
    pub at: SimTime,
    /// Number of the event in the trace, from 1.
    pub event: u64,
}

/// What a property is shown.
#[derive(Debug)]
pub enum Fact<'a, P: Port> {
    /// `node` was asked for something through the port.
    Requested(NodeId, &'a Req<P>),
    /// `node` said something through the port.
    Indicated(NodeId, &'a Ind<P>),
    /// `node` crashed. Unless it recovers it is not correct.
    Crashed(NodeId),
    /// `node` recovered: what it says in this very instant is what its log told it.
    Recovered(NodeId),
    /// `node` began to deviate from its algorithm, by an omission or as a Byzantine process: it is not correct.
    Failed(NodeId),
    /// A partition healed, or a process that had been paused went on: debts run from here at the earliest.
    Healed,
}

/// Safety or liveness (Alpern and Schneider 1985).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Nothing bad ever happens: asked for with `always`.
    Safety,
    /// Something good happens in the end: asked for with `eventually … within T`.
    Liveness,
}

/// Name and meaning of a property, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct About {
    /// As scenarios write it: `no_duplication`.
    pub name: &'static str,
    /// Its number in the literature: `RB2`; empty if it has none.
    pub number: &'static str,
    /// How it is asked for.
    pub kind: Kind,
    /// The property in one sentence.
    pub meaning: &'static str,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// The event that broke it, or that left the debt which was never paid.
    pub since: Moment,
    /// An earlier event without which that would be no violation: the first of two effects of one call.
    pub before: Option<Moment>,
    /// What happened, in a few words: `node 1 delivered {"hello"}`.
    pub what: String,
    /// The processes that did something wrong, or that were left out.
    pub nodes: Vec<NodeId>,
}

/// How a run ended, for properties that could not be decided before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct End {
    /// The last moment of the run.
    pub at: SimTime,
    /// All that was to happen until then has happened. A budget of events or memory stops in the middle of an instant.
    pub complete: bool,
    /// If nothing was in flight, armed or planned any more: since when.
    pub quiet_since: Option<SimTime>,
    /// How long a debt may stay open.
    pub within: Span,
    /// The last heal of a partition or restart of a process: the clock of a debt does not start before.
    pub last_repair: SimTime,
}

impl End {
    /// Until when a debt that arose at `since` had to be paid.
    #[must_use]
    pub fn deadline(&self, since: SimTime) -> SimTime {
        since.max(self.last_repair).after(self.within)
    }

    /// True if nothing can happen any more at `deadline` or before.
    #[must_use]
    pub fn has_passed(&self, deadline: SimTime) -> bool {
        self.at > deadline || (self.complete && self.at == deadline)
    }

    /// True if a debt that arose at `since` and is still open can be called broken: nothing can pay it any more, or
    /// its time has run out.
    #[must_use]
    pub fn is_final(&self, since: SimTime) -> bool {
        self.quiet_since.is_some() || self.has_passed(self.deadline(since))
    }
}

/// What a property says at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Finding {
    /// The promise was kept. The text says what was seen: `4 of 4 correct nodes delivered {"hello"}`.
    Held(String),
    /// The promise was broken.
    Violated(Violation),
    /// A debt is open and its time has not run out: the run ended too early to tell.
    Pending(String),
    /// There was nothing to judge.
    NotExercised,
    /// It judges nothing: it has measured something at the edge of the port. Empty if there was nothing to measure.
    Measured(Vec<Measure>),
}

/// A figure that was measured at the edge of a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Measure {
    /// As expectations name it: `residue`.
    pub name: &'static str,
    /// What was found.
    pub quantity: Quantity,
}

/// What a figure is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// So many.
    Count(u64),
    /// So many of so many.
    Ratio {
        /// So many …
        part: u64,
        /// … of so many, which are not none.
        whole: u64,
    },
    /// Many times, of which one asks for a statistic.
    Times(Distribution),
}

impl Measure {
    /// So many a second, from the beginning to the end of the run; `None` of a run that took no time.
    #[must_use]
    pub fn per_second(name: &'static str, count: u64, end: &End) -> Option<Measure> {
        let part = count.checked_mul(Span::from_secs(1).as_nanos())?;
        let whole = end.at.as_nanos();
        let quantity = Quantity::Ratio { part, whole };
        (whole > 0).then_some(Measure { name, quantity })
    }
}

/// One promise of the port `P`, judged while the run goes on.
pub trait Property<P: Port> {
    /// Takes one fact. A safety property says at once when it is broken.
    ///
    /// # Errors
    /// The violation, the first time the promise is broken beyond repair.
    fn see(&mut self, moment: Moment, fact: &Fact<'_, P>) -> Result<(), Violation>;

    /// The finding at the end of the run. It is not asked after [`Property::see`] has found a violation.
    fn finish(&mut self, end: &End) -> Finding;
}

/// `quiescent`: after the last request and the last fault the system falls silent. Belongs to every port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quiescence {
    /// The last request or fault.
    last_disturbance: Option<Moment>,
}

impl Quiescence {
    /// Name and meaning.
    pub const ABOUT: About = About {
        name: "quiescent",
        number: "",
        kind: Kind::Liveness,
        meaning: "In the end no message is in flight and no timer is armed.",
    };
}

impl<P: Port> Property<P> for Quiescence {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, P>) -> Result<(), Violation> {
        if !matches!(fact, Fact::Indicated(..)) {
            self.last_disturbance = Some(moment);
        }
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let since = self.last_disturbance.unwrap_or(Moment {
            at: SimTime::ZERO,
            event: 0,
        });
        let deadline = end.deadline(since.at);
        match end.quiet_since {
            Some(quiet) if quiet <= deadline => Finding::Held(format!("at {quiet}ms")),
            Some(quiet) => Finding::Violated(Violation {
                before: None,
                since,
                what: format!("quiet only at {quiet}ms"),
                nodes: vec![],
            }),
            None if end.has_passed(deadline) => Finding::Violated(Violation {
                before: None,
                since,
                what: format!("still busy at {}ms", end.at),
                nodes: vec![],
            }),
            None => Finding::Pending(format!("still busy at {}ms, when the run ended", end.at)),
        }
    }
}
