//! Why a promise was broken, as a person reads it: the story names what had a hand in it, and nothing else.

use scenarios::format::{Overrides, Sources, read};
use scenarios::protocols::shipped;
use scenarios::run::Options;

/// The story of the first violation in a run of the scenario with these fields: a line a reason, its cause in brackets.
fn story(fields: &str) -> Vec<String> {
    let text = format!("Scenario(name: \"story\", {fields})");
    let mut sources = Sources::new();
    let file = sources.add("story.ron", text.as_str());
    let entries = shipped().entries();
    let reading = read(&sources, file, &Overrides::default(), entries);
    let scenario = reading
        .scenario
        .unwrap_or_else(|| panic!("{:?}", reading.problems));
    let run = shipped().run(&scenario, Options::default());
    let broken = run.findings.iter().find(|finding| finding.is_violation());
    let why = &broken.expect("a promise is broken").why;
    let line = |reason: &scenarios::run::Reason| match &reason.cause {
        Some(cause) => {
            assert!(reason.place.is_some(), "{cause} is written somewhere");
            format!("{} [{cause}]", reason.text)
        }
        None => reason.text.clone(),
    };
    why.iter().map(line).collect()
}

#[test]
fn a_partition_lost_what_was_sent_across() {
    let told = story(
        r#"nodes: 5, protocol: EagerMulticast, links: Weaker(FairLoss), network: (latency: Fixed("1ms")),
        faults: [
            Crash(node: 4, at: "9s"),
            Crash(node: 3, at: "80ms", restart: "90ms"),
            Partition(groups: [[0, 1], [2, 3, 4]], at: "2ms", heal: "50ms"),
            Isolate(node: 1, at: "60ms", heal: "70ms"),
        ],
        workload: [(at: "3ms", node: 0, do: Multicast("hello"))],
        expect: ["eventually agreement within 1s"]"#,
    );
    assert_eq!(
        told,
        [
            "2.000ms  nodes 2, 3 were cut off from nodes 0, 1 [faults[2]]",
            "3.000ms  node 0 was asked: Multicast \"hello\"",
            "3.000ms  node 0 delivered \"hello\" from n0",
            "3.000ms  #3 from node 0 to node 2 was cut off: Data{0.0 \"hello\"} [faults[2]]",
            "3.000ms  #4 from node 0 to node 3 was cut off: Data{0.0 \"hello\"} [faults[2]]",
            "4.000ms  #8 from node 1 to node 2 was cut off: Data{0.0 \"hello\"} [faults[2]]",
            "4.000ms  #9 from node 1 to node 3 was cut off: Data{0.0 \"hello\"} [faults[2]]",
            "50.000ms  the partition healed [faults[2]]",
        ],
        "the crashes and the second partition have nothing to do with it"
    );
}

#[test]
fn what_waits_for_a_heal_is_told() {
    let told = story(
        r#"nodes: 3, protocol: EagerMulticast, links: Assumed(Reliable), network: (latency: Fixed("1ms")),
        faults: [
            Isolate(node: 2, at: "2ms"),
            Pause(node: 1, at: "3500us", for: "2ms"),
            Pause(node: 0, at: "1s", for: "2ms"),
            Step(node: 1, at: "2ms", by: "-1s"),
        ],
        workload: [(at: "3ms", node: 0, do: Multicast("hello"))],
        expect: ["eventually agreement within 1s"]"#,
    );
    let waits = "waits for a heal that never came: Data{0.0 \"hello\"} [faults[0]]";
    assert_eq!(
        told,
        [
            "2.000ms  node 2 was cut off from nodes 0, 1 [faults[0]]",
            "3.000ms  node 0 was asked: Multicast \"hello\"",
            "3.000ms  node 0 delivered \"hello\" from n0",
            &format!("3.000ms  #3 from node 0 to node 2 {waits}"),
            &format!("5.500ms  #6 from node 1 to node 2 {waits}"),
        ]
    );
}

#[test]
fn a_process_that_recovers_has_forgotten() {
    let told = story(
        r#"nodes: 2, protocol: PerfectLink,
        network: (latency: Fixed("1ms"), between: [(from: 1, to: 0, loss: 1)]),
        faults: [Crash(node: 1, at: "4500us", restart: "6ms"), Crash(node: 0, at: "300ms")],
        workload: [(at: "3ms", node: 0, do: Send(1, "hello"))],
        expect: ["always no_duplication"]"#,
    );
    assert_eq!(
        told,
        [
            "3.000ms  node 0 was asked: \"hello\" to n1",
            "3.000ms  node 0 armed the timer retransmit for 200ms",
            "4.000ms  node 1 delivered \"hello\" from n0, for the first time",
            "4.500ms  node 1 crashed, after it had sent 1 message [faults[0]]",
            "6.000ms  node 1 recovered, knowing only what was on its disk [faults[0]]",
            "203.000ms  the timer retransmit of node 0 ran out",
            "203.000ms  node 0 sent #3 to node 1: Msg{#0 x2 \"hello\"}",
            "204.000ms  node 1 received #3 from node 0",
            "204.000ms  node 1 delivered \"hello\" from n0",
        ],
        "the crash at 300 ms came too late to matter"
    );
}

#[test]
fn an_equivocator_tells_one_thing_here_and_another_there() {
    let told = story(
        r#"nodes: 4, protocol: EagerMulticast, network: (latency: Fixed("1ms")), links: Assumed(Reliable),
        faults: [
            Byzantine(node: 0, behaviour: [Equivocate(kinds: ["Data"], values: ["yes", "no"])]),
            Pause(node: 1, at: "50ms", for: "1s"),
        ],
        workload: [(at: "1ms", node: 0, do: Multicast("yes"))],
        expect: ["eventually agreement within 1s"]"#,
    );
    assert_eq!(
        told,
        [
            "0.000ms  node 0 turned Byzantine [faults[0]]",
            "1.000ms  node 0 was asked: Multicast \"yes\"",
            "1.000ms  node 0 deviated from its algorithm, and sent Data{0.0 \"yes\"} to node 1, Data{0.0 \"no\"} to \
             nodes 2, 3 [faults[0]]",
            "1.000ms  node 0 sent #2 to node 1: Data{0.0 \"yes\"}",
            "2.000ms  node 1 received #2 from node 0",
            "2.000ms  node 1 delivered \"yes\" from n0",
        ]
    );
}

#[test]
fn a_forger_is_named() {
    let told = story(
        r#"nodes: 3, protocol: BestEffortMulticast, links: Weaker(FairLoss), network: (latency: Fixed("1ms")),
        faults: [Byzantine(node: 2, behaviour: [Forge(sender: 1)])],
        workload: [(at: "3ms", node: 2, do: Multicast("hello"))],
        expect: ["always no_creation"]"#,
    );
    assert_eq!(
        told,
        [
            "0.000ms  node 2 turned Byzantine [faults[0]]",
            "3.000ms  node 2 was asked: Multicast \"hello\"",
            "3.000ms  node 2 sent #1 to node 0: \"hello\"",
            "4.000ms  node 0 received #1 in the name of node 1, which node 2 had sent [faults[0]]",
            "4.000ms  node 0 delivered \"hello\" from n1",
        ]
    );
}

#[test]
fn every_reason_for_a_loss_has_its_words() {
    let told = story(
        r#"nodes: 5, protocol: BestEffortMulticast, links: Weaker(FairLoss),
        network: (latency: Fixed("1ms"), between: [(from: 0, to: 3, loss: 1), (from: 0, to: 4, corrupt: 1)]),
        faults: [
            Omission(node: 2, receive: 1, at: "1ms", for: "1s"),
            Crash(node: 1, at: "1ms", restart: "10ms", disk: Lost),
        ],
        workload: [(at: "3ms", node: 0, do: Multicast("hello"))],
        expect: ["eventually validity within 1s"]"#,
    );
    assert_eq!(
        told,
        [
            "1.000ms  node 1 crashed, before it had sent anything [faults[1]]",
            "3.000ms  node 0 was asked: Multicast \"hello\"",
            "3.000ms  #4 from node 0 to node 3 was lost: \"hello\" [network.between[0].loss]",
            "3.000ms  #5 from node 0 to node 4 was corrupted, and dropped for that: \"hello\" \
             [network.between[1].corrupt]",
            "4.000ms  #2 from node 0 to node 1 found it down: \"hello\" [faults[1]]",
            "10.000ms  node 1 recovered, with an empty disk [faults[1]]",
        ]
    );
}

#[test]
fn a_clock_that_drifts_is_told_where_it_may_have_misled() {
    let told = story(
        r#"nodes: 3, protocol: LeaseManager(term: "100ms", margin: "10ms"), links: Assumed(Reliable),
        network: (latency: Fixed("1ms")),
        faults: [Drift(node: 1, ppm: -500000)],
        workload: [(at: "3ms", node: 1, do: Acquire), (at: "4ms", node: 2, do: Acquire)],
        expect: ["always mutual_exclusion"]"#,
    );
    assert_eq!(
        told[..2],
        [
            "0.000ms  the clocks of node 1 drifted by -500000 ppm [faults[0]]",
            "3.000ms  node 1 was asked: Acquire",
        ]
    );
}
