//! The event queue: a lazily sorted radix wheel.
//!
//! A simulator only ever asks for the *next* event, so a queue that keeps all of them in order does
//! work that nobody asked for. This one sorts only the few that come next. They lie in `bottom`,
//! which holds every pending entry up to a time called the *horizon*. Later entries lie unsorted in
//! a wheel of slots: write times as numbers in base 32 and find the highest digit in which an
//! entry's time differs from the horizon; the place of that digit is the entry's level, its value
//! the slot. When `bottom` has run dry, the lowest slot of the lowest level holds what comes next. A
//! slot of at most 32 entries is sorted into `bottom`, and the horizon moves to the end of the slot;
//! a fuller one is first dealt out to the slots of a lower level. In base 10, with the horizon at
//! 4299 and seven entries pending:
//!
//! ```text
//! bottom                   4288  4288  4295     up to the horizon, in order
//! level 2 (hundreds)   3:  4307  4301           next: sorted into bottom, horizon to 4399
//!                      8:  4850
//! level 3 (thousands)  5:  5120
//! ```
//!
//! *Equal times pop in the order pushed*, by construction: slots are only appended to, dealing out
//! keeps their order, the sort is stable, and an entry for `bottom` goes behind its equals. So no
//! sequence number is needed and an entry is 16 bytes.
//!
//! Why not a heap: an entry here moves a few times in all, through memory read in sequence; in a heap
//! it pays a cache miss a level. Against std's `BinaryHeap` the design is 1.4 to 1.7 times quicker
//! with 10³ entries pending, 6 to 8 times with 10⁵ and 15 to 22 times with 10⁶ (`PERFORMANCE.md`,
//! section 3; on a quiet machine with a larger cache 1.8, 3.5 and 11 to 15 times). While the wheel is
//! empty `bottom` alone is the queue, so two nodes at ping-pong are as quick as with a heap.

use std::collections::VecDeque;
use std::mem;

/// Bits of a digit. Measured: 4 and 6 are 1.0 to 1.3 times slower, each at some number of entries.
const DIGIT_BITS: u32 = 5;
const SLOTS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;
/// Entries in a chunk of a slot. A slot of one chunk is sorted, a longer one is dealt out.
const CHUNK_LEN: usize = 32;
/// A sorted insert into `bottom` that would move more entries than this spills the later ones. With a
/// far timer and 100 messages pending 16 is twice as quick as 64.
const SHIFT_MAX: usize = 16;

/// One pending event: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Virtual time at which it is due, in nanoseconds.
    pub at: u64,
    /// The node it concerns.
    pub node: u32,
    /// What happens there, in a numbering of the caller's.
    pub handle: u32,
}

/// Pending events in order of time; those of equal time in the order in which they were pushed.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Time of the entry last popped. Nothing may be pushed before it.
    now: u64,
    len: usize,
    /// Every pending entry up to and including `horizon`, in the order in which they pop.
    bottom: VecDeque<Entry>,
    horizon: u64,
    /// Every pending entry after `horizon`.
    wheel: Wheel,
}

impl Queue {
    /// An empty queue at time zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            now: 0,
            len: 0,
            bottom: VecDeque::new(),
            horizon: 0,
            wheel: Wheel::new(),
        }
    }

    /// Number of pending entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an entry, behind all pending entries of the same time.
    ///
    /// # Panics
    /// If `entry.at` is earlier than the time last popped: an event cannot happen in the past.
    #[inline]
    pub fn push(&mut self, entry: Entry) {
        assert!(
            entry.at >= self.now,
            "event at {} pushed when it was already {}",
            entry.at,
            self.now
        );
        self.len += 1;
        if entry.at <= self.horizon {
            self.insert(entry);
        } else if self.wheel.is_empty() && self.bottom.len() < CHUNK_LEN {
            self.horizon = entry.at;
            self.bottom.push_back(entry);
        } else {
            self.wheel.put(level_of(entry.at ^ self.horizon), entry);
        }
    }

    /// Time of the entry that [`pop`](Self::pop) would return.
    #[inline]
    pub fn next_at(&mut self) -> Option<u64> {
        if self.bottom.is_empty() {
            self.refill();
        }
        self.bottom.front().map(|entry| entry.at)
    }

    /// Removes the earliest entry; of several at the same time, the one pushed first.
    #[inline]
    pub fn pop(&mut self) -> Option<Entry> {
        if self.bottom.is_empty() {
            self.refill();
        }
        let entry = self.bottom.pop_front()?;
        self.now = entry.at;
        self.len -= 1;
        Some(entry)
    }

    /// Puts an entry that is not after the horizon into `bottom`, behind its equals.
    ///
    /// `VecDeque` moves the shorter side, so even a million equal times before or behind the place
    /// cost nothing. In the middle of a long `bottom` the entries behind the place leave it instead.
    fn insert(&mut self, entry: Entry) {
        // Looking through the last few first is 1.2 times quicker with ten entries pending.
        let len = self.bottom.len();
        let behind = self
            .bottom
            .iter()
            .rev()
            .take(SHIFT_MAX)
            .position(|other| other.at <= entry.at);
        let index = match behind {
            Some(later) => len - later,
            None => self.bottom.partition_point(|other| other.at <= entry.at),
        };
        if index.min(len - index) > SHIFT_MAX {
            self.spill(index, entry.at);
        }
        self.bottom.insert(index, entry);
    }

    /// Gives everything in `bottom` from `index` on back to the wheel. All of it is later than
    /// `horizon`, the new one, so entries of equal time stay together and in order.
    #[cold]
    fn spill(&mut self, index: usize, horizon: u64) {
        self.wheel.lower_horizon(self.horizon, horizon);
        self.horizon = horizon;
        for entry in self.bottom.drain(index..) {
            self.wheel.put(level_of(entry.at ^ horizon), entry);
        }
    }

    /// Fills the empty `bottom` with what comes next in the wheel, if anything does.
    fn refill(&mut self) {
        let bottom = &mut self.bottom;
        while let Some((level, chain)) = self.wheel.take_lowest() {
            let start = self.wheel.chunks[chain.first as usize].entries[0].at;
            if chain.first == chain.last {
                self.horizon = start | low_digits(level);
                return self.wheel.drain(chain, |_, chunk| sort_into(bottom, chunk));
            }
            let spread = self.wheel.spread(chain);
            if spread == 0 {
                self.horizon = start;
                return self.wheel.drain(chain, |_, chunk| bottom.extend(chunk));
            }
            // Straight to the level that tells them apart, be it several below.
            let level = level_of(spread);
            self.wheel.drain(chain, |wheel, chunk| {
                for &entry in chunk {
                    wheel.put(level, entry);
                }
            });
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::new()
    }
}

/// The unsorted part. Seen from the horizon, an entry on a level has the same digits above that level
/// and a greater digit on it. So levels are in order of time, and so are the slots of a level.
///
/// A slot is a chain of chunks. They are all of one size, so an emptied one serves any slot: in the
/// steady state nothing is allocated, and besides full chunks there is about one a slot in use.
#[derive(Clone, Debug)]
struct Wheel {
    /// Bit `l`: level `l` has an occupied slot.
    levels: u32,
    /// Bit `s` of word `l`: slot `s` of level `l` is occupied.
    occupied: [u64; LEVELS],
    /// Meaningful where occupied.
    slots: [[Chain; SLOTS]; LEVELS],
    chunks: Vec<Chunk>,
    /// First of the chunks not in use, which are linked like a chain, or `NONE`.
    spare: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    first: u32,
    last: u32,
}

#[derive(Clone, Debug)]
struct Chunk {
    entries: Vec<Entry>,
    next: u32,
}

const NONE: u32 = u32::MAX;

impl Wheel {
    fn new() -> Self {
        Self {
            levels: 0,
            occupied: [0; LEVELS],
            slots: [[Chain::default(); SLOTS]; LEVELS],
            chunks: Vec::new(),
            spare: NONE,
        }
    }

    fn is_empty(&self) -> bool {
        self.levels == 0
    }

    /// Appends an entry to its slot on `level`.
    fn put(&mut self, level: u32, entry: Entry) {
        let slot = digit(entry.at, level);
        let vacant = self.occupied[level as usize] & (1 << slot) == 0;
        let last = self.slots[level as usize][slot].last;
        if vacant || self.chunks[last as usize].entries.len() == CHUNK_LEN {
            let chunk = self.take_chunk();
            let (first, last) = (chunk, chunk);
            self.link(level, slot, Chain { first, last });
        }
        let last = self.slots[level as usize][slot].last;
        self.chunks[last as usize].entries.push(entry);
    }

    /// Appends a chain to a slot.
    fn link(&mut self, level: u32, slot: usize, chain: Chain) {
        let (bit, place) = (1 << slot, &mut self.slots[level as usize][slot]);
        if self.occupied[level as usize] & bit == 0 {
            self.occupied[level as usize] |= bit;
            self.levels |= 1 << level;
            *place = chain;
        } else {
            self.chunks[place.last as usize].next = chain.first;
            place.last = chain.last;
        }
    }

    /// Unlinks the slot with the earliest entries.
    fn take_lowest(&mut self) -> Option<(u32, Chain)> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros();
        let occupied = &mut self.occupied[level as usize];
        let slot = occupied.trailing_zeros();
        *occupied &= *occupied - 1;
        if *occupied == 0 {
            self.levels &= self.levels - 1;
        }
        Some((level, self.slots[level as usize][slot as usize]))
    }

    /// Arranges the wheel for an earlier horizon. Let `level` be that of the highest digit that falls.
    /// What lies on or above it lies right. What lies below has the old horizon's digit there, so it
    /// belongs into one slot, which is free, as the old horizon's own.
    fn lower_horizon(&mut self, from: u64, to: u64) {
        let level = level_of(from ^ to);
        let below = (1 << level) - 1;
        while self.levels & below != 0
            && let Some((_, chain)) = self.take_lowest()
        {
            self.link(level, digit(from, level), chain);
        }
    }

    /// The bits in which the times of a chain are not all alike.
    fn spread(&self, chain: Chain) -> u64 {
        let first = &self.chunks[chain.first as usize];
        let start = first.entries[0].at;
        let mut spread = 0;
        let mut chunk = first;
        loop {
            spread = chunk
                .entries
                .iter()
                .fold(spread, |spread, entry| spread | (entry.at ^ start));
            if chunk.next == NONE {
                return spread;
            }
            chunk = &self.chunks[chunk.next as usize];
        }
    }

    /// Hands out the chunks of an unlinked chain in order and keeps their memory for later use.
    fn drain(&mut self, chain: Chain, mut each: impl FnMut(&mut Self, &[Entry])) {
        let mut index = chain.first;
        while index != NONE {
            let mut entries = mem::take(&mut self.chunks[index as usize].entries);
            each(self, &entries);
            entries.clear();
            let chunk = &mut self.chunks[index as usize];
            chunk.entries = entries;
            let next = mem::replace(&mut chunk.next, self.spare);
            self.spare = index;
            index = next;
        }
    }

    /// An empty chunk, from the spare ones if there are any.
    fn take_chunk(&mut self) -> u32 {
        if let Some(chunk) = self.chunks.get_mut(self.spare as usize) {
            return mem::replace(&mut self.spare, mem::replace(&mut chunk.next, NONE));
        }
        let index = u32::try_from(self.chunks.len()).expect("less than 2^32 chunks of 512 bytes");
        let (entries, next) = (Vec::with_capacity(CHUNK_LEN), NONE);
        self.chunks.push(Chunk { entries, next });
        index
    }
}

/// Level of an entry whose time differs from the horizon in the bits `difference`, not zero.
fn level_of(difference: u64) -> u32 {
    difference.ilog2() / DIGIT_BITS
}

#[expect(clippy::cast_possible_truncation, reason = "less than SLOTS")]
fn digit(at: u64, level: u32) -> usize {
    (at >> (DIGIT_BITS * level) & (SLOTS as u64 - 1)) as usize
}

/// The greatest number that has no digit on `level` or above.
fn low_digits(level: u32) -> u64 {
    (1 << (DIGIT_BITS * level)) - 1
}

/// Sorts a chunk into the empty `bottom`. The rank of an entry is the number of those that go before
/// it; counting takes no branch that depends on the times, and so none that is mispredicted half the
/// time: 1.1 to 1.3 times quicker in all than insertion sort.
fn sort_into(bottom: &mut VecDeque<Entry>, chunk: &[Entry]) {
    let mut ranks = [0u8; CHUNK_LEN];
    for (i, entry) in chunk.iter().enumerate() {
        let mut rank = 0;
        for (earlier, earlier_rank) in chunk[..i].iter().zip(&mut ranks) {
            let overtakes = u8::from(entry.at < earlier.at);
            *earlier_rank += overtakes;
            rank += 1 - overtakes;
        }
        ranks[i] = rank;
    }
    bottom.clear(); // It is empty, but this resets its start, so that the entries lie in one piece.
    bottom.extend(chunk);
    let sorted = bottom.make_contiguous();
    for (&entry, &rank) in chunk.iter().zip(&ranks) {
        sorted[rank as usize] = entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The queue beside its definition, a map ordered by (time, number of the push). `handle` is that number.
    #[derive(Default)]
    struct Pair {
        queue: Queue,
        model: BTreeMap<(u64, u32), Entry>,
        pushes: u32,
    }

    impl Pair {
        fn push(&mut self, at: u64) {
            let entry = Entry {
                at,
                node: self.pushes % 7,
                handle: self.pushes,
            };
            self.model.insert((at, self.pushes), entry);
            self.queue.push(entry);
            self.pushes += 1;
        }

        fn next_at(&mut self) {
            assert_eq!(
                self.queue.next_at(),
                self.model.keys().next().map(|&(at, _)| at)
            );
        }

        fn pop(&mut self) -> Option<u64> {
            let expected = self.model.pop_first().map(|(_, entry)| entry);
            assert_eq!(self.queue.pop(), expected);
            assert_eq!(self.queue.len(), self.model.len());
            assert_eq!(self.queue.is_empty(), self.model.is_empty());
            expected.map(|entry| entry.at)
        }

        fn drain(&mut self) {
            while self.pop().is_some() {}
            self.next_at();
        }
    }

    /// A cheap generator, so that the unit tests draw the same on every run.
    fn draw(state: &mut u64) -> u64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        *state >> 20
    }

    #[test]
    fn an_entry_is_16_bytes() {
        // The budget of memory for a message in flight rests on it.
        assert_eq!(size_of::<Entry>(), 16);
    }

    #[test]
    fn equal_times_pop_in_the_order_pushed() {
        // One chunk, then several: sorted in the first case, taken whole in the second.
        for count in [2, CHUNK_LEN, CHUNK_LEN + 1, 1000] {
            let mut pair = Pair::default();
            (0..count).for_each(|_| pair.push(5_000_000));
            pair.push(4_999_999);
            pair.drain();
        }
    }

    #[test]
    fn ties_within_a_crowd_pop_in_the_order_pushed() {
        // Dealt out several times before it is sorted.
        let (mut pair, mut state) = (Pair::default(), 1);
        (0..5000).for_each(|_| pair.push(1_000_000 + draw(&mut state) % 40));
        pair.drain();
    }

    #[test]
    fn the_first_and_the_last_times_work() {
        // The wheel covers all 64 bits, and the end of its last slot must not overflow.
        let mut pair = Pair::default();
        for at in [
            u64::MAX,
            0,
            u64::MAX - 1,
            1,
            1 << 63,
            (1 << 63) - 1,
            u64::MAX,
            0,
        ] {
            (0..40).for_each(|_| pair.push(at));
        }
        while pair.pop() != Some(u64::MAX) {}
        // At the end of time, too, what is pushed now comes last.
        (0..100).for_each(|_| pair.push(u64::MAX));
        pair.drain();
    }

    #[test]
    fn ping_pong_never_touches_the_wheel() {
        // Else it would cost three times as much.
        let mut pair = Pair::default();
        pair.push(1_000_000);
        pair.push(1_000_000);
        for _ in 0..1000 {
            let now = pair.pop().expect("two are pending");
            pair.push(now + 1_000_000);
        }
        assert!(pair.queue.wheel.chunks.is_empty());
    }

    #[test]
    fn pushed_at_the_time_just_popped_goes_behind_its_equals() {
        // A message without delay must not overtake what is due at the same time.
        let mut pair = Pair::default();
        (0..200).for_each(|_| pair.push(77_000));
        (0..200).for_each(|_| pair.push(77_001));
        for _ in 0..1000 {
            let now = pair.pop().expect("pops and pushes alternate");
            pair.push(now);
        }
        pair.drain();
    }

    #[test]
    fn a_push_before_the_time_last_popped_is_refused() {
        // Time would run backwards. At the time last popped it is still allowed.
        let mut queue = Queue::new();
        queue.push(Entry {
            at: 9,
            node: 0,
            handle: 0,
        });
        queue.pop();
        queue.push(Entry {
            at: 9,
            node: 0,
            handle: 0,
        });
        let late = std::panic::catch_unwind(move || {
            queue.push(Entry {
                at: 8,
                node: 0,
                handle: 0,
            })
        });
        assert!(late.is_err());
    }

    #[test]
    fn an_ascending_run_goes_to_the_wheel_after_one_chunk() {
        // Each entry could be the last of `bottom`, but inserts among many would then be dear.
        let mut pair = Pair::default();
        (0..1000).for_each(|at| pair.push(at));
        assert_eq!(pair.queue.bottom.len(), CHUNK_LEN);
        pair.drain();
    }

    #[test]
    fn bottom_gives_its_far_part_back_when_inserts_grow_dear() {
        // A lone far timer draws the horizon out to itself, so all that follows starts as inserts into `bottom`.
        let (mut pair, mut state) = (Pair::default(), 2);
        pair.push(1 << 40);
        for _ in 0..10_000 {
            pair.push((draw(&mut state) % 1000) << 20);
        }
        assert!(pair.queue.bottom.len() < 4 * SHIFT_MAX);
        pair.drain();
    }

    #[test]
    fn the_wheel_folds_when_the_horizon_falls_below_what_next_at_laid_open() {
        // `next_at` moves the horizon far ahead of the time last popped, with entries left on low levels behind it.
        // What is then pushed before them spills; the wheel must not take the old low levels for the earliest.
        let (mut pair, mut state) = (Pair::default(), 3);
        pair.push(5);
        for _ in 0..500 {
            pair.push(0x12_0000 + draw(&mut state) % 0x4000);
        }
        assert_eq!(pair.pop(), Some(5));
        pair.next_at();
        for round in 0..20 {
            for _ in 0..100 {
                pair.push(6 + round + draw(&mut state) % 0x11_0000);
            }
            pair.next_at();
        }
        pair.drain();
    }

    #[test]
    fn the_steady_state_allocates_nothing() {
        // Everything allocated is a chunk, of one size for ever, or the ring of `bottom`.
        let (mut pair, mut state) = (Queue::new(), 4);
        let mut turn = |queue: &mut Queue, count: u32| {
            for handle in 0..count {
                let now = if handle < 3000 && queue.len() < 3000 {
                    0
                } else {
                    queue.pop().expect("3000 are pending").at
                };
                queue.push(Entry {
                    at: now + draw(&mut state) % 10_000_000,
                    node: 0,
                    handle,
                });
            }
        };
        turn(&mut pair, 100_000);
        let held = |queue: &Queue| {
            assert!(
                queue
                    .wheel
                    .chunks
                    .iter()
                    .all(|chunk| chunk.entries.capacity() == CHUNK_LEN)
            );
            (queue.wheel.chunks.len(), queue.bottom.capacity())
        };
        let before = held(&pair);
        turn(&mut pair, 300_000);
        assert_eq!(held(&pair), before);
        // At most one chunk a slot is not full: with 3000 entries spread over some twenty slots, 150 would be plenty.
        assert!(before.0 < 200, "{before:?}");
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        /// So many pushes, each the time last popped plus a delay.
        Push(u64),
        Pop(u64),
        NextAt,
        /// So many times a pop, and a push a delay later.
        Hold(u64),
    }

    /// How delays are made of random bits.
    #[derive(Clone, Copy, Debug)]
    enum Law {
        Below(u64),
        /// Any number of bits, alike.
        Wide,
        /// A few values far apart.
        Ties,
        /// Mostly at once, seldom very late.
        NearAndFar,
    }

    impl Law {
        fn delay(self, random: u64) -> u64 {
            match self {
                Law::Below(limit) => random % limit,
                Law::Wide => (random << 20) >> (random % 64),
                Law::Ties => (random % 3) << (random % 2 * 17),
                Law::NearAndFar if random.is_multiple_of(50) => random % (1 << 40),
                Law::NearAndFar => random % 64,
            }
        }
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (1..10u64).prop_map(Step::Push),
            3 => (60..400u64).prop_map(Step::Push),
            4 => (1..10u64).prop_map(Step::Pop),
            2 => (30..300u64).prop_map(Step::Pop),
            3 => Just(Step::NextAt),
            2 => (1..200u64).prop_map(Step::Hold),
        ];
        prop::collection::vec(step, 1..40)
    }

    fn law() -> impl Strategy<Value = Law> {
        prop_oneof![
            (0..48u32).prop_map(|bits| Law::Below(1 << bits)),
            Just(Law::Wide),
            Just(Law::Ties),
            Just(Law::NearAndFar),
        ]
    }

    proptest! {
        #[test]
        fn behaves_like_a_map_ordered_by_time_and_push(
            start in prop_oneof![Just(0), any::<u64>(), Just(u64::MAX - 1000)],
            steps in steps(),
            laws in prop::collection::vec(law(), 1..4),
            seed in any::<u64>(),
        ) {
            let (mut pair, mut state, mut now) = (Pair::default(), seed, start);
            if start > 0 {
                pair.push(start);
                pair.pop();
            }
            for (step, law) in steps.into_iter().zip(laws.into_iter().cycle()) {
                let mut push = |pair: &mut Pair, now: u64| pair.push(now.saturating_add(law.delay(draw(&mut state))));
                match step {
                    Step::Push(count) => (0..count).for_each(|_| push(&mut pair, now)),
                    Step::Pop(count) => (0..count).for_each(|_| now = pair.pop().unwrap_or(now)),
                    Step::NextAt => pair.next_at(),
                    Step::Hold(count) => for _ in 0..count {
                        now = pair.pop().unwrap_or(now);
                        push(&mut pair, now);
                    },
                }
            }
            pair.drain();
        }
    }
}
