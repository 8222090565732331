//! The loads on Stormglass, through its public interface: no trace, and properties only if they are asked for; everything
//! else as always.

use std::fmt;

use protocols::gossip::{Fanout, Push};
use protocols::link::Assumed;
use protocols::multicast::property::{Promises, checker};
use protocols::multicast::{Basic, Cast, Eager, Multicast, Originator, Relaying};
use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::{Delay, Sampler};
use sim_core::sim::{Setup, Sim};

use crate::measure::{Sample, Told, measure};
use crate::random::Exponential;
use crate::workload::Load;

/// Bytes of what a node of the gossip load is, besides what the engine keeps of it.
pub const GOSSIP_NODE: usize = size_of::<Push<u32>>();

pub fn run(load: Load, watched: bool) -> Sample {
    match load {
        Load::PingPong { deliveries } => {
            let mut setup = setup(2, ms(1, 1));
            setup.limits.events = 2 * deliveries;
            let program = |_| Forward {
                nodes: 2,
                start: 1,
                only: Some(NodeId(0)),
            };
            measure(|| Sim::new(setup, program), |mut sim| finish(&mut sim))
        }
        Load::Hold {
            nodes,
            in_flight,
            deliveries,
        } => {
            let law = Exponential::new();
            let delays = law.quantiles().iter().map(|ns| Span::from_nanos(*ns));
            let law = Delay::Empirical(delays.collect());
            let mut setup = setup(nodes, law);
            setup.limits.events = 2 * deliveries + u64::from(in_flight);
            let program = |_| Forward {
                nodes,
                start: in_flight / nodes,
                only: None,
            };
            measure(|| Sim::new(setup, program), |mut sim| finish(&mut sim))
        }
        Load::Eager { nodes } => {
            let program = |_| {
                Eager::<u32>::new(Originator::AtOnce, Relaying::On)
                    .over(Basic::<_, Perfect>::new())
                    .over(Assumed::new())
            };
            let build = || Sim::new(setup(nodes, ms(1, 10)), program);
            measure(build, |mut sim| {
                if watched {
                    watch(&mut sim, nodes);
                }
                sim.request(Span::ZERO, NodeId(0), Cast(7));
                finish(&mut sim)
            })
        }
        Load::Gossip { nodes } => {
            let program = |_| Push::<u32>::new(Fanout::Fixed(3));
            let build = || Sim::new(setup(nodes, ms(1, 10)), program);
            measure(build, |mut sim| {
                if watched {
                    watch(&mut sim, nodes);
                }
                sim.request(Span::ZERO, NodeId(0), Cast(7));
                finish(&mut sim)
            })
        }
    }
}

/// Attaches the properties that the port of the protocol promises.
fn watch<P, G>(sim: &mut Sim<'_, P>, nodes: u32)
where
    P: Node<Offers = Multicast<u32, G>>,
    G: Promises,
{
    for about in G::PROMISED {
        let checker = checker(about.name, nodes).expect("a promise has a checker");
        sim.watch(checker, Span::MAX);
    }
}

fn ms(min: u64, max: u64) -> Delay {
    let (min, max) = (Span::from_millis(min), Span::from_millis(max));
    Delay::Uniform { min, max }
}

pub fn setup(nodes: u32, latency: Delay) -> Setup {
    let latency: Sampler = latency.sampler().expect("a law of delay");
    let mut setup = Setup::new(nodes, 1);
    setup.network.law.latency = latency;
    setup.limits.events = u64::MAX;
    setup.limits.memory = u64::MAX;
    setup.limits.at = Span::MAX;
    setup
}

fn finish<P: Node>(sim: &mut Sim<'_, P>) -> Told {
    let outcome = sim.run();
    Told {
        deliveries: outcome.counters.received,
        pending_max: outcome.counters.pending_max,
        fingerprint: outcome.fingerprint,
    }
}

/// Forwards what it receives to a random node. So many messages are its own to begin with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Forward {
    pub nodes: u32,
    pub start: u32,
    /// Nobody else starts.
    pub only: Option<NodeId>,
}

/// How often the message has been forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hops(u32);

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
        match event {
            Event::Boot(_) => {
                let me = fx.me();
                if self.only.is_none_or(|only| only == me) {
                    for _ in 0..self.start {
                        self.forward(Hops(0), fx);
                    }
                }
            }
            Event::Indication(Arrival { msg: Hops(n), .. }) => {
                self.forward(Hops(n.wrapping_add(1)), fx);
            }
            Event::Request(never) => match never {},
            Event::Timer(never) => match never {},
        }
    }
}

impl Forward {
    fn forward(&self, hops: Hops, fx: &mut impl Effects<Self>) {
        // To another one always: a message to itself would not be the network's business.
        let me = fx.me().0;
        let place = if self.nodes == 2 {
            0
        } else {
            fx.pick("next", self.nodes - 1)
        };
        fx.send(NodeId(place + u32::from(place >= me)), hops);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the engine does may become quicker, not different.
    #[test]
    fn fingerprints_stay() {
        let hold = |in_flight, deliveries| Load::Hold {
            nodes: 1_000,
            in_flight,
            deliveries,
        };
        for (load, expected) in [
            (Load::PingPong { deliveries: 1_000 }, 0xb12c_b811_9de4_a1fd),
            (hold(1_000, 50_000), 0x384b_c18d_697a_226b),
            (hold(100_000, 200_000), 0xbf57_0113_d8bb_1597),
            (Load::Eager { nodes: 300 }, 0xe92e_1a65_2e1e_1997),
            (Load::Gossip { nodes: 20_000 }, 0xcdd1_93e8_703b_9500),
        ] {
            let sample = run(load, false);
            assert_eq!(
                sample.fingerprint, expected,
                "{load:?}: {:#018x}, {} deliveries",
                sample.fingerprint, sample.deliveries
            );
        }
    }
}
