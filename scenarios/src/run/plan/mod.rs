//! From a scenario to what the simulator takes.

mod faults;
mod network;

use std::collections::BTreeSet;

use sim_core::kernel::canonical::Fold;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::random::{Key, Purpose};
use sim_core::kernel::time::Span;
use sim_core::sim::{self, Limits, Outcome, Repeat, Setup, Strike};

use super::FaultReport;
use super::stage::Latency;
use crate::format::{Every, Place, Scenario, StopWhen, Turn};

pub(super) use faults::{Faults, faults};
pub(super) use network::is_uniform;

/// Everything about the run but the protocol and its workload.
pub(super) fn setup(scenario: &Scenario, faults: Vec<sim::Fault>, latency: Latency) -> Setup {
    let stop = scenario.stop;
    Setup {
        nodes: scenario.nodes,
        seed: scenario.seed,
        network: network::network(scenario, latency),
        faults,
        counted: number(scenario.faults.len()) + network::counted(scenario),
        limits: Limits {
            at: stop.at,
            when_quiescent: stop.when == StopWhen::Quiescent,
            events: stop.events,
            memory: stop.memory,
        },
    }
}

/// What a job of the workload asks; `R` is the type of requests, and `again` numbers a repeated one.
pub(super) fn job<R: Clone>(
    scenario: &Scenario,
    place: usize,
    requests: &[R],
    again: fn(&R, u64) -> R,
) -> sim::Job<R> {
    let job = &scenario.workload[place];
    let before = scenario.workload[..place].iter();
    let alike = alike(before.map(|other| other.text.as_str()), &job.text);
    // Its draws depend on what it says, not on its place in the list.
    let name = name(&job.text, alike);
    let (at, repeat) = match &job.turn {
        Turn::Once { at } => (*at, None),
        Turn::Repeated {
            every,
            from,
            until,
            count,
        } => {
            let repeat = Repeat {
                every: gaps(every, name),
                until: until.unwrap_or(Span::MAX),
                count: count.unwrap_or(u64::MAX),
            };
            (*from, Some(repeat))
        }
    };
    let draws = Key::new(scenario.seed, Purpose::Selection).at(1, name);
    let mut nodes = job.node.resolve(scenario.nodes, draws);
    nodes.retain(|node| scenario.protocol.takes_requests(*node));
    sim::Job {
        at,
        repeat,
        nodes,
        request: requests[job.operation].clone(),
        again: if job.numbered {
            again
        } else {
            |request, _| request.clone()
        },
    }
}

/// The time between two requests of the job of this name.
fn gaps(every: &Every, name: u64) -> sim::Every {
    match every {
        Every::Period(period) => sim::Every::Period(*period),
        Every::Drawn(law) => sim::Every::Drawn {
            law: law
                .sampler()
                .expect("a scenario that was read has laws of delay"),
            stream: name,
        },
    }
}

/// A number for the `alike`-th item that says `text`.
fn name(text: &str, alike: usize) -> u64 {
    let mut fold = Fold::default();
    fold.bytes(text.as_bytes());
    fold.word(alike as u64);
    fold.digest()
}

/// How many of `texts` say `text` as well.
fn alike<'a>(texts: impl Iterator<Item = &'a str>, text: &str) -> usize {
    texts.filter(|other| *other == text).count()
}

/// All faults with what they do, in the order of their numbers; none where a fault of the network cannot strike.
fn all_faults(scenario: &Scenario) -> Vec<Option<FaultReport>> {
    let of_the_scenario = scenario.faults.iter().map(|fault| {
        Some(FaultReport {
            id: format!("faults[{}]", fault.index),
            what: faults::in_words(fault),
            fired: 0,
            may_rest: false,
            place: Some(fault.place),
        })
    });
    of_the_scenario.chain(network::faults(scenario)).collect()
}

/// What each fault is called in a trace, by its number: `faults[0]: crash after 2 sends`.
pub(super) fn fault_names(scenario: &Scenario) -> Vec<String> {
    let name = |fault: Option<FaultReport>| match fault {
        Some(fault) => format!("{}: {}", fault.id, fault.what),
        None => "network".to_owned(),
    };
    all_faults(scenario).into_iter().map(name).collect()
}

/// Where each fault is written, by its number.
pub(super) fn fault_places(scenario: &Scenario) -> Vec<Option<Place>> {
    let place = |fault: Option<FaultReport>| fault.and_then(|fault| fault.place);
    all_faults(scenario).into_iter().map(place).collect()
}

/// All faults with how often they struck: those of the network first.
pub(super) fn fault_reports(scenario: &Scenario, counts: &[sim::FaultCount]) -> Vec<FaultReport> {
    let counted = |(fault, count): (Option<FaultReport>, &sim::FaultCount)| {
        let fired = count.fired;
        fault.map(|fault| FaultReport { fired, ..fault })
    };
    let mut all: Vec<Option<FaultReport>> = all_faults(scenario)
        .into_iter()
        .zip(counts)
        .map(counted)
        .collect();
    all.rotate_left(scenario.faults.len());
    all.into_iter().flatten().collect()
}

/// The processes that were not correct in a run: who was down in the end, who was Byzantine, who omitted messages. A fault of
/// several processes makes all of them faulty once it has struck one.
pub(super) fn faulty(scenario: &Scenario, outcome: &Outcome) -> BTreeSet<NodeId> {
    let fired = |fault: &sim::Fault| {
        let count = outcome.faults.get(fault.number as usize);
        count.is_some_and(|count| count.fired > 0)
    };
    let struck = faults(scenario).list.into_iter().filter(fired);
    let failed = struck.filter_map(|fault| match fault.strike {
        Strike::Turn { node, .. }
        | Strike::Delay { node, .. }
        | Strike::Forge { node, .. }
        | Strike::Omit { node, .. } => Some(node),
        _ => None,
    });
    failed.chain(outcome.crashed.keys().copied()).collect()
}

fn number(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2^32 faults")
}
