//! Letters that came in parts, some of which are still to come.
//!
//! Nothing below repeats a part that was lost, so most letters that are unfinished for long stay so: where there is no
//! room the oldest gives way. Finished letters are remembered for a while, by name, for a part that comes twice must
//! not begin its letter again.

use std::collections::BTreeMap;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::SimTime;

use super::{Bounds, Counts, Letter, PART_MIN, To};

/// What a letter in the table costs beside its bytes, and a piece: upper bounds, with the allocator's share.
const LETTER_COST: u64 = 1_024;
const PIECE_COST: u64 = 96;
/// What a receiver costs: it stands in the letter, and in the key of its pair.
const RECEIVER_COST: u64 = 16;

/// A part of a letter: `bytes` of a body of `total` bytes, from `offset`.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    pub total: u32,
    pub offset: u32,
    pub bytes: &'a [u8],
}

/// The table of letters that came in parts.
#[derive(Debug)]
pub struct Fragments {
    bounds: Bounds,
    /// By age: every letter gets a number when its first part comes.
    letters: BTreeMap<u64, Partial>,
    /// Those of a sender and a receiver. There is no pair without letters.
    pairs: BTreeMap<Pair, Vec<Entry>>,
    next_age: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Partial {
    /// Without its body.
    letter: Letter,
    begun: SimTime,
    finished: bool,
    total: u32,
    have: u32,
    /// By offset.
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    offset: u32,
    bytes: Box<[u8]>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    from: NodeId,
    to: To,
}

/// A letter in its pair's list, oldest first: what tells it from the others, and its place in the table.
#[derive(Clone, Copy, Debug)]
struct Entry {
    age: u64,
    incarnation: u32,
    number: u64,
    finished: bool,
    have: u32,
}

/// Why a letter leaves the table.
#[derive(Clone, Copy)]
enum Leaves {
    GivesWay,
    Expires,
}

impl Fragments {
    pub fn new(bounds: Bounds) -> Fragments {
        Fragments {
            bounds,
            letters: BTreeMap::new(),
            pairs: BTreeMap::new(),
            next_age: 0,
            bytes: 0,
        }
    }

    /// What the table takes, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes a part of `letter`, whose body is empty. If it was the last one that was missing, the body is filled in
    /// and the answer is `true`.
    pub fn add(
        &mut self,
        letter: &mut Letter,
        part: Part<'_>,
        now: SimTime,
        counts: &mut Counts,
    ) -> bool {
        let Some(length) = part.length() else {
            counts.parts_misplaced += 1;
            return false;
        };
        if part.total > self.bounds.message_bytes_max {
            counts.parts_too_large += 1;
            return false;
        }
        let pair = Pair {
            from: letter.from,
            to: letter.to.clone(),
        };
        let known = self.pairs.get(&pair).and_then(|entries| {
            let named = |entry: &&Entry| {
                entry.number == letter.number && entry.incarnation == letter.incarnation
            };
            entries.iter().find(named).map(|entry| entry.age)
        });
        let age = match known.and_then(|age| Some((age, self.letters.get(&age)?))) {
            Some((age, partial)) => {
                if let Some(reason) = partial.objection(letter, part, length, counts) {
                    *reason += 1;
                    return false;
                }
                age
            }
            None => self.begin(&pair, letter, part.total, now, counts),
        };
        self.make_room(&pair, age, length, counts);
        self.put(&pair, age, part, length);
        counts.parts_waiting += 1;
        self.finish(&pair, age, letter, counts)
    }

    /// Lets go of what has been here for too long.
    pub fn expire(&mut self, now: SimTime, counts: &mut Counts) {
        while let Some((&age, partial)) = self.letters.first_key_value() {
            if now.since(partial.begun) <= self.bounds.patience {
                break;
            }
            self.remove(age, Leaves::Expires, counts);
        }
    }

    /// A place in the table for a letter that is not there, and its age.
    fn begin(
        &mut self,
        pair: &Pair,
        letter: &Letter,
        total: u32,
        now: SimTime,
        counts: &mut Counts,
    ) -> u64 {
        let of_pair = |this: &Fragments, finished: bool| {
            let entries = this.pairs.get(pair).map_or(&[][..], Vec::as_slice);
            let mut same = entries.iter().filter(|entry| entry.finished == finished);
            let oldest = same.next().map(|entry| entry.age);
            oldest.map(|age| (age, 1 + same.count()))
        };
        while let Some((oldest, count)) = of_pair(self, false) {
            if count < self.bounds.unfinished_max as usize {
                break;
            }
            self.remove(oldest, Leaves::GivesWay, counts);
        }
        while let Some((oldest, count)) = of_pair(self, true) {
            if count <= self.bounds.finished_max as usize {
                break;
            }
            self.remove(oldest, Leaves::GivesWay, counts);
        }
        if !self.pairs.contains_key(pair) {
            while self.pairs.len() >= self.bounds.pairs_max as usize {
                self.remove_oldest_pair(counts);
            }
        }
        let age = self.next_age;
        self.next_age += 1;
        self.pairs.entry(pair.clone()).or_default().push(Entry {
            age,
            incarnation: letter.incarnation,
            number: letter.number,
            finished: false,
            have: 0,
        });
        let partial = Partial {
            letter: letter.clone(),
            begun: now,
            finished: false,
            total,
            have: 0,
            pieces: Vec::new(),
        };
        self.bytes += partial.cost();
        self.letters.insert(age, partial);
        counts.begun += 1;
        counts.unfinished += 1;
        age
    }

    /// Room for `length` more bytes of the letter of this age, at the cost of others.
    fn make_room(&mut self, pair: &Pair, age: u64, length: u32, counts: &mut Counts) {
        loop {
            let entries = self.pairs.get(pair).map_or(&[][..], Vec::as_slice);
            let held: u64 = entries.iter().map(|entry| u64::from(entry.have)).sum();
            if held + u64::from(length) <= self.bounds.pair_bytes_max {
                break;
            }
            let other = entries
                .iter()
                .find(|entry| !entry.finished && entry.age != age)
                .expect("a pair has room for any one letter");
            self.remove(other.age, Leaves::GivesWay, counts);
        }
        while self.bytes + u64::from(length) + PIECE_COST > self.bounds.table_bytes_max {
            let mut ages = self.letters.keys().copied();
            let other = ages.find(|&other| other != age);
            let other = other.expect("the table has room for any one letter");
            self.remove(other, Leaves::GivesWay, counts);
        }
    }

    /// Keeps a part that was found to be new.
    fn put(&mut self, pair: &Pair, age: u64, part: Part<'_>, length: u32) {
        let partial = self.letters.get_mut(&age).expect("it was begun");
        let before = partial.cost();
        let at = partial.place(part.offset);
        partial.pieces.insert(
            at,
            Piece {
                offset: part.offset,
                bytes: part.bytes.into(),
            },
        );
        partial.have += length;
        self.bytes += partial.cost() - before;
        self.entry(pair, age).have += length;
    }

    /// If nothing is missing: fills in the body, and keeps no more than the name.
    fn finish(&mut self, pair: &Pair, age: u64, letter: &mut Letter, counts: &mut Counts) -> bool {
        let partial = self.letters.get_mut(&age).expect("it was begun");
        // Pieces do not overlap, so their lengths add up to the whole only if there is no hole.
        if partial.have < partial.total {
            return false;
        }
        let before = partial.cost();
        for piece in &partial.pieces {
            letter.body.extend_from_slice(&piece.bytes);
        }
        let pieces = partial.pieces.len() as u64;
        partial.pieces = Vec::new();
        partial.have = 0;
        partial.finished = true;
        self.bytes -= before - partial.cost();
        let entry = self.entry(pair, age);
        entry.have = 0;
        entry.finished = true;
        counts.parts_waiting -= pieces;
        counts.parts_joined += pieces;
        counts.unfinished -= 1;
        counts.joined += 1;
        true
    }

    fn entry(&mut self, pair: &Pair, age: u64) -> &mut Entry {
        let entries = self.pairs.get_mut(pair);
        let entry = entries.and_then(|entries| entries.iter_mut().find(|entry| entry.age == age));
        entry.expect("a letter in the table is in its pair's list")
    }

    fn remove_oldest_pair(&mut self, counts: &mut Counts) {
        let Some((_, oldest)) = self.letters.first_key_value() else {
            return;
        };
        let pair = oldest.pair();
        for entry in self.pairs.get(&pair).cloned().unwrap_or_default() {
            self.remove(entry.age, Leaves::GivesWay, counts);
        }
    }

    fn remove(&mut self, age: u64, why: Leaves, counts: &mut Counts) {
        let partial = self.letters.remove(&age).expect("it is in the table");
        self.bytes -= partial.cost();
        let pair = partial.pair();
        let entries = self.pairs.get_mut(&pair).expect("it has a pair");
        entries.retain(|entry| entry.age != age);
        if entries.is_empty() {
            self.pairs.remove(&pair);
        }
        if partial.finished {
            return;
        }
        let pieces = partial.pieces.len() as u64;
        counts.parts_waiting -= pieces;
        counts.unfinished -= 1;
        let (letters, parts) = match why {
            Leaves::GivesWay => (&mut counts.evicted, &mut counts.parts_evicted),
            Leaves::Expires => (&mut counts.expired, &mut counts.parts_expired),
        };
        *letters += 1;
        *parts += pieces;
    }
}

impl Part<'_> {
    /// Its length, if it is a part that a packer makes: not empty, within its letter, and not small but for the last.
    fn length(&self) -> Option<u32> {
        let length = u32::try_from(self.bytes.len()).ok()?;
        let end = self.offset.checked_add(length)?;
        let fair = end == self.total || self.bytes.len() >= PART_MIN;
        (length > 0 && end <= self.total && fair).then_some(length)
    }
}

impl Partial {
    fn pair(&self) -> Pair {
        Pair {
            from: self.letter.from,
            to: self.letter.to.clone(),
        }
    }

    fn cost(&self) -> u64 {
        let receivers = match &self.letter.to {
            To::One(_) => 0,
            To::Many(many) => many.len() as u64,
        };
        LETTER_COST
            + RECEIVER_COST * receivers
            + PIECE_COST * self.pieces.len() as u64
            + u64::from(self.have)
    }

    /// Where a piece of this offset stands, or would stand.
    fn place(&self, offset: u32) -> usize {
        self.pieces.partition_point(|piece| piece.offset < offset)
    }

    /// The counter of the reason why a part is not taken, if there is one.
    fn objection<'c>(
        &self,
        letter: &Letter,
        part: Part<'_>,
        length: u32,
        counts: &'c mut Counts,
    ) -> Option<&'c mut u64> {
        if self.letter != *letter || self.total != part.total {
            return Some(&mut counts.parts_contradicting);
        }
        if self.finished {
            return Some(&mut counts.parts_late);
        }
        let at = self.place(part.offset);
        let next = self.pieces.get(at);
        if next.is_some_and(|next| next.offset == part.offset && *next.bytes == *part.bytes) {
            return Some(&mut counts.parts_repeated);
        }
        let before = at.checked_sub(1).and_then(|at| self.pieces.get(at));
        let into_next = next.is_some_and(|next| part.offset + length > next.offset);
        let into_before = before.is_some_and(|before| {
            before.offset as usize + before.bytes.len() > part.offset as usize
        });
        (into_next || into_before).then_some(&mut counts.parts_overlapping)
    }
}
