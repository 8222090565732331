//! Multicast to the whole group: the broadcasts of CGR ch. 3.
//!
//! All multicasts share one port shape, [`Cast`] and [`Deliver`], so that one workload drives every one of them; the
//! guarantee is in the type, and a stronger one adds its properties to those of the weaker.

mod all_ack;
mod awaited;
mod basic;
mod chosen;
mod eager;
mod lazy;
mod majority_ack;
mod port;
pub mod property;

pub use all_ack::AllAck;
pub use basic::Basic;
pub use chosen::{AnyCopy, Chosen, MulticastChoice};
pub use eager::{Eager, Originator, Relaying, Stamped};
pub use lazy::Lazy;
pub use majority_ack::MajorityAck;
pub use port::{
    BestEffort, ByzantineReliable, Cast, CausalOrder, Consistent, Deliver, FifoOrder, Multicast,
    Probabilistic, Reliable, TotalOrder, Uniform,
};
