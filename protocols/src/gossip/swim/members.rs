//! What one member knows of the others: only what is out of the ordinary takes memory.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;

use super::message::{Record, Standing, Update};

/// The records of all members that are not as they were at the start: alive, in their first incarnation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Members {
    records: BTreeMap<NodeId, Record>,
    failed: BTreeSet<NodeId>,
}

impl Members {
    pub(super) const fn new() -> Self {
        Members {
            records: BTreeMap::new(),
            failed: BTreeSet::new(),
        }
    }

    pub(super) fn of(&self, member: NodeId) -> Record {
        self.records.get(&member).copied().unwrap_or_default()
    }

    /// Takes a word about a member if it is news; then what was known before.
    pub(super) fn learn(&mut self, update: Update) -> Option<Record> {
        let before = self.of(update.member);
        if update.record <= before {
            return None;
        }
        self.records.insert(update.member, update.record);
        if update.record.standing == Standing::Confirm {
            self.failed.insert(update.member);
        } else {
            self.failed.remove(&update.member);
        }
        Some(before)
    }

    pub(super) const fn failed(&self) -> &BTreeSet<NodeId> {
        &self.failed
    }

    /// Those who cannot be picked: who has failed, and these.
    pub(super) fn but(&self, others: &[NodeId]) -> Excluded {
        let mut excluded: BTreeSet<NodeId> = others.iter().copied().collect();
        excluded.extend(&self.failed);
        Excluded(excluded.into_iter().collect())
    }
}

/// Members that cannot be picked, in order.
#[derive(Clone, Debug)]
pub(super) struct Excluded(Vec<NodeId>);

impl Excluded {
    /// How many of so many members can be picked.
    pub(super) fn left(&self, nodes: u32) -> u32 {
        let excluded = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        nodes.saturating_sub(excluded)
    }

    /// The member at this place among those that can be picked; it cannot be picked again.
    pub(super) fn take(&mut self, place: u32) -> NodeId {
        let mut node = place;
        let mut before = 0;
        for excluded in &self.0 {
            if excluded.0 > node {
                break;
            }
            node += 1;
            before += 1;
        }
        self.0.insert(before, NodeId(node));
        NodeId(node)
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::Incarnation;
    use super::*;

    const fn word(refutations: u32, standing: Standing) -> Update {
        Update {
            member: NodeId(3),
            record: Record {
                incarnation: Incarnation {
                    life: 0,
                    refutations,
                },
                standing,
            },
        }
    }

    /// The order of the paper: a member is taken at its own word, and else at the worst.
    #[test]
    fn newer_incarnations_override_and_among_equals_the_worst() {
        use Standing::{Alive, Confirm, Suspect};
        let mut members = Members::new();
        for (update, news) in [
            (word(0, Alive), false),
            (word(0, Suspect), true),
            (word(0, Alive), false),
            (word(1, Alive), true),
            (word(0, Confirm), false),
            (word(1, Suspect), true),
            (word(1, Confirm), true),
            (word(1, Suspect), false),
        ] {
            assert_eq!(members.learn(update).is_some(), news, "{update}");
        }
        assert_eq!(
            members.failed().iter().copied().collect::<Vec<_>>(),
            [NodeId(3)]
        );
        assert!(
            members.learn(word(2, Alive)).is_some(),
            "a member that was wronged can come back"
        );
        assert!(members.failed().is_empty());
    }

    #[test]
    fn picks_each_of_those_that_are_left_once() {
        let mut members = Members::new();
        members.learn(word(0, Standing::Confirm));
        let mut excluded = members.but(&[NodeId(0), NodeId(5)]);
        assert_eq!(excluded.left(7), 4);
        let picked = [2, 0, 0, 0].map(|place| excluded.take(place));
        assert_eq!(picked, [4, 1, 2, 6].map(NodeId));
        assert_eq!(excluded.left(7), 0);
    }
}
