//! A set of message names in bounded memory: a watermark for each origin, and the gaps above it.

use alloc::vec::Vec;

use sim_core::kernel::id::{MsgId, NodeId};

/// Which messages have been seen.
///
/// As long as the messages of an origin come in order, or nearly so, it takes a few words an origin, however many there
/// were; what arrives above a gap is kept one by one until the gap closes. An origin from which nothing has come takes
/// nothing. An origin that counts anew in each of its lives is another `K` in each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen<K = NodeId> {
    /// Sorted by origin.
    origins: Vec<Origin<K>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Origin<K> {
    origin: K,
    /// All numbers below this have been seen.
    below: u32,
    /// Seen numbers above it, sorted.
    above: Vec<u32>,
}

impl Seen {
    /// Puts a name in; true if it was not there yet.
    pub fn insert(&mut self, id: MsgId) -> bool {
        self.insert_from(id.origin, id.seq)
    }

    /// Is a name in it?
    #[must_use]
    pub fn contains(&self, id: MsgId) -> bool {
        let place = self
            .origins
            .binary_search_by_key(&id.origin, |known| known.origin);
        place.is_ok_and(|place| self.origins[place].contains(id.seq))
    }
}

impl<K: Copy + Ord> Seen<K> {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Seen {
            origins: Vec::new(),
        }
    }

    /// Puts number `seq` of an origin in; true if it was not there yet.
    pub fn insert_from(&mut self, origin: K, seq: u32) -> bool {
        self.of(origin).insert(seq)
    }

    /// As [`Seen::insert_from`], but keeps at most `above_max` numbers of an origin above a gap: one more, and the oldest
    /// gap closes as if its numbers had been seen. So memory is bounded where messages get lost for good.
    pub fn insert_bounded(&mut self, origin: K, seq: u32, above_max: usize) -> bool {
        let known = self.of(origin);
        let new = known.insert(seq);
        if known.above.len() > above_max {
            known.below = known.above.remove(0) + 1;
            known.close();
        }
        new
    }

    fn of(&mut self, origin: K) -> &mut Origin<K> {
        let place = match self
            .origins
            .binary_search_by_key(&origin, |known| known.origin)
        {
            Ok(place) => place,
            Err(place) => {
                self.origins.insert(
                    place,
                    Origin {
                        origin,
                        below: 0,
                        above: Vec::new(),
                    },
                );
                place
            }
        };
        &mut self.origins[place]
    }
}

impl<K> Origin<K> {
    fn contains(&self, seq: u32) -> bool {
        seq < self.below || seq == u32::MAX || self.above.binary_search(&seq).is_ok()
    }

    fn insert(&mut self, seq: u32) -> bool {
        // Nobody counts as far as the last number: who sends it lies, and it would have no number above it.
        if seq < self.below || seq == u32::MAX {
            return false;
        }
        if seq > self.below {
            let Err(place) = self.above.binary_search(&seq) else {
                return false;
            };
            self.above.insert(place, seq);
            return true;
        }
        self.below += 1;
        self.close();
        true
    }

    /// Takes in what lies right above `below`.
    fn close(&mut self) {
        let closed = self
            .above
            .iter()
            .zip(self.below..)
            .take_while(|(seen, next)| **seen == *next)
            .count();
        self.above.drain(..closed);
        self.below += u32::try_from(closed).expect("a gap is shorter than the numbers");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_in_any_order_and_forgets_gaps_that_close() {
        let mut seen = Seen::new();
        let id = |origin, seq| MsgId {
            origin: NodeId(origin),
            seq,
        };
        for seq in [3, 0, 2, 5, 1] {
            assert!(!seen.contains(id(1, seq)));
            assert!(seen.insert(id(1, seq)), "{seq} is new");
            assert!(seen.contains(id(1, seq)));
            assert!(!seen.insert(id(1, seq)), "{seq} is known");
        }
        assert!(seen.insert(id(0, 0)), "another origin");
        assert_eq!(
            (seen.origins[1].below, &seen.origins[1].above[..]),
            (4, &[5][..])
        );
    }

    /// Numbers that never come must not be waited for without end.
    #[test]
    fn gives_up_the_oldest_gap_where_memory_is_bounded() {
        let mut seen = Seen::new();
        for seq in [0, 2, 4, 5] {
            assert!(seen.insert_bounded(NodeId(7), seq, 3));
        }
        assert_eq!(seen.origins[0].above, [2, 4, 5]);
        assert!(
            seen.insert_bounded(NodeId(7), 8, 3),
            "a fourth: 1 is given up"
        );
        assert_eq!(
            (seen.origins[0].below, &seen.origins[0].above[..]),
            (3, &[4, 5, 8][..])
        );
        assert!(!seen.insert_bounded(NodeId(7), 1, 3), "it counts as seen");
        assert!(seen.insert_bounded(NodeId(7), 3, 3));
        assert_eq!(
            (seen.origins[0].below, &seen.origins[0].above[..]),
            (6, &[8][..])
        );
    }

    /// Numbers come from the network, and no number may stop the program.
    #[test]
    fn the_highest_numbers_do_no_harm() {
        let mut seen = Seen::new();
        for seq in (u32::MAX - 3..=u32::MAX).rev() {
            let new = seq < u32::MAX;
            assert_eq!(seen.insert_bounded(NodeId(0), seq, 2), new, "{seq}");
            assert!(!seen.insert_bounded(NodeId(0), seq, 2), "{seq}");
        }
        assert_eq!(seen.origins[0].below, u32::MAX);
    }
}
