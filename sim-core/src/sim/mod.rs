//! The simulator: runs the same node program in every process of a cluster, in virtual time, from a seed.
//!
//! [`Sim`] hosts the nodes; [`Setup`] says what network, faults and limits they live with; [`Outcome`] is what came of
//! it. Read `engine.rs` for the loop, `interpret.rs` for what a handler's effects do, `send.rs` for the fate of a message,
//! `queue.rs` for the order of events.
//!
//! ```
//! use std::fmt;
//! use serde::{Deserialize, Serialize};
//! use sim_core::kernel::prelude::*;
//! use sim_core::sim::{Setup, Sim};
//!
//! /// What the processes send each other.
//! #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
//! enum Message { Ping, Pong }
//!
//! /// The summary that a trace prints.
//! impl fmt::Display for Message {
//!     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         f.write_str(match self { Message::Ping => "Ping", Message::Pong => "Pong" })
//!     }
//! }
//!
//! /// The port on top: ask for a ping of everybody, hear who answered.
//! #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! struct Roll;
//! impl Port for Roll { type Request = u8; type Indication = u32; }
//!
//! /// Calls the roll: pings the others and counts who answers.
//! #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! struct RollCall { present: u32 }
//!
//! impl Protocol for RollCall {
//!     type Offers = Roll;
//!     type Needs = Net<Message>;
//!     type Timer = Never;
//!     type Disk = ();
//!     fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
//!         match event {
//!             Event::Boot(_) => (),
//!             Event::Request(_) => fx.send(Group::Others, Message::Ping),
//!             Event::Indication(Arrival { from, msg: Message::Ping }) => fx.send(from, Message::Pong),
//!             Event::Indication(Arrival { msg: Message::Pong, .. }) => {
//!                 self.present += 1;
//!                 fx.indicate(self.present);
//!             }
//!             Event::Timer(never) => match never {},
//!         }
//!     }
//! }
//!
//! let mut sim = Sim::new(Setup::new(3, 42), |_| RollCall { present: 0 });
//! sim.request(Span::from_millis(1), NodeId(0), 0);
//! let outcome = sim.run();
//! assert_eq!(sim.node(NodeId(0)).present, 2);
//! assert_eq!((outcome.counters.messages, outcome.counters.indications), (4, 2));
//! ```

mod alarms;
mod clock;
mod disk;
mod engine;
mod fault;
mod gauge;
mod host;
mod interpret;
mod jobs;
mod judge;
mod later;
mod live;
mod messages;
mod misconduct;
mod network;
mod numbers;
mod outcome;
mod partition;
mod queue;
mod route;
mod rows;
mod send;
mod setup;
mod strike;
mod timers;
mod work;

pub use engine::Sim;
pub use fault::{Cut, Fault, Flaw, Lasting, Nodes, Strike, Trigger};
pub use gauge::{Doing, Gauge};
pub use live::{Deed, Life, Packet, Part, RealTime, Refused};
pub use network::{Bandwidth, Between, Law, LawNumbers, Loss, Network, Stabilisation};
pub use outcome::{Copies, Counters, Ended, FaultCount, Kinds, MarkCount, Outcome, Verdict};
pub use queue::{Entry, Queue};
pub use setup::{Every, Job, Limits, Repeat, Setup};
