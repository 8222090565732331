//! Multicast to the whole group: the broadcasts of CGR ch. 3.
//!
//! All multicasts share one port shape, [`Cast`] and [`Deliver`], so that one workload drives every one of them; the
//! guarantee is in the type, and a stronger one adds its properties to those of the weaker.
//!
//! # What does not fit does not compile
//!
//! A layer names what it needs, and a stack of layers is right by its types:
//!
//! ```
//! use protocols::detector::ExcludeOnTimeout;
//! use protocols::link::Assumed;
//! use protocols::multicast::{AllAck, Basic, MajorityAck};
//! use sim_core::kernel::prelude::*;
//!
//! fn node(_: impl Node) {}
//!
//! node(MajorityAck::<u8, _>::new().over(Basic::new()).over(Assumed::<_, Perfect>::new()));
//! let detector = ExcludeOnTimeout::every(Span::from_secs(1));
//! node(AllAck::<u8, _>::new().over(Basic::new().beside(detector)).over(Assumed::<_, Perfect>::new()));
//! ```
//!
//! A relaying broadcast stands on a broadcast, not on a link:
//!
//! ```compile_fail,E0271
//! use protocols::link::Assumed;
//! use protocols::multicast::{BestEffort, MajorityAck};
//! use sim_core::kernel::prelude::*;
//!
//! let stack = MajorityAck::<u8, BestEffort>::new().over(Assumed::<_, Perfect>::new());
//! ```
//!
//! A broadcast over perfect links does not stand on fair-loss ones:
//!
//! ```compile_fail,E0277
//! use protocols::multicast::Basic;
//! use sim_core::kernel::prelude::*;
//!
//! fn node(_: impl Node) {}
//!
//! node(Basic::<u8, FairLoss>::new());
//! ```
//!
//! Whoever waits for all who live needs somebody who says who lives:
//!
//! ```compile_fail,E0271
//! use protocols::multicast::{AllAck, Basic, BestEffort};
//! use sim_core::kernel::prelude::*;
//!
//! let stack = AllAck::<u8, BestEffort>::new().over(Basic::<_, Perfect>::new());
//! ```
//!
//! … and somebody who is never wrong:
//!
//! ```compile_fail,E0271
//! use protocols::detector::{Detector, EventuallyAccurate};
//! use protocols::multicast::{AllAck, Basic, BestEffort};
//! use sim_core::kernel::prelude::*;
//!
//! fn beside<D>(detector: D)
//! where
//!     D: Protocol<Offers = Detector<EventuallyAccurate>, Needs = Link<u8, Perfect>>,
//! {
//!     let stack = AllAck::<u8, BestEffort>::new().over(Basic::new().beside(detector));
//! }
//! ```

mod all_ack;
mod awaited;
mod basic;
mod chosen;
mod eager;
pub mod ip;
mod lazy;
mod majority_ack;
mod port;
pub mod property;

pub use all_ack::AllAck;
pub use basic::Basic;
pub use chosen::{AnyCopy, Chosen, MulticastChoice};
pub use eager::{Eager, Originator, Relaying, Stamped};
pub use ip::IpMulticast;
pub use lazy::Lazy;
pub use majority_ack::MajorityAck;
pub use port::{
    BestEffort, ByzantineReliable, Cast, CausalOrder, Consistent, Deliver, FifoOrder, Multicast,
    Probabilistic, Reliable, TotalOrder, Uniform,
};
