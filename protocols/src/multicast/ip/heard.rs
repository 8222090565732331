//! What a receiver knows of one caster.

use alloc::collections::BTreeSet;

/// Which messages of a caster have come: all below a number, and some above.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Heard {
    pub(super) below: u32,
    pub(super) above: BTreeSet<u32>,
    /// How many there are, as far as is known.
    pub(super) casts: u32,
}

impl Heard {
    /// There are `casts` messages, of which the caster keeps the last `history`. True if one that never came is older.
    pub(super) fn learn(&mut self, casts: u32, history: u32) -> bool {
        self.casts = self.casts.max(casts);
        let oldest = self.casts.saturating_sub(history);
        if oldest <= self.below {
            return false;
        }
        let above = self.above.split_off(&oldest);
        let came = core::mem::replace(&mut self.above, above).len();
        let gave_up = came < (oldest - self.below) as usize;
        self.below = oldest;
        self.close();
        gave_up
    }

    /// A message came; true if it is the first copy, and none that was given up.
    pub(super) fn insert(&mut self, seq: u32) -> bool {
        // Nobody counts as far as the last number, and it would have no number above it.
        if seq < self.below || seq == u32::MAX || !self.above.insert(seq) {
            return false;
        }
        self.close();
        true
    }

    /// Takes in what lies right above `below`.
    fn close(&mut self) {
        while self.above.remove(&self.below) {
            self.below += 1;
        }
    }

    pub(super) fn missing(&self) -> impl Iterator<Item = u32> + '_ {
        (self.below..self.casts).filter(|seq| !self.above.contains(seq))
    }
}
