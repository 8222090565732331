//! Who suspects whom, and who is correct.

use alloc::collections::{BTreeMap, BTreeSet};

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Guarantee;
use sim_core::kernel::property::{Fact, Moment};

use crate::detector::port::{Detector, Opinion};

/// The suspicions in force: an entry each, so that a detector that is seldom wrong costs next to nothing.
#[derive(Clone, Debug)]
pub(super) struct Suspicions {
    nodes: u32,
    /// Suspected process, who suspects it, and since when.
    by_suspect: BTreeMap<NodeId, BTreeMap<NodeId, Moment>>,
    down: BTreeMap<NodeId, Moment>,
    failed: BTreeSet<NodeId>,
}

impl Suspicions {
    pub(super) const fn new(nodes: u32) -> Self {
        Suspicions {
            nodes,
            by_suspect: BTreeMap::new(),
            down: BTreeMap::new(),
            failed: BTreeSet::new(),
        }
    }

    /// Takes one fact.
    pub(super) fn see<G: Guarantee>(&mut self, moment: Moment, fact: &Fact<'_, Detector<G>>) {
        match *fact {
            Fact::Indicated(observer, Opinion::Suspect(suspect)) => {
                let observers = self.by_suspect.entry(*suspect).or_default();
                observers.entry(observer).or_insert(moment);
            }
            Fact::Indicated(observer, Opinion::Restore(suspect)) => {
                self.lift(observer, *suspect);
            }
            Fact::Crashed(node) => {
                self.down.insert(node, moment);
                for observers in self.by_suspect.values_mut() {
                    observers.remove(&node);
                }
            }
            Fact::Recovered(node) => {
                self.down.remove(&node);
            }
            Fact::Failed(node) => {
                self.failed.insert(node);
            }
            Fact::Requested(..) | Fact::Healed => (),
        }
    }

    fn lift(&mut self, observer: NodeId, suspect: NodeId) {
        if let Some(observers) = self.by_suspect.get_mut(&suspect) {
            observers.remove(&observer);
            if observers.is_empty() {
                self.by_suspect.remove(&suspect);
            }
        }
    }

    pub(super) fn is_correct(&self, node: NodeId) -> bool {
        !self.down.contains_key(&node) && !self.failed.contains(&node)
    }

    pub(super) fn correct(&self) -> impl Iterator<Item = NodeId> + '_ {
        let all = (0..self.nodes).map(NodeId);
        all.filter(|node| self.is_correct(*node))
    }

    /// Who is down, and since when.
    pub(super) fn down(&self) -> impl Iterator<Item = (NodeId, Moment)> + '_ {
        self.down.iter().map(|(node, since)| (*node, *since))
    }

    /// Since when `observer` has suspected `suspect`, if it does.
    pub(super) fn since(&self, observer: NodeId, suspect: NodeId) -> Option<Moment> {
        self.by_suspect.get(&suspect)?.get(&observer).copied()
    }

    /// The suspicions of correct processes by correct processes: suspect, observer, and since when.
    pub(super) fn wrong(&self) -> impl Iterator<Item = (NodeId, NodeId, Moment)> + '_ {
        self.by_suspect
            .iter()
            .flat_map(|(suspect, observers)| {
                let pair = |(observer, since): (&NodeId, &Moment)| (*suspect, *observer, *since);
                observers.iter().map(pair)
            })
            .filter(|(suspect, observer, _)| {
                self.is_correct(*suspect) && self.is_correct(*observer)
            })
    }
}
