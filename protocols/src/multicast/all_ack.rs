//! All-ack uniform reliable broadcast: relay what you see for the first time, deliver once everybody alive has relayed it.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.4. Needs best-effort broadcast beside a perfect failure detector, offers
//! uniform reliable (URB1 to URB4). Cost: N(N−1) messages a cast (N² with the copies to oneself), heartbeats aside; two
//! message delays if nobody fails, and as long as it takes to detect a crash if somebody does. Model: fail-stop, any number
//! of crashes.
//! Where it fails: if correct processes are suspected, nobody waits for them: a process that wrongly suspects all others
//! delivers alone, and if it then crashes before its copies arrive, nobody else does (URB4 fails). If a crash is never
//! detected, nobody delivers (URB1 fails).

use alloc::collections::BTreeSet;
use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

use super::awaited::Awaited;
use super::eager::Stamped;
use super::port::{BestEffort, Cast, Deliver, Multicast, Uniform};
use crate::detector::{Accurate, Detector, Opinion};

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AllAck<P, G> {
    awaited: Awaited<P>,
    /// Who has crashed; everybody else is waited for.
    crashed: BTreeSet<NodeId>,
    below: PhantomData<fn() -> G>,
}

impl<P: Payload, G> AllAck<P, G> {
    /// A node that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        AllAck {
            awaited: Awaited::new(),
            crashed: BTreeSet::new(),
            below: PhantomData,
        }
    }
}

impl<P: Payload, G> Default for AllAck<P, G> {
    fn default() -> Self {
        AllAck::new()
    }
}

impl<P: Payload, G: AtLeast<BestEffort>> Protocol for AllAck<P, G> {
    type Offers = Multicast<P, Uniform>;
    type Needs = EitherPort<Multicast<Stamped<P>, G>, Detector<Accurate>>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => {
                let copy = self.awaited.cast(fx.me(), payload);
                fx.request(Either::Left(Cast(copy)));
            }
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

impl<P: Payload, G: AtLeast<BestEffort>> AllAck<P, G> {
    fn on_copy(&mut self, from: NodeId, copy: Stamped<P>, fx: &mut impl Effects<Self>) {
        let id = copy.id;
        if self.awaited.acknowledge(from, &copy) {
            fx.request(Either::Left(Cast(copy)));
        }
        self.deliver_if_all_acked(id, fx);
    }

    fn on_crash(&mut self, node: NodeId, fx: &mut impl Effects<Self>) {
        self.crashed.insert(node);
        for id in self.awaited.waiting() {
            self.deliver_if_all_acked(id, fx);
        }
    }

    fn deliver_if_all_acked(&mut self, id: MsgId, fx: &mut impl Effects<Self>) {
        let nodes = fx.nodes();
        let crashed = &self.crashed;
        let all = |acked: &BTreeSet<NodeId>| {
            let mut awaited = (0..nodes)
                .map(NodeId)
                .filter(|node| !crashed.contains(node));
            awaited.all(|node| acked.contains(&node))
        };
        if let Some(payload) = self.awaited.settle(id, all) {
            fx.indicate(Deliver {
                origin: id.origin,
                payload,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    type Layer = AllAck<u8, BestEffort>;

    fn copy(origin: u32) -> Stamped<u8> {
        Stamped {
            id: MsgId {
                origin: NodeId(origin),
                seq: 0,
            },
            payload: 7,
        }
    }

    type Said = Either<Deliver<Stamped<u8>>, Opinion>;

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

    fn relays(copy: Stamped<u8>) -> Effect<Layer> {
        Effect::Request(Either::Left(Cast(copy)))
    }

    #[test]
    fn delivers_when_everybody_has_relayed() {
        let mut rig = Rig::new(Layer::new());
        let first = rig.indication(from(1, copy(1))).effects();
        assert_eq!(first, [relays(copy(1))]);
        assert_eq!(rig.indication(from(0, copy(1))).effects(), []);
        assert_eq!(rig.indication(from(2, copy(1))).effects(), [delivers(1)]);
        assert_eq!(rig.indication(from(2, copy(1))).effects(), []);
    }

    /// URB1 Validity: the dead are not waited for, whether they were detected before or after.
    #[test]
    fn a_detected_crash_releases_what_waited_for_it() {
        let mut rig = Rig::new(Layer::new());
        rig.request(Cast(7)).effects();
        rig.indication(from(0, copy(0)))
            .indication(from(1, copy(0)));
        assert_eq!(rig.effects(), []);
        assert_eq!(rig.indication(crash(2)).effects(), [delivers(0)]);

        rig.indication(from(1, copy(1)));
        assert_eq!(rig.effects(), [relays(copy(1))]);
        assert_eq!(rig.indication(from(0, copy(1))).effects(), [delivers(1)]);
        assert_eq!(rig.layer.awaited.waiting(), []);
    }
}
