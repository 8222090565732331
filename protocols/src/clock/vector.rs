//! Vector clock: how many events of each process an event knows of.
//!
//! Source: Fidge (1988) and Mattern (1989), independently. One event may have caused another if and only if its vector is
//! smaller: nowhere larger, and not the same. So vectors tell order from concurrency, which one number cannot.
//! Cost: up to N numbers a message, and no scheme does with fewer (Charron-Bost 1991).
//! Where it fails: the group has to be known, and the vector grows with it.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::{Clock, Timestamp};

/// The clock of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Vector(VectorTime);

impl Vector {
    /// A clock that has counted nothing.
    #[must_use]
    pub const fn new() -> Self {
        Vector(VectorTime::new())
    }
}

impl Clock for Vector {
    type Time = VectorTime;

    fn tick(&mut self, me: NodeId, _: impl FnOnce() -> LocalTime) -> VectorTime {
        self.0.count(me);
        self.0.clone()
    }

    fn receive(
        &mut self,
        me: NodeId,
        heard: &VectorTime,
        wall: impl FnOnce() -> LocalTime,
    ) -> VectorTime {
        self.0.merge(heard);
        self.tick(me, wall)
    }

    fn accepts(&self, heard: &VectorTime, nodes: u32) -> bool {
        heard.is_of(nodes)
    }
}

/// A count for each process, sorted by process, without those that are 0.
///
/// The order of vectors is [`VectorTime::compare`]; [`Ord`] is that of their spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VectorTime(Vec<(NodeId, u32)>);

impl VectorTime {
    /// The vector of nothing.
    #[must_use]
    pub const fn new() -> VectorTime {
        VectorTime(Vec::new())
    }

    /// One more for `node`; the count stays at its largest value once it is there.
    pub fn count(&mut self, node: NodeId) {
        let known = self.of(node);
        self.raise(node, known.saturating_add(1));
    }

    /// The larger count for each process.
    pub fn merge(&mut self, other: &VectorTime) {
        for (node, count) in &other.0 {
            self.raise(*node, *count);
        }
    }

    /// Which one is larger: nowhere smaller, and not the same; `None` if each is larger somewhere.
    #[must_use]
    pub fn compare(&self, other: &VectorTime) -> Option<Ordering> {
        match (self.covers(other), other.covers(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }

    /// The count for `node`.
    #[must_use]
    pub fn of(&self, node: NodeId) -> u32 {
        self.place(node).map_or(0, |place| self.0[place].1)
    }

    /// False for what no honest process sends: then the comparisons mean nothing.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.0.windows(2).all(|two| two[0].0 < two[1].0)
    }

    /// True if it is well-formed and counts for none but the processes of a group of `nodes`.
    #[must_use]
    pub fn is_of(&self, nodes: u32) -> bool {
        self.is_well_formed() && self.0.last().is_none_or(|(node, _)| node.0 < nodes)
    }

    fn covers(&self, other: &VectorTime) -> bool {
        other.0.iter().all(|(node, count)| self.of(*node) >= *count)
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

impl Timestamp for VectorTime {
    fn claim(&self, other: &VectorTime) -> Option<Ordering> {
        self.compare(other)
    }
}

impl fmt::Display for VectorTime {
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
    use sim_core::kernel::wire;

    #[test]
    fn counts_its_own_events_and_those_it_has_heard_of() {
        let wall = LocalTime::default;
        let (mut one, mut two) = (Vector::new(), Vector::new());
        let (a, b) = (one.tick(NodeId(0), wall), two.tick(NodeId(1), wall));
        assert_eq!(a.claim(&b), None, "neither has heard of the other");
        let c = two.receive(NodeId(1), &a, wall);
        assert_eq!(c.to_string(), "[n0:1, n1:2]");
        assert_eq!(a.claim(&c), Some(Ordering::Less));
        assert_eq!(c.claim(&b), Some(Ordering::Greater));
        let d = one.tick(NodeId(0), wall);
        assert_eq!(c.claim(&d), None);
    }

    #[test]
    fn a_vector_that_does_not_fit_the_group_is_not_accepted() {
        let of = |counts: &[(NodeId, u32)]| -> VectorTime {
            wire::decode(&wire::encode(&counts.to_vec())).expect("a vector")
        };
        let (one, two) = ((NodeId(1), 1), (NodeId(2), 1));
        let clock = Vector::new();
        assert!(clock.accepts(&of(&[one, two]), 3));
        assert!(!clock.accepts(&of(&[one, two]), 2), "there is no node 2");
        assert!(!clock.accepts(&of(&[two, one]), 3), "not sorted");
        assert!(!clock.accepts(&of(&[one, one]), 3), "twice");
    }
}
