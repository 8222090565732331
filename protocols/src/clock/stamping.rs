//! Stamping: a clock over a multicast, so that every cast and every delivery bears a stamp.
//!
//! Source: the rules of whichever clock it is given (Lamport 1978; Fidge 1988, Mattern 1989; Kulkarni et al. 2014). Needs
//! any multicast, offers the same one with stamps: a cast ticks and carries its stamp, a delivery is a receipt.
//! Cost: no message; a stamp on each. Model: that of the multicast below.
//! The clock is in memory: a process that recovers counts anew, and its stamps no longer fit what it did before.

use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

use super::Clock;
use super::port::{Clocked, Said, Timed};
use crate::multicast::{Cast, Deliver, Multicast};

/// One node.
///
/// It marks `stamp_refused` for a stamp that no clock of its kind makes; such a message is not delivered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stamping<C, P, G> {
    clock: C,
    multicast: PhantomData<fn() -> (P, G)>,
}

impl<C, P, G> Stamping<C, P, G> {
    /// A node with this clock. All nodes are to have clocks of one kind.
    #[must_use]
    pub const fn new(clock: C) -> Self {
        Stamping {
            clock,
            multicast: PhantomData,
        }
    }
}

impl<C: Clock, P: Payload, G: Guarantee> Protocol for Stamping<C, P, G> {
    type Offers = Clocked<P, C::Time, G>;
    type Needs = Multicast<Timed<P, C::Time>, G>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Deliver { origin, payload }) => self.on_deliver(origin, payload, fx),
            Event::Timer(never) => match never {},
        }
    }
}

impl<C: Clock, P: Payload, G: Guarantee> Stamping<C, P, G> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        let me = fx.me();
        let at = self.clock.tick(me, || fx.now());
        let timed = Timed { at, payload };
        // The stamp first: what is delivered at once below comes after the cast.
        fx.indicate(Said::Cast(timed.clone()));
        fx.request(Cast(timed));
    }

    fn on_deliver(
        &mut self,
        origin: NodeId,
        timed: Timed<P, C::Time>,
        fx: &mut impl Effects<Self>,
    ) {
        let (me, nodes) = (fx.me(), fx.nodes());
        let Timed { at: cast, payload } = timed;
        if !self.clock.accepts(&cast, nodes) {
            fx.mark("stamp_refused");
            return;
        }
        let at = self.clock.receive(me, &cast, || fx.now());
        let message = Deliver { origin, payload };
        fx.indicate(Said::Delivered { message, at, cast });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{AnyClock, AnyTime, ClockKind, Lamport, LamportTime};
    use crate::multicast::BestEffort;
    use sim_core::kernel::rig::Rig;

    fn stamp(count: u64, by: u32) -> LamportTime {
        let by = NodeId(by);
        LamportTime { count, by }
    }

    fn from(origin: u32, at: LamportTime) -> Deliver<Timed<u8, LamportTime>> {
        Deliver {
            origin: NodeId(origin),
            payload: Timed { at, payload: 7 },
        }
    }

    #[test]
    fn a_cast_ticks_and_a_delivery_is_a_receipt() {
        let mut rig = Rig::new(Stamping::<_, u8, BestEffort>::new(Lamport::new()));
        let timed = |at, payload| Timed { at, payload };
        let cast = rig.boot().request(Cast(5)).effects();
        let first = timed(stamp(1, 0), 5);
        assert_eq!(
            cast,
            [
                Effect::Indicate(Said::Cast(first.clone())),
                Effect::Request(Cast(first))
            ]
        );
        let delivered = rig.indication(from(2, stamp(4, 2))).effects();
        let message = Deliver {
            origin: NodeId(2),
            payload: 7,
        };
        let said = Said::Delivered {
            message,
            at: stamp(5, 0),
            cast: stamp(4, 2),
        };
        assert_eq!(delivered, [Effect::Indicate(said)]);
    }

    #[test]
    fn a_stamp_of_another_clock_is_refused() {
        let clock = AnyClock::new(ClockKind::Vector);
        let mut rig = Rig::new(Stamping::<_, u8, BestEffort>::new(clock));
        let at = AnyTime::Lamport(stamp(1, 1));
        let payload = Timed { at, payload: 7 };
        let origin = NodeId(1);
        let effects = rig.indication(Deliver { origin, payload }).effects();
        assert_eq!(
            (effects, rig.marks()),
            (alloc::vec![], alloc::vec!["stamp_refused"])
        );
    }
}
