//! What went wrong with those who take part in a story: crashes, pauses, clocks, lies, partitions.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::kernel::id::NodeId;
use sim_core::kernel::summary::nodes;
use sim_core::trace::{Record, What};

use super::super::judge::Reason;
use super::missed::Missed;
use super::{Story, TOLD_MAX, sent};
use crate::format::{Behaviour, Drift, FaultKind, Skew};

impl<'a> Story<'a> {
    pub(super) fn troubles(&self, missed: &[(Missed<'a>, Reason)]) -> Vec<Reason> {
        let mut told = self.lives(missed);
        told.extend(self.pauses());
        told.extend(self.lies());
        told.extend(self.partitions(missed));
        // Clocks are off in many runs and matter in few: they are told where they may have misled somebody.
        if self.end != u64::MAX || (told.is_empty() && missed.is_empty()) {
            told.extend(self.clocks());
        }
        told
    }

    /// Crashes and recoveries of those whom the story had reached, or whom it found down: those within it, and the last
    /// one before it.
    fn lives(&self, missed: &[(Missed<'a>, Reason)]) -> Vec<Reason> {
        let mut reached: BTreeMap<NodeId, u64> = BTreeMap::new();
        for (record, _) in self.records().filter(|(_, root)| *root == self.root) {
            reached.entry(record.node).or_insert(record.id);
        }
        for (missed, _) in missed.iter().filter(|(missed, _)| missed.found_it_down()) {
            reached.insert(missed.record.node, 0);
        }
        // What broke for ever may go back to what somebody had forgotten long before.
        for node in self.actors.iter().filter(|_| self.end != u64::MAX) {
            reached.insert(*node, 0);
        }

        let is_life = |record: &&Record| {
            self.takes_part(record.node)
                && reached
                    .get(&record.node)
                    .is_some_and(|since| *since < record.id)
                && matches!(record.what, What::Crash(_) | What::Recover(_))
        };
        let all = self.records().map(|(record, _)| record).filter(is_life);
        let (before, within): (Vec<&Record>, Vec<&Record>) =
            all.partition(|record| record.id < self.root);
        let mut last: BTreeMap<NodeId, &Record> = BTreeMap::new();
        for record in before {
            last.insert(record.node, record);
        }
        // Whoever was down when the story began matters; whoever was up again may have forgotten something.
        let matters =
            |record: &&Record| self.end != u64::MAX || matches!(record.what, What::Crash(_));
        let mut told: Vec<&Record> = last.into_values().filter(matters).collect();
        told.sort_by_key(|record| record.id);
        told.extend(within);
        told.truncate(TOLD_MAX * 2);
        told.into_iter()
            .flat_map(|record| self.life(record))
            .collect()
    }

    fn life(&self, record: &Record) -> Vec<Reason> {
        let node = record.node.0;
        match record.what {
            What::Crash(fault) => {
                let before = |other: &&Record| other.id < record.id && other.node == record.node;
                let sends = self
                    .book
                    .trace
                    .records
                    .iter()
                    .filter(before)
                    .filter_map(sent);
                let sent = match sends.count() {
                    0 => "before it had sent anything".to_owned(),
                    1 => "after it had sent 1 message".to_owned(),
                    n => format!("after it had sent {n} messages"),
                };
                let said = match self.book.kind(fault) {
                    Some(FaultKind::FullDisk { .. }) => {
                        format!("node {node} stopped, {sent}: its disk was full")
                    }
                    Some(FaultKind::FailingDisk { .. }) => {
                        format!("node {node} stopped, {sent}: its disk failed")
                    }
                    _ => format!("node {node} crashed, {sent}"),
                };
                let mut told = vec![self.book.fault(record, fault, said)];
                told.extend(self.lost_writes(record));
                told
            }
            What::Recover(fault) => {
                let with = if self.empties_the_disk(fault) {
                    "with an empty disk"
                } else {
                    "knowing only what was on its disk"
                };
                let said = format!("node {node} recovered, {with}");
                vec![self.book.fault(record, fault, said)]
            }
            _ => vec![],
        }
    }

    /// A crash showed that a disk had not kept what it had promised to keep.
    fn lost_writes(&self, crash: &Record) -> Option<Reason> {
        let bad = |fault: &u32| {
            matches!(
                self.book.kind(*fault),
                Some(FaultKind::LostWrites { .. } | FaultKind::TornWrite { .. })
            )
        };
        let first = |fault: &u32| self.book.counts[*fault as usize].first;
        let fault = (0..)
            .zip(self.book.counts)
            .map(|(fault, _)| fault)
            .filter(bad)
            .find(|fault| first(fault).is_some_and(|first| first.event == crash.id))?;
        let node = crash.node.0;
        let said = format!("the disk of node {node} lost what it had promised to keep");
        Some(self.book.fault(crash, fault, said))
    }

    /// Pauses that held up a step of the story, or that never ended.
    fn pauses(&self) -> Vec<Reason> {
        let mut told = Vec::new();
        let mut begun: BTreeMap<(NodeId, u32), &Record> = BTreeMap::new();
        for (record, _) in self.records().filter(|(it, _)| self.takes_part(it.node)) {
            let (What::Fault(fault) | What::Over(fault)) = record.what else {
                continue;
            };
            if !matches!(self.book.kind(fault), Some(FaultKind::Pause { .. })) {
                continue;
            }
            let node = record.node.0;
            if let What::Fault(_) = record.what {
                begun.insert((record.node, fault), record);
            } else if let Some(begin) = begun.remove(&(record.node, fault))
                && self.goes_on(record)
            {
                told.push(
                    self.book
                        .fault(begin, fault, format!("node {node} was paused")),
                );
                told.push(
                    self.book
                        .fault(record, fault, format!("node {node} went on")),
                );
            }
        }
        for ((node, fault), begin) in begun {
            let said = format!("node {} was paused, and never went on", node.0);
            told.push(self.book.fault(begin, fault, said));
        }
        told.truncate(2 * TOLD_MAX);
        told
    }

    /// Does a step of this story happen at the very time at which a pause is over?
    fn goes_on(&self, over: &Record) -> bool {
        let records = &self.book.trace.records;
        let first = records.partition_point(|it| it.at < over.at);
        let last = records.partition_point(|it| it.at <= over.at);
        let mut at_once = records[first..last]
            .iter()
            .zip(&self.book.roots[first..last]);
        at_once.any(|(record, root)| record.node == over.node && *root == self.root)
    }

    /// Processes that turned Byzantine, and what they did instead of what they should have done.
    fn lies(&self) -> Vec<Reason> {
        let mut told = Vec::new();
        // How many records of a fault at a process say that it turns: one a behaviour. Those after them are deviations.
        let mut turns: BTreeMap<(NodeId, u32), (usize, &Record, bool)> = BTreeMap::new();
        for (record, root) in self.records() {
            let What::Fault(fault) = record.what else {
                continue;
            };
            let Some(FaultKind::Byzantine { behaviour, .. }) = self.book.kind(fault) else {
                continue;
            };
            let (seen, first, is_told) = turns
                .entry((record.node, fault))
                .or_insert((0, record, false));
            *seen += 1;
            let quiet =
                |it: &Behaviour| matches!(it, Behaviour::Delay { .. } | Behaviour::Forge { .. });
            let is_turn = *seen <= behaviour.len();
            let deviates = !is_turn && (root == self.root || self.actors.contains(&record.node));
            // What happens on the wire leaves no record of its own.
            let on_the_wire = is_turn
                && *seen == 1
                && behaviour.iter().any(quiet)
                && self.book.struck(fault)
                && self.actors.contains(&record.node);
            if (deviates || on_the_wire) && !*is_told {
                *is_told = true;
                let said = format!("node {} turned Byzantine", record.node.0);
                told.push(self.book.fault(first, fault, said));
            }
            if deviates && told.len() < 2 * TOLD_MAX {
                told.push(self.book.fault(record, fault, self.deviation(record)));
            }
        }
        told
    }

    /// What a process sent when it deviated.
    fn deviation(&self, deviation: &Record) -> String {
        let node = deviation.node.0;
        let mut said: Vec<(&str, Vec<NodeId>)> = Vec::new();
        let sends = self
            .book
            .trace
            .records
            .iter()
            .filter(|record| record.cause == deviation.cause && record.node == deviation.node);
        for record in sends {
            if let (What::Send { text, .. }, Some(to)) = (record.what, sent(record)) {
                let text = self.book.trace.text(text);
                match said.iter_mut().find(|(other, _)| *other == text) {
                    Some((_, receivers)) => receivers.push(to),
                    None => said.push((text, vec![to])),
                }
            }
        }
        if said.is_empty() {
            return format!("node {node} deviated from its algorithm, and sent nothing");
        }
        let more = said.len().saturating_sub(TOLD_MAX);
        let mut parts: Vec<String> = said
            .iter()
            .take(TOLD_MAX)
            .map(|(text, receivers)| format!("{text} to {}", nodes(receivers)))
            .collect();
        if more > 0 {
            parts.push(format!("{more} more"));
        }
        format!(
            "node {node} deviated from its algorithm, and sent {}",
            parts.join(", ")
        )
    }

    /// Partitions that messages to those who were left out ran into: when they began, and when they healed.
    fn partitions(&self, missed: &[(Missed<'a>, Reason)]) -> Vec<Reason> {
        let mut spans: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for (missed, _) in missed {
            let event = missed.record.id;
            if let Some(fault) = missed.fault {
                let span = spans.entry(fault).or_insert((event, event));
                *span = (span.0.min(event), span.1.max(event));
            }
        }
        let senders = missed.iter().map(|(missed, _)| missed.from);
        let others: BTreeSet<NodeId> = self.actors.iter().copied().chain(senders).collect();
        let mut told = Vec::new();
        for (fault, (first, last)) in spans {
            let of_all = |record: &&Record| {
                record.node == NodeId::ALL
                    && matches!(record.what, What::Fault(it) | What::Over(it) if it == fault)
            };
            let all: Vec<&Record> = self.records().map(|(it, _)| it).filter(of_all).collect();
            let begin = all.iter().rfind(|record| record.id < first);
            let heal = all
                .iter()
                .find(|it| it.id > last && matches!(it.what, What::Over(_)));
            if let Some(begin) = begin {
                let said = match self.parted(fault, &others) {
                    (a, b) if a.is_empty() || b.is_empty() => "a partition began".to_owned(),
                    (a, b) if a.len() == 1 => {
                        format!("{} was cut off from {}", nodes(&a), nodes(&b))
                    }
                    (a, b) => format!("{} were cut off from {}", nodes(&a), nodes(&b)),
                };
                told.push(self.book.fault(begin, fault, said));
            }
            if let Some(heal) = heal {
                told.push(
                    self.book
                        .fault(heal, fault, "the partition healed".to_owned()),
                );
            }
        }
        told
    }

    /// Clocks that were off, of processes that take part.
    fn clocks(&self) -> Vec<Reason> {
        let told = self.records().filter_map(|(record, _)| {
            let What::Fault(fault) = record.what else {
                return None;
            };
            if !self.takes_part(record.node) || !self.book.struck(fault) {
                return None;
            }
            let node = record.node.0;
            let said = match self.book.kind(fault)? {
                FaultKind::Skew { offset, .. } => match offset {
                    Skew::By(by) => format!("the wall clock of node {node} was off by {by}"),
                    Skew::Within(width) => {
                        format!("the wall clock of node {node} was off by up to {width}")
                    }
                },
                FaultKind::Drift { rate, .. } => match rate {
                    Drift::Ppm(ppm) => format!("the clocks of node {node} drifted by {ppm} ppm"),
                    Drift::Within(width) => {
                        format!("the clocks of node {node} drifted by up to {width} ppm")
                    }
                },
                FaultKind::Step { by, .. } => {
                    format!("the wall clock of node {node} was set by {by}")
                }
                _ => return None,
            };
            Some(self.book.fault(record, fault, said))
        });
        told.take(TOLD_MAX).collect()
    }
}
