//! The events of a story in words.

use sim_core::kernel::id::NodeId;
use sim_core::trace::{Record, What, text};

use super::super::judge::Reason;
use super::Story;
use crate::format::{Behaviour, DiskAfterCrash, FaultKind};

impl Story<'_> {
    /// A step of the story: one sentence, and a second one if the network or a liar had a hand in it.
    pub(super) fn happened(&self, record: &Record) -> Vec<Reason> {
        let book = self.book;
        let text = |id| book.trace.text(id);
        let node = record.node.0;
        let plainly = |text: String| vec![book.event(record, text)];
        match record.what {
            What::Request(what) => plainly(format!("node {node} was asked: {}", text(what))),
            What::Deliver(what) => plainly(format!("node {node} delivered {}", text(what))),
            What::Send { msg, to, text: id } => plainly(format!(
                "node {node} sent #{msg} to node {}: {}",
                to.0,
                text(id)
            )),
            What::Recv {
                msg,
                from,
                text: id,
                ..
            } => {
                let sender = book.trace.get(record.cause).map_or(from, |send| send.node);
                let mut told = self.on_its_way(record, msg);
                if sender != from {
                    told.push(self.forged(record, msg, sender, from));
                } else if from == record.node {
                    told.push(book.event(record, format!("node {node} received its own #{msg}")));
                } else {
                    let what = if told.is_empty() {
                        String::new()
                    } else {
                        format!(": {}", text(id))
                    };
                    let said = format!("node {node} received #{msg} from node {}{what}", from.0);
                    told.push(book.event(record, said));
                }
                told
            }
            What::Arm(tag, span) => plainly(format!(
                "node {node} armed the timer {} for {span}",
                text(tag)
            )),
            What::Timer(tag) => plainly(format!("the timer {} of node {node} ran out", text(tag))),
            What::Persist(what) => {
                plainly(format!("node {node} wrote to its disk: {}", text(what)))
            }
            What::Mark(name) => plainly(format!("node {node} left the mark {}", text(name))),
            // Told among the troubles.
            What::Crash(_) | What::Recover(_) | What::Fault(_) | What::Over(_) => vec![],
            _ => {
                let line = text::line(book.trace, record).to_string();
                plainly(
                    line.split_whitespace()
                        .skip(1)
                        .collect::<Vec<_>>()
                        .join(" "),
                )
            }
        }
    }

    /// What the network did to a message that was received all the same: it changed it, or made a second copy.
    fn on_its_way(&self, recv: &Record, number: u64) -> Vec<Reason> {
        let after = |id: u64| self.book.trace.records.partition_point(|it| it.id <= id);
        let between = after(recv.cause)..after(recv.id);
        let between = self.book.trace.records[between].iter();
        let told = between.filter_map(|record| match record.what {
            What::Corrupt {
                msg, text, fault, ..
            } if msg == number => {
                let text = self.book.trace.text(text);
                let said = format!("#{msg} was changed on its way, which nobody noticed: {text}");
                Some(self.book.fault(record, fault, said))
            }
            What::Duplicate { msg, fault, .. } if msg == number && self.end != u64::MAX => {
                let said = format!("the network made a second copy of #{msg}");
                Some(self.book.fault(record, fault, said))
            }
            _ => None,
        });
        told.collect()
    }

    fn forged(&self, recv: &Record, msg: u64, sender: NodeId, name: NodeId) -> Reason {
        let node = recv.node.0;
        let said = format!(
            "node {node} received #{msg} in the name of node {}, which node {} had sent",
            name.0, sender.0
        );
        let forges = |record: &&Record| {
            record.node == sender
                && matches!(record.what, What::Fault(fault) if self.behaves(fault, |it| {
                    matches!(it, Behaviour::Forge { .. })
                }))
        };
        let turned = self.book.trace.records.iter().find(forges);
        match turned.map(|record| record.what) {
            Some(What::Fault(fault)) => self.book.fault(recv, fault, said),
            _ => self.book.event(recv, said),
        }
    }

    /// Is this a Byzantine fault with such a behaviour?
    pub(super) fn behaves(&self, fault: u32, is_it: impl Fn(&Behaviour) -> bool) -> bool {
        match self.book.kind(fault) {
            Some(FaultKind::Byzantine { behaviour, .. }) => behaviour.iter().any(is_it),
            _ => false,
        }
    }

    /// Does this fault empty the disk of those who crash?
    pub(super) fn empties_the_disk(&self, fault: u32) -> bool {
        matches!(
            self.book.kind(fault),
            Some(FaultKind::Crash {
                disk: DiskAfterCrash::Lost,
                ..
            })
        )
    }
}
