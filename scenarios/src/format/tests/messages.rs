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
