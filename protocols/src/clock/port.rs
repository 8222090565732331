//! The port of a multicast whose events bear stamps.

use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::Timestamp;
use crate::multicast::{Cast, Deliver};

/// A payload with the stamp of its cast: what the layer puts on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timed<P, T> {
    /// When it was cast.
    pub at: T,
    /// What was cast.
    pub payload: P,
}

impl<P: fmt::Display, T: fmt::Display> fmt::Display for Timed<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timed{{{} {}}}", self.payload, self.at)
    }
}

/// Indication: the stamp of an event. Casts and deliveries are the events that have one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Said<P, T> {
    /// What this process was asked to cast bears this stamp.
    Cast(Timed<P, T>),
    /// A message was delivered.
    Delivered {
        /// The message.
        message: Deliver<P>,
        /// The stamp of this delivery.
        at: T,
        /// The stamp of its cast.
        cast: T,
    },
}

impl<P, T> Said<P, T> {
    /// The stamp of the event.
    pub const fn at(&self) -> &T {
        match self {
            Said::Cast(Timed { at, .. }) | Said::Delivered { at, .. } => at,
        }
    }
}

impl<P: fmt::Display, T: fmt::Display> fmt::Display for Said<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Cast(Timed { at, payload }) => write!(f, "{payload} cast at {at}"),
            Said::Delivered { message, at, cast } => write!(f, "{message} at {at}, cast at {cast}"),
        }
    }
}

/// A multicast of `P` with the guarantee `G` whose events bear stamps of the type `T`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Clocked<P, T, G> {
    multicast: PhantomData<fn() -> (P, G)>,
    stamps: PhantomData<fn() -> T>,
}

impl<P: Payload, T: Timestamp, G: Guarantee> Port for Clocked<P, T, G> {
    type Request = Cast<P>;
    type Indication = Said<P, T>;
}
