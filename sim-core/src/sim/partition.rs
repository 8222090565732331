//! Partitions: who is cut from whom just now, what waits for the heal, and how a cut flaps.

use std::rc::Rc;

use crate::kernel::id::NodeId;
use crate::kernel::protocol::Node;
use crate::kernel::time::Span;
use crate::trace::What;

use super::engine::{Kind, Sim};
use super::fault::{Cut, Fault, Strike};
use super::numbers::Folded;
use super::route::Copy;
use super::strike::Act;

/// A copy that waits for a partition to heal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    from: NodeId,
    to: NodeId,
    handle: u32,
    /// How long it will travel once it may, and how late a traitor sends it.
    delay: [Span; 2],
}

impl<P: Node> Sim<'_, P> {
    /// A cut opens, or closes again.
    pub(super) fn flap(&mut self, row: u32) {
        self.faults.flaps_planned -= 1;
        let (number, flap) = match &self.setup.faults[row as usize] {
            Fault {
                number,
                strike: Strike::Cut {
                    flap: Some(flap), ..
                },
                ..
            } => (*number, *flap),
            _ => return,
        };
        let Some(cut) = self.faults.cuts.iter_mut().find(|(cut, _)| *cut == row) else {
            return; // It has healed for good.
        };
        cut.1 = !cut.1;
        let closed = cut.1;
        let (next, folded) = if closed {
            (flap.0, Folded::Fault)
        } else {
            (flap.1, Folded::Over)
        };
        let event = self.announce(folded, NodeId::ALL, number, 0);
        if !closed {
            self.release();
            self.repaired(event);
        }
        self.plan(Act::Flap(row), self.now.after(next));
    }

    /// The number of the fault that cuts the way between two processes, if one does.
    pub(super) fn cut_between(&self, from: NodeId, to: NodeId) -> Option<u32> {
        let closed = self.faults.cuts.iter().filter(|(_, closed)| *closed);
        let mut faults = closed.map(|(row, _)| &self.setup.faults[*row as usize]);
        let blocks = |cut: &Cut| cut.blocks(from, to);
        faults
            .find(|fault| matches!(&fault.strike, Strike::Cut { cut, .. } if blocks(cut)))
            .map(|fault| fault.number)
    }

    /// A copy waits for the heal of a partition.
    pub(super) fn hold(&mut self, copy: Copy, fault: u32, handle: u32, delay: [Span; 2]) {
        let Copy { from, to, row, .. } = copy;
        self.counters.held += 1;
        self.copy_event(Folded::Hold, to, row, fault, |msg, text| What::Hold {
            msg,
            to,
            text,
            fault,
        });
        self.held.push(Held {
            from,
            to,
            handle,
            delay,
        });
    }

    /// A partition has healed: what nothing cuts any more goes on its way, in the order in which it was sent.
    pub(super) fn release(&mut self) {
        let network = Rc::clone(&self.network);
        for held in std::mem::take(&mut self.held) {
            let Held {
                from,
                to,
                handle,
                delay,
            } = held;
            if self.cut_between(from, to).is_some() {
                self.held.push(held);
                continue;
            }
            let copy = Copy {
                from,
                to,
                row: 0,
                ordinal: 0,
                size: 0,
            };
            let law = network.law_between(from, to);
            let at = self.arrival(&network, law, copy, self.now, delay);
            if self.arrives(to, at, handle) == 0 {
                self.messages.discard(Kind::of(handle).1);
            }
        }
    }
}
