//! How long calls take: a figure of one run, which promises nothing.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use core::marker::PhantomData;

use sim_core::kernel::distribution::Distribution;
use sim_core::kernel::either::Either;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{
    End, Fact, Finding, Measure, Moment, Property, Quantity, Violation,
};
use sim_core::kernel::time::SimTime;

use crate::rpc::port::{Key, Outcome, Progress, Rpc};
use crate::rpc::service::Service;

/// Measures the time from the beginning of each call to its success: the `call_latency`, with all retries in it.
///
/// A call that ends otherwise has none: how many do is another question, and a client that gives up early must not
/// look quick for it. A crash ends the calls of a client, and what a failed client says means nothing.
///
/// Only calls under way are remembered.
#[derive(Clone, Debug)]
pub struct Latency<S> {
    /// When calls began that have not ended, by who calls.
    begun: BTreeMap<NodeId, BTreeMap<Key, SimTime>>,
    failed: BTreeSet<NodeId>,
    times: Distribution,
    service: PhantomData<fn() -> S>,
}

impl<S> Latency<S> {
    /// What it measures.
    pub const MEASURES: &'static [&'static str] = &["call_latency"];

    /// Nothing so far.
    #[must_use]
    pub const fn new() -> Self {
        Latency {
            begun: BTreeMap::new(),
            failed: BTreeSet::new(),
            times: Distribution::new(),
            service: PhantomData,
        }
    }

    fn see_progress<Q, R>(&mut self, at: SimTime, node: NodeId, progress: &Progress<Q, R>) {
        if self.failed.contains(&node) {
            return;
        }
        let calls = self.begun.entry(node).or_default();
        match progress {
            Progress::Begun { key, .. } => {
                calls.entry(*key).or_insert(at);
            }
            Progress::Ended { key, outcome, .. } => {
                if let (Some(begun), Outcome::Success(_)) = (calls.remove(key), outcome) {
                    self.times.add(at.since(begun));
                }
            }
        }
    }
}

impl<S> Default for Latency<S> {
    fn default() -> Self {
        Latency::new()
    }
}

impl<S: Service> Property<Rpc<S>> for Latency<S> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        match fact {
            Fact::Indicated(node, Either::Left(progress)) => {
                self.see_progress(moment.at, *node, progress);
            }
            Fact::Crashed(node) => {
                self.begun.remove(node);
            }
            Fact::Failed(node) => {
                self.begun.remove(node);
                self.failed.insert(*node);
            }
            Fact::Indicated(_, Either::Right(_))
            | Fact::Requested(..)
            | Fact::Recovered(_)
            | Fact::Healed => (),
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        Finding::Measured(vec![Measure {
            name: "call_latency",
            quantity: Quantity::Times(self.times.clone()),
        }])
    }
}

#[cfg(test)]
mod tests {
    use sim_core::kernel::time::Span;

    use super::*;
    use crate::rpc::{Counter, CounterReply, CounterRequest};

    /// An observer, and what it is shown.
    struct Bench(Latency<Counter>);

    const N0: NodeId = NodeId(0);
    const N1: NodeId = NodeId(1);

    impl Bench {
        fn fact(&mut self, ms: u64, fact: &Fact<'_, Rpc<Counter>>) {
            let at = SimTime::ZERO.after(Span::from_millis(ms));
            assert_eq!(self.0.see(Moment { at, event: 1 }, fact), Ok(()));
        }

        fn says(&mut self, ms: u64, node: NodeId, said: Progress<CounterRequest, CounterReply>) {
            self.fact(ms, &Fact::Indicated(node, &Either::Left(said)));
        }

        fn begins(&mut self, ms: u64, node: NodeId, number: u32) {
            let (key, request) = (key(node, number), CounterRequest::Read);
            let begun = Progress::Begun {
                key,
                request,
                deadline: None,
            };
            self.says(ms, node, begun);
        }

        fn ends(&mut self, ms: u64, node: NodeId, number: u32, outcome: Outcome<CounterReply>) {
            let ended = Progress::Ended {
                key: key(node, number),
                outcome,
                attempts: 2,
            };
            self.says(ms, node, ended);
        }

        /// How many, the shortest and the longest in ms.
        fn measured(&self) -> (u64, u64, u64) {
            let times = &self.0.times;
            let ms = |time: Option<Span>| time.map_or(0, |time| time.as_nanos() / 1_000_000);
            (times.count(), ms(times.min()), ms(times.max()))
        }
    }

    fn key(client: NodeId, number: u32) -> Key {
        Key {
            client,
            incarnation: 0,
            number,
            part: 0,
        }
    }

    fn success() -> Outcome<CounterReply> {
        Outcome::Success(CounterReply::Is(1))
    }

    #[test]
    fn successful_calls_are_measured_each_by_its_name() {
        let mut bench = Bench(Latency::new());
        bench.begins(10, N0, 1);
        bench.begins(11, N0, 2);
        bench.begins(12, N1, 1);
        bench.ends(15, N1, 1, success());
        bench.ends(18, N0, 2, success());
        bench.ends(30, N0, 1, success());
        assert_eq!(bench.measured(), (3, 3, 20));
        // Once only, and nothing that never began.
        bench.ends(40, N0, 1, success());
        bench.ends(40, N0, 9, success());
        assert_eq!(bench.measured(), (3, 3, 20));
    }

    #[test]
    fn what_is_no_success_has_no_latency() {
        let mut bench = Bench(Latency::new());
        for (number, outcome) in [
            (1, Outcome::Unknown),
            (2, Outcome::Refused),
            (3, Outcome::Expired),
        ] {
            bench.begins(1, N0, number);
            bench.ends(2, N0, number, outcome);
        }
        bench.begins(5, N0, 4);
        bench.fact(6, &Fact::Crashed(N0));
        bench.fact(7, &Fact::Recovered(N0));
        bench.ends(8, N0, 4, success());
        bench.begins(9, N1, 1);
        bench.fact(9, &Fact::Failed(N1));
        bench.ends(10, N1, 1, success());
        assert_eq!(bench.measured().0, 0);
        assert!(bench.0.begun.values().all(BTreeMap::is_empty));
        bench.begins(20, N0, 5);
        bench.ends(24, N0, 5, success());
        assert_eq!(bench.measured(), (1, 4, 4));
    }
}
