//! What a loop has counted: every datagram and every message, each with what became of it.

use serde::{Deserialize, Serialize};
use sim_core::sim::Refused;

use crate::{post, wire};

/// What became of all that came in and went out. Figures of this moment say so; all others only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Sockets.
    pub sockets: post::Counts,
    /// Datagrams opened and refused, and what was in them.
    pub datagrams: wire::Counts,
    /// Messages.
    pub messages: Messages,
    /// Datagrams that the kernel dropped because a receive buffer was full.
    pub kernel_drops: u64,
    /// Bytes of memory that unfinished letters take at this moment.
    pub table_bytes: u64,
    /// Times that the loop was away for longer than a second: stopped, or starved.
    pub pauses: u64,
    /// The longest of these, in nanoseconds.
    pub longest_pause_ns: u64,
    /// Turns of the loop.
    pub turns: u64,
}

/// Messages: one is one copy for one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// Sent.
    pub sent: u64,
    /// Of these: too large to be sent.
    pub too_large: u64,
    /// Of these: to a process whose address is not known.
    pub no_address: u64,
    /// Came in.
    pub came: u64,
    /// Of these: taken.
    pub taken: u64,
    /// Of these: for a process that does not live here.
    pub not_here: u64,
    /// Of these: from a process that is not of this cluster.
    pub strangers: u64,
    /// Of these: wanted to be kept longer than any message is.
    pub too_late: u64,
    /// Of these: their bytes meant nothing to the protocol.
    pub unreadable: u64,
    /// Of these: too much was waiting here already.
    pub inbox_full: u64,
    /// Datagrams that waited for room in a send buffer and were given up.
    pub queue_full: u64,
    /// Most bytes that waited for room at once.
    pub queue_bytes_max: u64,
}

impl Messages {
    pub(crate) fn refused(&mut self, why: Refused) {
        match why {
            Refused::NotHere => self.not_here += 1,
            Refused::Stranger => self.strangers += 1,
            Refused::TooLate => self.too_late += 1,
            Refused::Unreadable => self.unreadable += 1,
        }
    }
}

impl Counts {
    /// The rule of addition that these counts break, if they break one: everything that came in became something.
    #[must_use]
    pub fn broken_rule(&self) -> Option<&'static str> {
        let Messages {
            came,
            taken,
            not_here,
            strangers,
            unreadable,
            inbox_full,
            too_late,
            ..
        } = self.messages;
        let (sockets, datagrams) = (&self.sockets, &self.datagrams);
        if let Some(rule) = datagrams.broken_rule() {
            return Some(rule);
        }
        if sockets.received != datagrams.datagrams + sockets.truncated {
            return Some("datagrams received = opened or refused + cut off");
        }
        if came != taken + not_here + strangers + too_late + unreadable + inbox_full {
            return Some("messages that came = taken, or refused with a reason");
        }
        (came < datagrams.letters()).then_some("letters <= messages that came")
    }
}
