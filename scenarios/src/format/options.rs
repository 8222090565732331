//! What the names mean that a field offers to choose from, each with an example.

/// What `option` of the field at `path` means, in one line; none if the fields inside it say it all.
#[must_use]
pub fn meaning(path: &str, option: &str) -> Option<&'static str> {
    row(path, option).map(|(.., meaning, _)| *meaning)
}

/// How `option` of the field at `path` may be written, as a field of a scenario.
#[must_use]
pub fn example(path: &str, option: &str) -> Option<String> {
    let (path, _, _, example) = row(path, option)?;
    Some(around(path).replace("..", example))
}

/// Every example, as the path of its option and a whole scenario; the protocol is `EagerMulticast`.
pub fn examples() -> impl Iterator<Item = (String, String)> {
    OPTIONS.iter().map(|(path, option, _, example)| {
        let mut field = around(path).replace("..", example);
        // The protocol needs more, and says so.
        if let ("scenario.links", "FairLoss" | "Stubborn") = (*path, *option) {
            field = format!("links: Weaker({example})");
        }
        let stop = if field.starts_with("stop") {
            ""
        } else {
            "    stop: (at: \"10s\"),\n"
        };
        let work = if field.starts_with("workload") {
            ""
        } else {
            "    workload: [(at: \"1ms\", node: 0, do: Multicast(\"hello\"))],\n"
        };
        let name = path.trim_start_matches("scenario.").replace('.', "-");
        let text = format!(
            "Scenario(\n    name: \"{name}-{}\",\n    nodes: 8,\n    protocol: EagerMulticast,\n    {field},\n\
             {work}    expect: [\"always no_creation\"],\n{stop})\n",
            option.replace(['.', '"'], "-").trim_matches('-')
        );
        (format!("{path}.{option}"), text)
    })
}

/// The path of the field under which the options of the field at `path` are explained: several fields offer the same.
#[must_use]
pub fn vocabulary(path: &str) -> &str {
    let last = path.rsplit('.').next().unwrap_or_default();
    let of_faults = path.starts_with("scenario.faults.");
    match last {
        "when" if of_faults => WHEN,
        "processing" | "latency" if of_faults => LATENCY,
        "latency" if path.starts_with("scenario.network.") => LATENCY,
        "every" if path == EVERY => LATENCY,
        "cpu" | "io" if path.starts_with("scenario.protocol.") => LATENCY,
        "loss" if path.starts_with("scenario.network.") => LOSS,
        "layer" if path.starts_with("scenario.links.") => LINKS,
        _ => path,
    }
}

fn row(path: &str, option: &str) -> Option<&'static Row> {
    let at = |path: &str| {
        let is_it = |(known, name, ..): &&Row| *known == path && *name == option;
        OPTIONS.iter().find(is_it)
    };
    at(path).or_else(|| at(vocabulary(path)))
}

/// Where an example stands in a scenario: instead of the dots.
fn around(path: &str) -> &'static str {
    match path {
        TOPOLOGY => "topology: ..",
        ROUTING => "routing: ..",
        LATENCY => "network: (latency: ..)",
        LOSS => "network: (loss: ..)",
        TIMING => "timing: ..",
        LINKS => "links: ..",
        GUARANTEE => "links: Assumed(..)",
        FAULTS => "faults: [..]",
        DISK => "faults: [Crash(node: 0, at: \"1s\", restart: \"2s\", disk: ..)]",
        BEHAVIOUR => "faults: [Byzantine(node: 7, behaviour: [..])]",
        WHEN => "faults: [Crash(node: 0, when: ..)]",
        STOP => "stop: (when: ..)",
        EVERY => "workload: [(every: .., until: \"1s\", node: All, do: Multicast(\"hello\"))]",
        _ => "trace: ..",
    }
}

const TOPOLOGY: &str = "scenario.topology";
const ROUTING: &str = "scenario.routing";
const LATENCY: &str = "scenario.network.latency";
const LOSS: &str = "scenario.network.loss";
const TIMING: &str = "scenario.timing";
const LINKS: &str = "scenario.links";
const GUARANTEE: &str = "scenario.links.Assumed.guarantee";
const FAULTS: &str = "scenario.faults";
const DISK: &str = "scenario.faults.Crash.disk";
const BEHAVIOUR: &str = "scenario.faults.Byzantine.behaviour";
const WHEN: &str = "scenario.faults.Crash.when";
const STOP: &str = "scenario.stop.when";
const EVERY: &str = "scenario.workload.every";
const TRACE: &str = "scenario.trace";

/// The field, the option, what it means, and how it may be written.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// Examples are for eight nodes.
const OPTIONS: [Row; 79] = [
    (TOPOLOGY, "Complete", "everybody with everybody", "Complete"),
    (
        TOPOLOGY,
        "Star",
        "one node in the middle, all others only with it",
        "Star(centre: 3)",
    ),
    (
        TOPOLOGY,
        "Ring",
        "each node with the next, and the last with the first",
        "Ring",
    ),
    (TOPOLOGY, "Line", "each node with the next", "Line"),
    (
        TOPOLOGY,
        "Tree",
        "node 0 is the root, and each node has so many children",
        "Tree(arity: 3)",
    ),
    (
        TOPOLOGY,
        "Grid",
        "rows and columns, as nearly a square as there can be",
        "Grid",
    ),
    (
        TOPOLOGY,
        "Hypercube",
        "nodes whose numbers differ in one binary digit",
        "Hypercube",
    ),
    (
        TOPOLOGY,
        "Bus",
        "one shared medium: everybody with everybody, one message at a time",
        "Bus",
    ),
    (
        TOPOLOGY,
        "RandomRegular",
        "each node with so many others, drawn",
        "RandomRegular(degree: 4)",
    ),
    (
        TOPOLOGY,
        "ErdosRenyi",
        "every pair with the same probability",
        "ErdosRenyi(p: 0.5)",
    ),
    (
        TOPOLOGY,
        "SmallWorld",
        "a ring of neighbourhoods, some edges moved far away (Watts and Strogatz)",
        "SmallWorld(k: 4, p: 0.2)",
    ),
    (
        TOPOLOGY,
        "ScaleFree",
        "a few nodes with many neighbours (Barabasi and Albert)",
        "ScaleFree(m: 2)",
    ),
    (
        TOPOLOGY,
        "File",
        "the edges that a file lists",
        "File(\"graph.txt\")",
    ),
    (
        ROUTING,
        "Direct",
        "to neighbours only: what is sent to another is dropped",
        "Direct",
    ),
    (
        ROUTING,
        "Flooding",
        "every node passes on what it sees for the first time",
        "Flooding(ttl: 3)",
    ),
    (
        LATENCY,
        "Fixed",
        "every copy takes as long",
        "Fixed(\"10ms\")",
    ),
    (
        LATENCY,
        "Uniform",
        "anything from the shortest to the longest, all as likely",
        "Uniform(\"1ms\", \"5ms\")",
    ),
    (
        LATENCY,
        "Exponential",
        "often short, now and then long",
        "Exponential(mean: \"10ms\", max: \"1s\")",
    ),
    (
        LATENCY,
        "Normal",
        "a bell around the mean",
        "Normal(mean: \"50ms\", sd: \"10ms\")",
    ),
    (
        LATENCY,
        "LogNormal",
        "a bell with a long tail, as measured in real networks",
        "LogNormal(median: \"20ms\", p99: \"120ms\")",
    ),
    (
        LATENCY,
        "Pareto",
        "a tail so heavy that extremes decide",
        "Pareto(scale: \"5ms\", shape: 1.5, max: \"10s\")",
    ),
    (
        LATENCY,
        "Empirical",
        "one of those that were measured, all as likely",
        "Empirical([\"1ms\", \"1ms\", \"2ms\", \"40ms\"])",
    ),
    (
        LOSS,
        "0.1",
        "each copy by itself, with this probability",
        "0.1",
    ),
    (
        LOSS,
        "GilbertElliott",
        "in bursts: a link is good or bad, and may change before each copy",
        "GilbertElliott(to_bad: 0.01, to_good: 0.3)",
    ),
    (
        TIMING,
        "Asynchronous",
        "nothing is known: any message may take any time",
        "Asynchronous",
    ),
    (
        TIMING,
        "PartiallySynchronous",
        "from some time on no message takes longer than a bound",
        "PartiallySynchronous(gst: \"2s\", bound: \"50ms\")",
    ),
    (
        LINKS,
        "FairLoss",
        "the network as it is: messages may be lost, doubled and reordered",
        "FairLoss",
    ),
    (
        LINKS,
        "Stubborn",
        "everything is sent again and again",
        "Stubborn(every: \"100ms\")",
    ),
    (
        LINKS,
        "Reliable",
        "acknowledgements, repeated sending, each message delivered once",
        "Reliable",
    ),
    (
        LINKS,
        "Logged",
        "reliable even if the receiver crashes and recovers: it writes down what it delivers",
        "Logged",
    ),
    (
        LINKS,
        "Fifo",
        "reliable, and in the order of sending",
        "Fifo(rto: \"50ms\")",
    ),
    (
        LINKS,
        "Authenticated",
        "reliable, and nobody speaks in another's name",
        "Authenticated(attempts: 20)",
    ),
    (
        LINKS,
        "Assumed",
        "links as in a textbook: what they guarantee holds, at no cost",
        "Assumed(Reliable)",
    ),
    (
        LINKS,
        "Weaker",
        "links weaker than the protocol needs, on purpose, to see what breaks",
        "Weaker(FairLoss)",
    ),
    (
        GUARANTEE,
        "Reliable",
        "nothing is lost or duplicated",
        "Reliable",
    ),
    (GUARANTEE, "Fifo", "nor does it arrive out of order", "Fifo"),
    (
        GUARANTEE,
        "Authenticated",
        "nothing is lost or duplicated, and nobody speaks in another's name",
        "Authenticated",
    ),
    (
        FAULTS,
        "Crash",
        "a node stops, for good or until it boots with what its disk holds",
        "Crash(node: 0, at: \"5ms\", for: \"1s\")",
    ),
    (
        FAULTS,
        "Pause",
        "a node takes no event for a while; what arrives waits",
        "Pause(node: 1, at: \"2ms\", for: \"500ms\")",
    ),
    (
        FAULTS,
        "Slow",
        "a node takes time for every event",
        "Slow(node: 1, processing: Exponential(mean: \"20ms\"))",
    ),
    (
        FAULTS,
        "Omission",
        "a node loses what it sends or receives",
        "Omission(node: 2, send: 0.3, receive: 0.1, until: \"5s\")",
    ),
    (
        FAULTS,
        "Byzantine",
        "a node is in the hands of an adversary",
        "Byzantine(node: 7, behaviour: [Silent(to: [0, 1]), Replay()], at: \"1ms\")",
    ),
    (
        FAULTS,
        "SlowDisk",
        "every write takes time",
        "SlowDisk(node: All, latency: Uniform(\"1ms\", \"20ms\"))",
    ),
    (
        FAULTS,
        "LostWrites",
        "the disk lies about syncing: the last writes before a crash are gone",
        "LostWrites(node: 0, count: 2), Crash(node: 0, at: \"5ms\", for: \"1s\")",
    ),
    (
        FAULTS,
        "TornWrite",
        "the last write before a crash is torn",
        "TornWrite(node: 0), Crash(node: 0, at: \"5ms\", for: \"1s\")",
    ),
    (
        FAULTS,
        "FullDisk",
        "a disk holds only so much; a write that fails stops the process",
        "FullDisk(node: 0, capacity: \"4KiB\")",
    ),
    (
        FAULTS,
        "FailingDisk",
        "a write may fail, and stops the process",
        "FailingDisk(node: 0, p: 0.01)",
    ),
    (
        FAULTS,
        "Skew",
        "a wall clock is wrong from the start",
        "Skew(node: All, within: \"50ms\")",
    ),
    (
        FAULTS,
        "Drift",
        "a clock runs at a wrong rate",
        "Drift(node: 0, ppm: -200)",
    ),
    (
        FAULTS,
        "Step",
        "a wall clock jumps",
        "Step(node: 0, by: \"-500ms\", at: \"1s\")",
    ),
    (
        FAULTS,
        "Partition",
        "nodes of different groups cannot talk",
        "Partition(groups: [0..=3, 4..=7], at: \"1s\", heal: \"3s\")",
    ),
    (
        FAULTS,
        "OneWay",
        "one direction only is cut",
        "OneWay(from: 0, to: [1, 2], at: \"0s\", for: \"2s\")",
    ),
    (
        FAULTS,
        "Bridge",
        "two halves of the nodes can talk to one node only, and not to each other",
        "Bridge(node: 4, at: \"1s\", heal: \"3s\")",
    ),
    (
        FAULTS,
        "MajorityRing",
        "every node sees a majority, and no two see the same one",
        "MajorityRing(at: \"1s\", heal: \"3s\")",
    ),
    (
        FAULTS,
        "Isolate",
        "a node can talk to nobody",
        "Isolate(node: 2, at: \"0s\", heal: \"4s\", flap: (down: \"300ms\", up: \"200ms\"))",
    ),
    (DISK, "Durable", "it keeps what was written", "Durable"),
    (DISK, "Lost", "it is empty when the node boots", "Lost"),
    (BEHAVIOUR, "Silent", "does not send", "Silent(to: [0, 1])"),
    (
        BEHAVIOUR,
        "Equivocate",
        "tells some one thing and the rest another",
        "Equivocate(values: [\"a\", \"b\"])",
    ),
    (BEHAVIOUR, "Mutate", "changes what it sends", "Mutate()"),
    (
        BEHAVIOUR,
        "Replay",
        "sends once more what it sent before",
        "Replay()",
    ),
    (
        BEHAVIOUR,
        "Delay",
        "holds back what it sends",
        "Delay(by: \"200ms\")",
    ),
    (
        BEHAVIOUR,
        "Forge",
        "speaks in another's name; on authenticated links nobody listens",
        "Forge(sender: 0)",
    ),
    (
        BEHAVIOUR,
        "Flood",
        "sends more copies than it should",
        "Flood(copies: 10)",
    ),
    (
        WHEN,
        "AfterSends",
        "once the node has sent so many copies to others",
        "AfterSends(2)",
    ),
    (
        WHEN,
        "AfterReceipts",
        "once the node has received so many copies from others",
        "AfterReceipts(3)",
    ),
    (
        WHEN,
        "AfterRecv",
        "once it has received so many messages of one kind",
        "AfterRecv(\"Data\", 2)",
    ),
    (
        WHEN,
        "AfterWrites",
        "once it has written to its disk so many times",
        "AfterWrites(1)",
    ),
    (
        WHEN,
        "AfterEffects",
        "once so many of its effects have been carried out",
        "AfterEffects(4)",
    ),
    (
        WHEN,
        "Mark",
        "once it has left a mark, or has left it so many times",
        "Mark(\"relay_saved_a_node\")",
    ),
    (
        STOP,
        "Quiescent",
        "as soon as nothing can happen any more",
        "Quiescent",
    ),
    (STOP, "Never", "only at one of the other limits", "Never"),
    (
        EVERY,
        "\"20ms\"",
        "always the same gap; the first request comes at `from`",
        "\"20ms\"",
    ),
    (
        EVERY,
        "Fixed",
        "always the same gap, and one before the first request too",
        "Fixed(\"20ms\")",
    ),
    (
        EVERY,
        "Exponential",
        "each node is asked as if by many clients who know nothing of each other: a Poisson process",
        "Exponential(mean: \"20ms\")",
    ),
    (TRACE, "Off", "nothing is recorded", "Off"),
    (TRACE, "Summary", "only counts", "Summary"),
    (
        TRACE,
        "Messages",
        "requests, messages, deliveries, faults and marks",
        "Messages",
    ),
    (
        TRACE,
        "Full",
        "timers and stable storage too, and every event of a simulated run, however long it is (with `--twice` the first two million)",
        "Full",
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
        let forms_of_nodes = |kind: &str| kind == "nodes" || kind == "list of nodes";
        let mut fields = 0;
        for doc in docs.iter().filter(|doc| !forms_of_nodes(&doc.kind)) {
            for option in &doc.options {
                let path = &doc.path;
                assert!(meaning(path, option).is_some(), "{path}: {option}");
                let example = example(path, option).unwrap();
                assert!(example.contains(option) || option == "0.1", "{example}");
                fields += 1;
            }
        }
        assert!(fields > OPTIONS.len());
        for (path, option, ..) in OPTIONS {
            let field = docs.iter().find(|doc| doc.path == path).unwrap();
            assert!(field.options.iter().any(|known| known == option));
            // A gap is a delay; some of its options mean more.
            let shared = if path == EVERY { LATENCY } else { path };
            assert_eq!(vocabulary(path), shared, "{option}");
        }
    }
}
