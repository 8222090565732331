//! The machine inside the links that acknowledge and repeat: everything but where the receiver keeps its record.
//!
//! A message to another process gets a number and is transmitted until its ack comes; the receiver acknowledges every
//! copy and delivers the first. Numbers, acks and timers are per pair, so a group send becomes one frame a receiver.
//!
//! * **Sender** (`outbox.rs`): at most 1,024 numbers from the first that is missing are under way; the rest waits in a
//!   bounded backlog. Each message has a due time of its own; one timer runs to the earliest, and none when nothing is
//!   unacknowledged.
//! * **Receiver** (`window.rs`): a watermark and 1,024 bits a sender, so a message that comes after a later one is
//!   neither lost nor delivered twice, and memory does not grow with time.
//! * **Lives**: frames carry the sender's incarnation and the lowest number it waits for. A receiver that has lost its
//!   record goes on from there; a sender that has lost its own begins anew, and its former life is not let in again.

mod estimate;
mod frame;
mod outbox;
mod window;

use alloc::collections::BTreeMap;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use estimate::{JITTER_STEPS, scattered};
use outbox::{Outbox, Pending};
use window::Admission;

pub use estimate::Rto;
pub use frame::{Frame, Stamp, Watermark};
pub use window::{Records, WINDOW};

/// How a link repeats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Retransmission {
    /// How long it waits for an ack.
    pub rto: Rto,
    /// After so many transmissions, from 1, it gives a message up; `None`: never, as a reliable link must.
    pub attempts: Option<u32>,
    /// How many messages to one receiver may wait for room in the window. More are dropped.
    pub backlog: u32,
}

/// The usual length of a backlog.
pub const BACKLOG: u32 = 65_536;

/// The one timer of a link that repeats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Retransmit;

impl fmt::Display for Retransmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("retransmit")
    }
}

/// Sending gave a message up.
const GAVE_UP: &str = "link_gave_up";
/// A message was dropped because too many wait already.
pub(super) const BACKLOG_FULL: &str = "link_backlog_full";
/// A message was transmitted again.
pub(super) const RETRANSMITTED: &str = "link_retransmitted";
/// A copy of what had been delivered was dropped.
const DUPLICATE: &str = "link_duplicate_dropped";
/// A number came that is out of reach for an honest sender.
const ABOVE_WINDOW: &str = "link_above_window";
/// A frame came from a former life of its sender.
const FORMER_LIFE: &str = "link_former_life";
/// A frame came that its sender cannot have meant for this process.
pub(super) const MISPLACED: &str = "link_misplaced";

/// What a receiver must not forget of a message that it delivers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Receipt<M> {
    /// Its number and the watermark before it; none for a message to oneself.
    pub place: Option<(Stamp, Watermark)>,
    /// What is delivered.
    pub arrival: Arrival<M>,
}

impl<M: fmt::Display> fmt::Display for Receipt<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((stamp, _)) => write!(f, "#{} {}", stamp.seq, self.arrival),
            None => self.arrival.fmt(f),
        }
    }
}

/// A layer with an [`Exchange`] inside.
pub(super) trait Carrier<M: Payload>:
    Protocol<Offers = Link<M, Self::Above>, Needs = Link<Frame<M>, Self::Below>, Timer = Retransmit>
{
    /// What it offers.
    type Above: Guarantee;
    /// What it needs.
    type Below: Guarantee;

    /// Keeps what must not be forgotten, before the message is delivered and acknowledged.
    fn keep(receipt: Receipt<M>, fx: &mut impl Effects<Self>);
}

/// One process's end of its links to all others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Exchange<M> {
    config: Retransmission,
    /// This life of this process.
    incarnation: u32,
    outboxes: BTreeMap<NodeId, Outbox<M>>,
    /// Messages in all windows of the outboxes.
    unacked: u64,
    /// When the timer will run out, if it is armed: never later than what is due first.
    alarm: Option<LocalTime>,
    records: Records,
}

impl<M: Payload> Exchange<M> {
    pub(super) const fn new(config: Retransmission) -> Self {
        Exchange {
            config,
            incarnation: 0,
            outboxes: BTreeMap::new(),
            unacked: 0,
            alarm: None,
            records: Records::NONE,
        }
    }

    /// Bytes that the receiving side keeps.
    pub(super) fn window_bytes(&self) -> usize {
        self.records.bytes()
    }

    pub(super) fn boot(&mut self, incarnation: u32, records: Records) {
        (self.incarnation, self.records) = (incarnation, records);
    }

    pub(super) fn on_request<P: Carrier<M>>(
        &mut self,
        Transmit { to, msg }: Transmit<M>,
        fx: &mut impl Effects<P>,
    ) {
        let me = fx.me();
        for to in to.receivers(me, &fx.env().overlay) {
            if to == me {
                fx.send(me, Frame::Own(msg.clone()));
                continue;
            }
            let outbox = self.outboxes.entry(to).or_insert_with(Outbox::new);
            match outbox.queue(msg.clone(), self.config.backlog) {
                Ok(()) => self.fill(to, fx),
                Err(outbox::Full) => fx.mark(BACKLOG_FULL),
            }
        }
    }

    /// Transmits what has a place in the window.
    fn fill<P: Carrier<M>>(&mut self, to: NodeId, fx: &mut impl Effects<P>) {
        let Some(outbox) = self.outboxes.get_mut(&to) else {
            return;
        };
        let mut due = None;
        while let Some(msg) = outbox.next() {
            let now = fx.monotonic();
            let wait = match self.config.rto {
                Rto::Estimated => outbox.estimate.rto(),
                Rto::Fixed(wait) => wait,
            };
            let pending = Pending {
                msg: msg.clone(),
                attempt: 0,
                doublings: 0,
                first: now,
                last: now,
                due: now.after(wait),
            };
            due = due.or(Some((now, pending.due)));
            let stamp = Stamp {
                incarnation: self.incarnation,
                seq: outbox.push(pending),
                attempt: 0,
            };
            let base = outbox.base();
            self.unacked += 1;
            fx.send(to, Frame::Msg { stamp, base, msg });
        }
        if let Some((now, due)) = due {
            self.wake_by(now, due, fx);
        }
    }

    /// Sees to it that the timer runs out at `due` or before.
    fn wake_by<P: Carrier<M>>(&mut self, now: LocalTime, due: LocalTime, fx: &mut impl Effects<P>) {
        if self.alarm.is_none_or(|alarm| due < alarm) {
            self.alarm = Some(due);
            // A timer that runs out too early, by the rounding of a clock, must not run out in the same instant again.
            fx.arm(Retransmit, due.since(now).max(Span::from_nanos(1)));
        }
    }

    pub(super) fn on_frame<P: Carrier<M>>(
        &mut self,
        Arrival { from, msg: frame }: Arrival<Frame<M>>,
        fx: &mut impl Effects<P>,
    ) {
        let own = from == fx.me();
        match frame {
            Frame::Own(msg) if own => {
                let arrival = Arrival { from, msg };
                P::keep(
                    Receipt {
                        place: None,
                        arrival: arrival.clone(),
                    },
                    fx,
                );
                fx.indicate(arrival);
            }
            Frame::Msg { stamp, base, msg } if !own => {
                self.on_msg(Arrival { from, msg }, stamp, base, fx);
            }
            Frame::Ack(stamp) if !own => self.on_ack(from, stamp, fx),
            _ => fx.mark(MISPLACED),
        }
    }

    fn on_msg<P: Carrier<M>>(
        &mut self,
        arrival: Arrival<M>,
        stamp: Stamp,
        base: u64,
        fx: &mut impl Effects<P>,
    ) {
        let from = arrival.from;
        match self.records.admit(from, stamp, base) {
            Admission::New { below } => {
                let place = Some((stamp, Watermark(below)));
                P::keep(
                    Receipt {
                        place,
                        arrival: arrival.clone(),
                    },
                    fx,
                );
                fx.indicate(arrival);
                // What is delivered is on record before its sender hears of it, and stops.
                fx.send(from, Frame::Ack(stamp));
            }
            Admission::Known => {
                fx.mark(DUPLICATE);
                fx.send(from, Frame::Ack(stamp));
            }
            Admission::Above => fx.mark(ABOVE_WINDOW),
            Admission::Former => fx.mark(FORMER_LIFE),
        }
    }

    fn on_ack<P: Carrier<M>>(&mut self, from: NodeId, stamp: Stamp, fx: &mut impl Effects<P>) {
        // An ack of what a former life sent says nothing about this one.
        if stamp.incarnation != self.incarnation {
            return;
        }
        let Some(outbox) = self.outboxes.get_mut(&from) else {
            return;
        };
        if outbox.acked(stamp, fx.monotonic()) {
            self.unacked -= 1;
            self.fill(from, fx);
            self.rest(fx);
        }
    }

    /// Stops the timer if nothing is waited for.
    fn rest<P: Carrier<M>>(&mut self, fx: &mut impl Effects<P>) {
        if self.unacked == 0 && self.alarm.take().is_some() {
            fx.disarm(Retransmit);
        }
    }

    pub(super) fn on_timer<P: Carrier<M>>(&mut self, fx: &mut impl Effects<P>) {
        let now = fx.monotonic();
        self.alarm = None;
        let mut freed = alloc::vec::Vec::new();
        for (to, outbox) in &mut self.outboxes {
            if outbox.wake > now {
                continue;
            }
            let gone = self
                .config
                .attempts
                .map_or(0, |attempts| outbox.give_up(now, attempts));
            for _ in 0..gone {
                fx.mark(GAVE_UP);
            }
            if gone > 0 {
                self.unacked -= u64::from(gone);
                freed.push(*to);
            }
            repeat(&self.config, self.incarnation, *to, outbox, now, fx);
            outbox.set_wake();
        }
        for to in freed {
            self.fill(to, fx);
        }
        if let Some(due) = self.outboxes.values().map(|outbox| outbox.wake).min() {
            if self.unacked > 0 {
                self.wake_by(now, due, fx);
            }
        }
    }
}

/// Transmits again what is due.
fn repeat<M: Payload, P: Carrier<M>>(
    config: &Retransmission,
    incarnation: u32,
    to: NodeId,
    outbox: &mut Outbox<M>,
    now: LocalTime,
    fx: &mut impl Effects<P>,
) {
    let (base, estimate, heard) = (outbox.base(), outbox.estimate, outbox.heard);
    for (seq, pending) in outbox.due(now) {
        pending.attempt = pending.attempt.saturating_add(1);
        let wait = match config.rto {
            Rto::Fixed(wait) => wait,
            Rto::Estimated => {
                pending.doublings = match heard {
                    Some(heard) if heard >= pending.last => 0,
                    _ => pending.doublings.saturating_add(1),
                };
                let step = fx.pick("retransmission", JITTER_STEPS);
                scattered(estimate.doubled(pending.doublings), step)
            }
        };
        (pending.last, pending.due) = (now, now.after(wait));
        let stamp = Stamp {
            incarnation,
            seq,
            attempt: pending.attempt,
        };
        let msg = pending.msg.clone();
        fx.mark(RETRANSMITTED);
        fx.send(to, Frame::Msg { stamp, base, msg });
    }
}
