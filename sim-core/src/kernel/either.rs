//! Small sums: one of two values, or none at all.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One of two values. Timers and disk writes of a stack are the upper layer's (`Left`) or the lower's (`Right`);
/// a cluster of two roles runs the one or the other protocol in each process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Either<A, B> {
    /// The first: the upper layer, or the first role.
    Left(A),
    /// The second: the lower layer, or the second role.
    Right(B),
}

/// Prints what is inside.
impl<A: fmt::Display, B: fmt::Display> fmt::Display for Either<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Either::Left(a) => a.fmt(f),
            Either::Right(b) => b.fmt(f),
        }
    }
}

/// What cannot exist: the timer of a layer that has none, the write to a disk that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl Serialize for Never {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match *self {}
    }
}

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Never, D::Error> {
        Err(serde::de::Error::custom("there is no such value"))
    }
}
