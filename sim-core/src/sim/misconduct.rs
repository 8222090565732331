//! What a faulty process does to messages that is not the network's doing: it omits them, sends them late or in another's
//! name; and which of its faults made a difference.

use crate::kernel::id::NodeId;
use crate::kernel::protocol::Node;
use crate::kernel::random::Probability;
use crate::kernel::time::Span;
use crate::trace::What;

use super::engine::Sim;
use super::host::{Omission, Trouble};
use super::interpret::Cause;
use super::network::Network;
use super::numbers::Folded;
use super::route::SECOND;

impl<P: Node> Sim<'_, P> {
    /// The name under which a process in trouble sends.
    pub(super) fn name_on_the_wire(&mut self, from: NodeId, event: u64) -> NodeId {
        let forges = self.afflicted.get(&from).and_then(|it| it.forges.last());
        let Some((&sender, fault)) = forges else {
            return from;
        };
        // What nobody believes is counted copy by copy.
        if !self.network.authentic {
            self.fire(fault, event);
        }
        sender
    }

    /// The fault behind a name that nobody believes.
    pub(super) fn refused_name(&self, network: &Network, from: NodeId) -> Option<u32> {
        if !network.authentic || !self.hosts[from.index()].trouble.has(Trouble::WIRE) {
            return None;
        }
        let (_, fault) = self.afflicted.get(&from)?.forges.last()?;
        Some(fault)
    }

    /// How late a process sends on purpose.
    pub(super) fn late(&mut self, from: NodeId, row: u32, to: NodeId) -> Span {
        if !self.hosts[from.index()].trouble.has(Trouble::WIRE) {
            return Span::ZERO;
        }
        let late = self.afflicted.get(&from).and_then(|it| it.late.last());
        let Some((&by, fault)) = late else {
            return Span::ZERO;
        };
        let message = self.messages.get(row);
        let event = message.first_event + message.place(to, &self.network.overlay);
        self.fire(fault, event);
        by
    }

    /// The fault by which a process omits to send this copy, if it does.
    pub(super) fn omits_to_send(&self, from: NodeId, to: NodeId, ordinal: u64) -> Option<u32> {
        self.omits(from, [u64::from(from.0), ordinal], to, |it| it.send)
    }

    /// The fault by which a process omits to receive the copy that has arrived for it, if it does.
    pub(super) fn omits_to_receive(&self, node: NodeId, row: u32) -> Option<u32> {
        let message = self.messages.get(row);
        let who = u64::from(message.sender.0) | SECOND;
        let draws = [who, u64::from(message.ordinal)];
        let other = message.sender != node;
        other.then(|| self.omits(node, draws, node, |it| it.receive))?
    }

    /// The first of the faults of a process that omits a copy, each with a probability and a draw of its own.
    fn omits(
        &self,
        node: NodeId,
        [who, ordinal]: [u64; 2],
        receiver: NodeId,
        probability: impl Fn(&Omission) -> Probability,
    ) -> Option<u32> {
        if !self.hosts[node.index()].trouble.has(Trouble::OMITS) {
            return None;
        }
        let omissions = &self.afflicted.get(&node)?.omissions;
        let mut omits = (0..)
            .zip(omissions.iter())
            .filter(|(place, (omission, _))| {
                let draws = self.fate.omission.at(who | place << 40, ordinal);
                draws.chance(receiver.0, probability(omission))
            });
        omits.next().map(|(_, (_, fault))| fault)
    }

    /// After a handler of a process in trouble: which faults made a difference?
    pub(super) fn blame(&mut self, node: NodeId, cause: Cause) {
        let (looks, struck) = (self.buffer.env.looks, self.buffer.env.adversary.struck);
        let lies = self.buffer.env.adversary.made;
        self.buffer.env.adversary = Default::default();
        self.afflict(node).lies = lies;
        let afflicted = &self.afflicted[&node];
        let mut fired = Vec::new();
        if looks.wall > 0 {
            fired.extend(&afflicted.clock.skews);
        }
        if looks.wall + looks.monotonic > 0 {
            fired.extend(afflicted.clock.drifts.iter().map(|(_, fault)| fault));
        }
        let deviated: Vec<u32> = (0..)
            .zip(&afflicted.behaviours)
            .filter(|(bit, _)| struck >> bit & 1 == 1)
            .map(|(_, fault)| *fault)
            .collect();
        for fault in fired {
            self.fire(fault, cause.event);
        }
        for fault in deviated {
            let event = self.next_event(Folded::Deviate, node, u64::from(fault));
            self.note(event, cause.event, node, |_| What::Fault(fault));
            self.fire(fault, event);
        }
    }
}
