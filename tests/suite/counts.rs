//! Message counts against the formulas of the literature, exactly: every protocol of the registry that states its cost.

use scenarios::format::{Cost, Entry, Messages, Need, Overrides, Scenario, Sources, formula, read};
use scenarios::protocols::shipped;
use scenarios::run::{Options, Run, Status};

/// Laws of delay of every kind, in turn. All are below a fifth of a second, so that no detector suspects anybody.
const DELAYS: [&str; 6] = [
    "Fixed(\"7ms\")",
    "Uniform(\"0ms\", \"150ms\")",
    "Exponential(mean: \"20ms\", max: \"190ms\")",
    "Normal(mean: \"50ms\", sd: \"15ms\", max: \"190ms\")",
    "LogNormal(median: \"10ms\", p99: \"100ms\", max: \"190ms\")",
    "Pareto(scale: \"2ms\", shape: 1.5, max: \"190ms\")",
];

/// Nobody is left out.
const SURE: &str = r#""eventually agreement within 4s", "always no_duplication""#;

/// One form of one protocol.
struct Form {
    entry: &'static dyn Entry,
    cost: &'static Cost,
}

/// Every form whose cost is exact.
fn forms() -> Vec<Form> {
    let mut forms = Vec::new();
    for entry in shipped().entries() {
        if let Messages::Exactly(costs) = entry.about().messages {
            let entry = *entry;
            forms.extend(costs.iter().map(|cost| Form { entry, cost }));
        }
    }
    forms
}

impl Form {
    fn configured(&self) -> String {
        let name = self.entry.about().name;
        match self.cost.form {
            "" => name.to_owned(),
            form => format!("{name}({form})"),
        }
    }

    /// Gossip reaches everybody with some probability only.
    fn is_certain(&self) -> bool {
        let promised = self.entry.properties();
        !promised.iter().any(|about| about.number.starts_with("PB"))
    }

    /// One multicast among `n`, without faults. Not by node 0, which has a part of its own in some protocols.
    fn scenario(&self, n: u64, seed: u64) -> Scenario {
        let about = self.entry.about();
        let delay = DELAYS[usize::try_from(seed % 6).expect("small")];
        let links = match about.needs {
            Need::FairLoss => "FairLoss".to_owned(),
            needs => format!("Assumed({})", needs.name()),
        };
        let text = format!(
            "Scenario(name: \"count\", seed: {seed}, nodes: {n}, network: (latency: {delay}), protocol: {}, \
             links: {links}, workload: [(at: \"1ms\", node: {}, do: Multicast(\"hello\"))], \
             stop: (at: \"5s\"), trace: Off, expect: [{}])",
            self.configured(),
            1 + seed % (n - 1),
            if self.is_certain() { SURE } else { "" },
        );
        let mut sources = Sources::new();
        let file = sources.add("count.ron", text);
        let reading = read(&sources, file, &Overrides::default(), shipped().entries());
        let problems = reading.problems;
        reading
            .scenario
            .unwrap_or_else(|| panic!("{}: {problems:?}", self.configured()))
    }

    /// What a formula over n says.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a count of messages among twenty"
    )]
    fn expected(&self, n: u64, text: &str) -> u64 {
        let known = |name: &str| (name == "n").then_some(n as f64);
        let number = formula(text, &known).unwrap_or_else(|| panic!("`{text}` is no formula"));
        assert!(number >= 0.0 && number.fract() == 0.0, "{text} = {number}");
        number as u64
    }

    /// Messages to others, and all with those to oneself; as far as they count.
    fn counted(&self, run: &Run) -> (u64, u64) {
        let counters = &run.metrics.counters;
        if self.cost.kinds.is_empty() {
            return (counters.messages, counters.messages_with_self);
        }
        let kinds = self.cost.kinds.iter().map(|kind| counters.kinds.of(kind));
        kinds.fold((0, 0), |(net, with_self), copies| {
            (net + copies.net, with_self + copies.with_self)
        })
    }
}

/// Failure-free costs as published, for any delays: messages between processes, those with the copies to oneself, and on a
/// network where all messages take equally long the steps until the last delivery.
#[test]
fn a_multicast_costs_what_its_formula_says() {
    let forms = forms();
    assert!(forms.len() >= 3, "the multicasts state their costs");
    for form in &forms {
        let (name, cost) = (form.configured(), form.cost);
        for n in 3..=20 {
            let expected = (form.expected(n, cost.net), form.expected(n, cost.with_self));
            for seed in 0..100 {
                let run = shipped().run(&form.scenario(n, seed), Options::default());
                let at = format!("{name}, n={n}, seed={seed}");
                let held = |finding: &scenarios::run::Finding| finding.status == Status::Held;
                assert!(run.findings.iter().all(held), "{at}: {:?}", run.findings);
                assert_eq!(form.counted(&run), expected, "{at}: net and with self");
                if seed % 6 == 0 {
                    let steps = u64::from(run.metrics.counters.depth);
                    assert_eq!(steps, form.expected(n, cost.steps), "{at}: steps");
                }
            }
        }
    }
}

/// Runs a scenario that is whole but for its name, and gives what was counted.
fn counted(n: u64, seed: u64, rest: &str) -> sim_core::sim::Counters {
    let delay = DELAYS[usize::try_from(seed % 6).expect("small")];
    let text = format!(
        "Scenario(name: \"count\", seed: {seed}, nodes: {n}, network: (latency: {delay}), trace: Off, expect: [], {rest})"
    );
    let mut sources = Sources::new();
    let file = sources.add("count.ron", text);
    let reading = read(&sources, file, &Overrides::default(), shipped().entries());
    let problems = reading.problems;
    let scenario = reading
        .scenario
        .unwrap_or_else(|| panic!("{rest}: {problems:?}"));
    shipped()
        .run(&scenario, Options::default())
        .metrics
        .counters
}

/// Gossip costs what its fanout says for each node that is reached, or for each round.
#[test]
fn gossip_costs_what_its_fanout_says() {
    let cast = "workload: [(at: \"1ms\", node: 0, do: Multicast(\"hello\"))]";
    for n in 3..=20 {
        for seed in 0..100 {
            let rounds = format!("protocol: EagerProbabilistic(fanout: 2, rounds: 3), {cast}");
            assert_eq!(
                counted(n, seed, &rounds).messages,
                2 + 4 + 8,
                "n={n} seed={seed}"
            );
            let push = counted(n, seed, &format!("protocol: PushGossip(fanout: 2), {cast}"));
            assert_eq!(push.messages, 2 * push.indications, "n={n} seed={seed}");
        }
    }
}

/// Failure detectors and SWIM cost so much a period, for ever: ten periods more cost ten times that.
#[test]
fn a_period_of_a_detector_costs_what_its_formula_says() {
    let detectors = [
        (
            "PerfectDetector(period: \"1s\")",
            "Assumed(Reliable)",
            "2*n*(n-1)",
        ),
        (
            "EventuallyPerfectDetector(period: \"1s\")",
            "Assumed(Reliable)",
            "2*n*(n-1)",
        ),
        ("HeartbeatDetector(every: \"1s\")", "FairLoss", "n*(n-1)"),
        (
            "PhiAccrualDetector(every: \"1s\", pause: \"400ms\")",
            "FairLoss",
            "n*(n-1)",
        ),
        (
            "Swim(period: \"1s\", timeout: \"450ms\")",
            "FairLoss",
            "2*n",
        ),
    ];
    for (protocol, links, cost) in detectors {
        for n in 3..=20 {
            for seed in 0..10 {
                let until = |ms: u64| {
                    let stop = format!("stop: (at: \"{ms}ms\", when: Never)");
                    counted(
                        n,
                        seed,
                        &format!("protocol: {protocol}, links: {links}, {stop}"),
                    )
                };
                let (early, late) = (until(5_500), until(15_500));
                let known = |name: &str| (name == "n").then_some(n as f64);
                let expected = 10.0 * formula(cost, &known).expect("a formula");
                let measured = (late.messages - early.messages) as f64;
                assert!(
                    (measured - expected).abs() < 0.5,
                    "{protocol}, n={n}, seed={seed}: {measured} in ten periods, not {expected}"
                );
                assert_eq!(late.indications, 0, "{protocol}: nobody is suspected");
            }
        }
    }
}
