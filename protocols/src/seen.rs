//! A set of message names in bounded memory: a watermark for each origin, and the gaps above it.

use alloc::vec::Vec;

use sim_core::kernel::id::{MsgId, NodeId};

/// Which messages have been seen.
///
/// As long as the messages of an origin come in order, or nearly so, it takes a few words an origin, however many there
/// were; what arrives above a gap is kept one by one until the gap closes. An origin from which nothing has come takes
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    /// Sorted by origin.
    origins: Vec<Origin>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Origin {
    origin: NodeId,
    /// All numbers below this have been seen.
    below: u32,
    /// Seen numbers above it, sorted.
    above: Vec<u32>,
}

impl Seen {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Seen {
        Seen {
            origins: Vec::new(),
        }
    }

    /// Puts a name in; true if it was not there yet.
    pub fn insert(&mut self, id: MsgId) -> bool {
        let place = match self
            .origins
            .binary_search_by_key(&id.origin, |known| known.origin)
        {
            Ok(place) => place,
            Err(place) => {
                self.origins.insert(
                    place,
                    Origin {
                        origin: id.origin,
                        below: 0,
                        above: Vec::new(),
                    },
                );
                place
            }
        };
        self.origins[place].insert(id.seq)
    }
}

impl Origin {
    fn insert(&mut self, seq: u32) -> bool {
        if seq < self.below {
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
        let closed = self
            .above
            .iter()
            .zip(self.below..)
            .take_while(|(seen, next)| **seen == *next)
            .count();
        self.above.drain(..closed);
        self.below += u32::try_from(closed).expect("a gap is shorter than the numbers");
        true
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
            assert!(seen.insert(id(1, seq)), "{seq} is new");
            assert!(!seen.insert(id(1, seq)), "{seq} is known");
        }
        assert!(seen.insert(id(0, 0)), "another origin");
        assert_eq!(
            (seen.origins[1].below, &seen.origins[1].above[..]),
            (4, &[5][..])
        );
    }
}
