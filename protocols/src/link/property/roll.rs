//! Who is correct, as far as the fault facts tell.

use alloc::collections::{BTreeMap, BTreeSet};

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Port;
use sim_core::kernel::property::{Fact, Moment};
use sim_core::kernel::time::SimTime;

/// What is known of the processes.
///
/// *Correct* is who is not down and has not begun to deviate: a process that crashed and recovered is correct again.
#[derive(Clone, Debug, Default)]
pub(super) struct Roll {
    down: BTreeSet<NodeId>,
    crashed: BTreeSet<NodeId>,
    failed: BTreeSet<NodeId>,
    recovered: BTreeMap<NodeId, SimTime>,
    /// How often a partition has healed or a process gone on.
    pub(super) repairs: u64,
}

impl Roll {
    pub(super) fn see<P: Port>(&mut self, moment: Moment, fact: &Fact<'_, P>) {
        match *fact {
            Fact::Requested(..) | Fact::Indicated(..) => (),
            Fact::Crashed(node) => {
                self.down.insert(node);
                self.crashed.insert(node);
            }
            Fact::Recovered(node) => {
                self.down.remove(&node);
                self.recovered.insert(node, moment.at);
                self.repairs += 1;
            }
            Fact::Failed(node) => {
                self.failed.insert(node);
            }
            Fact::Healed => self.repairs += 1,
        }
    }

    pub(super) fn is_correct(&self, node: NodeId) -> bool {
        !self.down.contains(&node) && self.is_honest(node)
    }

    /// It follows its algorithm as long as it is up.
    pub(super) fn is_honest(&self, node: NodeId) -> bool {
        !self.failed.contains(&node)
    }

    pub(super) fn has_crashed(&self, node: NodeId) -> bool {
        self.crashed.contains(&node)
    }

    /// What `node` says now is what its log tells it, not news.
    pub(super) fn reads_its_log(&self, node: NodeId, now: Moment) -> bool {
        self.recovered.get(&node) == Some(&now.at)
    }
}
