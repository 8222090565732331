//! Why a promise was broken: a short story in causal order, with the lines of the scenario behind it.
//!
//! It is read off the trace alone and knows no protocol: what led to the event that made the debt (`words.rs`), what
//! became of the messages to those who were left out (`missed.rs`), what went wrong with those who took part
//! (`troubles.rs`), and who fell silent (`silences.rs`). A fault is told if it touched one of these, else not.

mod missed;
mod silences;
mod troubles;
mod words;

use std::collections::BTreeSet;

use sim_core::kernel::id::NodeId;
use sim_core::sim::{FaultCount, Strike};
use sim_core::trace::{Record, Trace, What, causes};

use super::judge::{Finding, Reason};
use super::{ms, plan};
use crate::format::{FaultKind, Place, Scenario};

/// Longest chain of causes that is told; the middle of a longer one is left out.
const CHAIN_MAX: usize = 12;
/// Longest end of a chain that is told of what happened before it.
const EARLIER_MAX: usize = 3;
/// Most things of one sort that are told one by one.
const TOLD_MAX: usize = 4;

/// Gives every violation its reasons.
pub(super) fn explain(
    scenario: &Scenario,
    trace: &Trace,
    counts: &[FaultCount],
    findings: &mut [Finding],
) {
    let book = Book::new(scenario, trace, counts);
    for finding in findings.iter_mut().filter(|finding| finding.is_violation()) {
        if let Some(violation) = &finding.violation {
            let left_out = violation.nodes.iter().copied().collect();
            let chain = causes::of(trace, violation.since.event);
            // What breaks for ever is broken by what came before; a debt could have been paid until the end.
            let end = match finding.at_once || finding.kind == "always" {
                true => violation.since.event,
                false => u64::MAX,
            };
            let before = violation
                .before
                .map(|before| causes::of(trace, before.event));
            let story = Story::new(&book, chain, left_out, end);
            finding.why = story.tell(&before.unwrap_or_default());
        }
    }
}

/// All that is known of a run.
struct Book<'a> {
    scenario: &'a Scenario,
    trace: &'a Trace,
    counts: &'a [FaultCount],
    /// Where each fault is written, by its number.
    places: Vec<Option<Place>>,
    /// The event with which each record's chain of causes begins.
    roots: Vec<u64>,
}

impl<'a> Book<'a> {
    fn new(scenario: &'a Scenario, trace: &'a Trace, counts: &'a [FaultCount]) -> Self {
        let mut roots: Vec<u64> = Vec::with_capacity(trace.records.len());
        for record in &trace.records {
            // A cause is older, so its root is known.
            let cause = trace.records[..roots.len()]
                .binary_search_by_key(&record.cause, |cause| cause.id)
                .ok();
            roots.push(cause.map_or(record.id, |place| roots[place]));
        }
        Book {
            scenario,
            trace,
            counts,
            places: plan::fault_places(scenario),
            roots,
        }
    }

    /// Something that happened, with no fault behind it.
    fn event(&self, record: &Record, text: String) -> Reason {
        Reason {
            event: record.id,
            text: format!("{}  {text}", ms(record.at)),
            cause: None,
            place: None,
        }
    }

    /// Something that a fault did.
    fn fault(&self, record: &Record, fault: u32, text: String) -> Reason {
        Reason {
            cause: Some(self.trace.fault_id(fault).to_owned()),
            place: self.places.get(fault as usize).copied().flatten(),
            ..self.event(record, text)
        }
    }

    /// What the fault of this number is, if it is one of the scenario and not of its network.
    fn kind(&self, fault: u32) -> Option<&FaultKind> {
        let fault = self.scenario.faults.get(fault as usize)?;
        Some(&fault.kind)
    }

    /// Did the fault make a difference?
    fn struck(&self, fault: u32) -> bool {
        self.counts
            .get(fault as usize)
            .is_some_and(|count| count.fired > 0)
    }
}

/// What led to one violation.
struct Story<'a> {
    book: &'a Book<'a>,
    /// What led to the event that broke the promise or made the debt.
    chain: Vec<&'a Record>,
    /// Where it began, and the last event that can have mattered.
    root: u64,
    end: u64,
    /// Who acted in it.
    actors: BTreeSet<NodeId>,
    /// Who was left out, or did something wrong.
    left_out: BTreeSet<NodeId>,
}

impl<'a> Story<'a> {
    fn new(
        book: &'a Book<'a>,
        chain: Vec<&'a Record>,
        left_out: BTreeSet<NodeId>,
        end: u64,
    ) -> Self {
        Story {
            book,
            root: chain.first().map_or(u64::MAX, |first| first.id),
            end,
            actors: chain.iter().map(|record| record.node).collect(),
            chain,
            left_out,
        }
    }

    /// The records that may have mattered, each with where its chain of causes began.
    fn records(&self) -> impl Iterator<Item = (&'a Record, u64)> + '_ {
        let all = self.book.trace.records.iter();
        all.zip(self.book.roots.iter().copied())
            .take_while(|(record, _)| record.id <= self.end)
    }

    /// Does the process take part in this story?
    fn takes_part(&self, node: NodeId) -> bool {
        self.actors.contains(&node) || self.left_out.contains(&node)
    }

    /// `earlier` led to something without which this would be no violation.
    fn tell(&self, earlier: &[&'a Record]) -> Vec<Reason> {
        let mut told = self.steps();
        let known = |record: &&&Record| !self.chain.iter().any(|step| step.id == record.id);
        let unknown = earlier.iter().filter(known).rev().take(EARLIER_MAX);
        told.extend(unknown.flat_map(|record| self.happened(record)));
        let missed = self.missed();
        let troubles = self.troubles(&missed);
        told.extend(missed.into_iter().map(|(_, reason)| reason));
        told.extend(troubles);
        told.sort_by_key(|reason| reason.event);
        told.dedup();
        told.extend(self.silences());
        told
    }

    /// The chain of causes, the middle of a long one left out.
    fn steps(&self) -> Vec<Reason> {
        let happened = |record: &&Record| self.happened(record);
        let mut told: Vec<Reason> = self.before().into_iter().collect();
        told.extend(self.chain.iter().flat_map(happened));
        if told.len() > CHAIN_MAX {
            let (first, left_out) = (CHAIN_MAX / 2, told.len() - CHAIN_MAX);
            let gap = Reason {
                text: format!("… {left_out} more steps"),
                cause: None,
                place: None,
                ..told[first]
            };
            told.splice(first..first + left_out, [gap]);
        }
        told
    }

    /// What was said must not be said again: the first time.
    fn before(&self) -> Option<Reason> {
        let last = self.chain.last().filter(|last| last.id == self.end)?;
        let What::Deliver(text) = last.what else {
            return None;
        };
        let same = |record: &&Record| record.node == last.node && record.what == last.what;
        let mut earlier = self.records().map(|(record, _)| record);
        let first = earlier.find(same).filter(|first| first.id < last.id)?;
        let text = self.book.trace.text(text);
        let said = format!("node {} delivered {text}, for the first time", first.node.0);
        Some(self.book.event(first, said))
    }

    /// Who of those who were left out was cut from whom of the others by a partition.
    fn parted(&self, fault: u32, others: &BTreeSet<NodeId>) -> (Vec<NodeId>, Vec<NodeId>) {
        let faults = plan::faults(self.book.scenario).list;
        let cut = faults.iter().find_map(|planned| match &planned.strike {
            Strike::Cut { cut, .. } if planned.number == fault => Some(cut),
            _ => None,
        });
        let Some(cut) = cut else {
            return (vec![], vec![]);
        };
        let others = || others.difference(&self.left_out).copied();
        let apart = |a: &NodeId, b: &NodeId| cut.blocks(*a, *b) || cut.blocks(*b, *a);
        let left_out = self.left_out.iter().copied();
        (
            left_out
                .filter(|node| others().any(|other| apart(&other, node)))
                .collect(),
            others()
                .filter(|other| self.left_out.iter().any(|node| apart(other, node)))
                .collect(),
        )
    }
}

/// Did a message to another process leave, and to whom?
fn sent(record: &Record) -> Option<NodeId> {
    match record.what {
        What::Send { to, .. } if to != record.node => Some(to),
        _ => None,
    }
}
