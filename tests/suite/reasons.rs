//! What a report says about why a promise was broken: it names the fault behind it and where that is written.

use scenarios::testing::runs;

use crate::golden::library;

/// All reasons that the run of `title` in `file` gives, each with what it names as the cause.
fn reasons(file: &str, title: &str) -> Vec<String> {
    let runs = runs(library().join(file));
    let tested = runs.iter().find(|tested| tested.title() == title);
    let findings = &tested.expect("there is such a run").run().findings;
    let told = findings.iter().flat_map(|finding| &finding.why);
    told.map(|reason| match &reason.cause {
        Some(cause) => format!("{} [{cause}]", reason.text),
        None => reason.text.clone(),
    })
    .collect()
}

#[test]
fn the_fault_behind_a_broken_promise_is_named() {
    for (file, title, expected) in [
        (
            "links/partition.ron",
            "partition/fair-loss",
            "150.000ms  #2 from node 0 to node 1 was cut off: \"news 2\" [faults[0]]",
        ),
        (
            "links/slow-line.ron",
            "slow-line/once",
            "6.000ms  #6 from node 0 to node 1 found the queue full: \"a line of text 6\" [network.queue]",
        ),
        (
            "links/forged-sender.ron",
            "forged-sender/reliable",
            "6.000ms  node 1 received #1 in the name of node 0",
        ),
        (
            "links/forged-sender.ron",
            "forged-sender/reliable",
            "0.000ms  node 2 was struck: byzantine [faults[0]]",
        ),
        (
            "links/corruption.ron",
            "corruption/no-checksum",
            "142.000ms  node 1 received #15 from node 0, changed: Msg{#7 \"Transfer 100 8\"} [network.corrupt]",
        ),
        (
            "links/stubborn-duplicates.ron",
            "stubborn-duplicates/bare",
            "21.000ms  the timer of node 0 ran out: retransmit",
        ),
        (
            "processes/receive-omission.ron",
            "receive-omission/network",
            "1.000ms  #3 from node 0 to node 2 was lost: \"hello\" [network.between[0].loss]",
        ),
        (
            "processes/slow-node.ron",
            "slow-node/overloaded",
            "0.000ms  node 1 was struck: slow [faults[0]]",
        ),
    ] {
        let told = reasons(file, title);
        assert!(
            told.iter().any(|reason| reason == expected),
            "{title}: {expected}\n{told:#?}"
        );
    }
}
