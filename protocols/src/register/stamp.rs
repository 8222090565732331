//! Stamps: how replicas tell which of two writes is the newer one.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

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
    Versions(Version),
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
            Stamp::Versions(Version(counts)) => counts.windows(2).all(|two| two[0].0 < two[1].0),
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
            Stamp::Hybrid { time_ns, count, by } => {
                write!(f, "{}+{count}/{by}", Millis(*time_ns))
            }
            Stamp::Versions(version) => version.fmt(f),
        }
    }
}

/// Nanoseconds as they are read beside a trace: in ms, to the last digit that is not 0.
struct Millis(i64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, ns) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}", ns / 1_000_000)?;
        let (mut below, mut digits) = (ns % 1_000_000, 6);
        if below > 0 {
            while below % 10 == 0 {
                (below, digits) = (below / 10, digits - 1);
            }
            write!(f, ".{below:0digits$}")?;
        }
        f.write_str("ms")
    }
}

/// A version vector: how many writes of each process are known, sorted by process, without those that wrote nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version(Vec<(NodeId, u32)>);

impl Version {
    /// The vector before any write.
    #[must_use]
    pub const fn new() -> Version {
        Version(Vec::new())
    }

    /// One more write by `node`; the count stays at its largest value once it is there.
    pub fn count(&mut self, node: NodeId) {
        let known = self.of(node);
        self.raise(node, known.saturating_add(1));
    }

    /// Knows all that `other` knows, too.
    pub fn merge(&mut self, other: &Version) {
        for (node, count) in &other.0 {
            self.raise(*node, *count);
        }
    }

    /// Which one knows more; `None` if each knows a write that the other does not.
    #[must_use]
    pub fn compare(&self, other: &Version) -> Option<Ordering> {
        match (self.covers(other), other.covers(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }

    fn covers(&self, other: &Version) -> bool {
        other.0.iter().all(|(node, count)| self.of(*node) >= *count)
    }

    fn of(&self, node: NodeId) -> u32 {
        self.place(node).map_or(0, |place| self.0[place].1)
    }

    fn raise(&mut self, node: NodeId, count: u32) {
        match self.place(node) {
            Ok(place) => self.0[place].1 = self.0[place].1.max(count),
            Err(place) => self.0.insert(place, (node, count)),
        }
    }

    fn place(&self, node: NodeId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&node, |(known, _)| *known)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (place, (node, count)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{node}:{count}")?;
        }
        f.write_str("]")
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

    #[test]
    fn versions_tell_order_from_concurrency() {
        let version = |writes: &[u32]| {
            let mut version = Version::new();
            writes.iter().for_each(|node| version.count(NodeId(*node)));
            version
        };
        let (a, ab, aab) = (version(&[1]), version(&[1, 2]), version(&[2, 1, 1]));
        assert_eq!(a.compare(&ab), Some(Ordering::Less));
        assert_eq!(aab.compare(&ab), Some(Ordering::Greater));
        assert_eq!(version(&[2]).compare(&a), None);
        let mut merged = version(&[1, 1]);
        merged.merge(&ab);
        assert_eq!(merged.compare(&aab), Some(Ordering::Equal));
        assert_eq!(merged.to_string(), "[n1:2, n2:1]");
    }
}
