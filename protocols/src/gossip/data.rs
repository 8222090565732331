//! `Data`: what an epidemic spreads. Every gossip puts its update on the wire under this one name, so that traffic can be
//! counted: the kinds of all else (requests, digests, feedback) are different.

use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

/// An update with the name of its message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Data<P> {
    /// Who cast it first, and which of its casts it is.
    pub id: MsgId,
    /// What was cast.
    pub payload: P,
}

impl<P: fmt::Display> fmt::Display for Data<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data{{{} {}}}", self.id, self.payload)
    }
}

impl<P: Clone> Data<P> {
    /// The delivery of it.
    pub(super) fn deliver(&self) -> crate::multicast::Deliver<P> {
        crate::multicast::Deliver {
            origin: self.id.origin,
            payload: self.payload.clone(),
        }
    }
}
