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
    /// How often it has opened: what was sent before tells nothing of the time after.
    opened: u32,
}

/// What an attempt was admitted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pass(u32);

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
            opened: 0,
        }
    }

    /// May an attempt be made? If so, it is.
    pub fn admits(&mut self, now: LocalTime) -> Option<Pass> {
        let is_free = match &mut self.state {
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
        };
        is_free.then_some(Pass(self.opened))
    }

    /// An attempt was answered; true if that closed it.
    pub fn succeeded(&mut self, pass: Pass) -> bool {
        if pass != Pass(self.opened) {
            return false;
        }
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
    pub fn failed(&mut self, pass: Pass, now: LocalTime) -> bool {
        if pass != Pass(self.opened) {
            return false;
        }
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
            self.opened += 1;
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
        let pass = breaker.admits(at(0)).expect("it is closed");
        assert!(!breaker.failed(pass, at(0)) && !breaker.failed(pass, at(90)));
        assert!(!breaker.failed(pass, at(101)), "the first one is too old");
        assert_eq!(breaker.admits(at(102)), Some(pass));
        assert!(breaker.failed(pass, at(103)));
        assert_eq!(breaker.admits(at(152)), None);
    }

    fn open() -> (Breaker, Pass) {
        let mut breaker = breaker();
        let pass = breaker.admits(at(0)).expect("it is closed");
        let opened = (0..3).filter(|_| breaker.failed(pass, at(0)));
        assert_eq!(opened.count(), 1);
        (breaker, pass)
    }

    #[test]
    fn closes_after_probes_one_at_a_time() {
        let (mut breaker, _) = open();
        let probe = breaker.admits(at(50)).expect("a probe");
        assert_eq!(breaker.admits(at(51)), None, "one at a time");
        assert!(!breaker.succeeded(probe));
        let probe = breaker.admits(at(52)).expect("another");
        assert!(breaker.succeeded(probe), "two in a row");
        assert!(breaker.admits(at(53)).is_some() && breaker.admits(at(53)).is_some());
    }

    #[test]
    fn a_probe_that_fails_opens_it_and_one_that_is_lost_does_not_keep_it_shut() {
        let (mut breaker, _) = open();
        let probe = breaker.admits(at(50)).expect("a probe");
        assert!(breaker.failed(probe, at(60)));
        assert!(breaker.admits(at(109)).is_none() && breaker.admits(at(110)).is_some());
        assert!(breaker.admits(at(159)).is_none() && breaker.admits(at(160)).is_some());
    }

    #[test]
    fn what_was_sent_before_it_opened_is_no_probe() {
        let (mut breaker, old) = open();
        let probe = breaker.admits(at(50)).expect("a probe");
        assert!(!breaker.failed(old, at(51)) && !breaker.succeeded(old));
        assert!(!breaker.succeeded(probe));
    }
}
