//! Total-order broadcast by agreement on priorities: every process proposes one, and the highest is final.
//!
//! Source: Skeen; Birman, Joseph 1987 (ABCAST of ISIS); Coulouris, Dollimore, Kindberg, Blair 2011, sec. 15.4.3. Needs
//! perfect links beside a multicast, offers total order (TOB1 to TOB5) as long as nobody crashes.
//! Cost over best-effort: 3(N−1) messages a cast, 3 steps. Model: no crash, for there is no view change here: a caster
//! that crashes before its final priority has left holds up everybody, and so does any process that does not propose.

use alloc::collections::{BTreeMap, BTreeSet};
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use crate::multicast::{BestEffort, Cast, Deliver, Multicast, TotalOrder};

/// A place in the order: the number decides, and between equal ones the process that proposed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Priority {
    /// Higher than all that its proposer knew of.
    pub number: u32,
    /// Who proposed it.
    pub by: NodeId,
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.number, self.by.0)
    }
}

/// To the caster of a message: a place that its sender could give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename = "Propose")]
pub struct Proposal {
    /// Which of the caster's messages.
    pub seq: u32,
    /// The proposal.
    pub number: u32,
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Propose{{{} {}}}", self.seq, self.number)
    }
}

/// What the caster of a message tells everybody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IsisMessage<P> {
    /// The message.
    Data {
        /// Which of the caster's messages.
        seq: u32,
        /// What was cast.
        payload: P,
    },
    /// Its place.
    Final {
        /// Which of the caster's messages.
        seq: u32,
        /// The highest of all proposals.
        priority: Priority,
    },
}

impl<P: fmt::Display> fmt::Display for IsisMessage<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IsisMessage::Data { seq, payload } => write!(f, "Data{{{seq} {payload}}}"),
            IsisMessage::Final { seq, priority } => write!(f, "Final{{{seq} {priority}}}"),
        }
    }
}

/// Nobody counts that far: who says so lies, and might leave no number to count to.
const NEVER: u32 = u32::MAX / 2;

/// One node, over a link and a multicast of the guarantee `G`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Isis<P, G> {
    /// How many messages it has cast.
    cast: u32,
    /// The highest number that it has proposed or seen agreed on.
    highest: u32,
    /// What it has cast and nobody has agreed on yet.
    open: BTreeMap<u32, Ballot>,
    /// What it has not delivered, by priority: the proposed one, then the final one.
    queue: BTreeMap<Priority, Held<P>>,
    /// Where in the queue a message stands.
    places: BTreeMap<MsgId, Priority>,
    guarantee: PhantomData<fn() -> G>,
}

/// What has been proposed for one message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Ballot {
    highest: Priority,
    by: BTreeSet<NodeId>,
}

/// A message in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held<P> {
    id: MsgId,
    payload: P,
    is_final: bool,
}

impl<P, G> Isis<P, G> {
    /// A node that has cast and seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Isis {
            cast: 0,
            highest: 0,
            open: BTreeMap::new(),
            queue: BTreeMap::new(),
            places: BTreeMap::new(),
            guarantee: PhantomData,
        }
    }
}

impl<P, G> Default for Isis<P, G> {
    fn default() -> Self {
        Isis::new()
    }
}

impl<P: Payload, G: AtLeast<BestEffort>> Protocol for Isis<P, G> {
    type Offers = Multicast<P, TotalOrder>;
    type Needs = EitherPort<Link<Proposal, Perfect>, Multicast<IsisMessage<P>, G>>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => {
                let seq = self.cast;
                self.cast += 1;
                let highest = Priority {
                    number: 0,
                    by: NodeId(0),
                };
                let by = BTreeSet::new();
                self.open.insert(seq, Ballot { highest, by });
                fx.request(Either::Right(Cast(IsisMessage::Data { seq, payload })));
            }
            Event::Indication(Either::Left(Arrival { from, msg })) => {
                self.on_proposal(from, msg, fx);
            }
            Event::Indication(Either::Right(Deliver { origin, payload })) => match payload {
                IsisMessage::Data { seq, payload } => {
                    self.on_data(MsgId { origin, seq }, payload, fx);
                }
                IsisMessage::Final { seq, priority } => {
                    self.on_final(MsgId { origin, seq }, priority, fx);
                }
            },
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload, G: AtLeast<BestEffort>> Isis<P, G> {
    fn on_data(&mut self, id: MsgId, payload: P, fx: &mut impl Effects<Self>) {
        if self.places.contains_key(&id) {
            return fx.mark("isis_refused");
        }
        self.highest += 1;
        let (number, by) = (self.highest, fx.me());
        let priority = Priority { number, by };
        self.places.insert(id, priority);
        let is_final = false;
        self.queue.insert(
            priority,
            Held {
                id,
                payload,
                is_final,
            },
        );
        let seq = id.seq;
        fx.request(Either::Left(Transmit {
            to: id.origin.into(),
            msg: Proposal { seq, number },
        }));
    }

    fn on_proposal(&mut self, from: NodeId, proposal: Proposal, fx: &mut impl Effects<Self>) {
        let Proposal { seq, number } = proposal;
        let nodes = fx.nodes() as usize;
        let Some(ballot) = self.open.get_mut(&seq) else {
            return fx.mark("isis_refused");
        };
        ballot.highest = ballot.highest.max(Priority { number, by: from });
        ballot.by.insert(from);
        if ballot.by.len() == nodes {
            let priority = ballot.highest;
            self.open.remove(&seq);
            fx.mark("isis_agreed");
            fx.request(Either::Right(Cast(IsisMessage::Final { seq, priority })));
        }
    }

    fn on_final(&mut self, id: MsgId, priority: Priority, fx: &mut impl Effects<Self>) {
        // A final priority is no lower than any proposal, and no two messages have the same.
        let is_possible = |proposed: &Priority| {
            let is_free = *proposed == priority || !self.queue.contains_key(&priority);
            *proposed <= priority && priority.number < NEVER && is_free
        };
        let Some(proposed) = self.places.get(&id).copied().filter(is_possible) else {
            return fx.mark("isis_refused");
        };
        self.highest = self.highest.max(priority.number);
        let mut held = self.queue.remove(&proposed).expect("it has a place");
        held.is_final = true;
        self.places.insert(id, priority);
        self.queue.insert(priority, held);
        while let Some(head) = self.queue.first_entry().filter(|head| head.get().is_final) {
            let Held { id, payload, .. } = head.remove();
            self.places.remove(&id);
            let origin = id.origin;
            fx.indicate(Deliver { origin, payload });
        }
        if !self.queue.is_empty() {
            fx.mark("isis_waited");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    type Layer = Isis<char, BestEffort>;

    fn rig() -> Rig<Layer> {
        let mut rig = Rig::new(Layer::new());
        rig.boot();
        rig
    }

    fn data(from: u32, seq: u32, payload: char) -> Ind<<Layer as Protocol>::Needs> {
        let origin = NodeId(from);
        let payload = IsisMessage::Data { seq, payload };
        Either::Right(Deliver { origin, payload })
    }

    fn agreed(from: u32, seq: u32, number: u32, by: u32) -> Ind<<Layer as Protocol>::Needs> {
        let by = NodeId(by);
        let priority = Priority { number, by };
        let payload = IsisMessage::Final { seq, priority };
        let origin = NodeId(from);
        Either::Right(Deliver { origin, payload })
    }

    fn proposes(to: u32, seq: u32, number: u32) -> Effect<Layer> {
        let to = NodeId(to).into();
        let msg = Proposal { seq, number };
        Effect::Request(Either::Left(Transmit { to, msg }))
    }

    fn delivered(origin: u32, payload: char) -> Effect<Layer> {
        let origin = NodeId(origin);
        Effect::Indicate(Deliver { origin, payload })
    }

    /// Numbers go up: above all that it has proposed, and above all that were agreed on.
    #[test]
    fn proposes_a_number_above_all_it_knows() {
        let mut rig = rig();
        assert_eq!(
            rig.indication(data(1, 0, 'a')).effects(),
            [proposes(1, 0, 1)]
        );
        assert_eq!(
            rig.indication(data(2, 0, 'b')).effects(),
            [proposes(2, 0, 2)]
        );
        rig.indication(agreed(1, 0, 7, 2)).effects();
        assert_eq!(
            rig.indication(data(1, 1, 'c')).effects(),
            [proposes(1, 1, 8)]
        );
    }

    /// The caster takes the highest proposal of all; of two equal ones that of the process with the higher number.
    #[test]
    fn the_highest_proposal_is_final() {
        let mut rig = rig();
        rig.request(Cast('x')).effects();
        let proposed = |from, number| {
            let msg = Proposal { seq: 0, number };
            let from = NodeId(from);
            Either::Left(Arrival { from, msg })
        };
        rig.indication(proposed(2, 4));
        rig.indication(proposed(1, 4));
        assert_eq!(rig.effects(), []);
        let priority = Priority {
            number: 4,
            by: NodeId(2),
        };
        let cast = IsisMessage::Final { seq: 0, priority };
        assert_eq!(
            rig.indication(proposed(0, 1)).effects(),
            [Effect::Request(Either::Right(Cast(cast)))]
        );
        rig.marks();
        rig.indication(proposed(0, 1));
        assert_eq!(rig.marks(), ["isis_refused"]);
    }

    /// TOB5: a message that could still get a lower place holds up one that has its place.
    #[test]
    fn waits_for_what_may_come_first() {
        let mut rig = rig();
        rig.indication(data(1, 0, 'a'));
        rig.indication(data(2, 0, 'b')).effects();
        assert_eq!(rig.indication(agreed(2, 0, 2, 0)).effects(), []);
        assert_eq!(rig.marks(), ["isis_waited"]);
        assert_eq!(
            rig.indication(agreed(1, 0, 3, 1)).effects(),
            [delivered(2, 'b'), delivered(1, 'a')]
        );
    }

    #[test]
    fn refuses_places_that_nobody_can_have_agreed_on() {
        let mut rig = rig();
        rig.indication(data(1, 0, 'a')).effects();
        for refused in [
            agreed(2, 0, 5, 1),
            agreed(1, 0, 0, 1),
            agreed(1, 0, u32::MAX, 1),
            data(1, 0, 'a'),
        ] {
            assert_eq!(rig.indication(refused).effects(), []);
            assert_eq!(rig.marks(), ["isis_refused"]);
        }
    }
}
