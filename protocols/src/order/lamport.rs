//! Total-order broadcast by Lamport's timestamps: deliver the oldest message once everybody is known to be past it.
//!
//! Source: Lamport 1978 (the ordering of requests); Attiya, Welch 2004, sec. 8.1. Needs FIFO links, offers total order (TOB1
//! to TOB5) as long as nobody crashes; the order is a causal one too. Cost: N(N−1) messages a cast, 2 steps: the
//! message, which doubles as its sender's acknowledgement, and one of each other process to all. Model: no crash;
//! after the first one nothing is delivered any more. Over links that reorder, an acknowledgement that overtakes an older
//! message of its sender hides that: the order is lost.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use crate::multicast::{Cast, Deliver, Multicast, TotalOrder};

/// What the layer puts on the wire. Every message says how far its sender's clock has come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timestamped<P> {
    /// A cast.
    Data {
        /// The clock of the caster: the place of the message, together with who cast it.
        time: u64,
        /// What was cast.
        payload: P,
    },
    /// An answer to a cast.
    Ack {
        /// The clock of the sender: later than the message that it answers.
        time: u64,
    },
}

impl<P: fmt::Display> fmt::Display for Timestamped<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timestamped::Data { time, payload } => write!(f, "Data{{@{time} {payload}}}"),
            Timestamped::Ack { time } => write!(f, "Ack{{@{time}}}"),
        }
    }
}

/// No clock that ticks once a message ever gets there: who says so lies, and might stop the clocks of all.
const NEVER: u64 = u64::MAX / 2;

/// A place in the order: the time decides, and between equal times who cast it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Stamp {
    time: u64,
    origin: NodeId,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LamportOrder<P> {
    clock: u64,
    /// How far the clock of each process had come when it sent what came last.
    heard: Vec<u64>,
    /// What it has not delivered.
    queue: BTreeMap<Stamp, P>,
}

impl<P> LamportOrder<P> {
    /// A node that has cast and seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        LamportOrder {
            clock: 0,
            heard: Vec::new(),
            queue: BTreeMap::new(),
        }
    }
}

impl<P> Default for LamportOrder<P> {
    fn default() -> Self {
        LamportOrder::new()
    }
}

impl<P: Payload> Protocol for LamportOrder<P> {
    type Offers = Multicast<P, TotalOrder>;
    type Needs = Link<Timestamped<P>, Fifo>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => self.heard = vec![0; fx.nodes() as usize],
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Arrival { from, msg }) => self.on_message(from, msg, fx),
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload> LamportOrder<P> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        self.clock += 1;
        let (time, origin) = (self.clock, fx.me());
        self.queue.insert(Stamp { time, origin }, payload.clone());
        fx.send(Group::Others, Timestamped::Data { time, payload });
        self.deliver(fx);
    }

    fn on_message(&mut self, from: NodeId, msg: Timestamped<P>, fx: &mut impl Effects<Self>) {
        let (Timestamped::Data { time, .. } | Timestamped::Ack { time }) = msg;
        let in_order = (self.heard.get(from.index())).is_some_and(|heard| *heard < time);
        if !in_order {
            // Over FIFO links clocks only go up.
            fx.mark("lamport_out_of_order");
        }
        if time > NEVER || from.index() >= self.heard.len() {
            return fx.mark("lamport_refused");
        }
        let heard = &mut self.heard[from.index()];
        *heard = time.max(*heard);
        self.clock = time.max(self.clock);
        if let Timestamped::Data { payload, .. } = msg {
            self.clock += 1;
            let origin = from;
            self.queue.insert(Stamp { time, origin }, payload);
            fx.send(Group::Others, Timestamped::Ack { time: self.clock });
        }
        self.deliver(fx);
    }

    /// Delivers the oldest messages, as long as everybody else is known to be past them.
    fn deliver(&mut self, fx: &mut impl Effects<Self>) {
        let me = fx.me();
        while let Some((stamp, _)) = self.queue.first_key_value() {
            let stamp = *stamp;
            let mut others = (0..).map(NodeId).zip(&self.heard);
            // Whoever cast it is past it by that.
            let all_past = others.all(|(origin, time)| {
                let time = *time;
                origin == me || origin == stamp.origin || Stamp { time, origin } > stamp
            });
            if !all_past {
                return;
            }
            if let Some(payload) = self.queue.remove(&stamp) {
                let origin = stamp.origin;
                fx.indicate(Deliver { origin, payload });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    type Layer = LamportOrder<char>;

    fn rig() -> Rig<Layer> {
        let mut rig = Rig::new(Layer::new());
        rig.boot();
        rig
    }

    fn data(from: u32, time: u64, payload: char) -> Arrival<Timestamped<char>> {
        let from = NodeId(from);
        let msg = Timestamped::Data { time, payload };
        Arrival { from, msg }
    }

    fn ack(from: u32, time: u64) -> Arrival<Timestamped<char>> {
        let from = NodeId(from);
        let msg = Timestamped::Ack { time };
        Arrival { from, msg }
    }

    fn sends(msg: Timestamped<char>) -> Effect<Layer> {
        let to = Group::Others;
        Effect::Request(Transmit { to, msg })
    }

    fn delivered(origin: u32, payload: char) -> Effect<Layer> {
        let origin = NodeId(origin);
        Effect::Indicate(Deliver { origin, payload })
    }

    /// Its own message is delivered when the others have answered it.
    #[test]
    fn delivers_once_everybody_is_past_it() {
        let mut rig = rig();
        let sent = rig.request(Cast('x')).effects();
        let (time, payload) = (1, 'x');
        assert_eq!(sent, [sends(Timestamped::Data { time, payload })]);
        assert_eq!(rig.indication(ack(1, 2)).effects(), []);
        assert_eq!(rig.indication(ack(2, 2)).effects(), [delivered(0, 'x')]);
    }

    /// The message is its sender's answer to itself: with two others, one more answer is enough.
    #[test]
    fn a_message_doubles_as_its_senders_answer() {
        let mut rig = rig();
        let answered = rig.indication(data(1, 1, 'x')).effects();
        assert_eq!(answered, [sends(Timestamped::Ack { time: 2 })]);
        assert_eq!(rig.indication(ack(2, 2)).effects(), [delivered(1, 'x')]);
    }

    /// TOB5: of two at one time that of the process with the lower number comes first, whichever arrived first.
    #[test]
    fn timestamps_decide() {
        let mut rig = rig();
        rig.indication(data(2, 1, 'b')).effects();
        let second = rig.indication(data(1, 1, 'a')).effects();
        let answer = sends(Timestamped::Ack { time: 3 });
        assert_eq!(second, [answer, delivered(1, 'a')]);
        assert_eq!(rig.indication(ack(1, 2)).effects(), [delivered(2, 'b')]);
    }

    /// Without FIFO links: node 1 seems to be past everything, although a message of it is still on the way.
    #[test]
    fn an_answer_that_overtakes_a_message_hides_it() {
        let mut rig = rig();
        rig.request(Cast('x')).effects();
        rig.indication(ack(2, 2));
        assert_eq!(rig.indication(ack(1, 2)).effects(), [delivered(0, 'x')]);
        rig.marks();
        // It was cast before the answer, and at another node with the same time would come after.
        rig.indication(data(1, 1, 'y'));
        assert_eq!(rig.marks(), ["lamport_out_of_order"]);
    }

    #[test]
    fn no_message_stops_the_clock() {
        let mut rig = rig();
        assert_eq!(rig.indication(data(1, u64::MAX, 'x')).effects(), []);
        assert_eq!(rig.marks(), ["lamport_refused"]);
    }
}
