//! The fate of every copy on its way from one process to another.

use crate::kernel::id::NodeId;
use crate::kernel::port::Group;
use crate::kernel::protocol::Node;
use crate::kernel::random::{Key, Purpose};
use crate::kernel::receivers::Receivers;
use crate::kernel::time::{SimTime, Span};
use crate::kernel::wire;
use crate::trace::{TextId, What, WhyDropped};

use super::engine::{Kind, Sim};
use super::gauge::Doing;
use super::messages::InFlight;
use super::network::{Channel, Law, Loss, Network, Stabilisation};
use super::numbers::Folded;
use super::queue::Entry;

/// Makes draws of a second sort under the same key.
pub(super) const SECOND: u64 = 1 << 63;

/// The keys behind what befalls messages and processes.
#[derive(Clone, Copy)]
pub(super) struct Fate {
    loss: Key,
    duplicate: Key,
    pub(super) delay: Key,
    burst: Key,
    corrupt: Key,
    pub(super) omission: Key,
    pub(super) adversary: Key,
    pub(super) processing: Key,
    pub(super) storage: Key,
}

impl Fate {
    pub(super) fn new(seed: u64) -> Fate {
        let key = |purpose| Key::new(seed, purpose);
        Fate {
            loss: key(Purpose::Loss),
            duplicate: key(Purpose::Duplicate),
            delay: key(Purpose::Delay),
            burst: key(Purpose::Burst),
            corrupt: key(Purpose::Corrupt),
            omission: key(Purpose::Omission),
            adversary: key(Purpose::Adversary),
            processing: key(Purpose::Processing),
            storage: key(Purpose::Storage),
        }
    }
}

/// A copy on its way: which message, from whom to whom, and what its draws depend on.
#[derive(Clone, Copy)]
pub(super) struct Copy {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) row: u32,
    pub(super) ordinal: u64,
    /// Bytes of the message.
    pub(super) size: u64,
}

impl<P: Node> Sim<'_, P> {
    /// Decides the fate of every copy where all fare alike: nothing depends on what was sent before. Gives how many will
    /// arrive.
    pub(super) fn dispatch(
        &mut self,
        network: &Network,
        from: NodeId,
        receivers: &Receivers,
        row: u32,
        ordinal: u64,
    ) -> u32 {
        let (now, who) = (self.now, u64::from(from.0));
        let Law {
            latency,
            duplicate: duplication,
            loss: Loss::Bernoulli(loss_probability),
            numbers,
            ..
        } = &network.law
        else {
            unreachable!("where there are bursts, messages do not fare alike")
        };
        let delay = self.fate.delay.at(who, ordinal);
        let loss = (!loss_probability.is_never()).then(|| self.fate.loss.at(who, ordinal));
        // A second copy draws its delay under a key of its own, so that the first keeps its draw.
        let duplicate = (!duplication.is_never()).then(|| {
            let key = self.fate.duplicate;
            (key.at(who, ordinal), key.at(who | SECOND, ordinal))
        });
        let handle = Kind::Arrival.handle(row);
        let mut left = 0;
        for to in receivers.iter() {
            if to == from {
                // A message to oneself is not the network's business.
                left += self.arrives_here(to, now, handle);
                continue;
            }
            if loss.is_some_and(|draws| draws.chance(to.0, *loss_probability)) {
                self.counters.lost += 1;
                self.drop_copy(Folded::Lost, to, row, WhyDropped::Lost(numbers.loss));
                continue;
            }
            left += self.arrives(to, now.after(latency.sample(delay, to.0)), handle);
            let twice = duplicate.filter(|(whether, _)| whether.chance(to.0, *duplication));
            if let Some((_, second)) = twice {
                self.doubled(to, row, numbers.duplicate);
                left += self.arrives(to, now.after(latency.sample(second, to.0)), handle);
            }
        }
        left
    }

    /// Decides the fate of every copy, one after the other, with all that can befall it. Gives how many will arrive.
    pub(super) fn route_all(
        &mut self,
        network: &Network,
        from: NodeId,
        receivers: &Receivers,
        row: u32,
        ordinal: u64,
        size: u64,
    ) -> u32 {
        let mut left = 0;
        for to in receivers.iter() {
            if to == from {
                left += self.arrives_here(to, self.now, Kind::Arrival.handle(row));
                continue;
            }
            let copy = Copy {
                from,
                to,
                row,
                ordinal,
                size,
            };
            left += self.route(network, copy);
        }
        left
    }

    /// The fate of one copy.
    fn route(&mut self, network: &Network, copy: Copy) -> u32 {
        let Copy {
            from,
            to,
            row,
            ordinal,
            ..
        } = copy;
        if network.overlay.place(from, to).is_none() {
            self.counters.no_channel += 1;
            self.drop_copy(Folded::NoChannel, to, row, WhyDropped::NoChannel);
            return 0;
        }
        if let Some(fault) = self.omits_to_send(from, to, ordinal) {
            self.counters.omitted += 1;
            self.drop_copy(Folded::NotSent, to, row, WhyDropped::NotSent(fault));
            return 0;
        }
        if let Some(fault) = self.refused_name(network, from) {
            self.counters.refused += 1;
            self.drop_copy(Folded::Refused, to, row, WhyDropped::Refused(fault));
            return 0;
        }
        let law = network.law_between(from, to);
        let cut = self.cut_between(from, to);
        if let Some(fault) = cut.filter(|_| !network.holds) {
            self.counters.cut += 1;
            self.drop_copy(Folded::Cut, to, row, WhyDropped::Cut(fault));
            return 0;
        }
        let Some(departure) = self.departs(network, law, copy) else {
            self.counters.overflowed += 1;
            let why = WhyDropped::Overflow(law.numbers.overflow);
            self.drop_copy(Folded::Overflow, to, row, why);
            return 0;
        };
        // What is lost is lost on the way: it has taken its turn.
        if self.is_lost(law, copy) {
            self.counters.lost += 1;
            self.drop_copy(Folded::Lost, to, row, WhyDropped::Lost(law.numbers.loss));
            return 0;
        }
        let Some(row) = self.travels(network, law, copy) else {
            return 0;
        };
        let copies = self.set_off(network, law, Copy { row, ..copy }, departure, cut);
        if row == copy.row {
            return copies;
        }
        // What was changed on its way is a message of its own.
        self.messages.expect(row, copies);
        0
    }

    /// A copy that arrives, once or twice, or waits for the heal of what cuts its way. Gives how often it will arrive.
    fn set_off(
        &mut self,
        network: &Network,
        law: &Law,
        copy: Copy,
        departure: SimTime,
        cut: Option<u32>,
    ) -> u32 {
        let Copy {
            from,
            to,
            row,
            ordinal,
            ..
        } = copy;
        let who = u64::from(from.0);
        let delay = law.latency.sample(self.fate.delay.at(who, ordinal), to.0);
        let late = self.late(from, row, to);
        let handle = Kind::Arrival.handle(row);
        if let Some(fault) = cut {
            self.hold(copy, fault, handle, [delay, late]);
            return 1;
        }
        let at = self.arrival(network, law, copy, departure, [delay, late]);
        let mut copies = self.arrives(to, at, handle);
        let key = self.fate.duplicate;
        if law.duplicate.is_never() || !key.at(who, ordinal).chance(to.0, law.duplicate) {
            return copies;
        }
        self.doubled(to, row, law.numbers.duplicate);
        let delay = law.latency.sample(key.at(who | SECOND, ordinal), to.0);
        let at = self.arrival(network, law, copy, departure, [delay, late]);
        copies += self.arrives(to, at, handle);
        copies
    }

    /// Is the copy lost by chance?
    fn is_lost(&mut self, law: &Law, copy: Copy) -> bool {
        let (who, lane) = (u64::from(copy.from.0), copy.to.0);
        let draws = self.fate.loss.at(who, copy.ordinal);
        match law.loss {
            Loss::Bernoulli(p) => draws.chance(lane, p),
            Loss::GilbertElliott {
                to_bad,
                to_good,
                good,
                bad,
            } => {
                let turns = self.fate.burst.at(who, copy.ordinal);
                let channel = self.channels.entry((copy.from, copy.to)).or_default();
                let p = if channel.bad { to_good } else { to_bad };
                channel.bad ^= turns.chance(lane, p);
                let p = if channel.bad { bad } else { good };
                draws.chance(lane, p)
            }
        }
    }

    /// When the copy has left its sender; none if there is no room for it.
    fn departs(&mut self, network: &Network, law: &Law, copy: Copy) -> Option<SimTime> {
        let Some(bandwidth) = law.bandwidth else {
            return Some(self.now);
        };
        // On a shared medium everybody waits for everybody, and all copies of a group send leave in one frame.
        if let Some(departure) = self.frame.filter(|_| network.shared) {
            return Some(departure);
        }
        let channel = if network.shared {
            (NodeId::ALL, NodeId::ALL)
        } else {
            (copy.from, copy.to)
        };
        let now = self.now.as_nanos();
        let channel: &mut Channel = self.channels.entry(channel).or_default();
        let busy = channel.busy_until.saturating_sub(now);
        if bandwidth.waiting(busy).saturating_add(copy.size) > bandwidth.queue {
            return None;
        }
        channel.busy_until = now
            .saturating_add(busy)
            .saturating_add(bandwidth.time(copy.size));
        let departure = SimTime::from_nanos(channel.busy_until);
        self.frame = Some(departure);
        Some(departure)
    }

    /// The row of what arrives: one of its own if the copy was changed on its way. None if that was noticed.
    fn travels(&mut self, network: &Network, law: &Law, copy: Copy) -> Option<u32> {
        let Copy {
            from,
            to,
            row,
            ordinal,
            ..
        } = copy;
        let who = u64::from(from.0);
        if law.corrupt.is_never() || !self.fate.corrupt.at(who, ordinal).chance(to.0, law.corrupt) {
            return Some(row);
        }
        let fault = law.numbers.corrupt;
        if network.checksum {
            self.counters.corrupted += 1;
            self.drop_copy(Folded::Corrupted, to, row, WhyDropped::Corrupted(fault));
            return None;
        }
        let mut bytes = wire::encode(&self.messages.get(row).body);
        let bits = 8 * bytes.len() as u64;
        let draws = self.fate.corrupt.at(who | SECOND, ordinal);
        let bit = if bits == 0 {
            0
        } else {
            draws.below(to.0, bits)
        };
        if let Some(byte) = usize::try_from(bit / 8)
            .ok()
            .and_then(|at| bytes.get_mut(at))
        {
            *byte ^= 1 << (bit % 8);
        }
        let Some(body) = wire::decode::<P::Wire>(&bytes) else {
            self.counters.corrupted += 1;
            self.drop_copy(Folded::Garbled, to, row, WhyDropped::Corrupted(fault));
            return None;
        };
        let original = self.messages.get(row);
        let place = original.place(to, &network.overlay);
        let changed = InFlight {
            body,
            from: original.from,
            sender: original.sender,
            to: Group::One(to),
            ordinal: original.ordinal,
            start: 0,
            sent: original.sent,
            first_event: original.first_event + place,
            first_message: original.first_message + place,
            depth: original.depth,
            left: 0,
            size: original.size,
        };
        let row = self.messages.insert(changed);
        self.copy_event(Folded::Corrupted, to, row, fault, |msg, text| {
            What::Corrupt {
                msg,
                to,
                text,
                fault,
            }
        });
        Some(row)
    }

    /// When a copy arrives that left at `departure`.
    pub(super) fn arrival(
        &mut self,
        network: &Network,
        law: &Law,
        copy: Copy,
        departure: SimTime,
        [delay, late]: [Span; 2],
    ) -> SimTime {
        let mut at = departure.after(delay);
        if let Some(Stabilisation { gst, bound }) = network.stabilisation {
            let stable = self.now.max(SimTime::from_nanos(gst.as_nanos()));
            at = at.min(stable.after(bound));
        }
        // The bound is the network's; a traitor keeps none.
        at = at.after(late);
        if law.fifo {
            let channel = self.channels.entry((copy.from, copy.to)).or_default();
            channel.last_arrival = channel.last_arrival.max(at.as_nanos());
            at = SimTime::from_nanos(channel.last_arrival);
        }
        at
    }

    /// A copy will arrive. Gives how many arrivals the queue holds for it: none if it leaves for the world outside.
    #[inline]
    pub(super) fn arrives(&mut self, to: NodeId, at: SimTime, handle: u32) -> u32 {
        if self.live.is_some() {
            self.leaves(to, at, handle);
            return 0;
        }
        self.arrives_here(to, at, handle)
    }

    #[inline]
    pub(super) fn arrives_here(&mut self, to: NodeId, at: SimTime, handle: u32) -> u32 {
        self.gauge.set(Doing::Queue);
        self.push(Entry {
            at: at.as_nanos(),
            node: to.0,
            handle,
        });
        self.gauge.set(Doing::Network);
        1
    }

    /// The network made a second copy.
    fn doubled(&mut self, to: NodeId, row: u32, fault: u32) {
        self.counters.duplicated += 1;
        self.copy_event(Folded::Duplicate, to, row, fault, |msg, text| {
            What::Duplicate {
                msg,
                to,
                text,
                fault,
            }
        });
    }

    /// The copy for `to` comes to nothing on its way.
    fn drop_copy(&mut self, folded: Folded, to: NodeId, row: u32, why: WhyDropped) {
        let fault = why.fault().unwrap_or(u32::MAX);
        self.copy_event(folded, to, row, fault, |msg, text| What::Drop {
            msg,
            peer: to,
            text,
            why,
        });
    }

    /// Something befell the copy for `to` on its way, by the fault of this number.
    pub(super) fn copy_event(
        &mut self,
        folded: Folded,
        to: NodeId,
        row: u32,
        fault: u32,
        what: impl FnOnce(u64, TextId) -> What,
    ) {
        let message = self.messages.get(row);
        let place = message.place(to, &self.network.overlay);
        let (node, cause) = (message.sender, message.first_event + place);
        let msg = message.first_message + place;
        let text = self
            .recorder
            .as_mut()
            .map(|recorder| recorder.summary(&message.body));
        let event = self.next_event(folded, node, msg);
        self.fire(fault, event);
        self.note_text(event, cause, node, text, |text| what(msg, text));
    }
}
