//! A circuit breaker: do not ask who does not answer.
//!
//! Source: Nygard, *Release It!* (2007), ch. 5. Closed, it counts failures; open, it lets nothing through; half-open, one probe at
//! a time, until enough of them succeeded.

use alloc::collections::VecDeque;

use sim_core::kernel::time::LocalTime;

use super::policy::BreakerTerms;

/// The breaker before one server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Breaker {
    terms: BreakerTerms,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    /// When the last failures were, no more than open it.
    Closed(VecDeque<LocalTime>),
    Open {
        since: LocalTime,
    },
    HalfOpen {
        /// How many probes have succeeded.
        succeeded: u32,
        /// When the one went out that is under way. If it never comes back, another may follow after a while.
        probe: Option<LocalTime>,
    },
}

impl Breaker {
    /// A closed one.
    #[must_use]
    pub const fn new(terms: BreakerTerms) -> Self {
        Breaker {
            terms,
            state: State::Closed(VecDeque::new()),
        }
    }

    /// May an attempt be made? If so, it is.
    pub fn admits(&mut self, now: LocalTime) -> bool {
        match &mut self.state {
            State::Closed(_) => true,
            State::Open { since } => {
                let is_over = now.since(*since) >= self.terms.reset;
                if is_over {
                    self.state = State::HalfOpen {
                        succeeded: 0,
                        probe: Some(now),
                    };
                }
                is_over
            }
            State::HalfOpen { probe, .. } => {
                let is_free = probe.is_none_or(|sent| now.since(sent) >= self.terms.reset);
                if is_free {
                    *probe = Some(now);
                }
                is_free
            }
        }
    }

    /// An attempt was answered; true if that closed it.
    pub fn succeeded(&mut self) -> bool {
        match &mut self.state {
            State::Closed(_) | State::Open { .. } => false,
            State::HalfOpen { succeeded, probe } => {
                *succeeded += 1;
                *probe = None;
                let closes = *succeeded >= self.terms.probes;
                if closes {
                    self.state = State::Closed(VecDeque::new());
                }
                closes
            }
        }
    }

    /// An attempt was refused, or not answered in time; true if that opened it.
    pub fn failed(&mut self, now: LocalTime) -> bool {
        let opens = match &mut self.state {
            State::Closed(failures) => {
                let terms = &self.terms;
                while failures
                    .front()
                    .is_some_and(|at| now.since(*at) > terms.within)
                {
                    failures.pop_front();
                }
                failures.push_back(now);
                failures.len() >= terms.failures as usize
            }
            State::Open { .. } => false,
            State::HalfOpen { .. } => true,
        };
        if opens {
            self.state = State::Open { since: now };
        }
        opens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::time::Span;

    fn at(ms: u64) -> LocalTime {
        LocalTime::default().after(Span::from_millis(ms))
    }

    fn breaker() -> Breaker {
        Breaker::new(BreakerTerms {
            failures: 3,
            within: Span::from_millis(100),
            reset: Span::from_millis(50),
            probes: 2,
        })
    }

    #[test]
    fn opens_after_enough_failures_within_the_window() {
        let mut breaker = breaker();
        assert!(!breaker.failed(at(0)) && !breaker.failed(at(90)));
        assert!(!breaker.failed(at(101)), "the first one is too old");
        assert!(breaker.admits(at(102)));
        assert!(breaker.failed(at(103)));
        assert!(!breaker.admits(at(152)));
    }

    #[test]
    fn closes_after_probes_one_at_a_time() {
        let mut breaker = breaker();
        (0..3).for_each(|_| {
            breaker.failed(at(0));
        });
        assert!(breaker.admits(at(50)), "a probe");
        assert!(!breaker.admits(at(51)), "one at a time");
        assert!(!breaker.succeeded());
        assert!(breaker.admits(at(52)));
        assert!(breaker.succeeded(), "two in a row");
        assert!(breaker.admits(at(53)) && breaker.admits(at(53)));
    }

    #[test]
    fn a_probe_that_fails_opens_it_and_one_that_is_lost_does_not_keep_it_shut() {
        let mut breaker = breaker();
        (0..3).for_each(|_| {
            breaker.failed(at(0));
        });
        assert!(breaker.admits(at(50)) && breaker.failed(at(60)));
        assert!(!breaker.admits(at(109)) && breaker.admits(at(110)));
        assert!(!breaker.admits(at(159)) && breaker.admits(at(160)));
    }
}
