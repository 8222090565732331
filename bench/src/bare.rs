//! The bare loops: a priority queue, time in u64 nanoseconds, a seeded generator, a fingerprint, and nothing else. No
//! protocol, no layers, no network model, no counters, no faults. What is lost to them is what an interface costs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use sim_core::sim::{Entry, Queue};

use crate::measure::{Sample, Told, measure};
use crate::random::{Exponential, Random};
use crate::wheel::Wheel;
use crate::workload::Load;

/// A priority queue of entries of 16 bytes. Equal times pop in the order in which they were pushed.
pub trait Pending: Default {
    fn push(&mut self, entry: Entry);
    fn pop(&mut self) -> Option<Entry>;
    fn len(&self) -> usize;
}

/// The queue of Stormglass itself.
impl Pending for Queue {
    #[inline]
    fn push(&mut self, entry: Entry) {
        Queue::push(self, entry);
    }

    #[inline]
    fn pop(&mut self) -> Option<Entry> {
        Queue::pop(self)
    }

    fn len(&self) -> usize {
        Queue::len(self)
    }
}

/// The same design written a second time, in its simplest form: so the reference does not slow down with the engine.
impl Pending for Wheel {
    #[inline]
    fn push(&mut self, entry: Entry) {
        Wheel::push(self, entry);
    }

    #[inline]
    fn pop(&mut self) -> Option<Entry> {
        Wheel::pop(self)
    }

    fn len(&self) -> usize {
        Wheel::len(self)
    }
}

/// What the standard library has. A sequence number makes it stable.
#[derive(Default)]
pub struct Heap {
    heap: BinaryHeap<Reverse<(u64, u64, u32, u32)>>,
    pushed: u64,
}

impl Pending for Heap {
    #[inline]
    fn push(&mut self, Entry { at, node, handle }: Entry) {
        self.heap.push(Reverse((at, self.pushed, node, handle)));
        self.pushed += 1;
    }

    #[inline]
    fn pop(&mut self) -> Option<Entry> {
        let Reverse((at, _, node, handle)) = self.heap.pop()?;
        Some(Entry { at, node, handle })
    }

    fn len(&self) -> usize {
        self.heap.len()
    }
}

pub fn run<Q: Pending>(load: Load) -> Sample {
    match load {
        Load::PingPong { deliveries } => measure(Q::default, |queue| ping_pong(queue, deliveries)),
        Load::Hold {
            nodes,
            in_flight,
            deliveries,
        } => measure(Q::default, |queue| {
            hold(queue, nodes, in_flight, deliveries)
        }),
        Load::Eager { nodes } => {
            let build = || (Q::default(), vec![false; nodes as usize]);
            measure(build, |(queue, seen)| eager(queue, seen))
        }
        Load::Gossip { nodes } => {
            let build = || (Q::default(), vec![false; nodes as usize]);
            measure(build, |(queue, seen)| gossip(queue, seen))
        }
    }
}

/// A rolling fingerprint: a product of 128 bits a delivery, folded, as Stormglass does it.
struct Fingerprint(u64);

impl Fingerprint {
    #[inline]
    fn fold(&mut self, Entry { at, node, handle }: Entry) {
        let word = at ^ (u64::from(node) << 32 | u64::from(handle)).rotate_left(24);
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product as u64 ^ (product >> 64) as u64).wrapping_add(0xd1b5_4a32_d192_ed03);
    }
}

fn ping_pong(mut queue: impl Pending, deliveries: u64) -> Told {
    let mut fingerprint = Fingerprint(1);
    let first = Entry {
        at: 1_000_000,
        node: 1,
        handle: 0,
    };
    queue.push(first);
    let mut delivered = 0;
    while delivered < deliveries
        && let Some(entry) = queue.pop()
    {
        delivered += 1;
        fingerprint.fold(entry);
        queue.push(Entry {
            at: entry.at + 1_000_000,
            node: 1 - entry.node,
            handle: entry.handle + 1,
        });
    }
    Told {
        deliveries: delivered,
        pending_max: 1,
        fingerprint: fingerprint.0,
    }
}

fn hold(mut queue: impl Pending, nodes: u32, in_flight: u32, deliveries: u64) -> Told {
    let (mut random, mut fingerprint) = (Random::new(1), Fingerprint(1));
    let law = Exponential::new();
    for place in 0..in_flight {
        queue.push(Entry {
            at: law.ns(&mut random),
            node: random.other(place % nodes, nodes),
            handle: 0,
        });
    }
    let mut delivered = 0;
    while delivered < deliveries
        && let Some(entry) = queue.pop()
    {
        delivered += 1;
        fingerprint.fold(entry);
        queue.push(Entry {
            at: entry.at + law.ns(&mut random),
            node: random.other(entry.node, nodes),
            handle: entry.handle + 1,
        });
    }
    Told {
        deliveries: delivered,
        pending_max: u64::from(in_flight),
        fingerprint: fingerprint.0,
    }
}

fn eager(mut queue: impl Pending, mut seen: Vec<bool>) -> Told {
    let nodes = u32::try_from(seen.len()).expect("it was made from a u32");
    let (mut random, mut fingerprint) = (Random::new(1), Fingerprint(1));
    let (mut delivered, mut pending_max) = (0, 0);
    seen[0] = true;
    cast(&mut queue, &mut random, nodes, 0, 0);
    while let Some(entry) = queue.pop() {
        delivered += 1;
        fingerprint.fold(entry);
        if !std::mem::replace(&mut seen[entry.node as usize], true) {
            cast(&mut queue, &mut random, nodes, entry.node, entry.at);
            pending_max = pending_max.max(queue.len() as u64);
        }
    }
    Told {
        deliveries: delivered,
        pending_max,
        fingerprint: fingerprint.0,
    }
}

/// To everybody else.
fn cast(queue: &mut impl Pending, random: &mut Random, nodes: u32, from: u32, now: u64) {
    for node in (0..from).chain(from + 1..nodes) {
        queue.push(Entry {
            at: now + random.uniform_ns(),
            node,
            handle: from,
        });
    }
}

fn gossip(mut queue: impl Pending, mut seen: Vec<bool>) -> Told {
    let nodes = u32::try_from(seen.len()).expect("it was made from a u32");
    let (mut random, mut fingerprint) = (Random::new(1), Fingerprint(1));
    let (mut delivered, mut pending_max) = (0, 0);
    seen[0] = true;
    tell(&mut queue, &mut random, nodes, 0, 0);
    while let Some(entry) = queue.pop() {
        delivered += 1;
        fingerprint.fold(entry);
        if !std::mem::replace(&mut seen[entry.node as usize], true) {
            tell(&mut queue, &mut random, nodes, entry.node, entry.at);
            pending_max = pending_max.max(queue.len() as u64);
        }
    }
    Told {
        deliveries: delivered,
        pending_max,
        fingerprint: fingerprint.0,
    }
}

/// To three others.
fn tell(queue: &mut impl Pending, random: &mut Random, nodes: u32, from: u32, now: u64) {
    for node in random.three_others(from, nodes) {
        queue.push(Entry {
            at: now + random.uniform_ns(),
            node,
            handle: from,
        });
    }
}
