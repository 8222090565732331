//! The engine in real time, with a clock that is never late and a network that loses nothing: the same as a simulation.

use std::collections::BTreeSet;

use scenarios::format::Scenario;
use scenarios::protocols::shipped;
use scenarios::run::{conclude, keys_of_seed};
use scenarios::testing::Tested;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Deed, Ended, Life, Outcome, Part, RealTime};

use crate::golden::files;

/// Runs parts of a cluster side by side and carries their messages. Gives what came of each, and what each did.
fn carry(scenario: &Scenario, parts: Vec<Part>) -> Vec<(Outcome, Vec<Deed>)> {
    let keys = || keys_of_seed(scenario.seed);
    let homes: Vec<BTreeSet<NodeId>> = parts.iter().map(|part| part.here.clone()).collect();
    let mut parts: Vec<Box<dyn RealTime>> = parts
        .into_iter()
        .map(|part| shipped().live(scenario, part, keys()))
        .collect();
    let mut done: Vec<Vec<Deed>> = parts.iter().map(|_| Vec::new()).collect();
    for (part, home) in parts.iter_mut().zip(&homes) {
        let lives: Vec<Life> = home.iter().map(|node| Life::first(*node)).collect();
        part.start(&lives).expect("a first life can begin");
    }
    let (end, when_quiet) = parts[0].limits();
    let mut now = SimTime::ZERO;
    let ended = loop {
        let deeds: Vec<Vec<Deed>> = parts
            .iter_mut()
            .map(|part| std::mem::take(part.deeds()))
            .collect();
        for (did, deeds) in done.iter_mut().zip(deeds) {
            for deed in &deeds {
                if let Deed::Sent(packet) = deed {
                    let home = homes.iter().position(|home| home.contains(&packet.to));
                    if let Some(home) = home {
                        parts[home].receive(now, packet).expect("it is a message");
                    }
                }
            }
            did.extend(deeds);
        }
        if when_quiet && parts.iter().all(|part| part.is_quiet()) {
            break Ended::Quiescent;
        }
        let next = parts.iter_mut().filter_map(|part| part.next_at()).min();
        now = next.unwrap_or(end).min(end).max(now);
        let over = parts.iter_mut().filter_map(|part| part.advance(now));
        let over: Vec<Ended> = over.collect();
        if let Some(ended) = over.first() {
            break *ended;
        }
        // What is due at the end happens before it.
        if next.is_none_or(|next| next > end) {
            break Ended::Time;
        }
    };
    let quiet = (ended == Ended::Quiescent).then_some(now);
    let outcomes = parts.iter_mut().map(|part| part.finish(ended, quiet));
    outcomes.zip(done).collect()
}

fn whole(scenario: &Scenario) -> Part {
    Part::whole(scenario.nodes, scenario.seed)
}

/// Short runs of the library, each scenario and each variant.
fn short_runs() -> impl Iterator<Item = Tested> {
    files()
        .into_iter()
        .flat_map(|file| scenarios::testing::runs(&file))
        .filter(|tested| tested.run().metrics.counters.messages <= 5_000)
}

#[test]
fn real_time_means_what_a_simulation_means() {
    let mut different = Vec::new();
    let mut compared = 0;
    for tested in short_runs() {
        let (title, scenario, simulated) = (tested.title(), tested.scenario(), tested.run());
        let (outcome, _) = carry(scenario, vec![whole(scenario)]).remove(0);
        let run = conclude(scenario, outcome, None, simulated.metrics.steps);
        let mut real = run.metrics.counters.clone();
        let mut virt = simulated.metrics.counters.clone();
        // What is in flight waits elsewhere.
        (real.pending_max, virt.pending_max) = (0, 0);
        if run.verdict != simulated.verdict || real != virt {
            different.push(format!("{title}: {:?}\n{real:?}\n{virt:?}", run.findings));
        }
        compared += 1;
    }
    let report = different.join("\n");
    assert_eq!(different.len(), 0, "of {compared}:\n{report}");
    assert!(compared > 100, "{compared} runs");
}
