//! The hot loop allocates nothing per delivered message while nobody watches. A binary of its own, for it counts.

use std::alloc::System;
use std::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{Setup, Sim};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Tells everybody, as often as it is asked to by what it receives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Chatter;

/// So many more rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Rounds(u32);

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rounds{{{}}}", self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Talk;

impl Port for Talk {
    type Request = Rounds;
    type Indication = Rounds;
}

impl Protocol for Chatter {
    type Offers = Talk;
    type Needs = Net<Rounds>;
    type Timer = u8;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(rounds) => fx.send(Group::Others, rounds),
            Event::Indication(Arrival { from, msg }) => {
                if let Some(left) = msg.0.checked_sub(1) {
                    // An answer and a timer: both sides of the queue are at work.
                    fx.send(from, Rounds(left));
                    fx.arm(1, Span::from_millis(1));
                }
            }
            Event::Timer(_) => fx.disarm(1),
        }
    }
}

/// Allocations of a run of so many rounds, and how many messages were received in it.
fn allocations(rounds: u32) -> (usize, u64) {
    let mut setup = Setup::new(16, 1);
    let (min, max) = (Span::from_millis(1), Span::from_millis(9));
    setup.network.law.latency = Delay::Uniform { min, max }.sampler().expect("a law");
    setup.limits.at = Span::from_secs(1_000_000);
    setup.limits.events = u64::MAX;
    let mut sim = Sim::new(setup, |_| Chatter);
    for node in 0..16 {
        sim.request(Span::ZERO, NodeId(node), Rounds(rounds));
    }
    let region = Region::new(COUNTING);
    let received = sim.run().counters.received;
    let change = region.change();
    (change.allocations + change.reallocations, received)
}

#[test]
fn messages_cost_no_allocations() {
    let (few, first) = allocations(100);
    let (many, then) = allocations(2_100);
    let messages = then - first;
    assert_eq!(messages, 16 * 15 * 2_000);
    // What is left are buffers that have to grow once more.
    assert!(
        many.saturating_sub(few) <= 64,
        "{few} allocations, and {many} with {messages} messages more"
    );
}
