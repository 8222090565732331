//! Causal-order broadcast that never waits: a message carries all that may have caused it.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 3.13, without the garbage collection of Alg. 3.14. Needs reliable broadcast,
//! offers causal order (CRB1 to CRB5). Cost: that of the broadcast below, in messages and steps; but a message holds the
//! whole past of its caster, which grows without end. Model: that of the broadcast below.
//! Over best-effort causes still come with what they caused, so nothing blocks; only agreement is lost.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use crate::multicast::{Cast, CausalOrder, Deliver, Multicast, Reliable, Stamped};
use crate::seen::Seen;

/// A message with its past: what the layer puts on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename = "Data")]
pub struct WithPast<P> {
    /// What its caster had cast or delivered, in that order.
    pub past: Vec<Stamped<P>>,
    /// What was cast.
    pub message: Stamped<P>,
}

impl<P: fmt::Display> fmt::Display for WithPast<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stamped { id, payload } = &self.message;
        write!(f, "Data{{{id} {payload} after {}}}", self.past.len())
    }
}

/// One node, over a multicast of the guarantee `G`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CausalPast<P, G> {
    /// The number of its next cast.
    next: u32,
    delivered: Seen,
    /// What it has cast or delivered, in order.
    past: Vec<Stamped<P>>,
    guarantee: PhantomData<fn() -> G>,
}

impl<P, G> CausalPast<P, G> {
    /// A node that has cast and seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        CausalPast {
            next: 0,
            delivered: Seen::new(),
            past: Vec::new(),
            guarantee: PhantomData,
        }
    }
}

impl<P, G> Default for CausalPast<P, G> {
    fn default() -> Self {
        CausalPast::new()
    }
}

impl<P: Payload, G: AtLeast<Reliable>> Protocol for CausalPast<P, G> {
    type Offers = Multicast<P, CausalOrder>;
    type Needs = Multicast<WithPast<P>, G>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Deliver { payload: data, .. }) => self.on_data(data, fx),
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload, G: AtLeast<Reliable>> CausalPast<P, G> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        let id = MsgId {
            origin: fx.me(),
            seq: self.next,
        };
        self.next += 1;
        let message = Stamped { id, payload };
        let past = self.past.clone();
        self.past.push(message.clone());
        fx.request(Cast(WithPast { past, message }));
    }

    fn on_data(&mut self, data: WithPast<P>, fx: &mut impl Effects<Self>) {
        for cause in data.past {
            if self.deliver(cause, fx) {
                fx.mark("causal_past_filled_a_gap");
            }
        }
        self.deliver(data.message, fx);
    }

    /// Delivers a message, if it has not been delivered; true if it was new.
    fn deliver(&mut self, message: Stamped<P>, fx: &mut impl Effects<Self>) -> bool {
        if !self.delivered.insert(message.id) {
            return false;
        }
        fx.indicate(Deliver {
            origin: message.id.origin,
            payload: message.payload.clone(),
        });
        // Its own casts are in its past since it cast them.
        if message.id.origin != fx.me() {
            self.past.push(message);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    type Layer = CausalPast<char, Reliable>;

    fn stamped(origin: u32, seq: u32, payload: char) -> Stamped<char> {
        let origin = NodeId(origin);
        let id = MsgId { origin, seq };
        Stamped { id, payload }
    }

    fn data(past: &[Stamped<char>], message: Stamped<char>) -> Deliver<WithPast<char>> {
        Deliver {
            origin: message.id.origin,
            payload: WithPast {
                past: past.into(),
                message,
            },
        }
    }

    fn delivered(origin: u32, payload: char) -> Effect<Layer> {
        Effect::Indicate(Deliver {
            origin: NodeId(origin),
            payload,
        })
    }

    /// CRB5: the question comes with the answer, and causes nothing when it comes itself.
    #[test]
    fn delivers_the_causes_first() {
        let (question, answer) = (stamped(1, 0, 'q'), stamped(2, 0, 'a'));
        let mut rig = Rig::new(Layer::new());
        rig.boot();
        assert_eq!(
            rig.indication(data(core::slice::from_ref(&question), answer))
                .effects(),
            [delivered(1, 'q'), delivered(2, 'a')]
        );
        assert_eq!(rig.marks(), ["causal_past_filled_a_gap"]);
        assert_eq!(rig.indication(data(&[], question)).effects(), []);
    }

    /// What it cast itself is in its past once, although it is delivered later.
    #[test]
    fn sends_its_past_with_every_cast() {
        let mut rig = Rig::new(Layer::new());
        let first = stamped(0, 0, 'x');
        rig.boot().request(Cast('x'));
        rig.indication(data(&[], stamped(1, 0, 'q')));
        rig.indication(data(&[], first.clone())).effects();
        let expected = WithPast {
            past: [first, stamped(1, 0, 'q')].into(),
            message: stamped(0, 1, 'y'),
        };
        assert_eq!(
            rig.request(Cast('y')).effects(),
            [Effect::Request(Cast(expected))]
        );
    }
}
