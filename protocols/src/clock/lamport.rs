//! Lamport's clock: one number a process, pushed on by every message.
//!
//! Source: Lamport, Time, Clocks, and the Ordering of Events in a Distributed System (1978), rules IR1 and IR2.
//! What may have caused an event has a smaller number (the clock condition), and with ties broken by process all events
//! have one order that fits causality. Cost: one number a message.
//! Where it fails: the converse. Of two events that know nothing of each other one has, as a rule, the smaller number.

use core::cmp::Ordering;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::{Clock, Timestamp};

/// The clock of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lamport(u64);

/// A number, and whose it is. [`Ord`] is Lamport's total order: by number, then by process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LamportTime {
    /// What the clock showed.
    pub count: u64,
    /// The process.
    pub by: NodeId,
}

impl Lamport {
    /// A clock that has counted nothing.
    #[must_use]
    pub const fn new() -> Self {
        Lamport(0)
    }
}

impl Clock for Lamport {
    type Time = LamportTime;

    fn tick(&mut self, by: NodeId, _: impl FnOnce() -> LocalTime) -> LamportTime {
        self.0 = self.0.saturating_add(1);
        LamportTime { count: self.0, by }
    }

    fn receive(
        &mut self,
        me: NodeId,
        heard: &LamportTime,
        wall: impl FnOnce() -> LocalTime,
    ) -> LamportTime {
        self.0 = self.0.max(heard.count);
        self.tick(me, wall)
    }

    fn accepts(&self, _: &LamportTime, _: u32) -> bool {
        true
    }
}

impl Timestamp for LamportTime {
    /// The number alone claims; that of two processes with the same number neither can have caused the other is certain.
    fn claim(&self, other: &LamportTime) -> Option<Ordering> {
        match self.count.cmp(&other.count) {
            Ordering::Equal if self.by != other.by => None,
            by_number => Some(by_number),
        }
    }
}

impl fmt::Display for LamportTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn stamp(count: u64, by: u32) -> LamportTime {
        let by = NodeId(by);
        LamportTime { count, by }
    }

    #[test]
    fn counts_events_and_jumps_ahead_of_what_it_hears() {
        let (mut clock, me) = (Lamport::new(), NodeId(0));
        assert_eq!(clock.tick(me, LocalTime::default), stamp(1, 0));
        let jumped = clock.receive(me, &stamp(7, 1), LocalTime::default);
        assert_eq!(jumped, stamp(8, 0));
        let counted = clock.receive(me, &stamp(3, 2), LocalTime::default);
        assert_eq!(counted, stamp(9, 0), "it never goes back");
        assert_eq!(counted.to_string(), "9/n0");
    }

    #[test]
    fn numbers_claim_and_processes_break_ties() {
        assert_eq!(stamp(1, 2).claim(&stamp(2, 0)), Some(Ordering::Less));
        assert_eq!(stamp(2, 0).claim(&stamp(2, 1)), None);
        assert_eq!(stamp(2, 0).cmp(&stamp(2, 1)), Ordering::Less);
        assert_eq!(stamp(2, 1).claim(&stamp(2, 1)), Some(Ordering::Equal));
    }

    /// A number that the network brought must not stop the process.
    #[test]
    fn stays_at_the_largest_number() {
        let mut clock = Lamport::new();
        let largest = stamp(u64::MAX, 1);
        let heard = clock.receive(NodeId(0), &largest, LocalTime::default);
        assert_eq!(heard.count, u64::MAX);
    }
}
