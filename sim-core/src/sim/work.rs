//! Processes that are busy: paused, slow, or waiting for their disk. What happens to them meanwhile waits in order.

use std::collections::VecDeque;

use crate::kernel::canonical::digest;
use crate::kernel::disk::Disk;
use crate::kernel::id::NodeId;
use crate::kernel::protocol::{Effect, Node};
use crate::kernel::time::{SimTime, Span};
use crate::kernel::wire;
use crate::trace::What;

use super::engine::{Kind, Sim};
use super::host::{Afflicted, Trouble, Waiting, Work};
use super::interpret::Cause;
use super::numbers::Folded;
use super::queue::Entry;

/// What a process writes to its disk.
type Write<P> = <<P as crate::kernel::protocol::Protocol>::Disk as Disk>::Write;

/// When a write is durable.
pub(super) enum Written {
    /// Now.
    Durable,
    /// At this time.
    At(SimTime),
    /// It has failed, and the process has stopped.
    Never,
}

impl<P: Node> Sim<'_, P> {
    pub(super) fn afflict(&mut self, node: NodeId) -> &mut Afflicted<P> {
        self.afflicted.entry(node).or_default()
    }

    /// The process is in trouble of this sort, or no longer.
    pub(super) fn trouble(&mut self, node: NodeId, sort: Trouble, is_so: bool) {
        let trouble = &mut self.hosts[node.index()].trouble;
        *trouble = if is_so {
            trouble.with(sort)
        } else {
            trouble.without(sort)
        };
    }

    /// Something happens to a process that is busy or slow.
    pub(super) fn wait_or_work(&mut self, node: NodeId, what: Waiting) {
        if self.hosts[node.index()].trouble.has(Trouble::BUSY) {
            self.timers_waiting += usize::from(is_timer(what));
            self.waiting += 1;
            self.afflict(node).backlog.push_back(what);
        } else {
            self.begin(node, what);
        }
    }

    /// The process turns to something: at once, or when it has worked on it long enough.
    fn begin(&mut self, node: NodeId, what: Waiting) {
        // A timer that was stopped meanwhile is no work.
        let is_work = self.hosts[node.index()].up && !self.is_dead_timer(what);
        let (now, key) = (self.now, self.fate.processing);
        let afflicted = self.afflicted.entry(node).or_default();
        let slow = afflicted.slow.last_mut().filter(|_| is_work);
        let Some(((processing, worked), fault)) = slow else {
            return self.take(node, what);
        };
        let draws = key.at(u64::from(node.0), u64::from(*worked));
        let at = now.after(processing.sample(draws, 0));
        *worked += 1;
        afflicted.work = Work::Handling(what, at.as_nanos());
        self.timers_waiting += usize::from(is_timer(what));
        let event = self.events;
        self.fire(fault, event);
        self.be_busy(node, at);
    }

    fn is_dead_timer(&self, what: Waiting) -> bool {
        match what {
            Waiting::Entry(handle) => match Kind::of(handle) {
                (Kind::Timer, row) => !self.timers.is_live(row),
                _ => false,
            },
            Waiting::Job(..) => false,
        }
    }

    /// The effects of a handler wait for the write that comes first.
    pub(super) fn wait_for_disk(
        &mut self,
        node: NodeId,
        effects: VecDeque<Effect<P>>,
        cause: Cause,
        at: SimTime,
    ) {
        self.afflict(node).work = Work::Writing(effects, cause, at.as_nanos());
        self.be_busy(node, at);
    }

    /// The process takes nothing else before `at`.
    pub(super) fn be_busy(&mut self, node: NodeId, at: SimTime) {
        self.trouble(node, Trouble::BUSY, true);
        self.queue.push(Entry {
            at: at.as_nanos(),
            node: node.0,
            handle: Kind::Resume.handle(0),
        });
    }

    /// A busy process may have done what it was busy with: it goes on until it is busy again, or has nothing left.
    pub(super) fn resume(&mut self, node: NodeId) {
        let now = self.now.as_nanos();
        while self.hosts[node.index()].up {
            let Some(afflicted) = self.afflicted.get_mut(&node) else {
                return;
            };
            if now < afflicted.paused_until {
                return;
            }
            match std::mem::take(&mut afflicted.work) {
                Work::Handling(what, until) if until <= now => {
                    self.timers_waiting -= usize::from(is_timer(what));
                    self.take(node, what);
                }
                Work::Writing(effects, cause, until) if until <= now => {
                    self.carry_on(node, effects, cause);
                }
                Work::Idle => match afflicted.backlog.pop_front() {
                    Some(what) => {
                        self.waiting -= 1;
                        self.timers_waiting -= usize::from(is_timer(what));
                        self.begin(node, what);
                    }
                    None => return self.trouble(node, Trouble::BUSY, false),
                },
                // Not yet: another entry of the queue will tell.
                work => {
                    afflicted.work = work;
                    return;
                }
            }
        }
    }

    /// A process crashes: what it was busy with is gone, and what waited for it finds it down.
    pub(super) fn abandon(&mut self, node: NodeId) {
        let Some(afflicted) = self.afflicted.get_mut(&node) else {
            return;
        };
        afflicted.paused_until = 0;
        let mut waiting = std::mem::take(&mut afflicted.backlog);
        self.waiting -= waiting.len();
        if let Work::Handling(what, _) = std::mem::take(&mut afflicted.work) {
            waiting.push_front(what);
        }
        self.trouble(node, Trouble::BUSY, false);
        for what in waiting {
            self.timers_waiting -= usize::from(is_timer(what));
            self.take(node, what);
        }
    }

    /// The process writes to its disk. A write that fails stops the process.
    pub(super) fn write(&mut self, node: NodeId, write: &Write<P>, cause: Cause) -> Written {
        let event = self.next_event(Folded::Persist, node, digest(write).hash);
        self.note(event, cause.event, node, |recorder| {
            What::Persist(recorder.summary(write))
        });
        let host = &mut self.hosts[node.index()];
        let ordinal = host.writes;
        host.writes = host.writes.wrapping_add(1);
        if !host.trouble.has(Trouble::DISK) {
            return Written::Durable;
        }
        let draws = self.fate.storage.at(u64::from(node.0), u64::from(ordinal));
        let size = wire::size(write) as u64;
        let disk = &mut self.afflicted.entry(node).or_default().disk;
        let used = disk.used + size;
        let failing = disk.fails.iter().find(|(p, _)| draws.chance(0, **p));
        let failing = failing.map(|(_, fault)| fault);
        let full = disk.full.iter().find(|(capacity, _)| used > **capacity);
        if let Some(fault) = failing.or(full.map(|(_, fault)| fault)) {
            // There is no way past the barrier: a process that cannot store stops.
            self.crash(node, fault, event);
            return Written::Never;
        }
        disk.used = used;
        let Some((latency, fault)) = disk.latency.last() else {
            return Written::Durable;
        };
        let took = latency.sample(draws, 1);
        self.fire(fault, event);
        if took == Span::ZERO {
            return Written::Durable;
        }
        Written::At(self.now.after(took))
    }

    /// A write has become durable, or so the disk says.
    pub(super) fn durable(&mut self, node: NodeId, write: Write<P>, cause: Cause) {
        if !self.hosts[node.index()].up {
            return;
        }
        self.counters.writes += 1;
        let host = &mut self.hosts[node.index()];
        if host.trouble.has(Trouble::DISK) {
            let disk = &mut self.afflicted.entry(node).or_default().disk;
            disk.unsynced.push_back(write);
            while disk.unsynced.len() > disk.at_risk() {
                let write = disk.unsynced.pop_front().expect("it is longer than that");
                host.disk.apply(write);
            }
        } else {
            host.disk.apply(write);
        }
        if !self.alarms.writes.is_empty() {
            let due = self.alarms.writes.count(node, |_| true);
            self.strike_all(due, cause.event);
        }
    }

    /// A crash shows what a bad disk is worth: the last writes are gone.
    pub(super) fn lose_writes(&mut self, node: NodeId, event: u64) {
        let Some(afflicted) = self.afflicted.get_mut(&node) else {
            return;
        };
        let disk = &mut afflicted.disk;
        let lost = disk.unsynced.len();
        disk.unsynced.clear();
        if lost == 0 {
            return;
        }
        // Each that promised too much lost as many as it was worth; a torn write is one.
        let lies = disk
            .loses
            .iter()
            .map(|(count, fault)| (lost.min(*count as usize), fault));
        let tears = disk.tears.iter().map(|(_, fault)| (1, fault));
        let blamed: Vec<(usize, u32)> = lies.chain(tears).collect();
        for (count, fault) in blamed {
            (0..count).for_each(|_| self.fire(fault, event));
        }
    }

    /// A disk is sound again: what it had only promised is durable.
    pub(super) fn sync(&mut self, node: NodeId) {
        let Some(afflicted) = self.afflicted.get_mut(&node) else {
            return;
        };
        let keep = afflicted.disk.at_risk();
        while afflicted.disk.unsynced.len() > keep {
            if let Some(write) = afflicted.disk.unsynced.pop_front() {
                self.hosts[node.index()].disk.apply(write);
            }
        }
    }
}

fn is_timer(what: Waiting) -> bool {
    matches!(what, Waiting::Entry(handle) if Kind::of(handle).0 == Kind::Timer)
}
