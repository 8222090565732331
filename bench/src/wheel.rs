//! A lazily sorted radix wheel in its simplest form: the queue of the bare loop.
//!
//! Written apart from the queue of Stormglass, which says how the design works: digits of six bits, a `Vec` a slot, a
//! stable sort of at most 32 entries.

use std::collections::VecDeque;

use sim_core::sim::Entry;

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 64_usize.div_ceil(BITS as usize);
/// A slot of so many is sorted, a fuller one is dealt out.
const SORTED_MAX: usize = 32;
/// `bottom` never becomes longer by single entries.
const BOTTOM_MAX: usize = 2 * SORTED_MAX + 64;

pub struct Wheel {
    len: usize,
    /// All entries up to `horizon`, in order.
    bottom: VecDeque<Entry>,
    horizon: u64,
    levels: u32,
    occupied: [u64; LEVELS],
    slots: Vec<Vec<Entry>>,
    /// Empty vectors with room.
    spare: Vec<Vec<Entry>>,
}

impl Default for Wheel {
    fn default() -> Wheel {
        Wheel {
            len: 0,
            bottom: VecDeque::new(),
            horizon: 0,
            levels: 0,
            occupied: [0; LEVELS],
            slots: vec![Vec::new(); LEVELS * SLOTS],
            spare: Vec::new(),
        }
    }
}

impl Wheel {
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub fn push(&mut self, entry: Entry) {
        self.len += 1;
        if entry.at <= self.horizon {
            let place = self.bottom.partition_point(|other| other.at <= entry.at);
            self.bottom.insert(place, entry);
            if self.bottom.len() > BOTTOM_MAX {
                self.spill();
            }
        } else if self.levels == 0 && self.bottom.len() < SORTED_MAX {
            self.horizon = entry.at;
            self.bottom.push_back(entry);
        } else {
            self.put(entry);
        }
    }

    #[inline]
    pub fn pop(&mut self) -> Option<Entry> {
        if self.bottom.is_empty() {
            self.refill();
        }
        let entry = self.bottom.pop_front()?;
        self.len -= 1;
        Some(entry)
    }

    #[inline]
    fn put(&mut self, entry: Entry) {
        let level = (entry.at ^ self.horizon).ilog2() / BITS;
        let slot = (entry.at >> (BITS * level)) as usize & (SLOTS - 1);
        self.levels |= 1 << level;
        self.occupied[level as usize] |= 1 << slot;
        let entries = &mut self.slots[level as usize * SLOTS + slot];
        if entries.capacity() == 0
            && let Some(spare) = self.spare.pop()
        {
            *entries = spare;
        }
        entries.push(entry);
    }

    fn refill(&mut self) {
        while self.levels != 0 {
            let level = self.levels.trailing_zeros();
            let occupied = &mut self.occupied[level as usize];
            let slot = occupied.trailing_zeros() as usize;
            *occupied &= *occupied - 1;
            if *occupied == 0 {
                self.levels &= self.levels - 1;
            }
            let place = level as usize * SLOTS + slot;
            let mut entries = std::mem::take(&mut self.slots[place]);
            let low = (1_u64 << (BITS * level)) - 1;
            let done = entries.len() <= SORTED_MAX || level == 0;
            if done {
                entries.sort_by_key(|entry| entry.at);
                self.horizon = entries[0].at | low;
                self.bottom.extend(entries.drain(..));
            } else {
                // What is equal to the new horizon has no level: it goes to the bottom, before all else.
                self.horizon = entries[0].at & !low;
                for entry in entries.drain(..) {
                    if entry.at == self.horizon {
                        self.bottom.push_back(entry);
                    } else {
                        self.put(entry);
                    }
                }
            }
            self.spare.push(entries);
            if !self.bottom.is_empty() {
                return;
            }
        }
    }

    /// Gives the later half of the bottom back. Equal times stay together.
    #[cold]
    fn spill(&mut self) {
        let middle = self.bottom[self.bottom.len() / 2].at;
        let keep = self.bottom.partition_point(|entry| entry.at <= middle);
        if keep == self.bottom.len() {
            return;
        }
        // The wheel is ordered by how times differ from the horizon, which falls: all is put in anew, in order of time
        // scheduled a slot. Rare: only where many entries come before the horizon.
        let later: Vec<Entry> = self.bottom.drain(keep..).collect();
        let mut all = Vec::new();
        while self.levels != 0 {
            let level = self.levels.trailing_zeros() as usize;
            let slot = self.occupied[level].trailing_zeros() as usize;
            self.occupied[level] &= self.occupied[level] - 1;
            if self.occupied[level] == 0 {
                self.levels &= self.levels - 1;
            }
            all.append(&mut self.slots[level * SLOTS + slot]);
        }
        self.horizon = middle;
        for entry in later.into_iter().chain(all) {
            self.put(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bare::Pending as _;
    use crate::random::Random;
    use sim_core::sim::Queue;

    /// The reference takes what Stormglass takes, in the same order.
    #[test]
    fn pops_in_the_order_of_the_other_queue() {
        for (pending, spread) in [(1, 10), (50, 1_000), (3_000, 50), (3_000, 1 << 40)] {
            let (mut wheel, mut queue, mut random) =
                (Wheel::default(), Queue::new(), Random::new(pending));
            let mut push = |wheel: &mut Wheel, queue: &mut Queue, now: u64, handle: u32| {
                let (at, node) = (now + random.below(spread), 0);
                let entry = Entry { at, node, handle };
                wheel.push(entry);
                queue.push(entry);
            };
            for handle in 0..pending as u32 {
                push(&mut wheel, &mut queue, 0, handle);
            }
            for handle in 0..50_000 {
                let entry = queue.pop();
                assert_eq!(wheel.pop(), entry);
                push(&mut wheel, &mut queue, entry.unwrap().at, handle);
            }
            assert_eq!(wheel.len(), pending as usize);
        }
    }
}
