//! The kernel.

pub mod id;
pub mod random;
pub mod time;
