//! The kernel.

pub mod id;
pub mod time;
