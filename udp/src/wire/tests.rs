//! What the wire promises: what comes out is what went in, what is not ours is refused, memory is bounded, and every
//! datagram, frame and part is accounted for at any moment.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::Config;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::{SimTime, Span};

use super::frame::{Frame, Head};
use super::*;

/// A small generator for bulk tests; proptest's own is for what shrinks.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

fn cluster() -> Cluster {
    Cluster::new("test")
}

fn at(ms: u64) -> SimTime {
    SimTime::ZERO.after(Span::from_millis(ms))
}

fn letter(number: u64, length: usize) -> Letter {
    Letter {
        from: NodeId(1),
        to: To::One(NodeId(2)),
        incarnation: 0,
        number,
        event: 300,
        depth: 4,
        sent: at(1_500),
        delay: Span::from_micros(250),
        body: Random(number).bytes(length),
    }
}

fn pack(letters: &[Letter]) -> Vec<Vec<u8>> {
    let mut packer = Packer::new(&cluster(), &Bounds::STANDARD);
    let mut datagrams = Vec::new();
    for letter in letters {
        packer
            .push(letter, |bytes| datagrams.push(bytes.to_vec()))
            .unwrap();
    }
    packer.flush(|bytes| datagrams.push(bytes.to_vec()));
    for datagram in &datagrams {
        assert!((DATAGRAM_MIN..=DATAGRAM_MAX).contains(&datagram.len()));
    }
    datagrams
}

/// A datagram of these frames, sealed: what a member of the cluster with other ideas could send.
fn sealed(frames: &[Frame<'_>]) -> Vec<u8> {
    let mut bytes = HEADER.to_vec();
    for frame in frames {
        let mut room = [0; 2_000];
        let length = frame.write(&mut room).unwrap();
        bytes.extend_from_slice(&room[..length]);
    }
    seal(bytes)
}

fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let tag = cluster().tag(&bytes);
    bytes.extend_from_slice(&tag);
    bytes
}

/// A datagram with one part of a letter, its body cut from `offset` to `end`, which says that it has `total` bytes.
fn part(of: &Letter, offset: usize, end: usize, total: usize) -> Vec<u8> {
    let mut list = Vec::new();
    sealed(&[Frame::Part {
        head: Head::of(of, &mut list).unwrap(),
        total: u32::try_from(total).unwrap(),
        offset: u32::try_from(offset).unwrap(),
        bytes: &of.body[offset..end],
    }])
}

/// An opener whose sums are checked after every datagram.
struct Checked {
    opener: Opener,
    bounds: Bounds,
    letters: Vec<Letter>,
}

impl Checked {
    fn new(bounds: Bounds) -> Checked {
        Checked {
            opener: Opener::new(&cluster(), &bounds),
            bounds,
            letters: Vec::new(),
        }
    }

    fn open(&mut self, datagram: &[u8], now: SimTime) -> Result<(), Refusal> {
        let letters = &mut self.letters;
        let result = self
            .opener
            .open(datagram, now, |letter| letters.push(letter.clone()));
        let counts = self.counts();
        assert_eq!(counts.broken_rule(), None, "{counts:?}");
        assert_eq!(counts.letters(), self.letters.len() as u64);
        assert!(self.opener.table_bytes() <= self.bounds.table_bytes_max);
        result
    }

    fn counts(&self) -> Counts {
        *self.opener.counts()
    }
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![
        (0..3_u32).prop_map(|id| To::One(NodeId(id))),
        proptest::collection::btree_set(0..40_u32, 1..20)
            .prop_map(|ids| To::Many(ids.into_iter().map(NodeId).collect())),
        proptest::collection::btree_set(any::<u32>(), 1..60)
            .prop_map(|ids| To::Many(ids.into_iter().map(NodeId).collect())),
    ]
}

fn any_letter() -> impl Strategy<Value = Letter> {
    let length = prop_oneof![4 => 0..300_usize, 2 => 1_000..1_300_usize, 2 => 0..70_000_usize];
    let small = (0..3_u32, to(), 0..2_u32, any::<u32>());
    let large = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
    (small, large, length).prop_map(|(small, large, length)| Letter {
        from: NodeId(small.0),
        to: small.1,
        incarnation: small.2,
        depth: small.3,
        number: 0,
        event: large.0,
        sent: SimTime::from_nanos(large.1),
        delay: Span::from_nanos(large.2),
        body: Random(large.3).bytes(length),
    })
}

/// Letters with numbers, packed; how many datagrams there are of each is told by `copies`, their order by `seed`.
fn exchange(letters: &[Letter], copies: usize, seed: Option<u64>) -> Result<(), TestCaseError> {
    let mut packer = Packer::new(&cluster(), &Bounds::STANDARD);
    let mut datagrams: Vec<Vec<u8>> = Vec::new();
    let mut sent = BTreeMap::new();
    for letter in letters {
        let before = datagrams.len();
        let pushed = packer.push(letter, |bytes| datagrams.push(bytes.to_vec()));
        if letter.body.len() > Bounds::STANDARD.message_bytes_max as usize {
            prop_assert_eq!(pushed, Err(TooLarge::Body));
            prop_assert_eq!(datagrams.len(), before);
            continue;
        }
        prop_assert_eq!(pushed, Ok(()));
        sent.insert(letter.number, letter);
    }
    packer.flush(|bytes| datagrams.push(bytes.to_vec()));
    let mut all: Vec<&Vec<u8>> = datagrams.iter().collect();
    for _ in 1..copies {
        all.extend(&datagrams);
    }
    if let Some(seed) = seed {
        let mut random = Random(seed);
        for end in (1..all.len()).rev() {
            all.swap(end, random.below(end + 1));
        }
    }
    let mut checked = Checked::new(Bounds::STANDARD);
    for datagram in &all {
        prop_assert!(datagram.len() <= DATAGRAM_MAX);
        prop_assert_eq!(checked.open(datagram, at(0)), Ok(()));
    }
    let mut came: BTreeMap<u64, usize> = BTreeMap::new();
    for letter in &checked.letters {
        prop_assert_eq!(Some(&letter), sent.get(&letter.number));
        *came.entry(letter.number).or_default() += 1;
    }
    for (number, times) in &came {
        prop_assert!(
            *times == 1 || *times == copies,
            "{number} came {times} times"
        );
        if sent[number].body.len() > DATAGRAM_MAX {
            prop_assert_eq!(*times, 1, "it was split");
        }
    }
    // No more than 4 are unfinished at a time, so none had to give way.
    prop_assert_eq!(checked.counts().evicted, 0);
    prop_assert_eq!(came.len(), sent.len());
    prop_assert_eq!(checked.counts().unfinished, 0);
    if seed.is_none() && copies == 1 {
        let order: Vec<u64> = checked.letters.iter().map(|letter| letter.number).collect();
        prop_assert_eq!(order, sent.keys().copied().collect::<Vec<u64>>());
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 96, failure_persistence: None, ..Config::default() })]

    // The point of it all: in any order, once or more often, what comes out is what went in, and all of it.
    #[test]
    fn gives_what_was_sent(
        mut letters in proptest::collection::vec(any_letter(), 1..5),
        copies in 1..4_usize,
        seed in any::<Option<u64>>(),
    ) {
        for (number, letter) in (0..).zip(&mut letters) {
            letter.number = number;
        }
        exchange(&letters, copies, seed)?;
    }

    // Many small letters, so that datagrams are filled to the brim.
    #[test]
    fn gives_many_small_ones(
        lengths in proptest::collection::vec(0..200_usize, 1..200),
        copies in 1..3_usize,
        seed in any::<Option<u64>>(),
    ) {
        let letters: Vec<Letter> = (0..).zip(lengths).map(|(n, length)| letter(n, length)).collect();
        exchange(&letters, copies, seed)?;
    }

    // More split letters than there is room for, shuffled: some are lost, none is invented or comes twice.
    #[test]
    fn loses_but_never_invents(count in 5..12_u64, seed in any::<u64>()) {
        let letters: Vec<Letter> = (0..count).map(|n| letter(n, 5_000)).collect();
        let mut datagrams = pack(&letters);
        datagrams.extend_from_within(..);
        let mut random = Random(seed);
        for end in (1..datagrams.len()).rev() {
            datagrams.swap(end, random.below(end + 1));
        }
        let mut checked = Checked::new(Bounds::STANDARD);
        for datagram in &datagrams {
            prop_assert_eq!(checked.open(datagram, at(0)), Ok(()));
        }
        let mut came: Vec<u64> = checked.letters.iter().map(|letter| letter.number).collect();
        for letter in &checked.letters {
            prop_assert_eq!(letter, &letters[usize::try_from(letter.number).unwrap()]);
        }
        came.sort_unstable();
        let all = came.len();
        came.dedup();
        prop_assert_eq!(all, came.len());
    }
}

// Version 1 is frozen: these bytes were put together by hand from the description, the tag by another HMAC.
#[test]
fn the_format_is_version_one() {
    let letter = Letter {
        from: NodeId(1),
        to: To::Many([2, 3, 300].map(NodeId).to_vec()),
        incarnation: 5,
        number: 6,
        event: 300,
        depth: 7,
        sent: SimTime::from_nanos(8),
        delay: Span::from_nanos(9),
        body: b"hello".to_vec(),
    };
    let mut single = letter.clone();
    single.to = To::One(NodeId(2));
    let datagrams = pack(&[letter, single]);
    let hex: String = datagrams[0].iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        concat!(
            "6d010000",
            "00",                               // whole
            "01",                               // from
            "01040200a802",                     // to, as gaps: 2, none left out, 296 left out
            "0506ac02070809",                   // incarnation, number, event, depth, sent, delay
            "0568656c6c6f",                     // body
            "00010002",                         // whole, from, to one
            "0506ac020708090568656c6c6f",       // as above
            "71e0cfd9eb8ac384891cb18b8ef62cc3", // tag
        )
    );
    assert_eq!(datagrams.len(), 1);
}

// Receivers that are close together take a bit each, so a group of 4,096 fits.
#[test]
fn large_groups_fit() {
    let mut letter = letter(1, 3_000);
    letter.to = To::Many((7..7 + 4_096).map(NodeId).collect());
    let mut checked = Checked::new(Bounds::STANDARD);
    for datagram in pack(&[letter.clone()]) {
        checked.open(&datagram, at(0)).unwrap();
    }
    assert_eq!(checked.letters, [letter.clone()]);
    let mut packer = Packer::new(&cluster(), &Bounds::STANDARD);
    for too_many in [
        (0..4_097).map(NodeId).collect::<Vec<_>>(),
        (0..400).map(|n| NodeId(n * 1_000)).collect(),
    ] {
        letter.to = To::Many(too_many);
        let pushed = packer.push(&letter, |_| unreachable!());
        assert_eq!(pushed, Err(TooLarge::Receivers));
    }
    packer.flush(|_| unreachable!());
}

// Bodies at the limit go, one byte more does not, and nothing of it is sent.
#[test]
fn too_large_is_said() {
    let mut packer = Packer::new(&cluster(), &Bounds::STANDARD);
    let pushed = packer.push(&letter(0, (64 << 10) + 1), |_| unreachable!());
    assert_eq!(pushed, Err(TooLarge::Body));
    packer.flush(|_| unreachable!());
    assert_eq!(packer.push(&letter(0, 64 << 10), |_| ()), Ok(()));

    let large = Bounds {
        message_bytes_max: Bounds::MESSAGE_LIMIT,
        pair_bytes_max: 4 << 20,
        ..Bounds::STANDARD
    };
    let mut packer = Packer::new(&cluster(), &large);
    let mut checked = Checked::new(large);
    let mut small = Checked::new(Bounds::STANDARD);
    let longest = letter(0, 1 << 20);
    packer
        .push(&longest, |bytes| {
            checked.open(bytes, at(0)).unwrap();
            small.open(bytes, at(0)).unwrap();
        })
        .unwrap();
    packer.flush(|bytes| checked.open(bytes, at(0)).unwrap());
    assert_eq!(checked.letters, [longest]);
    assert_eq!(small.counts().parts_too_large, small.counts().parts);
    assert_eq!(small.opener.table_bytes(), 0);
}

#[test]
fn limits_that_make_no_sense_are_named() {
    assert_eq!(Bounds::STANDARD.problem(), None);
    for broken in [
        Bounds {
            message_bytes_max: 1_199,
            ..Bounds::STANDARD
        },
        Bounds {
            message_bytes_max: (1 << 20) + 1,
            ..Bounds::STANDARD
        },
        Bounds {
            unfinished_max: 0,
            ..Bounds::STANDARD
        },
        Bounds {
            pairs_max: 0,
            ..Bounds::STANDARD
        },
        Bounds {
            pair_bytes_max: 65_535,
            ..Bounds::STANDARD
        },
        Bounds {
            table_bytes_max: (256 << 10) - 1,
            ..Bounds::STANDARD
        },
    ] {
        assert!(broken.problem().is_some(), "{broken:?}");
    }
}

// Each check has its own counter, and the first that fails is the one that counts.
#[test]
fn refuses_in_order() {
    let good = pack(&[letter(1, 10)]).remove(0);
    let changed = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 0x80;
        bytes
    };
    let mut short = changed(0);
    short.truncate(20);
    let mut long = changed(0);
    long.resize(1_201, 0);
    let mut list = Vec::new();
    let small = letter(1, 0);
    let head = Head::of(&small, &mut list).unwrap();
    let crowd = [Frame::Whole { head, body: &[] }; FRAMES_MAX + 1];
    let mut foreign = Vec::new();
    let mut packer = Packer::new(&Cluster::new("other"), &Bounds::STANDARD);
    packer.push(&letter(1, 10), |_| ()).unwrap();
    packer.flush(|bytes| foreign = bytes.to_vec());
    let mut half = crowd_of(&crowd[..2]);
    half.push(0);
    let cases = [
        (Vec::new(), Refusal::TooShort),
        (short, Refusal::TooShort),
        (long, Refusal::TooLong),
        (changed(0), Refusal::Magic),
        (changed(1), Refusal::Version),
        (changed(2), Refusal::Flags),
        (changed(3), Refusal::Flags),
        (changed(4), Refusal::Tag),
        (foreign, Refusal::Tag),
        (seal(half), Refusal::Malformed),
        (sealed(&crowd), Refusal::TooManyFrames),
    ];
    let mut checked = Checked::new(Bounds::STANDARD);
    for (datagram, why) in &cases {
        assert_eq!(checked.open(datagram, at(0)), Err(*why));
    }
    let counts = checked.counts();
    let expected = Counts {
        datagrams: 11,
        too_short: 2,
        too_long: 1,
        bad_magic: 1,
        bad_version: 1,
        bad_flags: 2,
        bad_tag: 2,
        malformed: 1,
        too_many_frames: 1,
        ..Counts::default()
    };
    assert_eq!(counts, expected);
    assert_eq!(checked.open(&sealed(&crowd[1..]), at(0)), Ok(()));
    assert_eq!(checked.counts().whole, 64);
}

// Lists of receivers that no packer makes: of nobody, longer than a list may be, beyond the last id.
#[test]
fn impossible_lists_are_malformed() {
    let list = |form: &[u8], bytes: usize, byte: u8| {
        let length = u8::try_from(bytes % 128).unwrap() | 0x80;
        let high = u8::try_from(bytes / 128).unwrap();
        let mut frame = [&HEADER[..], &[0, 1], form, &[length, high]].concat();
        frame.resize(frame.len() + bytes, byte);
        frame.extend_from_slice(&[0; 7]); // the rest of the head, and an empty body
        seal(frame)
    };
    let last = [2, 0xff, 0xff, 0xff, 0xff, 0x0f];
    let mut checked = Checked::new(Bounds::STANDARD);
    for (datagram, result) in [
        (list(&[1], 512, 0), Ok(())),
        (list(&[1], 513, 0), Err(Refusal::Malformed)),
        (list(&[1], 0, 0), Err(Refusal::Malformed)),
        (list(&[1], 9, 0x80), Err(Refusal::Malformed)),
        (list(&[2, 9], 512, 1), Ok(())),
        (list(&[2, 9], 513, 1), Err(Refusal::Malformed)),
        (list(&[2, 9], 5, 0), Err(Refusal::Malformed)),
        (list(&last, 1, 1), Ok(())),
        (list(&last, 1, 2), Err(Refusal::Malformed)),
        (list(&[3], 1, 1), Err(Refusal::Malformed)),
    ] {
        assert_eq!(checked.open(&datagram, at(0)), result);
    }
    assert_eq!(checked.letters[2].to, To::Many(vec![NodeId(u32::MAX)]));
}

// The packer keeps to the number of frames that the opener takes.
#[test]
fn tiny_letters_are_not_too_many() {
    let mut tiny = letter(0, 0);
    (tiny.event, tiny.sent, tiny.delay) = (0, at(0), Span::ZERO);
    let datagrams = pack(&vec![tiny; FRAMES_MAX + 1]);
    assert_eq!(datagrams.len(), 2);
    let mut checked = Checked::new(Bounds::STANDARD);
    for datagram in &datagrams {
        checked.open(datagram, at(0)).unwrap();
    }
    assert_eq!(checked.letters.len(), FRAMES_MAX + 1);
}

fn crowd_of(frames: &[Frame<'_>]) -> Vec<u8> {
    let mut bytes = sealed(frames);
    bytes.truncate(bytes.len() - TAG_LEN);
    bytes
}

/// Datagrams of several kinds, and the letters in them.
fn samples() -> (Vec<Letter>, Vec<Vec<u8>>) {
    let mut letters: Vec<Letter> = (0..8).map(|n| letter(n, 64)).collect();
    letters.extend((8..10).map(|n| letter(n, 2_500)));
    letters[3].to = To::Many((0..90).map(|n| NodeId(n * 3)).collect());
    letters[9].to = To::Many([4, 1_000, u32::MAX].map(NodeId).to_vec());
    let datagrams = pack(&letters);
    (letters, datagrams)
}

// Damage on the way: nothing panics, nothing comes out that was not sent.
#[test]
fn damage_is_refused() {
    let (letters, datagrams) = samples();
    let mut checked = Checked::new(Bounds::STANDARD);
    for datagram in &datagrams {
        for length in 0..datagram.len() {
            assert!(checked.open(&datagram[..length], at(0)).is_err());
        }
        for bit in 0..datagram.len() * 8 {
            let mut bytes = datagram.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(checked.open(&bytes, at(0)).is_err());
        }
    }
    let mut random = Random(7);
    for _ in 0..20_000 {
        let mut bytes = datagrams[random.below(datagrams.len())].clone();
        mutate(&mut bytes, &mut random);
        let opened = checked.open(&bytes, at(0)).is_ok();
        assert_eq!(opened, datagrams.contains(&bytes));
    }
    for length in 0..=1_500 {
        for _ in 0..4 {
            let mut bytes = random.bytes(length);
            assert!(checked.open(&bytes, at(0)).is_err());
            if let Some(header) = bytes.first_chunk_mut() {
                *header = HEADER;
            }
            assert!(checked.open(&bytes, at(0)).is_err());
        }
    }
    assert!(
        checked
            .letters
            .iter()
            .all(|letter| letters.contains(letter))
    );
}

// A member of the cluster that seals nonsense: the parser and the table stand it too. Small bounds, so that every limit
// is reached.
#[test]
fn sealed_nonsense_is_borne() {
    let (_, datagrams) = samples();
    let tight = Bounds {
        message_bytes_max: 4_000,
        unfinished_max: 2,
        finished_max: 1,
        pair_bytes_max: 5_000,
        pairs_max: 3,
        table_bytes_max: 140_000,
        patience: Span::from_millis(50),
    };
    let mut random = Random(8);
    for bounds in [tight, Bounds::STANDARD] {
        let mut checked = Checked::new(bounds);
        for round in 0..20_000 {
            let mut bytes = datagrams[random.below(datagrams.len())].clone();
            bytes.truncate(bytes.len() - TAG_LEN);
            // Heads and places of parts are at the front.
            let front = bytes.len().min(60);
            for _ in 0..=random.below(3) {
                let place = HEADER.len() + random.below(front - HEADER.len());
                bytes[place] ^= 1 << random.below(8);
            }
            let _ = checked.open(&seal(bytes), at(round / 4));
        }
        for length in 5..=1_184 {
            let mut bytes = random.bytes(length);
            bytes[..4].copy_from_slice(&HEADER);
            bytes[4] &= 1;
            let _ = checked.open(&seal(bytes), at(6_000));
        }
        let counts = checked.counts();
        assert!(counts.malformed > 100 && counts.opened > 100, "{counts:?}");
        assert!(counts.parts_misplaced > 0 && counts.parts_contradicting > 0);
        assert!(counts.evicted > 0);
    }
}

/// Changes bits and bytes, cuts, repeats or adds.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let place = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[place] = random.bytes(1)[0],
            1 => bytes.truncate(place.max(1)),
            2 => bytes.extend_from_within(place..),
            3 => bytes.insert(place, random.bytes(1)[0]),
            _ => bytes[place] ^= 1 << random.below(8),
        }
    }
}

// Parts that contradict what is known are dropped, and the letter still comes out as its first parts had it.
#[test]
fn parts_that_do_not_fit_are_dropped() {
    let sent = letter(1, 3_000);
    let mut other = letter(1, 3_000);
    other.body = letter(2, 3_000).body;
    let mut head = sent.clone();
    head.depth += 1;
    let mut checked = Checked::new(Bounds::STANDARD);
    let mut open = |bytes: Vec<u8>| {
        checked.open(&bytes, at(0)).unwrap();
        checked.counts()
    };
    open(part(&sent, 1_000, 2_000, 3_000));
    assert_eq!(open(part(&sent, 1_000, 2_000, 3_000)).parts_repeated, 1);
    assert_eq!(open(part(&other, 1_000, 2_000, 3_000)).parts_overlapping, 1);
    assert_eq!(open(part(&sent, 999, 1_600, 3_000)).parts_overlapping, 2);
    assert_eq!(open(part(&sent, 1_999, 3_000, 3_000)).parts_overlapping, 3);
    assert_eq!(open(part(&sent, 400, 1_001, 3_000)).parts_overlapping, 4);
    assert_eq!(open(part(&sent, 0, 1_000, 3_001)).parts_contradicting, 1);
    assert_eq!(open(part(&head, 0, 1_000, 3_000)).parts_contradicting, 2);
    assert_eq!(open(part(&sent, 0, 511, 3_000)).parts_misplaced, 1);
    assert_eq!(open(part(&sent, 0, 0, 3_000)).parts_misplaced, 2);
    assert_eq!(open(part(&sent, 0, 0, 0)).parts_misplaced, 3);
    assert_eq!(open(part(&sent, 2_000, 3_000, 2_999)).parts_misplaced, 4);
    assert_eq!(open(part(&sent, 0, 1_000, 65_537)).parts_too_large, 1);
    let counts = open(part(&sent, 2_000, 3_000, 3_000));
    assert_eq!((counts.parts_waiting, counts.joined), (2, 0));
    let counts = open(part(&sent, 0, 1_000, 3_000));
    assert_eq!((counts.parts_waiting, counts.joined), (0, 1));
    assert_eq!(open(part(&sent, 0, 1_000, 3_000)).parts_late, 1);
    assert_eq!(checked.letters, [sent]);
}

// A fifth unfinished letter of a pair takes the place of the oldest; other pairs, and other lives, are not touched by
// numbers that are the same.
#[test]
fn the_oldest_gives_way() {
    let mut checked = Checked::new(Bounds::STANDARD);
    let mut stranger = letter(0, 3_000);
    stranger.to = To::One(NodeId(9));
    checked
        .open(&part(&stranger, 0, 1_000, 3_000), at(0))
        .unwrap();
    for number in 0..5 {
        let first = part(&letter(number, 2_000), 0, 1_000, 2_000);
        checked.open(&first, at(number)).unwrap();
    }
    assert_eq!(checked.counts().evicted, 1);
    let mut reborn = letter(4, 2_000);
    reborn.incarnation = 1;
    checked
        .open(&part(&reborn, 0, 1_000, 2_000), at(9))
        .unwrap();
    assert_eq!(checked.counts().evicted, 2);
    for number in 2..5 {
        let last = part(&letter(number, 2_000), 1_000, 2_000, 2_000);
        checked.open(&last, at(9)).unwrap();
    }
    checked
        .open(&part(&reborn, 1_000, 2_000, 2_000), at(9))
        .unwrap();
    checked
        .open(&part(&stranger, 1_000, 2_000, 3_000), at(9))
        .unwrap();
    checked
        .open(&part(&stranger, 2_000, 3_000, 3_000), at(9))
        .unwrap();
    let came: Vec<u64> = checked.letters.iter().map(|letter| letter.number).collect();
    assert_eq!(came, [2, 3, 4, 4, 0]);
    let counts = checked.counts();
    assert_eq!((counts.parts_evicted, counts.parts_waiting), (2, 0));
}

// Bytes are limited too, where letters may be long: then fewer are kept than there is room for by number.
#[test]
fn bytes_of_a_pair_are_bounded() {
    let bounds = Bounds {
        message_bytes_max: 4_000,
        pair_bytes_max: 5_000,
        ..Bounds::STANDARD
    };
    let mut checked = Checked::new(bounds);
    let letters: Vec<Letter> = (0..3).map(|number| letter(number, 3_000)).collect();
    for (offset, last) in [(0, 3), (1_000, 2)] {
        for sent in &letters[..last] {
            let bytes = part(sent, offset, offset + 1_000, 3_000);
            checked.open(&bytes, at(0)).unwrap();
        }
    }
    // Three firsts and two seconds are as many bytes as there may be.
    assert_eq!(checked.counts().parts_waiting, 5);
    checked
        .open(&part(&letters[2], 1_000, 1_001, 1_001), at(0))
        .unwrap();
    assert_eq!(checked.counts().parts_contradicting, 1);
    checked
        .open(&part(&letters[2], 1_000, 2_000, 3_000), at(0))
        .unwrap();
    let counts = checked.counts();
    assert_eq!((counts.evicted, counts.parts_evicted), (1, 2));
    for sent in &letters[1..] {
        checked
            .open(&part(sent, 2_000, 3_000, 3_000), at(0))
            .unwrap();
    }
    assert_eq!(checked.letters, letters[1..]);
}

// Five seconds are patience, one nanosecond more is too long; a name is forgotten after that too.
#[test]
fn unfinished_letters_expire() {
    let sent = letter(1, 2_000);
    let first = part(&sent, 0, 1_000, 2_000);
    let last = part(&sent, 1_000, 2_000, 2_000);
    let mut checked = Checked::new(Bounds::STANDARD);
    checked.open(&first, at(1)).unwrap();
    checked.open(&last, at(5_001)).unwrap();
    assert_eq!(checked.counts().joined, 1);
    checked.open(&first, at(5_001)).unwrap();
    assert_eq!(checked.counts().parts_late, 1);

    let late = at(5_001).after(Span::from_nanos(1));
    checked.open(&first, late).unwrap();
    assert_eq!(checked.counts().unfinished, 1);
    checked.open(&last, at(20_000)).unwrap();
    let counts = checked.counts();
    assert_eq!((counts.expired, counts.parts_expired), (1, 1));
    assert_eq!((counts.unfinished, counts.joined), (1, 1));
    checked.opener.expire(at(40_000));
    let counts = checked.counts();
    assert_eq!((counts.expired, counts.broken_rule()), (2, None));
    assert_eq!(checked.opener.table_bytes(), 0);
    // A clock that steps back is no reason to drop anything.
    checked.open(&first, at(40_000)).unwrap();
    checked.open(&last, at(1)).unwrap();
    assert_eq!(checked.letters, [sent.clone(), sent]);
}

// First parts from everybody to everybody: memory stays within its bound, and an honest pair still gets through.
#[test]
fn a_flood_of_first_parts_is_bounded() {
    let bounds = Bounds {
        table_bytes_max: 2 << 20,
        ..Bounds::STANDARD
    };
    let mut checked = Checked::new(bounds);
    let mut flood = letter(0, 1_000);
    for number in 0..20_000_u32 {
        flood.from = NodeId(number % 1_000 + 10);
        flood.number = u64::from(number);
        checked
            .open(&part(&flood, 0, 1_000, 65_536), at(0))
            .unwrap();
    }
    let counts = checked.counts();
    assert!((900..1_000).contains(&counts.unfinished), "{counts:?}");
    assert_eq!(counts.unfinished + counts.evicted, 20_000);
    // Second parts need room too.
    for number in 19_000..20_000_u32 {
        flood.from = NodeId(number % 1_000 + 10);
        flood.number = u64::from(number);
        flood.body = vec![0; 2_000];
        let second = part(&flood, 1_000, 2_000, 65_536);
        checked.open(&second, at(0)).unwrap();
    }
    let honest = letter(1, 60_000);
    for datagram in pack(std::slice::from_ref(&honest)) {
        checked.open(&datagram, at(0)).unwrap();
    }
    assert_eq!(checked.letters, [honest]);

    // Where there is memory enough, the number of pairs is the limit.
    let bounds = Bounds {
        pairs_max: 500,
        ..Bounds::STANDARD
    };
    let mut checked = Checked::new(bounds);
    for number in 0..600_u32 {
        flood.from = NodeId(number);
        let first = part(&flood, 0, 1_000, 65_536);
        checked.open(&first, at(0)).unwrap();
    }
    assert_eq!(checked.counts().unfinished, 500);

    // The same to groups, whose lists cost too, against the smallest table there can be.
    let bounds = Bounds {
        table_bytes_max: 256 << 10,
        ..Bounds::STANDARD
    };
    let mut checked = Checked::new(bounds);
    for number in 0..2_000_u32 {
        flood.to = To::Many((number..number + 4_096).map(NodeId).collect());
        flood.number = u64::from(number);
        checked.open(&part(&flood, 0, 600, 65_536), at(0)).unwrap();
    }
    assert!(checked.counts().evicted > 1_900);
}
