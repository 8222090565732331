//! A stubborn link: sends again and again what it was ever asked to send.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 2.1 (Retransmit Forever). Needs fair-loss links, offers stubborn ones (SL1,
//! SL2). Cost: as many messages a period as were ever sent; one message delay if the first copy arrives. Never quiet.
//! Model: crash-stop, any number of crashes. Nobody drops duplicates: that is the perfect link's part.
//! With [`Until::Acked`] it stops at the first ack. Then what is sent once is no longer delivered infinitely often, so SL1
//! does not hold to the letter: a correct receiver gets it at least once.

use alloc::collections::BTreeMap;

use sim_core::kernel::prelude::*;

use super::exchange::{BACKLOG_FULL, Frame, MISPLACED, RETRANSMITTED, Retransmit, Stamp};

/// How a stubborn link repeats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stubbornness {
    /// The time between two transmissions of everything, above zero.
    pub every: Span,
    /// How long it goes on.
    pub until: Until,
    /// How many messages it repeats; a group send counts once, with acks once a receiver. More are dropped.
    pub most: u32,
}

/// How long a message is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Until {
    /// As published.
    Forever,
    /// Until its receiver has acknowledged it.
    Acked,
}

/// One process's end of its links.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StubbornLink<M> {
    config: Stubbornness,
    incarnation: u32,
    /// The number of the next message.
    next: u64,
    /// What is repeated, by number: the book's set `sent`.
    sent: BTreeMap<u64, Repeated<M>>,
}

/// What is sent again and again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Repeated<M> {
    to: Group,
    msg: M,
    /// The latest transmission.
    attempt: u32,
}

impl<M: Payload> StubbornLink<M> {
    /// The layer.
    #[must_use]
    pub const fn new(config: Stubbornness) -> Self {
        StubbornLink {
            config,
            incarnation: 0,
            next: 0,
            sent: BTreeMap::new(),
        }
    }
}

impl<M: Payload> Protocol for StubbornLink<M> {
    type Offers = Link<M, Stubborn>;
    type Needs = Net<Frame<M>>;
    type Timer = Retransmit;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => self.incarnation = boot.incarnation,
            Event::Request(Transmit { to, msg }) => self.on_send(to, msg, fx),
            Event::Indication(Arrival { from, msg: frame }) => self.on_frame(from, frame, fx),
            Event::Timer(Retransmit) => self.on_timer(fx),
        }
    }
}

impl<M: Payload> StubbornLink<M> {
    fn on_send(&mut self, to: Group, msg: M, fx: &mut impl Effects<Self>) {
        match self.config.until {
            // One body for the whole group: nobody answers, so receivers need not be told apart.
            Until::Forever => self.begin(to, msg, fx),
            Until::Acked => {
                let me = fx.me();
                for to in to.receivers(me, &fx.env().overlay) {
                    if to == me {
                        fx.send(me, Frame::Own(msg.clone()));
                    } else {
                        self.begin(Group::One(to), msg.clone(), fx);
                    }
                }
            }
        }
    }

    fn begin(&mut self, to: Group, msg: M, fx: &mut impl Effects<Self>) {
        if self.sent.len() >= self.config.most as usize {
            fx.mark(BACKLOG_FULL);
            return;
        }
        let seq = self.next;
        self.next += 1;
        let repeated = Repeated {
            to,
            msg,
            attempt: 0,
        };
        fx.send(to, frame(self.incarnation, seq, &repeated));
        if self.sent.is_empty() {
            fx.arm(Retransmit, self.config.every);
        }
        self.sent.insert(seq, repeated);
    }

    fn on_timer(&mut self, fx: &mut impl Effects<Self>) {
        for (seq, repeated) in &mut self.sent {
            repeated.attempt = repeated.attempt.saturating_add(1);
            fx.mark(RETRANSMITTED);
            fx.send(repeated.to, frame(self.incarnation, *seq, repeated));
        }
        if !self.sent.is_empty() {
            fx.arm(Retransmit, self.config.every);
        }
    }

    fn on_frame(&mut self, from: NodeId, frame: Frame<M>, fx: &mut impl Effects<Self>) {
        match frame {
            Frame::Msg { stamp, msg, .. } => {
                fx.indicate(Arrival { from, msg });
                if self.config.until == Until::Acked {
                    fx.send(from, Frame::Ack(stamp));
                }
            }
            Frame::Own(msg) if from == fx.me() => fx.indicate(Arrival { from, msg }),
            Frame::Own(_) => fx.mark(MISPLACED),
            Frame::Ack(stamp) => self.on_ack(from, stamp, fx),
        }
    }

    fn on_ack(&mut self, from: NodeId, stamp: Stamp, fx: &mut impl Effects<Self>) {
        let meant = |repeated: &Repeated<M>| repeated.to == Group::One(from);
        if stamp.incarnation != self.incarnation || !self.sent.get(&stamp.seq).is_some_and(meant) {
            return;
        }
        self.sent.remove(&stamp.seq);
        if self.sent.is_empty() {
            fx.disarm(Retransmit);
        }
    }
}

/// Its latest transmission on the wire; nobody here asks for the base.
fn frame<M: Payload>(incarnation: u32, seq: u64, repeated: &Repeated<M>) -> Frame<M> {
    Frame::Msg {
        stamp: Stamp {
            incarnation,
            seq,
            attempt: repeated.attempt,
        },
        base: 0,
        msg: repeated.msg.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    const EVERY: Span = Span::from_millis(5);
    const ARMED: Effect<StubbornLink<u8>> = Effect::Arm(Retransmit, EVERY);

    fn bench(until: Until) -> Rig<StubbornLink<u8>> {
        let mut rig = Rig::new(StubbornLink::new(Stubbornness {
            every: EVERY,
            until,
            most: 2,
        }));
        rig.boot();
        rig
    }

    fn copy(seq: u64, attempt: u32, msg: u8) -> Frame<u8> {
        let stamp = Stamp {
            incarnation: 0,
            seq,
            attempt,
        };
        Frame::Msg {
            stamp,
            base: 0,
            msg,
        }
    }

    fn sent(to: Group, msg: Frame<u8>) -> Effect<StubbornLink<u8>> {
        Effect::Request(Transmit { to, msg })
    }

    #[test]
    fn sends_everything_again_for_ever() {
        let mut rig = bench(Until::Forever);
        let to = Group::Others;
        let first = rig.request(Transmit { to, msg: 7 }).effects();
        assert_eq!(first, [sent(to, copy(0, 0, 7)), ARMED]);
        let second = rig.request(Transmit { to, msg: 8 }).effects();
        assert_eq!(second, [sent(to, copy(1, 0, 8))]);
        rig.request(Transmit { to, msg: 9 });
        assert_eq!(rig.marks(), ["link_backlog_full"]);
        for attempt in 1..5 {
            let again =
                [0, 1].map(|seq| sent(to, copy(seq, attempt, 7 + u8::try_from(seq).unwrap())));
            let expected = [&again[..], &[ARMED]].concat();
            assert_eq!(rig.timer(Retransmit).effects(), expected);
        }
    }

    #[test]
    fn delivers_every_copy() {
        let mut rig = bench(Until::Forever);
        let from = NodeId(1);
        for attempt in 0..3 {
            let msg = copy(0, attempt, 7);
            let said = rig.indication(Arrival { from, msg }).effects();
            assert_eq!(said, [Effect::Indicate(Arrival { from, msg: 7 })]);
        }
    }

    #[test]
    fn stops_at_the_ack_of_the_one_it_was_meant_for() {
        let mut rig = bench(Until::Acked);
        let (one, two) = (NodeId(1), NodeId(2));
        let to = Group::All;
        let first = rig.request(Transmit { to, msg: 7 }).effects();
        let expected = [
            sent(Group::One(NodeId(0)), Frame::Own(7)),
            sent(Group::One(one), copy(0, 0, 7)),
            ARMED,
            sent(Group::One(two), copy(1, 0, 7)),
        ];
        assert_eq!(first, expected);
        let ack = |from, seq| {
            let stamp = Stamp {
                incarnation: 0,
                seq,
                attempt: 0,
            };
            let msg = Frame::Ack(stamp);
            Arrival { from, msg }
        };
        assert_eq!(rig.indication(ack(two, 0)).effects(), [], "not its message");
        assert_eq!(rig.indication(ack(one, 0)).effects(), []);
        let again = rig.timer(Retransmit).effects();
        assert_eq!(again, [sent(Group::One(two), copy(1, 1, 7)), ARMED]);
        let rest = rig.indication(ack(two, 1)).effects();
        assert_eq!(rest, [Effect::Disarm(Retransmit)]);
    }
}
