//! The order of the queue, by hand and against a model.

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
    assert!(pair.queue.wheel.entries.is_empty());
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
        let wheel = &queue.wheel;
        assert_eq!(wheel.entries.len(), wheel.links.len() * CHUNK_LEN);
        let room = wheel.entries.capacity() + wheel.links.capacity();
        (wheel.links.len(), room + queue.bottom.capacity())
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
