//! The port of a lease.

use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

/// Request of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Demand {
    /// Ask for the lease: answered by [`Notice::Acquired`] some day, unless it is given up before. Who has asked already,
    /// or holds the lease, asks in vain.
    Acquire,
    /// Give the lease up, or the wish for it: answered by [`Notice::Released`] at once, if there is anything to give up.
    Release,
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Demand::Acquire => "Acquire",
            Demand::Release => "Release",
        })
    }
}

/// Indication of a lease. A process holds it from `Acquired` to the next `Expired` or `Released`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Notice {
    /// The process holds the lease now.
    Acquired,
    /// Its time is over.
    Expired,
    /// The process gave it up, or no longer wants it.
    Released,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Notice::Acquired => "Acquired",
            Notice::Expired => "Expired",
            Notice::Released => "Released",
        })
    }
}

/// A lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease;

impl Port for Lease {
    type Request = Demand;
    type Indication = Notice;
}
