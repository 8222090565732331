//! Protocols of the literature as layers, and the properties that judge them.
//!
//! A layer is a plain value that implements [`Protocol`](sim_core::kernel::protocol::Protocol); its file opens with
//! what it does, where it is published, what it needs, offers and costs, and where it fails. Properties belong to
//! ports, so that one checker judges every implementation. Nothing here knows a driver: the crate is `no_std`.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod byzantine;
pub mod clock;
pub mod detector;
pub mod gossip;
pub mod lease;
pub mod link;
pub mod multicast;
pub mod order;
pub mod register;
pub mod rpc;
mod seen;
pub mod signature;
