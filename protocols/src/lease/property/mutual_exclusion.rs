//! Mutual exclusion: at no time two processes hold the lease (ME1).
//!
//! A process holds it from `Acquired` to its next `Expired` or `Released`, or until it crashes. A process that is paused
//! has not said that its time is over: it holds on. What a process that failed says counts for nothing.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};

use crate::lease::port::{Lease, Notice};

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct MutualExclusion {
    holders: BTreeSet<NodeId>,
    failed: BTreeSet<NodeId>,
    grants: u64,
}

impl MutualExclusion {
    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        MutualExclusion {
            holders: BTreeSet::new(),
            failed: BTreeSet::new(),
            grants: 0,
        }
    }
}

impl Property<Lease> for MutualExclusion {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Lease>) -> Result<(), Violation> {
        match fact {
            Fact::Indicated(node, _) if self.failed.contains(node) => (),
            Fact::Indicated(node, Notice::Acquired) => {
                self.grants += 1;
                if let Some(holder) = self.holders.iter().find(|holder| *holder != node) {
                    return Err(Violation {
                        before: None,
                        since: moment,
                        what: format!(
                            "node {} acquired the lease while node {} held it",
                            node.0, holder.0
                        ),
                        nodes: vec![*holder, *node],
                    });
                }
                self.holders.insert(*node);
            }
            Fact::Indicated(node, Notice::Expired | Notice::Released) | Fact::Crashed(node) => {
                self.holders.remove(node);
            }
            Fact::Failed(node) => {
                self.holders.remove(node);
                self.failed.insert(*node);
            }
            Fact::Requested(..) | Fact::Recovered(_) | Fact::Healed => (),
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        match self.grants {
            0 => Finding::NotExercised,
            1 => Finding::Held("1 lease".into()),
            grants => Finding::Held(format!("{grants} leases")),
        }
    }
}
