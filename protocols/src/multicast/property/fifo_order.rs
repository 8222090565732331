//! FIFO delivery: what a process casts earlier is delivered earlier (FRB5).
//!
//! A process delivers what an origin casts in the order of its casts, and without gaps: each delivery is the next cast.
//! For crashes and failures see [`Standing`](super::standing::Standing).

use alloc::format;
use alloc::vec;

use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::Promises;
use super::kept;
use super::line::{Lines, Place};
use crate::multicast::port::{Cast, Deliver, Multicast};

/// The checker. It remembers only what somebody has not delivered yet.
#[derive(Clone, Debug)]
pub struct FifoDelivery<P> {
    lines: Lines<P, ()>,
    deliveries: u64,
}

impl<P: Payload> FifoDelivery<P> {
    /// For a group of `nodes`.
    #[must_use]
    pub fn new(nodes: u32) -> Self {
        FifoDelivery {
            lines: Lines::new(nodes),
            deliveries: 0,
        }
    }
}

impl<P: Payload, G: Promises> Property<Multicast<P, G>> for FifoDelivery<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        match fact {
            Fact::Requested(node, Cast(payload)) => self.lines.cast(*node, payload.clone(), ()),
            Fact::Indicated(node, Deliver { origin, payload }) => {
                match self.lines.deliver(*node, *origin, payload) {
                    Place::Next(()) => self.deliveries += 1,
                    Place::Nowhere => (),
                    Place::Early(missing) => {
                        let what = format!(
                            "node {} delivered {} from node {} before {}, which was cast earlier",
                            node.0,
                            summary(payload),
                            origin.0,
                            summary(&missing)
                        );
                        return Err(Violation {
                            since: moment,
                            what,
                            nodes: vec![*node],
                        });
                    }
                }
            }
            fault => self.lines.see(fault),
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        kept(self.deliveries)
    }
}
