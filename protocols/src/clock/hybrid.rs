//! Hybrid logical clock: the wall clock, pushed on by what is heard, and a counter for what falls on one reading.
//!
//! Source: Kulkarni, Demirbas, Madappa, Avva, Leone, Logical Physical Clocks (2014), fig. 5. What may have caused an event
//! has a smaller stamp, as with Lamport's clock; and the reading in the stamp is never behind the wall clock, and ahead of
//! it by no more than wall clocks differ. Cost: a reading and a small number a message.
//! Where it fails: as Lamport's clock, it cannot tell order from concurrency. One clock that runs ahead drags all along.

use core::cmp::Ordering;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::wall::Millis;
use super::{Clock, Timestamp};

/// The clock of one process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hybrid {
    /// The largest reading of a wall clock that it has heard of: the `l` of the paper.
    time_ns: i64,
    /// How many events it has counted at that reading: the `c` of the paper.
    count: u32,
}

/// What a hybrid clock showed, and whose it is. [`Ord`] is by reading, count and process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HybridTime {
    /// The largest reading heard of, in nanoseconds.
    pub time_ns: i64,
    /// How many events were counted at that reading.
    pub count: u32,
    /// The process.
    pub by: NodeId,
}

impl Default for Hybrid {
    fn default() -> Self {
        Hybrid::new()
    }
}

impl Hybrid {
    /// A clock that has heard of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Hybrid {
            time_ns: i64::MIN,
            count: 0,
        }
    }

    /// Takes the largest of its own reading, one that it has heard of and that of the wall clock; counts on if the largest
    /// is not new.
    fn push(&mut self, heard: Option<(i64, u32)>, now_ns: i64) {
        let before = (self.time_ns, self.count);
        let (heard_ns, heard_count) = heard.unwrap_or((i64::MIN, 0));
        self.time_ns = before.0.max(heard_ns).max(now_ns);
        let counted = match (self.time_ns == before.0, self.time_ns == heard_ns) {
            (true, true) => Some(before.1.max(heard_count)),
            (true, false) => Some(before.1),
            (false, true) => Some(heard_count),
            (false, false) => None,
        };
        self.count = counted.map_or(0, |count| count.saturating_add(1));
    }

    const fn show(&self, by: NodeId) -> HybridTime {
        HybridTime {
            time_ns: self.time_ns,
            count: self.count,
            by,
        }
    }
}

impl Clock for Hybrid {
    type Time = HybridTime;

    fn tick(&mut self, me: NodeId, wall: impl FnOnce() -> LocalTime) -> HybridTime {
        self.push(None, wall().as_nanos());
        self.show(me)
    }

    fn receive(
        &mut self,
        me: NodeId,
        heard: &HybridTime,
        wall: impl FnOnce() -> LocalTime,
    ) -> HybridTime {
        self.push(Some((heard.time_ns, heard.count)), wall().as_nanos());
        self.show(me)
    }

    fn accepts(&self, _: &HybridTime, _: u32) -> bool {
        true
    }
}

impl Timestamp for HybridTime {
    fn claim(&self, other: &HybridTime) -> Option<Ordering> {
        let shown = |time: &HybridTime| (time.time_ns, time.count);
        match shown(self).cmp(&shown(other)) {
            Ordering::Equal if self.by != other.by => None,
            by_shown => Some(by_shown),
        }
    }
}

impl fmt::Display for HybridTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}/{}", Millis(self.time_ns), self.count, self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const ME: NodeId = NodeId(0);

    fn at(now: i64) -> impl FnOnce() -> LocalTime {
        move || LocalTime::from_nanos(now)
    }

    /// The four cases of a receipt.
    #[test]
    fn a_receipt_follows_the_published_cases() {
        let heard = |time_ns, count, now| {
            let mut clock = Hybrid {
                time_ns: 100,
                count: 5,
            };
            let by = NodeId(1);
            let stamp = clock.receive(ME, &HybridTime { time_ns, count, by }, at(now));
            (stamp.time_ns, stamp.count)
        };
        assert_eq!(heard(100, 7, 50), (100, 8), "all equal");
        assert_eq!(heard(90, 7, 50), (100, 6), "its own is ahead");
        assert_eq!(heard(110, 7, 50), (110, 8), "the message is ahead");
        assert_eq!(heard(110, 7, 120), (120, 0), "the wall clock is ahead");
    }

    #[test]
    fn a_step_follows_the_wall_clock_or_counts() {
        let mut clock = Hybrid::new();
        let mut tick = |now| clock.tick(ME, at(now)).to_string();
        assert_eq!(tick(1_000_000), "1ms+0/n0");
        assert_eq!(tick(1_000_000), "1ms+1/n0");
        assert_eq!(tick(400_000), "1ms+2/n0", "the wall clock was set back");
        assert_eq!(tick(1_500_000), "1.5ms+0/n0");
    }

    /// What the network brought must not stop the process, or set it back.
    #[test]
    fn extreme_readings_do_no_harm() {
        let mut clock = Hybrid::new();
        let by = NodeId(1);
        for (time_ns, count) in [(i64::MAX, u32::MAX), (i64::MIN, u32::MAX)] {
            let stamp = clock.receive(ME, &HybridTime { time_ns, count, by }, at(0));
            assert_eq!((stamp.time_ns, stamp.count), (i64::MAX, u32::MAX));
        }
    }
}
