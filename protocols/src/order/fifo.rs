//! FIFO-order broadcast by sequence numbers: what a process casts earlier is delivered earlier.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.12. Needs reliable broadcast, offers FIFO order (FRB1 to FRB5).
//! Cost: that of the broadcast below, in messages and steps; a number a message. Model: that of the broadcast below.
//! Over best-effort a message that is lost, because its caster crashed half-way, holds up for ever whatever the same
//! process cast after it. Processes count from their start: after a recovery nobody waits for the right numbers.

use alloc::collections::BTreeMap;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use crate::multicast::{Cast, Deliver, FifoOrder, Multicast, Reliable};

/// A payload with its place among the casts of its process: what the layer puts on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename = "Data")]
pub struct Sequenced<P> {
    /// Its place, from 0.
    pub number: u32,
    /// What was cast.
    pub payload: P,
}

impl<P: fmt::Display> fmt::Display for Sequenced<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data{{#{} {}}}", self.number, self.payload)
    }
}

/// One node, over a multicast of the guarantee `G`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FifoBySequence<P, G> {
    /// The number of its next cast.
    next: u32,
    origins: BTreeMap<NodeId, Line<P>>,
    guarantee: PhantomData<fn() -> G>,
}

/// What has come from one origin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Line<P> {
    /// The number of the next delivery.
    next: u32,
    /// What came before its turn.
    pending: BTreeMap<u32, P>,
}

impl<P, G> FifoBySequence<P, G> {
    /// A node that has cast and seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        FifoBySequence {
            next: 0,
            origins: BTreeMap::new(),
            guarantee: PhantomData,
        }
    }
}

impl<P, G> Default for FifoBySequence<P, G> {
    fn default() -> Self {
        FifoBySequence::new()
    }
}

impl<P: Payload, G: AtLeast<Reliable>> Protocol for FifoBySequence<P, G> {
    type Offers = Multicast<P, FifoOrder>;
    type Needs = Multicast<Sequenced<P>, G>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => {
                let number = self.next;
                self.next += 1;
                fx.request(Cast(Sequenced { number, payload }));
            }
            Event::Indication(Deliver { origin, payload }) => self.on_data(origin, payload, fx),
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload, G: AtLeast<Reliable>> FifoBySequence<P, G> {
    fn on_data(&mut self, origin: NodeId, data: Sequenced<P>, fx: &mut impl Effects<Self>) {
        let line = self.origins.entry(origin).or_insert_with(|| Line {
            next: 0,
            pending: BTreeMap::new(),
        });
        // Nobody counts as far as the last number: after it there is none to wait for.
        if data.number < line.next || data.number == u32::MAX {
            return fx.mark("fifo_number_refused");
        }
        if data.number > line.next {
            fx.mark("fifo_waited");
        }
        line.pending.insert(data.number, data.payload);
        while let Some(payload) = line.pending.remove(&line.next) {
            line.next += 1;
            fx.indicate(Deliver { origin, payload });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    fn data(origin: u32, number: u32, payload: char) -> Deliver<Sequenced<char>> {
        Deliver {
            origin: NodeId(origin),
            payload: Sequenced { number, payload },
        }
    }

    fn delivered(origin: u32, payload: char) -> Effect<FifoBySequence<char, Reliable>> {
        Effect::Indicate(Deliver {
            origin: NodeId(origin),
            payload,
        })
    }

    #[test]
    fn numbers_its_casts() {
        let mut rig = Rig::new(FifoBySequence::<char, Reliable>::new());
        for (number, payload) in [(0, 'a'), (1, 'b')] {
            assert_eq!(
                rig.request(Cast(payload)).effects(),
                [Effect::Request(Cast(Sequenced { number, payload }))]
            );
        }
    }

    /// FRB5: what comes before its turn waits, and each origin has a line of its own.
    #[test]
    fn holds_back_what_comes_before_its_turn() {
        let mut rig = Rig::new(FifoBySequence::<char, Reliable>::new());
        assert_eq!(rig.indication(data(1, 1, 'b')).effects(), []);
        assert_eq!(rig.indication(data(1, 2, 'c')).effects(), []);
        assert_eq!(rig.marks(), ["fifo_waited", "fifo_waited"]);
        assert_eq!(
            rig.indication(data(2, 0, 'x')).effects(),
            [delivered(2, 'x')]
        );
        assert_eq!(
            rig.indication(data(1, 0, 'a')).effects(),
            [delivered(1, 'a'), delivered(1, 'b'), delivered(1, 'c')]
        );
    }

    #[test]
    fn refuses_numbers_that_nobody_can_have_reached() {
        let mut rig = Rig::new(FifoBySequence::<char, Reliable>::new());
        rig.indication(data(1, 0, 'a')).effects();
        for number in [0, u32::MAX] {
            assert_eq!(rig.indication(data(1, number, 'z')).effects(), []);
            assert_eq!(rig.marks(), ["fifo_number_refused"]);
        }
    }
}
