//! Randomness stays put: what becomes of a message depends on its sender, its ordinal and its receiver alone.

use std::collections::BTreeMap;

use protocols::link::Assumed;
use protocols::multicast::{Basic, Cast, Eager, Originator, Relaying};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{Fault, Setup, Sim, Trigger};
use sim_core::trace::{Recorder, What, WhyDropped};

/// What became of a message: when it arrived, each time it did, and whether it was lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fate {
    took: Vec<u64>,
    lost: bool,
}

/// A message as two runs both know it: its sender, the how-manieth group send of that sender it belongs to, its receiver.
type Name = (NodeId, u64, NodeId);

/// The fate of every message, and what it said.
fn fates(seed: u64, crashes: &[Fault]) -> BTreeMap<Name, (Fate, String)> {
    let mut setup = Setup::new(8, seed);
    let law = Delay::Exponential {
        mean: Span::from_millis(3),
        min: Span::ZERO,
        max: None,
    };
    setup.network.law.latency = law.sampler().expect("a law of delay");
    setup.network.law.loss = Probability::ratio(1, 5).expect("a probability").into();
    setup.network.law.duplicate = Probability::ratio(1, 5).expect("a probability");
    setup.counted = u32::try_from(crashes.len()).expect("few");
    setup.faults = crashes.to_vec();
    let mut sim = Sim::new(setup, |_| {
        Eager::<u8>::new(Originator::AtOnce, Relaying::On)
            .over(Basic::<_, Perfect>::new())
            .over(Assumed::new())
    });
    sim.record(Recorder::new(false, 100_000).with_faults(vec![String::new(); crashes.len()]));
    for (at, node) in [(1, 0), (1, 1), (4, 2), (9, 6)] {
        sim.request(
            Span::from_millis(at),
            NodeId(node),
            Cast(u8::try_from(at + u64::from(node)).expect("small")),
        );
    }
    let trace = sim.run().trace.expect("it was recorded");
    let mut sent = BTreeMap::new();
    let mut ordinals: BTreeMap<NodeId, (u64, u64)> = BTreeMap::new();
    let mut fates: BTreeMap<Name, (Fate, String)> = BTreeMap::new();
    for record in &trace.records {
        match &record.what {
            What::Send { msg, to, text } => {
                // The copies of a group send follow each other: it is the next one when the receivers start again.
                let (ordinal, last) = ordinals.entry(record.node).or_insert((0, 0));
                if *msg != *last + 1 || to.0 == 0 {
                    *ordinal += 1;
                }
                *last = *msg;
                let name = (record.node, *ordinal, *to);
                fates.insert(name, (Fate::default(), trace.text(*text).to_owned()));
                assert!(
                    sent.insert(*msg, (name, record.at)).is_none(),
                    "message numbers are unique"
                );
            }
            What::Drop {
                msg,
                why: WhyDropped::Lost(_),
                ..
            } => {
                fates.entry(sent[msg].0).or_default().0.lost = true;
            }
            // It takes as long to a process that is down.
            What::Recv { msg, .. } | What::Drop { msg, .. } => {
                let (name, when) = sent[msg];
                fates
                    .entry(name)
                    .or_default()
                    .0
                    .took
                    .push(record.at.since(when).as_nanos());
            }
            _ => (),
        }
    }
    fates
}

/// Taking one fault away leaves the fate of every message that is sent in both runs unchanged: lost or not, how often
/// it arrives, and how long each copy takes.
#[test]
fn removing_a_fault_moves_no_other_draw() {
    let (mut compared, mut same_words) = (0, 0);
    for seed in 0..100 {
        let crash = |node, trigger, number| Fault::crash(number, NodeId(node), trigger);
        let (by_time, by_sends) = (
            Trigger::At(Span::from_millis(2 + seed % 5)),
            Trigger::AfterSends(NodeId(3), seed % 7),
        );
        let both = fates(seed, &[crash(3, by_sends.clone(), 0), crash(5, by_time, 1)]);
        let one = fates(seed, &[crash(3, by_sends, 0)]);
        for (name, (with, words)) in &both {
            let Some((without, others)) = one.get(name) else {
                continue;
            };
            assert_eq!(with, without, "seed {seed}, {name:?}");
            compared += 1;
            same_words += u32::from(words == others);
        }
    }
    assert!(
        compared > 15_000,
        "only {compared} messages were compared: the test sees little"
    );
    assert!(
        same_words * 100 > compared * 95,
        "of {compared} messages only {same_words} say the same"
    );
}
