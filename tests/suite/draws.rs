//! Randomness stays put: what becomes of a message depends on its sender, its ordinal and its receiver alone.

use std::collections::BTreeMap;

use protocols::link::Assumed;
use protocols::multicast::{Basic, Cast, Eager, Originator, Relaying};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{Crash, Setup, Sim, Trigger};
use sim_core::trace::{Recorder, What, WhyDropped};

/// What became of a message: when it arrived, each time it did, and whether it was lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fate {
    took: Vec<u64>,
    lost: bool,
}

/// The fate of every message by sender, receiver and content. Each node sends a content once: so that names a message
/// in two runs, however its number differs.
fn fates(seed: u64, crashes: &[Crash]) -> BTreeMap<(NodeId, NodeId, String), Fate> {
    let mut setup = Setup::new(8, seed);
    let law = Delay::Exponential {
        mean: Span::from_millis(3),
        min: Span::ZERO,
        max: None,
    };
    setup.network.latency = law.sampler().expect("a law of delay");
    setup.network.loss = Probability::ratio(1, 5).expect("a probability");
    setup.network.duplicate = Probability::ratio(1, 5).expect("a probability");
    setup.faults = u32::try_from(crashes.len()).expect("few");
    setup.crashes = crashes.to_vec();
    let mut sim = Sim::new(setup, |_| {
        Eager::<u8>::new(Originator::AtOnce, Relaying::On)
            .over(Basic::<_, Perfect>::new())
            .over(Assumed::new())
    });
    sim.record(Recorder::new(false, 100_000).with_faults(vec![String::new(); crashes.len()]));
    sim.request(Span::from_millis(1), NodeId(0), Cast(7));
    let trace = sim.run().trace.expect("it was recorded");
    let mut sent = BTreeMap::new();
    let mut fates: BTreeMap<_, Fate> = BTreeMap::new();
    for record in &trace.records {
        match &record.what {
            What::Send { msg, to, text } => {
                let name = (record.node, *to, trace.text(*text).to_owned());
                assert!(
                    sent.insert(*msg, (name, record.at)).is_none(),
                    "message numbers are unique"
                );
            }
            What::Drop {
                msg,
                why: WhyDropped::Lost,
                ..
            } => {
                fates.entry(sent[msg].0.clone()).or_default().lost = true;
            }
            // It takes as long to a process that is down.
            What::Recv { msg, .. } | What::Drop { msg, .. } => {
                let (name, when) = &sent[msg];
                fates
                    .entry(name.clone())
                    .or_default()
                    .took
                    .push(record.at.since(*when).as_nanos());
            }
            _ => (),
        }
    }
    fates
}

/// Taking one fault away leaves the fate of every message that is sent in both runs unchanged.
#[test]
fn removing_a_fault_moves_no_other_draw() {
    let mut compared = 0;
    for seed in 0..100 {
        let crash = |node, trigger, fault| Crash {
            node: NodeId(node),
            trigger,
            fault,
        };
        let (by_time, by_sends) = (
            Trigger::At(Span::from_millis(2 + seed % 5)),
            Trigger::AfterSends(seed % 7),
        );
        let both = fates(seed, &[crash(3, by_sends, 0), crash(5, by_time, 1)]);
        let one = fates(seed, &[crash(3, by_sends, 0)]);
        for (name, with) in &both {
            let Some(without) = one.get(name) else {
                continue;
            };
            assert_eq!(with, without, "seed {seed}, {name:?}");
            compared += 1;
        }
    }
    assert!(
        compared > 3_000,
        "only {compared} messages were compared: the test sees nothing"
    );
}
