//! Randomness that stays put: every draw is a pure function of (seed, purpose, who, ordinal, lane).
//!
//! No generator is stepped, so nothing that is added to or removed from a run moves any other draw.
//!
//! ```text
//! seed ──ChaCha8──▶ Key (one per purpose) ──at(who, ordinal)──▶ Draws ──word(lane)──▶ u64
//!                                                                 └─ below, chance, unit, Sampler
//! ```
//!
//! [`Key`] and [`Draws`] say the formula, [`Probability`] is an exact threshold, [`Delay`] the law of
//! a message's delay. [`detmath`] has the only logarithm and exponential that may touch a trace.
//! All of it is part of the model: changing one bit of one draw is a bump of `model_version`.

mod delay;
pub mod detmath;
mod keyed;
mod normal;
mod probability;
#[cfg(test)]
mod statistics;
mod within;

pub use delay::{Delay, DelayError, Sampler};
pub use keyed::{Draws, Key, Purpose};
pub use normal::normal_quantile;
pub use probability::{Probability, ProbabilityError};
pub use within::Within;
