//! `Data`: what an epidemic spreads. Every gossip puts its update on the wire under this one name, so that traffic can be
//! counted: the kinds of all else (requests, digests, feedback) are different.

pub use crate::multicast::Stamped as Data;
