//! What the multicast underneath promises: its own checkers, shown what it delivered without the stamps.

use alloc::boxed::Box;
use core::marker::PhantomData;

use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};

use crate::clock::Timestamp;
use crate::clock::port::{Clocked, Said};
use crate::multicast::Multicast;
use crate::multicast::property::{Promises, checker};

/// A checker of the multicast underneath.
pub struct Underneath<P: Payload, T, G: Promises> {
    property: Box<dyn Property<Multicast<P, G>>>,
    stamps: PhantomData<fn() -> T>,
}

impl<P: Payload, T, G: Promises> core::fmt::Debug for Underneath<P, T, G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Underneath").finish_non_exhaustive()
    }
}

impl<P: Payload, T, G: Promises> Underneath<P, T, G> {
    /// The checker of the property `name` over a group of `nodes`, if the multicast has it.
    #[must_use]
    pub fn of(name: &str, nodes: u32) -> Option<Self> {
        Some(Underneath {
            property: checker(name, nodes)?,
            stamps: PhantomData,
        })
    }
}

impl<P: Payload, T: Timestamp, G: Promises> Property<Clocked<P, T, G>> for Underneath<P, T, G> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Clocked<P, T, G>>) -> Result<(), Violation> {
        let fact = match fact {
            Fact::Requested(node, cast) => Fact::Requested(*node, *cast),
            Fact::Indicated(node, Said::Delivered { message, .. }) => {
                Fact::Indicated(*node, message)
            }
            Fact::Indicated(_, Said::Cast(_)) => return Ok(()),
            Fact::Crashed(node) => Fact::Crashed(*node),
            Fact::Recovered(node) => Fact::Recovered(*node),
            Fact::Failed(node) => Fact::Failed(*node),
            Fact::Healed => Fact::Healed,
        };
        self.property.see(moment, &fact)
    }

    fn finish(&mut self, end: &End) -> Finding {
        self.property.finish(end)
    }
}
