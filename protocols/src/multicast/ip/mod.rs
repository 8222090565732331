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

mod frame;
mod heard;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::port::{BestEffort, Cast, Deliver, Multicast};
pub use frame::Frame;
use heard::Heard;

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

#[cfg(test)]
mod tests;
