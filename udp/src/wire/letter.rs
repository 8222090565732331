//! A message on its way from one process to another, or to several.

use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::{SimTime, Span};

/// A message on its way: its bytes, and what the receiver's engine wants to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Who sent it.
    pub from: NodeId,
    /// Whom it is for.
    pub to: To,
    /// Which life of its sender's process sent it.
    pub incarnation: u32,
    /// Its number among the messages of its sender: with sender, receiver and incarnation, its name.
    pub number: u64,
    /// The event of the send, at its sender.
    pub event: u64,
    /// How many messages, one causing the next, led to it.
    pub depth: u32,
    /// When it was sent, by the sender's clock.
    pub sent: SimTime,
    /// How long the receiver keeps it before it arrives: the scenario's network.
    pub delay: Span,
    /// The message, encoded.
    pub body: Vec<u8>,
}

/// Whom a letter is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    /// One process.
    One(NodeId),
    /// Several, each once and in ascending order, at least one: one multicast datagram reaches them all.
    Many(Vec<NodeId>),
}
