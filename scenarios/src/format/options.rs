//! What the names mean that a field offers to choose from.

/// What `option` of the field at `path` means, in one line; none if the fields inside it say it all.
#[must_use]
pub fn meaning(path: &str, option: &str) -> Option<&'static str> {
    let known = |row: &&(&str, &str, &str)| row.0 == path && row.1 == option;
    MEANINGS.iter().find(known).map(|(_, _, meaning)| *meaning)
}

const LATENCY: &str = "scenario.network.latency";
const LINKS: &str = "scenario.links";
const STOP: &str = "scenario.stop.when";
const TRACE: &str = "scenario.trace";

const MEANINGS: [(&str, &str, &str); 18] = [
    (LATENCY, "Fixed", "every copy takes as long"),
    (
        LATENCY,
        "Uniform",
        "anything from the shortest to the longest, all as likely",
    ),
    (LATENCY, "Exponential", "often short, now and then long"),
    (LATENCY, "Normal", "a bell around the mean"),
    (
        LATENCY,
        "LogNormal",
        "a bell with a long tail, as measured in real networks",
    ),
    (LATENCY, "Pareto", "a tail so heavy that extremes decide"),
    (
        LINKS,
        "FairLoss",
        "the network as it is: messages may be lost, doubled and reordered",
    ),
    (
        LINKS,
        "Assumed",
        "links as in a textbook: what they guarantee holds, at no cost",
    ),
    (
        LINKS,
        "Weaker",
        "links weaker than the protocol needs, on purpose, to see what breaks",
    ),
    ("scenario.topology", "Complete", "everybody with everybody"),
    (
        "scenario.faults",
        "Crash",
        "a node stops for good; one of `at`, `between`, `when` says when",
    ),
    (
        "scenario.faults.Crash.when",
        "AfterSends",
        "once the node has sent so many copies to others",
    ),
    (STOP, "Quiescent", "as soon as nothing can happen any more"),
    (STOP, "Never", "only at one of the other limits"),
    (TRACE, "Off", "nothing is recorded"),
    (TRACE, "Summary", "only counts"),
    (
        TRACE,
        "Messages",
        "requests, messages, deliveries, faults and marks",
    ),
    (
        TRACE,
        "Full",
        "timers and stable storage too, and more events",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::describe;

    /// What is listed without its meaning is of no use; what is not listed has none.
    #[test]
    fn all_options_have_a_meaning_and_all_meanings_an_option() {
        let docs = describe(&[]);
        let offered = |path: &str| {
            docs.iter()
                .find(|doc| doc.path == path)
                .map(|doc| &doc.options)
        };
        for path in [
            LATENCY,
            LINKS,
            STOP,
            TRACE,
            "scenario.topology",
            "scenario.faults",
        ] {
            for option in offered(path).unwrap() {
                assert!(meaning(path, option).is_some(), "{path}: {option}");
            }
        }
        for (path, option, _) in MEANINGS {
            assert!(
                offered(path).unwrap().iter().any(|known| known == option),
                "{path}: {option}"
            );
        }
    }
}
