//! How messages find their way in an overlay, chosen at run time: to neighbours alone, or to everybody by flooding.

use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::flooding::{Flooded, Flooding, Ttl};

/// What goes from neighbour to neighbour.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename = "Either")] // The kind of a message is that of what is inside.
pub enum Hop<M> {
    /// A message for the neighbour itself.
    Direct(M),
    /// A message that is passed on.
    Flooded(Flooded<M>),
}

impl<M: fmt::Display> fmt::Display for Hop<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hop::Direct(msg) => msg.fmt(f),
            Hop::Flooded(flooded) => flooded.fmt(f),
        }
    }
}

/// One node of a network in which every message is routed the same way.
///
/// A hop of the other kind is dropped and marked `hop_misplaced`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Routed<M> {
    flooding: Option<Flooding<M, FairLoss>>,
}

impl<M> Routed<M> {
    /// Messages go to neighbours, and to nobody else.
    #[must_use]
    pub const fn direct() -> Self {
        Routed { flooding: None }
    }

    /// Messages are flooded so far.
    #[must_use]
    pub const fn flooding(ttl: Ttl) -> Self {
        Routed {
            flooding: Some(Flooding::new(ttl)),
        }
    }
}

impl<M: Payload> Protocol for Routed<M> {
    type Offers = Net<M>;
    type Needs = Net<Hop<M>>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        let Some(flooding) = &mut self.flooding else {
            return direct(event, fx);
        };
        let event = match event {
            Event::Boot(boot) => Event::Boot(boot),
            Event::Request(transmit) => Event::Request(transmit),
            Event::Indication(Arrival { from, msg }) => match msg {
                Hop::Flooded(msg) => Event::Indication(Arrival { from, msg }),
                Hop::Direct(_) => return fx.mark("hop_misplaced"),
            },
            Event::Timer(never) => match never {},
        };
        flooding.on(event, &mut Below(fx));
    }
}

fn direct<M: Payload>(event: Event<Routed<M>>, fx: &mut impl Effects<Routed<M>>) {
    match event {
        Event::Boot(_) => (),
        Event::Request(Transmit { to, msg }) => fx.request(Transmit {
            to,
            msg: Hop::Direct(msg),
        }),
        Event::Indication(Arrival { from, msg }) => match msg {
            Hop::Direct(msg) => fx.indicate(Arrival { from, msg }),
            Hop::Flooded(_) => fx.mark("hop_misplaced"),
        },
        Event::Timer(never) => match never {},
    }
}

/// Wraps what flooding asks of the network.
struct Below<'a, F>(&'a mut F);

impl<M: Payload, F: Effects<Routed<M>>> Effects<Flooding<M, FairLoss>> for Below<'_, F> {
    fn emit(&mut self, effect: Effect<Flooding<M, FairLoss>>) {
        self.0.emit(match effect {
            Effect::Request(Transmit { to, msg }) => Effect::Request(Transmit {
                to,
                msg: Hop::Flooded(msg),
            }),
            Effect::Indicate(said) => Effect::Indicate(said),
            Effect::Arm(never, _) | Effect::Disarm(never) => match never {},
            Effect::Persist(never) => match never {},
            Effect::Mark(name) => Effect::Mark(name),
        });
    }

    fn env(&mut self) -> &mut sim_core::kernel::env::Env {
        self.0.env()
    }
}
