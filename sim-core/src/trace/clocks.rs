//! Clocks of a trace: logical time of its events, found from outside, whatever protocol it shows.
//!
//! Happens-before (Lamport 1978) is the order of the events of each process, and of each receipt after its send. From that
//! every event gets Lamport's number, or the vector that tells order from concurrency (Fidge 1988, Mattern 1989). Time goes
//! on from one life of a process to the next. What befalls messages on their way, and what faults do to the cluster, is no
//! event of any process and has no time. Timers and writes have one if they were recorded.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::{self, Display};

use super::{Record, Trace, What};
use crate::kernel::id::NodeId;

/// Logical time of a process, from which that of its events is made.
pub trait Time: Clone + Default + Display {
    /// One more event of `node`.
    fn count(&mut self, node: NodeId);
    /// Takes in all that `other` knows.
    fn merge(&mut self, other: &Self);
}

/// Lamport's number: smaller for whatever happened before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lamport(pub u64);

impl Time for Lamport {
    fn count(&mut self, _: NodeId) {
        self.0 += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.0 = self.0.max(other.0);
    }
}

impl Display for Lamport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A vector: how many events of each process are known, without those of which none is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Vector(BTreeMap<NodeId, u64>);

impl Vector {
    /// How many events of `node` are known.
    #[must_use]
    pub fn of(&self, node: NodeId) -> u64 {
        self.0.get(&node).copied().unwrap_or(0)
    }

    /// The processes of which events are known, and how many.
    pub fn counts(&self) -> impl Iterator<Item = (NodeId, u64)> + '_ {
        self.0.iter().map(|(node, count)| (*node, *count))
    }

    fn covers(&self, other: &Vector) -> bool {
        other.counts().all(|(node, count)| self.of(node) >= count)
    }
}

/// Less for what happened before; nothing for what is concurrent.
impl PartialOrd for Vector {
    fn partial_cmp(&self, other: &Vector) -> Option<Ordering> {
        match (self.covers(other), other.covers(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }
}

impl Time for Vector {
    fn count(&mut self, node: NodeId) {
        *self.0.entry(node).or_insert(0) += 1;
    }

    fn merge(&mut self, other: &Self) {
        for (node, count) in other.counts() {
            let known = self.0.entry(node).or_insert(0);
            *known = count.max(*known);
        }
    }
}

impl Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (place, (node, count)) in self.counts().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{node}:{count}")?;
        }
        f.write_str("]")
    }
}

/// Is this an event of the process at whose line it stands?
#[must_use]
pub const fn is_of_process(what: &What) -> bool {
    match what {
        What::Request(_)
        | What::Deliver(_)
        | What::Send { .. }
        | What::Recv { .. }
        | What::Crash(_)
        | What::Recover(_)
        | What::Panic
        | What::Arm(..)
        | What::Disarm(_)
        | What::Timer(_)
        | What::Persist(_)
        | What::Mark(_) => true,
        What::Drop { .. }
        | What::Duplicate { .. }
        | What::Corrupt { .. }
        | What::Hold { .. }
        | What::Skip(_)
        | What::Fault(_)
        | What::Over(_) => false,
    }
}

/// The events of a trace in order, each with its time; `None` for what is no event of a process.
///
/// An event that does not `count` passes on what is known and adds nothing: so clocks count the events of a selection, and
/// tell their order all the same.
pub fn of_events<'a, T: Time>(
    trace: &'a Trace,
    counts: impl Fn(&Record) -> bool + 'a,
) -> impl Iterator<Item = (&'a Record, Option<T>)> {
    let mut clocks = Clocks::<T> {
        of: BTreeMap::new(),
        sent: BTreeMap::new(),
        awaited: receipts(trace),
    };
    trace.records.iter().map(move |record| {
        let time = is_of_process(&record.what).then(|| clocks.pass(record, counts(record)));
        (record, time)
    })
}

/// How often each message was received.
fn receipts(trace: &Trace) -> BTreeMap<u64, u64> {
    let mut receipts = BTreeMap::new();
    for record in &trace.records {
        if let What::Recv { msg, .. } = record.what {
            *receipts.entry(msg).or_insert(0) += 1;
        }
    }
    receipts
}

/// The clocks of all processes, and of the messages that will yet be received.
struct Clocks<T> {
    of: BTreeMap<NodeId, T>,
    sent: BTreeMap<u64, T>,
    awaited: BTreeMap<u64, u64>,
}

impl<T: Time> Clocks<T> {
    fn pass(&mut self, record: &Record, counts: bool) -> T {
        let clock = self.of.entry(record.node).or_default();
        if let What::Recv { msg, .. } = record.what {
            // A message that came from outside of the trace tells nothing.
            if let Some(sent) = self.sent.get(&msg) {
                clock.merge(sent);
            }
            let left = self.awaited.entry(msg).or_insert(1);
            *left -= 1;
            if *left == 0 {
                self.awaited.remove(&msg);
                self.sent.remove(&msg);
            }
        }
        if counts {
            clock.count(record.node);
        }
        match record.what {
            What::Send { msg, .. } if self.awaited.contains_key(&msg) => {
                self.sent.insert(msg, clock.clone());
            }
            _ => (),
        }
        clock.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::SimTime;
    use crate::trace::TextId;

    const TEXT: TextId = TextId(0);

    fn trace(events: &[(u32, What)]) -> Trace {
        let record = |(id, (node, what)): (u64, &(u32, What))| Record {
            id,
            cause: 0,
            at: SimTime::ZERO,
            node: NodeId(*node),
            what: *what,
        };
        Trace {
            records: (1..).zip(events).map(record).collect(),
            ..Trace::default()
        }
    }

    fn send(msg: u64, to: u32) -> What {
        What::Send {
            msg,
            to: NodeId(to),
            text: TEXT,
        }
    }

    fn recv(msg: u64, from: u32) -> What {
        What::Recv {
            msg,
            from: NodeId(from),
            sent: SimTime::ZERO,
            text: TEXT,
        }
    }

    fn times<T: Time>(trace: &Trace) -> Vec<String> {
        of_events::<T>(trace, |_| true)
            .map(|(_, time)| time.map_or("-".into(), |time| time.to_string()))
            .collect()
    }

    /// A message that is duplicated, one that is lost, and a process that hears of neither.
    fn story() -> Trace {
        trace(&[
            (0, send(1, 1)),
            (
                0,
                What::Duplicate {
                    msg: 1,
                    to: NodeId(1),
                    text: TEXT,
                    fault: 0,
                },
            ),
            (0, send(2, 2)),
            (1, recv(1, 0)),
            (2, What::Mark(TEXT)),
            (1, recv(1, 0)),
        ])
    }

    #[test]
    fn processes_and_messages_make_time_and_the_network_makes_none() {
        let story = story();
        assert_eq!(times::<Lamport>(&story), ["1", "-", "2", "2", "1", "3"]);
        let vectors = [
            "[n0:1]",
            "-",
            "[n0:2]",
            "[n0:1, n1:1]",
            "[n2:1]",
            "[n0:1, n1:2]",
        ];
        assert_eq!(times::<Vector>(&story), vectors);
    }

    #[test]
    fn vectors_tell_order_from_concurrency() {
        let story = story();
        let times: Vec<Vector> = of_events(&story, |_| true)
            .filter_map(|(_, time)| time)
            .collect();
        assert_eq!(times[0].partial_cmp(&times[2]), Some(Ordering::Less));
        assert_eq!(times[1].partial_cmp(&times[2]), None, "lost");
        assert_eq!(times[4].partial_cmp(&times[2]), Some(Ordering::Greater));
        assert_eq!(times[3].partial_cmp(&times[0]), None);
    }

    /// What is left out still carries what it has heard.
    #[test]
    fn events_that_do_not_count_pass_on_what_is_known() {
        let events = [
            (0, What::Mark(TEXT)),
            (0, send(1, 1)),
            (1, recv(1, 0)),
            (1, What::Mark(TEXT)),
        ];
        let trace = trace(&events);
        let marks = |record: &Record| matches!(record.what, What::Mark(_));
        let last = of_events::<Vector>(&trace, marks).last();
        let time = last.and_then(|(_, time)| time).map(|time| time.to_string());
        assert_eq!(time.as_deref(), Some("[n0:1, n1:1]"));
    }
}
