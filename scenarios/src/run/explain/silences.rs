//! What did not happen.

use std::collections::BTreeSet;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::summary::nodes;
use sim_core::trace::What;

use super::super::judge::Reason;
use super::{Story, sent};

impl Story<'_> {
    /// Nothing was sent to those who were left out, and who might have done so.
    pub(super) fn silences(&self) -> Vec<Reason> {
        // Who sent to others at all, and to whom anybody did; who had another reason to be silent.
        let (mut senders, mut receivers) = (BTreeSet::new(), BTreeSet::new());
        let mut hindered = BTreeSet::new();
        for record in &self.book.trace.records {
            if let Some(to) = sent(record) {
                senders.insert(record.node);
                receivers.insert(to);
            }
            if matches!(record.what, What::Crash(_) | What::Fault(_)) {
                hindered.insert(record.node);
            }
        }
        let unsent: Vec<NodeId> = self.left_out.difference(&receivers).copied().collect();
        let silent = self.actors.iter().copied().filter(|node| {
            !senders.contains(node) && !self.left_out.contains(node) && !hindered.contains(node)
        });
        let silent: Vec<NodeId> = silent.collect();
        let mut told = Vec::new();
        if !silent.is_empty() && !unsent.is_empty() {
            told.push(Reason {
                event: 0,
                text: format!("{} sent nothing", nodes(&silent)),
                cause: Some(self.book.scenario.protocol_text.clone()),
                place: self.book.scenario.places.protocol,
            });
        }
        if !unsent.is_empty() {
            told.push(Reason {
                event: 0,
                text: format!("nothing was ever sent to {}", nodes(&unsent)),
                cause: None,
                place: None,
            });
        }
        told
    }
}
