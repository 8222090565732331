//! Sound scenarios mean what they say.

use super::*;
use sim_core::kernel::time::Span;

#[test]
fn the_first_example_reads_as_it_says() {
    let scenario = Attempt::of(EAGER_SENDER_CRASH).scenario();
    assert_eq!(
        (scenario.name.as_str(), scenario.seed, scenario.nodes),
        ("eager-sender-crash", 42, 5)
    );
    assert_eq!(
        scenario.params,
        [
            ("n".to_owned(), "5".to_owned()),
            ("k".to_owned(), "2".to_owned())
        ]
    );
    let (min, max) = (Span::from_millis(1), Span::from_millis(5));
    assert_eq!(scenario.network.latency, Delay::Uniform { min, max });
    assert_eq!(scenario.links, Links::Assumed(Guarantee::Reliable));
    assert_eq!(
        scenario.workload[0].turn,
        Turn::Once {
            at: Span::from_millis(1)
        }
    );
    assert_eq!(
        (&scenario.workload[0].node, scenario.workload[0].operation),
        (&NodeSet::One(0), 0)
    );
    let crash = FaultKind::Crash {
        node: NodeSet::One(0),
        disk: DiskAfterCrash::Durable,
    };
    assert_eq!(
        (scenario.faults[0].index, &scenario.faults[0].kind),
        (0, &crash)
    );
    assert_eq!(
        scenario.faults[0].trigger,
        Some(Trigger::When(Occasion::AfterSends(2)))
    );
    assert_eq!(scenario.stop.at, Span::from_secs(5));
    assert_eq!(
        (scenario.stop.events, scenario.stop.memory),
        (10_000_000, 4 << 30)
    );
    assert_eq!(scenario.trace, Trace::Full);
    let metric = Sentence::Metric {
        statistic: None,
        metric: "messages".to_owned(),
        kind: None,
        comparison: Comparison::AtMost,
        bound: Bound::Number(20.0),
        bound_text: "n*(n-1)".to_owned(),
    };
    assert_eq!(scenario.expect[4].sentence, metric);
    assert_eq!(scenario.expect[5].text, "sometimes relay_saved_a_node");
    assert_eq!(
        scenario.expect[5].condition,
        Some(("0 < k and k < n - 1".to_owned(), true))
    );
    assert_eq!(
        format!("{:?}", scenario.protocol),
        "Configuration { relay: true, fanout: 0, operations: [\"hello\"] }"
    );
}

#[test]
fn a_variant_overrides_whole_fields_and_merges_parameters() {
    let reading = Attempt::of(EAGER_SENDER_CRASH).variant("no-relay").read();
    let scenario = reading.scenario.unwrap();
    assert_eq!(scenario.name, "eager-sender-crash/no-relay");
    assert_eq!(scenario.expect_violation, ["agreement"]);
    assert!(format!("{:?}", scenario.protocol).contains("relay: false"));
    assert_eq!(reading.variants[0].name, "no-relay");
    assert_eq!(reading.variants[0].expect_violation, ["agreement"]);

    let text = with(
        "params: {\"a\": 1, \"b\": \"2 * a\"}, stop: (at: \"9s\"), variants: {\"v\": (params: {\"a\": 7}, stop: (events: 5))},",
    );
    let scenario = Attempt::of(&text).variant("v").scenario();
    assert_eq!(
        scenario.params,
        [
            ("a".to_owned(), "7".to_owned()),
            ("b".to_owned(), "14".to_owned())
        ]
    );
    assert_eq!(
        (scenario.stop.at, scenario.stop.events),
        (Span::from_secs(9), 5)
    );
}

#[test]
fn the_command_line_has_the_last_word() {
    let attempt = Attempt::of(EAGER_SENDER_CRASH)
        .variant("no-relay")
        .param("n=3 + 4")
        .param("k=floor(n / 2)")
        .set("seed=18446744073709551615")
        .set("network.latency=LogNormal(median: \"20ms\", p99: \"120ms\")")
        .set("network.latency.p99=\"90ms\"")
        .set("faults.0.when.0=1")
        .set("protocol.relay=true")
        .expect("messages < 99 where n == 7");
    let scenario = attempt.scenario();
    assert_eq!((scenario.nodes, scenario.seed), (7, u64::MAX));
    assert_eq!(scenario.params[1].1, "3");
    let (median, p99) = (Span::from_millis(20), Span::from_millis(90));
    assert_eq!(
        scenario.network.latency,
        Delay::LogNormal {
            median,
            p99,
            min: Span::ZERO,
            max: None
        }
    );
    assert_eq!(
        scenario.faults[0].trigger,
        Some(Trigger::When(Occasion::AfterSends(1)))
    );
    assert!(format!("{:?}", scenario.protocol).contains("relay: true"));
    assert_eq!(
        scenario.expect.last().unwrap().condition,
        Some(("n == 7".to_owned(), true))
    );
}

#[test]
fn the_resolved_scenario_reads_back_to_itself() {
    let full = r#"(
        name: "all", nodes: "2 * f + 1", seed: "f", params: { "f": "floor(x)", "n": "2 * f", "x": 2.9, "mode": "fast", "lag": "5ms" },
        protocol: PushGossip(fanout: "f"), about: "quotes \" and \\ and \u{7}",
        topology: SmallWorld(k: 2, p: "x / 29"), routing: Flooding, timing: PartiallySynchronous(gst: "lag", bound: "1ms"),
        network: (
            latency: Pareto(scale: "lag", shape: 1.5, max: "1s"), loss: "x / 2.9 / 10", duplicate: 1e-19, corrupt: 0.5,
            fifo: true, bandwidth: "1.5MB/s", checksum: false,
            between: [
                (from: 0, to: First("f"), loss: GilbertElliott(to_bad: 0.1, to_good: 0.5, bad: 0.9), queue: "1KiB"),
                (from: All, to: [1, 2], both: true, latency: Empirical(["3ms", "lag"]), duplicate: 0, corrupt: 1,
                 fifo: false, bandwidth: "8kbit/s"),
            ],
        ),
        workload: [
            (every: "20ms", until: "4s", node: Random(fraction: 0.5, except: ["f", 0, 0]), do: Multicast("x")),
            (every: LogNormal(median: "lag", p99: "1s", max: "2s"), from: "1s", count: "10 * f", node: All, do: Multicast("z")),
            (every: Empirical(["3ms", "lag"]), until: "1s", numbered: false, node: 1, do: Multicast("z")),
            (at: "0s", node: 0..=3, do: Multicast("y")), (at: "0s", node: [3, 1], do: Multicast("")),
        ],
        faults: [
            Crash(node: First("f"), between: ("0ms", "1s")), Crash(node: All, at: "1500ms", restart: "2s", disk: Lost),
            Crash(node: 1, when: AfterRecv("Rumour"), for: "lag"), Crash(node: 1, when: AfterReceipts("f")),
            Crash(node: 1, when: AfterWrites(1)), Crash(node: 1, when: AfterEffects(0)),
            Pause(node: 2, when: Mark("relay_saved_a_node", 3), for: "lag"), Pause(node: 2, at: "0s", until: "1s"),
            Slow(node: All, processing: Uniform("0s", "lag")), Slow(node: 0, processing: Fixed("lag"), at: "1s", for: "1s"),
            Omission(node: 0, send: "x / 3"), Omission(node: 0, receive: 1, between: ("1s", "2s"), until: "3s"),
            Byzantine(node: Random(count: 1), behaviour: [
                Silent(kinds: ["Rumour"], to: [0, 1]), Silent(), Equivocate(values: ["a", "\"b\""], to: First(2)),
                Mutate(kinds: ["Rumour", "Pull"]), Replay(), Delay(by: "lag"), Forge(sender: "f"), Flood(copies: 3),
            ], at: "lag"),
            SlowDisk(node: 0, latency: Fixed("lag"), for: "1s"), LostWrites(node: 0, count: "f"), TornWrite(node: 0, at: "1s"),
            FullDisk(node: 0, capacity: "1KiB"), FailingDisk(node: 0, p: 0.25, until: "1h"),
            Skew(node: 0, by: "-500ms"), Skew(node: All, within: "lag"), Skew(node: 1, by: "+1us"),
            Drift(node: 0, ppm: "-100 * f"), Drift(node: 0, within: 50, at: "1s"), Step(node: 0, by: "-1h", at: "1s"),
            Partition(groups: [[0, 1], 2..=3], at: "1s", heal: "2s", flap: (down: "lag", up: "2ms")),
            Partition(groups: [0, Random(count: 2)], when: Mark("relay_saved_a_node"), for: "2s"),
            OneWay(from: 0, to: All, when: AfterRecv("Rumour", 2)), Bridge(node: "n", between: ("1s", "2s"), for: "1s"),
            MajorityRing(at: "1s"), Isolate(node: [1, 2], at: "0s"),
        ],
        expect: ["p99(delivery_latency) <= 2s where f >= 1", "delivery_ratio >= x / 3", "sometimes agreement"],
        stop: (when: Never, memory: "1536MiB"), trace: Off, links: Stubborn(every: "lag", acks: true),
    )"#;
    for text in [EAGER_SENDER_CRASH, full] {
        let first = Attempt::of(text).scenario();
        let second = Attempt::of(&first.resolved).scenario();
        assert_eq!(second.resolved, first.resolved);
        assert_eq!(facts(&second), facts(&first));
    }
    let resolved = Attempt::of(full).scenario().resolved;
    assert!(
        resolved.contains(
            "loss: 0.1,\n        duplicate: 0.0000000000000000001,\n        corrupt: 0.5,\n"
        ),
        "{resolved}"
    );
}

#[test]
fn a_short_scenario_has_all_defaults() {
    let scenario = Attempt::of("(name: \"s\", nodes: 3, protocol: PushGossip)").scenario();
    assert_eq!(
        scenario.resolved,
        r#"(
    name: "s",
    about: "",
    params: {},
    seed: 0,
    nodes: 3,
    topology: Complete,
    routing: Direct,
    network: (
        latency: Fixed("1ms"),
        loss: 0,
        duplicate: 0,
        corrupt: 0,
        fifo: false,
        checksum: true,
        between: [],
    ),
    timing: Asynchronous,
    protocol: PushGossip(fanout: 3),
    links: FairLoss,
    workload: [],
    faults: [],
    expect: [],
    expect_violation: [],
    stop: (at: "1min", when: Quiescent, events: 10000000, memory: "4GiB"),
    trace: Messages,
)
"#
    );
    let eager = Attempt::of("(name: \"s\", nodes: 3, protocol: EagerMulticast)").scenario();
    assert_eq!(
        eager.links,
        Links::Built(Layer::Reliable(Retries::default()))
    );
    let weaker =
        Attempt::of("(name: \"s\", nodes: 3, protocol: EagerMulticast, links: Weaker(FairLoss))")
            .scenario();
    assert_eq!(weaker.links, Links::Weaker(Layer::FairLoss));
}

#[test]
fn a_job_is_repeated_after_a_period_or_after_gaps_of_a_law() {
    let turn = |times: &str| {
        let text = with(&format!(
            "params: {{\"lag\": \"5ms\"}}, workload: [({times}, node: 0, do: Multicast(\"x\"))],"
        ));
        Attempt::of(&text).scenario().workload[0].clone()
    };
    let ms = Span::from_millis;
    let period = turn("every: \"lag\", until: \"1s\"");
    let repeated = Turn::Repeated {
        every: Every::Period(ms(5)),
        from: Span::ZERO,
        until: Some(ms(1000)),
        count: None,
    };
    assert_eq!(period.turn, repeated);
    // What is not written leaves no trace: nodes of a job are drawn by its text.
    let text =
        r#"(every: "5ms", from: "0s", until: "1s", numbered: true, node: 0, do: Multicast("x"))"#;
    assert_eq!(period.text, text);
    let drawn = turn("every: Exponential(mean: \"lag\"), from: \"1s\", count: 1_000_000");
    let (mean, min, max) = (ms(5), Span::ZERO, None);
    let repeated = Turn::Repeated {
        every: Every::Drawn(Delay::Exponential { mean, min, max }),
        from: ms(1000),
        until: None,
        count: Some(1_000_000),
    };
    assert_eq!(drawn.turn, repeated);
    let text = r#"(every: Exponential(mean: "5ms", min: "0s"), from: "1s", count: 1000000, numbered: true, node: 0, do: Multicast("x"))"#;
    assert_eq!(drawn.text, text);
    let set = with(
        "workload: [(every: Pareto(scale: \"1ms\", shape: 2), until: \"1s\", node: 0, do: Multicast(\"x\"))],",
    );
    let attempt = Attempt::of(&set)
        .set("workload.0.every.scale=\"7ms\"")
        .set("workload.0.count=3");
    let job = attempt.scenario().workload[0].clone();
    assert!(job.text.contains("scale: \"7ms\""), "{}", job.text);
    assert!(job.text.contains("count: 3"), "{}", job.text);
}

#[test]
fn statistics_are_read_in_thousandths() {
    use Statistic::{Max, Mean, Min, Percentile};
    for (word, expected) in [
        ("min", Min),
        ("mean", Mean),
        ("max", Max),
        ("p1", Percentile(10)),
        ("p01", Percentile(10)),
        ("p50", Percentile(500)),
        ("p99", Percentile(990)),
        ("p999", Percentile(999)),
    ] {
        let sentence = format!("{word}(delivery_latency) <= 5ms");
        let scenario = Attempt::of(EAGER_SENDER_CRASH).expect(&sentence).scenario();
        let asked = scenario.expect.last().map(|last| last.sentence.clone());
        let Some(Sentence::Metric { statistic, .. }) = asked else {
            panic!("{asked:?}")
        };
        assert_eq!(statistic, Some(expected), "{word}");
    }
}

#[test]
fn every_field_is_described() {
    let docs = describe(&REGISTRY);
    let find = |path: &str| {
        docs.iter()
            .find(|doc| doc.path == path)
            .unwrap_or_else(|| panic!("{path}\n{docs:#?}"))
    };
    assert_eq!(find("scenario.network.loss").default.as_deref(), Some("0"));
    assert_eq!(find("scenario.name").default, None);
    assert_eq!(find("scenario.network.latency").options.len(), 7);
    assert_eq!(find("scenario.network.latency.Uniform.min").kind, "time");
    assert_eq!(find("scenario.faults.Crash.node").kind, "nodes");
    assert_eq!(
        find("scenario.faults.Crash.when").default.as_deref(),
        Some("")
    );
    assert_eq!(find("scenario.faults.Crash.between.from").kind, "time");
    assert_eq!(
        find("scenario.protocol.PushGossip.fanout")
            .default
            .as_deref(),
        Some("3")
    );
    assert_eq!(
        find("scenario.protocol.PushGossip.do.Multicast.payload").kind,
        "text"
    );
    assert_eq!(find("scenario.workload.at").doc, "when, since the start");
    assert_eq!(find("scenario.workload.every").options.len(), 8);
    assert_eq!(
        find("scenario.workload.every.Exponential.mean").kind,
        "time"
    );
    assert_eq!(
        find("scenario.stop.memory").default.as_deref(),
        Some("\"4GiB\"")
    );
    assert!(docs.iter().all(|doc| !doc.doc.is_empty()));
}

#[test]
fn attributes_marks_and_line_ends_of_editors_are_no_matter() {
    let text =
        format!("\u{feff}#![type = \"a.b\"]\n// hi\n{EAGER_SENDER_CRASH}").replace('\n', "\r\n");
    assert_eq!(Attempt::of(&text).scenario().nodes, 5);
}
