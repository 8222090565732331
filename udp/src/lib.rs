//! Real sockets: runs the same node programs as the simulator, over UDP.
//!
//! The engine of `sim-core` interprets what a protocol does, in both worlds. Here is what it stands on in this one: the
//! host's monotonic clock, sockets, an embedded database, and a record of all that came in.

#![forbid(unsafe_code)]

pub mod clock;
pub mod counts;
pub mod drive;
pub mod host;
pub mod keys;
mod outbox;
pub mod peers;
pub mod post;
pub mod recording;
pub mod store;
mod text;
pub mod wire;

pub use host::{Host, Hosted, host};

/// 64 bits that nobody can foresee: the seed of the choices of a real run.
///
/// # Errors
/// If the system has none to give.
pub fn entropy() -> std::io::Result<u64> {
    getrandom::u64().map_err(std::io::Error::other)
}
