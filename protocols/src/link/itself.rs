//! A link as a protocol of its own: what is asked of it is asked of the link, and what the link says it says.
//!
//! For scenarios about links: their workload sends messages, and the promises of the link are judged.

use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

/// A link of guarantee `Q`, to be put over one. It has no state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Itself<M, Q>(PhantomData<fn() -> (M, Q)>);

impl<M, Q> Itself<M, Q> {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Itself(PhantomData)
    }
}

impl<M: Payload, Q: Guarantee> Protocol for Itself<M, Q> {
    type Offers = Link<M, Q>;
    type Needs = Link<M, Q>;
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
