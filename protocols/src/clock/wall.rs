//! The wall clock as a clock of events: the lesson that it is none.
//!
//! Readings fit causality only as long as no clock is behind another by more than a message takes, and none is set back
//! (Lamport 1978 gives the condition). Events of a process within one reading get the nanoseconds after it, so that they
//! have an order at least. Cost: a reading a message.

use core::cmp::Ordering;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::{Clock, Timestamp};

/// The wall clock of one process. It hears nothing, and remembers its last reading alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wall {
    read_ns: i64,
    /// How many events had this reading before.
    count: i64,
}

/// A reading, and whose it is. [`Ord`] is by reading, then by process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WallTime {
    /// The reading, in nanoseconds.
    pub time_ns: i64,
    /// The process.
    pub by: NodeId,
}

impl Clock for Wall {
    type Time = WallTime;

    fn tick(&mut self, by: NodeId, wall: impl FnOnce() -> LocalTime) -> WallTime {
        let now_ns = wall().as_nanos();
        let count = if now_ns == self.read_ns {
            self.count + 1
        } else {
            0
        };
        *self = Wall {
            read_ns: now_ns,
            count,
        };
        let time_ns = now_ns.saturating_add(count);
        WallTime { time_ns, by }
    }

    fn receive(&mut self, me: NodeId, _: &WallTime, wall: impl FnOnce() -> LocalTime) -> WallTime {
        self.tick(me, wall)
    }

    fn accepts(&self, _: &WallTime, _: u32) -> bool {
        true
    }
}

impl Timestamp for WallTime {
    fn claim(&self, other: &WallTime) -> Option<Ordering> {
        match self.time_ns.cmp(&other.time_ns) {
            Ordering::Equal if self.by != other.by => None,
            by_reading => Some(by_reading),
        }
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Millis(self.time_ns), self.by)
    }
}

/// Nanoseconds as they are read beside a trace: in ms, to the last digit that is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Millis(pub i64);

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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn is_read_and_hears_nothing() {
        let at = LocalTime::from_nanos;
        let (mut clock, me) = (Wall::default(), NodeId(0));
        let sent = Wall::default().tick(NodeId(1), || at(1_000));
        let received = clock.receive(me, &sent, || at(700));
        assert_eq!(
            received,
            WallTime {
                time_ns: 700,
                by: me
            }
        );
        assert_eq!(sent.claim(&received), Some(Ordering::Greater));
        let next = clock.tick(me, || at(700));
        assert_eq!(next.time_ns, 701, "another event within the same reading");
        assert_eq!(clock.tick(me, || at(500)).time_ns, 500, "set back");
    }

    #[test]
    fn readings_are_written_in_milliseconds_and_exactly() {
        for (ns, text) in [
            (700_000_000, "700ms"),
            (1_090_500_001, "1090.500001ms"),
            (-2_050_000, "-2.05ms"),
            (0, "0ms"),
        ] {
            assert_eq!(Millis(ns).to_string(), text);
        }
    }
}
