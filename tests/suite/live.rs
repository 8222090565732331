//! The engine in real time, with a clock that is never late and a network that loses nothing: the same as a simulation.

use std::collections::BTreeSet;

use scenarios::format::Scenario;
use scenarios::protocols::shipped;
use scenarios::run::{PartRun, Witnessed, conclude, keys_of_seed, out_of_reach};
use scenarios::testing::Tested;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Deed, Ended, Life, Outcome, Part, RealTime};

use crate::golden::files;

/// Runs parts of a cluster side by side and carries their messages. Gives what came of the whole.
fn carry(scenario: &Scenario, parts: Vec<Part>) -> Outcome {
    let homes: Vec<BTreeSet<NodeId>> = parts.iter().map(|part| part.here.clone()).collect();
    let witnesses: Vec<Witnessed> = parts.iter().map(|_| Witnessed::default()).collect();
    let host = |(part, witness): (Part, &Witnessed)| {
        let keys = keys_of_seed(scenario.seed);
        shipped().live(scenario, part, keys, Some(Witnessed::clone(witness)))
    };
    let mut parts: Vec<Box<dyn RealTime>> = parts.into_iter().zip(&witnesses).map(host).collect();
    for (part, home) in parts.iter_mut().zip(&homes) {
        let lives: Vec<Life> = home.iter().map(|node| Life::first(*node)).collect();
        part.start(&lives).expect("a first life can begin");
    }
    let (end, when_quiet) = parts[0].limits();
    let mut now = SimTime::ZERO;
    let ended = loop {
        let deeds: Vec<Deed> = parts
            .iter_mut()
            .flat_map(|part| std::mem::take(part.deeds()))
            .collect();
        for deed in deeds {
            if let Deed::Sent(packet) = deed {
                let home = homes.iter().position(|home| home.contains(&packet.to));
                if let Some(home) = home {
                    parts[home].receive(now, &packet).expect("it is a message");
                }
            }
        }
        if when_quiet && parts.iter().all(|part| part.is_quiet()) {
            break Ended::Quiescent;
        }
        let next = parts.iter_mut().filter_map(|part| part.next_at()).min();
        now = next.unwrap_or(end).min(end).max(now);
        let over: Vec<Ended> = parts
            .iter_mut()
            .filter_map(|part| part.advance(now))
            .collect();
        if let Some(ended) = over.first() {
            break *ended;
        }
    };
    let quiet = (ended == Ended::Quiescent).then_some(now);
    if let [only] = &mut parts[..] {
        return only.finish(ended, quiet);
    }
    let parts = parts.iter_mut().zip(witnesses).map(|(part, seen)| PartRun {
        outcome: part.finish(ended, quiet),
        seen: seen.take(),
    });
    shipped().join(scenario, parts.collect(), ended, quiet)
}

/// Short runs of the library, each scenario and each variant.
fn short_runs() -> impl Iterator<Item = Tested> {
    files()
        .iter()
        .flat_map(scenarios::testing::runs)
        .filter(|tested| tested.run().metrics.counters.messages <= 5_000)
}

/// What is different from the simulation when the cluster runs in these parts.
fn differences(apart: bool, parts: impl Fn(&Scenario) -> Vec<Part>) -> Vec<String> {
    let mut different = Vec::new();
    let mut compared = 0;
    for tested in short_runs() {
        let (title, scenario, simulated) = (tested.title(), tested.scenario(), tested.run());
        let said = out_of_reach(scenario, apart);
        // What only concerns the real network is no matter here.
        if said.iter().any(|said| !said.starts_with("links")) {
            continue;
        }
        let outcome = carry(scenario, parts(scenario));
        let run = conclude(scenario, outcome, None, simulated.metrics.steps);
        let mut real = run.metrics.counters.clone();
        let mut virt = simulated.metrics.counters.clone();
        // What is in flight waits elsewhere.
        (real.pending_max, virt.pending_max) = (0, 0);
        if apart && run.ended == Ended::Time {
            // Of what is still under way to a process that is down, nobody tells that it has not arrived yet.
            (real.to_crashed, virt.to_crashed) = (0, 0);
        }
        if run.verdict != simulated.verdict || real != virt {
            different.push(format!("{title}: {:?}\n{real:?}\n{virt:?}", run.findings));
        }
        compared += 1;
    }
    assert!(compared > 100, "{compared} runs");
    different
}

#[test]
fn real_time_means_what_a_simulation_means() {
    let different = differences(false, |scenario| {
        vec![Part::whole(scenario.nodes, scenario.seed)]
    });
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn a_cluster_in_parts_is_the_same_cluster() {
    let part = |scenario: &Scenario, node: u32| Part {
        here: BTreeSet::from([NodeId(node)]),
        base: u64::from(node) << 48,
        ..Part::whole(scenario.nodes, scenario.seed)
    };
    let parts = |scenario: &Scenario| -> Vec<Part> {
        (0..scenario.nodes)
            .map(|node| part(scenario, node))
            .collect()
    };
    let different = differences(true, parts);
    assert!(different.is_empty(), "{}", different.join("\n"));
}
