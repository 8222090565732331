//! A set of calls in bounded memory: numbers that follow each other take no room, others a bit each.

use alloc::collections::BTreeMap;

use sim_core::kernel::id::NodeId;

use crate::rpc::port::Key;

/// A set of calls.
///
/// Numbers are kept in blocks of 64. A block that is full, and before which all are, is forgotten; so a set into which nearly
/// all calls get takes a few words a client, and one that calls get into here and there a block for 64 of them at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    /// By client, life and part: each counts for itself.
    lines: BTreeMap<(NodeId, u32, u32), Line>,
}

#[derive(Clone, Debug, Default)]
struct Line {
    /// So many blocks from the first are full.
    full: u32,
    blocks: BTreeMap<u32, u64>,
}

impl Numbers {
    /// The empty set.
    pub(super) const fn new() -> Self {
        Numbers {
            lines: BTreeMap::new(),
        }
    }

    /// Puts a call in; true if it was not there yet.
    pub(super) fn insert(&mut self, key: Key) -> bool {
        let (block, bit) = place(key);
        let line = self.lines.entry(line(key)).or_default();
        if block < line.full {
            return false;
        }
        let bits = line.blocks.entry(block).or_insert(0);
        let new = *bits & bit == 0;
        *bits |= bit;
        while line.blocks.get(&line.full) == Some(&u64::MAX) {
            line.blocks.remove(&line.full);
            line.full += 1;
        }
        new
    }

    /// Is a call in it?
    pub(super) fn contains(&self, key: Key) -> bool {
        let (block, bit) = place(key);
        self.lines.get(&line(key)).is_some_and(|line| {
            block < line.full || line.blocks.get(&block).is_some_and(|bits| bits & bit != 0)
        })
    }

    /// How many things are remembered.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        let of = |line: &Line| 1 + line.blocks.len();
        self.lines.values().map(of).sum()
    }
}

const fn line(key: Key) -> (NodeId, u32, u32) {
    (key.client, key.incarnation, key.part)
}

/// Calls are numbered from 1; a zero, which nobody uses, comes last.
const fn place(key: Key) -> (u32, u64) {
    let number = key.number.wrapping_sub(1);
    (number / 64, 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn key(client: u32, number: u32) -> Key {
        Key {
            client: NodeId(client),
            incarnation: 0,
            number,
            part: 0,
        }
    }

    #[test]
    fn is_a_set_whatever_the_order() {
        let mut numbers = Numbers::new();
        for number in (1..=200).rev().chain([0, u32::MAX]) {
            assert!(!numbers.contains(key(7, number)), "{number}");
            assert!(numbers.insert(key(7, number)), "{number} is new");
            assert!(!numbers.insert(key(7, number)), "{number} is known");
            assert!(numbers.contains(key(7, number)), "{number}");
        }
        assert!(!numbers.contains(key(7, 201)) && !numbers.contains(key(8, 1)));
        let again = Key {
            incarnation: 1,
            ..key(7, 1)
        };
        let part = Key {
            part: 1,
            ..key(7, 1)
        };
        assert!(numbers.insert(again) && numbers.insert(part), "other calls");
    }

    #[test]
    fn forgets_what_is_full_and_keeps_a_bit_of_the_rest() {
        let mut numbers = Numbers::new();
        for number in 1..=64_000 {
            numbers.insert(key(0, number));
        }
        assert_eq!(numbers.entries(), 1);
        for number in (1..=64_000).step_by(2) {
            numbers.insert(key(1, number));
        }
        assert_eq!(numbers.entries(), 2 + 64_000 / 64);
    }
}
