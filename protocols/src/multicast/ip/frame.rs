//! What goes over the wire.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

/// What the layer puts on the wire. Messages of a caster are numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Frame<P> {
    /// From the caster: a message.
    Data {
        /// Its number.
        seq: u32,
        /// What was cast.
        payload: P,
    },
    /// To the caster: this message is here.
    Ack {
        /// Its number.
        seq: u32,
    },
    /// To the caster: these are not.
    Nack {
        /// Their numbers.
        missing: Vec<u32>,
    },
    /// From the caster: so many messages there are.
    Session {
        /// How many.
        casts: u32,
    },
    /// To a process that may hold them: these are not here.
    Request {
        /// Their caster.
        origin: NodeId,
        /// Their numbers.
        missing: Vec<u32>,
    },
    /// From a process that holds it: a message of somebody else.
    Repair {
        /// Its caster.
        origin: NodeId,
        /// Its number.
        seq: u32,
        /// What was cast.
        payload: P,
    },
    /// From a receiver, for casters that are silent: so many messages there are at least.
    Report {
        /// Of each of them.
        numbers: Vec<Number>,
    },
}

/// How many messages of a caster there are, as far as the one who tells it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Number {
    /// The caster.
    pub origin: NodeId,
    /// How many.
    pub casts: u32,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.origin, self.casts)
    }
}

impl<P: fmt::Display> fmt::Display for Frame<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frame::Data { seq, payload } => write!(f, "Data{{{seq} {payload}}}"),
            Frame::Ack { seq } => write!(f, "Ack{{{seq}}}"),
            Frame::Nack { missing } => {
                f.write_str("Nack{")?;
                list(f, missing, " ")?;
                f.write_str("}")
            }
            Frame::Session { casts } => write!(f, "Session{{{casts}}}"),
            Frame::Request { origin, missing } => {
                write!(f, "Request{{{origin}: ")?;
                list(f, missing, " ")?;
                f.write_str("}")
            }
            Frame::Repair {
                origin,
                seq,
                payload,
            } => write!(f, "Repair{{{origin}: {seq} {payload}}}"),
            Frame::Report { numbers } => {
                f.write_str("Report{")?;
                list(f, numbers, ", ")?;
                f.write_str("}")
            }
        }
    }
}

/// One after another.
fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], between: &str) -> fmt::Result {
    for (place, item) in items.iter().enumerate() {
        let before = if place == 0 { "" } else { between };
        write!(f, "{before}{item}")?;
    }
    Ok(())
}
