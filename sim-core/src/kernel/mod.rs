//! The kernel: all that an author of protocols needs, and nothing of the simulator.
//!
//! Read [`protocol`] first, then [`port`] and [`stack`], then one layer in the `protocols` crate. The kernel never
//! imports the engine.

pub mod beside;
pub mod canonical;
pub mod disk;
pub mod distribution;
pub mod either;
pub mod env;
pub mod id;
pub mod kinds;
pub mod overlay;
pub mod port;
pub mod property;
pub mod protocol;
pub mod random;
pub mod receivers;
pub mod rig;
pub mod roles;
pub mod stack;
pub mod summary;
pub mod text;
pub mod time;
pub mod wire;

/// What a protocol file imports.
pub mod prelude {
    pub use super::beside::Beside;
    pub use super::disk::{Boot, Disk};
    pub use super::either::{Either, Never};
    pub use super::id::{MsgId, NodeId};
    pub use super::port::{
        Arrival, AtLeast, Authentic, FairLoss, Fifo, Group, Guarantee, Ind, Link, Logged, Net,
        Payload, Perfect, Port, Req, Silent, Stubborn, Transmit,
    };
    pub use super::protocol::{Effect, Effects, Event, Node, Protocol};
    pub use super::random::Probability;
    pub use super::roles::EitherPort;
    pub use super::stack::Stack;
    pub use super::time::{LocalTime, Span};
}
