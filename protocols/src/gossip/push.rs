//! Push gossip, infect and die: who hears an update for the first time tells a few others, once.
//!
//! Sources: Eugster, Guerraoui, Kermarrec, Massoulié 2004; Kermarrec, Massoulié, Ganesh 2003 for the threshold. Needs
//! fair-loss links, offers probabilistic broadcast (PB1 to PB3). Cost: `fanout` messages for each process that is reached,
//! the caster too; about log n steps to the base of the fanout. Model: crashes and losses cost a share of the fanout.
//! Not atomic: with a fixed fanout f a share s of all processes is left out, s = e^(-f(1-s)), about 6 % for 3; everybody
//! is reached only if the fanout is well above ln n. Who recovers has forgotten what it heard,
//! and counts its casts anew: they are taken for those of before.

use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

use super::data::Data;
use super::fanout::Fanout;
use super::targets::send_to_some;
use crate::multicast::{Cast, Multicast, Probabilistic};
use crate::seen::Seen;

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Push<P> {
    fanout: Fanout,
    next: u32,
    seen: Seen,
    payload: PhantomData<fn() -> P>,
}

impl<P> Push<P> {
    /// A node that has heard nothing.
    #[must_use]
    pub const fn new(fanout: Fanout) -> Self {
        Push {
            fanout,
            next: 0,
            seen: Seen::new(),
            payload: PhantomData,
        }
    }
}

impl<P: Payload> Protocol for Push<P> {
    type Offers = Multicast<P, Probabilistic>;
    type Needs = Link<Data<P>, FairLoss>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => {
                let id = MsgId {
                    origin: fx.me(),
                    seq: self.next,
                };
                self.next += 1;
                self.hear(Data { id, payload }, fx);
            }
            Event::Indication(Arrival { msg, .. }) => self.hear(msg, fx),
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload> Push<P> {
    fn hear(&mut self, data: Data<P>, fx: &mut impl Effects<Self>) {
        if !self.seen.insert(data.id) {
            return;
        }
        fx.indicate(data.deliver());
        let fanout = self.fanout.draw(fx);
        send_to_some(fx, fanout, &data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multicast::Deliver;
    use sim_core::kernel::rig::Rig;

    fn data(origin: u32) -> Data<u8> {
        Data {
            id: MsgId {
                origin: NodeId(origin),
                seq: 0,
            },
            payload: 7,
        }
    }

    fn sent(to: u32, data: Data<u8>) -> Effect<Push<u8>> {
        Effect::Request(Transmit {
            to: Group::One(NodeId(to)),
            msg: data,
        })
    }

    /// Infect and die: a second copy must cause nothing.
    #[test]
    fn delivers_and_forwards_once() {
        let mut rig = Rig::new(Push::new(Fanout::Fixed(2)));
        rig.as_node(NodeId(0), 10).choices(&[3, 0]);
        let arrival = |from| Arrival {
            from: NodeId(from),
            msg: data(1),
        };
        let delivered = Effect::Indicate(Deliver {
            origin: NodeId(1),
            payload: 7,
        });
        let first = rig.boot().indication(arrival(1)).effects();
        assert_eq!(first, [delivered, sent(4, data(1)), sent(1, data(1))]);
        assert_eq!(rig.indication(arrival(2)).effects(), []);
    }

    #[test]
    fn the_caster_delivers_at_once() {
        let mut rig = Rig::new(Push::new(Fanout::Fixed(1)));
        rig.choices(&[1]);
        let delivered = Effect::Indicate(Deliver {
            origin: NodeId(0),
            payload: 7,
        });
        let effects = rig.boot().request(Cast(7)).effects();
        assert_eq!(effects, [delivered, sent(2, data(0))]);
    }
}
