//! What a caller does when no answer comes, as data.
//!
//! Sources: Birrell and Nelson 1984 for retransmission; Brooker 2015 ("Exponential backoff and jitter") for jitter; Nygard, *Release
//! It!* for circuit breakers and bulkheads; Beyer et al., *Site Reliability Engineering* (ch. 22) and Finagle for retry budgets;
//! Dean and Barroso 2013 ("The tail at scale") for hedged and tied requests.

use sim_core::kernel::time::Span;

use super::backoff::Backoff;

/// What a caller does. All parts but the timeout may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// How long an attempt may stay without an answer.
    pub timeout: Span,
    /// How long a whole call may take, on the monotonic clock of the caller.
    pub deadline: Option<Span>,
    /// Whether what is left of a deadline goes along with the call; if not, every process on the way begins anew.
    pub propagates: bool,
    /// How often a call is tried again; 0: *maybe* semantics.
    pub retries: u32,
    /// How long it waits before it tries again.
    pub backoff: Backoff,
    /// How many retries there may be for so many calls.
    pub budget: Option<BudgetTerms>,
    /// When it stops asking a server that does not answer.
    pub breaker: Option<BreakerTerms>,
    /// After how long without an answer another server is asked as well.
    pub hedge: Option<Hedge>,
    /// How many calls may be under way at once; one more fails (bulkhead).
    pub in_flight: Option<u32>,
    /// Which of several servers is asked.
    pub balance: Balance,
}

/// Tokens for retries: a call brings in a part of one, a retry or a hedge takes one out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BudgetTerms {
    /// Thousandths of a token a call brings in: 100 are a retry for every ten calls.
    pub permille: u32,
    /// How many tokens there are at first, and at most.
    pub burst: u32,
}

/// When a circuit breaker opens and closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BreakerTerms {
    /// So many attempts that fail …
    pub failures: u32,
    /// … within so long open it.
    pub within: Span,
    /// How long it stays open before it lets a probe through.
    pub reset: Span,
    /// How many probes must succeed, one after the other, to close it.
    pub probes: u32,
}

/// Another server is asked as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hedge {
    /// After so long without an answer: about the 95th percentile is usual.
    pub after: Span,
    /// Whether the slower one is told to stop (tied requests).
    pub cancels: bool,
}

/// Which of several servers is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Balance {
    /// The first; the others only by hedges.
    First,
    /// One after the other, attempt by attempt.
    RoundRobin,
    /// Any, attempt by attempt.
    Random,
}

impl Policy {
    /// Retries so many times after this timeout, backing off from 10 ms to 1 s with full jitter, and nothing else.
    #[must_use]
    pub const fn retrying(timeout: Span, retries: u32) -> Policy {
        Policy {
            timeout,
            deadline: None,
            propagates: true,
            retries,
            backoff: Backoff::exponential(Span::from_millis(10), Span::from_secs(1)),
            budget: None,
            breaker: None,
            hedge: None,
            in_flight: None,
            balance: Balance::First,
        }
    }
}
