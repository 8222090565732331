//! Multicast to the whole group: the broadcasts of CGR ch. 3.
//!
//! All multicasts share one port shape, [`Cast`] and [`Deliver`], so that one workload drives every one of them; the
//! guarantee is in the type, and a stronger one adds its properties to those of the weaker.

mod basic;
mod byzantine;
mod eager;
mod port;
pub mod property;

pub use basic::Basic;
pub use byzantine::{
    Amplification, AuthenticatedEcho, DoubleEcho, DoubleEchoMessage, EchoMessage, Quorums, Signed,
    SignedEcho, SignedEchoMessage,
};
pub use eager::{Eager, Originator, Relaying, Stamped};
pub use port::{
    BestEffort, ByzantineReliable, Cast, CausalOrder, Consistent, Deliver, FifoOrder, Multicast,
    Probabilistic, Reliable, TotalOrder, Uniform,
};
