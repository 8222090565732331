//! Where as many messages are in flight all the time, a run allocates nothing, however long it is.

use std::alloc::System;
use std::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{Setup, Sim};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const NODES: u32 = 1_000;

/// Sends a message when it boots, and forwards what it receives to a random process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Forward;

/// How often it was forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Hops(u32);

impl fmt::Display for Hops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hops{{{}}}", self.0)
    }
}

impl Protocol for Forward {
    type Offers = Silent;
    type Needs = Net<Hops>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        let hops = match event {
            Event::Boot(_) => 0,
            Event::Indication(Arrival { msg, .. }) => msg.0 + 1,
            Event::Request(never) => match never {},
            Event::Timer(never) => match never {},
        };
        let to = fx.pick("next", NODES);
        fx.send(NodeId(to), Hops(hops));
    }
}

/// Allocations of a run of so many events: the fewest of some runs, as whoever runs the tests allocates now and then too.
fn allocations(events: u64) -> usize {
    (0..5).map(|_| counted(events)).min().unwrap_or_default()
}

/// Allocations of the whole process during a run.
fn counted(events: u64) -> usize {
    let mut setup = Setup::new(NODES, 1);
    let law = Delay::Exponential {
        mean: Span::from_millis(5),
        min: Span::ZERO,
        max: None,
    };
    setup.network.law.latency = law.sampler().expect("a law of delay");
    setup.limits.events = events;
    let mut sim = Sim::new(setup, |_| Forward);
    let region = Region::new(COUNTING);
    assert_eq!(sim.run().events, events);
    let change = region.change();
    change.allocations + change.reallocations
}

#[test]
fn a_longer_run_allocates_no_more() {
    assert_eq!(allocations(2_000_000), allocations(200_000));
}
