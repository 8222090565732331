//! Message counts against the formulas of the literature, exactly.

use protocols::link::Assumed;
use protocols::multicast::{Basic, Cast, Eager, Originator, Relaying};
use sim_core::kernel::port::Req;
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{Outcome, Setup, Sim};

/// Laws of delay of every kind, drawn from the seed.
fn delay(seed: u64) -> Delay {
    let ms = Span::from_millis;
    match seed % 6 {
        0 => Delay::Fixed(ms(seed)),
        1 => Delay::Uniform {
            min: Span::ZERO,
            max: ms(seed),
        },
        2 => Delay::Exponential {
            mean: ms(seed),
            min: Span::ZERO,
            max: None,
        },
        3 => Delay::Normal {
            mean: ms(seed),
            sd: ms(1),
            min: Span::ZERO,
            max: None,
        },
        4 => Delay::LogNormal {
            median: ms(seed),
            p99: ms(4 * seed),
            min: Span::ZERO,
            max: None,
        },
        _ => Delay::Pareto {
            scale: ms(seed),
            shape_ppm: 1_500_000,
            max: Some(ms(1_000 * seed)),
        },
    }
}

fn one_cast<P: Node>(nodes: u32, seed: u64, delay: &Delay, program: impl Fn() -> P) -> Outcome
where
    P::Offers: Port<Request = Cast<u8>>,
{
    let mut setup = Setup::new(nodes, seed);
    setup.network.law.latency = delay.sampler().expect("a law of delay");
    let mut sim = Sim::new(setup, |_| program());
    let caster = NodeId(u32::try_from(seed).expect("small") % nodes);
    let request: Req<P::Offers> = Cast(7);
    sim.request(Span::ZERO, caster, request);
    sim.run()
}

fn basic() -> impl Node<Offers: Port<Request = Cast<u8>>> {
    Basic::<u8, Perfect>::new().over(Assumed::new())
}

fn eager(originator: Originator) -> impl Node<Offers: Port<Request = Cast<u8>>> {
    Eager::new(originator, Relaying::On)
        .over(Basic::<_, Perfect>::new())
        .over(Assumed::new())
}

/// Failure-free costs as published: net messages and messages with those to oneself, for any delays.
#[test]
fn a_cast_costs_what_the_table_says() {
    for n in [3, 5, 10, 100] {
        let nodes = u32::try_from(n).expect("small");
        for seed in 1..=100 {
            let count = |outcome: Outcome| {
                assert_eq!(outcome.counters.indications, n, "everybody delivers once");
                (
                    outcome.counters.messages,
                    outcome.counters.messages_with_self,
                )
            };
            let law = delay(seed);
            assert_eq!(
                count(one_cast(nodes, seed, &law, basic)),
                (n - 1, n),
                "best effort, n={n} seed={seed}"
            );
            let at_once = one_cast(nodes, seed, &law, || eager(Originator::AtOnce));
            assert_eq!(
                count(at_once),
                (n * (n - 1), n * n),
                "eager, n={n} seed={seed}"
            );
            let literal = one_cast(nodes, seed, &law, || eager(Originator::Literal));
            assert_eq!(
                count(literal),
                (n * n - 1, n * (n + 1)),
                "eager as published, n={n} seed={seed}"
            );
        }
    }
}

/// Steps: on a network where every message takes one unit of time, the last delivery comes after one.
#[test]
fn a_cast_takes_one_step() {
    let unit = Delay::Fixed(Span::from_millis(1));
    for n in [2, 3, 10] {
        assert_eq!(one_cast(n, 0, &unit, basic).counters.depth, 1);
        for originator in [Originator::AtOnce, Originator::Literal] {
            assert_eq!(
                one_cast(n, 0, &unit, || eager(originator)).counters.depth,
                1
            );
        }
    }
}
