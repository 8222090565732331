//! Broadcasts against traitors: kept with N > 3f, and broken when that alone is given up.

use protocols::byzantine::{Behaviour, Byzantine};
use protocols::link::Assumed;
use protocols::multicast::property::{Promises, checker};
use protocols::multicast::{
    Amplification, AuthenticatedEcho, ByzantineReliable, Cast, Deliver, DoubleEcho, Multicast,
    Quorums, SignedEcho,
};
use protocols::signature::{Scheme, Signatures};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::Finding;
use sim_core::kernel::random::Delay;
use sim_core::kernel::text::Text;
use sim_core::sim::{Fault, Lasting, Outcome, Setup, Sim, Strike, Trigger};

/// Over how many seeds a truth is shown.
const SEEDS: std::ops::Range<u64> = 0..200;

/// A cluster of which some processes are in the hands of one adversary. Node 0 casts "yes".
#[derive(Clone, Copy)]
struct Cluster<'a> {
    nodes: u32,
    traitors: &'a [u32],
    behaviour: &'a Behaviour,
}

/// What a run came to.
struct Shown {
    /// The names of the promises of the port that were broken.
    broken: Vec<&'static str>,
    outcome: Outcome,
}

impl Cluster<'_> {
    fn run<G, M, P>(self, seed: u64, protocol: impl Fn() -> P) -> Shown
    where
        G: Promises,
        M: Payload,
        P: Protocol<Offers = Multicast<Text, G>, Needs = Link<M, Authentic>>,
    {
        let mut setup = Setup::new(self.nodes, seed);
        let delay = Delay::Uniform {
            min: Span::from_millis(1),
            max: Span::from_millis(20),
        };
        setup.network.law.latency = delay.sampler().expect("a law of delay");
        let turns = (0..).zip(self.traitors).map(|(number, node)| Fault {
            number,
            trigger: Trigger::Start,
            strike: Strike::Turn {
                node: NodeId(*node),
                behaviour: 0,
            },
            lasting: Lasting::Forever,
        });
        setup.faults.extend(turns);
        setup.counted = u32::try_from(self.traitors.len()).expect("few");
        let mut sim = Sim::new(setup, |node: NodeId| {
            let own = match self.traitors.contains(&node.0) {
                true => vec![self.behaviour.clone()],
                false => vec![],
            };
            Byzantine::new(protocol(), own).over(Assumed::<_, Authentic>::new())
        });
        sim.request(Span::from_millis(1), NodeId(0), Cast("yes".into()));
        for about in G::PROMISED {
            let property = checker::<Text, G>(about.name, self.nodes).expect("it is promised");
            sim.watch(property, Span::from_secs(1));
        }
        let outcome = sim.run();
        let verdicts = G::PROMISED.iter().zip(&outcome.verdicts);
        let broken = verdicts
            .filter(|(_, verdict)| matches!(verdict.finding, Finding::Violated(_)))
            .map(|(about, _)| about.name)
            .collect();
        Shown { broken, outcome }
    }
}

/// Tells these nodes "no" where the others are told "yes"; without any, the second half.
fn equivocate(to: &[u32]) -> Behaviour {
    Behaviour::Equivocate {
        kinds: vec![],
        values: Some(["yes".into(), "no".into()]),
        to: to.iter().copied().map(NodeId).collect(),
    }
}

fn silent(to: &[u32]) -> Behaviour {
    Behaviour::Silent {
        kinds: vec![],
        to: to.iter().copied().map(NodeId).collect(),
    }
}

fn bracha(f: u32, quorum: Option<u32>) -> DoubleEcho<Text> {
    DoubleEcho::new(Quorums::new(Some(f), quorum), Amplification::On)
}

fn signed(f: u32, scheme: Scheme) -> SignedEcho<Text> {
    let signatures = Signatures::dealt(scheme, [1; 32]);
    SignedEcho::new(Quorums::new(Some(f), None), signatures)
}

/// Consistency, and with Bracha totality, whatever the delays: one liar among four, two among seven.
#[test]
fn fewer_traitors_than_a_third_divide_nobody() {
    let behaviours = [
        equivocate(&[]),
        equivocate(&[1]),
        equivocate(&[2, 3]),
        silent(&[1]),
        silent(&[1, 2]),
    ];
    let (mut all, mut none) = (0, 0);
    for (nodes, f, traitors) in [(4, 1, &[0][..]), (7, 2, &[0, 5])] {
        for behaviour in &behaviours {
            let cluster = Cluster {
                nodes,
                traitors,
                behaviour,
            };
            for seed in SEEDS {
                let case = format!("{behaviour:?} among {nodes}, seed {seed}");
                let echo = || AuthenticatedEcho::new(Quorums::new(Some(f), None));
                let runs = [
                    cluster.run(seed, || bracha(f, None)),
                    cluster.run(seed, echo),
                    cluster.run(seed, || signed(f, Scheme::Symbolic)),
                ];
                for run in &runs {
                    assert_eq!(run.broken, [""; 0], "{case}");
                    assert!(run.outcome.marks.contains_key(behaviour.mark()), "{case}");
                }
                match runs[0].outcome.counters.indications {
                    0 => none += 1,
                    _ => all += 1,
                }
            }
        }
    }
    assert!(
        all >= 100 && none >= 100,
        "all delivered in {all} runs, and nobody in {none}: both are what totality is about"
    );
}

/// How many of the seeds break consistency, and that nothing else is ever broken.
fn share(nodes: u32, f: u32, quorum: Option<u32>, traitors: &[u32], to: &[u32]) -> usize {
    let cluster = Cluster {
        nodes,
        traitors,
        behaviour: &equivocate(to),
    };
    let breaks = |seed: &u64| {
        let broken = cluster.run(*seed, || bracha(f, quorum)).broken;
        assert!(
            broken.iter().all(|name| *name == "consistency"),
            "{broken:?} among {nodes}, seed {seed}"
        );
        !broken.is_empty()
    };
    SEEDS.filter(breaks).count()
}

/// With quorums of N−f where N = 3f, one traitor can be in two quorums that have nobody else in common.
#[test]
fn lowered_quorums_let_an_equivocating_caster_break_consistency() {
    let [three, six] = [
        share(3, 1, Some(2), &[0], &[]),
        share(6, 2, Some(4), &[0, 5], &[3, 4]),
    ];
    assert!(three >= 100, "{three} of 200 seeds among three");
    assert!(six >= 100, "{six} of 200 seeds among six");
    // The same attacks, one node more.
    assert_eq!(share(4, 1, None, &[0], &[]), 0);
    assert_eq!(share(7, 2, None, &[0, 5], &[3, 4]), 0);
}

/// Quorums as published keep N = 3f safe, but a silent traitor keeps everybody waiting.
#[test]
fn among_three_a_silent_one_stops_everybody() {
    let behaviour = &silent(&[]);
    for (nodes, broken, deliveries) in [(3, &["validity"][..], 0), (4, &[], 3)] {
        let cluster = Cluster {
            nodes,
            traitors: &[2],
            behaviour,
        };
        for seed in SEEDS {
            let echo = || AuthenticatedEcho::new(Quorums::new(Some(1), None));
            let runs = [
                cluster.run(seed, || bracha(1, None)),
                cluster.run(seed, echo),
                cluster.run(seed, || signed(1, Scheme::Symbolic)),
            ];
            for run in runs {
                // The traitor listens, hears itself, and may deliver too.
                let delivered = run.outcome.counters.indications;
                assert!((deliveries..=deliveries + 1).contains(&delivered), "{seed}");
                assert_eq!(run.broken, broken, "among {nodes}, seed {seed}");
            }
        }
    }
}

/// The mutant of totality: who is left out hears that others are ready, and does not join them.
#[test]
fn without_amplification_exactly_totality_is_broken() {
    let cluster = Cluster {
        nodes: 4,
        traitors: &[0],
        behaviour: &silent(&[1]),
    };
    for seed in SEEDS {
        let with = |amplification| {
            cluster.run(seed, || {
                DoubleEcho::new(Quorums::new(Some(1), None), amplification)
            })
        };
        assert_eq!(with(Amplification::Off).broken, ["totality"], "{seed}");
        let kept = with(Amplification::On);
        assert_eq!(kept.broken, [""; 0], "{seed}");
        assert!(kept.outcome.marks.contains_key("ready_amplified"), "{seed}");
    }
}

/// Stands over a broadcast, and with the first delivery also delivers what node 3 never cast.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Invents {
    done: bool,
}

impl Protocol for Invents {
    type Offers = Multicast<Text, ByzantineReliable>;
    type Needs = Multicast<Text, ByzantineReliable>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(cast) => fx.request(cast),
            Event::Indication(said) => {
                if !self.done {
                    self.done = true;
                    fx.indicate(Deliver {
                        origin: NodeId(3),
                        payload: "invented".into(),
                    });
                }
                fx.indicate(said);
            }
            Event::Timer(never) => match never {},
        }
    }
}

/// The mutant of integrity. In the name of a traitor one may deliver what one likes, as long as it is the same.
#[test]
fn inventing_a_message_breaks_exactly_integrity() {
    let behaviour = &silent(&[9]);
    for (traitors, broken) in [(&[][..], &["integrity"][..]), (&[3], &[])] {
        let cluster = Cluster {
            nodes: 4,
            traitors,
            behaviour,
        };
        let shown = cluster.run(1, || Invents::default().over(bracha(1, None)));
        assert_eq!(shown.broken, broken);
    }
}

/// The costs of the literature, failure-free: net, with the copies to oneself, steps.
#[test]
fn a_cast_costs_what_the_table_says() {
    let count = |shown: Shown| {
        let counters = shown.outcome.counters;
        (counters.messages, counters.messages_with_self)
    };
    let behaviour = &silent(&[]);
    for seed in SEEDS {
        for (nodes, f, echo_net, bracha_net) in [(4, 1, 15, 27), (7, 2, 48, 90)] {
            let cluster = Cluster {
                nodes,
                traitors: &[],
                behaviour,
            };
            let n = u64::from(nodes);
            let echo = || AuthenticatedEcho::new(Quorums::new(Some(f), None));
            let run = cluster.run(seed, echo);
            assert_eq!(count(run), (echo_net, n * n + n), "{seed}");
            let run = cluster.run(seed, || bracha(f, None));
            assert_eq!(count(run), (bracha_net, 2 * n * n + n), "{seed}");
            let run = cluster.run(seed, || signed(f, Scheme::Symbolic));
            assert_eq!(count(run), (3 * (n - 1), 3 * n), "{seed}");
        }
    }
}

/// A symbolic signature stands for a real one: everything but the bytes is the same.
#[test]
fn real_signatures_change_nothing_but_the_bytes() {
    let cluster = Cluster {
        nodes: 4,
        traitors: &[0],
        behaviour: &equivocate(&[3]),
    };
    for seed in 0..5 {
        let [symbolic, real] = [Scheme::Symbolic, Scheme::Ed25519]
            .map(|scheme| cluster.run(seed, || signed(1, scheme)));
        assert_eq!(symbolic.broken, [""; 0]);
        assert_eq!(real.broken, [""; 0]);
        let (one, other) = (symbolic.outcome, real.outcome);
        assert_eq!(one.counters.messages, other.counters.messages);
        assert_eq!(one.counters.indications, other.counters.indications);
        // That of node 3, which signed "no"; and by node 3 those for "yes", which come to it with "no".
        assert_eq!(one.marks["signature_refused"].count, 2);
        assert_eq!(other.marks["signature_refused"].count, 2);
    }
}
