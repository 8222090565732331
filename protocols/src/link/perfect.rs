//! A perfect link that can stop: acknowledges, repeats what is not acknowledged, delivers the first copy.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 2.2, whose set of all messages ever delivered becomes a watermark and a
//! window, and whose retransmission for ever ends with an ack; timeouts by RFC 6298. Needs fair-loss links, offers
//! perfect ones (PL1 to PL3); over authenticated fair-loss links it offers authenticated ones (AL1 to AL3).
//! Cost: 2 messages where nothing is lost; with a loss p of messages and q of acks 1/((1−p)(1−q)) transmissions and
//! 1/(1−q) acks. One message delay if the first copy arrives. Quiet once everything is acknowledged.
//! Model: crash-stop, any number of crashes. Its memory is volatile: a process that recovers from a crash has forgotten
//! what it had to send, and may deliver again what it delivered without its ack getting through ([`LoggedLink`] does
//! not). Toward a receiver that has crashed for good it repeats itself for ever, unless `attempts` ends it, and then PL1
//! is no longer promised.
//!
//! [`LoggedLink`]: super::LoggedLink

use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

use super::exchange::{Carrier, Exchange, Frame, Receipt, Records, Retransmission, Retransmit};

/// A guarantee that acks and retransmission make better.
pub trait Improves: Guarantee {
    /// How good it becomes.
    type To: Guarantee;
}

impl Improves for FairLoss {
    type To = Perfect;
}

/// One process's end of its links; `B` is what the link below promises.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PerfectLink<M, B = FairLoss> {
    exchange: Exchange<M>,
    below: PhantomData<fn() -> B>,
}

impl<M: Payload, B: Improves> PerfectLink<M, B> {
    /// The layer.
    #[must_use]
    pub const fn new(config: Retransmission) -> Self {
        PerfectLink {
            exchange: Exchange::new(config),
            below: PhantomData,
        }
    }

    /// Bytes that its receiving side keeps: so many a sender, however many messages there were.
    #[must_use]
    pub fn window_bytes(&self) -> usize {
        self.exchange.window_bytes()
    }
}

impl<M: Payload, B: Improves> Protocol for PerfectLink<M, B> {
    type Offers = Link<M, B::To>;
    type Needs = Link<Frame<M>, B>;
    type Timer = Retransmit;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => self.exchange.boot(boot.incarnation, Records::NONE),
            Event::Request(transmit) => self.exchange.on_request(transmit, fx),
            Event::Indication(arrival) => self.exchange.on_frame(arrival, fx),
            Event::Timer(Retransmit) => self.exchange.on_timer(fx),
        }
    }
}

impl<M: Payload, B: Improves> Carrier<M> for PerfectLink<M, B> {
    type Above = B::To;
    type Below = B;

    /// Volatile: what a crash takes is gone.
    fn keep(_: Receipt<M>, _: &mut impl Effects<Self>) {}
}

#[cfg(test)]
mod tests {
    use super::super::exchange::{Rto, Stamp, WINDOW};
    use super::*;
    use alloc::vec::Vec;
    use sim_core::kernel::rig::Rig;

    type Perfectly = PerfectLink<u16>;

    const ONE: NodeId = NodeId(1);
    const MS: Span = Span::from_millis(1);

    fn bench(rto: Rto, attempts: Option<u32>) -> Rig<Perfectly> {
        let config = Retransmission {
            rto,
            attempts,
            backlog: 3,
        };
        let mut rig = Rig::new(PerfectLink::new(config));
        rig.boot();
        rig
    }

    fn fixed() -> Rig<Perfectly> {
        bench(Rto::Fixed(MS), None)
    }

    fn stamp(seq: u64, attempt: u32) -> Stamp {
        Stamp {
            incarnation: 0,
            seq,
            attempt,
        }
    }

    fn to_one(msg: u16) -> Transmit<u16> {
        Transmit {
            to: Group::One(ONE),
            msg,
        }
    }

    fn sent(to: u32, msg: Frame<u16>) -> Effect<Perfectly> {
        let to = Group::One(NodeId(to));
        Effect::Request(Transmit { to, msg })
    }

    fn data(stamp: Stamp, base: u64, msg: u16) -> Frame<u16> {
        Frame::Msg { stamp, base, msg }
    }

    fn from_one(msg: Frame<u16>) -> Arrival<Frame<u16>> {
        Arrival { from: ONE, msg }
    }

    fn delivered(msg: u16) -> Effect<Perfectly> {
        Effect::Indicate(Arrival { from: ONE, msg })
    }

    #[test]
    fn repeats_until_it_is_acknowledged_and_then_rests() {
        let mut rig = fixed();
        let first = rig.request(to_one(7)).effects();
        let armed = Effect::Arm(Retransmit, MS);
        assert_eq!(first, [sent(1, data(stamp(0, 0), 0, 7)), armed.clone()]);
        let again = rig.wait(MS).timer(Retransmit).effects();
        assert_eq!(again, [sent(1, data(stamp(0, 1), 0, 7)), armed]);
        assert_eq!(rig.marks(), ["link_retransmitted"]);
        let ack = from_one(Frame::Ack(stamp(0, 0)));
        let rest = rig.indication(ack.clone()).effects();
        assert_eq!(rest, [Effect::Disarm(Retransmit)]);
        assert_eq!(rig.indication(ack).effects(), [], "a second ack");
    }

    /// A link that acknowledges and drops what comes after a later message loses it for good: its sender has stopped.
    #[test]
    fn delivers_what_arrives_after_a_later_one() {
        let mut rig = fixed();
        for seq in [1, 0, 2] {
            let (stamp, msg) = (stamp(seq, 0), 70 + u16::try_from(seq).unwrap());
            let told = rig.indication(from_one(data(stamp, 0, msg))).effects();
            assert_eq!(told, [delivered(msg), sent(1, Frame::Ack(stamp))]);
        }
    }

    /// PL2: its ack may have been lost, so a copy is acknowledged, by its own number, and dropped.
    #[test]
    fn acknowledges_copies_and_delivers_one() {
        let mut rig = fixed();
        rig.indication(from_one(data(stamp(0, 0), 0, 7))).effects();
        let copy = from_one(data(stamp(0, 1), 0, 7));
        let told = rig.indication(copy).effects();
        assert_eq!(told, [sent(1, Frame::Ack(stamp(0, 1)))]);
    }

    #[test]
    fn drops_what_no_honest_sender_sends() {
        let mut rig = fixed();
        rig.indication(from_one(data(stamp(WINDOW, 0), 0, 7)));
        assert_eq!(rig.marks(), ["link_above_window"]);
        rig.indication(from_one(Frame::Own(7)));
        assert_eq!(rig.marks(), ["link_misplaced"]);
        assert_eq!(rig.effects(), []);
    }

    #[test]
    fn a_group_send_is_one_frame_a_receiver_and_one_to_oneself_is_not_repeated() {
        let mut rig = fixed();
        let to_all = Transmit {
            to: Group::All,
            msg: 7,
        };
        let effects = rig.request(to_all).effects();
        let armed = Effect::Arm(Retransmit, MS);
        let [own, one, two] = [
            sent(0, Frame::Own(7)),
            sent(1, data(stamp(0, 0), 0, 7)),
            sent(2, data(stamp(0, 0), 0, 7)),
        ];
        assert_eq!(effects, [own, one.clone(), armed.clone(), two.clone()]);
        let again = rig.wait(MS).timer(Retransmit).effects();
        let second = |to| sent(to, data(stamp(0, 1), 0, 7));
        assert_eq!(again, [second(1), second(2), armed]);
    }

    /// The window is full after 1,024 numbers from the first that is missing; then three may wait, and no more.
    #[test]
    fn bounds_what_is_under_way_and_what_waits() {
        let mut rig = fixed();
        for msg in 0..1_024 + 5 {
            rig.request(to_one(msg));
        }
        assert_eq!(rig.marks(), ["link_backlog_full"; 2]);
        let is_sent = |effect: &Effect<Perfectly>| matches!(effect, Effect::Request(_));
        assert_eq!(rig.effects().into_iter().filter(is_sent).count(), 1_024);
        rig.indication(from_one(Frame::Ack(stamp(5, 0))));
        assert_eq!(rig.effects(), [], "0 is still missing");
        rig.indication(from_one(Frame::Ack(stamp(0, 0))));
        let next = sent(1, data(stamp(1_024, 0), 1, 1_024));
        assert_eq!(rig.effects(), [next]);
    }

    #[test]
    fn gives_up_if_it_is_told_to_and_tells_the_receiver_by_its_base() {
        let mut rig = bench(Rto::Fixed(MS), Some(2));
        rig.request(to_one(7)).wait(MS).timer(Retransmit).effects();
        assert_eq!(rig.wait(MS).timer(Retransmit).effects(), []);
        assert_eq!(rig.marks(), ["link_retransmitted", "link_gave_up"]);
        let next = rig.request(to_one(8)).effects();
        assert_eq!(next[0], sent(1, data(stamp(1, 0), 1, 8)));
    }

    /// The ack says which transmission it answers, so a round trip is never measured from the wrong one.
    #[test]
    fn waits_as_long_as_round_trips_tell_it() {
        let mut rig = bench(Rto::Estimated, None);
        let arms = |effects: Vec<Effect<Perfectly>>| {
            let span = |effect| match effect {
                Effect::Arm(Retransmit, span) => Some(span),
                _ => None,
            };
            effects.into_iter().filter_map(span).collect::<Vec<_>>()
        };
        assert_eq!(
            arms(rig.request(to_one(7)).effects()),
            [Span::from_millis(200)]
        );
        // Repeated: the wait doubles, here with the least scatter of all.
        let rig = rig.choices(&[0]).wait(Span::from_millis(200));
        assert_eq!(
            arms(rig.timer(Retransmit).effects()),
            [Span::from_millis(360)]
        );
        // The second transmission is answered after 40 ms: SRTT 40, RTTVAR 20.
        let ack = from_one(Frame::Ack(stamp(0, 1)));
        rig.wait(Span::from_millis(40)).indication(ack).effects();
        assert_eq!(
            arms(rig.request(to_one(8)).effects()),
            [Span::from_millis(120)]
        );
    }

    /// Whoever acknowledges another message is up: no reason to wait longer for this one.
    #[test]
    fn backs_off_only_while_the_receiver_is_silent() {
        let mut rig = bench(Rto::Estimated, None);
        let wait = |rig: &mut Rig<Perfectly>| {
            let effects = rig.choices(&[500]).timer(Retransmit).effects();
            match effects.last() {
                Some(Effect::Arm(Retransmit, span)) => *span,
                other => panic!("{other:?}"),
            }
        };
        rig.request(to_one(7)).wait(Span::from_millis(200));
        assert_eq!(wait(&mut rig), Span::from_millis(400));
        rig.wait(Span::from_millis(390)).request(to_one(8));
        // It comes back after 10 ms: SRTT 10, RTTVAR 5.
        rig.wait(Span::from_millis(10));
        rig.indication(from_one(Frame::Ack(stamp(1, 0)))).effects();
        assert_eq!(wait(&mut rig), Span::from_millis(30));
    }

    #[test]
    fn lives_are_kept_apart() {
        let mut rig = fixed();
        let of = |incarnation, seq| Stamp {
            incarnation,
            seq,
            attempt: 0,
        };
        rig.boot_with(Boot {
            disk: (),
            incarnation: 1,
        });
        rig.request(to_one(7)).effects();
        // An ack for what the former life sent.
        assert_eq!(rig.indication(from_one(Frame::Ack(of(0, 0)))).effects(), []);
        // The peer recovers: its numbers begin anew, and what its former life sent comes too late.
        for (stamp, new) in [(of(0, 0), true), (of(1, 0), true), (of(0, 1), false)] {
            let told = rig.indication(from_one(data(stamp, 0, 7))).effects();
            assert_eq!(told.contains(&delivered(7)), new, "{stamp:?}");
        }
        assert_eq!(rig.marks(), ["link_former_life"]);
        // This process has no record of what its former life got; the base tells it.
        let told = rig
            .indication(from_one(data(of(1, 90_000), 89_999, 9)))
            .effects();
        assert_eq!(told, [delivered(9), sent(1, Frame::Ack(of(1, 90_000)))]);
    }
}
