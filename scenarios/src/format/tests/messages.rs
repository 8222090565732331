//! Mistakes are shown where they are, all together, with a way out.

use super::*;
use sim_core::kernel::time::Span;

#[test]
fn all_mistakes_of_a_file_are_reported_together() {
    let text = r#"(
    name: "bad name", nodes: 10, colour: 3,
    protocol: PushGosip(fanout: 3),
    network: (los: 0.1, latency: Uniform("1ms"), duplicate: 2),
    faults: [Crash(node: 12, at: 5), Crash(), Krash(node: 1)],
    stop: (at: "5 parsecs"), trace: Ful,
    variants: { "v": (nodes: 0) },
)"#;
    assert_eq!(
        Attempt::of(text).short(),
        [
            "test.ron:2:11: error[S105]: `bad name` cannot be the name of a scenario",
            "test.ron:2:34: error[S101]: a scenario has no field `colour`",
            "test.ron:3:15: error[S102]: no protocol is called `PushGosip` (did you mean `PushGossip`?)",
            "test.ron:4:15: error[S101]: `network` has no field `los` (did you mean `loss`?)",
            "test.ron:4:34: error[S103]: `max` is missing",
            "test.ron:4:61: error[S105]: `duplicate` is out of range",
            "test.ron:5:26: error[S120]: node 12 does not exist",
            "test.ron:5:34: error[S110]: a time needs a unit (write the time as text with a unit (ns, us, ms, s, min, h))",
            "test.ron:5:38: error[S103]: `node` is missing",
            "test.ron:5:38: error[S103]: `Crash` needs a time (write one of `at`, `between`, `when`)",
            "test.ron:5:47: error[S102]: no fault is called `Krash` (did you mean `Crash`?)",
            "test.ron:6:16: error[S111]: this is not a unit of time",
            "test.ron:6:37: error[S102]: no trace is called `Ful` (did you mean `Full`?)",
            "test.ron:7:30: error[S105]: `nodes` is out of range",
        ]
    );
}

#[test]
fn the_first_syntax_error_is_reported_alone_and_at_its_cause() {
    for (text, message) in [
        (
            "(name: \"a\"\n  nodes: 3)",
            "1:11: error[S001]: a comma is missing (separate fields and values with commas)",
        ),
        (
            "(a: [1 /* x */\n 2])",
            "1:7: error[S001]: a comma is missing (separate fields and values with commas)",
        ),
        (
            "Scenario { name: \"a\" }",
            "1:10: error[S002]: fields are written in round brackets (RON writes fields in round brackets; `{ }` is for maps with quoted keys)",
        ),
        (
            "(a: Eager { b: 1 })",
            "1:11: error[S002]: fields are written in round brackets (RON writes fields in round brackets; `{ }` is for maps with quoted keys)",
        ),
        ("(a: [1, 2)", "1:10: error[S003]: `[` is closed by `)`"),
        ("(a: [1, 2]", "1:1: error[S003]: this `(` is never closed"),
        ("(a: 1))", "1:7: error[S003]: this `)` closes nothing"),
        ("(a: \"b)", "1:1: error[S003]: this `(` is never closed"),
        ("\"b", "1:1: error[S003]: this text is never closed"),
        (
            "(a: 1) b",
            "1:8: error[S003]: there is something after the end",
        ),
        ("(a: @)", "1:5: error[S003]: `@` makes no sense here"),
        ("", "1:1: error[S003]: this is empty"),
        ("// only this", "1:13: error[S003]: this ends too soon"),
        ("/* (", "1:1: error[S003]: this comment is never closed"),
    ] {
        assert_eq!(
            Attempt::of(text).short(),
            [format!("test.ron:{message}")],
            "{text}"
        );
    }
}

/// What comes naturally to whoever writes Python, JSON or C is understood, and never answered with a wrong patch.
#[test]
fn habits_of_other_languages_are_understood() {
    for (text, message) in [
        (
            "(a: 5ms)",
            "1:5: error[S110]: a time is a text (put it in quotes)",
        ),
        (
            "(a: 2GiB)",
            "1:5: error[S113]: a size is a text (put it in quotes)",
        ),
        (
            "(a: 10%)",
            "1:5: error[S003]: there is no percent sign (write it like this)",
        ),
        (
            "(a: n - 1)",
            "1:5: error[S003]: an expression is a text (put it in quotes)",
        ),
        (
            "(a: 2*n)",
            "1:5: error[S003]: an expression is a text (put it in quotes)",
        ),
        (
            "(a: 'tea')",
            "1:5: error[S003]: a text stands in double quotes (write it like this)",
        ),
        (
            "(a: 1;\n b: 2)",
            "1:6: error[S001]: a comma is missing (separate fields and values with commas)",
        ),
        (
            "(\"a\": 1)",
            "1:2: error[S003]: the name of a field has no quotes (fields have bare names in round brackets, maps have names in quotes in curly ones)",
        ),
        (
            "# hello\n(a: 1)",
            "1:1: error[S003]: this is not RON (write it like this)",
        ),
        (
            "(a = 1)",
            "1:4: error[S003]: a colon is missing after the name of a field (write `name: value`)",
        ),
        (
            "(a: \"b,\n c: \"d\")",
            "1:5: error[S003]: this text is never closed",
        ),
    ] {
        assert_eq!(
            Attempt::of(text).short(),
            [format!("test.ron:{message}")],
            "{text}"
        );
    }
}

/// The shell takes the quotes of `--set stop.at="3ms"`.
#[test]
fn quotes_may_be_missing_on_the_command_line() {
    let attempt = Attempt::of(EAGER_SENDER_CRASH)
        .set("stop.at=3ms")
        .set("stop.events=2*n");
    let stop = attempt.scenario().stop;
    assert_eq!((stop.at, stop.events), (Span::from_millis(3), 10));
}

#[test]
fn mistakes_on_the_command_line_look_the_same() {
    let attempt = Attempt::of(EAGER_SENDER_CRASH)
        .variant("no-rely")
        .param("m=3");
    assert_eq!(
        attempt.human(),
        "\
error[S102]: no variant is called `no-rely`
 --> --variant:1:1
  |
1 | no-rely
  | ^^^^^^^ unknown name
  |
help: did you mean `no-relay`?
  |
1 | no-relay
  |       +
note: variants of this scenario: no-relay"
    );
    let attempt = Attempt::of(EAGER_SENDER_CRASH)
        .param("m=3")
        .param("k=2 * fanout")
        .set("network.los=0.2")
        .set("faults.7.at=\"1ms\"")
        .set("seed.x=1")
        .set("trace=[")
        .set("nonsense")
        .expect("always agreement");
    assert_eq!(
        attempt.short(),
        [
            "-p:1:1: error[S102]: there is no parameter `m`",
            "-p:1:7: error[S112]: `fanout` is neither a parameter nor a function",
            "--set:1:9: error[S101]: `network` has no field `los` (did you mean `loss`?)",
            "--set:1:8: error[S101]: `faults` has no item `7`",
            "--set:1:6: error[S101]: `seed` has no field `x`",
            "--set:1:7: error[S003]: this `[` is never closed",
            "--set:1:1: error[S003]: this has to be PATH=VALUE",
            "--expect:1:1: error[S131]: `agreement` cannot hold `always`: RB4 is about what happens in the end (write `eventually agreement within 1s`)",
        ]
    );
}

#[test]
fn expectations_point_inside_the_sentence() {
    for (sentence, message) in [
        ("eventually agreement within 5", "29: error[S110]"),
        ("eventually agreement within soon", "29: error[S111]"),
        ("eventually agreement", "21: error[S132]"),
        (
            "eventually no_creation within 1s",
            "1: error[S131]: `no_creation` is not owed `eventually`: RB3 is about what must never happen (write `always no_creation`)",
        ),
        ("agreement", "1: error[S132]"),
        (
            "delivery_rate >= 0.999",
            "1: error[S130]: `delivery_rate` is neither a metric, a property nor a parameter (did you mean `delivery_ratio`?)",
        ),
        ("messages =< 3", "10: error[S112]"),
        ("p100(messages) < 3", "1: error[S132]"),
        ("messages(7) < 3", "10: error[S132]"),
        ("p50(messages) < 3", "1: error[S132]"),
        ("delivery_latency <= 1s", "1: error[S132]"),
        ("p0(delivery_latency) <= 1s", "1: error[S132]"),
        ("p998(delivery_latency) <= 1s", "1: error[S132]"),
        ("p99(delivery_latency) <= 5", "25: error[S132]"),
        ("messages <= 3 where n", "20: error[S112]"),
        ("messages <= 3 where m < 4", "21: error[S112]"),
        ("messages <= n /  0", "15: error[S112]"),
        ("always relay_saved_a_node", "8: error[S130]"),
        ("sometimes messages", "11: error[S130]"),
        ("always no_creation now", "20: error[S132]"),
        ("", "1: error[S132]"),
    ] {
        let found = Attempt::of(EAGER_SENDER_CRASH).expect(sentence).short();
        assert!(
            found[0].starts_with(&format!("--expect:1:{message}")),
            "{sentence}: {found:?}"
        );
        let text = EAGER_SENDER_CRASH.replace("\"always no_creation\"", &format!("\"{sentence}\""));
        assert_eq!(Attempt::of(&text).short().len(), 1, "{sentence}");
    }
}

#[test]
fn a_missing_node_is_explained_by_the_number_of_nodes() {
    let text = "(
    name: \"rumour\", protocol: PushGossip,
    params: { \"n\": 64, \"fanout\": 3 },
    nodes: \"n\",
    faults: [Crash(node: 64, at: \"5ms\")],
)";
    assert_eq!(
        Attempt::of(text).human(),
        "\
error[S120]: node 64 does not exist
 --> test.ron:5:26
  |
3 |     params: { \"n\": 64, \"fanout\": 3 },
  |               ------- because n is 64
4 |     nodes: \"n\",
  |     ---------- 64 nodes
5 |     faults: [Crash(node: 64, at: \"5ms\")],
  |                          ^^ nodes are numbered 0 to 63"
    );
}

#[test]
fn a_misspelt_field_looks_as_in_the_documentation() {
    let text = "(\n    name: \"gossip\", nodes: 3, protocol: PushGossip,\n    network: (latency: Fixed(\"10ms\"), los: 0.1),\n)";
    assert_eq!(
        Attempt::of(text).human(),
        "\
error[S101]: `network` has no field `los`
 --> test.ron:3:39
  |
3 |     network: (latency: Fixed(\"10ms\"), los: 0.1),
  |                                       ^^^ unknown field
  |
help: did you mean `loss`?
  |
3 |     network: (latency: Fixed(\"10ms\"), loss: 0.1),
  |                                          +
note: fields of `network`: latency, loss, duplicate, corrupt, fifo, bandwidth, queue, checksum, between   (`stormglass explain scenario.network`)"
    );
}

#[test]
fn a_place_on_a_long_line_keeps_its_column() {
    let text = format!(
        "(name: \"a\", nodes: 3, about: \"{}\", protocol: PushGossip, colour: 3)",
        "x".repeat(200)
    );
    let shown = Attempt::of(&text).human();
    let column = text.find("colour").unwrap() + 1;
    assert!(
        shown.contains(&format!(" --> test.ron:1:{column}\n  |\n1 | …x")),
        "{shown}"
    );
}

#[test]
fn what_never_happens_is_a_warning() {
    let text = with(
        "faults: [Crash(node: 0, at: \"50s\")],\n    workload: [(at: \"1min\", node: 0, do: Multicast(\"x\"))],\n    stop: (at: \"10s\"),",
    );
    assert_eq!(
        Attempt::of(&text).short(),
        [
            "test.ron:3:14: warning[W201]: this fault never happens: crash at 50s, but the run stops at 10s (line 5)",
            "test.ron:4:16: warning[W201]: this job never comes: it begins at 1min, but the run stops at 10s (line 5)",
        ]
    );
    assert!(Attempt::of(&text).read().scenario.is_some());
}

#[test]
fn json_is_one_object_a_problem() {
    let attempt = Attempt::of("(name: \"a\", nodes: 3, protocol: PushGossip, trace: \"Full\")");
    let problems = attempt.read().problems;
    assert_eq!(
        json(&attempt.sources, &problems[0]),
        "{\"file\":\"test.ron\",\"line\":1,\"column\":52,\"severity\":\"error\",\"code\":\"S104\",\
         \"message\":\"`trace` is a name, not a text\",\"label\":\"this is a text\",\"help\":\"write it without quotes\",\"notes\":[]}"
    );
}

#[test]
fn links_have_to_fit() {
    let codes = |field: &str| -> Vec<String> {
        Attempt::of(&with(field))
            .read()
            .problems
            .iter()
            .map(|problem| format!("{} {}", problem.code, problem.title))
            .collect()
    };
    assert_eq!(
        codes("links: FairLoss,"),
        ["S121 `EagerMulticast` needs Reliable links, and FairLoss may lose messages"]
    );
    assert_eq!(codes("links: Weaker(FairLoss),"), [""; 0]);
    assert_eq!(codes("links: Reliable,"), [""; 0]);
}

/// Each is one mistake, and has one message.
fn alone(field: &str) -> String {
    let found = Attempt::of(&with(field)).short();
    assert_eq!(found.len(), 1, "{field}: {found:#?}");
    let (_, message) = found[0].split_once(": ").unwrap();
    message.to_owned()
}

#[test]
fn faults_that_make_no_sense() {
    for (fault, message) in [
        (
            "Partition(groups: [[0, 1], 1..=3], at: \"1s\")",
            "error[S106]: node 1 is in two groups",
        ),
        (
            "Partition(groups: [All], at: \"1s\")",
            "error[S103]: `Partition` needs two groups at least (write the other side too: `groups: [[0, 1], [2, 3, 4]]`)",
        ),
        (
            "Isolate(node: 0, at: \"1s\", heal: \"2s\", for: \"1s\")",
            "error[S106]: `heal` and `for` exclude each other",
        ),
        (
            "OneWay(from: 0, to: 1)",
            "error[S103]: `OneWay` needs a time (write one of `at`, `between`, `when`)",
        ),
        (
            "MajorityRing(when: AfterSends(3))",
            "error[S102]: `AfterSends` counts what one node does, and this fault is about many",
        ),
        (
            "Crash(node: 0, when: AfterSends(3), restart: \"2s\")",
            "error[S106]: `restart` is a time, and nobody knows when this fault strikes (write `for: \"1s\"`, so long after it struck)",
        ),
        (
            "Crash(node: 0, at: \"2s\", disk: Lost)",
            "error[S103]: `disk` belongs to `restart`, and this node never boots again (write `for: \"1s\"` as well, so long after it stopped)",
        ),
        (
            "Crash(node: 0, at: \"2s\", restart: \"2s\")",
            "error[S105]: this fault ends before it begins",
        ),
        (
            "Pause(node: 0, between: (\"1s\", \"3s\"), until: \"2s\")",
            "error[S105]: this fault ends before it begins",
        ),
        (
            "Slow(node: 0, processing: Fixed(\"1ms\"), until: \"0s\")",
            "error[S105]: this fault ends before it begins",
        ),
        (
            "Pause(node: 0, at: \"1s\")",
            "error[S103]: `Pause` needs an end (write one of `until`, `for`)",
        ),
        (
            "Pause(node: 0, at: \"1s\", for: \"0s\")",
            "error[S105]: `for` has to be above zero",
        ),
        (
            "Pause(node: 0, at: \"-1s\", for: \"1s\")",
            "error[S111]: this time cannot have a sign (leave out the sign)",
        ),
        (
            "Crash(node: 0, when: Mark(\"relay_saved_a_nod\"))",
            "error[S130]: the protocol leaves no mark `relay_saved_a_nod` (did you mean `relay_saved_a_node`?)",
        ),
        (
            "Omission(node: 0)",
            "error[S103]: this `Omission` omits nothing (write `send` or `receive` with a probability above zero)",
        ),
        (
            "Byzantine(node: 0, behaviour: [])",
            "error[S103]: `Byzantine` needs a behaviour (write `behaviour: [Silent()]`, or another of the list)",
        ),
        ("Byzantine(node: 0)", "error[S103]: `behaviour` is missing"),
        (
            "Byzantine(node: 0, behaviour: [Equivocate(values: [\"a\"])])",
            "error[S105]: `values` are two texts, or none (write `values: [\"a\", \"b\"]`: some are told `b` where the rest is told `a`)",
        ),
        (
            "Byzantine(node: 0, behaviour: [Forge(sender: 5)])",
            "error[S120]: node 5 does not exist",
        ),
        (
            "Drift(node: 0, ppm: -1_000_000)",
            "error[S105]: `ppm` is out of range",
        ),
        (
            "Drift(node: 0, ppm: 0)",
            "error[S105]: `ppm` has to be other than zero",
        ),
        (
            "Skew(node: 0, by: \"1s\", within: \"1s\")",
            "error[S106]: `Skew` needs either `by` or `within`",
        ),
        (
            "Skew(node: 0)",
            "error[S103]: `Skew` needs either `by` or `within`",
        ),
        (
            "Skew(node: 0, by: 5)",
            "error[S110]: a time needs a unit (write the time as text with a unit (ns, us, ms, s, min, h))",
        ),
        (
            "Step(node: 0, by: \"0s\", at: \"1s\")",
            "error[S105]: `by` has to be other than zero",
        ),
        (
            "FailingDisk(node: 0, p: 0)",
            "error[S105]: `p` has to be above zero",
        ),
        (
            "SlowDisk(node: 0, latency: Empirical([]))",
            "error[S105]: there is no such delay",
        ),
        (
            "FullDisk(node: 0, capacity: 4096)",
            "error[S113]: `capacity` has to be a size with a unit (write it like \"512MiB\" (B, KiB, MiB, GiB, TiB))",
        ),
        (
            "Partition(groups: [0, 1], at: \"1s\", flap: (down: \"0s\", up: \"1s\"))",
            "error[S105]: `down` has to be above zero",
        ),
    ] {
        assert_eq!(alone(&format!("faults: [{fault}],")), message, "{fault}");
    }
}

#[test]
fn jobs_that_make_no_sense() {
    for (times, message) in [
        (
            "",
            "error[S103]: a job needs `at` or `every` (write `at: \"1ms\"`, or `every: \"20ms\", until: \"4s\"`)",
        ),
        (
            "at: \"1ms\", every: Fixed(\"1ms\"),",
            "error[S106]: a job has either `at` or `every`",
        ),
        (
            "at: \"1ms\", count: 3,",
            "error[S106]: `count` belongs to `every`, not to `at`",
        ),
        (
            "every: Exponential(mean: \"1ms\"),",
            "error[S103]: `until` is missing",
        ),
        (
            "every: \"1ms\", from: \"2s\", until: \"1s\", count: 1,",
            "error[S105]: this job never comes",
        ),
        (
            "every: \"1ms\", count: 0,",
            "error[S105]: `count` is out of range",
        ),
        (
            "every: \"0s\", count: 9,",
            "error[S105]: `every` is out of range",
        ),
        (
            "every: Fixed(\"0s\"), until: \"1s\",",
            "error[S105]: `every` is out of range",
        ),
        (
            "every: Uniform(\"0s\", \"0s\"), until: \"1s\",",
            "error[S105]: `every` is out of range",
        ),
        (
            "every: Exponential(mean: \"1s\", max: \"0s\"), until: \"1s\",",
            "error[S105]: `every` is out of range",
        ),
        (
            "every: Normal(mean: \"0s\", sd: \"0s\"), until: \"1s\",",
            "error[S105]: `every` is out of range",
        ),
        (
            "every: Exponential(mean: \"0s\"), until: \"1s\",",
            "error[S105]: there is no such delay",
        ),
        (
            "every: Exponental(mean: \"1s\"), until: \"1s\",",
            "error[S102]: no law of delay is called `Exponental` (did you mean `Exponential`?)",
        ),
        (
            "every: Exponential, until: \"1s\",",
            "error[S103]: `mean` is missing",
        ),
        (
            "every: 20, until: \"1s\",",
            "error[S110]: a time needs a unit (write the time as text with a unit (ns, us, ms, s, min, h))",
        ),
        (
            "every: [\"20ms\"], until: \"1s\",",
            "error[S104]: `every` has to be a time such as \"5ms\"",
        ),
    ] {
        let job = format!("workload: [({times} node: 0, do: Multicast(\"x\"))],");
        assert_eq!(alone(&job), message, "{times}");
    }
}

#[test]
fn networks_that_make_no_sense() {
    for (field, message) in [
        (
            "network: (bandwidth: \"10Mbps\"),",
            "error[S113]: `bandwidth` has to be a rate with a unit (did you mean `Mbit/s`?)",
        ),
        (
            "network: (bandwidth: \"10 parsecs\"),",
            "error[S113]: `bandwidth` has to be a rate with a unit (write it like \"10Mbit/s\" or \"125kB/s\")",
        ),
        (
            "network: (bandwidth: 10),",
            "error[S113]: `bandwidth` has to be a rate with a unit (write it like \"10Mbit/s\" or \"125kB/s\")",
        ),
        (
            "network: (queue: \"1KiB\"),",
            "error[S103]: `queue` belongs to `bandwidth`, and there is none (write `bandwidth: \"10Mbit/s\"` as well)",
        ),
        (
            "network: (between: [(from: 0, to: 1)]),",
            "error[S103]: nothing differs between these nodes (write one of `latency`, `loss`, `duplicate`, `corrupt`, `fifo`, `bandwidth`, `queue`)",
        ),
        (
            "network: (loss: GilbertEliott(to_bad: 0.1, to_good: 0.5)),",
            "error[S102]: no loss is called `GilbertEliott` (did you mean `GilbertElliott`?)",
        ),
        (
            "links: Assumed(Reliable), network: (between: [(from: 0, to: All, loss: 0.1)]),",
            "error[S121]: Assumed(Reliable) cannot stand beside a loss of 0.1 (leave out `loss`, or write `links: Reliable` \
             for links that are built, or `links: Weaker(FairLoss)` to see what breaks)",
        ),
        (
            "links: Stubborn,",
            "error[S121]: `EagerMulticast` needs Reliable links, and Stubborn links deliver a message again and again \
             (`Reliable` builds them, `Assumed(Reliable)` assumes them, `Weaker(Stubborn(every: \"100ms\"))` goes without on purpose)",
        ),
        (
            "links: Reliable(attempts: 0),",
            "error[S105]: `attempts` is out of range",
        ),
        (
            "topology: RandomRegular,",
            "error[S107]: 16 neighbours a node need at least 17 nodes, not 5",
        ),
        (
            "topology: RandomRegular(degree: 3),",
            "error[S107]: a 3-regular graph of 5 nodes does not exist: degree × nodes must be even, as with 6 nodes",
        ),
        (
            "topology: Hypercube,",
            "error[S107]: a hypercube has 2^k nodes, not 5: 4 or 8",
        ),
        (
            "topology: Star(centre: 5),",
            "error[S120]: node 5 does not exist",
        ),
        (
            "topology: SmallWorld(k: 3),",
            "error[S107]: a small world starts with k/2 neighbours on either side: k is even, not 3, as is 4",
        ),
        (
            "topology: Start,",
            "error[S102]: no topology is called `Start` (did you mean `Star`?)",
        ),
        (
            "timing: PartiallySynchronous(gst: \"1s\", bound: \"0s\"),",
            "error[S105]: `bound` has to be above zero",
        ),
        (
            "routing: Flooding(ttl: 0),",
            "error[S105]: `ttl` is out of range",
        ),
    ] {
        assert_eq!(alone(field), message, "{field}");
    }
}

#[test]
fn overlapping_groups_are_both_shown() {
    let text = "(\n    name: \"a\", nodes: 5, protocol: PushGossip,\n    faults: [Partition(groups: [First(2), [1, 4]], at: \"1s\")],\n)";
    assert_eq!(
        Attempt::of(text).human(),
        "\
error[S106]: node 1 is in two groups
 --> test.ron:3:43
  |
3 |     faults: [Partition(groups: [First(2), [1, 4]], at: \"1s\")],
  |                                 --------  ^^^^^^ here
  |                                 |
  |                                 and here"
    );
}

#[test]
fn links_are_at_least_what_a_book_says() {
    use Need::{Authenticated, FairLoss, Fifo, Logged, Reliable, Stubborn};
    for (links, promised) in [
        (FairLoss, &[FairLoss][..]),
        (Stubborn, &[FairLoss, Stubborn]),
        (Reliable, &[FairLoss, Reliable]),
        (Logged, &[FairLoss, Reliable, Logged]),
        (Fifo, &[FairLoss, Reliable, Fifo]),
        (Authenticated, &[FairLoss, Reliable, Authenticated]),
    ] {
        let found = Need::ALL
            .into_iter()
            .filter(|need| links.is_at_least(*need));
        assert_eq!(found.collect::<Vec<_>>(), promised, "{links:?}");
    }
}

#[test]
fn faults_of_every_kind_can_come_too_late() {
    for (path, text) in examples().filter(|(path, _)| path.starts_with("scenario.faults.")) {
        let timed = text.contains("at: \"1s\"");
        if !timed || path.contains("when") {
            continue;
        }
        let text = text.replace("at: \"10s\"", "at: \"10ms\"");
        let found = Attempt::of(&text).short();
        assert_eq!(found.len(), 1, "{path}: {found:?}");
        assert!(found[0].contains("W201"), "{path}: {found:?}");
    }
}
