//! A set of message names in bounded memory: a watermark for each origin, and the gaps above it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use sim_core::kernel::id::{MsgId, NodeId};

/// Which messages have been seen.
///
/// As long as the messages of an origin come in order, or nearly so, it takes a few words an origin, however many there
/// were; what arrives above a gap is kept one by one until the gap closes. An origin from which nothing has come takes
/// nothing. An origin that counts anew in each of its lives is another `K` in each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seen<K = NodeId>(Origins<K>);

/// Of a million processes most hear of one origin only, in order: that takes no heap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Origins<K> {
    /// The one origin so far, if there is any: all its numbers below this have been seen, and no others.
    One(Option<K>, u32),
    /// Several origins, or one with a gap. Boxed, so that whoever needs none of it pays a word.
    Many(Box<Many<K>>),
}

/// Sorted by origin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Many<K>(Vec<Origin<K>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Origin<K> {
    origin: K,
    /// All numbers below this have been seen.
    below: u32,
    /// Seen numbers above it, sorted.
    above: Vec<u32>,
}

impl<K> Default for Seen<K> {
    fn default() -> Self {
        Seen(Origins::One(None, 0))
    }
}

impl Seen {
    /// Puts a name in; true if it was not there yet.
    #[inline]
    pub fn insert(&mut self, id: MsgId) -> bool {
        self.insert_from(id.origin, id.seq)
    }

    /// Is a name in it? The last number always is, as nobody counts as far.
    #[must_use]
    pub fn contains(&self, id: MsgId) -> bool {
        id.seq == u32::MAX
            || match &self.0 {
                Origins::One(origin, below) => *origin == Some(id.origin) && id.seq < *below,
                Origins::Many(many) => {
                    let Many(origins) = &**many;
                    let place = origins.binary_search_by_key(&id.origin, |known| known.origin);
                    place.is_ok_and(|place| origins[place].contains(id.seq))
                }
            }
    }
}

impl<K: Copy + Ord> Seen<K> {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Seen(Origins::One(None, 0))
    }

    /// Puts number `seq` of an origin in; true if it was not there yet.
    #[inline]
    pub fn insert_from(&mut self, origin: K, seq: u32) -> bool {
        if let Some(new) = self.insert_in_order(origin, seq) {
            return new;
        }
        if seq == u32::MAX {
            return false; // Nobody counts as far: nothing is to be known of who says so.
        }
        let new = self.of(origin).insert(seq);
        self.settle();
        new
    }

    /// The same, where the shortest form says enough; else it does nothing.
    #[inline]
    fn insert_in_order(&mut self, origin: K, seq: u32) -> Option<bool> {
        match &mut self.0 {
            Origins::One(Some(known), below) if *known == origin && seq < *below => Some(false),
            Origins::One(Some(known), below)
                if *known == origin && seq == *below && seq < u32::MAX =>
            {
                *below += 1;
                Some(true)
            }
            Origins::One(known @ None, below) if seq == 0 => {
                (*known, *below) = (Some(origin), 1);
                Some(true)
            }
            _ => None,
        }
    }

    /// Back to the shortest form, as soon as it says all: what is equal has one form, however it came about.
    fn settle(&mut self) {
        if let Origins::Many(many) = &self.0
            && let [only] = &many.0[..]
            && only.above.is_empty()
        {
            let known = (only.below > 0).then_some(only.origin);
            self.0 = Origins::One(known, only.below);
        }
    }

    /// As [`Seen::insert_from`], but keeps at most `above_max` numbers of an origin above a gap: one more, and the oldest
    /// gap closes as if its numbers had been seen. So memory is bounded where messages get lost for good.
    pub fn insert_bounded(&mut self, origin: K, seq: u32, above_max: usize) -> bool {
        if let Some(new) = self.insert_in_order(origin, seq) {
            return new;
        }
        if seq == u32::MAX {
            return false;
        }
        let known = self.of(origin);
        let new = known.insert(seq);
        if known.above.len() > above_max {
            known.below = known.above.remove(0) + 1;
            known.close();
        }
        self.settle();
        new
    }

    /// What is known of an origin, among others.
    fn of(&mut self, origin: K) -> &mut Origin<K> {
        if let Origins::One(known, below) = &self.0 {
            let below = *below;
            let known = known.map(|origin| Origin {
                origin,
                below,
                above: Vec::new(),
            });
            self.0 = Origins::Many(Box::new(Many(known.into_iter().collect())));
        }
        let Origins::Many(many) = &mut self.0 else {
            unreachable!("it has just been made so")
        };
        let Many(origins) = &mut **many;
        let place = match origins.binary_search_by_key(&origin, |known| known.origin) {
            Ok(place) => place,
            Err(place) => {
                let new = Origin {
                    origin,
                    below: 0,
                    above: Vec::new(),
                };
                origins.insert(place, new);
                place
            }
        };
        &mut origins[place]
    }
}

impl<K> Origin<K> {
    fn contains(&self, seq: u32) -> bool {
        seq < self.below || self.above.binary_search(&seq).is_ok()
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
        let known = seen.of(NodeId(1));
        assert_eq!((known.below, &known.above[..]), (4, &[5][..]));
    }

    /// The shortest form, for one origin in order, says what the long one says.
    #[test]
    fn one_origin_in_order_takes_no_heap() {
        let mut seen = Seen::new();
        let id = |origin, seq| MsgId {
            origin: NodeId(origin),
            seq,
        };
        for seq in 0..3 {
            assert!(!seen.contains(id(7, seq)) && seen.insert(id(7, seq)));
            assert!(seen.contains(id(7, seq)) && !seen.insert(id(7, seq)));
        }
        assert_eq!(seen.0, Origins::One(Some(NodeId(7)), 3));
        assert!(!seen.contains(id(1, 0)) && !seen.insert(id(7, u32::MAX)));
        assert!(seen.insert(id(7, 4)) && seen.insert(id(1, 0)));
        let known = [id(7, 2), id(7, 4), id(1, 0)];
        assert!(
            known
                .iter()
                .all(|id| seen.contains(*id) && !seen.insert(*id))
        );
        assert!(!seen.contains(id(7, 3)) && seen.insert(id(7, 3)));
        assert_eq!(seen.of(NodeId(7)).below, 5);
    }

    /// States of protocols are compared: a set has one form, however it came about.
    #[test]
    fn equal_sets_are_equal_whatever_the_order() {
        let of = |numbers: &[u32]| {
            let mut seen = Seen::<NodeId>::new();
            for seq in numbers {
                seen.insert_from(NodeId(7), *seq);
            }
            seen
        };
        assert_eq!(of(&[0, 1, 2]), of(&[2, 0, 1]));
        assert_eq!(of(&[0, 1, u32::MAX]), of(&[1, 0]));
        assert_eq!(of(&[u32::MAX]), Seen::new());
        assert_ne!(of(&[0, 2]), of(&[0, 1]));
    }

    /// Numbers that never come must not be waited for without end.
    #[test]
    fn gives_up_the_oldest_gap_where_memory_is_bounded() {
        let mut seen = Seen::new();
        for seq in [0, 2, 4, 5] {
            assert!(seen.insert_bounded(NodeId(7), seq, 3));
        }
        assert_eq!(seen.of(NodeId(7)).above, [2, 4, 5]);
        assert!(
            seen.insert_bounded(NodeId(7), 8, 3),
            "a fourth: 1 is given up"
        );
        let known = seen.of(NodeId(7));
        assert_eq!((known.below, &known.above[..]), (3, &[4, 5, 8][..]));
        assert!(!seen.insert_bounded(NodeId(7), 1, 3), "it counts as seen");
        assert!(seen.insert_bounded(NodeId(7), 3, 3));
        let known = seen.of(NodeId(7));
        assert_eq!((known.below, &known.above[..]), (6, &[8][..]));
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
        assert_eq!(seen.of(NodeId(0)).below, u32::MAX);
    }
}
