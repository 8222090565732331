//! Eager probabilistic broadcast: every copy is forwarded to k others, for R rounds, whether it is new or not.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.9. Needs fair-loss links, offers probabilistic broadcast (PB1 to PB3). Cost:
//! k(k^R − 1)/(k − 1) messages a cast exactly, if none is lost; at most R steps. Model: loss and crashes take a share.
//! It forgets nothing that would make it cheaper: the number of messages grows with k^R, not with the number of processes.
//! Who is reached by no copy never delivers. Who recovers has forgotten what it heard,
//! and counts its casts anew: they are taken for those of before.

use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::data::Data;
use super::targets::send_to_some;
use crate::multicast::{Cast, Multicast, Probabilistic};
use crate::seen::Seen;

/// A copy, and for how many rounds it is to travel, this one included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename = "Data")]
pub struct Forwarded<P> {
    /// What is spread.
    pub data: Data<P>,
    /// At least 1.
    pub rounds: u32,
}

impl<P: fmt::Display> fmt::Display for Forwarded<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Data { id, payload }, rounds) = (&self.data, self.rounds);
        write!(f, "Data{{{id} {payload} for {rounds}}}")
    }
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EagerProbabilistic<P> {
    fanout: u32,
    rounds: u32,
    next: u32,
    seen: Seen,
    payload: PhantomData<fn() -> P>,
}

impl<P> EagerProbabilistic<P> {
    /// A node that forwards to `fanout` others, and starts what it casts on so many `rounds`.
    #[must_use]
    pub const fn new(fanout: u32, rounds: u32) -> Self {
        EagerProbabilistic {
            fanout,
            rounds,
            next: 0,
            seen: Seen::new(),
            payload: PhantomData,
        }
    }
}

impl<P: Payload> Protocol for EagerProbabilistic<P> {
    type Offers = Multicast<P, Probabilistic>;
    type Needs = Link<Forwarded<P>, FairLoss>;
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
                self.hear(Data { id, payload }, self.rounds, fx);
            }
            Event::Indication(Arrival { msg, .. }) => {
                // Whoever sends more rounds than anybody starts with is not one of us.
                let left = msg.rounds.saturating_sub(1).min(self.rounds);
                self.hear(msg.data, left, fx);
            }
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload> EagerProbabilistic<P> {
    /// Delivers what is new, and forwards it, new or not, while there are rounds left.
    fn hear(&mut self, data: Data<P>, rounds: u32, fx: &mut impl Effects<Self>) {
        if self.seen.insert(data.id) {
            fx.indicate(data.deliver());
        }
        if rounds > 0 {
            send_to_some(fx, self.fanout, &Forwarded { data, rounds });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multicast::Deliver;
    use sim_core::kernel::rig::Rig;

    fn copy(rounds: u32) -> Forwarded<u8> {
        Forwarded {
            data: Data {
                id: MsgId {
                    origin: NodeId(1),
                    seq: 0,
                },
                payload: 7,
            },
            rounds,
        }
    }

    #[test]
    fn forwards_duplicates_too_until_its_rounds_are_over() {
        let mut rig = Rig::new(EagerProbabilistic::new(1, 3));
        rig.choices(&[0, 1]).boot();
        let mut on = |rounds| {
            let msg = copy(rounds);
            let from = NodeId(1);
            rig.indication(Arrival { from, msg }).effects()
        };
        let sent = |to, rounds| {
            Effect::Request(Transmit {
                to: Group::One(NodeId(to)),
                msg: copy(rounds),
            })
        };
        let delivered = Effect::Indicate(Deliver {
            origin: NodeId(1),
            payload: 7,
        });
        assert_eq!(on(3), [delivered, sent(1, 2)]);
        assert_eq!(on(2), [sent(2, 1)], "a duplicate");
        assert_eq!(on(1), []);
    }
}
