//! The four workloads, and the sizes in which they are run.

use serde::{Deserialize, Serialize};

/// What is to be done, whoever does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Load {
    /// Two nodes, one message, a constant delay of 1 ms.
    PingPong { deliveries: u64 },
    /// Each message is forwarded to a random node; nearly exponential delay of mean 5 ms. So many are in flight all the time.
    Hold {
        nodes: u32,
        in_flight: u32,
        deliveries: u64,
    },
    /// One eager reliable multicast: N(N-1) messages, uniform delay of 1 to 10 ms.
    Eager { nodes: u32 },
    /// One rumour, infect and die with fanout 3, uniform delay of 1 to 10 ms.
    Gossip { nodes: u32 },
}

impl Load {
    pub const fn nodes(self) -> u32 {
        match self {
            Load::PingPong { .. } => 2,
            Load::Hold { nodes, .. } | Load::Eager { nodes } | Load::Gossip { nodes } => nodes,
        }
    }
}

/// A load with a name.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// As the command line and the table call it.
    pub name: &'static str,
    /// In words.
    pub about: &'static str,
    pub load: Load,
    /// The same in a run that is to be quick; none if it is left out there.
    pub quick: Option<Load>,
}

const fn hold(in_flight: u32, deliveries: u64) -> Load {
    Load::Hold {
        nodes: 1_000,
        in_flight,
        deliveries,
    }
}

pub const ALL: [Workload; 9] = [
    Workload {
        name: "W1",
        about: "ping-pong, N = 2",
        load: Load::PingPong {
            deliveries: 2_000_000,
        },
        quick: Some(Load::PingPong {
            deliveries: 500_000,
        }),
    },
    Workload {
        name: "W2",
        about: "hold, N = 1,000, 10^3 in flight",
        load: hold(1_000, 2_000_000),
        quick: Some(hold(1_000, 500_000)),
    },
    Workload {
        name: "W2-1e5",
        about: "hold, N = 1,000, 10^5 in flight",
        load: hold(100_000, 2_000_000),
        quick: Some(hold(100_000, 500_000)),
    },
    Workload {
        name: "W2-1e6",
        about: "hold, N = 1,000, 10^6 in flight",
        load: hold(1_000_000, 4_000_000),
        quick: None,
    },
    Workload {
        name: "W2-1e7",
        about: "hold, N = 1,000, 10^7 in flight",
        load: hold(10_000_000, 20_000_000),
        quick: None,
    },
    Workload {
        name: "W3",
        about: "eager multicast, N = 1,000",
        load: Load::Eager { nodes: 1_000 },
        quick: Some(Load::Eager { nodes: 500 }),
    },
    Workload {
        name: "W3-1e4",
        about: "eager multicast, N = 10,000",
        load: Load::Eager { nodes: 10_000 },
        quick: None,
    },
    Workload {
        name: "W4-1e5",
        about: "push gossip, N = 10^5",
        load: Load::Gossip { nodes: 100_000 },
        quick: Some(Load::Gossip { nodes: 100_000 }),
    },
    Workload {
        name: "W4-1e6",
        about: "push gossip, N = 10^6",
        load: Load::Gossip { nodes: 1_000_000 },
        quick: None,
    },
];
