//! Test tools: chi-square and Kolmogorov–Smirnov; and with them the tests of the keyed draw.
//!
//! Everything is deterministic: a test that passes once passes always. Bounds are about four standard
//! deviations, both ways (too even is wrong too), and a poor mix has to break them.

use super::{Key, Purpose};

/// A source of words: a function of (who, ordinal, lane).
type Words<'a> = &'a dyn Fn(u64, u64, u32) -> u64;

/// Distance of χ² from its mean, in standard deviations (near enough to normal for many cells).
pub(super) fn chi_square_deviation(counts: &[u32]) -> f64 {
    let total: f64 = counts.iter().map(|&count| f64::from(count)).sum();
    let expected = total / counts.len() as f64;
    let square = |count: &u32| (f64::from(*count) - expected) * (f64::from(*count) - expected);
    let chi: f64 = counts.iter().map(square).sum::<f64>() / expected;
    let freedom = counts.len() as f64 - 1.0;
    (chi - freedom) / (2.0 * freedom).sqrt()
}

/// √n times the largest distance between the samples' distribution and `cdf`; over 1.95 once in 1000.
pub(super) fn kolmogorov_smirnov(mut samples: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let n = samples.len() as f64;
    let mut largest: f64 = 0.0;
    for (below, &sample) in samples.iter().enumerate() {
        let expected = cdf(sample);
        largest = largest
            .max(expected - below as f64 / n)
            .max((below + 1) as f64 / n - expected);
    }
    largest * n.sqrt()
}

/// Pairs of words that ought to be independent: what is wrong with them, if anything.
fn fault_in_pairs(pairs: impl Iterator<Item = (u64, u64)>) -> Option<String> {
    let mut high = vec![0; 256];
    let mut low = vec![0; 256];
    let mut flipped = 0_u64;
    let mut product = 0.0;
    let mut n = 0.0;
    for (a, b) in pairs {
        high[usize::try_from((a >> 60) << 4 | b >> 60).unwrap()] += 1;
        low[usize::try_from((a & 15) << 4 | b & 15).unwrap()] += 1;
        flipped += u64::from((a ^ b).count_ones());
        product += centred(a) * centred(b);
        n += 1.0;
    }
    // Flipped bits: mean 32, variance 16 a pair. Product of two centred uniforms: variance 1/144.
    let checks = [
        ("high bits", chi_square_deviation(&high)),
        ("low bits", chi_square_deviation(&low)),
        (
            "flipped bits",
            (flipped as f64 / n - 32.0) * f64::sqrt(n) / 4.0,
        ),
        ("correlation", product / f64::sqrt(n) * 12.0),
    ];
    let bad = checks.iter().find(|(_, deviation)| deviation.abs() > 4.5);
    bad.map(|(what, deviation)| format!("{what}: {deviation:.1} standard deviations"))
}

/// In -½ .. ½.
fn centred(word: u64) -> f64 {
    (word >> 11) as f64 * (f64::EPSILON / 2.0) - 0.5
}

fn fault_in_neighbours(words: Words) -> Option<String> {
    let n = 20_000;
    let whos = (0..n).map(|i| (words(i, 3, 0), words(i + 1, 3, 0)));
    let ordinals = (0..n).map(|i| (words(5, i, 0), words(5, i + 1, 0)));
    let lanes = (0..20_000).map(|i| (words(5, 3, i), words(5, 3, i + 1)));
    let diagonal = (0..n).map(|i| (words(i, i + 1, 0), words(i + 1, i, 0)));
    let incarnations = (0..n).map(|i| (words(i, 3, 0), words(i | 1 << 32, 3, 0)));
    let named = |name: &str, fault: Option<String>| fault.map(|fault| format!("{name}: {fault}"));
    None.or_else(|| named("who", fault_in_pairs(whos)))
        .or_else(|| named("ordinal", fault_in_pairs(ordinals)))
        .or_else(|| named("lane", fault_in_pairs(lanes)))
        .or_else(|| named("who and ordinal", fault_in_pairs(diagonal)))
        .or_else(|| named("incarnation", fault_in_pairs(incarnations)))
}

/// Each of the 160 input bits flips each of the 64 output bits half of the time.
fn fault_in_avalanche(words: Words) -> Option<String> {
    const TRIALS: u32 = 600;
    for bit in 0..160 {
        let mut flips = [0_u32; 64];
        for trial in 0..TRIALS {
            let (who, ordinal, lane) = (u64::from(trial), u64::from(trial * 7), trial % 5);
            let changed = match bit {
                0..64 => words(who ^ 1 << bit, ordinal, lane),
                64..128 => words(who, ordinal ^ 1 << (bit - 64), lane),
                _ => words(who, ordinal, lane ^ 1 << (bit - 128)),
            };
            let difference = words(who, ordinal, lane) ^ changed;
            for (out, count) in flips.iter_mut().enumerate() {
                *count += u32::from(difference >> out & 1 == 1);
            }
        }
        // A count is 300 ± 12.2; the largest of 10240 deviates by some 4 standard deviations.
        for (out, &count) in flips.iter().enumerate() {
            if count.abs_diff(TRIALS / 2) > 68 {
                return Some(format!(
                    "bit {bit} flips bit {out} {count} times of {TRIALS}"
                ));
            }
        }
    }
    None
}

/// Every byte of a word, and pairs of neighbouring lanes in 32 x 32 cells.
fn fault_in_lanes(words: Words) -> Option<String> {
    let mut bytes = vec![vec![0_u32; 256]; 8];
    let mut cells = vec![0_u32; 1024];
    for i in 0..65_536_u32 {
        let (who, ordinal) = (u64::from(i >> 12), u64::from(i >> 6 & 63));
        let word = words(who, ordinal, 2 * (i & 63));
        let next = words(who, ordinal, 2 * (i & 63) + 1);
        for (place, &byte) in word.to_le_bytes().iter().enumerate() {
            bytes[place][usize::from(byte)] += 1;
        }
        cells[usize::try_from((word >> 59) << 5 | next >> 59).unwrap()] += 1;
    }
    let mut deviations: Vec<f64> = bytes.iter().map(|c| chi_square_deviation(c)).collect();
    deviations.push(chi_square_deviation(&cells));
    let bad = deviations
        .iter()
        .position(|deviation| deviation.abs() > 4.0)?;
    Some(format!("cell table {bad}: {deviations:.1?}"))
}

fn key() -> Key {
    Key::new(2026, Purpose::Delay)
}

#[test]
fn neighbours_are_independent() {
    let key = key();
    assert_eq!(fault_in_neighbours(&|w, o, l| key.at(w, o).word(l)), None);
}

#[test]
fn every_input_bit_moves_every_output_bit() {
    let key = key();
    assert_eq!(fault_in_avalanche(&|w, o, l| key.at(w, o).word(l)), None);
}

#[test]
fn bytes_and_pairs_of_lanes_are_uniform() {
    let key = key();
    assert_eq!(fault_in_lanes(&|w, o, l| key.at(w, o).word(l)), None);
}

#[test]
fn neighbouring_seeds_are_independent() {
    let word = |seed| Key::new(seed, Purpose::Loss).at(1, 1).word(0);
    assert_eq!(
        fault_in_pairs((0..5_000).map(|s| (word(s), word(s + 1)))),
        None
    );
}

#[test]
fn purposes_are_independent() {
    use Purpose::*;
    let purposes = [
        Loss, Duplicate, Delay, Choice, Fault, Workload, Selection, Clock, Corrupt, Topology,
    ];
    let keys = purposes.map(|purpose| Key::new(7, purpose));
    for (i, one) in keys.iter().enumerate() {
        for (j, other) in keys[..i].iter().enumerate() {
            let pairs = (0..3_000).map(|n| (one.at(4, n).word(0), other.at(4, n).word(0)));
            assert_eq!(fault_in_pairs(pairs), None, "{i} {j}");
        }
    }
}

/// The tests can see: mixes that look plausible and are not good enough.
#[test]
fn poor_mixes_are_caught() {
    const G: u64 = 0x9E37_79B9_7F4A_7C15;
    let weyl = |w: u64, o: u64, l: u32| {
        let lane = u64::from(l);
        G.wrapping_mul(w ^ o.rotate_left(21) ^ lane.rotate_left(42))
    };
    let once = |w, o, l| {
        let x: u64 = weyl(w, o, l);
        (x ^ x >> 32).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    };
    let key = key();
    let no_lane = |w, o, l| key.at(w, o).word(0) ^ u64::from(l);
    let sum = |w: u64, o: u64, l| key.at(w.wrapping_add(o), 0).word(l);
    for poor in [&weyl as Words, &once, &no_lane] {
        assert!(fault_in_neighbours(poor).is_some());
        assert!(fault_in_avalanche(poor).is_some());
        assert!(fault_in_lanes(poor).is_some());
    }
    assert!(fault_in_neighbours(&sum).is_some());
}
