//! Lazy reliable broadcast: relay only the messages of those who have crashed.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.2. Needs best-effort broadcast beside a perfect failure detector, offers
//! reliable (RB1 to RB4). Cost: N−1 messages a cast if nobody fails (N with the copy to oneself), heartbeats aside, and
//! N(N−1) at worst; one message delay, N at worst. Model: fail-stop, any number of crashes.
//! Where it fails: if a crash is never detected, nobody relays, and a message whose caster crashed half-way reaches only
//! some (RB4 fails). To suspect a process wrongly only costs messages. Not uniform: a process may deliver and crash before
//! anybody else has the message (URB4 fails).
//!
//! Memory grows with every message, as published: a process may crash at any time, and nobody knows who has which of its
//! messages. What has been relayed is forgotten.

use alloc::collections::{BTreeMap, BTreeSet};
use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

use super::eager::Stamped;
use super::port::{BestEffort, Cast, Deliver, Multicast, Reliable};
use crate::detector::{Accurate, Detector, Opinion};
use crate::seen::Seen;

/// One node. It marks `relay_saved_a_node` when the first copy of a message came from a relay.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lazy<P, G> {
    next: u32,
    seen: Seen,
    /// What was delivered, for the day on which its origin crashes.
    kept: BTreeMap<MsgId, P>,
    crashed: BTreeSet<NodeId>,
    below: PhantomData<fn() -> G>,
}

impl<P, G> Lazy<P, G> {
    /// A node that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Lazy {
            next: 0,
            seen: Seen::new(),
            kept: BTreeMap::new(),
            crashed: BTreeSet::new(),
            below: PhantomData,
        }
    }
}

impl<P, G> Default for Lazy<P, G> {
    fn default() -> Self {
        Lazy::new()
    }
}

impl<P: Payload, G: AtLeast<BestEffort>> Protocol for Lazy<P, G> {
    type Offers = Multicast<P, Reliable>;
    type Needs = EitherPort<Multicast<Stamped<P>, G>, Detector<Accurate>>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Either::Left(Deliver {
                origin: from,
                payload: copy,
            })) => self.on_copy(from, copy, fx),
            Event::Indication(Either::Right(Opinion::Suspect(node))) => self.on_crash(node, fx),
            // A perfect detector never takes back what it said.
            Event::Indication(Either::Right(Opinion::Restore(_))) => (),
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload, G: AtLeast<BestEffort>> Lazy<P, G> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        let id = MsgId {
            origin: fx.me(),
            seq: self.next,
        };
        self.next += 1;
        fx.request(Either::Left(Cast(Stamped { id, payload })));
    }

    fn on_copy(&mut self, from: NodeId, copy: Stamped<P>, fx: &mut impl Effects<Self>) {
        let (me, origin) = (fx.me(), copy.id.origin);
        if !self.seen.insert(copy.id) {
            return;
        }
        if from != origin {
            fx.mark("relay_saved_a_node");
        }
        fx.indicate(Deliver {
            origin,
            payload: copy.payload.clone(),
        });
        if self.crashed.contains(&origin) {
            fx.request(Either::Left(Cast(copy)));
        } else if origin != me {
            self.kept.insert(copy.id, copy.payload);
        }
    }

    fn on_crash(&mut self, node: NodeId, fx: &mut impl Effects<Self>) {
        self.crashed.insert(node);
        let first = MsgId {
            origin: node,
            seq: 0,
        };
        let last = MsgId {
            origin: node,
            seq: u32::MAX,
        };
        while let Some((id, _)) = self.kept.range(first..=last).next() {
            let id = *id;
            if let Some(payload) = self.kept.remove(&id) {
                fx.request(Either::Left(Cast(Stamped { id, payload })));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    type Layer = Lazy<u8, BestEffort>;
    type Said = Either<Deliver<Stamped<u8>>, Opinion>;

    fn copy(origin: u32, seq: u32) -> Stamped<u8> {
        Stamped {
            id: MsgId {
                origin: NodeId(origin),
                seq,
            },
            payload: 7,
        }
    }

    fn from(from: u32, copy: Stamped<u8>) -> Said {
        Either::Left(Deliver {
            origin: NodeId(from),
            payload: copy,
        })
    }

    fn crash(node: u32) -> Said {
        Either::Right(Opinion::Suspect(NodeId(node)))
    }

    fn delivers(origin: u32) -> Effect<Layer> {
        Effect::Indicate(Deliver {
            origin: NodeId(origin),
            payload: 7,
        })
    }

    fn sends(copy: Stamped<u8>) -> Effect<Layer> {
        Effect::Request(Either::Left(Cast(copy)))
    }

    /// While nobody fails a message is sent once, by its caster.
    #[test]
    fn relays_nothing_of_those_who_live() {
        let mut rig = Rig::new(Layer::new());
        assert_eq!(rig.request(Cast(7)).effects(), [sends(copy(0, 0))]);
        assert_eq!(rig.indication(from(0, copy(0, 0))).effects(), [delivers(0)]);
        assert_eq!(rig.indication(from(1, copy(1, 0))).effects(), [delivers(1)]);
        assert_eq!(rig.indication(crash(2)).effects(), []);
        assert_eq!(rig.indication(from(1, copy(1, 0))).effects(), []);
    }

    /// RB4 Agreement: what a crashed process cast is relayed, once, whether it came before the news or after.
    #[test]
    fn relays_what_came_from_a_crashed_process_and_forgets_it() {
        let mut rig = Rig::new(Layer::new());
        rig.indication(from(1, copy(1, 0)))
            .indication(from(1, copy(1, 1)))
            .indication(from(2, copy(2, 0)))
            .effects();
        let relayed = rig.indication(crash(1)).effects();
        assert_eq!(relayed, [sends(copy(1, 0)), sends(copy(1, 1))]);
        assert_eq!(rig.layer.kept.len(), 1, "that of process 2");

        let late = rig.indication(from(2, copy(1, 2))).effects();
        assert_eq!(late, [delivers(1), sends(copy(1, 2))]);
        assert_eq!(rig.marks(), ["relay_saved_a_node"]);
        assert_eq!(rig.layer.kept.len(), 1);
    }
}
