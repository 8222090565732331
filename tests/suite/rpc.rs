//! Remote calls: one mutant a property, a crash after every effect of the server, a swarm of bad networks, and bounded memory.

use std::fmt::Write as _;

use protocols::rpc::property::{ASKABLE, checker};
use protocols::rpc::{
    Backoff, Both, Call, Client, Counter, CounterReply, CounterRequest, Executed, Fenced,
    FencedReply, FencedRequest, Keys, Outcome, Policy, Progress, Rpc, Server, Service, Storage,
    Terms, Then,
};
use scenarios::format::{Overrides, Scenario, Sources, read};
use scenarios::protocols::shipped;
use scenarios::run::{Options, Run, Verdict};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::Finding;
use sim_core::kernel::random::{Delay, Draws, Key, Purpose};
use sim_core::sim::{Every, Job, Loss, Repeat, Setup, Sim};

type Services = Both<Counter, Fenced>;
type Process = Either<Client<Services, FairLoss>, Server<Services, FairLoss>>;

const SERVER: NodeId = NodeId(0);

fn keys() -> Keys {
    Keys {
        ttl: Span::from_secs(60),
        most: 64,
        then: Then::Expire,
    }
}

/// Process 0 serves, the others call.
fn process(node: NodeId, policy: &Policy) -> Process {
    let terms = Terms {
        threads: None,
        cores: 1,
        queue: 10_000,
        cpu: None,
        io: None,
    };
    match node {
        SERVER => Either::Right(Server::new(terms, Some(keys()), Storage::Durable)),
        _ => Either::Left(Client::new(policy.clone(), vec![SERVER])),
    }
}

/// How a layer above honest clients and servers misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bug {
    None,
    /// The server carries everything out twice.
    AppliesTwice,
    /// The first call of each client is never begun.
    DoesNotBegin,
    /// Clients do not say how a call ended.
    SaysNothing,
    /// The server carries nothing out that adds 2, and clients say that they do not know.
    LosesTwos,
    /// Clients say that what succeeded was refused.
    Denies,
    /// Clients say it 50 ms later.
    IsLate,
    /// The counter is one behind, for server and client alike.
    IsBehind,
    /// A write that came too late is said to have been carried out, by server and client alike.
    IsOvertaken,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mutant {
    bug: Bug,
    asked: u32,
    late: Vec<Ind<Rpc<Services>>>,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
struct Later(u32);

impl std::fmt::Display for Later {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "later {}", self.0)
    }
}

fn is_two(request: &<Services as Service>::Request) -> bool {
    *request == Either::Left(CounterRequest::Add(2))
}

fn behind(reply: <Services as Service>::Reply) -> <Services as Service>::Reply {
    match reply {
        Either::Left(CounterReply::Is(value)) => Either::Left(CounterReply::Is(value - 1)),
        other => other,
    }
}

fn written(reply: <Services as Service>::Reply) -> <Services as Service>::Reply {
    match reply {
        Either::Right(FencedReply::Overtaken(_)) => Either::Right(FencedReply::Written),
        other => other,
    }
}

impl Mutant {
    /// What the layer says instead of this.
    fn said(&mut self, said: Ind<Rpc<Services>>, fx: &mut impl Effects<Self>) {
        match (self.bug, said) {
            (Bug::AppliesTwice, Either::Right(executed)) => {
                let effect = executed.effect.map(|effect| 2 * effect);
                let first = effect.map(|effect| effect - 1);
                let first = Executed {
                    effect: first,
                    ..executed.clone()
                };
                fx.indicate(Either::Right(first));
                fx.indicate(Either::Right(Executed { effect, ..executed }));
            }
            (Bug::SaysNothing, Either::Left(Progress::Ended { .. })) => (),
            (Bug::LosesTwos, Either::Right(executed)) if is_two(&executed.request) => (),
            (Bug::LosesTwos, Either::Left(Progress::Ended { key, attempts, .. })) => {
                let outcome = Outcome::Unknown;
                fx.indicate(Either::Left(Progress::Ended {
                    key,
                    outcome,
                    attempts,
                }));
            }
            (Bug::Denies, Either::Left(Progress::Ended { key, attempts, .. })) => {
                let outcome = Outcome::Refused;
                fx.indicate(Either::Left(Progress::Ended {
                    key,
                    outcome,
                    attempts,
                }));
            }
            (Bug::IsLate, said @ Either::Left(Progress::Ended { .. })) => {
                let place = u32::try_from(self.late.len()).expect("few calls");
                self.late.push(said);
                fx.arm(Either::Left(Later(place)), Span::from_millis(50));
            }
            (
                Bug::IsBehind,
                Either::Left(Progress::Ended {
                    key,
                    outcome: Outcome::Success(reply),
                    attempts,
                }),
            ) => {
                let outcome = Outcome::Success(behind(reply));
                fx.indicate(Either::Left(Progress::Ended {
                    key,
                    outcome,
                    attempts,
                }));
            }
            (Bug::IsBehind, Either::Right(executed)) => {
                let reply = behind(executed.reply);
                fx.indicate(Either::Right(Executed { reply, ..executed }));
            }
            (Bug::IsOvertaken, Either::Right(executed)) => {
                let reply = written(executed.reply);
                fx.indicate(Either::Right(Executed { reply, ..executed }));
            }
            (
                Bug::IsOvertaken,
                Either::Left(Progress::Ended {
                    key,
                    outcome: Outcome::Success(reply),
                    attempts,
                }),
            ) => {
                let outcome = Outcome::Success(written(reply));
                fx.indicate(Either::Left(Progress::Ended {
                    key,
                    outcome,
                    attempts,
                }));
            }
            (_, said) => fx.indicate(said),
        }
    }
}

impl Protocol for Mutant {
    type Offers = Rpc<Services>;
    type Needs = Rpc<Services>;
    type Timer = Either<Later, Never>;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(request) => {
                self.asked += 1;
                if self.bug != Bug::DoesNotBegin || self.asked > 1 {
                    fx.request(request);
                }
            }
            Event::Indication(said) => self.said(said, fx),
            Event::Timer(Either::Left(Later(place))) => {
                fx.indicate(self.late[place as usize].clone());
            }
            Event::Timer(Either::Right(never)) => match never {},
        }
    }
}

/// The names of the properties that are violated if two clients call.
fn violated(bug: Bug) -> Vec<&'static str> {
    let policy = Policy {
        deadline: Some(Span::from_millis(30)),
        ..Policy::retrying(Span::from_millis(20), 3)
    };
    let mut sim = Sim::new(Setup::new(3, 1), |node| {
        let mutant = Mutant {
            bug,
            asked: 0,
            late: Vec::new(),
        };
        mutant.over(process(node, &policy))
    });
    let add = |by| Either::Left(CounterRequest::Add(by));
    let lease = FencedRequest::Guarded {
        value: "a".into(),
        term: Span::from_millis(1),
        fenced: true,
    };
    // The second writes after its lease has been taken by the third.
    let write = |token| {
        Either::Right(FencedRequest::Write {
            value: "b".into(),
            token,
            fenced: true,
        })
    };
    let token = protocols::rpc::Token;
    for (ms, node, request) in [
        (0, 1, add(1)),
        (0, 2, add(2)),
        (100, 1, Either::Left(CounterRequest::Read)),
        (200, 1, Either::Right(lease.clone())),
        (300, 2, Either::Right(lease)),
        (400, 2, write(token(2))),
        (500, 1, write(token(1))),
    ] {
        sim.request(
            Span::from_millis(ms),
            NodeId(node),
            Either::Left(Call(request)),
        );
    }
    for about in ASKABLE {
        let property = checker::<Services>(about.name, 3).expect("it is a property of the port");
        sim.watch(property, Span::from_secs(1));
    }
    let verdicts = sim.run().verdicts;
    let violated = ASKABLE
        .iter()
        .zip(verdicts)
        .filter(|(_, verdict)| matches!(verdict.finding, Finding::Violated(_)));
    violated.map(|(about, _)| about.name).collect()
}

#[test]
fn every_property_has_a_mutant() {
    for (bug, broken) in [
        (Bug::None, &[][..]),
        // Exactly once is at most once, and more.
        (
            Bug::AppliesTwice,
            &["at_most_once_effect", "exactly_once_effect"],
        ),
        (Bug::DoesNotBegin, &["every_call_answered"]),
        // Who does not answer does not keep a deadline either.
        (
            Bug::SaysNothing,
            &["every_call_answered", "deadline_respected"],
        ),
        (Bug::LosesTwos, &["exactly_once_effect", "no_lost_call"]),
        (Bug::Denies, &["honest_outcome"]),
        (Bug::IsLate, &["deadline_respected"]),
        (Bug::IsBehind, &["linearizability"]),
        (Bug::IsOvertaken, &["single_writer"]),
    ] {
        assert_eq!(violated(bug), broken, "{bug:?}");
    }
}

/// A scenario in which three clients make 12 calls each, on a network as bad as can be.
fn bad_network(seed: u64, protocol: &str, faults: &str) -> String {
    let draws = Key::new(seed, Purpose::Workload).at(0, 0);
    let percent = |lane, most: u64| draws.below(lane, most + 1);
    let latency = match draws.below(4, 3) {
        0 => "Fixed(\"10ms\")",
        1 => "Uniform(\"1ms\", \"60ms\")",
        _ => "Exponential(mean: \"15ms\", max: \"500ms\")",
    };
    format!(
        "Scenario(name: \"bad-network\", seed: {seed}, nodes: 4,
    network: (latency: {latency}, loss: 0.{:02}, duplicate: 0.{:02}),
    protocol: RetryRpc(timeout: \"60ms\", retries: 1000, backoff: Exponential(max: \"300ms\"){protocol}),
    workload: [
        (every: \"37ms\", count: 6, node: 1..=3, do: Call(Add(1))),
        (every: \"53ms\", count: 4, node: 1..=2, do: Call(Update(\"row\", \"mine\"))),
        (every: \"71ms\", count: 4, node: 3, do: Call(Read)),
        (every: \"91ms\", count: 2, node: 3, do: Call(Deposit(\"ann\", 5))),
    ],
    faults: [{faults}],
    expect: [
        \"always at_most_once_effect\", \"eventually exactly_once_effect within 60s\",
        \"eventually every_call_answered within 60s\", \"always honest_outcome\", \"always linearizability\",
    ],
    stop: (at: \"300s\", when: Quiescent),
)",
        percent(0, 40),
        percent(1, 40),
    )
}

fn scenario(text: &str) -> Scenario {
    let mut sources = Sources::new();
    let file = sources.add("rpc.ron", text);
    let reading = read(&sources, file, &Overrides::default(), shipped().entries());
    let problems = &reading.problems;
    reading
        .scenario
        .unwrap_or_else(|| panic!("{problems:?}\n{text}"))
}

fn run(text: &str) -> Run {
    shipped().run(&scenario(text), Options::default())
}

/// Partitions and crashes of the server, some of them after a number of effects.
fn faults(seed: u64) -> String {
    let draws: Draws = Key::new(seed, Purpose::Workload).at(0, 1);
    let mut text = String::new();
    if draws.below(0, 2) == 0 {
        let (at, long) = (draws.below(1, 400), 1 + draws.below(2, 1_000));
        write!(
            text,
            "Partition(groups: [[0, 1], [2, 3]], at: \"{at}ms\", heal: \"{}ms\"), ",
            at + long
        )
        .expect("a string takes all");
    }
    for crash in 0..draws.below(3, 4) {
        let lane = 10 + 4 * u32::try_from(crash).expect("a few");
        let long = 1 + draws.below(lane, 400);
        let when = match draws.below(lane + 1, 2) {
            0 => format!("at: \"{}ms\"", 600 * crash + draws.below(lane + 2, 600)),
            _ => format!("when: AfterEffects({})", 1 + draws.below(lane + 3, 120)),
        };
        write!(text, "Crash(node: 0, {when}, for: \"{long}ms\"), ").expect("a string takes all");
    }
    text
}

#[test]
fn effects_are_exactly_once_on_a_thousand_bad_networks() {
    let mut crashed = 0;
    for seed in 0..1_000 {
        let text = bad_network(seed, "", &faults(seed));
        let run = run(&text);
        let broken: Vec<_> = run
            .findings
            .iter()
            .filter(|finding| !finding.is_fine())
            .collect();
        assert_eq!(run.verdict, Verdict::Pass, "{broken:?}\n{text}");
        crashed += u32::from(!run.crashed.is_empty() || run.metrics.counters.recoveries > 0);
    }
    assert!(crashed > 500, "the server crashed in {crashed} runs");
}

/// The write is one effect, what is said and the answer two more: a crash may fall between any two.
#[test]
fn effects_are_exactly_once_wherever_the_server_crashes() {
    for effect in 1..=150 {
        let crash = format!("Crash(node: 0, when: AfterEffects({effect}), for: \"100ms\")");
        let text = bad_network(7, "", &crash);
        let run = run(&text);
        assert_eq!(run.verdict, Verdict::Pass, "after {effect} effects\n{text}");
        let recovered = run.metrics.counters.recoveries;
        assert_eq!(recovered, 1, "after {effect} effects");
    }
}

/// A variant of a file of the library, with this seed.
fn shipped_run(path: &str, variant: &str, seed: u64) -> Run {
    let text =
        std::fs::read_to_string(format!("../scenarios/rpc/{path}.ron")).expect("it is there");
    let mut sources = Sources::new();
    let file = sources.add(path, text);
    let overrides = Overrides {
        variant: Some(sources.add("--variant", variant)),
        sets: vec![sources.add("--seed", format!("seed={seed}"))],
        ..Overrides::default()
    };
    let reading = read(&sources, file, &overrides, shipped().entries());
    let problems = &reading.problems;
    let scenario = reading.scenario.unwrap_or_else(|| panic!("{problems:?}"));
    shipped().run(&scenario, Options::default())
}

/// Without the key, the disk, or the time to remember, some seed applies a call twice: in the scenarios that say so, and on
/// bad networks.
#[test]
fn what_exactly_once_stands_on_cannot_be_left_out() {
    let twice = |run: &Run| {
        let mut findings = run.findings.iter();
        findings.any(|it| it.subject == "at_most_once_effect" && it.is_violation())
    };
    for (path, variant) in [
        ("counter", "no-keys"),
        ("counter", "volatile-table"),
        ("late-retry", "forgets"),
    ] {
        let first = (0..200).find(|seed| twice(&shipped_run(path, variant, *seed)));
        assert!(
            first.is_some(),
            "{path}/{variant} broke nothing in 200 seeds"
        );
    }
    for without in [
        ", idempotency: Off",
        ", storage: VolatileTable",
        ", idempotency: Keys(ttl: \"1ms\", then: Forget)",
    ] {
        let breaks = |seed: &u64| twice(&run(&bad_network(*seed, without, &faults(*seed))));
        let first = (0..200).find(breaks);
        assert!(first.is_some(), "{without} broke nothing in 200 seeds");
    }
}

/// What clients and servers hold does not grow with what they have done. Some of the million replies get lost.
#[test]
fn memory_is_bounded_in_a_million_calls() {
    let mut setup = Setup::new(5, 1);
    setup.network.law.latency = Delay::Fixed(Span::from_micros(100))
        .sampler()
        .expect("a law");
    setup.network.law.loss = Loss::Bernoulli(Probability::ratio(1, 100).expect("a probability"));
    setup.limits.events = u64::MAX;
    setup.limits.at = Span::MAX;
    setup.limits.memory = 1 << 20;
    // While a call backs off, replies to later ones are kept: a long wait would fill the table.
    let millisecond = Span::from_millis(1);
    let policy = Policy {
        backoff: Backoff::exponential(millisecond, millisecond),
        ..Policy::retrying(millisecond, 1_000)
    };
    let mut sim: Sim<'_, Process> = Sim::new(setup, |node| process(node, &policy));
    sim.job(Job {
        at: Span::ZERO,
        repeat: Some(Repeat {
            every: Every::Period(Span::from_micros(500)),
            until: Span::MAX,
            count: 250_000,
        }),
        nodes: (1..5).map(NodeId).collect(),
        request: Either::Left(Call(Either::Left(CounterRequest::Add(1)))),
        again: |request, _| request.clone(),
    });
    let exactly_once = checker::<Services>("exactly_once_effect", 5).expect("a property");
    sim.watch(exactly_once, Span::from_secs(60));
    let outcome = sim.run();
    assert!(
        matches!(outcome.verdicts[0].finding, Finding::Held(_)),
        "{:?}",
        outcome.verdicts
    );
    assert_eq!(outcome.counters.requests, 1_000_000);
    for node in (0..5).map(NodeId) {
        match sim.node(node) {
            Either::Left(client) => assert_eq!(client.under_way(), 0),
            Either::Right(server) => {
                let (under_way, remembered) = (server.under_way(), server.remembered());
                assert_eq!(under_way, 0);
                // Of each client the last, and what its next call has not told yet.
                assert!(remembered <= 4 * 4, "{remembered} replies are remembered");
            }
        }
    }
    // Fewer than a few hundred entries were ever in flight or armed.
    assert!(
        outcome.counters.pending_max < 1_000,
        "{}",
        outcome.counters.pending_max
    );
}
