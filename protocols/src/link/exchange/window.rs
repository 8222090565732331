//! What a receiver remembers of a sender: a watermark and a fixed window of bits above it.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sim_core::kernel::id::NodeId;

use super::frame::{Stamp, Watermark};

/// How far the messages of a sender may run ahead of the first that is missing.
pub const WINDOW: u64 = 1_024;

const WORDS: usize = 16;

/// Which numbers have arrived: all below a watermark, and those in the window whose bit is set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Window {
    /// All numbers below this have arrived, or will never be sent again.
    below: u64,
    /// A ring: the bit of a number is its remainder by the size of the window.
    bits: [u64; WORDS],
}

/// Where a number lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    New,
    Known,
    Above,
}

impl Window {
    const EMPTY: Window = Window {
        below: 0,
        bits: [0; WORDS],
    };

    fn place(&self, seq: u64) -> Place {
        match seq.checked_sub(self.below) {
            None => Place::Known,
            Some(ahead) if ahead >= WINDOW => Place::Above,
            Some(_) if self.has(seq) => Place::Known,
            Some(_) => Place::New,
        }
    }

    /// Nothing below `base` will be sent again.
    fn advance(&mut self, base: u64) {
        if base.saturating_sub(self.below) >= WINDOW {
            *self = Window {
                below: base,
                ..Window::EMPTY
            };
        }
        while self.below < base {
            self.clear(self.below);
            self.below += 1;
        }
        self.close();
    }

    /// Puts in a number that is [`Place::New`].
    fn insert(&mut self, seq: u64) {
        let (word, bit) = position(seq);
        self.bits[word] |= bit;
        self.close();
    }

    /// Lifts the watermark over what has arrived.
    fn close(&mut self) {
        while self.has(self.below) && self.below < u64::MAX {
            self.clear(self.below);
            self.below += 1;
        }
    }

    fn has(&self, seq: u64) -> bool {
        let (word, bit) = position(seq);
        self.bits[word] & bit != 0
    }

    fn clear(&mut self, seq: u64) {
        let (word, bit) = position(seq);
        self.bits[word] &= !bit;
    }
}

/// Word and bit of a number.
fn position(seq: u64) -> (usize, u64) {
    ((seq / 64 % WORDS as u64) as usize, 1 << (seq % 64))
}

/// What has arrived from each sender. A sender from which nothing has come takes nothing, any other 152 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Records(BTreeMap<NodeId, Record>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Record {
    /// The sender's latest life; nothing of a former one is let in.
    incarnation: u32,
    window: Window,
}

/// What is to be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Admission {
    /// It has not been here: deliver it. The watermark was `below` when it came.
    New { below: u64 },
    /// It has been here: its ack was lost, so acknowledge it again.
    Known,
    /// It is too far ahead of what is missing: no honest sender gets there.
    Above,
    /// Its sender has died since, and lives again.
    Former,
}

impl Records {
    /// Nothing has arrived from anybody.
    pub(in crate::link) const NONE: Records = Records(BTreeMap::new());

    /// Takes down again what was let in, as it was written to stable storage.
    pub(in crate::link) fn restore(&mut self, from: NodeId, stamp: Stamp, watermark: Watermark) {
        self.admit(from, stamp, watermark.0);
    }

    /// Lets a message in, or says why not.
    pub(super) fn admit(&mut self, from: NodeId, stamp: Stamp, base: u64) -> Admission {
        let fresh = Record {
            incarnation: stamp.incarnation,
            window: Window::EMPTY,
        };
        let record = self.0.entry(from).or_insert_with(|| fresh.clone());
        if stamp.incarnation < record.incarnation {
            return Admission::Former;
        }
        if stamp.incarnation > record.incarnation {
            *record = fresh;
        }
        // A number is never below what its own sender still waits for, unless it came late.
        record.window.advance(base);
        let below = record.window.below;
        match record.window.place(stamp.seq) {
            Place::New => {
                record.window.insert(stamp.seq);
                Admission::New { below }
            }
            Place::Known => Admission::Known,
            Place::Above => Admission::Above,
        }
    }

    /// Bytes of all that is remembered; it does not grow with the number of messages.
    pub(super) fn bytes(&self) -> usize {
        self.0.len() * size_of::<(NodeId, Record)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: NodeId = NodeId(1);

    fn stamp(incarnation: u32, seq: u64) -> Stamp {
        Stamp {
            incarnation,
            seq,
            attempt: 0,
        }
    }

    fn is_new(admission: Admission) -> bool {
        matches!(admission, Admission::New { .. })
    }

    /// Against a plain set: numbers in a wild order, each twice, across many turns of the ring.
    #[test]
    fn agrees_with_a_set() {
        let (mut records, mut known) = (Records::default(), alloc::collections::BTreeSet::new());
        for round in 0..40_u64 {
            for step in 0..211 {
                let seq = round * 100 + step * 37 % 211;
                let new = known.insert(seq);
                assert_eq!(is_new(records.admit(FROM, stamp(0, seq), 0)), new, "{seq}");
                assert_eq!(records.admit(FROM, stamp(0, seq), 0), Admission::Known);
            }
        }
        assert_eq!(records.bytes(), size_of::<(NodeId, Record)>());
        assert!(records.bytes() <= 152, "however many there were");
    }

    #[test]
    fn its_edges_are_exact() {
        let mut records = Records::default();
        assert!(is_new(records.admit(FROM, stamp(0, 1_023), 0)));
        assert_eq!(
            records.admit(FROM, stamp(0, 1_024), 0),
            Admission::Above,
            "0 is missing"
        );
        assert!(is_new(records.admit(FROM, stamp(0, 0), 0)));
        assert!(is_new(records.admit(FROM, stamp(0, 1_024), 0)));
        assert_eq!(records.admit(FROM, stamp(0, 1_023), 0), Admission::Known);
        assert_eq!(
            records.admit(FROM, stamp(0, 1_025 + 1), 1_025),
            Admission::New { below: 1_025 }
        );
    }

    /// A receiver that has lost its record goes on where the sender is.
    #[test]
    fn moves_with_the_base_of_the_sender() {
        let mut records = Records::default();
        assert_eq!(
            records.admit(FROM, stamp(0, 70_001), 70_000),
            Admission::New { below: 70_000 }
        );
        assert_eq!(
            records.admit(FROM, stamp(0, 69_999), 69_990),
            Admission::Known
        );
        assert!(is_new(records.admit(FROM, stamp(0, 70_000), 70_000)));
    }

    /// The last numbers there are do not overflow.
    #[test]
    fn survives_absurd_numbers() {
        let mut records = Records::default();
        for seq in [u64::MAX - 1, u64::MAX, u64::MAX] {
            records.admit(FROM, stamp(0, seq), u64::MAX - 1);
        }
        assert_eq!(records.admit(FROM, stamp(0, 5), 0), Admission::Known);
    }

    #[test]
    fn a_new_life_of_the_sender_begins_anew_and_ends_the_old() {
        let mut records = Records::default();
        assert!(is_new(records.admit(FROM, stamp(0, 0), 0)));
        assert!(is_new(records.admit(FROM, stamp(1, 0), 0)));
        assert_eq!(records.admit(FROM, stamp(0, 1), 0), Admission::Former);
        assert_eq!(records.admit(FROM, stamp(1, 0), 0), Admission::Known);
    }
}
