//! Stamps: how replicas tell which of two writes is the newer one.

use core::cmp::Ordering;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use crate::clock::{HybridTime, Millis, VersionVector};

/// Where the stamps of writes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stamping {
    /// The wall clock of the writer: a clock that is behind makes writes that are older than what the writer has seen.
    Wall,
    /// A hybrid logical clock (Kulkarni et al. 2014): the wall clock, pushed on by what the writer has seen.
    Hybrid,
    /// A version vector: it tells a newer write from a concurrent one, and concurrent values are kept side by side.
    Versions,
}

/// When a value was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stamp {
    /// By the wall clock; ties go to the larger process.
    Wall {
        /// The reading, in nanoseconds.
        time_ns: i64,
        /// The writer.
        by: NodeId,
    },
    /// By a hybrid logical clock; ties go to the larger process.
    Hybrid {
        /// The largest reading of a wall clock that the writer has heard of, in nanoseconds.
        time_ns: i64,
        /// How many events it has counted at that reading.
        count: u32,
        /// The writer.
        by: NodeId,
    },
    /// By a version vector.
    Versions(VersionVector),
}

impl Stamp {
    /// The stamping it comes from.
    #[must_use]
    pub const fn stamping(&self) -> Stamping {
        match self {
            Stamp::Wall { .. } => Stamping::Wall,
            Stamp::Hybrid { .. } => Stamping::Hybrid,
            Stamp::Versions(_) => Stamping::Versions,
        }
    }

    /// False for what no honest process sends: then the comparisons mean nothing.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        match self {
            Stamp::Wall { .. } | Stamp::Hybrid { .. } => true,
            Stamp::Versions(version) => version.is_well_formed(),
        }
    }

    /// Which of two writes is the newer one; `None` if that cannot be told, because each was made without knowing the
    /// other. Stamps of one stamping are comparable by clocks always.
    #[must_use]
    pub fn compare(&self, other: &Stamp) -> Option<Ordering> {
        match (self, other) {
            (Stamp::Versions(one), Stamp::Versions(two)) => one.compare(two),
            (one, two) => Some(one.cmp(two)),
        }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stamp::Wall { time_ns, by } => write!(f, "{}/{by}", Millis(*time_ns)),
            Stamp::Hybrid { time_ns, count, by } => HybridTime {
                time_ns: *time_ns,
                count: *count,
                by: *by,
            }
            .fmt(f),
            Stamp::Versions(version) => version.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn clocks_are_written_in_milliseconds_and_exactly() {
        let by = NodeId(1);
        for (time_ns, text) in [
            (700_000_000, "700ms/n1"),
            (1_090_500_001, "1090.500001ms/n1"),
            (-2_050_000, "-2.05ms/n1"),
            (0, "0ms/n1"),
        ] {
            assert_eq!(Stamp::Wall { time_ns, by }.to_string(), text);
        }
        let (time_ns, count) = (1_000_000, 2);
        assert_eq!(Stamp::Hybrid { time_ns, count, by }.to_string(), "1ms+2/n1");
    }
}
