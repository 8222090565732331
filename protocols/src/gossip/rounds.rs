//! Rounds: every process acts once a period, all at the same time or each at times of its own, and only while it has
//! something to do.
//!
//! Source: the synchronous cycles of Demers et al. 1987, in which contacts are made at the start of a cycle and decisions
//! rest on the state at its start. A round begins at every multiple of the period of a process's own monotonic clock, so
//! that true clocks agree on it without a word. What is asked and answered in a round has to arrive in it: with a delay
//! below half a period for a question and its answer, below a third where the answer is answered again. A process without
//! anything to do has no timer armed.
//!
//! In the asynchronous model (Boyd, Ghosh, Prabhakar, Shah 2006) there is no common beat: the contacts of a process are a
//! Poisson process of its own, one a period on average. A pause has no memory, so that whoever has slept and wakes goes on
//! as if it had been awake all the time. A round of a process is then what lies between two of its contacts.

use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;

/// On what decisions in a round rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decisions {
    /// On the state when the round began: what is learnt in it counts as known from the next one. All contacts are made at
    /// once.
    Snapshot,
    /// On the state at the moment of the contact. The contacts of a round are made one after the other, at random moments
    /// of its first half.
    Immediate,
    /// On the state at the moment of the contact, and no two processes go by the same rounds: the time from one contact of
    /// a process to its next is exponentially distributed, with the period as its mean.
    Asynchronous,
}

/// Who tells whom in a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contact {
    /// Whoever makes it.
    Push,
    /// Whoever is asked.
    Pull,
    /// Both.
    PushPull,
}

impl Contact {
    pub(super) const fn pushes(self) -> bool {
        matches!(self, Contact::Push | Contact::PushPull)
    }

    pub(super) const fn pulls(self) -> bool {
        matches!(self, Contact::Pull | Contact::PushPull)
    }
}

/// The timers of a process that goes by rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Beat {
    /// A round begins.
    Round,
    /// It is time for this round's contact.
    Contact,
}

impl fmt::Display for Beat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Beat::Round => "round",
            Beat::Contact => "contact",
        })
    }
}

/// The rounds of one process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rounds {
    period: Span,
    decisions: Decisions,
    awake: bool,
    /// How many rounds of its own have begun; they are counted only where there are no common ones.
    own: u32,
}

/// In so many steps the first half of a round is divided, for contacts at random moments.
const MOMENTS: u32 = 1 << 31;

impl Rounds {
    /// Rounds of this length.
    ///
    /// # Panics
    /// If they have none.
    #[must_use]
    pub fn every(period: Span, decisions: Decisions) -> Self {
        assert!(period > Span::ZERO, "a round takes some time");
        Rounds {
            period,
            decisions,
            awake: false,
            own: 0,
        }
    }

    /// The round that is going on.
    pub(super) fn current<P: Protocol>(&self, fx: &mut impl Effects<P>) -> u64 {
        match self.decisions {
            Decisions::Asynchronous => u64::from(self.own),
            Decisions::Snapshot | Decisions::Immediate => self.place(fx).0,
        }
    }

    /// What had been learnt in round `since` is known in round `now`.
    pub(super) fn knows(&self, since: u64, now: u64) -> bool {
        since < now || self.decisions != Decisions::Snapshot
    }

    /// What had been learnt in round `since` may be told in round `now` as a rumour, which is judged by whole rounds.
    pub(super) fn tells(&self, since: u64, now: u64) -> bool {
        since < now || self.decisions == Decisions::Asynchronous
    }

    /// There is something to do from the next round on.
    pub(super) fn wake<P: Protocol<Timer = Beat>>(&mut self, fx: &mut impl Effects<P>) {
        if !self.awake {
            self.awake = true;
            let pause = match self.decisions {
                Decisions::Asynchronous => self.pause(fx),
                Decisions::Snapshot | Decisions::Immediate => {
                    let (_, passed) = self.place(fx);
                    Span::from_nanos(self.period.as_nanos() - passed)
                }
            };
            fx.arm(Beat::Round, pause);
        }
    }

    /// A round has begun.
    pub(super) fn begun(&mut self) {
        self.awake = false;
        if self.decisions == Decisions::Asynchronous {
            self.own = self.own.saturating_add(1);
        }
    }

    /// True if the contact of this round is to be made now, at its start; else its timer has been armed.
    pub(super) fn contact_now<P: Protocol<Timer = Beat>>(&self, fx: &mut impl Effects<P>) -> bool {
        if self.decisions != Decisions::Immediate {
            return true;
        }
        let moment = u128::from(fx.pick("moment", MOMENTS));
        let half = u128::from(self.period.as_nanos() / 2);
        let after = u64::try_from(half * moment / u128::from(MOMENTS)).unwrap_or(0);
        fx.arm(Beat::Contact, Span::from_nanos(after));
        false
    }

    /// The time to the next contact, where each process makes its own at random.
    fn pause<P: Protocol>(&self, fx: &mut impl Effects<P>) -> Span {
        let law = Delay::Exponential {
            mean: self.period,
            min: Span::ZERO,
            max: None,
        };
        let law = law.sampler().expect("a round takes some time");
        fx.draw("pause", &law)
    }

    /// The number of the common round, and how much of it has passed, in nanoseconds.
    fn place<P: Protocol>(&self, fx: &mut impl Effects<P>) -> (u64, u64) {
        let clock = u64::try_from(fx.monotonic().as_nanos()).unwrap_or(0);
        let period = self.period.as_nanos();
        (clock / period, clock % period)
    }
}
