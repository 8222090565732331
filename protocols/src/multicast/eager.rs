//! Eager reliable broadcast: everyone relays what it sees for the first time.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.3. Needs best-effort broadcast, offers reliable (RB1 to RB4).
//! Cost: N²−1 messages a cast as published, N(N−1) if the originator delivers at once and sends once; one message delay
//! if nobody fails. Model: crash-stop, any number of crashes, no failure detector.
//! Not uniform: a node may deliver and crash before its relay leaves (URB4 fails).

use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::port::{BestEffort, Cast, Deliver, Multicast, Reliable};
use crate::seen::Seen;

/// A payload with the name of its message: what the layer puts on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename = "Data")]
pub struct Stamped<P> {
    /// Who cast it first, and which of its casts it is.
    pub id: MsgId,
    /// What was cast.
    pub payload: P,
}

impl<P: fmt::Display> fmt::Display for Stamped<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data{{{} {}}}", self.id, self.payload)
    }
}

impl<P: Clone> Stamped<P> {
    /// The delivery of it.
    pub(crate) fn deliver(&self) -> Deliver<P> {
        Deliver {
            origin: self.id.origin,
            payload: self.payload.clone(),
        }
    }
}

/// What the originator of a message does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Originator {
    /// It delivers at once and sends once: N(N−1) messages.
    AtOnce,
    /// As published: it delivers its own copy when that arrives, and relays it like everybody else: N²−1 messages.
    Literal,
}

/// Whether a first copy is relayed. Without, the layer is no better than the broadcast below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relaying {
    /// As published.
    On,
    /// A lesson: agreement breaks when the caster crashes half-way.
    Off,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Eager<P> {
    originator: Originator,
    relaying: Relaying,
    next: u32,
    seen: Seen,
    payload: PhantomData<fn() -> P>,
}

impl<P> Eager<P> {
    /// A node that has seen nothing.
    #[must_use]
    pub const fn new(originator: Originator, relaying: Relaying) -> Self {
        Eager {
            originator,
            relaying,
            next: 0,
            seen: Seen::new(),
            payload: PhantomData,
        }
    }
}

impl<P: Payload> Protocol for Eager<P> {
    type Offers = Multicast<P, Reliable>;
    type Needs = Multicast<Stamped<P>, BestEffort>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Deliver {
                origin: from,
                payload: copy,
            }) => self.on_copy(from, copy, fx),
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload> Eager<P> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        let me = fx.me();
        let id = MsgId {
            origin: me,
            seq: self.next,
        };
        self.next += 1;
        if self.originator == Originator::AtOnce {
            self.seen.insert(id);
            fx.indicate(Deliver {
                origin: me,
                payload: payload.clone(),
            });
        }
        fx.request(Cast(Stamped { id, payload }));
    }

    fn on_copy(&mut self, from: NodeId, copy: Stamped<P>, fx: &mut impl Effects<Self>) {
        if !self.seen.insert(copy.id) {
            return;
        }
        if from != copy.id.origin {
            // Had the caster died before it wrote to this node, the relay alone would have reached it.
            fx.mark("relay_saved_a_node");
        }
        // Deliver, then relay, as in the book. A crash may fall between the two.
        fx.indicate(Deliver {
            origin: copy.id.origin,
            payload: copy.payload.clone(),
        });
        if self.relaying == Relaying::On {
            fx.request(Cast(copy));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    fn copy(origin: u32) -> Stamped<u8> {
        Stamped {
            id: MsgId {
                origin: NodeId(origin),
                seq: 0,
            },
            payload: 7,
        }
    }

    fn from(from: u32, copy: Stamped<u8>) -> Deliver<Stamped<u8>> {
        Deliver {
            origin: NodeId(from),
            payload: copy,
        }
    }

    /// RB2 No duplication: a second copy must cause nothing.
    #[test]
    fn delivers_and_relays_once() {
        let mut rig = Rig::new(Eager::new(Originator::AtOnce, Relaying::On));
        let first = rig.boot().indication(from(1, copy(1))).effects();
        let delivered = Effect::Indicate(Deliver {
            origin: NodeId(1),
            payload: 7,
        });
        assert_eq!(first, [delivered, Effect::Request(Cast(copy(1)))]);
        assert_eq!(rig.indication(from(2, copy(1))).effects(), []);
    }

    /// The two readings of Alg. 3.3 differ only in what the originator does with its own copy.
    #[test]
    fn the_originator_delivers_once_in_both_readings() {
        let delivered = Effect::Indicate(Deliver {
            origin: NodeId(0),
            payload: 7,
        });
        let sent = Effect::Request(Cast(copy(0)));

        let mut at_once = Rig::new(Eager::new(Originator::AtOnce, Relaying::On));
        assert_eq!(
            at_once.request(Cast(7)).effects(),
            [delivered.clone(), sent.clone()]
        );
        assert_eq!(at_once.indication(from(0, copy(0))).effects(), []);

        let mut literal = Rig::new(Eager::new(Originator::Literal, Relaying::On));
        assert_eq!(
            literal.request(Cast(7)).effects(),
            core::slice::from_ref(&sent)
        );
        assert_eq!(
            literal.indication(from(0, copy(0))).effects(),
            [delivered, sent]
        );
    }

    #[test]
    fn marks_a_first_copy_that_came_from_a_relay() {
        let mut rig = Rig::new(Eager::new(Originator::AtOnce, Relaying::On));
        assert_eq!(
            rig.indication(from(2, copy(1))).marks(),
            ["relay_saved_a_node"]
        );
        assert_eq!(rig.indication(from(1, copy(1))).marks(), [""; 0]);
    }
}
