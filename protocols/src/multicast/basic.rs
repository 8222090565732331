//! Basic broadcast: sends the message to every process, once, and hopes that it stays up long enough.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.1. Needs perfect links, offers best-effort (BEB1 to BEB3).
//! Cost: N−1 messages a cast (N with the copy to oneself); one message delay. Model: any number of crashes.
//! No agreement: if the caster crashes half-way, some correct processes deliver and others never do.

use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

use super::port::{BestEffort, Cast, Deliver, Multicast};

/// One node. It has no state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Basic<P, Q>(PhantomData<fn() -> (P, Q)>);

impl<P, Q> Basic<P, Q> {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Basic(PhantomData)
    }
}

impl<P: Payload, Q: AtLeast<Perfect>> Protocol for Basic<P, Q> {
    type Offers = Multicast<P, BestEffort>;
    type Needs = Link<P, Q>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => fx.send(Group::All, payload),
            Event::Indication(Arrival { from, msg }) => fx.indicate(Deliver {
                origin: from,
                payload: msg,
            }),
            Event::Timer(never) => match never {},
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    #[test]
    fn sends_to_all_and_delivers_what_arrives() {
        let mut rig = Rig::new(Basic::<u8, Perfect>::new());
        let sent = rig.boot().request(Cast(7)).effects();
        assert_eq!(
            sent,
            [Effect::Request(Transmit {
                to: Group::All,
                msg: 7
            })]
        );
        let said = rig
            .indication(Arrival {
                from: NodeId(2),
                msg: 7,
            })
            .effects();
        assert_eq!(
            said,
            [Effect::Indicate(Deliver {
                origin: NodeId(2),
                payload: 7
            })]
        );
    }
}
