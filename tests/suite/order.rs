//! Ordered multicasts: each mutant is caught by its property, each order is kept whatever the delays, and is lost as often
//! as one would think without what keeps it.

use protocols::link::{Assumed, Itself};
use protocols::multicast::property::{Promises, checker};
use protocols::multicast::{
    Basic, BestEffort, Cast, CausalOrder, Chosen, Deliver, FifoOrder, Multicast, MulticastChoice,
    Reliable, TotalOrder,
};
use protocols::order::{
    CausalPast, CausalWaiting, FifoBySequence, FixedSequencer, Form, Isis, LamportOrder,
};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::Finding;
use sim_core::kernel::random::{Delay, Key, Purpose};
use sim_core::sim::{Setup, Sim};

const ORDERS: [&str; 3] = ["fifo_order", "causal_order", "total_order"];

const MS: Span = Span::from_millis(1);

/// The orders that a run violates. `casts` say when, by whom, what.
fn violated<P, G>(
    setup: Setup,
    casts: &[(Span, u32, u32)],
    program: impl Fn(NodeId) -> P,
) -> Vec<&'static str>
where
    P: Node<Offers = Multicast<u32, G>>,
    G: Promises,
{
    let nodes = setup.network.overlay.nodes();
    let mut sim = Sim::new(setup, program);
    for (at, node, payload) in casts {
        sim.request(*at, NodeId(*node), Cast(*payload));
    }
    for name in ORDERS {
        let property = checker::<u32, G>(name, nodes).expect("it is a property of the port");
        sim.watch(property, Span::ZERO);
    }
    let verdicts = sim.run().verdicts;
    let violated = ORDERS
        .into_iter()
        .zip(verdicts)
        .filter(|(_, verdict)| matches!(verdict.finding, Finding::Violated(_)));
    violated.map(|(name, _)| name).collect()
}

/// How a layer above an honest multicast misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bug {
    None,
    /// Node 2 delivers two concurrent messages of different casters the other way round.
    SwapsCasters,
    /// Everybody delivers two messages of one caster the other way round.
    SwapsCasts,
    /// Node 2 does not deliver the question, but the answer.
    LosesACause,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mutant {
    bug: Bug,
    held: Option<Deliver<u32>>,
}

impl Protocol for Mutant {
    type Offers = Multicast<u32, TotalOrder>;
    type Needs = Multicast<u32, TotalOrder>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(cast) => fx.request(cast),
            Event::Indication(said) => match (self.bug, said.payload) {
                (Bug::SwapsCasters, 1) if fx.me() == NodeId(2) => self.held = Some(said),
                (Bug::SwapsCasts, 3) => self.held = Some(said),
                (Bug::LosesACause, 5) if fx.me() == NodeId(2) => (),
                _ => {
                    fx.indicate(said);
                    self.held
                        .take()
                        .into_iter()
                        .for_each(|held| fx.indicate(held));
                }
            },
            Event::Timer(never) => match never {},
        }
    }
}

/// Concurrent casts of nodes 0 and 1, two casts of node 0, and a question of node 0 that node 1 answers.
fn caught(bug: Bug) -> Vec<&'static str> {
    let mut setup = Setup::new(4, 1);
    setup.network.law.latency = Delay::Fixed(MS).sampler().expect("a law of delay");
    let casts = [
        (1, 0, 1),
        (1, 1, 2),
        (100, 0, 3),
        (101, 0, 4),
        (200, 0, 5),
        (300, 1, 6),
    ];
    let casts = casts.map(|(at, node, payload)| (Span::from_millis(at), node, payload));
    violated(setup, &casts, |_| {
        Mutant { bug, held: None }.over(sequencer(Form::Ub))
    })
}

#[test]
fn each_mutant_is_caught_by_exactly_its_order() {
    assert_eq!(caught(Bug::None), [""; 0]);
    assert_eq!(caught(Bug::SwapsCasters), ["total_order"]);
    assert_eq!(caught(Bug::LosesACause), ["causal_order"]);
    // The casts of one process cause each other: what is out of their order is out of the causal one too.
    assert_eq!(caught(Bug::SwapsCasts), ["fifo_order", "causal_order"]);
}

const NODES: u32 = 4;

/// Everybody casts ten times at random, and some messages take ten times as long as others.
fn at_random<P, G>(seed: u64, fifo: bool, program: impl Fn() -> P) -> Vec<&'static str>
where
    P: Node<Offers = Multicast<u32, G>>,
    G: Promises,
{
    let uniform = |min, max| {
        Delay::Uniform { min, max }
            .sampler()
            .expect("a law of delay")
    };
    let mut setup = Setup::new(NODES, seed);
    setup.network.law.latency = uniform(MS, MS.saturating_mul(10));
    setup.network.law.fifo = fifo;
    let (when, draws) = (
        uniform(Span::ZERO, MS.saturating_mul(100)),
        Key::new(seed, Purpose::Workload),
    );
    let mut casts = Vec::new();
    for node in 0..NODES {
        for payload in 0..10 {
            let at = when.sample(draws.at(u64::from(node), u64::from(payload)), 0);
            casts.push((at, node, payload));
        }
    }
    casts.sort();
    // Numbered in the order of the casts, so that no two look alike.
    for (payload, cast) in (0..).zip(&mut casts) {
        cast.2 = payload;
    }
    violated(setup, &casts, |_| program())
}

fn basic() -> impl Node<Offers = Multicast<u32, BestEffort>> {
    Basic::<u32, Perfect>::new().over(Assumed::new())
}

fn fifo(over: MulticastChoice) -> impl Node<Offers = Multicast<u32, FifoOrder>> {
    FifoBySequence::<u32, Reliable>::new()
        .over(Chosen::new(over))
        .over(Assumed::new())
}

fn waiting(over: MulticastChoice) -> impl Node<Offers = Multicast<u32, CausalOrder>> {
    CausalWaiting::<u32, Reliable>::new()
        .over(Chosen::new(over))
        .over(Assumed::new())
}

fn past(over: MulticastChoice) -> impl Node<Offers = Multicast<u32, CausalOrder>> {
    CausalPast::<u32, Reliable>::new()
        .over(Chosen::new(over))
        .over(Assumed::new())
}

fn sequencer(form: Form) -> impl Node<Offers = Multicast<u32, TotalOrder>> {
    let below = Itself::new().beside(Chosen::new(MulticastChoice::BestEffort));
    FixedSequencer::<u32, BestEffort>::new(form, NodeId(0))
        .over(below)
        .over(Assumed::new())
}

fn isis() -> impl Node<Offers = Multicast<u32, TotalOrder>> {
    let below = Itself::new().beside(Chosen::new(MulticastChoice::BestEffort));
    Isis::<u32, BestEffort>::new()
        .over(below)
        .over(Assumed::new())
}

fn lamport() -> impl Node<Offers = Multicast<u32, TotalOrder>> {
    LamportOrder::<u32>::new().over(Assumed::new())
}

const SEEDS: u64 = 200;

/// In how many runs an order was violated.
fn times(order: &str, run: impl Fn(u64) -> Vec<&'static str>) -> usize {
    (0..SEEDS)
        .filter(|seed| run(*seed).contains(&order))
        .count()
}

#[test]
fn each_order_is_kept_whatever_the_delays() {
    use MulticastChoice::{BestEffort, Eager, MajorityAck};
    for over in [BestEffort, Eager, MajorityAck] {
        assert_eq!(
            times("fifo_order", |seed| at_random(seed, false, || fifo(over))),
            0
        );
        for order in ["fifo_order", "causal_order"] {
            assert_eq!(
                times(order, |seed| at_random(seed, false, || waiting(over))),
                0
            );
            assert_eq!(
                times(order, |seed| at_random(seed, false, || past(over))),
                0
            );
        }
    }
    for form in [Form::Ub, Form::Bb, Form::Uub] {
        let violated = times("total_order", |seed| {
            at_random(seed, false, || sequencer(form))
        });
        assert_eq!(violated, 0, "{form:?}");
    }
    assert_eq!(times("total_order", |seed| at_random(seed, false, isis)), 0);
    for order in ORDERS {
        assert_eq!(
            times(order, |seed| at_random(seed, true, lamport)),
            0,
            "{order}"
        );
    }
}

/// The other half of each truth: the order is lost in a large share of the runs if what keeps it is taken away.
#[test]
fn each_order_is_lost_without_what_keeps_it() {
    let best_effort = MulticastChoice::BestEffort;
    let many = 100..=200;
    assert!(many.contains(&times("fifo_order", |seed| at_random(seed, false, basic))));
    assert!(many.contains(&times("causal_order", |seed| at_random(
        seed,
        false,
        || fifo(best_effort)
    ))));
    assert!(
        many.contains(&times("total_order", |seed| at_random(seed, false, || {
            waiting(best_effort)
        })))
    );
    assert!(many.contains(&times("total_order", |seed| at_random(
        seed, false, lamport
    ))));
}

/// Every promise of an ordered multicast has a checker.
#[test]
fn every_promise_can_be_checked() {
    fn all<G: Promises>() {
        for about in G::PROMISED {
            assert!(checker::<u32, G>(about.name, 3).is_some(), "{}", about.name);
        }
    }
    all::<FifoOrder>();
    all::<CausalOrder>();
    all::<TotalOrder>();
}
