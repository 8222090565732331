//! An assumed link: a pass-through layer that offers more than the network below it promises.
//!
//! For textbook counts: no acknowledgement is sent and nothing is repeated, so what a protocol costs is what it sends.
//! The promise is kept by whoever runs the stack, for instance a simulated network that neither loses nor duplicates.
//! If nobody keeps it, the protocol above shows what the promise was good for.

use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

/// A link of guarantee `Q` over a network that is taken to be that good. It has no state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Assumed<M, Q>(PhantomData<fn() -> (M, Q)>);

impl<M, Q> Assumed<M, Q> {
    /// The link.
    #[must_use]
    pub const fn new() -> Self {
        Assumed(PhantomData)
    }
}

impl<M: Payload, Q: Guarantee> Protocol for Assumed<M, Q> {
    type Offers = Link<M, Q>;
    type Needs = Net<M>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(transmit) => fx.request(transmit),
            Event::Indication(arrival) => fx.indicate(arrival),
            Event::Timer(never) => match never {},
        }
    }
}
