//! Version vector: which writes to a replicated object a value has seen.
//!
//! Source: Parker et al., Detection of Mutual Inconsistency in Distributed Systems (1983). The value is that of a vector
//! clock and the rule is another: a write counts, and hearing of one does not. So a version is older than another if and
//! only if the other was written with it in sight; of concurrent versions neither may be dropped.
//! Cost: a number for each process that ever wrote.
//! Where it fails: two clients that write through one process look like one writer who has seen both.

use core::cmp::Ordering;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::vector::VectorTime;

/// How many writes of each process are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionVector(VectorTime);

impl VersionVector {
    /// The vector before any write.
    #[must_use]
    pub const fn new() -> Self {
        VersionVector(VectorTime::new())
    }

    /// One more write by `node`.
    pub fn write(&mut self, node: NodeId) {
        self.0.count(node);
    }

    /// Knows all that `other` knows, too.
    pub fn merge(&mut self, other: &VersionVector) {
        self.0.merge(&other.0);
    }

    /// Which one knows more; `None` if each knows a write that the other does not.
    #[must_use]
    pub fn compare(&self, other: &VersionVector) -> Option<Ordering> {
        self.0.compare(&other.0)
    }

    /// False for what no honest process sends: then the comparisons mean nothing.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.0.is_well_formed()
    }
}

impl fmt::Display for VersionVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn tells_older_from_concurrent() {
        let version = |writes: &[u32]| {
            let mut version = VersionVector::new();
            writes.iter().for_each(|node| version.write(NodeId(*node)));
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
