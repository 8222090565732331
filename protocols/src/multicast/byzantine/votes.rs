//! Votes for what a message says: one a process, the first.

use alloc::collections::{BTreeMap, BTreeSet};

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Payload;

/// Who has voted on one message, and how many for each payload. Bounded: a process adds one vote, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Votes<P> {
    voters: BTreeSet<NodeId>,
    counts: BTreeMap<P, u32>,
}

impl<P> Default for Votes<P> {
    fn default() -> Self {
        Votes {
            voters: BTreeSet::new(),
            counts: BTreeMap::new(),
        }
    }
}

impl<P: Payload> Votes<P> {
    /// Counts the vote of `from`; how many there are for this payload now. `None` if it has voted before.
    pub(super) fn add(&mut self, from: NodeId, payload: &P) -> Option<u32> {
        if !self.voters.insert(from) {
            return None;
        }
        let count = self.counts.entry(payload.clone()).or_insert(0);
        *count += 1;
        Some(*count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_vote_of_a_process_counts_and_no_other() {
        let mut votes = Votes::default();
        assert_eq!(votes.add(NodeId(0), &'a'), Some(1));
        assert_eq!(votes.add(NodeId(0), &'a'), None);
        assert_eq!(votes.add(NodeId(0), &'b'), None, "it cannot take it back");
        assert_eq!(votes.add(NodeId(1), &'b'), Some(1));
        assert_eq!(votes.add(NodeId(2), &'a'), Some(2));
    }
}
