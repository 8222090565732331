//! Sending: one message to one process or to a group. A fault may fall between any two copies.
//!
//! A group send is one body, one ordinal, and for each receiver one draw a purpose. The draws depend on the seed, the
//! sender, its ordinal and the receiver alone: whatever else is added to a run or taken from it, they stay.

use std::ops::Range;
use std::rc::Rc;

use crate::kernel::canonical::{Digest, digest};
use crate::kernel::id::NodeId;
use crate::kernel::port::{Group, Transmit};
use crate::kernel::protocol::Node;
use crate::kernel::receivers::Receivers;
use crate::trace::{Record, What};

use super::engine::{Kind, Sim};
use super::gauge::Doing;
use super::host::Trouble;
use super::interpret::Cause;
use super::messages::{InFlight, Letter};
use super::numbers::Folded;
use super::outcome::Copies;

/// What a process can have that matters when it sends.
const TROUBLE_TO_SEND: Trouble = Trouble::WIRE.with(Trouble::OMITS);

impl<P: Node> Sim<'_, P> {
    pub(super) fn transmit(&mut self, from: NodeId, transmit: Transmit<P::Wire>, cause: Cause) {
        self.gauge.set(Doing::Network);
        self.send_out(from, transmit, cause);
        self.gauge.set(Doing::Engine);
    }

    #[inline]
    fn send_out(&mut self, from: NodeId, transmit: Transmit<P::Wire>, cause: Cause) {
        let Transmit { to, msg: body } = transmit;
        let host = &mut self.hosts[from.index()];
        let ordinal = host.sends;
        host.sends += 1;
        let unhindered = !host.trouble.has(TROUBLE_TO_SEND.with(Trouble::COUNTED));
        if let Group::One(to) = to
            && unhindered
            && self.is_direct(from, to)
        {
            return self.send_direct(from, to, body, ordinal, cause);
        }
        (self.frame, self.framed) = (None, false);
        let mut receivers = to.receivers(from, &self.network.overlay);
        loop {
            let counted = self.hosts[from.index()].trouble.has(Trouble::COUNTED);
            let sends = counted.then(|| self.alarms.sends.get_mut(&from)).flatten();
            let Some(sends) = sends else {
                return self.send(from, to, &receivers, body, ordinal, cause);
            };
            let others = receivers.others();
            if others == 0 || sends.left > others {
                sends.left -= others;
                return self.send(from, to, &receivers, body, ordinal, cause);
            }
            let first = receivers.split(sends.left);
            sends.left = 0;
            self.send(from, to, &first, body.clone(), ordinal, cause);
            self.strike_after_sends(from, cause.event);
            if !self.hosts[from.index()].up || receivers.places().is_empty() {
                return;
            }
        }
    }

    /// Does nothing but a delay befall what `from` sends to `to`, and does nobody watch?
    #[inline]
    fn is_direct(&self, from: NodeId, to: NodeId) -> bool {
        self.direct
            && self.faults.cuts.is_empty()
            && self.recorder.is_none()
            && to != from
            && to.0 < self.setup.nodes
    }

    /// What nearly all sends of a simulation are: the same as [`Sim::send`], without a look at what is not there.
    fn send_direct(&mut self, from: NodeId, to: NodeId, body: P::Wire, ordinal: u32, cause: Cause) {
        let digest = digest(&body);
        let group = Group::One(to);
        let (first_event, first_message) = self.count_copies(from, group, 0..1, 1, &digest);
        self.counters.frames += 1;
        let message = InFlight {
            body,
            from,
            sender: from,
            to: group,
            ordinal,
            start: 0,
            sent: self.now,
            first_event,
            first_message,
            depth: cause.depth,
            left: 1,
            size: digest.size,
        };
        let handle = match Letter::of(message) {
            Ok(letter) => Kind::Letter.handle(self.messages.post(letter)),
            Err(message) => Kind::Arrival.handle(self.messages.insert(message)),
        };
        let draws = self.fate.delay.at(u64::from(from.0), u64::from(ordinal));
        let delay = self.network.law.latency.sample(draws, to.0);
        self.arrives_here(to, self.now.after(delay), handle);
        self.counters.pending_max = self.counters.pending_max.max(self.pending() as u64);
    }

    /// Numbers and counts the copies of a send, and folds it into the fingerprint. Gives the numbers of the first copy, as
    /// an event and as a message.
    #[inline(always)] // Of a send to one process hardly anything has to be worked out.
    fn count_copies(
        &mut self,
        from: NodeId,
        to: Group,
        places: Range<u32>,
        to_others: u64,
        digest: &Digest,
    ) -> (u64, u64) {
        let copies = u64::from(places.end - places.start);
        let first = (self.events + 1, self.sends + 1);
        self.events += copies;
        self.sends += copies;
        self.counters.messages += to_others;
        let of_kind = Copies {
            net: to_others,
            with_self: copies,
        };
        self.counters.kinds.add(digest.kind, of_kind);
        self.counters.messages_with_self += copies;
        self.counters.bytes += to_others * u64::from(digest.size);
        self.fold.word(self.now.as_nanos() ^ Folded::Send.tag(from));
        self.fold.word(digest.hash);
        self.fold
            .word(u64::from(places.start) << 32 | u64::from(places.end));
        if let Group::One(to) = to {
            self.fold.word(u64::from(to.0));
        }
        first
    }

    /// Sends a copy to each of the receivers.
    fn send(
        &mut self,
        from: NodeId,
        to: Group,
        receivers: &Receivers,
        body: P::Wire,
        ordinal: u32,
        cause: Cause,
    ) {
        let places = receivers.places();
        let (to_others, copies) = (receivers.others(), u64::from(places.end - places.start));
        if copies == 0 {
            return;
        }
        let network = &Rc::clone(&self.network);
        let digest = digest(&body);
        let (first_event, first_message) =
            self.count_copies(from, to, places.clone(), to_others, &digest);
        if !network.shared {
            self.counters.frames += to_others;
        } else if to_others > 0 && !self.framed {
            self.framed = true;
            self.counters.frames += 1;
        }
        if let Some(recorder) = &mut self.recorder {
            self.gauge.set(Doing::Trace);
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
            self.gauge.set(Doing::Network);
        }
        let mut message = InFlight {
            body,
            from,
            sender: from,
            to,
            ordinal,
            start: places.start,
            sent: self.now,
            first_event,
            first_message,
            depth: cause.depth,
            left: 0,
            size: digest.size,
        };
        let troubled = self.hosts[from.index()].trouble.has(TROUBLE_TO_SEND);
        if troubled {
            message.from = self.name_on_the_wire(from, first_event);
        }
        let row = self.messages.insert(message);
        // Who believes a corrupted or invented message may answer a process that does not exist: there is no channel.
        let exists = !matches!(to, Group::One(to) if to.0 >= self.setup.nodes);
        let left = if self.plain && self.faults.cuts.is_empty() && !troubled && exists {
            match receivers.spans() {
                Some(spans) if self.direct => {
                    self.send_directly(from, spans, row);
                    places.end - places.start
                }
                _ => self.dispatch(network, from, receivers, row, u64::from(ordinal)),
            }
        } else {
            let size = u64::from(digest.size);
            self.route_all(network, from, receivers, row, u64::from(ordinal), size)
        };
        self.messages.expect(row, left);
        self.counters.pending_max = self.counters.pending_max.max(self.pending() as u64);
    }
}
