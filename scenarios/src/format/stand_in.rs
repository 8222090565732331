//! Stand-ins for what the kernel's randomness will offer.

use sim_core::kernel::time::Span;

/// A probability as an exact threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probability(pub u64);

impl Probability {
    /// Never.
    pub const ZERO: Probability = Probability(0);
}

/// The law of a message's delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    /// Always the same.
    Fixed(Span),
}
