//! A FIFO link: numbers the messages to each receiver, which holds back what comes before its turn.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 2.11 (Sequence Number). Needs perfect links, offers FIFO ones (FPL1 to
//! FPL4). Cost: no message beyond those below; a message waits for those before it.
//! Model: crash-stop as published. Here processes may recover too: a *stream* is named by the life of its sender and the
//! life of its receiver, and each begins anew at number 0, so that nobody waits for ever for numbers from a former life.
//! Whoever recovers tells all others, which then begin a new stream to it and tell it their own life; until they have, it
//! holds back what it is asked to send. That takes 2(N−1) messages a recovery.
//! What is under way on the old stream when its receiver recovers is dropped: between processes of which one recovers
//! FPL1 holds only for what is sent after the news is out.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

/// Frames of a FIFO link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FifoFrame<M> {
    /// A message in its place.
    Seq {
        /// Of which stream.
        stream: Stream,
        /// Its place in the stream, from 0.
        seq: u64,
        /// What was sent.
        msg: M,
    },
    /// The sender has recovered and is in this life; it wants to know yours.
    Restarted(u32),
    /// The answer: the sender is in this life.
    Running(u32),
}

/// The messages from one life of a process to one life of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stream {
    /// The life of the sender.
    pub of: u32,
    /// The life of the receiver, as far as the sender knows.
    pub to: u32,
}

impl<M: fmt::Display> fmt::Display for FifoFrame<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FifoFrame::Seq { seq, msg, .. } => write!(f, "Seq{{{seq} {msg}}}"),
            FifoFrame::Restarted(life) => write!(f, "Restarted{{{life}}}"),
            FifoFrame::Running(life) => write!(f, "Running{{{life}}}"),
        }
    }
}

/// One process's end of its links; `Q` is what the link below promises.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FifoLink<M, Q> {
    /// How far a message may run ahead of the first that is missing.
    window: u64,
    /// This life of this process.
    incarnation: u32,
    outgoing: BTreeMap<NodeId, Outgoing<M>>,
    incoming: BTreeMap<NodeId, Incoming<M>>,
    below: PhantomData<fn() -> Q>,
}

/// The stream to one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Outgoing<M> {
    /// The life of the receiver, if it is known.
    to: Option<u32>,
    next: u64,
    /// What waits until it is known.
    waiting: Vec<M>,
}

/// The stream from one sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Incoming<M> {
    /// The life of the sender.
    of: u32,
    next: u64,
    /// What came before its turn.
    held: BTreeMap<u64, M>,
}

/// A frame belongs to a former life of its sender or of this process.
const OTHER_STREAM: &str = "fifo_other_stream";
/// A message came so far ahead that it cannot be held.
const ABOVE_WINDOW: &str = "fifo_above_window";
/// A message was dropped because its receiver has not said for long in which life it is.
const WAITING_FULL: &str = "fifo_waiting_full";
/// A message came before its turn.
const HELD: &str = "fifo_held";

impl<M: Payload, Q: AtLeast<Perfect>> FifoLink<M, Q> {
    /// The layer. A message may run ahead of the first missing one by less than `window`: 1,024 is enough over a
    /// [`PerfectLink`](super::PerfectLink), which lets no more be under way; an assumed link knows no such bound.
    #[must_use]
    pub const fn new(window: u64) -> Self {
        FifoLink {
            window,
            incarnation: 0,
            outgoing: BTreeMap::new(),
            incoming: BTreeMap::new(),
            below: PhantomData,
        }
    }
}

impl<M: Payload, Q: AtLeast<Perfect>> Protocol for FifoLink<M, Q> {
    type Offers = Link<M, Fifo>;
    type Needs = Link<FifoFrame<M>, Q>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => {
                self.incarnation = boot.incarnation;
                if boot.is_recovery() {
                    fx.send(Group::Others, FifoFrame::Restarted(boot.incarnation));
                }
            }
            Event::Request(Transmit { to, msg }) => {
                let me = fx.me();
                for to in to.receivers(me, &fx.env().overlay) {
                    self.on_send(to, msg.clone(), fx);
                }
            }
            Event::Indication(Arrival { from, msg: frame }) => match frame {
                FifoFrame::Seq { stream, seq, msg } => self.on_msg(from, stream, seq, msg, fx),
                FifoFrame::Restarted(life) => {
                    fx.send(from, FifoFrame::Running(self.incarnation));
                    self.on_life(from, life, fx);
                }
                FifoFrame::Running(life) => self.on_life(from, life, fx),
            },
            Event::Timer(never) => match never {},
        }
    }
}

impl<M: Payload, Q: AtLeast<Perfect>> FifoLink<M, Q> {
    fn outgoing(&mut self, to: NodeId, me: NodeId) -> &mut Outgoing<M> {
        let incarnation = self.incarnation;
        // Whoever has been up from the start knows of every recovery, for it is told. Others have to ask.
        let life = (incarnation == 0 || to == me).then_some(incarnation);
        self.outgoing.entry(to).or_insert(Outgoing {
            to: life,
            next: 0,
            waiting: Vec::new(),
        })
    }

    fn on_send(&mut self, to: NodeId, msg: M, fx: &mut impl Effects<Self>) {
        let (me, of, longest) = (fx.me(), self.incarnation, self.window);
        let outgoing = self.outgoing(to, me);
        if let Some(frame) = outgoing.frame(of, &msg) {
            fx.send(to, frame);
        } else if (outgoing.waiting.len() as u64) < longest {
            outgoing.waiting.push(msg);
        } else {
            fx.mark(WAITING_FULL);
        }
    }

    /// A peer has said in which life it is.
    fn on_life(&mut self, from: NodeId, life: u32, fx: &mut impl Effects<Self>) {
        let (me, of) = (fx.me(), self.incarnation);
        let outgoing = self.outgoing(from, me);
        if outgoing.to.is_some_and(|known| life <= known) {
            return;
        }
        (outgoing.to, outgoing.next) = (Some(life), 0);
        for msg in core::mem::take(&mut outgoing.waiting) {
            if let Some(frame) = outgoing.frame(of, &msg) {
                fx.send(from, frame);
            }
        }
    }

    fn on_msg(
        &mut self,
        from: NodeId,
        stream: Stream,
        seq: u64,
        msg: M,
        fx: &mut impl Effects<Self>,
    ) {
        let me = fx.me();
        if self.outgoing(from, me).to.is_some() {
            // A message of a new life may overtake the news of it. Whoever still waits for an answer goes on waiting: this
            // may be a late message of a former life.
            self.on_life(from, stream.of, fx);
        }
        let fresh = Incoming {
            of: stream.of,
            next: 0,
            held: BTreeMap::new(),
        };
        let window = self.window;
        let incoming = self.incoming.entry(from).or_insert_with(|| fresh.clone());
        if stream.of < incoming.of || stream.to != self.incarnation {
            fx.mark(OTHER_STREAM);
            return;
        }
        if stream.of > incoming.of {
            *incoming = fresh;
        }
        match seq.checked_sub(incoming.next) {
            Some(0) => {
                incoming.next += 1;
                fx.indicate(Arrival { from, msg });
                while let Some(msg) = incoming.held.remove(&incoming.next) {
                    incoming.next += 1;
                    fx.indicate(Arrival { from, msg });
                }
            }
            Some(ahead) if ahead < window => {
                fx.mark(HELD);
                incoming.held.insert(seq, msg);
            }
            Some(_) => fx.mark(ABOVE_WINDOW),
            // The link below delivers nothing twice; if it does, it is not for this layer to pass it on.
            None => (),
        }
    }
}

impl<M: Payload> Outgoing<M> {
    /// The next message in its place, if the life of its receiver is known.
    fn frame(&mut self, of: u32, msg: &M) -> Option<FifoFrame<M>> {
        let stream = Stream { of, to: self.to? };
        let seq = self.next;
        self.next += 1;
        let msg = msg.clone();
        Some(FifoFrame::Seq { stream, seq, msg })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    type Ordered = FifoLink<u8, Perfect>;

    const ONE: NodeId = NodeId(1);

    fn bench(incarnation: u32) -> Rig<Ordered> {
        let mut rig = Rig::new(FifoLink::new(4));
        rig.boot_with(Boot {
            disk: (),
            incarnation,
        });
        rig
    }

    fn seq(of: u32, to: u32, seq: u64, msg: u8) -> FifoFrame<u8> {
        let stream = Stream { of, to };
        FifoFrame::Seq { stream, seq, msg }
    }

    fn from_one(msg: FifoFrame<u8>) -> Arrival<FifoFrame<u8>> {
        Arrival { from: ONE, msg }
    }

    fn said(msg: u8) -> Effect<Ordered> {
        Effect::Indicate(Arrival { from: ONE, msg })
    }

    fn sent(to: impl Into<Group>, msg: FifoFrame<u8>) -> Effect<Ordered> {
        let to = to.into();
        Effect::Request(Transmit { to, msg })
    }

    fn to_one(msg: u8) -> Transmit<u8> {
        let to = Group::One(ONE);
        Transmit { to, msg }
    }

    #[test]
    fn holds_back_what_comes_before_its_turn() {
        let mut rig = bench(0);
        assert_eq!(rig.indication(from_one(seq(0, 0, 2, 72))).effects(), []);
        assert_eq!(rig.indication(from_one(seq(0, 0, 1, 71))).effects(), []);
        assert_eq!(rig.marks(), ["fifo_held"; 2]);
        let all = rig.indication(from_one(seq(0, 0, 0, 70))).effects();
        assert_eq!(all, [said(70), said(71), said(72)]);
        assert_eq!(rig.indication(from_one(seq(0, 0, 7, 77))).effects(), []);
        assert_eq!(rig.marks(), ["fifo_above_window"]);
    }

    #[test]
    fn numbers_each_receiver_by_itself() {
        let mut rig = bench(0);
        rig.request(to_one(7)).effects();
        let to = Group::Others;
        let both = rig.request(Transmit { to, msg: 8 }).effects();
        assert_eq!(
            both,
            [sent(ONE, seq(0, 0, 1, 8)), sent(NodeId(2), seq(0, 0, 0, 8))]
        );
    }

    /// The receiver has forgotten how far it was: both begin anew, and what was under way belongs to nobody.
    #[test]
    fn begins_a_new_stream_to_whoever_recovers() {
        let mut rig = bench(0);
        rig.request(to_one(7)).effects();
        let answer = rig.indication(from_one(FifoFrame::Restarted(1))).effects();
        assert_eq!(answer, [sent(ONE, FifoFrame::Running(0))]);
        let next = rig.request(to_one(8)).effects();
        assert_eq!(next, [sent(ONE, seq(0, 1, 0, 8))]);
        rig.indication(from_one(FifoFrame::Restarted(1))).effects();
        let next = rig.request(to_one(9)).effects();
        assert_eq!(next, [sent(ONE, seq(0, 1, 1, 9))], "the same news again");
    }

    #[test]
    fn whoever_recovers_asks_before_it_sends() {
        let mut rig = bench(2);
        assert_eq!(
            rig.effects(),
            [sent(Group::Others, FifoFrame::Restarted(2))]
        );
        assert_eq!(rig.request(to_one(7)).effects(), []);
        let flushed = rig.indication(from_one(FifoFrame::Running(3))).effects();
        assert_eq!(flushed, [sent(ONE, seq(2, 3, 0, 7))]);
        for msg in 0..5 {
            let to = Group::One(NodeId(2));
            rig.request(Transmit { to, msg });
        }
        assert_eq!(rig.marks(), ["fifo_waiting_full"]);
    }

    #[test]
    fn drops_other_streams() {
        let mut rig = bench(1);
        for frame in [seq(0, 0, 0, 7), seq(0, 2, 0, 7)] {
            rig.indication(from_one(frame));
            assert_eq!(rig.marks(), ["fifo_other_stream"]);
        }
        rig.effects();
        // The sender recovers: what it said before is over, and what it holds back is let go.
        rig.indication(from_one(seq(0, 1, 1, 8)));
        let new = rig.indication(from_one(seq(1, 1, 0, 9))).effects();
        assert_eq!(new, [said(9)]);
        rig.marks();
        assert_eq!(rig.indication(from_one(seq(0, 1, 0, 7))).effects(), []);
        assert_eq!(rig.marks(), ["fifo_other_stream"]);
    }
}
