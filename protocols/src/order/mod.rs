//! Ordered multicast (CGR ch. 3.9, 6.1): in the order of each caster, of causes, or one for all.
//!
//! An order is a layer of its own over a multicast, or over one beside a link; what that multicast is, is a choice. The
//! properties that judge the orders are with those of the other [multicasts](crate::multicast::property).

mod causal_past;
mod causal_waiting;
mod fifo;
mod isis;
mod lamport;
mod sequencer;

pub use causal_past::{CausalPast, WithPast};
pub use causal_waiting::{CausalWaiting, Vectored};
pub use fifo::{FifoBySequence, Sequenced};
pub use isis::{Isis, IsisMessage, Priority, Proposal};
pub use lamport::{LamportOrder, Timestamped};
pub use sequencer::{FixedSequencer, Form, Numbering, Request};
