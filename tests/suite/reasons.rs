//! What is said about why a promise was broken, for scenarios of the library that are meant to break one.

use scenarios::testing::runs;

use crate::golden::library;

/// Why the first promise of a variant was broken: the text, and what in the scenario brought it about.
fn why(file: &str, variant: &str) -> Vec<String> {
    let tested = runs(library().join(file));
    let run = tested
        .iter()
        .find(|tested| tested.title().ends_with(&format!("/{variant}")))
        .unwrap_or_else(|| panic!("{file} has no variant {variant}"))
        .run();
    let finding = run.findings.iter().find(|finding| finding.is_violation());
    finding
        .unwrap_or_else(|| panic!("{file}, {variant}: it is meant to break"))
        .why
        .iter()
        .map(|reason| match &reason.cause {
            Some(cause) => format!("{}  [{cause}]", reason.text),
            None => reason.text.clone(),
        })
        .collect()
}

fn says(file: &str, variant: &str, what: &str) {
    let why = why(file, variant);
    assert!(why.iter().any(|line| line == what), "{why:#?}");
}

#[test]
fn what_the_network_did_to_a_message_is_said() {
    says(
        "partitions/split.ron",
        "lost",
        "100.000ms  #3 from node 0 to node 2 was cut off: \"hello\"  [faults[0]]",
    );
    says(
        "overlays/ring.ron",
        "direct",
        "1.000ms  #3 from node 0 to node 2 found no channel: \"hello\"  [topology]",
    );
    says(
        "overlays/bus.ron",
        "short-queue",
        "1.000ms  #6 from node 1 to node 0 found the queue full: \"hello\"  [network.queue]",
    );
}

#[test]
fn a_clock_that_is_wrong_is_named() {
    says(
        "clocks/lost-update.ron",
        "wall",
        "0.000ms  node 1: skew  [faults[0]]",
    );
    says(
        "clocks/lease-drift.ron",
        "slow-holder",
        "0.000ms  node 1: drift  [faults[0]]",
    );
}

/// A timer is told like all else, and what did not happen explains nothing that did.
#[test]
fn a_story_is_told_in_sentences() {
    let lease = why("clocks/lease-drift.ron", "fast-manager");
    assert!(lease.contains(&"2.000ms  node 0 set a timer to 1s: end of term".to_owned()));
    assert!(lease.contains(&"982.392ms  node 0's timer ran out: end of term".to_owned()));
    let own = why("clocks/step-back.ron", "wall");
    assert!(
        !own.iter()
            .any(|line| line.contains("nothing was ever sent"))
    );
}
