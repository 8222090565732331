//! Sending: one message to one process or to a group, and the fate of every copy.
//!
//! A group send is one body, one ordinal, and for each receiver one draw a purpose. The draws depend on the seed, the
//! sender, its ordinal and the receiver alone: whatever else is added to a run or taken from it, they stay.

use std::ops::Range;

use crate::kernel::canonical::digest;
use crate::kernel::id::NodeId;
use crate::kernel::port::{Group, Transmit};
use crate::kernel::protocol::Node;
use crate::kernel::random::Key;
use crate::trace::{Record, What, WhyDropped};

use super::engine::{Kind, Sim, UNCUT};
use super::interpret::Cause;
use super::messages::InFlight;
use super::numbers::Folded;
use super::queue::Entry;

/// Accounted bytes of one message besides its body: what it takes on a 64-bit machine.
const BYTES_MESSAGE: u64 = 96;

/// The keys behind the fate of messages.
#[derive(Clone, Copy)]
pub(super) struct Fate {
    pub(super) loss: Key,
    pub(super) duplicate: Key,
    pub(super) delay: Key,
}

/// Who gets a copy: a range of processes, perhaps without the sender.
#[derive(Clone)]
struct Receivers {
    range: Range<u32>,
    /// The sender, if it is to be left out.
    without: Option<u32>,
}

impl Receivers {
    fn iter(&self) -> impl Iterator<Item = NodeId> + use<> {
        let without = self.without;
        self.range
            .clone()
            .filter(move |to| Some(*to) != without)
            .map(NodeId)
    }
}

impl<P: Node> Sim<P> {
    pub(super) fn transmit(&mut self, from: NodeId, transmit: Transmit<P::Wire>, cause: Cause) {
        let Transmit { to, msg: body } = transmit;
        let host = &mut self.hosts[from.index()];
        let ordinal = u64::from(host.sends);
        host.sends += 1;
        let range = match to {
            Group::One(to) => to.0..to.0 + 1,
            _ => 0..self.setup.nodes,
        };
        assert!(
            range.end <= self.setup.nodes,
            "{from} sends to n{}, which does not exist",
            range.start
        );
        // A crash after so many sends cuts the group short.
        let (range, to_others, crashes) = cut(range, from, host.cut);
        if host.cut != UNCUT {
            host.cut -= to_others;
        }
        let without = (to == Group::Others).then_some(from.0);
        let copies = to_others + u64::from(without.is_none() && range.contains(&from.0));
        let receivers = Receivers { range, without };
        let digest = digest(&body);
        let (first_event, first_message) = (self.events + 1, self.sends + 1);
        self.events += copies;
        self.sends += copies;
        self.counters.messages += to_others;
        self.counters.messages_with_self += copies;
        self.counters.bytes += to_others * u64::from(digest.size);
        self.fold.word(self.now.as_nanos() ^ Folded::Send.tag(from));
        self.fold.word(digest.hash);
        self.fold
            .word(u64::from(receivers.range.start) << 32 | u64::from(receivers.range.end));
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
        if copies > 0 {
            let bytes = BYTES_MESSAGE + u64::from(digest.size);
            let (sent, depth) = (self.now, cause.depth);
            let message = InFlight {
                body,
                from,
                to,
                sent,
                first_event,
                first_message,
                depth,
                left: 0,
                bytes,
            };
            let row = self.messages.insert(message);
            self.dispatch(from, &receivers, row, ordinal);
        }
        if crashes {
            let fault = self.hosts[from.index()].cut_fault;
            self.crash(from, fault, cause.event);
        }
    }

    /// Decides the fate of every copy, and queues those that will arrive.
    fn dispatch(&mut self, from: NodeId, receivers: &Receivers, row: u32, ordinal: u64) {
        let (now, who) = (self.now, u64::from(from.0));
        let (losing, doubling) = (self.setup.network.loss, self.setup.network.duplicate);
        let delay = self.fate.delay.at(who, ordinal);
        let loss = (!losing.is_never()).then(|| self.fate.loss.at(who, ordinal));
        // A second copy draws its delay under a key of its own, so that the first keeps its draw.
        let duplicate = (!doubling.is_never()).then(|| {
            let key = self.fate.duplicate;
            (key.at(who, ordinal), key.at(who | 1 << 63, ordinal))
        });
        let handle = Kind::Arrival.handle(row);
        let mut left = 0;
        for to in receivers.iter() {
            if to == from {
                // A message to oneself is not the network's business.
                self.queue.push(Entry {
                    at: now.as_nanos(),
                    node: to.0,
                    handle,
                });
                left += 1;
                continue;
            }
            if loss.is_some_and(|draws| draws.chance(to.0, losing)) {
                self.counters.lost += 1;
                self.network_did(Folded::Lost, to, row);
                continue;
            }
            let at = now
                .after(self.setup.network.latency.sample(delay, to.0))
                .as_nanos();
            self.queue.push(Entry {
                at,
                node: to.0,
                handle,
            });
            left += 1;
            let twice = duplicate.filter(|(whether, _)| whether.chance(to.0, doubling));
            if let Some((_, second)) = twice {
                self.counters.duplicated += 1;
                self.network_did(Folded::Duplicate, to, row);
                let at = now
                    .after(self.setup.network.latency.sample(second, to.0))
                    .as_nanos();
                self.queue.push(Entry {
                    at,
                    node: to.0,
                    handle,
                });
                left += 1;
            }
        }
        self.messages.expect(row, left);
        self.counters.pending_max = self.counters.pending_max.max(self.queue.len() as u64);
    }

    /// The network lost or doubled the copy for `to`.
    fn network_did(&mut self, folded: Folded, to: NodeId, row: u32) {
        let message = self.messages.get(row);
        let (from, place) = (message.from, message.place(to));
        let (cause, msg) = (message.first_event + place, message.first_message + place);
        let text = self
            .recorder
            .as_mut()
            .map(|recorder| recorder.summary(&message.body));
        let event = self.next_event(folded, from, msg);
        self.note_text(event, cause, from, text, |text| match folded {
            Folded::Duplicate => What::Duplicate { msg, to, text },
            _ => What::Drop {
                msg,
                peer: to,
                text,
                why: WhyDropped::Lost,
            },
        });
    }
}

/// Cuts a group send after `left` copies to others: the receivers that remain, how many of them are others, and
/// whether the sender crashes.
fn cut(receivers: Range<u32>, from: NodeId, left: u64) -> (Range<u32>, u64, bool) {
    let start = receivers.start;
    let others_below =
        |end: u32| u64::from(end - start) - u64::from((start..end).contains(&from.0));
    let all = others_below(receivers.end);
    if left > all || all == 0 {
        return (receivers, all, false);
    }
    // The least end below which there are `left` receivers other than the sender.
    let mut end = start;
    while others_below(end) < left {
        end += 1;
    }
    (start..end, left, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `AfterSends(k)` counts copies to others; the sender's own copy neither counts nor outlives the crash.
    #[test]
    fn cuts_a_group_between_two_copies() {
        assert_eq!(cut(0..5, NodeId(0), UNCUT), (0..5, 4, false));
        assert_eq!(cut(0..5, NodeId(0), 5), (0..5, 4, false));
        assert_eq!(cut(0..5, NodeId(0), 4), (0..5, 4, true));
        assert_eq!(cut(0..5, NodeId(0), 2), (0..3, 2, true));
        assert_eq!(cut(0..5, NodeId(3), 4), (0..5, 4, true));
        assert_eq!(cut(0..5, NodeId(4), 4), (0..4, 4, true));
        assert_eq!(cut(0..5, NodeId(2), 0), (0..0, 0, true));
        assert_eq!(
            cut(2..3, NodeId(2), 0),
            (2..3, 0, false),
            "a message to oneself is not sent to others"
        );
    }
}
