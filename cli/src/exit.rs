//! Exit codes.

use scenarios::run::Verdict;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Every expectation held, or the command did its job.
    Held,
    /// An expectation was violated.
    Violated,
    /// Bad usage or bad scenario.
    Usage,
    /// A limit ended a run first, or something was never exercised.
    Inconclusive,
    /// Nothing to run.
    Nothing,
    /// A protocol panicked.
    Panicked,
    /// Two runs that should be equal were not.
    Nondeterminism,
    /// A bug of ours.
    Internal,
    /// File trouble.
    Io,
    /// The person at the keyboard had enough.
    Interrupted,
    /// Somebody sent SIGTERM.
    Terminated,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> i32 {
        match self {
            Exit::Held => 0,
            Exit::Violated => 1,
            Exit::Usage => 2,
            Exit::Inconclusive => 3,
            Exit::Nothing => 4,
            Exit::Panicked => 5,
            Exit::Nondeterminism => 6,
            Exit::Internal => 70,
            Exit::Io => 74,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// Of several runs the worst counts.
    pub fn worst(self, other: Exit) -> Exit {
        const ORDER: [Exit; 11] = [
            Exit::Held,
            Exit::Nothing,
            Exit::Io,
            Exit::Inconclusive,
            Exit::Violated,
            Exit::Nondeterminism,
            Exit::Panicked,
            Exit::Usage,
            Exit::Internal,
            Exit::Interrupted,
            Exit::Terminated,
        ];
        let rank = |exit| ORDER.iter().position(|known| *known == exit);
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Exit {
        match verdict {
            Verdict::Pass => Exit::Held,
            Verdict::Inconclusive => Exit::Inconclusive,
            Verdict::Fail => Exit::Violated,
            Verdict::Nondeterministic => Exit::Nondeterminism,
            Verdict::Panicked => Exit::Panicked,
        }
    }
}
