//! Majority-ack uniform reliable broadcast: relay what you see for the first time, deliver once a majority has relayed it.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.5. Needs best-effort broadcast, offers uniform reliable (URB1 to URB4).
//! Cost: N(N−1) messages a cast (N² with the copies to oneself); two message delays if nobody fails. Model: crash-stop,
//! f < N/2 crashes, no failure detector.
//! Uniform, because any two majorities meet: among those whose copies a deliverer has seen is a correct one, and that one's
//! relay reaches everybody. With N/2 crashes or more nobody delivers any more (URB1 fails), but nobody delivers wrongly.

use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

use super::awaited::Awaited;
use super::eager::Stamped;
use super::port::{BestEffort, Cast, Deliver, Multicast, Uniform};

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MajorityAck<P, G> {
    awaited: Awaited<P>,
    below: PhantomData<fn() -> G>,
}

impl<P: Payload, G> MajorityAck<P, G> {
    /// A node that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        MajorityAck {
            awaited: Awaited::new(),
            below: PhantomData,
        }
    }
}

impl<P: Payload, G> Default for MajorityAck<P, G> {
    fn default() -> Self {
        MajorityAck::new()
    }
}

impl<P: Payload, G: AtLeast<BestEffort>> Protocol for MajorityAck<P, G> {
    type Offers = Multicast<P, Uniform>;
    type Needs = Multicast<Stamped<P>, G>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => {
                let copy = self.awaited.cast(fx.me(), payload);
                fx.request(Cast(copy));
            }
            Event::Indication(Deliver {
                origin: from,
                payload: copy,
            }) => self.on_copy(from, copy, fx),
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload, G: AtLeast<BestEffort>> MajorityAck<P, G> {
    fn on_copy(&mut self, from: NodeId, copy: Stamped<P>, fx: &mut impl Effects<Self>) {
        let (id, nodes) = (copy.id, fx.nodes());
        if self.awaited.acknowledge(from, &copy) {
            fx.request(Cast(copy));
        }
        let majority = (nodes / 2 + 1) as usize;
        let settled = self.awaited.settle(id, |acked| acked.len() >= majority);
        if let Some(payload) = settled {
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

    type Layer = MajorityAck<u8, BestEffort>;

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

    fn delivers(origin: u32) -> Effect<Layer> {
        Effect::Indicate(Deliver {
            origin: NodeId(origin),
            payload: 7,
        })
    }

    fn relays(copy: Stamped<u8>) -> Effect<Layer> {
        Effect::Request(Cast(copy))
    }

    /// URB4 Uniform agreement: a majority of five is three, and the caster's own copy counts like any other.
    #[test]
    fn relays_the_first_copy_and_delivers_at_the_third() {
        let mut rig = Rig::new(Layer::new());
        rig.as_node(NodeId(0), 5);
        assert_eq!(rig.request(Cast(7)).effects(), [relays(copy(0))]);
        assert_eq!(rig.indication(from(0, copy(0))).effects(), []);
        assert_eq!(rig.indication(from(1, copy(0))).effects(), []);
        let again = rig.indication(from(1, copy(0))).effects();
        assert_eq!(again, [], "one process acknowledges once");
        assert_eq!(rig.indication(from(2, copy(0))).effects(), [delivers(0)]);

        let first = rig.indication(from(3, copy(3))).effects();
        assert_eq!(first, [relays(copy(3))]);
    }

    /// Half of the processes are no majority.
    #[test]
    fn two_of_four_are_too_few() {
        let mut rig = Rig::new(Layer::new());
        rig.as_node(NodeId(0), 4);
        rig.indication(from(1, copy(1)));
        assert_eq!(
            rig.indication(from(0, copy(1))).effects(),
            [relays(copy(1))]
        );
        assert_eq!(rig.indication(from(2, copy(1))).effects(), [delivers(1)]);
    }

    /// URB2 No duplication, and bounded memory: what was delivered is only remembered by its number.
    #[test]
    fn late_copies_cause_nothing_and_nothing_is_left() {
        let mut rig = Rig::new(Layer::new());
        rig.indication(from(1, copy(1)));
        rig.indication(from(2, copy(1))).effects();
        assert_eq!(rig.layer.awaited.waiting(), []);
        assert_eq!(rig.indication(from(0, copy(1))).effects(), []);
        assert_eq!(rig.layer.awaited.waiting(), []);
    }
}
