//! Who is measured.

use clap::ValueEnum;
use serde::Serialize;
use sim_core::sim::Queue;

use crate::bare::{self, Heap};
use crate::measure::Sample;
#[cfg(feature = "peers")]
use crate::peers;
use crate::stormglass;
use crate::wheel::Wheel;
use crate::workload::Load;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
pub enum Subject {
    Stormglass,
    /// Stormglass while properties judge the run.
    Watched,
    /// A bare loop on a wheel of its own.
    BareWheel,
    /// A bare loop on the queue of Stormglass.
    BareQueue,
    /// A bare loop on the heap of the standard library.
    BareHeap,
    #[cfg(feature = "peers")]
    Simcore,
    #[cfg(feature = "peers")]
    Desru,
    #[cfg(feature = "peers")]
    Nexosim,
    #[cfg(feature = "peers")]
    Anysystem,
}

impl Subject {
    pub const ALL: &[Subject] = &[
        Subject::Stormglass,
        Subject::Watched,
        Subject::BareWheel,
        Subject::BareQueue,
        Subject::BareHeap,
        #[cfg(feature = "peers")]
        Subject::Simcore,
        #[cfg(feature = "peers")]
        Subject::Desru,
        #[cfg(feature = "peers")]
        Subject::Nexosim,
        #[cfg(feature = "peers")]
        Subject::Anysystem,
    ];

    /// The bare loops to compare with: the quicker of them counts.
    pub const BARE: [Subject; 2] = [Subject::BareWheel, Subject::BareQueue];

    pub const fn name(self) -> &'static str {
        match self {
            Subject::Stormglass => "stormglass",
            Subject::Watched => "watched",
            Subject::BareWheel => "bare-wheel",
            Subject::BareQueue => "bare-queue",
            Subject::BareHeap => "bare-heap",
            #[cfg(feature = "peers")]
            Subject::Simcore => "simcore",
            #[cfg(feature = "peers")]
            Subject::Desru => "desru",
            #[cfg(feature = "peers")]
            Subject::Nexosim => "nexosim",
            #[cfg(feature = "peers")]
            Subject::Anysystem => "anysystem",
        }
    }

    /// Is it done in some seconds and gigabytes?
    pub const fn takes(self, load: Load) -> bool {
        // Deliveries in millions, pending entries in millions and nodes in thousands, all at most.
        #[cfg_attr(not(feature = "peers"), expect(unused_variables))]
        let (deliveries, pending, nodes) = match load {
            Load::PingPong { deliveries } => (deliveries / 1_000_000, 0, 0),
            Load::Hold {
                in_flight,
                deliveries,
                ..
            } => (deliveries / 1_000_000, in_flight / 1_000_000, 1),
            Load::Eager { nodes } => (nodes as u64 * nodes as u64 / 1_000_000, 1, nodes / 1_000),
            Load::Gossip { nodes } => (3, 1, nodes / 1_000),
        };
        match self {
            Subject::BareWheel | Subject::BareQueue => true,
            Subject::Stormglass => pending < 10,
            // Nobody can say anything about messages that are only passed on.
            Subject::Watched => {
                matches!(load, Load::Eager { nodes: ..10_000 } | Load::Gossip { .. })
            }
            Subject::BareHeap => deliveries < 20,
            #[cfg(feature = "peers")]
            Subject::Simcore | Subject::Desru => deliveries < 20,
            #[cfg(feature = "peers")]
            Subject::Nexosim => deliveries < 4 && nodes < 1_000,
            #[cfg(feature = "peers")]
            Subject::Anysystem => deliveries < 3 && nodes < 100,
        }
    }

    pub fn run(self, load: Load) -> Sample {
        match self {
            Subject::Stormglass => stormglass::run(load, false),
            Subject::Watched => stormglass::run(load, true),
            Subject::BareWheel => bare::run::<Wheel>(load),
            Subject::BareQueue => bare::run::<Queue>(load),
            Subject::BareHeap => bare::run::<Heap>(load),
            #[cfg(feature = "peers")]
            Subject::Simcore => peers::simcore::run(load),
            #[cfg(feature = "peers")]
            Subject::Desru => peers::desru::run(load),
            #[cfg(feature = "peers")]
            Subject::Nexosim => peers::nexosim::run(load),
            #[cfg(feature = "peers")]
            Subject::Anysystem => peers::anysystem::run(load),
        }
    }
}
