//! Messages that wait for acknowledgements: what both uniform broadcasts of CGR ch. 3 remember.
//!
//! A process that relays a message acknowledges it by that. Source: Cachin, Guerraoui, Rodrigues, Alg. 3.4, 3.5, the sets
//! `pending`, `delivered` and `ack`. Whatever has been delivered has been relayed, so nothing is left to do about it: its
//! payload and its acknowledgements are forgotten.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use sim_core::kernel::prelude::*;

use super::eager::Stamped;
use crate::seen::Seen;

/// What a process knows of the messages of a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Awaited<P> {
    next: u32,
    pending: BTreeMap<MsgId, Pending<P>>,
    delivered: Seen,
}

/// A message that was relayed, and not yet delivered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending<P> {
    payload: P,
    acked_by: BTreeSet<NodeId>,
}

impl<P: Payload> Awaited<P> {
    pub(super) const fn new() -> Self {
        Awaited {
            next: 0,
            pending: BTreeMap::new(),
            delivered: Seen::new(),
        }
    }

    /// A message of this process: what it sends to everybody.
    pub(super) fn cast(&mut self, me: NodeId, payload: P) -> Stamped<P> {
        let id = MsgId {
            origin: me,
            seq: self.next,
        };
        self.next += 1;
        self.open(id, payload.clone());
        Stamped { id, payload }
    }

    /// A copy came, which is its sender's acknowledgement. True if it was the first one of this message: then it is to
    /// be relayed.
    pub(super) fn acknowledge(&mut self, from: NodeId, copy: &Stamped<P>) -> bool {
        if self.delivered.contains(copy.id) {
            return false;
        }
        let first = !self.pending.contains_key(&copy.id);
        let pending = self.open(copy.id, copy.payload.clone());
        pending.acked_by.insert(from);
        first
    }

    fn open(&mut self, id: MsgId, payload: P) -> &mut Pending<P> {
        self.pending.entry(id).or_insert_with(|| Pending {
            payload,
            acked_by: BTreeSet::new(),
        })
    }

    /// The message, if enough processes have acknowledged it: it is to be delivered now, and counts as delivered.
    pub(super) fn settle(
        &mut self,
        id: MsgId,
        enough: impl Fn(&BTreeSet<NodeId>) -> bool,
    ) -> Option<P> {
        if !enough(&self.pending.get(&id)?.acked_by) {
            return None;
        }
        self.delivered.insert(id);
        Some(self.pending.remove(&id)?.payload)
    }

    /// The messages that wait, in order of their names.
    pub(super) fn waiting(&self) -> Vec<MsgId> {
        self.pending.keys().copied().collect()
    }
}
