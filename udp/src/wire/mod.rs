//! What is in a datagram: letters of the processes, packed, split and sealed.
//!
//! The format, version 1: a header of 4 bytes (magic `0x6D`, version, flags, a reserved zero), one or more frames in
//! postcard's encoding, and a tag of 16 bytes over all that stands before it. A frame is a whole letter or a part of one.
//! A datagram is never longer than [`DATAGRAM_MAX`], so no path that carries IPv6 cuts it up.
//!
//! Underneath is a fair-loss network, and this module stays one: nothing is acknowledged or repeated, a letter may be
//! lost, come twice or out of order. It never comes changed, for the tag covers all of it, and a split letter comes
//! whole or not at all. No socket and no clock: who calls says what time it is.

mod bounds;
mod cluster;
mod counts;
mod fragments;
mod frame;
mod letter;
mod opener;
mod packer;
#[cfg(test)]
mod tests;

pub use bounds::Bounds;
pub use cluster::{Cluster, TAG_LEN, Tag};
pub use counts::Counts;
pub use letter::{Letter, To};
pub use opener::{Opener, Refusal};
pub use packer::{Packer, TooLarge};

/// The longest datagram, in bytes of UDP payload.
pub const DATAGRAM_MAX: usize = 1_200;

/// The shortest datagram that can hold anything: a header, a byte, a tag.
pub const DATAGRAM_MIN: usize = HEADER.len() + 1 + TAG_LEN;

/// The largest number of frames in a datagram.
pub const FRAMES_MAX: usize = 64;

/// The shortest part of a letter, but for its last one: so a letter is not cut into more pieces than it is worth.
pub const PART_MIN: usize = 512;

/// Magic, version, flags and a reserved byte.
///
/// The magic is outside the ranges of first bytes that STUN, DTLS, TURN and RTP share a socket with (RFC 9443).
const HEADER: [u8; 4] = [0x6D, 1, 0, 0];
