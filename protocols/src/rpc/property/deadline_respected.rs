//! Deadlines respected: a call that has a deadline ends no later.
//!
//! The deadline is on the client's monotonic clock, and the checker looks at true time: it trusts that the clock runs true. A
//! client that is paused beyond its deadline does not respect it. One that crashes has no deadlines any more.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec;

use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;
use sim_core::kernel::time::{SimTime, Span};

use super::kept;
use super::roll::{News, Roll};
use crate::rpc::port::{Key, Rpc};
use crate::rpc::service::Service;

/// The checker.
#[derive(Clone, Debug)]
pub struct DeadlineRespected<S: Service> {
    roll: Roll,
    open: BTreeMap<Key, Open<S::Request>>,
    /// The open calls, by when they are to be over.
    due: BTreeSet<(SimTime, Key)>,
    ended: u64,
}

/// A call under way that has a deadline.
#[derive(Clone, Debug)]
struct Open<Q> {
    since: Moment,
    request: Q,
    deadline: Span,
}

impl<Q> Open<Q> {
    const fn due(&self) -> SimTime {
        self.since.at.after(self.deadline)
    }
}

impl<S: Service> Default for DeadlineRespected<S> {
    fn default() -> Self {
        DeadlineRespected::new()
    }
}

impl<S: Service> DeadlineRespected<S> {
    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        DeadlineRespected {
            roll: Roll::new(),
            open: BTreeMap::new(),
            due: BTreeSet::new(),
            ended: 0,
        }
    }

    /// The call that was to be over first, if `is_past` says so of its time.
    fn overdue(&self, is_past: impl Fn(SimTime) -> bool) -> Option<Violation> {
        let (due, key) = *self.due.first().filter(|(due, _)| is_past(*due))?;
        let open = self.open.get(&key)?;
        Some(Violation {
            before: None,
            since: open.since,
            what: format!(
                "node {} began {key} {} at {}ms with a deadline of {}, and it had not ended at {due}ms",
                key.client.0,
                summary(&open.request),
                open.since.at,
                open.deadline
            ),
            nodes: vec![key.client],
        })
    }

    fn close(&mut self, key: Key) -> bool {
        let open = self.open.remove(&key);
        open.is_some_and(|open| self.due.remove(&(open.due(), key)))
    }
}

impl<S: Service> Property<Rpc<S>> for DeadlineRespected<S> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        if let Some(violation) = self.overdue(|due| due < moment.at) {
            return Err(violation);
        }
        match self.roll.see(moment, fact) {
            Some(News::Begun {
                key,
                request,
                deadline: Some(deadline),
                ..
            }) if !self.open.contains_key(&key) => {
                let open = Open {
                    since: moment,
                    request: request.clone(),
                    deadline,
                };
                self.due.insert((open.due(), key));
                self.open.insert(key, open);
            }
            Some(News::Ended { key, .. }) => self.ended += u64::from(self.close(key)),
            Some(News::Crashed(node) | News::Failed(node)) => {
                self.open.retain(|key, _| key.client != node);
                self.due.retain(|(_, key)| key.client != node);
            }
            _ => (),
        }
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let is_past = |due| end.quiet_since.is_some() || end.has_passed(due);
        self.overdue(is_past)
            .map_or_else(|| kept(self.ended, "deadline"), Finding::Violated)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::kernel::id::NodeId;

    use super::super::bench::{Bench, panel};
    use super::*;
    use crate::rpc::CounterReply::Is;
    use crate::rpc::CounterRequest::{Add, Read};
    use crate::rpc::{Counter, Outcome};

    fn bench() -> Bench<DeadlineRespected<Counter>> {
        Bench::new(DeadlineRespected::new())
    }

    #[test]
    fn an_end_that_comes_too_late_is_caught() {
        let mut panel = panel::<Counter>();
        panel.ask(0, Add(1)).unwrap();
        let call = panel.follow(0, Add(1), Some(100));
        panel.execute(2, call, Add(1), Is(1), Some(1));
        panel.wait(101);
        panel.succeed(call, Is(1));
        assert_eq!(panel.violated(), ["deadline_respected"]);
    }

    #[test]
    fn may_end_in_the_very_instant_and_no_later() {
        let mut bench = bench();
        let calls = [100, 100].map(|deadline| bench.follow(0, Read, Some(deadline)));
        bench.begin(1, Read);
        bench.wait(100);
        bench.end_as(calls[0], Outcome::Unknown);
        bench.wait(1);
        assert_eq!(
            bench.ended(calls[1], Outcome::Unknown),
            Err(
                "node 0 began #0.2 Read at 0.000ms with a deadline of 100ms, \
                 and it had not ended at 100.000ms"
                    .into()
            )
        );
    }

    #[test]
    fn whatever_happens_next_shows_that_time_has_passed() {
        let mut bench = bench();
        bench.follow(0, Read, Some(100));
        bench.wait(50);
        bench.follow(1, Read, Some(100));
        bench.fact(&Fact::Crashed(NodeId(0))).unwrap();
        bench.wait(51);
        assert_eq!(bench.fact(&Fact::Healed), Ok(()), "who crashed is exempt");
        bench.wait(50);
        assert!(bench.fact(&Fact::Healed).is_err());
    }

    #[test]
    fn the_end_of_the_run_is_a_time_too() {
        let mut bench = bench();
        bench.follow(0, Read, Some(100));
        bench.wait(99);
        assert_eq!(
            bench.break_off(),
            Finding::NotExercised,
            "there is time left"
        );
        assert!(
            matches!(bench.finish(), Finding::Violated(_)),
            "nothing will happen any more"
        );
        bench.wait(1);
        assert!(matches!(bench.break_off(), Finding::Violated(_)));
    }

    #[test]
    fn forgets_calls_that_are_over() {
        let mut bench = bench();
        for _ in 0..1_000 {
            let call = bench.follow(0, Read, Some(100));
            bench.wait(1);
            bench.end_as(call, Outcome::Unknown);
            assert!(bench.checker.open.is_empty() && bench.checker.due.is_empty());
        }
        assert_eq!(bench.finish(), Finding::Held("1,000 deadlines".into()));
    }
}
