//! FIFO delivery: what a process casts earlier is delivered earlier (FRB5).
//!
//! A process delivers what an origin casts in the order of its casts, and without gaps: each delivery is the next cast.
//! For crashes and failures see [`Standing`](super::standing::Standing).

use alloc::format;
use alloc::vec;

use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::Promises;
use super::kept;
use super::line::{Lines, Place};
use crate::multicast::port::{Cast, Deliver, Multicast};

/// The checker. It remembers only what somebody has not delivered yet.
#[derive(Clone, Debug)]
pub struct FifoDelivery<P> {
    lines: Lines<P, ()>,
    deliveries: u64,
    /// A process has delivered a second message of one origin.
    bound: bool,
}

impl<P: Payload> FifoDelivery<P> {
    /// For a group of `nodes`.
    #[must_use]
    pub fn new(nodes: u32) -> Self {
        FifoDelivery {
            lines: Lines::new(nodes),
            deliveries: 0,
            bound: false,
        }
    }
}

impl<P: Payload, G: Promises> Property<Multicast<P, G>> for FifoDelivery<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        match fact {
            Fact::Requested(node, Cast(payload)) => self.lines.cast(*node, payload.clone(), ()),
            Fact::Indicated(node, Deliver { origin, payload }) => {
                match self.lines.deliver(*node, *origin, payload) {
                    Place::Next(()) => {
                        self.deliveries += 1;
                        self.bound |= self.lines.delivered(*node, *origin) > 1;
                    }
                    Place::Nowhere => (),
                    Place::Early(missing) => {
                        let what = format!(
                            "node {} delivered {} from node {} before {}, which was cast earlier",
                            node.0,
                            summary(payload),
                            origin.0,
                            summary(&missing)
                        );
                        return Err(Violation {
                            before: None,
                            since: moment,
                            what,
                            nodes: vec![*node],
                        });
                    }
                }
            }
            fault => self.lines.see(fault),
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        kept(self.deliveries, self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::super::bench::Bench;
    use super::*;
    use sim_core::kernel::id::NodeId;

    fn bench() -> Bench<FifoDelivery<u32>> {
        Bench::new(FifoDelivery::new(3))
    }

    #[test]
    fn each_caster_has_a_line_of_its_own() {
        let mut bench = bench();
        for (node, payload) in [(0, 1), (0, 2), (1, 7)] {
            bench.cast(node, payload);
        }
        bench.delivers(0, &[(0, 1), (1, 7), (0, 2)]);
        bench.delivers(1, &[(1, 7), (0, 1), (0, 2)]);
        assert_eq!(
            bench.deliver(2, 0, 2),
            Err("node 2 delivered 2 from node 0 before 1, which was cast earlier".into())
        );
    }

    /// Of two casts that look alike either may come first; what comes again or was never cast is no matter of order.
    #[test]
    fn what_looks_alike_may_change_places() {
        let mut bench = bench();
        for payload in [1, 1, 2] {
            bench.cast(0, payload);
        }
        bench.delivers(1, &[(0, 1), (0, 9), (0, 1), (0, 1), (0, 2), (0, 2)]);
    }

    /// A process that has crashed lacks what it lacks, before and after it recovers; one that fails is not judged at all.
    #[test]
    fn whoever_crashed_or_failed_is_exempt() {
        let mut bench = bench();
        for (node, payload) in [(0, 1), (0, 2), (1, 1), (1, 2)] {
            bench.cast(node, payload);
        }
        for fact in [
            Fact::Crashed(NodeId(2)),
            Fact::Recovered(NodeId(2)),
            Fact::Failed(NodeId(1)),
        ] {
            assert_eq!(bench.fact(&fact), Ok(()));
        }
        bench.delivers(2, &[(0, 2)]);
        bench.delivers(1, &[(0, 2)]);
        bench.delivers(0, &[(1, 2), (0, 1)]);
    }

    /// Nor is what it casts in a later life: it counts anew.
    #[test]
    fn a_later_life_has_no_place_in_the_line() {
        let mut bench = bench();
        bench.cast(0, 1);
        bench.cast(0, 2);
        for fact in [Fact::Crashed(NodeId(0)), Fact::Recovered(NodeId(0))] {
            assert_eq!(bench.fact(&fact), Ok(()));
        }
        bench.cast(0, 2);
        bench.delivers(1, &[(0, 2)]);
    }

    /// One message of each caster is in any order.
    #[test]
    fn a_single_message_of_a_caster_leaves_nothing_to_judge() {
        let mut bench = bench();
        bench.cast(0, 1);
        bench.cast(1, 1);
        bench.delivers(2, &[(1, 1), (0, 1)]);
        assert_eq!(bench.finish(), Finding::NotExercised);
        bench.cast(0, 2);
        assert_eq!(bench.finish(), Finding::NotExercised);
        bench.delivers(2, &[(0, 2)]);
        assert_eq!(bench.finish(), Finding::Held("3 deliveries".into()));
    }

    #[test]
    fn forgets_what_everybody_has_delivered() {
        let mut bench = Bench::new(FifoDelivery::new(4));
        assert!(bench.a_million_deliveries(|checker| checker.lines.open()) <= 40);
    }
}
