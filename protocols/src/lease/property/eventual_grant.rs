//! Eventual grant: every correct process that asks for the lease acquires it (ME2).
//!
//! A debt arises when a process asks that neither holds the lease nor has asked already. It is paid by `Acquired`, and
//! forgiven if the process gives up, crashes or fails. Its time begins anew with every repair.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::nodes;
use sim_core::kernel::time::SimTime;

use crate::lease::port::{Demand, Lease, Notice};

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct EventualGrant {
    /// Who has asked and waits, and since when.
    waiting: BTreeMap<NodeId, Moment>,
    holders: BTreeSet<NodeId>,
    failed: BTreeSet<NodeId>,
    /// The last repair so far, and the longest wait that ended after it.
    repaired: SimTime,
    slowest: Option<Wait>,
    grants: u64,
}

/// A wait that ended with the lease.
#[derive(Clone, Copy, Debug)]
struct Wait {
    node: NodeId,
    asked: Moment,
    granted: SimTime,
}

impl EventualGrant {
    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        EventualGrant {
            waiting: BTreeMap::new(),
            holders: BTreeSet::new(),
            failed: BTreeSet::new(),
            repaired: SimTime::ZERO,
            slowest: None,
            grants: 0,
        }
    }

    fn on_acquired(&mut self, moment: Moment, node: NodeId) {
        self.holders.insert(node);
        self.grants += 1;
        let Some(asked) = self.waiting.remove(&node) else {
            return;
        };
        let wait = Wait {
            node,
            asked,
            granted: moment.at,
        };
        let length = |wait: Wait| wait.granted.since(wait.asked.at.max(self.repaired));
        if self
            .slowest
            .is_none_or(|known| length(known) < length(wait))
        {
            self.slowest = Some(wait);
        }
    }

    /// The process waits no longer.
    fn forgive(&mut self, node: NodeId) {
        self.waiting.remove(&node);
    }
}

impl Property<Lease> for EventualGrant {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Lease>) -> Result<(), Violation> {
        match fact {
            Fact::Requested(node, _) | Fact::Indicated(node, _) if self.failed.contains(node) => (),
            Fact::Requested(node, Demand::Acquire) => {
                if !self.holders.contains(node) {
                    self.waiting.entry(*node).or_insert(moment);
                }
            }
            Fact::Requested(node, Demand::Release) => self.forgive(*node),
            Fact::Indicated(node, Notice::Acquired) => self.on_acquired(moment, *node),
            Fact::Indicated(node, Notice::Expired | Notice::Released) => {
                self.holders.remove(node);
            }
            Fact::Crashed(node) | Fact::Failed(node) => {
                self.forgive(*node);
                self.holders.remove(node);
                if matches!(fact, Fact::Failed(_)) {
                    self.failed.insert(*node);
                }
            }
            Fact::Recovered(_) | Fact::Healed => {
                self.repaired = moment.at;
                self.slowest = None;
            }
        }
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        if let Some(wait) = self.slowest {
            if wait.granted > end.deadline(wait.asked.at) {
                return Finding::Violated(Violation {
                    before: None,
                    since: wait.asked,
                    what: format!(
                        "node {} asked for the lease and acquired it only at {}ms",
                        wait.node.0, wait.granted
                    ),
                    nodes: vec![wait.node],
                });
            }
        }
        let Some((node, since)) = self.waiting.iter().min_by_key(|(_, since)| **since) else {
            return match self.grants {
                0 => Finding::NotExercised,
                1 => Finding::Held("1 lease".into()),
                grants => Finding::Held(format!("{grants} leases")),
            };
        };
        let who = nodes(&[*node]);
        if end.is_final(since.at) {
            return Finding::Violated(Violation {
                before: None,
                since: *since,
                what: format!("{who} asked for the lease and never acquired it"),
                nodes: vec![*node],
            });
        }
        Finding::Pending(format!("{who} waited for the lease when the run ended"))
    }
}
