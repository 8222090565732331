//! The disk of a process: what a write takes, and what it is worth after a crash.

use std::collections::VecDeque;

use crate::kernel::canonical::digest;
use crate::kernel::disk::Disk;
use crate::kernel::id::NodeId;
use crate::kernel::protocol::{Node, Protocol};
use crate::kernel::random::{Probability, Sampler};
use crate::kernel::time::{SimTime, Span};
use crate::kernel::wire;
use crate::trace::What;

use super::engine::Sim;
use super::host::{Host, InForce, Trouble};
use super::interpret::Cause;
use super::live::{Deed, Live};
use super::numbers::Folded;

/// What a process writes to its disk.
type Write<P> = <<P as Protocol>::Disk as Disk>::Write;

/// When a write is durable.
pub(super) enum Written {
    /// Now.
    Durable,
    /// At this time.
    At(SimTime),
    /// It has failed, and the process has stopped.
    Never,
}

/// What is bad about the disk of a process.
pub(super) struct DiskFlaws<D: Disk> {
    pub(super) latency: InForce<Sampler>,
    pub(super) loses: InForce<u32>,
    pub(super) tears: InForce<()>,
    pub(super) full: InForce<u64>,
    pub(super) fails: InForce<Probability>,
    /// Bytes written since it turned bad.
    pub(super) used: u64,
    /// Writes that are said to be durable and are not.
    pub(super) unsynced: VecDeque<D::Write>,
}

impl<D: Disk> Default for DiskFlaws<D> {
    fn default() -> Self {
        DiskFlaws {
            latency: InForce::default(),
            loses: InForce::default(),
            tears: InForce::default(),
            full: InForce::default(),
            fails: InForce::default(),
            used: 0,
            unsynced: VecDeque::new(),
        }
    }
}

impl<D: Disk> DiskFlaws<D> {
    /// How many of the last writes a crash would lose.
    pub(super) fn at_risk(&self) -> usize {
        let lost = self.loses.iter().map(|(count, _)| *count as usize).max();
        lost.unwrap_or(0).max(usize::from(!self.tears.is_empty()))
    }
}

/// The write is on the disk, and in the database outside if there is one.
fn apply<P: Node>(host: &mut Host<P>, live: &mut Option<Live>, node: NodeId, write: Write<P>) {
    if let Some(live) = live {
        live.did(Deed::Wrote(node, wire::encode(&write)));
    }
    host.disk.apply(write);
}

impl<P: Node> Sim<'_, P> {
    /// The process writes to its disk. A write that fails stops the process.
    pub(super) fn write(&mut self, node: NodeId, write: &Write<P>, cause: Cause) -> Written {
        let event = self.next_event(Folded::Persist, node, digest(write).hash);
        self.note(event, cause.event, node, |recorder| {
            What::Persist(recorder.summary(write))
        });
        let host = &mut self.hosts[node.index()];
        let writes = self.writes.of(node, self.setup.nodes);
        let ordinal = *writes;
        *writes = writes.wrapping_add(1);
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
                apply(host, &mut self.live, node, write);
            }
        } else {
            apply(host, &mut self.live, node, write);
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
                let host = &mut self.hosts[node.index()];
                apply(host, &mut self.live, node, write);
            }
        }
    }
}
