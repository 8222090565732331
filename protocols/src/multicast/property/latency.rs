//! How long deliveries take: a figure of one run, which promises nothing.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::distribution::Distribution;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Guarantee, Payload};
use sim_core::kernel::property::{
    End, Fact, Finding, Measure, Moment, Property, Quantity, Violation,
};
use sim_core::kernel::time::SimTime;

use super::book::Book;
use crate::multicast::port::{Cast, Deliver, Multicast};

/// Measures the time from each cast to its delivery at each other process: the `delivery_latency`.
///
/// What counts is the first delivery of a message at a process that has not failed so far, whatever becomes of it later.
/// What was never delivered has no latency: the `delivery_ratio` tells of it. Of messages that look alike the first
/// delivery at a process is taken for that of the first, and so on.
///
/// A message is forgotten when everybody has delivered it; until then it costs a bit a process.
#[derive(Clone, Debug)]
pub struct Latency<P> {
    book: Book<P>,
    /// Of messages that look alike: when all but the last were cast.
    earlier: BTreeMap<(NodeId, P), Vec<SimTime>>,
    times: Distribution,
}

impl<P: Payload> Latency<P> {
    /// What it measures.
    pub const MEASURES: &'static [&'static str] = &["delivery_latency"];

    /// For a group of `nodes`.
    #[must_use]
    pub fn new(nodes: u32) -> Self {
        Latency {
            book: Book::new(nodes),
            earlier: BTreeMap::new(),
            times: Distribution::default(),
        }
    }

    /// A message is about to be cast: if it was before, that is not the last time any more.
    fn keep_earlier(&mut self, node: NodeId, payload: &P) {
        let key = (node, payload.clone());
        let last = self.book.pages.get(&key).and_then(|page| page.cast);
        if let Some(last) = last {
            self.earlier.entry(key).or_default().push(last.at);
        }
    }
}

impl<P: Payload, G: Guarantee> Property<Multicast<P, G>> for Latency<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        if let Fact::Requested(node, Cast(payload)) = fact {
            self.keep_earlier(*node, payload);
        }
        let Some((page, times)) = self.book.see(moment, fact) else {
            return Ok(());
        };
        let (casts, last, delivered) = (page.casts, page.cast, page.delivered);
        let Fact::Indicated(node, Deliver { origin, payload }) = fact else {
            return Ok(());
        };
        let key = (*origin, payload.clone());
        let cast = if times == casts {
            last.map(|last| last.at)
        } else {
            let earlier = self.earlier.get(&key);
            earlier.and_then(|earlier| earlier.get(times as usize - 1).copied())
        };
        if let Some(cast) = cast
            && node != origin
            && !self.book.has_failed(*origin)
        {
            self.times.add(moment.at.since(cast));
        }
        // All have it; or nobody cast it, or all had it before.
        if delivered >= u64::from(casts) * u64::from(self.book.nodes) {
            self.book.pages.remove(&key);
            self.earlier.remove(&key);
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        Finding::Measured(vec![Measure {
            name: "delivery_latency",
            quantity: Quantity::Times(self.times.clone()),
        }])
    }
}

#[cfg(test)]
mod tests {
    use sim_core::kernel::time::Span;

    use super::super::bench::Bench;
    use super::*;
    use crate::multicast::port::Reliable;

    type Port = Multicast<u32, Reliable>;

    fn bench(nodes: u32) -> Bench<Latency<u32>> {
        Bench::new(Latency::new(nodes))
    }

    impl Bench<Latency<u32>> {
        fn at(&mut self, ms: u64) -> &mut Self {
            self.at = SimTime::ZERO.after(Span::from_millis(ms));
            self
        }

        /// How many, the shortest and the longest in ms, and how many messages are remembered.
        fn measured(&self) -> (u64, u64, u64, usize) {
            let times = &self.checker.times;
            let ms = |time: Option<Span>| time.map_or(0, |time| time.as_nanos() / 1_000_000);
            let held = self.checker.book.pages.len() + self.checker.earlier.len();
            (times.count(), ms(times.min()), ms(times.max()), held)
        }
    }

    #[test]
    fn first_deliveries_at_others_are_measured() {
        let mut bench = bench(3);
        bench.at(5).cast(0, 7);
        bench.at(5).delivers(0, &[(0, 7)]);
        bench.at(8).delivers(1, &[(0, 7)]);
        bench.at(9).delivers(1, &[(0, 7)]);
        assert_eq!(bench.measured(), (1, 3, 3, 1));
        bench.at(15).delivers(2, &[(0, 7)]);
        // A duplicate when all have it, and what nobody cast.
        bench.at(20).delivers(2, &[(0, 7), (1, 9)]);
        assert_eq!(bench.measured(), (2, 3, 10, 0));
    }

    #[test]
    fn messages_that_look_alike_follow_each_other() {
        let mut bench = bench(2);
        bench.at(10).cast(0, 7);
        bench.at(20).cast(0, 7);
        bench.at(30).cast(0, 7);
        bench.at(31).delivers(1, &[(0, 7)]);
        bench.at(32).delivers(1, &[(0, 7)]);
        assert_eq!(bench.measured(), (2, 12, 21, 2));
        bench.at(33).delivers(1, &[(0, 7)]);
        bench.at(34).delivers(0, &[(0, 7), (0, 7), (0, 7)]);
        assert_eq!(bench.measured(), (3, 3, 21, 0));
    }

    #[test]
    fn who_failed_is_not_measured_and_who_recovers_is() {
        let mut bench = bench(4);
        bench.at(0).cast(0, 7);
        bench.at(0).cast(1, 8);
        let fact =
            |bench: &mut Bench<_>, fact: Fact<'_, Port>| assert_eq!(bench.fact(&fact), Ok(()));
        fact(bench.at(1), Fact::Failed(NodeId(1)));
        fact(bench.at(1), Fact::Crashed(NodeId(2)));
        bench.at(2).delivers(1, &[(0, 7)]);
        bench.at(2).delivers(3, &[(1, 8)]);
        assert_eq!(bench.measured().0, 0);
        fact(bench.at(50), Fact::Recovered(NodeId(2)));
        bench.at(60).delivers(2, &[(0, 7)]);
        // What a log says again is not delivered again.
        fact(bench.at(70), Fact::Recovered(NodeId(2)));
        bench.at(70).delivers(2, &[(0, 7)]);
        assert_eq!(bench.measured(), (1, 60, 60, 2));
    }
}
