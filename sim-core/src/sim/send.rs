//! Sending: one message to one process or to a group. A fault may fall between any two copies.
//!
//! A group send is one body, one ordinal, and for each receiver one draw a purpose. The draws depend on the seed, the
//! sender, its ordinal and the receiver alone: whatever else is added to a run or taken from it, they stay.

use std::ops::Range;
use std::rc::Rc;

use crate::kernel::canonical::digest;
use crate::kernel::id::NodeId;
use crate::kernel::overlay::Overlay;
use crate::kernel::port::{Group, Transmit};
use crate::kernel::protocol::Node;
use crate::trace::{Record, What};

use super::engine::Sim;
use super::host::{Trouble, UNWATCHED};
use super::interpret::Cause;
use super::messages::InFlight;
use super::network::Network;
use super::numbers::Folded;

/// Accounted bytes of one message besides its body: what it takes on a 64-bit machine.
const BYTES_MESSAGE: u64 = 104;

/// Who gets a copy: the processes of a group, by their places in it.
#[derive(Clone)]
pub(super) struct Receivers<'a> {
    from: NodeId,
    to: Group,
    overlay: &'a Overlay,
    /// The place that is left out of the list of neighbours.
    but: Option<u32>,
    pub(super) places: Range<u32>,
}

impl<'a> Receivers<'a> {
    #[inline]
    fn new(from: NodeId, to: Group, overlay: &'a Overlay) -> Self {
        let but = match to {
            Group::NeighboursBut(but) => overlay.place(from, but),
            _ => None,
        };
        let count = match to {
            Group::One(_) => 1,
            Group::All => overlay.nodes(),
            Group::Others => overlay.nodes() - 1,
            Group::Neighbours => overlay.degree(from),
            Group::NeighboursBut(_) => overlay.degree(from) - u32::from(but.is_some()),
        };
        Receivers {
            from,
            to,
            overlay,
            but,
            places: 0..count,
        }
    }

    /// The receiver at a place.
    #[inline]
    fn at(&self, place: u32) -> NodeId {
        match self.to {
            Group::One(to) => to,
            Group::All => NodeId(place),
            Group::Others => NodeId(place + u32::from(place >= self.from.0)),
            Group::Neighbours => self.overlay.neighbour(self.from, place),
            Group::NeighboursBut(_) => {
                let skip = self.but.is_some_and(|but| place >= but);
                self.overlay.neighbour(self.from, place + u32::from(skip))
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.places.clone().map(|place| self.at(place))
    }

    /// Is the sender one of them, and at which place?
    #[inline]
    fn own_place(&self) -> Option<u32> {
        match self.to {
            Group::One(to) => (to == self.from).then_some(0),
            Group::All => Some(self.from.0),
            _ => None,
        }
        .filter(|place| self.places.contains(place))
    }

    /// How many of them are other processes.
    #[inline]
    fn others(&self) -> u64 {
        u64::from(self.places.end - self.places.start) - u64::from(self.own_place().is_some())
    }

    /// Splits off the shortest beginning that holds `count` other processes.
    fn split(&mut self, count: u64) -> Receivers<'a> {
        let start = self.places.start;
        let mut end = start + u32::try_from(count).expect("a fault falls within the group");
        // The own copy does not count, so there is one more place if it stands among the first.
        if count > 0 && self.own_place().is_some_and(|own| own < end) {
            end += 1;
        }
        self.places.start = end;
        Receivers {
            places: start..end,
            ..self.clone()
        }
    }
}

impl<P: Node> Sim<'_, P> {
    pub(super) fn transmit(&mut self, from: NodeId, transmit: Transmit<P::Wire>, cause: Cause) {
        let Transmit { to, msg: body } = transmit;
        let ordinal = self.hosts[from.index()].sends;
        self.hosts[from.index()].sends += 1;
        let network = Rc::clone(&self.network);
        (self.frame, self.framed) = (None, false);
        let mut receivers = Receivers::new(from, to, &network.overlay);
        loop {
            let left = self.hosts[from.index()].sends_left;
            if left == UNWATCHED {
                return self.send(&network, from, &receivers, body, ordinal, cause);
            }
            let others = receivers.others();
            if others == 0 || left > others {
                self.hosts[from.index()].sends_left = left - others;
                return self.send(&network, from, &receivers, body, ordinal, cause);
            }
            let first = receivers.split(left);
            self.hosts[from.index()].sends_left = 0;
            self.send(&network, from, &first, body.clone(), ordinal, cause);
            self.strike_after_sends(from, cause.event);
            if !self.hosts[from.index()].up || receivers.places.is_empty() {
                return;
            }
        }
    }

    /// Sends a copy to each of the receivers.
    fn send(
        &mut self,
        network: &Network,
        from: NodeId,
        receivers: &Receivers<'_>,
        body: P::Wire,
        ordinal: u32,
        cause: Cause,
    ) {
        let places = receivers.places.clone();
        let (to_others, copies) = (receivers.others(), u64::from(places.end - places.start));
        if copies == 0 {
            return;
        }
        let digest = digest(&body);
        let (first_event, first_message) = (self.events + 1, self.sends + 1);
        self.events += copies;
        self.sends += copies;
        self.counters.messages += to_others;
        self.counters.messages_with_self += copies;
        self.counters.bytes += to_others * u64::from(digest.size);
        if !network.shared {
            self.counters.frames += to_others;
        } else if to_others > 0 && !self.framed {
            self.framed = true;
            self.counters.frames += 1;
        }
        self.fold.word(self.now.as_nanos() ^ Folded::Send.tag(from));
        self.fold.word(digest.hash);
        self.fold
            .word(u64::from(places.start) << 32 | u64::from(places.end));
        if let Group::One(to) = receivers.to {
            self.fold.word(u64::from(to.0));
        }
        if let Some(recorder) = &mut self.recorder {
            let text = recorder.summary(&body);
            for (place, to) in (0..).zip(receivers.iter()) {
                let what = What::Send {
                    msg: first_message + place,
                    to,
                    text,
                };
                recorder.record(Record {
                    id: first_event + place,
                    cause: cause.event,
                    at: self.now,
                    node: from,
                    what,
                });
            }
        }
        let mut message = InFlight {
            body,
            from,
            sender: from,
            to: receivers.to,
            ordinal,
            start: places.start,
            sent: self.now,
            first_event,
            first_message,
            depth: cause.depth,
            left: 0,
            bytes: BYTES_MESSAGE + u64::from(digest.size),
        };
        let wire_trouble = Trouble::WIRE.with(Trouble::OMITS);
        let troubled = self.hosts[from.index()].trouble.has(wire_trouble);
        if troubled {
            message.from = self.name_on_the_wire(from, first_event);
        }
        let row = self.messages.insert(message);
        // Who believes a corrupted or invented message may answer a process that does not exist: there is no channel.
        let exists = !matches!(receivers.to, Group::One(to) if to.0 >= self.setup.nodes);
        let left = if self.plain && self.faults.cuts.is_empty() && !troubled && exists {
            self.dispatch(network, from, receivers, row, u64::from(ordinal))
        } else {
            let size = u64::from(digest.size);
            self.route_all(network, from, receivers, row, u64::from(ordinal), size)
        };
        self.messages.expect(row, left);
        self.counters.pending_max = self.counters.pending_max.max(self.queue.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `AfterSends(k)` counts copies to others; the sender's own copy neither counts nor stands at a beginning alone.
    #[test]
    fn cuts_a_group_between_two_copies() {
        let overlay = Overlay::complete(5);
        let cut = |from: u32, to: Group, left: u64| {
            let mut rest = Receivers::new(NodeId(from), to, &overlay);
            let first = rest.split(left);
            let numbers = |part: &Receivers<'_>| part.iter().map(|node| node.0).collect::<Vec<_>>();
            (numbers(&first), first.others(), numbers(&rest))
        };
        assert_eq!(cut(0, Group::All, 2), (vec![0, 1, 2], 2, vec![3, 4]));
        assert_eq!(cut(3, Group::All, 3), (vec![0, 1, 2], 3, vec![3, 4]));
        assert_eq!(cut(4, Group::All, 4), (vec![0, 1, 2, 3], 4, vec![4]));
        assert_eq!(cut(2, Group::All, 0), (vec![], 0, vec![0, 1, 2, 3, 4]));
        assert_eq!(cut(2, Group::Others, 2), (vec![0, 1], 2, vec![3, 4]));
        let own = Receivers::new(NodeId(2), Group::One(NodeId(2)), &overlay);
        assert_eq!(
            own.others(),
            0,
            "a message to oneself is not sent to others"
        );
    }

    #[test]
    fn neighbours_are_named_by_their_places() {
        let edge = |a, b| (NodeId(a), NodeId(b));
        let overlay = Overlay::from_edges(5, [edge(1, 0), edge(1, 3), edge(1, 4)]);
        let to = |group| -> Vec<u32> {
            let receivers = Receivers::new(NodeId(1), group, &overlay);
            receivers.iter().map(|node| node.0).collect()
        };
        assert_eq!(to(Group::Neighbours), [0, 3, 4]);
        assert_eq!(to(Group::NeighboursBut(NodeId(3))), [0, 4]);
        assert_eq!(to(Group::NeighboursBut(NodeId(2))), [0, 3, 4]);
    }
}
