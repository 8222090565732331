//! Why a promise was broken: a short story in causal order, with the lines of the scenario behind it.
//!
//! It is read off the trace alone and knows no protocol: what led to the event that made the debt, what became of the
//! messages to those who were left out, who crashed, and who fell silent.

use std::collections::BTreeSet;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::summary::nodes;
use sim_core::trace::{Record, Trace, What, WhyDropped, causes, text};

use super::judge::{Finding, Reason};
use super::ms;
use crate::format::{Place, Scenario};

/// Longest chain of causes that is told; the middle of a longer one is left out.
const CHAIN_MAX: usize = 12;
/// Most nodes and messages that are told one by one.
const TOLD_MAX: usize = 4;

/// Gives every violation its reasons.
pub(super) fn explain(scenario: &Scenario, trace: &Trace, findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.is_violation()) {
        finding.why = reasons(scenario, trace, finding);
    }
}

fn reasons(scenario: &Scenario, trace: &Trace, finding: &Finding) -> Vec<Reason> {
    let Some(violation) = &finding.violation else {
        return vec![];
    };
    let chain = causes::of(trace, violation.since.event);
    let mut told: Vec<Reason> = chain
        .iter()
        .map(|record| happened(scenario, trace, record))
        .collect();
    if told.len() > CHAIN_MAX {
        let (first, left_out) = (CHAIN_MAX / 2, told.len() - CHAIN_MAX);
        let text = format!("… {left_out} more steps");
        let gap = Reason {
            event: told[first].event,
            text,
            cause: None,
            place: None,
        };
        told.splice(first..first + left_out, [gap]);
    }
    // Whoever acted in the story, and whoever was left out.
    let actors: BTreeSet<NodeId> = chain.iter().map(|record| record.node).collect();
    let left_out: BTreeSet<NodeId> = violation.nodes.iter().copied().collect();
    told.extend(crashes(scenario, trace, &actors));
    let concerned: BTreeSet<NodeId> = actors.union(&left_out).copied().collect();
    told.extend(strikes(scenario, trace, &concerned));
    if let Some(root) = chain.first() {
        told.extend(lost(scenario, trace, root.id, &left_out));
    }
    told.sort_by_key(|reason| reason.event);
    told.extend(silences(scenario, trace, &actors, &left_out));
    told
}

/// An event of the story.
fn happened(scenario: &Scenario, trace: &Trace, record: &Record) -> Reason {
    let node = record.node.0;
    let at = ms(record.at);
    let text = match record.what {
        What::Request(what) => format!("{at}  node {node} was asked: {}", trace.text(what)),
        What::Deliver(what) => format!("{at}  node {node} delivered {}", trace.text(what)),
        What::Send { msg, to, text } => format!(
            "{at}  node {node} sent #{msg} to node {}: {}",
            to.0,
            trace.text(text)
        ),
        What::Recv { msg, from, .. } => {
            let forged = trace
                .get(record.cause)
                .is_some_and(|sent| matches!(sent.what, What::Send { .. }) && sent.node != from);
            let name = if forged { "in the name of" } else { "from" };
            let text = format!("{at}  node {node} received #{msg} {name} node {}", from.0);
            return changed(scenario, trace, record, msg, text);
        }
        What::Arm(what, span) => {
            let what = trace.text(what);
            format!("{at}  node {node} set its timer: {what}, in {span}")
        }
        What::Timer(what) => format!(
            "{at}  the timer of node {node} ran out: {}",
            trace.text(what)
        ),
        What::Persist(what) => format!("{at}  node {node} wrote down {}", trace.text(what)),
        What::Recover(_) => format!("{at}  node {node} recovered"),
        _ => text::line(trace, record).to_string().trim().to_owned(),
    };
    Reason {
        event: record.id,
        text,
        cause: None,
        place: None,
    }
}

/// The receipt of a message, told as `text`, and what became of the message on its way if it was changed.
fn changed(scenario: &Scenario, trace: &Trace, record: &Record, msg: u64, text: String) -> Reason {
    let change = trace.records.iter().find_map(|other| match other.what {
        What::Corrupt {
            msg: other,
            text,
            fault,
            ..
        } if other == msg => Some((text, fault)),
        _ => None,
    });
    let Some((became, fault)) = change else {
        return Reason {
            event: record.id,
            text,
            cause: None,
            place: None,
        };
    };
    let (cause, place) = behind(scenario, trace, fault);
    Reason {
        event: record.id,
        text: format!("{text}, changed: {}", trace.text(became)),
        cause,
        place,
    }
}

/// What in the scenario the fault of this number is, and where it is written.
fn behind(scenario: &Scenario, trace: &Trace, fault: u32) -> (Option<String>, Option<Place>) {
    let id = trace.fault_id(fault);
    let place = match id {
        "network.loss" => scenario.places.loss,
        "network.duplicate" => scenario.places.duplicate,
        "network.corrupt" => scenario.places.corrupt,
        _ if id.starts_with("faults[") => {
            scenario.faults.get(fault as usize).map(|fault| fault.place)
        }
        _ => None,
    };
    (Some(id.to_owned()), place)
}

/// Other faults that struck those who are concerned, each told once a node.
fn strikes(scenario: &Scenario, trace: &Trace, concerned: &BTreeSet<NodeId>) -> Vec<Reason> {
    let mut known = BTreeSet::new();
    let strike = |record: &Record| match record.what {
        What::Fault(fault)
            if concerned.contains(&record.node) && known.insert((record.node, fault)) =>
        {
            let (cause, place) = behind(scenario, trace, fault);
            let name = trace.fault(fault);
            let what = name.split_once(": ").map_or(name, |(_, what)| what);
            Some(Reason {
                event: record.id,
                text: format!(
                    "{}  node {} was struck: {what}",
                    ms(record.at),
                    record.node.0
                ),
                cause,
                place,
            })
        }
        _ => None,
    };
    let told = trace.records.iter().filter_map(strike);
    told.take(TOLD_MAX).collect()
}

/// Crashes of those who acted.
fn crashes(scenario: &Scenario, trace: &Trace, actors: &BTreeSet<NodeId>) -> Vec<Reason> {
    let crash = |record: &Record| match record.what {
        What::Crash(fault) if actors.contains(&record.node) => {
            let node = record.node.0;
            let sends = trace.records.iter().filter(|other| {
                other.node == record.node
                    && matches!(other.what, What::Send { to, .. } if to != record.node)
            });
            let name = trace.fault(fault);
            let sent = match sends.count() {
                0 => "before it had sent anything".to_owned(),
                1 => "after it had sent 1 message".to_owned(),
                n => format!("after it had sent {n} messages"),
            };
            let place = scenario.faults.get(fault as usize).map(|fault| fault.place);
            let cause = name.split(':').next().map(str::to_owned);
            Some(Reason {
                event: record.id,
                text: format!("{}  node {node} crashed, {sent}", ms(record.at)),
                cause,
                place,
            })
        }
        _ => None,
    };
    trace
        .records
        .iter()
        .filter_map(crash)
        .take(TOLD_MAX)
        .collect()
}

/// Messages of this story, which began with the event `root`, that were to reach those who were left out and came to
/// nothing.
fn lost(scenario: &Scenario, trace: &Trace, root: u64, left_out: &BTreeSet<NodeId>) -> Vec<Reason> {
    let lost = |record: &Record| {
        let What::Drop {
            msg,
            peer,
            text,
            why,
        } = record.what
        else {
            return None;
        };
        let (from, to) = if why.is_at_receiver() {
            (peer, record.node)
        } else {
            (record.node, peer)
        };
        let (fate, fault) = match why {
            WhyDropped::Lost(fault) => ("was lost", fault),
            WhyDropped::Corrupted(fault) => ("was corrupted, and dropped", fault),
            WhyDropped::Overflow(fault) => ("found the queue full", fault),
            WhyDropped::Cut(fault) => ("was cut off", fault),
            WhyDropped::Refused(fault) => ("was refused", fault),
            WhyDropped::NotSent(fault) => ("was not sent", fault),
            WhyDropped::NotReceived(fault) => ("was not received", fault),
            WhyDropped::Down(fault) => ("found its receiver down", fault),
            WhyDropped::NoChannel => return None,
        };
        if !left_out.contains(&to) {
            return None;
        }
        let (from, to, what) = (from.0, to.0, trace.text(text));
        let (cause, place) = behind(scenario, trace, fault);
        Some(Reason {
            event: record.id,
            text: format!(
                "{}  #{msg} from node {from} to node {to} {fate}: {what}",
                ms(record.at)
            ),
            cause,
            place,
        })
    };
    let of_this_story = |record: &&Record| {
        causes::of(trace, record.id)
            .first()
            .is_some_and(|first| first.id == root)
    };
    let mut all = trace
        .records
        .iter()
        .filter(|record| lost(record).is_some())
        .filter(of_this_story);
    let mut told: Vec<Reason> = all.by_ref().take(TOLD_MAX).filter_map(lost).collect();
    let more = all.count();
    if let (Some(last), true) = (told.last().cloned(), more > 0) {
        told.push(Reason {
            text: if more == 1 {
                "… and 1 more message to them came to nothing".to_owned()
            } else {
                format!("… and {more} more messages to them came to nothing")
            },
            ..last
        });
    }
    told
}

/// What did not happen: nothing was sent to those who were left out, and who might have done so.
fn silences(
    scenario: &Scenario,
    trace: &Trace,
    actors: &BTreeSet<NodeId>,
    left_out: &BTreeSet<NodeId>,
) -> Vec<Reason> {
    // Who sent to others at all, and to whom anybody did.
    let (mut senders, mut receivers) = (BTreeSet::new(), BTreeSet::new());
    for record in &trace.records {
        if let What::Send { to, .. } = record.what
            && to != record.node
        {
            senders.insert(record.node);
            receivers.insert(to);
        }
    }
    let unsent: Vec<NodeId> = left_out.difference(&receivers).copied().collect();
    let silent = actors
        .difference(&senders)
        .filter(|node| !left_out.contains(node));
    let silent: Vec<NodeId> = silent.copied().collect();
    let mut told = Vec::new();
    if !silent.is_empty() && !unsent.is_empty() {
        told.push(Reason {
            event: 0,
            text: format!("{} sent nothing", nodes(&silent)),
            cause: Some(scenario.protocol_text.clone()),
            place: scenario.places.protocol,
        });
    }
    if !unsent.is_empty() {
        let text = format!("nothing was ever sent to {}", nodes(&unsent));
        told.push(Reason {
            event: 0,
            text,
            cause: None,
            place: None,
        });
    }
    told
}
