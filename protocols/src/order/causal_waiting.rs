//! Causal-order broadcast that waits: a message carries a vector clock, and is held back until what caused it is there.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.15; Birman, Schiper, Stephenson 1991. Needs reliable broadcast, offers
//! causal order (CRB1 to CRB5). Cost: that of the broadcast below, in messages and steps; N numbers a message.
//! Model: that of the broadcast below. Over best-effort it blocks: a process that never gets a message waits for ever for
//! it, and holds back whatever that message may have caused, from whomever.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use crate::multicast::{Cast, CausalOrder, Deliver, Multicast, Reliable};

/// A payload with what its caster had delivered by then: what the layer puts on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename = "Data")]
pub struct Vectored<P> {
    /// How many messages of each process the caster had delivered; of its own, how many it had cast.
    pub vector: Vec<u32>,
    /// What was cast.
    pub payload: P,
}

impl<P: fmt::Display> fmt::Display for Vectored<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Data{[")?;
        for (place, count) in self.vector.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{count}")?;
        }
        write!(f, "] {}}}", self.payload)
    }
}

/// One node, over a multicast of the guarantee `G`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CausalWaiting<P, G> {
    /// How many messages it has cast.
    cast: u32,
    /// How many messages of each process it has delivered.
    delivered: Vec<u32>,
    /// What waits for its causes, in the order in which it came.
    pending: Vec<Pending<P>>,
    guarantee: PhantomData<fn() -> G>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending<P> {
    origin: NodeId,
    data: Vectored<P>,
}

impl<P, G> CausalWaiting<P, G> {
    /// A node that has cast and seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        CausalWaiting {
            cast: 0,
            delivered: Vec::new(),
            pending: Vec::new(),
            guarantee: PhantomData,
        }
    }
}

impl<P, G> Default for CausalWaiting<P, G> {
    fn default() -> Self {
        CausalWaiting::new()
    }
}

impl<P: Payload, G: AtLeast<Reliable>> Protocol for CausalWaiting<P, G> {
    type Offers = Multicast<P, CausalOrder>;
    type Needs = Multicast<Vectored<P>, G>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => self.delivered = vec![0; fx.nodes() as usize],
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Deliver { origin, payload }) => self.on_data(origin, payload, fx),
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload, G: AtLeast<Reliable>> CausalWaiting<P, G> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        let mut vector = self.delivered.clone();
        vector[fx.me().index()] = self.cast;
        self.cast += 1;
        fx.request(Cast(Vectored { vector, payload }));
    }

    fn on_data(&mut self, origin: NodeId, data: Vectored<P>, fx: &mut impl Effects<Self>) {
        let fits = data.vector.len() == self.delivered.len() && origin.index() < data.vector.len();
        // A message of its origin that is no later than the last one delivered has come before.
        if !fits || data.vector[origin.index()] < self.delivered[origin.index()] {
            return fx.mark("causal_vector_refused");
        }
        let pending = Pending { origin, data };
        if !self.is_due(&pending) {
            fx.mark("causal_waited");
        }
        self.pending.push(pending);
        while let Some(place) = self.pending.iter().position(|held| self.is_due(held)) {
            let Pending { origin, data } = self.pending.remove(place);
            let count = &mut self.delivered[origin.index()];
            *count = count.saturating_add(1);
            fx.indicate(Deliver {
                origin,
                payload: data.payload,
            });
        }
    }

    /// All that may have caused it has been delivered.
    fn is_due(&self, Pending { origin, data }: &Pending<P>) -> bool {
        let enough = data.vector.iter().zip(&self.delivered);
        let place = origin.index();
        data.vector[place] == self.delivered[place] && enough.into_iter().all(|(w, v)| w <= v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    type Layer = CausalWaiting<char, Reliable>;

    fn data(origin: u32, vector: [u32; 3], payload: char) -> Deliver<Vectored<char>> {
        Deliver {
            origin: NodeId(origin),
            payload: Vectored {
                vector: vector.into(),
                payload,
            },
        }
    }

    fn delivered(origin: u32, payload: char) -> Effect<Layer> {
        Effect::Indicate(Deliver {
            origin: NodeId(origin),
            payload,
        })
    }

    /// CRB5: the answer of node 2 comes before the question of node 1 that it has seen.
    #[test]
    fn holds_a_message_back_until_its_causes_are_there() {
        let mut rig = Rig::new(Layer::new());
        rig.boot();
        assert_eq!(rig.indication(data(2, [0, 1, 0], 'a')).effects(), []);
        assert_eq!(rig.marks(), ["causal_waited"]);
        assert_eq!(
            rig.indication(data(1, [0, 0, 0], 'q')).effects(),
            [delivered(1, 'q'), delivered(2, 'a')]
        );
    }

    #[test]
    fn does_not_hold_back_what_is_concurrent() {
        let mut rig = Rig::new(Layer::new());
        rig.boot();
        for origin in [2, 1] {
            assert_eq!(
                rig.indication(data(origin, [0; 3], 'x')).effects(),
                [delivered(origin, 'x')]
            );
        }
    }

    /// Its own casts count before they are delivered, those of others when they are.
    #[test]
    fn says_what_may_have_caused_a_cast() {
        let mut rig = Rig::new(Layer::new());
        rig.boot().indication(data(1, [0; 3], 'x')).effects();
        for vector in [[0, 1, 0], [1, 1, 0]] {
            let vector = vector.into();
            let payload = 'y';
            assert_eq!(
                rig.request(Cast(payload)).effects(),
                [Effect::Request(Cast(Vectored { vector, payload }))]
            );
        }
    }

    #[test]
    fn refuses_vectors_that_fit_no_process() {
        let mut rig = Rig::new(Layer::new());
        rig.boot().indication(data(1, [0; 3], 'x')).effects();
        let short = Deliver {
            origin: NodeId(1),
            payload: Vectored {
                vector: [0].into(),
                payload: 'z',
            },
        };
        for refused in [short, data(1, [0; 3], 'x'), data(7, [0; 3], 'z')] {
            assert_eq!(rig.indication(refused).effects(), []);
            assert_eq!(rig.marks(), ["causal_vector_refused"]);
        }
    }
}
