//! What goes over the wire.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

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
}

impl<P: fmt::Display> fmt::Display for Frame<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frame::Data { seq, payload } => write!(f, "Data{{{seq} {payload}}}"),
            Frame::Ack { seq } => write!(f, "Ack{{{seq}}}"),
            Frame::Nack { missing } => {
                f.write_str("Nack{")?;
                for (place, seq) in missing.iter().enumerate() {
                    let space = if place == 0 { "" } else { " " };
                    write!(f, "{space}{seq}")?;
                }
                f.write_str("}")
            }
            Frame::Session { casts } => write!(f, "Session{{{casts}}}"),
        }
    }
}
