//! Whatever the text, the answer is a scenario or problems with places in it; never a panic, and never a flood.

use super::*;
use proptest::prelude::*;

/// Reads a text in every way, and checks what comes out.
fn survives(text: &str) {
    let attempt = Attempt::of(text);
    let reading = attempt.read();
    let errors = reading
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    assert_eq!(reading.scenario.is_none(), errors > 0, "{text:?}");
    for problem in &validate(
        &attempt.sources,
        attempt.file,
        &attempt.overrides,
        &REGISTRY,
    ) {
        for (place, _) in problem.also.iter().chain([&(problem.place, String::new())]) {
            assert!(
                attempt
                    .sources
                    .text(place.source)
                    .get(place.range())
                    .is_some(),
                "{problem:?}\n{text:?}"
            );
        }
        for (range, _) in problem.help.iter().flat_map(|(_, edits)| edits) {
            assert!(
                attempt
                    .sources
                    .text(problem.place.source)
                    .get(range.clone())
                    .is_some(),
                "{problem:?}\n{text:?}"
            );
        }
        let shown = human(&attempt.sources, problem, Look::Plain);
        assert!(shown.len() <= 3000, "{} bytes\n{shown}", shown.len());
        assert!(
            !shown.contains(|c: char| c.is_control() && c != '\n'),
            "{shown:?}"
        );
        let coloured = human(&attempt.sources, problem, Look::Coloured);
        assert!(coloured.len() > shown.len());
        assert!(short(&attempt.sources, problem).len() <= 1500);
        assert!(!json(&attempt.sources, problem).contains('\n'));
    }
}

#[test]
fn every_truncation_and_every_flipped_bit() {
    let bytes = EAGER_SENDER_CRASH.as_bytes();
    for end in 0..bytes.len() {
        survives(&EAGER_SENDER_CRASH[..end]);
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1 << bit;
            if let Ok(text) = std::str::from_utf8(&flipped) {
                survives(text);
            }
        }
    }
}

#[test]
fn values_that_are_hard_to_swallow() {
    let values = [
        "NaN",
        "inf",
        "-inf",
        "1e400",
        "-1",
        "-0",
        "0",
        "-0.0",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999999999999999999999",
        "1_000_000_000",
        "0x10",
        "0b2",
        "5u8",
        "1.5f32",
        ".5",
        "5.",
        "+3",
        "'c'",
        "b\"x\"",
        "b'x'",
        "\"\"",
        "\"n\"",
        "\"1 / 0\"",
        "\"9e999\"",
        "()",
        "(())",
        "[]",
        "{}",
        "{1: 2}",
        "{\"n\": \"n\"}",
        "{\"a\": \"b\", \"b\": \"a\"}",
        "None",
        "Some(3)",
        "All",
        "First(9)",
        "First",
        "First()",
        "First(1, 2)",
        "Random",
        "Random()",
        "Random(count: 2, fraction: 1)",
        "Random(count: 5, except: [0])",
        "Random(count: 5)",
        "0..=3",
        "3..=0",
        "0..3",
        "..",
        "0..",
        "..=3",
        "0..=9",
        "1.5..=2",
        "r#\"x\"#",
        "r#raw",
        "\"\\u{0}\"",
        "\"\u{1b}[31m\"",
        "Crash",
        "[Crash]",
        "[Crash()]",
        "[(at: 1)]",
        "[(every: \"0s\", until: \"1s\")]",
        "[(every: Uniform(\"0s\", \"0s\"), count: 1)]",
        "Fixed",
        "Fixed()",
        "Fixed(delay: \"1s\")",
        "Uniform(\"5ms\", \"1ms\")",
        "Normal(\"1s\", \"1s\")",
        "Exponential(mean: \"0s\")",
        "Pareto(scale: \"1s\", shape: 0)",
        "(latency: Fixed(\"1s\"))",
        "(loss: 0.1, loss: 0.2)",
        "(at: 3, when: 4, events: 5, memory: 6)",
        "[\"always\", \"\", \"always always always\", \"where\", \"where where\", \"messages <= where\"]",
        "{\"a b\": 1, \"min\": 2, \"x\": [1]}",
        "{\"v\": 3, \"w\": {}, \"x\": (name: \"y\"), \"../z\": ()}",
        "Multicast(\"x\")",
        "EagerMulticast(true)",
        "EagerMulticast(relay: 5)",
        "GilbertElliott",
        "GilbertElliott(to_bad: 2)",
        "GilbertElliott(0.1, 0.2)",
        "Empirical",
        "Empirical([\"1ms\", 5, \"x\"])",
        "Flooding(ttl: -1)",
        "SmallWorld(k: 99999999999)",
        "RandomRegular(degree: 4294967295)",
        "Star(centre: 4294967295)",
        "File(3)",
        "PartiallySynchronous",
        "Weaker(Weaker(FairLoss))",
        "Assumed(Assumed(Reliable))",
        "[(from: 0, to: 9)]",
        "[(from: All, to: All, loss: (0.1))]",
        "(bandwidth: \"1\", queue: \"18446744073709551615TiB\")",
        "(bandwidth: \"\u{e9}bit/s\", between: [(), 3])",
        "[Partition(groups: [0, 0, [], First(0)]), Partition(groups: 3)]",
        "[Partition(groups: [All, Random(fraction: 1)], flap: 3)]",
        "[Byzantine(behaviour: [Silent, Equivocate, Forge, Flood(copies: 1), 3])]",
        "[Drift(ppm: 1e99), Drift(within: -1), Drift(node: 0, ppm: \"n\")]",
        "[Skew(node: 0, by: \"-\"), Step(node: 0, by: \"+-1s\"), Skew(node: 0, by: \"-18446744073709551615ns\")]",
        "[Pause(node: 0, when: Mark()), Pause(node: 0, when: AfterRecv(3, \"x\"))]",
        "[Bridge(node: All), MajorityRing, Isolate]",
    ];
    let fields = [
        "name",
        "about",
        "seed",
        "params",
        "nodes",
        "topology",
        "routing",
        "network",
        "timing",
        "protocol",
        "links",
        "workload",
        "faults",
        "expect",
        "expect_violation",
        "stop",
        "trace",
        "variants",
        "sweep",
    ];
    for field in fields {
        for value in values {
            survives(&format!(
                "(name: \"a\", nodes: 5, protocol: EagerMulticast, {field}: {value})"
            ));
            survives(&format!(
                "(name: \"a\", nodes: 5, protocol: PushGossip, variants: {{\"v\": ({field}: {value})}})"
            ));
        }
    }
    for value in values {
        survives(&format!(
            "(name: \"a\", nodes: {value}, protocol: PushGossip, network: (latency: {value}, loss: {value}))"
        ));
        survives(&format!(
            "(name: \"a\", nodes: 5, protocol: PushGossip, faults: [Crash(node: {value}, at: {value})])"
        ));
        survives(&format!(
            "(name: \"a\", nodes: 5, protocol: PushGossip(fanout: {value}), workload: [(at: {value}, node: {value}, do: {value})])"
        ));
        for path in [
            "nodes",
            "seed",
            "network.latency.0",
            "faults.0",
            "faults",
            "params.n",
            "network",
            "workload.0.do.0",
            "",
            "...",
            "variants.v",
        ] {
            let attempt = Attempt::of(EAGER_SENDER_CRASH)
                .set(&format!("{path}={value}"))
                .param(&format!("n={value}"));
            for problem in attempt.read().problems {
                assert!(human(&attempt.sources, &problem, Look::Plain).len() <= 3000);
            }
        }
    }
}

#[test]
fn depth_and_length_have_limits() {
    for open in [
        "(", "[", "{", "a(", "Some(", "[(", "{\"a\":", "/*", "(a:", "\"", "r#", "-", "'", "#![",
        "\\",
    ] {
        survives(&open.repeat(200_000));
        survives(&format!("(name: {}", open.repeat(200_000)));
    }
    for (open, close) in [("(", ")"), ("[", "]"), ("a(", ")"), ("(a:", ")")] {
        for depth in 25..45 {
            survives(&format!(
                "(name: \"a\", nodes: {}1{})",
                open.repeat(depth),
                close.repeat(depth)
            ));
        }
    }
    let long = "x".repeat(1 << 20);
    survives(&format!(
        "(name: \"{long}\", nodes: 3, protocol: {long}, {long}: 1)"
    ));
    survives(&format!(
        "(name: \"a\", nodes: \"{long} + 1\", protocol: PushGossip, expect: [\"always {long}\"])"
    ));
    survives(&format!(
        "(name: \"a\", nodes: 5, protocol: PushGossip, faults: [{}])",
        "Krash,".repeat(20_000)
    ));
    survives(&"x".repeat(100 << 20));
}

#[test]
fn wide_files_take_no_time() {
    let many =
        |piece: &dyn Fn(usize) -> String, count: usize| (0..count).map(piece).collect::<String>();
    let sound = "(name: \"a\", nodes: 5, protocol: EagerMulticast, ";
    for field in [
        many(&|i| format!("f{i}: 1, "), 15_000),
        many(&|_| "name: 1, ".to_owned(), 15_000),
        format!(
            "params: {{{}}}",
            many(&|i| format!("\"p{i}\": \"p{} + 1\", ", i + 1), 7_500)
        ),
        format!(
            "params: {{{}}}",
            many(&|i| format!("\"p{i}\": \"p{} + 1\", ", i + 1), 199)
        ),
        format!("params: {{\"a\": \"{}1\"}}", "1 + ".repeat(60_000)),
        format!(
            "variants: {{{}}}",
            many(&|i| format!("\"v{i}\": (seed: {i}), "), 7_500)
        ),
        format!(
            "faults: [{}]",
            many(&|i| format!("Crash(node: {i}, at: \"1ms\"), "), 5_000)
        ),
        format!(
            "faults: [Crash(at: \"1ms\", node: [{}])]",
            "1, ".repeat(75_000)
        ),
        format!("expect: [{}]", "\"always no_creation\", ".repeat(10_000)),
        format!(
            "workload: [{}]",
            "(at: \"1ms\", node: All, do: Multicast(\"x\")), ".repeat(5_000)
        ),
        "\n".repeat(250_000),
    ] {
        assert!(field.len() <= 1_010_000, "{}", field.len());
        survives(&format!("{sound}{field})"));
    }
}

#[test]
fn marks_of_editors_and_other_bytes() {
    for text in [
        "\u{feff}",
        "\u{feff}\u{feff}(",
        "\0",
        "(\0)",
        "\r\n\r\n",
        "(name: \"a\0b\")",
        "#![enable(unwrap_newtypes)](name: 5)",
        "#![",
        "#!",
        "#",
    ] {
        survives(text);
    }
    survives(&EAGER_SENDER_CRASH.replace('\n', "\r"));
    survives(&EAGER_SENDER_CRASH.replace(' ', "\t"));
    survives(&EAGER_SENDER_CRASH.replace('e', "é"));
    survives(&EAGER_SENDER_CRASH.replace('"', "\u{202e}\""));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Pieces of sound text, put together at random.
    #[test]
    fn random_mixtures(pieces in proptest::collection::vec((0_usize..1400, 1_usize..60), 1..12), noise in "\\PC{0,8}") {
        let text = EAGER_SENDER_CRASH;
        let mut mixture = String::from("(name: \"a\", nodes: 5, protocol: EagerMulticast, ");
        for (start, length) in pieces {
            mixture.push_str(text.get(start..(start + length).min(text.len())).unwrap_or(&noise));
        }
        survives(&mixture);
    }

    /// A sound file with some bytes replaced, removed, repeated.
    #[test]
    fn random_mutations(edits in proptest::collection::vec((0_usize..1400, any::<char>(), 0_u8..4), 1..5)) {
        let mut chars: Vec<char> = EAGER_SENDER_CRASH.chars().collect();
        for (at, c, how) in edits {
            let at = at % chars.len();
            match how {
                0 => chars[at] = c,
                1 => { chars.remove(at); }
                2 => chars.insert(at, c),
                _ => { let c = chars[(at * 7 + 1) % chars.len()]; chars.insert(at, c); }
            }
        }
        survives(&chars.into_iter().collect::<String>());
    }
}
