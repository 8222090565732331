//! Lazy push: who hears an update tells a few others only its name, and gives it to those who ask.
//!
//! Sources: the IHAVE and IWANT of Leitão, Pereira, Rodrigues 2007 (Plumtree), as the gossip of Eugster et al. 2004. Needs
//! fair-loss links, offers probabilistic broadcast (PB1 to PB3). Cost: one copy of the update for each process that is
//! reached besides the caster, n−1 if all are; `fanout` names for each, and a request for each copy; three delays a hop
//! where push gossip has one. Model: a request that stays without an answer goes to the next who offered.
//! Not atomic, as push gossip is not. It keeps the last few updates only: who asks later asks in vain. Who recovers
//! counts its casts anew: they are taken for those of before.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::data::Data;
use super::targets::send_to_some;
use crate::multicast::{Cast, Multicast, Probabilistic};
use crate::seen::Seen;

/// So many updates are kept for those who ask.
const KEPT_MAX: usize = 64;
/// So many are asked for at once, and so many who offered one are remembered.
const ASKED_MAX: usize = 64;
const OFFERS_MAX: usize = 8;

/// What processes say to each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LazyPushMessage<P> {
    /// Offers an update.
    IHave(MsgId),
    /// Asks for it.
    IWant(MsgId),
    /// The update.
    Data(Data<P>),
}

impl<P: fmt::Display> fmt::Display for LazyPushMessage<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LazyPushMessage::IHave(id) => write!(f, "IHave{{{id}}}"),
            LazyPushMessage::IWant(id) => write!(f, "IWant{{{id}}}"),
            LazyPushMessage::Data(data) => data.fmt(f),
        }
    }
}

/// The timer of a request that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Unanswered(pub MsgId);

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unanswered {}", self.0)
    }
}

/// An update that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    id: MsgId,
    /// Who offered it too, and has not been asked.
    offers: Vec<NodeId>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LazyPush<P> {
    fanout: u32,
    timeout: Span,
    next: u32,
    seen: Seen,
    /// The last updates, the oldest first.
    kept: VecDeque<Data<P>>,
    asked: Vec<Asked>,
}

impl<P> LazyPush<P> {
    /// A node that offers to `fanout` others, and asks the next after `timeout`.
    #[must_use]
    pub const fn new(fanout: u32, timeout: Span) -> Self {
        LazyPush {
            fanout,
            timeout,
            next: 0,
            seen: Seen::new(),
            kept: VecDeque::new(),
            asked: Vec::new(),
        }
    }
}

impl<P: Payload> Protocol for LazyPush<P> {
    type Offers = Multicast<P, Probabilistic>;
    type Needs = Link<LazyPushMessage<P>, FairLoss>;
    type Timer = Unanswered;
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
            Event::Indication(Arrival { from, msg }) => match msg {
                LazyPushMessage::IHave(id) => self.on_offer(from, id, fx),
                LazyPushMessage::IWant(id) => self.on_request(from, id, fx),
                LazyPushMessage::Data(data) => self.hear(data, fx),
            },
            Event::Timer(Unanswered(id)) => self.ask_next(id, fx),
        }
    }
}

impl<P: Payload> LazyPush<P> {
    fn hear(&mut self, data: Data<P>, fx: &mut impl Effects<Self>) {
        let id = data.id;
        if !self.seen.insert(id) {
            return;
        }
        if let Some(place) = self.place(id) {
            self.asked.remove(place);
            fx.disarm(Unanswered(id));
        }
        fx.indicate(data.deliver());
        if self.kept.len() == KEPT_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back(data);
        send_to_some(fx, self.fanout, &LazyPushMessage::IHave(id));
    }

    fn on_offer(&mut self, from: NodeId, id: MsgId, fx: &mut impl Effects<Self>) {
        if self.seen.contains(id) {
            return;
        }
        match self.place(id) {
            Some(place) => {
                let offers = &mut self.asked[place].offers;
                if offers.len() < OFFERS_MAX && !offers.contains(&from) {
                    offers.push(from);
                }
            }
            None if self.asked.len() < ASKED_MAX => {
                self.asked.push(Asked { id, offers: vec![] });
                self.ask(from, id, fx);
            }
            None => fx.mark("gossip_overburdened"),
        }
    }

    fn on_request(&mut self, from: NodeId, id: MsgId, fx: &mut impl Effects<Self>) {
        if let Some(data) = self.kept.iter().find(|data| data.id == id) {
            fx.send(from, LazyPushMessage::Data(data.clone()));
        }
    }

    fn ask(&self, whom: NodeId, id: MsgId, fx: &mut impl Effects<Self>) {
        fx.send(whom, LazyPushMessage::IWant(id));
        fx.arm(Unanswered(id), self.timeout);
    }

    /// No answer came: the next who offered it is asked. If there is none, another offer may still come.
    fn ask_next(&mut self, id: MsgId, fx: &mut impl Effects<Self>) {
        let Some(place) = self.place(id) else { return };
        if self.asked[place].offers.is_empty() {
            self.asked.remove(place);
        } else {
            let whom = self.asked[place].offers.remove(0);
            self.ask(whom, id, fx);
        }
    }

    fn place(&self, id: MsgId) -> Option<usize> {
        self.asked.iter().position(|asked| asked.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multicast::Deliver;
    use sim_core::kernel::rig::Rig;

    const TIMEOUT: Span = Span::from_millis(50);
    const ID: MsgId = MsgId {
        origin: NodeId(1),
        seq: 0,
    };

    fn rig() -> Rig<LazyPush<u8>> {
        let mut rig = Rig::new(LazyPush::new(1, TIMEOUT));
        rig.boot();
        rig
    }

    fn on(
        rig: &mut Rig<LazyPush<u8>>,
        from: u32,
        msg: LazyPushMessage<u8>,
    ) -> Vec<Effect<LazyPush<u8>>> {
        let from = NodeId(from);
        rig.indication(Arrival { from, msg }).effects()
    }

    fn sent(to: u32, msg: LazyPushMessage<u8>) -> Effect<LazyPush<u8>> {
        Effect::Request(Transmit {
            to: Group::One(NodeId(to)),
            msg,
        })
    }

    fn update() -> LazyPushMessage<u8> {
        LazyPushMessage::Data(Data { id: ID, payload: 7 })
    }

    #[test]
    fn asks_for_what_is_offered_and_offers_what_it_has() {
        let mut rig = rig();
        let asks = [
            sent(2, LazyPushMessage::IWant(ID)),
            Effect::Arm(Unanswered(ID), TIMEOUT),
        ];
        assert_eq!(on(&mut rig, 2, LazyPushMessage::IHave(ID)), asks);
        assert_eq!(
            on(&mut rig, 1, LazyPushMessage::IHave(ID)),
            [],
            "one copy is enough"
        );
        rig.choices(&[0]);
        let delivered = Effect::Indicate(Deliver {
            origin: NodeId(1),
            payload: 7,
        });
        let hears = [
            Effect::Disarm(Unanswered(ID)),
            delivered,
            sent(1, LazyPushMessage::IHave(ID)),
        ];
        assert_eq!(on(&mut rig, 2, update()), hears);
        assert_eq!(on(&mut rig, 1, LazyPushMessage::IHave(ID)), []);
        assert_eq!(
            on(&mut rig, 1, LazyPushMessage::IWant(ID)),
            [sent(1, update())]
        );
    }

    #[test]
    fn the_next_who_offered_is_asked() {
        let mut rig = rig();
        on(&mut rig, 2, LazyPushMessage::IHave(ID));
        on(&mut rig, 1, LazyPushMessage::IHave(ID));
        let next = rig.timer(Unanswered(ID)).effects();
        assert_eq!(next[0], sent(1, LazyPushMessage::IWant(ID)));
        assert_eq!(rig.timer(Unanswered(ID)).effects(), [], "nobody is left");
        let again = on(&mut rig, 2, LazyPushMessage::IHave(ID));
        assert_eq!(again[0], sent(2, LazyPushMessage::IWant(ID)));
    }
}
