//! Causal delivery: no message before one that potentially caused it (CRB5).
//!
//! A cast depends on the earlier casts of its process, and on all that this process had delivered. As the first violation
//! ends the judgement, what a process has delivered holds, for every message in it, all that caused it; so it is a number an
//! origin, and a cast needs to say only what its process has delivered since its previous one: that one says the rest.
//! For crashes and failures see [`Standing`](super::standing::Standing).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::Promises;
use super::kept;
use super::line::{Lines, Place};
use crate::multicast::port::{Cast, Deliver, Multicast};

/// The checker. It remembers only what somebody has not delivered yet.
#[derive(Clone, Debug)]
pub struct CausalDelivery<P> {
    lines: Lines<P, Vec<Cause>>,
    /// From whom each process has delivered since it cast last.
    heard: BTreeMap<NodeId, BTreeSet<NodeId>>,
    deliveries: u64,
    /// A process has delivered a message that another one may have caused.
    bound: bool,
}

/// The first `count` casts of a process may have caused something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cause {
    origin: NodeId,
    count: u64,
}

impl<P: Payload> CausalDelivery<P> {
    /// For a group of `nodes`.
    #[must_use]
    pub fn new(nodes: u32) -> Self {
        CausalDelivery {
            lines: Lines::new(nodes),
            heard: BTreeMap::new(),
            deliveries: 0,
            bound: false,
        }
    }

    fn on_cast(&mut self, node: NodeId, payload: &P) {
        let heard = self.heard.remove(&node).unwrap_or_default();
        let causes = heard.into_iter().map(|origin| Cause {
            origin,
            count: self.lines.delivered(node, origin),
        });
        let causes = causes.collect();
        self.lines.cast(node, payload.clone(), causes);
    }

    /// The message that is missing where `node` delivers this one, and who cast it.
    fn on_delivery(&mut self, node: NodeId, origin: NodeId, payload: &P) -> Option<(P, NodeId)> {
        match self.lines.deliver(node, origin, payload) {
            Place::Nowhere => None,
            Place::Early(missing) => Some((missing, origin)),
            Place::Next(causes) => {
                self.deliveries += 1;
                self.bound |= !causes.is_empty() || self.lines.delivered(node, origin) > 1;
                self.heard.entry(node).or_default().insert(origin);
                causes.into_iter().find_map(|cause| {
                    let missing = self.lines.lacks(node, cause.origin, cause.count)?;
                    Some((missing.clone(), cause.origin))
                })
            }
        }
    }
}

impl<P: Payload, G: Promises> Property<Multicast<P, G>> for CausalDelivery<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        match fact {
            Fact::Requested(node, Cast(payload)) => self.on_cast(*node, payload),
            Fact::Indicated(node, Deliver { origin, payload }) => {
                if let Some((missing, of)) = self.on_delivery(*node, *origin, payload) {
                    let what = format!(
                        "node {} delivered {} from node {} before {} from node {}, which may have caused it",
                        node.0,
                        summary(payload),
                        origin.0,
                        summary(&missing),
                        of.0
                    );
                    return Err(Violation {
                        before: None,
                        since: moment,
                        what,
                        nodes: vec![*node],
                    });
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

    fn bench() -> Bench<CausalDelivery<u32>> {
        Bench::new(CausalDelivery::new(4))
    }

    #[test]
    fn an_answer_must_not_come_before_its_question() {
        let mut bench = bench();
        bench.cast(0, 1);
        bench.delivers(1, &[(0, 1)]);
        bench.cast(1, 2);
        assert_eq!(
            bench.deliver(2, 1, 2),
            Err(
                "node 2 delivered 2 from node 1 before 1 from node 0, which may have caused it"
                    .into()
            )
        );
    }

    /// A chain of causes that one process after the other has seen; the middle of it came with an earlier cast.
    #[test]
    fn causes_have_causes() {
        let mut bench = bench();
        bench.cast(0, 1);
        bench.delivers(1, &[(0, 1)]);
        bench.cast(1, 2);
        bench.cast(1, 3);
        bench.delivers(2, &[(0, 1), (1, 2), (1, 3)]);
        bench.cast(2, 4);
        let what = bench.deliver(3, 2, 4).expect_err("it lacks a cause");
        assert!(
            what.starts_with("node 3 delivered 4 from node 2 before "),
            "{what}"
        );
        let mut kept = self::bench();
        kept.cast(0, 1);
        kept.delivers(1, &[(0, 1)]);
        kept.cast(1, 2);
        kept.delivers(3, &[(0, 1), (1, 2)]);
    }

    /// What nobody had seen of the other may come in any order, and a process may deliver its own casts late.
    #[test]
    fn what_is_concurrent_may_come_in_any_order() {
        let mut bench = bench();
        bench.cast(0, 1);
        bench.cast(1, 2);
        bench.delivers(2, &[(0, 1), (1, 2)]);
        bench.delivers(3, &[(1, 2), (0, 1)]);
        bench.delivers(0, &[(1, 2)]);
        bench.cast(0, 3);
        assert!(bench.deliver(2, 0, 3).is_ok());
        assert!(bench.deliver(0, 0, 3).is_err(), "its first cast is missing");
    }

    #[test]
    fn without_a_cause_there_is_nothing_to_judge() {
        let mut bench = bench();
        bench.cast(0, 1);
        bench.cast(1, 2);
        bench.delivers(2, &[(0, 1), (1, 2)]);
        bench.delivers(3, &[(1, 2)]);
        assert_eq!(bench.finish(), Finding::NotExercised);
        bench.cast(3, 3);
        assert_eq!(bench.finish(), Finding::NotExercised);
        bench.delivers(2, &[(3, 3)]);
        assert_eq!(bench.finish(), Finding::Held("4 deliveries".into()));
    }

    #[test]
    fn forgets_what_everybody_has_delivered() {
        let mut bench = bench();
        let held = |checker: &CausalDelivery<u32>| {
            checker.lines.open() + checker.heard.values().map(BTreeSet::len).sum::<usize>()
        };
        assert!(bench.a_million_deliveries(held) <= 60);
    }
}
