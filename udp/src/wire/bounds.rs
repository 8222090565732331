//! How much a process keeps of what others send it in parts.

use sim_core::kernel::time::Span;

use super::DATAGRAM_MAX;

/// Limits of a packer and of an opener. Bytes are bytes of letters, but for `table_bytes_max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The longest body of a letter: at least [`DATAGRAM_MAX`], at most [`Bounds::MESSAGE_LIMIT`].
    pub message_bytes_max: u32,
    /// How many unfinished letters are kept for a sender and a receiver: at least 1.
    pub unfinished_max: u32,
    /// How many finished ones are remembered for a sender and a receiver, to know their late parts.
    pub finished_max: u32,
    /// How many bytes of unfinished letters are kept for a sender and a receiver: at least `message_bytes_max`.
    pub pair_bytes_max: u64,
    /// How many pairs of a sender and a receiver are known at a time: at least 1.
    pub pairs_max: u32,
    /// How much memory all of it takes, with what it costs to keep it: at least twice `message_bytes_max` and 128 KiB.
    pub table_bytes_max: u64,
    /// How long after its first part a letter may be unfinished, or remembered.
    pub patience: Span,
}

impl Bounds {
    /// The hard maximum of `message_bytes_max`: 1 MiB.
    pub const MESSAGE_LIMIT: u32 = 1 << 20;

    /// What a cluster uses that says nothing else: 64 KiB a letter, 4 letters and 256 KiB a pair, 64 MiB in all, 5 s.
    pub const STANDARD: Bounds = Bounds {
        message_bytes_max: 64 << 10,
        unfinished_max: 4,
        finished_max: 16,
        pair_bytes_max: 256 << 10,
        pairs_max: 4_096,
        table_bytes_max: 64 << 20,
        patience: Span::from_secs(5),
    };

    /// What is wrong with these limits, if anything is.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        let message = u64::from(self.message_bytes_max);
        if message < DATAGRAM_MAX as u64 || self.message_bytes_max > Bounds::MESSAGE_LIMIT {
            Some("a letter's body is limited to between 1,200 bytes and 1 MiB")
        } else if self.unfinished_max == 0 || self.pairs_max == 0 {
            Some("there is room for one unfinished letter at least")
        } else if self.pair_bytes_max < message {
            Some("a pair has room for the longest letter")
        } else if self.table_bytes_max < 2 * message + (128 << 10) {
            Some("the table has room for the longest letter, twice, and 128 KiB")
        } else {
            None
        }
    }

    /// Broken limits are a mistake of the caller.
    pub(super) fn check(&self) {
        if let Some(problem) = self.problem() {
            panic!("{problem}");
        }
    }
}
