//! FIFO delivery: what is sent earlier is delivered earlier (FPL4).
//!
//! Of messages that look alike the oldest that is missing is taken to be the one that is delivered.
//! Once one of two processes has crashed, what was under way between them may be lost: that is the business of reliable
//! delivery. From then on only a message that comes after a later one breaks the order.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::format;
use alloc::vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{Link, Payload};
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::Promises;
use super::book::{Step, kept, trips};
use super::roll::Roll;

/// The checker. It remembers only what has not been delivered yet.
#[derive(Clone, Debug)]
pub struct FifoDelivery<M> {
    overlay: Overlay,
    roll: Roll,
    lines: BTreeMap<Ends, Line<M>>,
    deliveries: u64,
    /// A process has delivered what was not the first message from another one to it.
    bound: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ends {
    from: NodeId,
    to: NodeId,
}

/// What one process sends to another.
#[derive(Clone, Debug)]
struct Line<M> {
    /// The number of the next message.
    next: u64,
    /// All numbers below have been passed by something that was delivered.
    passed: u64,
    /// What has not been delivered, by number and by message.
    missing: BTreeSet<u64>,
    numbers: BTreeMap<M, VecDeque<u64>>,
}

impl<M: Payload> FifoDelivery<M> {
    /// For the processes of the `overlay`.
    #[must_use]
    pub fn new(overlay: &Overlay) -> Self {
        FifoDelivery {
            overlay: overlay.clone(),
            roll: Roll::default(),
            lines: BTreeMap::new(),
            deliveries: 0,
            bound: false,
        }
    }
}

impl<M: Payload, Q: Promises> Property<Link<M, Q>> for FifoDelivery<M> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Link<M, Q>>) -> Result<(), Violation> {
        self.roll.see(moment, fact);
        let roll = &self.roll;
        for (trip, step) in trips(&self.overlay, fact) {
            let (from, to) = (trip.from, trip.to);
            let line = self.lines.entry(Ends { from, to }).or_default();
            if step == Step::Sent {
                line.send(trip.msg);
                continue;
            }
            let judged = roll.is_honest(from) && roll.is_honest(to);
            if !judged || roll.reads_its_log(to, moment) {
                continue;
            }
            let Some(number) = line.deliver(&trip.msg) else {
                continue; // Nobody sent it, or it comes twice: other properties see to that.
            };
            self.deliveries += 1;
            self.bound |= number > 0;
            let violation = |how| Violation {
                before: None,
                since: moment,
                what: format!(
                    "node {} delivered {} from node {} {how}",
                    to.0,
                    summary(&trip.msg),
                    from.0
                ),
                nodes: vec![to],
            };
            if number < line.passed {
                return Err(violation("after one that was sent later".into()));
            }
            line.passed = number;
            let may_lose = roll.has_crashed(from) || roll.has_crashed(to);
            let earlier = line.missing.first().filter(|first| **first < number);
            if let Some(first) = earlier.filter(|_| !may_lose) {
                let named = line.numbers.iter().find(|(_, of)| of.contains(first));
                let named = named.map_or_else(|| "one".into(), |(msg, _)| summary(msg));
                return Err(violation(format!("before {named}, which was sent earlier")));
            }
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        // One message is in any order.
        match self.bound {
            true => kept(self.deliveries),
            false => Finding::NotExercised,
        }
    }
}

impl<M: Payload> Default for Line<M> {
    fn default() -> Self {
        Line {
            next: 0,
            passed: 0,
            missing: BTreeSet::new(),
            numbers: BTreeMap::new(),
        }
    }
}

impl<M: Payload> Line<M> {
    fn send(&mut self, msg: M) {
        self.missing.insert(self.next);
        self.numbers.entry(msg).or_default().push_back(self.next);
        self.next += 1;
    }

    /// The number of what was delivered: the oldest missing one that nothing has passed, else the oldest of all.
    fn deliver(&mut self, msg: &M) -> Option<u64> {
        let of = self.numbers.get_mut(msg)?;
        let place = of.iter().position(|number| *number >= self.passed);
        let number = of.remove(place.unwrap_or(0))?;
        if of.is_empty() {
            self.numbers.remove(msg);
        }
        self.missing.remove(&number);
        Some(number)
    }
}
