//! Lazy probabilistic broadcast: sent to everybody once, unreliably; who sees a gap in a caster's numbers asks around for
//! what is missing.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.10 and 3.11. Needs fair-loss links, offers probabilistic broadcast (PB1 to
//! PB3), in the order of each caster's casts. Cost: n−1 messages a cast if nothing is lost, one step; for each copy that is
//! lost up to k + k² + … + k^R requests for each later message that comes while the gap is open, and an answer for each
//! that finds somebody who stored it. Model: loss and crashes take a share; a number that nobody can answer is given up after a while.
//! A loss is noticed only by what comes after it: the last message of a caster is not asked for. Numbers begin anew with
//! each life, so what a caster says after a recovery looks old to those who heard it before.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::data::Data;
use super::targets::send_to_some;
use crate::multicast::{Cast, Multicast, Probabilistic};

/// So many messages are stored for those who ask, and so many of a caster wait for earlier ones.
const STORED_MAX: usize = 256;
const PENDING_MAX: usize = 64;
/// A gap is not longer than this: what lies further back is given up at once.
const GAP_MAX: u32 = 64;

/// How a process asks around, and what it keeps for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asking {
    /// How many others are asked at a time.
    pub fanout: u32,
    /// For how many rounds a request is passed on, at least 1.
    pub rounds: u32,
    /// The probability with which a message is stored: 1 − α of the book.
    pub store: Probability,
    /// How long a gap stays open.
    pub timeout: Span,
}

/// What processes say to each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LazyMessage<P> {
    /// A message.
    Data(Data<P>),
    /// Asks for one.
    Request {
        /// Who wants it.
        by: NodeId,
        /// Which.
        id: MsgId,
        /// For how many more rounds the request is passed on.
        rounds: u32,
    },
}

impl<P: fmt::Display> fmt::Display for LazyMessage<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LazyMessage::Data(data) => data.fmt(f),
            LazyMessage::Request { by, id, rounds } => {
                write!(f, "Request{{{id} by {by} for {rounds}}}")
            }
        }
    }
}

/// The timer of a gap below a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gap(pub MsgId);

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gap below {}", self.0)
    }
}

/// What has come from one caster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Caster<P> {
    origin: NodeId,
    /// The number that is delivered next.
    next: u32,
    /// Later ones, by number.
    pending: Vec<(u32, P)>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LazyProbabilistic<P> {
    asking: Asking,
    next: u32,
    /// By their origins.
    casters: Vec<Caster<P>>,
    /// The oldest first.
    stored: VecDeque<Data<P>>,
}

impl<P> LazyProbabilistic<P> {
    /// A node that has heard nothing.
    #[must_use]
    pub const fn new(asking: Asking) -> Self {
        LazyProbabilistic {
            asking,
            next: 0,
            casters: Vec::new(),
            stored: VecDeque::new(),
        }
    }
}

impl<P: Payload> Protocol for LazyProbabilistic<P> {
    type Offers = Multicast<P, Probabilistic>;
    type Needs = Link<LazyMessage<P>, FairLoss>;
    type Timer = Gap;
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
                let data = Data { id, payload };
                fx.send(Group::Others, LazyMessage::Data(data.clone()));
                self.on_data(id.origin, data, fx);
            }
            Event::Indication(Arrival { from, msg }) => match msg {
                LazyMessage::Data(data) => self.on_data(from, data, fx),
                LazyMessage::Request { by, id, rounds } => self.on_request(by, id, rounds, fx),
            },
            Event::Timer(Gap(id)) => self.give_up(id, fx),
        }
    }
}

impl<P: Payload> LazyProbabilistic<P> {
    fn on_data(&mut self, from: NodeId, data: Data<P>, fx: &mut impl Effects<Self>) {
        let MsgId { origin, seq } = data.id;
        // Nobody counts as far as the last number: there would be none after it.
        if seq == u32::MAX {
            return;
        }
        // First what has waited too long, which makes room.
        self.deliver(origin, seq.saturating_sub(GAP_MAX), fx);
        let caster = self.caster(origin);
        let waits = |number: u32| {
            caster
                .pending
                .binary_search_by_key(&number, |(seq, _)| *seq)
        };
        let (Err(place), true) = (waits(seq), seq >= caster.next) else {
            return;
        };
        // What all others wait for finds room always.
        if caster.pending.len() >= PENDING_MAX && seq != caster.next {
            fx.mark("gossip_overburdened");
            return;
        }
        caster.pending.insert(place, (seq, data.payload.clone()));
        // What comes from the caster itself is kept for others now and then; what was asked for is not.
        if from == origin && fx.chance("store", self.asking.store) {
            if self.stored.len() == STORED_MAX {
                self.stored.pop_front();
            }
            self.stored.push_back(data);
        }
        self.deliver(origin, 0, fx);
        self.ask_for_what_is_missing(MsgId { origin, seq }, fx);
    }

    fn ask_for_what_is_missing(&mut self, below: MsgId, fx: &mut impl Effects<Self>) {
        let Asking {
            fanout,
            rounds,
            timeout,
            ..
        } = self.asking;
        let MsgId { origin, seq } = below;
        let caster = self.caster(origin);
        if seq < caster.next {
            return;
        }
        let waits = |number: u32| {
            caster
                .pending
                .binary_search_by_key(&number, |(seq, _)| *seq)
        };
        let missing: Vec<u32> = (caster.next..seq)
            .filter(|number| waits(*number).is_err())
            .collect();
        for seq in missing {
            let request = LazyMessage::Request {
                by: fx.me(),
                id: MsgId { origin, seq },
                rounds: rounds - 1,
            };
            send_to_some(fx, fanout, &request);
        }
        fx.arm(Gap(below), timeout);
    }

    fn on_request(&mut self, by: NodeId, id: MsgId, rounds: u32, fx: &mut impl Effects<Self>) {
        if let Some(data) = self.stored.iter().find(|data| data.id == id) {
            fx.send(by, LazyMessage::Data(data.clone()));
        } else if rounds > 0 {
            // Whoever asks for more rounds than anybody does is not one of us.
            let rounds = (rounds - 1).min(self.asking.rounds);
            send_to_some(
                fx,
                self.asking.fanout,
                &LazyMessage::Request { by, id, rounds },
            );
        }
    }

    /// Nobody has answered: what is missing below this message is not waited for any more.
    fn give_up(&mut self, id: MsgId, fx: &mut impl Effects<Self>) {
        if self.caster(id.origin).next < id.seq {
            fx.mark("gossip_gave_up");
            self.deliver(id.origin, id.seq, fx);
        }
    }

    /// Delivers what is in order, and all that waits below `up_to` even if something is missing.
    fn deliver(&mut self, origin: NodeId, up_to: u32, fx: &mut impl Effects<Self>) {
        let caster = self.caster(origin);
        while let Some((seq, _)) = caster.pending.first()
            && (*seq == caster.next || *seq <= up_to)
        {
            let (seq, payload) = caster.pending.remove(0);
            caster.next = seq + 1;
            fx.indicate(crate::multicast::Deliver { origin, payload });
        }
        caster.next = caster.next.max(up_to);
    }

    fn caster(&mut self, origin: NodeId) -> &mut Caster<P> {
        let place = self
            .casters
            .binary_search_by_key(&origin, |caster| caster.origin);
        let place = place.unwrap_or_else(|place| {
            let caster = Caster {
                origin,
                next: 0,
                pending: Vec::new(),
            };
            self.casters.insert(place, caster);
            place
        });
        &mut self.casters[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multicast::Deliver;
    use sim_core::kernel::rig::Rig;

    const TIMEOUT: Span = Span::from_millis(50);

    fn id(seq: u32) -> MsgId {
        MsgId {
            origin: NodeId(1),
            seq,
        }
    }

    fn rig(store: Probability) -> Rig<LazyProbabilistic<u32>> {
        let mut rig = Rig::new(LazyProbabilistic::new(Asking {
            fanout: 1,
            rounds: 2,
            store,
            timeout: TIMEOUT,
        }));
        rig.boot();
        rig
    }

    fn on(
        rig: &mut Rig<LazyProbabilistic<u32>>,
        from: u32,
        msg: LazyMessage<u32>,
    ) -> Vec<Effect<LazyProbabilistic<u32>>> {
        let from = NodeId(from);
        rig.indication(Arrival { from, msg }).effects()
    }

    fn data(seq: u32) -> LazyMessage<u32> {
        LazyMessage::Data(Data {
            id: id(seq),
            payload: seq,
        })
    }

    fn delivered(payload: u32) -> Effect<LazyProbabilistic<u32>> {
        Effect::Indicate(Deliver {
            origin: NodeId(1),
            payload,
        })
    }

    fn sent(to: u32, msg: LazyMessage<u32>) -> Effect<LazyProbabilistic<u32>> {
        Effect::Request(Transmit {
            to: Group::One(NodeId(to)),
            msg,
        })
    }

    fn request(by: u32, seq: u32, rounds: u32) -> LazyMessage<u32> {
        LazyMessage::Request {
            by: NodeId(by),
            id: id(seq),
            rounds,
        }
    }

    /// A gap is asked for; the answer closes it, and what waited is delivered in order.
    #[test]
    fn a_gap_is_asked_for_and_closed() {
        let mut rig = rig(Probability::NEVER);
        rig.choices(&[0, 1, 0]);
        let asks = [sent(2, request(0, 0, 1)), Effect::Arm(Gap(id(1)), TIMEOUT)];
        assert_eq!(on(&mut rig, 1, data(1)), asks);
        assert_eq!(on(&mut rig, 2, data(0)), [delivered(0), delivered(1)]);
        assert_eq!(on(&mut rig, 2, data(0)), [], "no duplicates");
        assert_eq!(rig.timer(Gap(id(1))).effects(), []);
    }

    #[test]
    fn a_gap_that_nobody_closes_is_given_up() {
        let mut rig = rig(Probability::NEVER);
        rig.choices(&[0, 1]);
        on(&mut rig, 1, data(1));
        assert_eq!(rig.timer(Gap(id(1))).effects(), [delivered(1)]);
        assert_eq!(on(&mut rig, 2, data(0)), [], "too late");
    }

    /// Whoever stored it answers; whoever did not passes the request on, while there are rounds left.
    #[test]
    fn requests_are_answered_or_passed_on() {
        let mut rig = rig(Probability::ALWAYS);
        rig.choices(&[1]);
        on(&mut rig, 1, data(0));
        assert_eq!(on(&mut rig, 2, request(2, 0, 1)), [sent(2, data(0))]);
        rig.choices(&[0]);
        assert_eq!(
            on(&mut rig, 2, request(2, 5, 1)),
            [sent(1, request(2, 5, 0))]
        );
        assert_eq!(on(&mut rig, 2, request(2, 5, 0)), []);
    }

    /// However many wait, what they wait for finds room; and what has waited too long makes room.
    #[test]
    fn as_many_as_may_wait_shut_nobody_out() {
        let waiting = || {
            let mut rig = rig(Probability::NEVER);
            rig.choices(&[0; 256]);
            for seq in 1..=64 {
                on(&mut rig, 1, data(seq));
            }
            rig
        };
        let all = |first: u32, last: u32| (first..=last).map(delivered).collect::<Vec<_>>();
        assert_eq!(on(&mut waiting(), 2, data(0)), all(0, 64));
        assert_eq!(on(&mut waiting(), 1, data(65)), all(1, 65));
    }

    /// Numbers come from the network, and no number may cost more than a little.
    #[test]
    fn a_number_far_ahead_leaves_a_short_gap() {
        let mut rig = rig(Probability::NEVER);
        let mut answers = alloc::vec![0];
        answers.extend([0; 64]);
        rig.choices(&answers);
        let effects = on(&mut rig, 1, data(1_000_000));
        assert_eq!(effects.len(), 65, "64 requests and a timer");
        assert_eq!(on(&mut rig, 1, data(u32::MAX)), []);
    }
}
