//! A register replicated everywhere, in which the newest write wins.
//!
//! Source: Johnson and Thomas, RFC 677 (1975), for writes that are stamped by clocks; Parker et al. (1983) for version
//! vectors; Kulkarni et al. (2014) for hybrid logical clocks. Needs a link, offers a register. Cost: N−1
//! messages a write, none a read; a write is done at once and seen elsewhere after one message delay. Model: any number of
//! crashes; no process waits for another. Replicas converge as far as the link lets every update through: nothing is sent
//! again, and a replica that recovers knows nothing until the next write.
//! Where it fails: with the wall clock a write whose clock is behind that of a value the writer has seen is dropped without
//! a word, and so is every write after a clock was set back, until the clock has caught up. With the hybrid clock the last
//! writer wins in any order that fits causality: of two concurrent writes one is lost. Version vectors lose nothing and
//! leave it to the reader what concurrent values mean together.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::port::{Operation, Register, Reply};
use super::stamp::{Stamp, Stamping};
use crate::clock::{Clock, Hybrid, HybridTime, VersionVector};

/// A write on its way to another replica.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Update<V> {
    /// When it was written.
    pub stamp: Stamp,
    /// What was written.
    pub value: V,
}

impl<V: fmt::Display> fmt::Display for Update<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Update{{{} {}}}", self.value, self.stamp)
    }
}

/// One replica.
///
/// It marks `write_took_no_effect` when its own write is older than what it has, `older_update_dropped` when another's
/// is, `siblings_kept` when it holds concurrent values, and `stamp_refused` for a stamp that no replica of its kind makes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LastWriterWins<V, Q> {
    stamping: Stamping,
    hybrid: Hybrid,
    /// What is held, sorted: at most one write by clocks, concurrent ones by version vectors.
    held: Vec<Update<V>>,
    link: PhantomData<fn() -> Q>,
}

impl<V, Q> LastWriterWins<V, Q> {
    /// A replica that holds nothing. All replicas of a register are to use the same stamping.
    #[must_use]
    pub const fn new(stamping: Stamping) -> Self {
        LastWriterWins {
            stamping,
            hybrid: Hybrid::new(),
            held: Vec::new(),
            link: PhantomData,
        }
    }
}

impl<V: Payload, Q: AtLeast<FairLoss>> Protocol for LastWriterWins<V, Q> {
    type Offers = Register<V>;
    type Needs = Link<Update<V>, Q>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Operation::Write(value)) => self.on_write(value, fx),
            Event::Request(Operation::Read) => fx.indicate(Reply::Value(self.content())),
            Event::Indication(Arrival { msg, .. }) => self.on_update(msg, fx),
            Event::Timer(never) => match never {},
        }
    }
}

impl<V: Payload, Q: AtLeast<FairLoss>> LastWriterWins<V, Q> {
    fn on_write(&mut self, value: V, fx: &mut impl Effects<Self>) {
        let stamp = self.stamp(fx);
        let update = Update { stamp, value };
        if !self.hold(update.clone(), fx) {
            // The writer is not told, for the register does not know that this is wrong: its stamps say so.
            fx.mark("write_took_no_effect");
        }
        fx.send(Group::Others, update.clone());
        fx.indicate(Reply::Wrote(update.value));
    }

    fn on_update(&mut self, update: Update<V>, fx: &mut impl Effects<Self>) {
        if update.stamp.stamping() != self.stamping || !update.stamp.is_well_formed() {
            fx.mark("stamp_refused");
            return;
        }
        if let Stamp::Hybrid { time_ns, count, by } = update.stamp {
            let heard = HybridTime { time_ns, count, by };
            let me = fx.me();
            self.hybrid.receive(me, &heard, || fx.now());
        }
        let known = self.held.contains(&update);
        if !known && !self.hold(update, fx) {
            fx.mark("older_update_dropped");
        }
    }

    /// Stamps a write of this process.
    fn stamp(&mut self, fx: &mut impl Effects<Self>) -> Stamp {
        let by = fx.me();
        match self.stamping {
            Stamping::Wall => Stamp::Wall {
                time_ns: fx.now().as_nanos(),
                by,
            },
            Stamping::Hybrid => {
                let HybridTime { time_ns, count, by } = self.hybrid.tick(by, || fx.now());
                Stamp::Hybrid { time_ns, count, by }
            }
            Stamping::Versions => {
                let mut version = VersionVector::new();
                for update in &self.held {
                    if let Stamp::Versions(known) = &update.stamp {
                        version.merge(known);
                    }
                }
                version.write(by);
                Stamp::Versions(version)
            }
        }
    }

    /// Holds a write, and lets go of those that are older; false if one that is held is newer.
    fn hold(&mut self, update: Update<V>, fx: &mut impl Effects<Self>) -> bool {
        let order = |one: &Update<V>, two: &Update<V>| {
            // Two writes of one process within one instant of its clock have equal stamps: the larger value is newer.
            match one.stamp.compare(&two.stamp) {
                Some(Ordering::Equal) => Some(one.value.cmp(&two.value)),
                by_stamp => by_stamp,
            }
        };
        if self
            .held
            .iter()
            .any(|held| order(held, &update).is_some_and(Ordering::is_ge))
        {
            return false;
        }
        let before = self.content();
        self.held
            .retain(|held| order(held, &update) != Some(Ordering::Less));
        let place = self.held.partition_point(|held| *held < update);
        self.held.insert(place, update);
        if self.held.len() > 1 {
            fx.mark("siblings_kept");
        }
        let content = self.content();
        if content != before {
            fx.indicate(Reply::Changed(content));
        }
        true
    }

    fn content(&self) -> Vec<V> {
        let mut content: Vec<V> = self.held.iter().map(|held| held.value.clone()).collect();
        content.sort();
        content.dedup();
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use sim_core::kernel::rig::Rig;
    use sim_core::kernel::wire;

    type Replica = LastWriterWins<u8, FairLoss>;

    fn rig(stamping: Stamping) -> Rig<Replica> {
        Rig::new(LastWriterWins::new(stamping))
    }

    fn at(rig: &mut Rig<Replica>, now_ns: i64) -> &mut Rig<Replica> {
        rig.env().now = LocalTime::from_nanos(now_ns);
        rig
    }

    fn write(rig: &mut Rig<Replica>, value: u8) -> Vec<Effect<Replica>> {
        rig.request(Operation::Write(value)).effects()
    }

    fn arrive(rig: &mut Rig<Replica>, stamp: Stamp, value: u8) -> Vec<Effect<Replica>> {
        let from = NodeId(1);
        let msg = Update { stamp, value };
        rig.indication(Arrival { from, msg }).effects()
    }

    fn wall(time_ns: i64, by: u32) -> Stamp {
        let by = NodeId(by);
        Stamp::Wall { time_ns, by }
    }

    fn hybrid(time_ns: i64, count: u32, by: u32) -> Stamp {
        let by = NodeId(by);
        Stamp::Hybrid { time_ns, count, by }
    }

    fn version(writes: &[u32]) -> Stamp {
        let mut version = VersionVector::new();
        writes.iter().for_each(|node| version.write(NodeId(*node)));
        Stamp::Versions(version)
    }

    fn changed(content: &[u8]) -> Effect<Replica> {
        Effect::Indicate(Reply::Changed(content.to_vec()))
    }

    fn sent(stamp: Stamp, value: u8) -> Effect<Replica> {
        let msg = Update { stamp, value };
        let to = Group::Others;
        Effect::Request(Transmit { to, msg })
    }

    fn wrote(value: u8) -> Effect<Replica> {
        Effect::Indicate(Reply::Wrote(value))
    }

    #[test]
    fn a_write_is_shown_sent_and_answered() {
        let mut rig = rig(Stamping::Wall);
        let effects = write(at(&mut rig, 5), 7);
        assert_eq!(effects, [changed(&[7]), sent(wall(5, 0), 7), wrote(7)]);
        let read = rig.request(Operation::Read).effects();
        assert_eq!(read, [Effect::Indicate(Reply::Value(vec![7]))]);
    }

    /// The clock of process 0 is 500 ms behind that of process 1, whose value it has seen.
    #[test]
    fn by_the_wall_clock_a_write_that_is_late_is_dropped_silently() {
        let mut rig = rig(Stamping::Wall);
        assert_eq!(arrive(&mut rig, wall(1_000, 1), 7), [changed(&[7])]);
        let effects = write(at(&mut rig, 700), 8);
        assert_eq!(effects, [sent(wall(700, 0), 8), wrote(8)]);
        assert_eq!(rig.marks(), ["write_took_no_effect"]);
        assert_eq!(arrive(&mut rig, wall(1_000, 0), 9), [], "ties by process");
        assert_eq!(rig.marks(), ["older_update_dropped"]);
        assert_eq!(arrive(&mut rig, wall(1_000, 2), 9), [changed(&[9])]);
        assert_eq!(arrive(&mut rig, wall(1_000, 2), 9), [], "a second copy");
        assert_eq!(rig.marks(), [""; 0]);
    }

    /// A clock that was set back hides a process's writes behind its own earlier one.
    #[test]
    fn by_the_hybrid_clock_a_write_follows_what_its_writer_has_seen() {
        let mut rig = rig(Stamping::Hybrid);
        assert_eq!(arrive(&mut rig, hybrid(1_000, 2, 1), 7), [changed(&[7])]);
        // The message counted 2, hearing it 3, and the write counts 4.
        let stamp = hybrid(1_000, 4, 0);
        let effects = write(at(&mut rig, 700), 8);
        assert_eq!(effects, [changed(&[8]), sent(stamp, 8), wrote(8)]);
        let effects = write(at(&mut rig, 400), 9);
        assert_eq!(effects[1], sent(hybrid(1_000, 5, 0), 9));
        let effects = write(at(&mut rig, 1_001), 10);
        assert_eq!(effects[1], sent(hybrid(1_001, 0, 0), 10));
        assert_eq!(rig.marks(), [""; 0]);
    }

    #[test]
    fn by_versions_concurrent_values_are_kept_until_somebody_has_seen_both() {
        let mut rig = rig(Stamping::Versions);
        assert_eq!(write(&mut rig, 8)[1], sent(version(&[0]), 8));
        let both = arrive(&mut rig, version(&[1]), 7);
        assert_eq!(both, [changed(&[7, 8])]);
        assert_eq!(rig.marks(), ["siblings_kept"]);
        let stamp = version(&[0, 0, 1]);
        let effects = write(&mut rig, 9);
        assert_eq!(effects, [changed(&[9]), sent(stamp, 9), wrote(9)]);
        assert_eq!(arrive(&mut rig, version(&[1]), 7), [], "it was replaced");
        assert_eq!(rig.marks(), ["older_update_dropped"]);
        assert_eq!(arrive(&mut rig, version(&[2]), 9), [], "the same value");
        assert_eq!(rig.marks(), ["siblings_kept"]);
    }

    #[test]
    fn foreign_and_broken_stamps_are_refused() {
        let mut rig = rig(Stamping::Versions);
        assert_eq!(arrive(&mut rig, wall(1, 1), 7), []);
        let twice = [(NodeId(1), 1), (NodeId(1), 2)];
        let broken = wire::decode(&wire::encode(&twice.to_vec())).expect("a vector");
        assert_eq!(arrive(&mut rig, Stamp::Versions(broken), 7), []);
        assert_eq!(rig.marks(), ["stamp_refused", "stamp_refused"]);
    }
}
