//! Byzantine processes: honest code in the hands of an adversary (CGR 2.2.6, arbitrary faults).
//!
//! [`Byzantine`] stands under an honest protocol and rewrites what it sends. What a message says is altered by its bytes,
//! so no protocol has to lend a hand. To delay messages and to forge their sender is the network's business.

mod alter;
mod behaviour;
mod layer;

pub use behaviour::Behaviour;
pub use layer::Byzantine;
