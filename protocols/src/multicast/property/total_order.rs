//! Total order: two processes that deliver the same two messages deliver them in the same order (TOB5).
//!
//! Pair by pair, as the books have it: nothing is asked of a message that only one of the two delivers, not even that
//! there is one order for all. For each pair it is enough to know the last place, in the order of the one, of a message
//! that both have delivered: the next one that they share must come later. Of messages that look alike the first that a
//! process delivers is taken to be the first that another delivers. What comes more often than it was cast is left to
//! other properties. For crashes and failures see [`Standing`](super::standing::Standing).

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::Promises;
use super::kept;
use super::standing::Standing;
use crate::multicast::port::{Cast, Deliver, Multicast};

/// How many of the last deliveries of a process are known by name, to say what a message came too late for.
const RECENT_MAX: usize = 64;

/// The checker. It remembers only what somebody has not delivered yet.
#[derive(Clone, Debug)]
pub struct SameOrder<P> {
    nodes: u32,
    standing: Standing,
    /// By origin and payload.
    open: BTreeMap<(NodeId, P), Page>,
    orders: Vec<Order<P>>,
    deliveries: u64,
    /// Two processes have delivered the same two messages.
    bound: bool,
}

/// A message, or several that look alike, that not everybody has delivered.
#[derive(Clone, Debug, Default)]
struct Page {
    casts: usize,
    /// For each cast that somebody has delivered: at which place each process has, from 1; 0 if it has not.
    copies: Vec<Vec<u64>>,
}

/// What one process has delivered.
#[derive(Clone, Debug)]
struct Order<P> {
    /// How many messages.
    length: u64,
    /// For each other process, the last place here of a message that both have delivered.
    shared: Vec<u64>,
    /// The last deliveries.
    recent: VecDeque<(NodeId, P)>,
}

impl<P: Payload> SameOrder<P> {
    /// For a group of `nodes`.
    #[must_use]
    pub fn new(nodes: u32) -> Self {
        let nobody = Order {
            length: 0,
            shared: Vec::new(),
            recent: VecDeque::new(),
        };
        SameOrder {
            nodes,
            standing: Standing::default(),
            open: BTreeMap::new(),
            orders: vec![nobody; nodes as usize],
            deliveries: 0,
            bound: false,
        }
    }

    /// Takes a delivery down; who has it in another order, before what, if somebody has.
    fn on_delivery(
        &mut self,
        node: NodeId,
        origin: NodeId,
        payload: &P,
    ) -> Option<(NodeId, String)> {
        let key = (origin, payload.clone());
        let copy = self.open.get_mut(&key)?.next(node, self.nodes)?;
        self.deliveries += 1;
        let place = self.orders[node.index()].push(key.clone(), self.nodes);
        copy[node.index()] = place;
        let (standing, orders) = (&self.standing, &mut self.orders);
        for (other, there) in (0..).map(NodeId).zip(copy.iter().copied()) {
            if other == node || there == 0 || !standing.is_judged(other) {
                continue;
            }
            let before = mem::replace(&mut orders[node.index()].shared[other.index()], place);
            self.bound |= before > 0;
            let order = &mut orders[other.index()];
            let shared = &mut order.shared[node.index()];
            if there < *shared {
                let last = *shared;
                return Some((other, order.name(last)));
            }
            *shared = there;
        }
        if self.open[&key].is_settled(standing, self.nodes) {
            self.open.remove(&key);
        }
        None
    }
}

impl Page {
    /// The oldest of the casts that look alike which `node` has not delivered; none if it has delivered them all.
    fn next(&mut self, node: NodeId, nodes: u32) -> Option<&mut Vec<u64>> {
        let place = match self.copies.iter().position(|copy| copy[node.index()] == 0) {
            Some(place) => place,
            None if self.copies.len() < self.casts => {
                self.copies.push(vec![0; nodes as usize]);
                self.copies.len() - 1
            }
            None => return None,
        };
        Some(&mut self.copies[place])
    }

    /// True if all who are judged have delivered it as often as it was cast.
    fn is_settled(&self, standing: &Standing, nodes: u32) -> bool {
        let by_all = |copy: &Vec<u64>| {
            let mut judged = (0..nodes).map(NodeId).filter(|n| standing.is_judged(*n));
            judged.all(|node| copy[node.index()] > 0)
        };
        self.copies.len() == self.casts && self.copies.iter().all(by_all)
    }
}

impl<P: Payload> Order<P> {
    /// Takes a delivery down; its place.
    fn push(&mut self, message: (NodeId, P), nodes: u32) -> u64 {
        self.length += 1;
        self.shared.resize(nodes as usize, 0);
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(message);
        self.length
    }

    /// The message at a place, in words.
    fn name(&self, place: u64) -> String {
        let back = usize::try_from(self.length - place).unwrap_or(usize::MAX);
        let recent = self.recent.iter().rev().nth(back);
        recent.map_or_else(
            || "another message".into(),
            |(origin, payload)| format!("{} from node {}", summary(payload), origin.0),
        )
    }
}

impl<P: Payload, G: Promises> Property<Multicast<P, G>> for SameOrder<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        match fact {
            Fact::Requested(node, Cast(payload)) => {
                let page = self.open.entry((*node, payload.clone())).or_default();
                page.casts += 1;
            }
            Fact::Indicated(node, Deliver { origin, payload })
                if self.standing.is_judged(*node) =>
            {
                if let Some((other, later)) = self.on_delivery(*node, *origin, payload) {
                    let what = format!(
                        "node {} delivered {} from node {} before {later}, node {} the other way round",
                        other.0,
                        summary(payload),
                        origin.0,
                        node.0
                    );
                    return Err(Violation {
                        before: None,
                        since: moment,
                        what,
                        nodes: vec![other, *node],
                    });
                }
            }
            fact => {
                if self.standing.see(fact) {
                    let (standing, nodes) = (&self.standing, self.nodes);
                    self.open
                        .retain(|_, page| !page.is_settled(standing, nodes));
                }
            }
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

    fn bench() -> Bench<SameOrder<u32>> {
        let mut bench = Bench::new(SameOrder::new(4));
        for payload in 1..=4 {
            bench.cast(0, payload);
        }
        bench
    }

    #[test]
    fn two_processes_must_not_differ() {
        let mut bench = bench();
        bench.delivers(1, &[(0, 1), (0, 2)]);
        bench.delivers(2, &[(0, 2)]);
        assert_eq!(
            bench.deliver(2, 0, 1),
            Err(
                "node 1 delivered 1 from node 0 before 2 from node 0, node 2 the other way round"
                    .into()
            )
        );
    }

    /// It need be neither the order of the casts nor without gaps; even a circle of three is none of two.
    #[test]
    fn nothing_is_asked_of_what_only_one_of_two_delivers() {
        let mut bench = bench();
        bench.delivers(1, &[(0, 2), (0, 1)]);
        bench.delivers(2, &[(0, 1), (0, 3)]);
        bench.delivers(3, &[(0, 3), (0, 2)]);
        assert!(bench.deliver(3, 0, 1).is_err(), "node 2 has 1 before 3");
    }

    /// The other order is a matter of pairs, however far the two are apart.
    #[test]
    fn a_message_that_comes_much_too_late_is_caught() {
        let mut bench = Bench::new(SameOrder::new(4));
        let all = (0..100).map(|payload| (0, payload)).collect::<Vec<_>>();
        for (origin, payload) in &all {
            bench.cast(*origin, *payload);
        }
        bench.delivers(0, &all);
        bench.delivers(1, &all[1..]);
        let what = bench.deliver(1, 0, 0).expect_err("it came last");
        assert!(
            what.contains("0 from node 0 before 99 from node 0"),
            "{what}"
        );
    }

    /// Of two that look alike the first is the first everywhere; a duplicate has no place.
    #[test]
    fn what_looks_alike_may_change_places() {
        let mut bench = bench();
        bench.cast(0, 1);
        bench.delivers(1, &[(0, 1), (0, 2), (0, 1)]);
        bench.delivers(2, &[(0, 1), (0, 2), (0, 1), (0, 1), (0, 2)]);
        let mut twice = self::bench();
        twice.delivers(1, &[(0, 1), (0, 1), (0, 2)]);
        twice.delivers(2, &[(0, 1), (0, 2), (0, 1)]);
    }

    #[test]
    fn whoever_crashed_or_failed_is_exempt() {
        for exempt in [Fact::Crashed(NodeId(1)), Fact::Failed(NodeId(2))] {
            let mut bench = bench();
            bench.delivers(1, &[(0, 1), (0, 2)]);
            assert_eq!(bench.fact(&exempt), Ok(()));
            bench.delivers(2, &[(0, 2), (0, 1)]);
        }
    }

    #[test]
    fn unless_two_processes_share_two_messages_there_is_nothing_to_judge() {
        let mut bench = bench();
        bench.delivers(1, &[(0, 2), (0, 1)]);
        bench.delivers(2, &[(0, 3), (0, 1)]);
        assert_eq!(bench.finish(), Finding::NotExercised);
        bench.delivers(3, &[(0, 2), (0, 1)]);
        assert_eq!(bench.finish(), Finding::Held("6 deliveries".into()));
    }

    #[test]
    fn forgets_what_everybody_has_delivered() {
        let mut bench = Bench::new(SameOrder::new(4));
        let held = |checker: &SameOrder<u32>| checker.open.len();
        assert!(bench.a_million_deliveries(held) <= 40);
    }
}
