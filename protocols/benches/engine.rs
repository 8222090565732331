//! The engine beside a bare event loop on equal work, in one run: read the ratio, not the figure.
//!
//! `cargo bench -p stormglass-protocols` runs two loads. *Hold*: 1,000 processes, 1,000 messages in flight, each
//! forwarded to a random process. *Eager*: one eager multicast among N processes, N(N−1) messages. The bare loop is the
//! same queue, the same keyed draws and a fingerprint, and nothing else: no protocol, no network model, no counters.

use std::fmt;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use protocols::link::Assumed;
use protocols::multicast::{Basic, Cast, Eager, Originator, Relaying};
use serde::{Deserialize, Serialize};
use sim_core::kernel::canonical::Fold;
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::{Delay, Draws, Key, Purpose, Sampler};
use sim_core::sim::{Entry, Queue, Setup, Sim};

fn main() {
    divan::main();
}

const NODES: u32 = 1_000;
const HOPS: u32 = 1_000;

fn uniform() -> Sampler {
    let delay = Delay::Uniform {
        min: Span::from_millis(1),
        max: Span::from_millis(10),
    };
    delay.sampler().expect("a law of delay")
}

/// A message that is forwarded to a random process, so many times.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Forward;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Left(u32);

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hops left", self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Start;

impl Port for Start {
    type Request = Left;
    type Indication = Never;
}

impl Protocol for Forward {
    type Offers = Start;
    type Needs = Net<Left>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        if let Event::Request(left) | Event::Indication(Arrival { msg: left, .. }) = event {
            if left.0 > 0 {
                let to = fx.pick("next", NODES);
                fx.send(NodeId(to), Left(left.0 - 1));
            }
        }
    }
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn hold_stormglass(bencher: Bencher) {
    bencher.counter(ItemsCount::new(NODES * HOPS)).bench(|| {
        let mut setup = Setup::new(NODES, 1);
        setup.network.law.latency = uniform();
        setup.limits.events = u64::MAX;
        setup.limits.at = Span::MAX;
        let mut sim = Sim::new(setup, |_| Forward);
        for node in 0..NODES {
            sim.request(Span::ZERO, NodeId(node), Left(HOPS));
        }
        sim.run().fingerprint
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn hold_bare(bencher: Bencher) {
    bencher.counter(ItemsCount::new(NODES * HOPS)).bench(|| {
        let (next, delay) = (Key::new(1, Purpose::Choice), Key::new(1, Purpose::Delay));
        let (mut queue, mut fold, mut made) =
            (Queue::new(), Fold::default(), vec![0_u64; NODES as usize]);
        let latency = uniform();
        for node in 0..NODES {
            queue.push(Entry {
                at: 0,
                node,
                handle: HOPS,
            });
        }
        while let Some(Entry { at, node, handle }) = queue.pop() {
            fold.word(at ^ u64::from(node) << 40);
            if handle > 0 {
                let ordinal = &mut made[node as usize];
                let to = next
                    .at(u64::from(node), *ordinal)
                    .below(0, u64::from(NODES));
                let to = u32::try_from(to).expect("below NODES");
                let after = latency.sample(delay.at(u64::from(node), *ordinal), to);
                *ordinal += 1;
                queue.push(Entry {
                    at: at + after.as_nanos(),
                    node: to,
                    handle: handle - 1,
                });
            }
        }
        fold.digest()
    });
}

#[divan::bench(args = [1_000, 2_000], sample_count = 3, sample_size = 1)]
fn eager_stormglass(bencher: Bencher, nodes: u32) {
    bencher
        .counter(ItemsCount::new(nodes * (nodes - 1)))
        .bench(|| {
            let mut setup = Setup::new(nodes, 1);
            setup.network.law.latency = uniform();
            setup.limits.events = u64::MAX;
            let mut sim = Sim::new(setup, |_| {
                Eager::<u32>::new(Originator::AtOnce, Relaying::On)
                    .over(Basic::<_, Perfect>::new())
                    .over(Assumed::new())
            });
            sim.request(Span::ZERO, NodeId(0), Cast(7));
            let outcome = sim.run();
            assert_eq!(
                outcome.counters.messages,
                u64::from(nodes) * u64::from(nodes - 1)
            );
            outcome.fingerprint
        });
}

#[divan::bench(args = [1_000, 2_000], sample_count = 3, sample_size = 1)]
fn eager_bare(bencher: Bencher, nodes: u32) {
    bencher
        .counter(ItemsCount::new(nodes * (nodes - 1)))
        .bench(|| {
            let key = Key::new(1, Purpose::Delay);
            let (mut queue, mut fold, mut seen) =
                (Queue::new(), Fold::default(), vec![false; nodes as usize]);
            let latency = uniform();
            let cast = |queue: &mut Queue, from: u32, at: u64| {
                let draws: Draws = key.at(u64::from(from), 0);
                for to in (0..nodes).filter(|to| *to != from) {
                    queue.push(Entry {
                        at: at + latency.sample(draws, to).as_nanos(),
                        node: to,
                        handle: 0,
                    });
                }
            };
            seen[0] = true;
            cast(&mut queue, 0, 0);
            while let Some(Entry { at, node, .. }) = queue.pop() {
                fold.word(at ^ u64::from(node) << 40);
                if !std::mem::replace(&mut seen[node as usize], true) {
                    cast(&mut queue, node, at);
                }
            }
            black_box(fold.digest())
        });
}
