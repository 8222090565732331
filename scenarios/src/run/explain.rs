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
use crate::format::Scenario;

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
    let mut told: Vec<Reason> = chain.iter().map(|record| happened(trace, record)).collect();
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
    let by = match finding.kind {
        "always" => violation.since.event,
        _ => u64::MAX,
    };
    told.extend(troubles(scenario, trace, &actors, by));
    if let Some(root) = chain.first() {
        told.extend(lost(scenario, trace, root.id, &left_out));
    }
    told.sort_by_key(|reason| reason.event);
    // Silence explains what did not happen, and nothing that did.
    if finding.kind == "eventually" {
        told.extend(silences(scenario, trace, &actors, &left_out));
    }
    told
}

/// An event of the story.
fn happened(trace: &Trace, record: &Record) -> Reason {
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
            format!("{at}  node {node} received #{msg} from node {}", from.0)
        }
        What::Arm(timer, span) => {
            format!(
                "{at}  node {node} set a timer to {span}: {}",
                trace.text(timer)
            )
        }
        What::Timer(timer) => format!("{at}  node {node}'s timer ran out: {}", trace.text(timer)),
        _ => text::line(trace, record).to_string().trim().to_owned(),
    };
    Reason {
        event: record.id,
        text,
        cause: None,
        place: None,
    }
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

/// What else was wrong with those who acted, up to the event `by`: each fault once for each of them.
fn troubles(scenario: &Scenario, trace: &Trace, actors: &BTreeSet<NodeId>, by: u64) -> Vec<Reason> {
    let mut seen = BTreeSet::new();
    let mut trouble = |record: &Record| match record.what {
        What::Fault(fault)
            if actors.contains(&record.node)
                && record.id <= by
                && seen.insert((record.node, fault)) =>
        {
            let name = trace.fault(fault);
            let (cause, what) = name.split_once(": ").unwrap_or((name, name));
            Some(Reason {
                event: record.id,
                text: format!("{}  node {}: {what}", ms(record.at), record.node.0),
                cause: Some(cause.to_owned()),
                place: scenario.faults.get(fault as usize).map(|fault| fault.place),
            })
        }
        _ => None,
    };
    let records = trace.records.iter();
    records.filter_map(&mut trouble).take(TOLD_MAX).collect()
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
        if !left_out.contains(&to) {
            return None;
        }
        let fate = match why {
            WhyDropped::Lost(_) => "was lost",
            WhyDropped::Corrupted(_) => "was corrupted",
            WhyDropped::Overflow(_) => "found the queue full",
            WhyDropped::Cut(_) => "was cut off",
            WhyDropped::NotSent(_) => "was not sent",
            WhyDropped::NotReceived(_) => "was not received",
            WhyDropped::Down(_) => "found it down",
            WhyDropped::Refused(_) => "was refused",
            WhyDropped::NoChannel => "found no channel",
        };
        let cause = why
            .fault()
            .map_or("topology", |fault| trace.fault_id(fault));
        let place = match cause {
            "network.loss" => scenario.places.loss,
            "network.corrupt" => scenario.places.corrupt,
            _ => why
                .fault()
                .and_then(|fault| scenario.faults.get(fault as usize))
                .map(|fault| fault.place),
        };
        let (at, what) = (ms(record.at), trace.text(text));
        Some(Reason {
            event: record.id,
            text: format!(
                "{at}  #{msg} from node {} to node {} {fate}: {what}",
                from.0, to.0
            ),
            cause: Some(cause.to_owned()),
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
            text: format!("… and {more} more messages to them were lost"),
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
