//! The runner: verdicts that are neither pass nor fail, and what it says about them.

use std::sync::atomic::{AtomicU32, Ordering};

use protocols::multicast::{BestEffort, Cast, Deliver, Multicast};
use scenarios::format::{About, Fields, Mark, Messages, Need, Overrides, Sources, read};
use scenarios::recipe::{Recipe, Registry};
use scenarios::run::{Options, Run, Status, Verdict, run};
use sim_core::kernel::prelude::*;
use sim_core::kernel::text::Text;

/// What a sick protocol suffers from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Illness {
    /// It breaks an invariant of its own when node 1 hears something.
    Panics,
    /// It keeps state outside itself, so that a second run is another one.
    Remembers,
    /// It tells itself something for ever.
    NeverRests,
}

static OUTSIDE: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sick(Illness);

impl Protocol for Sick {
    type Offers = Multicast<Text, BestEffort>;
    type Needs = Net<Text>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(text)) => fx.send(Group::Others, text),
            Event::Indication(Arrival { from, msg }) => {
                match self.0 {
                    Illness::Panics => assert!(fx.me() != NodeId(1), "node 1 hears nothing"),
                    Illness::Remembers if OUTSIDE.fetch_add(1, Ordering::Relaxed) % 4 == 3 => {
                        return;
                    }
                    Illness::NeverRests => fx.send(from, msg.clone()),
                    Illness::Remembers => (),
                }
                fx.indicate(Deliver {
                    origin: from,
                    payload: msg,
                });
            }
            Event::Timer(never) => match never {},
        }
    }
}

macro_rules! sick {
    ($($name:ident)+) => {$(
        #[derive(Clone, Debug)]
        struct $name;

        impl Recipe for $name {
            const ABOUT: About = About {
                name: stringify!($name),
                what: "made to fail",
                needs: Need::FairLoss,
                messages: Messages::About("?"),
                source: "",
                layers: &["Sick"],
            };
            const MARKS: &'static [Mark] = &[];
            type Port = Multicast<Text, BestEffort>;
            type Message = Text;
            type Links = FairLoss;

            fn read(_: &mut Fields<'_>) -> Self {
                $name
            }

            fn layers(self, _: NodeId) -> impl Protocol<Offers = Self::Port, Needs = Net<Text>> {
                Sick(Illness::$name)
            }
        }
    )+};
}

sick!(Panics Remembers NeverRests);

scenarios::registry! {
    struct Ward: Panics, Remembers, NeverRests
}

fn run_it(protocol: &str, rest: &str, options: Options) -> Run {
    let text = format!(
        "Scenario(name: \"sick\", nodes: 3, protocol: {protocol}, \
         workload: [(at: \"1ms\", node: 0, do: Multicast(\"hello\"))], {rest})"
    );
    let mut sources = Sources::new();
    let file = sources.add("sick.ron", text);
    let reading = read(&sources, file, &Overrides::default(), Ward.entries());
    run(
        &reading
            .scenario
            .unwrap_or_else(|| panic!("{:?}", reading.problems)),
        &Ward,
        options,
    )
}

/// A panic is a finding about the protocol: where it was, and what it said.
#[test]
fn a_panic_is_reported_with_its_event() {
    let run = run_it(
        "Panics",
        "expect: [\"always no_duplication\"]",
        Options::default(),
    );
    assert_eq!(run.verdict, Verdict::Panicked);
    let panicked = run.panicked.expect("it panicked");
    assert_eq!(
        (panicked.message.as_str(), panicked.at.at.as_nanos()),
        ("node 1 hears nothing", 2_000_000)
    );
}

/// State outside the protocol makes a second run another one; the first different event is shown.
#[test]
fn nondeterminism_is_found_and_shown() {
    let run = run_it(
        "Remembers",
        "trace: Full",
        Options {
            twice: true,
            ..Options::default()
        },
    );
    assert_eq!(run.verdict, Verdict::Nondeterministic);
    let difference = run.difference.expect("the runs differ");
    assert_ne!(difference.fingerprints[0], difference.fingerprints[1]);
    assert!(
        difference
            .lines
            .iter()
            .flatten()
            .any(|line| line.contains("deliver")),
        "{difference:?}"
    );
}

/// A budget that ends a run leaves what is still owed undecided; what was broken before stays broken.
#[test]
fn budgets_make_liveness_inconclusive() {
    for stop in ["(at: \"20ms\")", "(events: 40)", "(memory: \"100B\")"] {
        let rest = format!("stop: {stop}, expect: [\"eventually quiescent within 1min\"]");
        let run = run_it("NeverRests", &rest, Options::default());
        assert!(
            run.verdict == Verdict::Inconclusive,
            "{stop}: {:?}",
            run.findings
        );
    }
    let rest = "stop: (at: \"20ms\"), expect: [\"eventually quiescent within 1min\", \"always no_duplication\"]";
    let run = run_it("NeverRests", rest, Options::default());
    let statuses: Vec<Status> = run.findings.iter().map(|finding| finding.status).collect();
    assert_eq!(
        (run.verdict, statuses),
        (Verdict::Fail, vec![Status::Pending, Status::Violated])
    );
}

/// Whoever forgets the bound on liveness is told when the bound has passed within the run.
#[test]
fn a_bound_that_passed_is_a_violation() {
    let rest = "stop: (at: \"2s\", when: Never), expect: [\"eventually quiescent within 1s\"]";
    assert_eq!(
        run_it("NeverRests", rest, Options::default()).verdict,
        Verdict::Fail
    );
}

/// Runs a scenario of shipped protocols.
fn run_shipped(text: &str) -> Run {
    let mut sources = Sources::new();
    let file = sources.add("shipped.ron", text);
    let reading = read(
        &sources,
        file,
        &Overrides::default(),
        scenarios::protocols::shipped().entries(),
    );
    let scenario = reading
        .scenario
        .unwrap_or_else(|| panic!("{:?}", reading.problems));
    scenarios::protocols::shipped().run(&scenario, Options::default())
}

fn shipped(rest: &str) -> Run {
    run_shipped(&format!(
        "Scenario(name: \"one\", nodes: 20, protocol: EagerMulticast, \
         network: (latency: Uniform(\"1ms\", \"5ms\")), {rest})"
    ))
}

const CAST: &str = "workload: [(at: \"1ms\", node: 0, do: Multicast(\"hello\"))]";

/// A run that a budget ended has proven nothing, also of what held so far and of what was meant to break.
#[test]
fn a_budget_leaves_nothing_proven() {
    for rest in [
        "expect: [\"always no_duplication\", \"messages >= 0\"]",
        "expect: []",
    ] {
        let run = shipped(&format!("{CAST}, stop: (events: 100), {rest}"));
        assert_eq!(run.verdict, Verdict::Inconclusive, "{rest}");
    }
    // Figures only grow: what has passed its bound stays past it, and what has not reached it yet still may.
    for (sentence, verdict) in [
        ("messages >= 300", Verdict::Inconclusive),
        ("messages == 380", Verdict::Inconclusive),
        ("messages != 380", Verdict::Inconclusive),
        ("messages <= 380", Verdict::Inconclusive),
        ("messages <= 5", Verdict::Fail),
        ("messages == 5", Verdict::Fail),
    ] {
        let run = shipped(&format!(
            "{CAST}, stop: (events: 100), expect: [\"{sentence}\"]"
        ));
        assert_eq!(run.verdict, verdict, "{sentence}: {}", run.findings[0].said);
    }
    let meant = "expect: [\"always no_duplication\"], expect_violation: [\"no_duplication\"]";
    let run = shipped(&format!("{CAST}, stop: (events: 100), {meant}"));
    assert_eq!(run.verdict, Verdict::Inconclusive);
}

/// One cast that everybody has after 10 ms, and node 1 after 70 ms.
fn latencies(rest: &str) -> Run {
    run_shipped(&format!(
        "Scenario(name: \"late\", nodes: 20, protocol: BestEffortMulticast, links: Assumed(Reliable), \
         network: (latency: Fixed(\"10ms\"), between: [(from: All, to: 1, latency: Fixed(\"70ms\"))]), {rest})"
    ))
}

/// Nineteen latencies: by nearest rank the largest of them is the 95th percentile, and not yet the 90th.
#[test]
fn latencies_are_measured_if_asked_for() {
    let sentences = [
        ("min(delivery_latency) == 10ms", "10ms == 10ms"),
        ("p50(delivery_latency) == 10ms", "10ms == 10ms"),
        ("p90(delivery_latency) == 10ms", "10ms == 10ms"),
        ("p95(delivery_latency) == 70ms", "70ms == 70ms"),
        ("max(delivery_latency) == 70ms", "70ms == 70ms"),
        ("mean(delivery_latency) < 14ms", "13.157895ms < 14ms"),
        ("p999(delivery_latency) <= 50ms", "70ms is not <= 50ms"),
    ];
    let asked: Vec<String> = sentences
        .iter()
        .map(|(text, _)| format!("{text:?}"))
        .collect();
    let run = latencies(&format!("{CAST}, expect: [{}]", asked.join(", ")));
    let said: Vec<&str> = run
        .findings
        .iter()
        .map(|finding| finding.said.as_str())
        .collect();
    assert_eq!(said, sentences.map(|(_, said)| said));
    assert_eq!(run.verdict, Verdict::Fail);
    let sampled = |run: &Run| -> Vec<(String, u64)> {
        let sampled = run.metrics.sampled();
        sampled.map(|(name, times)| (name, times.count())).collect()
    };
    assert_eq!(sampled(&run), [("delivery_latency_ns".to_owned(), 19)]);
    assert_eq!(
        sampled(&latencies(&format!("{CAST}, expect: [\"residue == 0\"]"))),
        []
    );
    let run = latencies("expect: [\"p99(delivery_latency) <= 1s\"]");
    assert_eq!(
        run.findings[0].status,
        Status::NotExercised,
        "nothing was cast"
    );
    assert_eq!(sampled(&run), [("delivery_latency_ns".to_owned(), 0)]);
}

/// Of a run that was cut short the largest is at least as large in the end, and the smallest at most as large; anything else
/// may change either way.
#[test]
fn a_budget_leaves_statistics_undecided() {
    for (sentence, verdict) in [
        ("max(delivery_latency) <= 5ms", Verdict::Fail),
        ("max(delivery_latency) == 5ms", Verdict::Fail),
        ("max(delivery_latency) <= 50ms", Verdict::Inconclusive),
        ("min(delivery_latency) >= 20ms", Verdict::Fail),
        ("min(delivery_latency) >= 5ms", Verdict::Inconclusive),
        ("min(delivery_latency) == 10ms", Verdict::Inconclusive),
        ("p50(delivery_latency) <= 1ms", Verdict::Inconclusive),
        ("mean(delivery_latency) <= 1ms", Verdict::Inconclusive),
    ] {
        let run = latencies(&format!(
            "{CAST}, stop: (at: \"20ms\"), expect: [\"{sentence}\"]"
        ));
        assert_eq!(run.verdict, verdict, "{sentence}: {}", run.findings[0].said);
    }
}

/// What is meant to break must be asked: a `where` that is false hides nothing.
#[test]
fn an_expected_violation_that_nobody_asks_for_shows_nothing() {
    let rest = "expect: [\"eventually agreement within 1s where n > 99\", \"sometimes relay_saved_a_node\"], \
                params: { \"n\": 1 }, expect_violation: [\"agreement\"]";
    assert_eq!(
        shipped(&format!("{CAST}, {rest}")).verdict,
        Verdict::Inconclusive
    );
}

/// A property can be a goal: it must find something to judge, and keep its promise.
#[test]
fn sometimes_takes_properties_too() {
    let asked = "expect: [\"sometimes agreement\"]";
    assert_eq!(shipped(&format!("{CAST}, {asked}")).verdict, Verdict::Pass);
    assert_eq!(
        shipped(asked).verdict,
        Verdict::Inconclusive,
        "nobody cast anything"
    );
}

/// Taking a fault out of the list leaves the draws of the others: who is hit, and when.
#[test]
fn faults_keep_their_draws_wherever_they_stand() {
    let crash = "Crash(node: Random(count: 3), between: (\"1ms\", \"9ms\"))";
    let first = "Crash(node: 19, at: \"20ms\")";
    let alone = shipped(&format!("{CAST}, faults: [{crash}]")).crashed;
    let second = shipped(&format!("{CAST}, faults: [{first}, {crash}]")).crashed;
    let times = |crashed: &std::collections::BTreeMap<
        NodeId,
        sim_core::kernel::property::Moment,
    >|
     -> Vec<_> {
        crashed
            .iter()
            .filter(|(node, _)| **node != NodeId(19))
            .map(|(node, moment)| (*node, moment.at))
            .collect()
    };
    assert_eq!(times(&alone), times(&second));
    assert_eq!((alone.len(), second.len()), (3, 4));
    // The same fault twice strikes twice, each time with draws of its own.
    let twice = shipped(&format!("{CAST}, faults: [{crash}, {crash}]")).crashed;
    assert!(twice.len() > 3, "{twice:?}");
}

/// A bounded memory of what happened must not merge what a job repeats.
#[test]
fn repeated_casts_are_messages_of_their_own() {
    let run = shipped(
        "workload: [(every: \"10ms\", from: \"0s\", until: \"50ms\", node: 0, do: Multicast(\"tick\"))], \
         expect: [\"eventually agreement within 1s\", \"always no_duplication\"]",
    );
    assert_eq!(run.verdict, Verdict::Pass);
    assert!(
        run.findings[0].said.starts_with("5 messages"),
        "{}",
        run.findings[0].said
    );
}

/// What a run of `nodes` says of more faults than `protocol` bears.
fn overload(protocol: &str, nodes: u32, faults: &str, more: &str) -> Option<(u32, u32)> {
    let links = match protocol {
        "UniformMajorityAck" => "Reliable",
        _ => "Authenticated",
    };
    let run = run_shipped(&format!(
        "Scenario(name: \"some\", nodes: {nodes}, protocol: {protocol}, links: Assumed({links}), \
         {CAST}, faults: [{faults}], stop: (at: \"5s\"), {more})"
    ));
    let found = run.overload?;
    Some((found.faulty, found.bears.faulty))
}

/// A protocol that bears f faulty nodes promises nothing if there are more, and whoever did not mean that is told so.
#[test]
fn more_faults_than_are_borne_are_told() {
    let traitors = "Byzantine(node: [2, 3], behaviour: [Silent()])";
    for protocol in ["Bracha", "AuthenticatedEcho", "SignedEcho"] {
        assert_eq!(overload(protocol, 4, traitors, ""), Some((2, 1)));
        assert_eq!(overload(protocol, 7, traitors, ""), None);
    }
    assert_eq!(overload("Bracha(f: 1)", 7, traitors, ""), Some((2, 1)));
    let mixed = "Byzantine(node: 2, behaviour: [Silent()]), Omission(node: 2, send: 1), Crash(node: 3, at: \"1ms\")";
    assert_eq!(overload("Bracha", 4, mixed, ""), Some((2, 1)));
    let meant = "expect: [\"eventually totality within 1s\", \"eventually validity within 1s\"], expect_violation: [\"validity\"]";
    assert_eq!(overload("Bracha", 4, traitors, meant), None);
    let crashes = "Crash(node: [2, 3], at: \"2ms\")";
    assert_eq!(overload("UniformMajorityAck", 4, crashes, ""), Some((2, 1)));
    assert_eq!(overload("UniformMajorityAck", 5, crashes, ""), None);
    let recovers = "Crash(node: [2, 3], at: \"2ms\", for: \"5ms\")";
    assert_eq!(overload("UniformMajorityAck", 4, recovers, ""), None);
    assert_eq!(
        overload("EagerMulticast", 4, crashes, ""),
        None,
        "it bears any number"
    );
}
