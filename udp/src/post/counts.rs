//! What a post has done so far, in numbers.

use serde::{Deserialize, Serialize};

/// Numbers of datagrams and bytes since the sockets were bound. What is lost is counted by its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Datagrams that the kernel took. A send to the group is one.
    pub sent: u64,
    /// Their payload.
    pub bytes_sent: u64,
    /// Datagrams that were read.
    pub received: u64,
    /// Their payload, as far as it fitted into the buffer.
    pub bytes_received: u64,
    /// Datagrams that were longer than the buffer, of those received.
    pub truncated: u64,
    /// Datagrams that the kernel refused for good.
    pub send_lost: SendLost,
    /// Times that there was no room for a datagram. It was not lost: the sender was told.
    pub busy: u64,
    /// Reads that failed. They are losses too.
    pub receive_errors: u64,
    /// Bytes that the kernel granted the smallest receive buffer, in the unit in which [`BUFFER`](super::BUFFER) asks.
    pub buffer_granted: u64,
}

/// Datagrams that could not be sent, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendLost {
    /// No way to the host or its network.
    pub unreachable: u64,
    /// A firewall or a prohibiting route of this host.
    pub refused: u64,
    /// Longer than a datagram or than the link allows without fragments.
    pub too_long: u64,
    /// Anything else: an address of the wrong family, port 0, no memory.
    pub other: u64,
}

impl SendLost {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.unreachable + self.refused + self.too_long + self.other
    }
}
