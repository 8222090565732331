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
//! Where everybody repairs: who holds a message answers for its caster. A receiver asks the caster first; if that did not help,
//! the others in turn, one request a period. When a caster was silent for two to six periods, somebody else tells its number.
//! Cost: nothing more on the wire while nothing is lost and casters tell their numbers; then, for ever, one report in two to
//! three periods, N−1 messages. Who hears one keeps its own to itself, but where reports cross or are lost there are more of
//! them, at worst one from each process in two periods. In memory the last messages of every caster, at every process.
//! Where it fails: where only casters repair and one crashes, nobody answers for it, and only some deliver. Only so many of a
//! caster's last messages are kept, and whoever lacks an older one never gets it (BEB1 fails).
//!
//! In the book every receiver keeps what it has delivered and answers for the caster, which gives agreement (RB4). For that
//! nobody may ever forget a message which a process lacks that may be alive. Here memory is bounded, so agreement is not
//! promised, whoever repairs, and the port says best-effort. Where everybody repairs it does hold as long as nobody lacks a
//! message of a caster beyond its last `history`: some correct process then holds it, tells of it, and is asked for it in the
//! end. A message that came to nobody who lives cannot be repaired, and whoever knows of it asks for it for ever.

mod frame;
mod heard;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;

use super::port::{BestEffort, Cast, Deliver, Multicast};
pub use frame::{Frame, Number};
use heard::Heard;

/// How many messages are asked for at once, the oldest first: they fit into one datagram.
const NACK_MAX: usize = 64;

/// How many casters are told of in one report: they fit into one datagram.
const REPORT_MAX: usize = 64;

/// For so many periods a caster may be silent at least, before others tell its number.
const SILENCE: u64 = 2;

/// Who finds out that a message was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repair {
    /// The caster, which waits for everybody's acknowledgement, and sends it again.
    Acks,
    /// The receivers, which ask for what they lack.
    Nacks(Repairers),
}

/// Who answers a negative acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repairers {
    /// The caster of the message.
    Caster,
    /// Everybody who holds the message.
    Everybody,
}

/// The terms of the repair, the same at all processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Who finds out.
    pub repair: Repair,
    /// How long a caster waits for acknowledgements, and a receiver for what is missing; and how often a caster tells its
    /// number.
    pub every: Span,
    /// How many of its last messages a caster keeps; where everybody repairs, everybody keeps as many of each caster.
    pub history: u32,
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
    /// A receiver that repairs: tell the numbers of casters that are silent.
    Report,
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Timer::Repeat => "repeat",
            Timer::Tell => "tell the number",
            Timer::Ask => "ask",
            Timer::Report => "report",
        })
    }
}

/// One process: a caster and a receiver.
///
/// A caster marks `cast_repaired` when it sends a message again, and `cast_too_old` when it cannot, or gives up on
/// acknowledgements. A receiver marks `gap_given_up`, and `peer_repaired` when it answers for a caster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IpMulticast<P, Q> {
    terms: Terms,
    /// How many messages this process has cast.
    casts: u32,
    /// The last of them; with acknowledgements those that somebody lacks.
    kept: BTreeMap<u32, Kept<P>>,
    /// What came from each caster.
    heard: BTreeMap<NodeId, Heard<P>>,
    /// Is the timer [`Timer::Ask`] armed?
    asking: bool,
    /// Is the timer [`Timer::Report`]? Once it is, it always is.
    reporting: bool,
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
            reporting: false,
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
                Frame::Request { origin, missing } => self.on_request(from, origin, &missing, fx),
                Frame::Repair {
                    origin,
                    seq,
                    payload,
                } => self.on_repair(origin, seq, payload, fx),
                Frame::Report { numbers } => self.on_report(&numbers, fx),
            },
            Event::Timer(Timer::Repeat) => self.on_repeat(fx),
            Event::Timer(Timer::Tell) => {
                fx.send(Group::Others, Frame::Session { casts: self.casts });
                fx.arm(Timer::Tell, self.terms.every);
            }
            Event::Timer(Timer::Ask) => self.on_ask(fx),
            Event::Timer(Timer::Report) => self.on_silence(fx),
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
            Repair::Nacks(_) => seq == 0,
        };
        self.casts += 1;
        let lacked_by = match self.terms.repair {
            Repair::Acks => (0..nodes).map(NodeId).filter(|node| *node != me).collect(),
            Repair::Nacks(_) => BTreeSet::new(),
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
            Repair::Nacks(_) => Timer::Tell,
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
        self.accept(from, seq, payload, fx);
        self.is_not_silent(from);
    }

    fn on_session(&mut self, from: NodeId, casts: u32, fx: &mut impl Effects<Self>) {
        self.learn(from, casts, fx);
        self.is_not_silent(from);
        self.ask_later(from, fx);
    }

    /// A message of `origin` came, from whomever.
    fn accept(&mut self, origin: NodeId, seq: u32, payload: P, fx: &mut impl Effects<Self>) {
        self.learn(origin, seq.saturating_add(1), fx);
        let repairs = self.repairs();
        let heard = self.heard.entry(origin).or_default();
        if heard.insert(seq) {
            if repairs {
                heard.kept.insert(seq, payload.clone());
            }
            fx.indicate(Deliver { origin, payload });
        }
        self.ask_later(origin, fx);
    }

    /// The caster is known to have cast so many messages.
    fn learn(&mut self, origin: NodeId, casts: u32, fx: &mut impl Effects<Self>) {
        let heard = self.heard.entry(origin).or_default();
        if heard.learn(casts, self.terms.history) {
            fx.mark("gap_given_up");
        }
    }

    /// Sees to it that somebody is asked, if something is missing. It may only have been overtaken, so there is time until the
    /// timer runs out.
    fn ask_later(&mut self, origin: NodeId, fx: &mut impl Effects<Self>) {
        let heard = self.heard.entry(origin).or_default();
        let asks = matches!(self.terms.repair, Repair::Nacks(_));
        if asks && !self.asking && heard.missing().next().is_some() {
            self.asking = true;
            fx.arm(Timer::Ask, self.terms.every);
        }
        self.report_later(fx);
    }

    fn on_ask(&mut self, fx: &mut impl Effects<Self>) {
        let (me, nodes, repairs) = (fx.me(), fx.nodes(), self.repairs());
        self.asking = false;
        for (caster, heard) in &mut self.heard {
            let missing: Vec<u32> = heard.missing().take(NACK_MAX).collect();
            let Some(oldest) = missing.first() else {
                heard.asked = None;
                continue;
            };
            self.asking = true;
            let turn = if repairs {
                heard.turn(*oldest, nodes)
            } else {
                0
            };
            let asked = in_turn(turn, *caster, me, nodes);
            if asked == *caster {
                fx.send(asked, Frame::Nack { missing });
            } else {
                let origin = *caster;
                fx.send(asked, Frame::Request { origin, missing });
            }
        }
        if self.asking {
            fx.arm(Timer::Ask, self.terms.every);
        }
    }
}

/// The receiver where everybody repairs.
impl<P: Payload, Q: AtLeast<FairLoss>> IpMulticast<P, Q> {
    fn repairs(&self) -> bool {
        self.terms.repair == Repair::Nacks(Repairers::Everybody)
    }

    /// Can somebody else tell of this caster? A caster needs nobody to tell what it has cast, and names that nobody has, which
    /// come from the network, may not fill the memory.
    fn is_another(&self, origin: NodeId, fx: &mut impl Effects<Self>) -> bool {
        self.repairs() && origin != fx.me() && origin.0 < fx.nodes()
    }

    fn on_request(
        &mut self,
        from: NodeId,
        origin: NodeId,
        missing: &[u32],
        fx: &mut impl Effects<Self>,
    ) {
        let Some(heard) = self.heard.get(&origin) else {
            return;
        };
        for seq in missing.iter().copied().take(NACK_MAX) {
            if let Some(payload) = heard.kept.get(&seq) {
                fx.mark("peer_repaired");
                let payload = payload.clone();
                fx.send(
                    from,
                    Frame::Repair {
                        origin,
                        seq,
                        payload,
                    },
                );
            }
        }
    }

    fn on_repair(&mut self, origin: NodeId, seq: u32, payload: P, fx: &mut impl Effects<Self>) {
        if self.is_another(origin, fx) {
            self.accept(origin, seq, payload, fx);
        }
    }

    fn on_report(&mut self, numbers: &[Number], fx: &mut impl Effects<Self>) {
        for Number { origin, casts } in numbers.iter().copied().take(REPORT_MAX) {
            if self.is_another(origin, fx) {
                self.learn(origin, casts, fx);
                let heard = self.heard.entry(origin).or_default();
                // Who told less lacks something that is here, so the own number is still to be told.
                heard.told |= heard.held().is_none_or(|held| held <= casts);
                self.ask_later(origin, fx);
            }
        }
    }

    /// The caster spoke itself.
    fn is_not_silent(&mut self, origin: NodeId) {
        if self.repairs() {
            self.heard.entry(origin).or_default().told = true;
        }
    }

    /// Sees to it that numbers are told, once there is something to tell. In a group of two there is nobody to tell.
    fn report_later(&mut self, fx: &mut impl Effects<Self>) {
        if self.repairs() && !self.reporting && fx.nodes() > 2 {
            self.reporting = true;
            self.arm_report(fx);
        }
    }

    /// At moments that differ from process to process, so that one report keeps the others from being sent.
    fn arm_report(&self, fx: &mut impl Effects<Self>) {
        let silence = Delay::Uniform {
            min: self.terms.every.saturating_mul(SILENCE),
            max: self.terms.every.saturating_mul(SILENCE + 1),
        };
        let law = silence.sampler().expect("the limits are in order");
        let pause = fx.draw("report", &law);
        fx.arm(Timer::Report, pause);
    }

    fn on_silence(&mut self, fx: &mut impl Effects<Self>) {
        let mut numbers = Vec::new();
        for (origin, heard) in &mut self.heard {
            let told = core::mem::replace(&mut heard.told, false);
            if let (false, Some(casts)) = (told, heard.held()) {
                let origin = *origin;
                numbers.push(Number { origin, casts });
            }
        }
        for part in numbers.chunks(REPORT_MAX) {
            let numbers = part.to_vec();
            fx.send(Group::Others, Frame::Report { numbers });
        }
        self.arm_report(fx);
    }
}

/// Whom to ask for messages of `caster`: first itself, then all others, from the one after `me` on. Each receiver begins with
/// another, so that no process is asked by all of them at once.
fn in_turn(turn: u32, caster: NodeId, me: NodeId, nodes: u32) -> NodeId {
    if turn == 0 {
        return caster;
    }
    let (me, nodes) = (u64::from(me.0), u64::from(nodes));
    let place_of_caster = (u64::from(caster.0) + nodes - me) % nodes;
    let place = u64::from(turn);
    let place = place + u64::from(place >= place_of_caster);
    NodeId(u32::try_from((me + place) % nodes).expect("below the number of processes"))
}

#[cfg(test)]
mod tests;
