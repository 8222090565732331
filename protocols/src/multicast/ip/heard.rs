//! What a receiver knows of one caster.

use alloc::collections::{BTreeMap, BTreeSet};

/// Which messages of a caster have come: all below a number, and some above.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Heard<P> {
    pub(super) below: u32,
    pub(super) above: BTreeSet<u32>,
    /// How many there are, as far as is known.
    pub(super) casts: u32,
    /// Those of the last that are here; where everybody repairs.
    pub(super) kept: BTreeMap<u32, P>,
    /// The number is told by somebody: by the caster, or by who has as many of its messages. Since the last report.
    pub(super) told: bool,
    /// The oldest message that somebody was asked for the last time.
    pub(super) asked: Option<u32>,
    /// Who was asked: the caster, or so manieth in turn.
    turn: u32,
}

impl<P> Default for Heard<P> {
    fn default() -> Self {
        Heard {
            below: 0,
            above: BTreeSet::new(),
            casts: 0,
            kept: BTreeMap::new(),
            told: false,
            asked: None,
            turn: 0,
        }
    }
}

impl<P> Heard<P> {
    /// There are `casts` messages, of which the last `history` are kept. True if one that never came is older.
    pub(super) fn learn(&mut self, casts: u32, history: u32) -> bool {
        self.casts = self.casts.max(casts);
        let oldest = self.casts.saturating_sub(history);
        while self
            .kept
            .first_key_value()
            .is_some_and(|(seq, _)| *seq < oldest)
        {
            self.kept.pop_first();
        }
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

    /// How many messages there are at least, as the last one that is kept says.
    pub(super) fn held(&self) -> Option<u32> {
        let (last, _) = self.kept.last_key_value()?;
        Some(last.saturating_add(1))
    }

    /// Whose turn it is to be asked, if `oldest` is the oldest message that is missing; 0 is the caster. Who was asked the last
    /// time is asked again if it helped.
    pub(super) fn turn(&mut self, oldest: u32, nodes: u32) -> u32 {
        self.turn = match self.asked {
            None => 0,
            Some(asked) if asked == oldest => (self.turn + 1) % nodes.saturating_sub(1).max(1),
            Some(_) => self.turn,
        };
        self.asked = Some(oldest);
        self.turn
    }
}
