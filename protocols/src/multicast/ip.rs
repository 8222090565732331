//! Reliable multicast as over IP multicast: one frame to the whole group, and repairs for those whom it did not reach.
//!
//! Source: Coulouris, Dollimore, Kindberg, Blair, 5th ed., section 15.4.2 (reliable multicast over IP multicast); Floyd et al.
//! 1997 (SRM: session messages); Towsley, Kurose, Pingali 1997 compare the two kinds of repair. Needs fair-loss links, offers
//! best-effort (BEB1 to BEB3). One message delay if nothing is lost. Model: crash-stop, any number of crashes.
//! With acknowledgements: every receiver acknowledges, and the caster repeats a message to those who have not.
//! Cost: 2(N−1) messages a cast, N frames on a bus; and then silence.
//! With negative acknowledgements: receivers see the gaps in the caster's numbers and ask for what is missing. So that the loss
//! of the last message is seen too, the caster tells its number now and then, for ever: it never learns that all is well.
//! Cost: N−1 messages a cast, one frame on a bus, and as much again each time that the caster tells its number.
//! Where it fails: if the caster crashes nobody repairs, and only some deliver. A caster keeps its last messages, and whoever
//! lacks an older one never gets it (BEB1 fails).
//!
//! In the book every receiver keeps what it has delivered and answers for the caster, which gives agreement (RB4). For that
//! nobody may ever forget a message which a process lacks that may be alive; here memory is bounded, so nobody but the caster
//! repairs, and agreement is not promised.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::port::{BestEffort, Cast, Deliver, Multicast};

/// How many messages are asked for at once, the oldest first: they fit into one datagram.
const NACK_MAX: usize = 64;

/// Who finds out that a message was lost. It is the caster that sends it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repair {
    /// The caster, which waits for everybody's acknowledgement.
    Acks,
    /// The receivers, which ask for what they lack.
    Nacks,
}

/// The terms of the repair, the same at all processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Who finds out.
    pub repair: Repair,
    /// How long a caster waits for acknowledgements, and a receiver for what is missing; and how often a caster tells its
    /// number.
    pub every: Span,
    /// How many of its last messages a caster keeps.
    pub history: u32,
}

/// What the layer puts on the wire. Messages of a caster are numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Frame<P> {
    /// From the caster: a message.
    Data {
        /// Its number.
        seq: u32,
        /// What was cast.
        payload: P,
    },
    /// To the caster: this message is here.
    Ack {
        /// Its number.
        seq: u32,
    },
    /// To the caster: these are not.
    Nack {
        /// Their numbers.
        missing: Vec<u32>,
    },
    /// From the caster: so many messages there are.
    Session {
        /// How many.
        casts: u32,
    },
}

impl<P: fmt::Display> fmt::Display for Frame<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frame::Data { seq, payload } => write!(f, "Data{{{seq} {payload}}}"),
            Frame::Ack { seq } => write!(f, "Ack{{{seq}}}"),
            Frame::Nack { missing } => {
                f.write_str("Nack{")?;
                for (place, seq) in missing.iter().enumerate() {
                    let space = if place == 0 { "" } else { " " };
                    write!(f, "{space}{seq}")?;
                }
                f.write_str("}")
            }
            Frame::Session { casts } => write!(f, "Session{{{casts}}}"),
        }
    }
}

/// The timers of the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A caster: who has not acknowledged?
    Repeat,
    /// A caster: tell the number.
    Tell,
    /// A receiver: ask for what is missing.
    Ask,
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Timer::Repeat => "repeat",
            Timer::Tell => "tell the number",
            Timer::Ask => "ask",
        })
    }
}

/// One process: a caster and a receiver.
///
/// A caster marks `cast_repaired` when it sends a message again, and `cast_too_old` when it cannot, or gives up on
/// acknowledgements. A receiver marks `gap_given_up`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IpMulticast<P, Q> {
    terms: Terms,
    /// How many messages this process has cast.
    casts: u32,
    /// The last of them; with acknowledgements those that somebody lacks.
    kept: BTreeMap<u32, Kept<P>>,
    /// What came from each caster.
    heard: BTreeMap<NodeId, Heard>,
    /// Is the timer [`Timer::Ask`] armed?
    asking: bool,
    link: PhantomData<fn() -> Q>,
}

/// A message that its caster may have to send again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kept<P> {
    payload: P,
    /// Who has not acknowledged it.
    lacked_by: BTreeSet<NodeId>,
    /// It was cast since the timer ran out the last time: acknowledgements may still be on their way.
    fresh: bool,
}

/// Which messages of a caster have come: all below a number, and some above.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Heard {
    below: u32,
    above: BTreeSet<u32>,
    /// How many there are, as far as is known.
    casts: u32,
}

impl<P, Q> IpMulticast<P, Q> {
    /// A process that has cast and heard nothing.
    #[must_use]
    pub const fn new(terms: Terms) -> Self {
        IpMulticast {
            terms,
            casts: 0,
            kept: BTreeMap::new(),
            heard: BTreeMap::new(),
            asking: false,
            link: PhantomData,
        }
    }
}

impl<P: Payload, Q: AtLeast<FairLoss>> Protocol for IpMulticast<P, Q> {
    type Offers = Multicast<P, BestEffort>;
    type Needs = Link<Frame<P>, Q>;
    type Timer = Timer;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Arrival { from, msg }) => match msg {
                Frame::Data { seq, payload } => self.on_data(from, seq, payload, fx),
                Frame::Ack { seq } => self.on_ack(from, seq, fx),
                Frame::Nack { missing } => self.on_nack(from, &missing, fx),
                Frame::Session { casts } => self.on_session(from, casts, fx),
            },
            Event::Timer(Timer::Repeat) => self.on_repeat(fx),
            Event::Timer(Timer::Tell) => {
                fx.send(Group::Others, Frame::Session { casts: self.casts });
                fx.arm(Timer::Tell, self.terms.every);
            }
            Event::Timer(Timer::Ask) => self.on_ask(fx),
        }
    }
}

/// The caster.
impl<P: Payload, Q: AtLeast<FairLoss>> IpMulticast<P, Q> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        let (me, nodes, seq) = (fx.me(), fx.nodes(), self.casts);
        fx.indicate(Deliver {
            origin: me,
            payload: payload.clone(),
        });
        fx.send(
            Group::Others,
            Frame::Data {
                seq,
                payload: payload.clone(),
            },
        );
        let is_idle = match self.terms.repair {
            Repair::Acks => self.kept.is_empty(),
            Repair::Nacks => seq == 0,
        };
        self.casts += 1;
        let lacked_by = match self.terms.repair {
            Repair::Acks => (0..nodes).map(NodeId).filter(|node| *node != me).collect(),
            Repair::Nacks => BTreeSet::new(),
        };
        let kept = Kept {
            payload,
            lacked_by,
            fresh: true,
        };
        self.kept.insert(seq, kept);
        self.forget(fx);
        if is_idle && nodes > 1 {
            fx.arm(self.upkeep(), self.terms.every);
        }
    }

    /// The timer of a caster.
    const fn upkeep(&self) -> Timer {
        match self.terms.repair {
            Repair::Acks => Timer::Repeat,
            Repair::Nacks => Timer::Tell,
        }
    }

    /// Lets go of what is older than the history goes back.
    fn forget(&mut self, fx: &mut impl Effects<Self>) {
        let oldest = self.casts.saturating_sub(self.terms.history);
        let kept = self.kept.split_off(&oldest);
        let old = core::mem::replace(&mut self.kept, kept);
        if old.values().any(|kept| !kept.lacked_by.is_empty()) {
            fx.mark("cast_too_old");
        }
    }

    fn on_ack(&mut self, from: NodeId, seq: u32, fx: &mut impl Effects<Self>) {
        let Some(kept) = self.kept.get_mut(&seq) else {
            return;
        };
        // Who did not owe one, or has acknowledged before, changes nothing.
        if kept.lacked_by.remove(&from) && kept.lacked_by.is_empty() {
            self.kept.remove(&seq);
            if self.kept.is_empty() {
                fx.disarm(Timer::Repeat);
            }
        }
    }

    fn on_repeat(&mut self, fx: &mut impl Effects<Self>) {
        for (seq, kept) in &mut self.kept {
            if core::mem::replace(&mut kept.fresh, false) {
                continue;
            }
            for node in &kept.lacked_by {
                fx.mark("cast_repaired");
                let (seq, payload) = (*seq, kept.payload.clone());
                fx.send(*node, Frame::Data { seq, payload });
            }
        }
        if !self.kept.is_empty() {
            fx.arm(Timer::Repeat, self.terms.every);
        }
    }

    fn on_nack(&mut self, from: NodeId, missing: &[u32], fx: &mut impl Effects<Self>) {
        for seq in missing.iter().copied().take(NACK_MAX) {
            if let Some(kept) = self.kept.get(&seq) {
                fx.mark("cast_repaired");
                let payload = kept.payload.clone();
                fx.send(from, Frame::Data { seq, payload });
            } else if seq < self.casts {
                fx.mark("cast_too_old");
            }
        }
    }
}

/// The receiver.
impl<P: Payload, Q: AtLeast<FairLoss>> IpMulticast<P, Q> {
    fn on_data(&mut self, from: NodeId, seq: u32, payload: P, fx: &mut impl Effects<Self>) {
        if self.terms.repair == Repair::Acks {
            // Again for a copy: the first acknowledgement may have been lost.
            fx.send(from, Frame::Ack { seq });
        }
        self.learn(from, seq.saturating_add(1), fx);
        if self.heard.entry(from).or_default().insert(seq) {
            fx.indicate(Deliver {
                origin: from,
                payload,
            });
        }
        self.ask_later(from, fx);
    }

    fn on_session(&mut self, from: NodeId, casts: u32, fx: &mut impl Effects<Self>) {
        self.learn(from, casts, fx);
        self.ask_later(from, fx);
    }

    /// The caster is known to have cast so many messages.
    fn learn(&mut self, from: NodeId, casts: u32, fx: &mut impl Effects<Self>) {
        let heard = self.heard.entry(from).or_default();
        if heard.learn(casts, self.terms.history) {
            fx.mark("gap_given_up");
        }
    }

    /// Sees to it that the caster is asked, if something is missing. It may only have been overtaken, so there is time until
    /// the timer runs out.
    fn ask_later(&mut self, from: NodeId, fx: &mut impl Effects<Self>) {
        let heard = self.heard.entry(from).or_default();
        if self.terms.repair == Repair::Nacks && !self.asking && heard.missing().next().is_some() {
            self.asking = true;
            fx.arm(Timer::Ask, self.terms.every);
        }
    }

    fn on_ask(&mut self, fx: &mut impl Effects<Self>) {
        self.asking = false;
        for (caster, heard) in &self.heard {
            let missing: Vec<u32> = heard.missing().take(NACK_MAX).collect();
            if !missing.is_empty() {
                self.asking = true;
                fx.send(*caster, Frame::Nack { missing });
            }
        }
        if self.asking {
            fx.arm(Timer::Ask, self.terms.every);
        }
    }
}

impl Heard {
    /// There are `casts` messages, of which the caster keeps the last `history`. True if one that never came is older.
    fn learn(&mut self, casts: u32, history: u32) -> bool {
        self.casts = self.casts.max(casts);
        let oldest = self.casts.saturating_sub(history);
        if oldest <= self.below {
            return false;
        }
        let above = self.above.split_off(&oldest);
        let came = core::mem::replace(&mut self.above, above).len();
        let gave_up = came < (oldest - self.below) as usize;
        self.below = oldest;
        self.close();
        gave_up
    }

    /// A message came; true if it is the first copy, and none that was given up.
    fn insert(&mut self, seq: u32) -> bool {
        // Nobody counts as far as the last number, and it would have no number above it.
        if seq < self.below || seq == u32::MAX || !self.above.insert(seq) {
            return false;
        }
        self.close();
        true
    }

    /// Takes in what lies right above `below`.
    fn close(&mut self) {
        while self.above.remove(&self.below) {
            self.below += 1;
        }
    }

    fn missing(&self) -> impl Iterator<Item = u32> + '_ {
        (self.below..self.casts).filter(|seq| !self.above.contains(seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    const EVERY: Span = Span::from_millis(100);

    type Layer = IpMulticast<u8, FairLoss>;

    fn rig(repair: Repair, history: u32) -> Rig<Layer> {
        Rig::new(Layer::new(Terms {
            repair,
            every: EVERY,
            history,
        }))
    }

    fn from(from: u32, msg: Frame<u8>) -> Arrival<Frame<u8>> {
        Arrival {
            from: NodeId(from),
            msg,
        }
    }

    fn data(seq: u32) -> Frame<u8> {
        Frame::Data { seq, payload: 7 }
    }

    fn sends(to: impl Into<Group>, msg: Frame<u8>) -> Effect<Layer> {
        Effect::Request(Transmit { to: to.into(), msg })
    }

    fn delivers(origin: u32) -> Effect<Layer> {
        Effect::Indicate(Deliver {
            origin: NodeId(origin),
            payload: 7,
        })
    }

    fn arms(timer: Timer) -> Effect<Layer> {
        Effect::Arm(timer, EVERY)
    }

    #[test]
    fn the_caster_repeats_to_those_who_did_not_acknowledge() {
        let mut rig = rig(Repair::Acks, 8);
        let cast = rig.request(Cast(7)).effects();
        let sent = sends(Group::Others, data(0));
        assert_eq!(cast, [delivers(0), sent, arms(Timer::Repeat)]);

        rig.indication(from(1, Frame::Ack { seq: 0 }));
        let fresh = rig.timer(Timer::Repeat).effects();
        assert_eq!(fresh, [arms(Timer::Repeat)], "there was no full period yet");
        let again = rig.timer(Timer::Repeat).effects();
        assert_eq!(again, [sends(NodeId(2), data(0)), arms(Timer::Repeat)]);

        let acked = rig.indication(from(2, Frame::Ack { seq: 0 })).effects();
        assert_eq!(acked, [Effect::Disarm(Timer::Repeat)]);
        assert_eq!(rig.marks(), ["cast_repaired"]);
    }

    /// BEB2 No duplication; but an acknowledgement may have been lost, so there is another one.
    #[test]
    fn a_copy_is_acknowledged_and_not_delivered() {
        let mut rig = rig(Repair::Acks, 8);
        let ack = || sends(NodeId(1), Frame::Ack { seq: 0 });
        let first = rig.indication(from(1, data(0))).effects();
        assert_eq!(first, [ack(), delivers(1)]);
        assert_eq!(rig.indication(from(1, data(0))).effects(), [ack()]);
    }

    #[test]
    fn a_receiver_asks_for_what_a_number_has_jumped_over() {
        let mut rig = rig(Repair::Nacks, 8);
        assert_eq!(rig.indication(from(1, data(0))).effects(), [delivers(1)]);
        let gap = rig.indication(from(1, data(3))).effects();
        assert_eq!(gap, [delivers(1), arms(Timer::Ask)]);
        let late = rig.indication(from(1, data(2))).effects();
        assert_eq!(late, [delivers(1)], "it was only overtaken");
        let missing = [1].into();
        let asked = rig.timer(Timer::Ask).effects();
        assert_eq!(
            asked,
            [sends(NodeId(1), Frame::Nack { missing }), arms(Timer::Ask)]
        );
        assert_eq!(rig.indication(from(1, data(1))).effects(), [delivers(1)]);
        assert_eq!(rig.timer(Timer::Ask).effects(), [], "nothing is missing");
    }

    /// No number jumps over the last message: the caster has to tell that it was cast.
    #[test]
    fn the_loss_of_the_last_message_is_seen_by_the_number_that_the_caster_tells() {
        let mut caster = rig(Repair::Nacks, 8);
        caster.request(Cast(7)).effects();
        let told = caster.timer(Timer::Tell).effects();
        let number = Frame::Session { casts: 1 };
        assert_eq!(
            told,
            [sends(Group::Others, number.clone()), arms(Timer::Tell)]
        );

        let mut receiver = rig(Repair::Nacks, 8);
        let heard = receiver.indication(from(1, number)).effects();
        assert_eq!(heard, [arms(Timer::Ask)]);

        let missing = [0, 5].into();
        let repaired = caster
            .indication(from(2, Frame::Nack { missing }))
            .effects();
        assert_eq!(repaired, [sends(NodeId(2), data(0))]);
    }

    /// Memory is bounded: what is older than the history is forgotten by the caster, and given up by a receiver.
    #[test]
    fn what_is_older_than_the_history_is_lost() {
        let mut caster = rig(Repair::Nacks, 2);
        for _ in 0..3 {
            caster.request(Cast(7));
        }
        caster.effects();
        let missing = [0, 1].into();
        let repaired = caster
            .indication(from(2, Frame::Nack { missing }))
            .effects();
        assert_eq!(repaired, [sends(NodeId(2), data(1))]);
        assert_eq!(caster.marks(), ["cast_too_old", "cast_repaired"]);

        let mut receiver = rig(Repair::Nacks, 2);
        receiver.indication(from(1, data(2)));
        assert_eq!(receiver.marks(), ["gap_given_up"]);
        receiver.effects();
        assert_eq!(receiver.indication(from(1, data(0))).effects(), []);
        assert_eq!(
            receiver.indication(from(1, data(1))).effects(),
            [delivers(1)]
        );

        let mut caster = rig(Repair::Acks, 2);
        for _ in 0..3 {
            caster.request(Cast(7));
        }
        assert_eq!(caster.marks(), ["cast_too_old"]);
        assert_eq!(caster.layer.kept.len(), 2);
    }

    /// Numbers come from the network, and no number may stop the program or fill the memory.
    #[test]
    fn the_highest_numbers_do_no_harm() {
        for repair in [Repair::Acks, Repair::Nacks] {
            let mut rig = rig(repair, 4);
            rig.indication(from(1, data(u32::MAX)))
                .indication(from(1, data(u32::MAX - 1)))
                .indication(from(1, Frame::Session { casts: u32::MAX }))
                .indication(from(1, Frame::Ack { seq: u32::MAX }));
            let missing = [u32::MAX].into();
            rig.indication(from(1, Frame::Nack { missing }));
            rig.timer(Timer::Ask);
            let heard = &rig.layer.heard[&NodeId(1)];
            assert!(heard.missing().count() <= 4 && heard.above.len() <= 4);
        }
    }
}
