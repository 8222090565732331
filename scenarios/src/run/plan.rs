//! From a scenario to what the simulator takes: draws the random parts, resolves sets of nodes.

use sim_core::kernel::canonical::Fold;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::random::{Delay, Key, Probability, Purpose};
use sim_core::kernel::time::Span;
use sim_core::sim::{self, Crash, Limits, Network, Repeat, Setup};

use super::FaultReport;
use super::simulate::Latency;
use crate::format::{Fault, FaultKind, Loss, Occasion, Scenario, StopWhen, Trigger, Turn};

/// Everything about the run but the protocol and its workload.
pub(super) fn setup(scenario: &Scenario, latency: Latency) -> Setup {
    let law = match latency {
        Latency::AsWritten => scenario.network.latency.clone(),
        Latency::Unit => Delay::Fixed(Span::from_millis(1)),
    };
    let network = Network {
        latency: law
            .sampler()
            .expect("a scenario that was read has a law of delay"),
        loss: each_lost(scenario),
        duplicate: scenario.network.duplicate,
    };
    let crashes = scenario
        .faults
        .iter()
        .flat_map(|fault| crashes(scenario, fault))
        .collect();
    let stop = scenario.stop;
    Setup {
        nodes: scenario.nodes,
        seed: scenario.seed,
        network,
        crashes,
        faults: number(scenario.faults.len()),
        limits: Limits {
            at: stop.at,
            when_quiescent: stop.when == StopWhen::Quiescent,
            events: stop.events,
            memory: stop.memory,
        },
    }
}

/// A fault as crashes of single processes. Its draws depend on what it says and on the process, not on its place in the
/// list: with another fault gone it strikes as before.
fn crashes(scenario: &Scenario, fault: &Fault) -> Vec<Crash> {
    let (FaultKind::Crash { node, .. }, Some(trigger)) = (&fault.kind, &fault.trigger) else {
        return Vec::new();
    };
    let alike = scenario.faults[..fault.index]
        .iter()
        .filter(|other| other.text == fault.text)
        .count();
    let name = name(&fault.text, alike);
    let times = Key::new(scenario.seed, Purpose::Fault);
    let crash = |node: NodeId| {
        let trigger = match *trigger {
            Trigger::When(Occasion::AfterSends(copies)) => sim::Trigger::AfterSends(copies),
            // Nothing waits for these yet: they never come.
            Trigger::When(_) => sim::Trigger::AfterSends(u64::MAX),
            Trigger::At(at) => sim::Trigger::At(at),
            Trigger::Between(first, last) => {
                let draws = times.at(u64::from(node.0), name);
                let width = last.as_nanos() - first.as_nanos();
                let late = width
                    .checked_add(1)
                    .map_or_else(|| draws.word(0), |n| draws.below(0, n));
                sim::Trigger::At(first.saturating_add(Span::from_nanos(late)))
            }
        };
        Crash {
            node,
            trigger,
            fault: number(fault.index),
        }
    };
    // Faults and jobs draw their nodes under one purpose: the first word tells them apart.
    let draws = Key::new(scenario.seed, Purpose::Selection).at(0, name);
    node.resolve(scenario.nodes, draws)
        .into_iter()
        .map(crash)
        .collect()
}

/// What a job of the workload asks; `R` is the type of requests, and `again` numbers a repeated one.
pub(super) fn job<R: Clone>(
    scenario: &Scenario,
    place: usize,
    requests: &[R],
    again: fn(&R, u64) -> R,
) -> sim::Job<R> {
    let job = &scenario.workload[place];
    let (at, repeat) = match job.turn {
        Turn::Once { at } => (at, None),
        Turn::Repeated { every, from, until } => (from, Some(Repeat { every, until })),
    };
    let alike = scenario.workload[..place]
        .iter()
        .filter(|other| other.text == job.text)
        .count();
    let draws = Key::new(scenario.seed, Purpose::Selection).at(1, name(&job.text, alike));
    let nodes = job.node.resolve(scenario.nodes, draws);
    sim::Job {
        at,
        repeat,
        nodes,
        request: requests[job.operation].clone(),
        again,
    }
}

/// A number for the `alike`-th item that says `text`.
fn name(text: &str, alike: usize) -> u64 {
    let mut fold = Fold::default();
    fold.bytes(text.as_bytes());
    fold.word(alike as u64);
    fold.digest()
}

/// What each fault is called in a trace: `faults[0]: after 2 sends`.
pub(super) fn fault_names(scenario: &Scenario) -> Vec<String> {
    scenario
        .faults
        .iter()
        .map(|fault| format!("faults[{}]: {}", fault.index, trigger_text(fault)))
        .collect()
}

fn trigger_text(fault: &Fault) -> String {
    match &fault.trigger {
        Some(trigger) => trigger.to_string(),
        None => "from the start".to_owned(),
    }
}

/// How likely a copy is lost by itself.
fn each_lost(scenario: &Scenario) -> Probability {
    match scenario.network.loss {
        Loss::Each(p) => p,
        Loss::GilbertElliott { .. } => Probability::NEVER,
    }
}

/// All faults with how often they struck: those of the network if it has any, then those of the scenario.
pub(super) fn fault_reports(
    scenario: &Scenario,
    counts: &[sim::FaultCount],
    lost: u64,
    duplicated: u64,
) -> Vec<FaultReport> {
    let network = [
        (
            "network.loss",
            each_lost(scenario),
            lost,
            "loses a message",
            scenario.places.loss,
        ),
        (
            "network.duplicate",
            scenario.network.duplicate,
            duplicated,
            "delivers a message twice",
            scenario.places.duplicate,
        ),
    ];
    let network = network.into_iter().filter(|(_, p, ..)| !p.is_never()).map(
        |(id, p, fired, what, place)| FaultReport {
            id: id.to_owned(),
            what: format!("{what} with probability {p}"),
            fired,
            place,
        },
    );
    let faults = scenario
        .faults
        .iter()
        .zip(counts)
        .map(|(fault, count)| FaultReport {
            id: format!("faults[{}]", fault.index),
            what: format!("{} {}", fault.kind.words(), trigger_text(fault)),
            fired: count.fired,
            place: Some(fault.place),
        });
    network.chain(faults).collect()
}

fn number(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2^32 faults")
}
