//! Whose deliveries are judged where an order is promised, and whose casts count.
//!
//! The orders of the books are about processes that crash for good: one that recovers has lost its place, and nothing is
//! asked of it any more. Until it crashes, a process is taken to be correct: without the crash the same run could have
//! gone on, and would have been just as disordered. Who fails is judged no further, and constrains nobody.

use alloc::collections::BTreeSet;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Port;
use sim_core::kernel::property::Fact;

/// What the fault facts have told.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    unjudged: BTreeSet<NodeId>,
    uncounted: BTreeSet<NodeId>,
}

impl Standing {
    /// Takes a fact down; true if it changed anything.
    pub(super) fn see<P: Port>(&mut self, fact: &Fact<'_, P>) -> bool {
        match *fact {
            Fact::Crashed(node) => self.unjudged.insert(node),
            Fact::Recovered(node) | Fact::Failed(node) => {
                self.unjudged.insert(node) | self.uncounted.insert(node)
            }
            Fact::Requested(..) | Fact::Indicated(..) | Fact::Healed => false,
        }
    }

    /// The order in which it delivers is looked at: it has neither crashed nor failed.
    pub(super) fn is_judged(&self, node: NodeId) -> bool {
        !self.unjudged.contains(&node)
    }

    /// What it casts has a place in its order: it has counted from its first cast on, and does not lie.
    pub(super) fn counts(&self, node: NodeId) -> bool {
        !self.uncounted.contains(&node)
    }
}
