//! No creation: what is delivered was cast before (BEB3, RB3, URB3).
//!
//! Of a process that has failed nothing is asked, neither as origin nor as deliverer: the Byzantine versions in the
//! literature (BCB3, BRB3: integrity) speak of a correct process that delivers and of a correct one that cast.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::Promises;
use crate::multicast::port::{Cast, Deliver, Multicast};

/// The checker.
#[derive(Clone, Debug)]
pub struct NoCreation<P> {
    cast: BTreeSet<(NodeId, P)>,
    failed: BTreeSet<NodeId>,
    deliveries: u64,
}

impl<P: Payload> NoCreation<P> {
    /// For a group of any size.
    #[must_use]
    pub const fn new() -> Self {
        NoCreation {
            cast: BTreeSet::new(),
            failed: BTreeSet::new(),
            deliveries: 0,
        }
    }
}

impl<P: Payload> Default for NoCreation<P> {
    fn default() -> Self {
        NoCreation::new()
    }
}

impl<P: Payload, G: Promises> Property<Multicast<P, G>> for NoCreation<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        match fact {
            Fact::Requested(node, Cast(payload)) => {
                self.cast.insert((*node, payload.clone()));
            }
            Fact::Failed(node) => {
                self.failed.insert(*node);
            }
            Fact::Indicated(node, Deliver { origin, payload })
                if !self.failed.contains(node) && !self.failed.contains(origin) =>
            {
                self.deliveries += 1;
                if !self.cast.contains(&(*origin, payload.clone())) {
                    let payload = summary(payload);
                    let what = format!(
                        "node {} delivered {payload} from node {}, which never cast it",
                        node.0, origin.0
                    );
                    return Err(Violation {
                        before: None,
                        since: moment,
                        what,
                        nodes: vec![*node],
                    });
                }
            }
            _ => (),
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        match self.deliveries {
            0 => Finding::NotExercised,
            1 => Finding::Held("1 delivery".into()),
            deliveries => Finding::Held(format!("{deliveries} deliveries")),
        }
    }
}
