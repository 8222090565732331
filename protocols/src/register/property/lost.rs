//! No lost update, and one's own writes in order.
//!
//! A write w of the value v by a process p is *lost* if
//!
//! 1. it is answered (`Wrote(v)`), and p has not shown v since it was asked to write it, and all that p shows by then it
//!    had seen before it was asked, or it shows nothing at all; or
//! 2. after the last answer p shows a value other than v that it had seen before it was asked to write v.
//!
//! A process has *seen* what it has shown, in a `Changed` or a `Value`, and what it was asked to write itself. If p shows
//! something that it had not seen before, a concurrent write has won, and that is no loss. [`Whose::Own`] looks only at
//! values that p has written itself. With a crash a process forgets what it has seen and what it was asked: to keep it is
//! the promise of a durable register. Nothing is asked of a process that has failed.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::shown;
use crate::register::port::{Operation, Register, Reply};

/// To whose values a write must not give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// To none that its writer had seen: no lost update.
    Anybody,
    /// To none that its writer had written.
    Own,
}

/// The checker.
#[derive(Clone, Debug)]
pub struct Lost<V> {
    whose: Whose,
    /// How often each value was written.
    writes: BTreeMap<V, u32>,
    failed: BTreeSet<NodeId>,
    processes: BTreeMap<NodeId, Process<V>>,
    judged: u64,
}

/// One process in its present life.
#[derive(Clone, Debug)]
struct Process<V> {
    content: Vec<V>,
    seen: BTreeMap<V, Sight>,
    /// What it was asked to write and has not answered, in order.
    pending: VecDeque<Write<V>>,
    /// The last write that it has answered.
    answered: Option<Write<V>>,
}

/// When a process saw a value first.
#[derive(Clone, Copy, Debug)]
struct Sight {
    /// Its place among all that the process saw.
    place: usize,
    /// The process wrote it itself.
    own: bool,
}

#[derive(Clone, Debug)]
struct Write<V> {
    value: V,
    /// How many values its writer had seen before.
    before: usize,
    /// The value was in the content since.
    shown: bool,
}

impl<V: Payload> Lost<V> {
    /// For any number of replicas.
    #[must_use]
    pub const fn new(whose: Whose) -> Self {
        Lost {
            whose,
            writes: BTreeMap::new(),
            failed: BTreeSet::new(),
            processes: BTreeMap::new(),
            judged: 0,
        }
    }

    fn process(&mut self, node: NodeId) -> &mut Process<V> {
        self.processes.entry(node).or_insert_with(|| Process {
            content: Vec::new(),
            seen: BTreeMap::new(),
            pending: VecDeque::new(),
            answered: None,
        })
    }

    fn on_write(&mut self, node: NodeId, value: &V) {
        *self.writes.entry(value.clone()).or_insert(0) += 1;
        let process = self.process(node);
        process.pending.push_back(Write {
            value: value.clone(),
            before: process.seen.len(),
            shown: process.content.contains(value),
        });
        process.see(value, true);
    }

    /// Rule 1.
    fn on_wrote(&mut self, moment: Moment, node: NodeId, value: &V) -> Result<(), Violation> {
        let process = self.process(node);
        let asked = |write: &Write<V>| write.value == *value;
        let Some(write) = process
            .pending
            .iter()
            .position(asked)
            .and_then(|place| process.pending.remove(place))
        else {
            return Ok(());
        };
        let latest = process.answered.as_ref().map_or(0, |known| known.before);
        if write.before >= latest {
            process.answered = Some(write.clone());
        }
        self.judged += 1;
        let content = &self.process(node).content.clone();
        let stale = |shown: &V| self.is_held_against(node, &write, shown);
        let nothing_new = match self.whose {
            Whose::Anybody => content.iter().all(stale),
            Whose::Own => !content.is_empty() && content.iter().all(stale),
        };
        if write.shown || !nothing_new {
            return Ok(());
        }
        let what = format!(
            "node {} wrote {}, but still showed {}",
            node.0,
            summary(value),
            shown(content)
        );
        Err(self.violation(moment, node, what))
    }

    /// Rule 2.
    fn on_shown(&mut self, moment: Moment, node: NodeId, content: &[V]) -> Result<(), Violation> {
        let process = self.process(node);
        for write in &mut process.pending {
            write.shown |= content.contains(&write.value);
        }
        if let Some(write) = process.answered.clone() {
            let stale = |shown: &&V| self.is_held_against(node, &write, shown);
            if let Some(again) = content.iter().find(stale) {
                let what = format!(
                    "node {} wrote {}, but then showed {} again",
                    node.0,
                    summary(&write.value),
                    summary(again)
                );
                return Err(self.violation(moment, node, what));
            }
        }
        let process = self.process(node);
        for value in content {
            process.see(value, false);
        }
        process.content = content.to_vec();
        Ok(())
    }

    /// Did `node` know `shown`, which is not what it wrote, before it was asked for `write`?
    fn is_held_against(&self, node: NodeId, write: &Write<V>, shown: &V) -> bool {
        let seen = |process: &Process<V>| process.seen.get(shown).copied();
        let known = |sight: Sight| {
            sight.place < write.before && (sight.own || self.whose == Whose::Anybody)
        };
        let is_ambiguous = self.writes.get(shown).is_some_and(|writes| *writes > 1);
        let sight = self.processes.get(&node).and_then(seen);
        *shown != write.value && !is_ambiguous && sight.is_some_and(known)
    }

    fn violation(
        &self,
        moment: Moment,
        node: NodeId,
        mut what: alloc::string::String,
    ) -> Violation {
        what.push_str(match self.whose {
            Whose::Anybody => ", no more than it had seen before",
            Whose::Own => ", an earlier write of its own",
        });
        Violation {
            before: None,
            since: moment,
            what,
            nodes: vec![node],
        }
    }
}

impl<V: Payload> Process<V> {
    fn see(&mut self, value: &V, own: bool) {
        let place = self.seen.len();
        let sight = self
            .seen
            .entry(value.clone())
            .or_insert(Sight { place, own });
        sight.own |= own;
    }
}

impl<V: Payload> Property<Register<V>> for Lost<V> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Register<V>>) -> Result<(), Violation> {
        match fact {
            Fact::Requested(node, Operation::Write(value)) => self.on_write(*node, value),
            Fact::Indicated(node, _) if self.failed.contains(node) => (),
            Fact::Indicated(node, Reply::Wrote(value)) => {
                return self.on_wrote(moment, *node, value);
            }
            Fact::Indicated(node, Reply::Value(content) | Reply::Changed(content)) => {
                return self.on_shown(moment, *node, content);
            }
            Fact::Crashed(node) => {
                self.processes.remove(node);
            }
            Fact::Failed(node) => {
                self.failed.insert(*node);
            }
            Fact::Requested(_, Operation::Read) | Fact::Recovered(_) | Fact::Healed => (),
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        match self.judged {
            0 => Finding::NotExercised,
            1 => Finding::Held("1 write".into()),
            judged => Finding::Held(format!("{judged} writes")),
        }
    }
}
