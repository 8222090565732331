//! The keyed draw: a counter-based mix of (key, who, ordinal, lane), no state anywhere.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::Probability;

/// What a draw is for. The numbers are frozen: append only, never reuse one.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Is this copy of a message lost?
    Loss = 1,
    /// Is this message delivered a second time?
    Duplicate = 2,
    /// How long does this copy travel?
    Delay = 3,
    /// A protocol's own `pick` or `chance`.
    Choice = 4,
    /// When and where a fault strikes.
    Fault = 5,
    /// What clients ask for, and when.
    Workload = 6,
    /// Who is chosen: targets of a fault, members of a group.
    Selection = 7,
    /// Drift and offset of a node's clock.
    Clock = 8,
    /// Is this copy corrupted, and where?
    Corrupt = 9,
    /// Edges of a generated overlay.
    Topology = 10,
    /// Does a link pass from a good to a bad state, or back?
    Burst = 11,
    /// Does a process omit to send or to receive this copy?
    Omission = 12,
    /// How long does a slow process work on this event, a slow disk on this write?
    Processing = 13,
    /// What becomes of a write to a bad disk?
    Storage = 14,
    /// What a Byzantine process does.
    Adversary = 15,
    /// The secrets of authenticated links.
    LinkKey = 16,
}

/// The key of one purpose: 128 bits expanded from the seed.
///
/// ChaCha with 8 rounds, 64-bit block counter 0, the seed in little-endian order in the first 8 of
/// the 32 key bytes and zeros in the rest, and the purpose's number as the 64-bit stream (nonce).
/// The first 16 bytes of the key stream are two little-endian words, `k0` and `k1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    k0: u64,
    k1: u64,
}

impl Key {
    /// The key of `purpose` in the runs with this `seed`. Some tens of nanoseconds: make it once.
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let mut chacha = ChaCha8Rng::from_seed(bytes);
        chacha.set_stream(u64::from(purpose as u32));
        Self {
            k0: chacha.next_u64(),
            k1: chacha.next_u64(),
        }
    }

    /// All draws of the event number `ordinal` of `who`, for instance one (group) send of one node.
    ///
    /// With `⊕` for exclusive or, `≪` for rotation and all arithmetic modulo 2⁶⁴:
    ///
    /// ```text
    /// G      = 0x9E3779B97F4A7C15                                     (2⁶⁴ / golden ratio, odd)
    /// mix(x) = y ⊕ (y >> 31), where y = (x₂ ⊕ (x₂ >> 27)) · 0x94D049BB133111EB
    ///                               x₂ = (x ⊕ (x >> 30)) · 0xBF58476D1CE4E5B9
    /// w      = mix(k0 + G·who)
    /// a      = mix((w ⊕ k1) + G·ordinal)
    /// b      = w ⊕ (a ≪ 32)
    /// ```
    ///
    /// `mix` is the finaliser of SplitMix64 (Steele, Lea, Flood 2014; variant 13 of Stafford 2011).
    /// `who` can be told from `w`, and `ordinal` from `w` and `a`: under one key no two pairs
    /// (who, ordinal) ever share their state `(a, b)`.
    #[inline]
    pub fn at(&self, who: u64, ordinal: u64) -> Draws {
        let w = mix(self.k0.wrapping_add(GOLDEN.wrapping_mul(who)));
        let a = mix((w ^ self.k1).wrapping_add(GOLDEN.wrapping_mul(ordinal)));
        let b = w ^ a.rotate_left(32);
        Draws { a, b }
    }
}

/// The draws of one (key, who, ordinal): a value to copy, with 2³² lanes of independent draws.
///
/// Give every question that is asked about one event a lane of its own (in a group send: the
/// receiver). Asking twice with one lane gives the same answer twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    a: u64,
    b: u64,
}

impl Draws {
    /// 64 uniform bits. With `a`, `b`, `G` of [`Key::at`] and `c = lane`:
    ///
    /// ```text
    /// x    = a + G·c
    /// x    = (x ⊕ (x >> 30)) · 0xBF58476D1CE4E5B9
    /// x    = x ⊕ b
    /// x    = (x ⊕ (x >> 27)) · 0x94D049BB133111EB
    /// word = x ⊕ (x >> 31)
    /// ```
    ///
    /// which is `mix(a + G·c)`, with `b` as a second key between its two multiplications.
    #[inline]
    pub fn word(self, lane: u32) -> u64 {
        self.at_counter(u64::from(lane))
    }

    /// A uniform integer in `0..n`, without bias. One draw, and a multiplication.
    ///
    /// The high half of the 128-bit product `word · n` (Lemire 2019, "Fast random integer generation
    /// in an interval"). A word is rejected when the low half is under `(2⁶⁴ - n) mod n`. Try
    /// number `t` (0, 1, …) takes the word of `c = lane + t·2³²`: no lane shares a word with another.
    ///
    /// # Panics
    /// If `n` is 0.
    #[inline]
    pub fn below(self, lane: u32, n: u64) -> u64 {
        assert!(n >= 1, "below(0): there is no integer to draw");
        let mut counter = u64::from(lane);
        let (mut high, mut low) = wide_product(self.at_counter(counter), n);
        if low < n {
            let rejected = n.wrapping_neg() % n;
            while low < rejected {
                counter += 1 << 32;
                (high, low) = wide_product(self.at_counter(counter), n);
            }
        }
        high
    }

    /// True with probability `p`: exactly `word < threshold`, see [`Probability`].
    #[inline]
    pub fn chance(self, lane: u32, p: Probability) -> bool {
        p.admits(self.word(lane))
    }

    /// A uniform real in the open interval (0, 1): `(⌊word / 2¹²⌋ + ½) / 2⁵²`, without any rounding.
    ///
    /// From 2⁻⁵³ to 1 - 2⁻⁵³, and symmetric: `1 - unit` is as likely, and exact too.
    #[inline]
    pub fn unit(self, lane: u32) -> f64 {
        ((self.word(lane) >> 12) as f64 + 0.5) * UNIT_STEP
    }

    #[inline]
    fn at_counter(self, counter: u64) -> u64 {
        let x = self.a.wrapping_add(GOLDEN.wrapping_mul(counter));
        let x = (x ^ (x >> 30)).wrapping_mul(MIX_1);
        let x = x ^ self.b;
        let x = (x ^ (x >> 27)).wrapping_mul(MIX_2);
        x ^ (x >> 31)
    }
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
const MIX_1: u64 = 0xBF58_476D_1CE4_E5B9;
const MIX_2: u64 = 0x94D0_49BB_1331_11EB;

/// 2⁻⁵², the distance of two neighbours of [`Draws::unit`].
const UNIT_STEP: f64 = f64::EPSILON;
/// The smallest value of [`Draws::unit`], 2⁻⁵³.
pub(super) const UNIT_MIN: f64 = UNIT_STEP / 2.0;
/// The largest value of [`Draws::unit`], 1 - 2⁻⁵³.
pub(super) const UNIT_MAX: f64 = 1.0 - UNIT_MIN;

#[inline]
fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(MIX_1);
    let x = (x ^ (x >> 27)).wrapping_mul(MIX_2);
    x ^ (x >> 31)
}

/// The high and the low half of `a · b`.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "taking the two halves of 128 bits"
)]
pub(super) fn wide_product(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    ((product >> 64) as u64, product as u64)
}

#[cfg(test)]
mod tests {
    use super::super::statistics::chi_square_deviation;
    use super::*;

    #[test]
    fn purpose_numbers_are_frozen() {
        use Purpose::*;
        let numbers = [
            Loss, Duplicate, Delay, Choice, Fault, Workload, Selection, Clock, Corrupt, Topology,
        ]
        .map(|purpose| purpose as u32);
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }

    /// Published vectors: seed, purpose, `k0`, `k1`.
    #[test]
    fn keys() {
        use Purpose::{Delay, Loss, Topology};
        for (seed, purpose, k0, k1) in [
            (0, Loss, 0xCA06_8379_B34B_8F2B, 0xD14E_8D4F_7CD4_3051),
            (0, Delay, 0xC26F_E9EF_3B9B_0AFC, 0x20F7_6068_64B2_C8D1),
            (0, Topology, 0xCF61_81BF_CE24_86F2, 0xE8C3_3368_3044_803F),
            (1, Loss, 0x1A81_25D4_8C6F_EA14, 0xD167_E651_AC49_9192),
            (42, Loss, 0xC6E0_8C69_E846_98BE, 0x33B4_AB76_6015_6B49),
            (42, Delay, 0x74EE_5CE4_4646_5E4E, 0xAC05_B87A_3D4A_0CBE),
            (u64::MAX, Loss, 0x44F1_20FE_EB42_BEF8, 0x5056_C571_BCC7_0A91),
            (
                u64::MAX,
                Topology,
                0xC6A4_8D97_B0CD_2199,
                0xB6B2_3468_025D_2BFB,
            ),
        ] {
            assert_eq!(
                Key::new(seed, purpose),
                Key { k0, k1 },
                "{seed} {purpose:?}"
            );
        }
    }

    /// Published vectors under seed 42, purpose `Delay`: who, ordinal, lane, word.
    #[test]
    fn words() {
        let key = Key::new(42, Purpose::Delay);
        for (who, ordinal, lane, word) in [
            (0, 0, 0, 0x2DBD_A58A_7024_152E),
            (0, 0, 1, 0x0C36_7ECB_F87A_0366),
            (0, 1, 0, 0x8353_AA17_114A_9DD6),
            (1, 0, 0, 0x581A_9F50_0434_DCA0),
            (7, 1000, 5, 0x08EB_F758_0355_A30C),
            (1 << 32 | 1, 1 << 40, u32::MAX, 0x480D_20DA_5F1D_9109),
            (u64::MAX, u64::MAX, u32::MAX, 0x5C1C_6030_ED4A_DB0F),
        ] {
            assert_eq!(
                key.at(who, ordinal).word(lane),
                word,
                "{who} {ordinal} {lane}"
            );
        }
    }

    /// Published vectors for lanes 0 to 3 of who 7, ordinal 1000; the second row has rejections.
    #[test]
    fn below_and_unit() {
        let draws = Key::new(42, Purpose::Delay).at(7, 1000);
        let below = |n| [0, 1, 2, 3].map(|lane| draws.below(lane, n));
        assert_eq!(below(1), [0, 0, 0, 0]);
        assert_eq!(below(6), [4, 2, 1, 1]);
        assert_eq!(below(1000), [822, 494, 191, 257]);
        let three_quarters = [
            11_381_453_180_514_945_571,
            4_223_203_668_238_774_001,
            2_652_550_453_874_473_176,
            3_561_281_175_375_648_579,
        ];
        assert_eq!(below(3 << 62), three_quarters);
        let units = [
            0.8226530842904239,
            0.4946416118893767,
            0.19172673098120774,
            0.25740991914493383,
        ];
        assert_eq!([0, 1, 2, 3].map(|lane| draws.unit(lane)), units);
    }

    #[test]
    fn a_rejected_word_goes_on_in_a_lane_of_its_own() {
        let draws = Key::new(42, Purpose::Delay).at(7, 1000);
        let n = 3 << 62;
        let retried = wide_product(draws.at_counter(1 << 32 | 1), n).0;
        assert_eq!(draws.below(1, n), retried);
        assert_ne!(draws.below(1, n), wide_product(draws.word(1), n).0);
    }

    #[test]
    fn below_has_no_bias() {
        let key = Key::new(3, Purpose::Choice);
        for n in [2_u32, 3, 6, 7, 10, 100, 997] {
            let mut counts = vec![0; usize::try_from(n).unwrap()];
            for i in 0..50 * n.max(400) {
                let drawn = key.at(u64::from(n), u64::from(i)).below(0, u64::from(n));
                counts[usize::try_from(drawn).unwrap()] += 1;
            }
            let deviation = chi_square_deviation(&counts);
            assert!(deviation < 4.0, "{n}: {deviation}");
        }
        // Without rejection, one remainder of three would come twice as often as the others.
        let mut counts = [0; 3];
        for i in 0..30_000 {
            let drawn = key.at(8, i).below(0, 3 << 62);
            counts[usize::try_from(drawn % 3).unwrap()] += 1;
        }
        assert!(chi_square_deviation(&counts) < 4.0, "{counts:?}");
    }

    #[test]
    #[should_panic(expected = "below(0)")]
    fn below_zero_is_refused() {
        Key::new(0, Purpose::Choice).at(0, 0).below(0, 0);
    }

    #[test]
    fn unit_is_open_and_symmetric() {
        let unit = |word: u64| ((word >> 12) as f64 + 0.5) * UNIT_STEP;
        assert_eq!(unit(0), UNIT_MIN);
        assert_eq!(unit(u64::MAX), UNIT_MAX);
        assert_eq!(1.0 - unit(0), unit(u64::MAX));
        const { assert!(UNIT_MIN > 0.0 && UNIT_MAX < 1.0) };
    }

    #[test]
    fn chance_is_as_often_as_asked() {
        let key = Key::new(5, Purpose::Loss);
        let p = Probability::parse("0.1").unwrap();
        let hits = (0..40_000).filter(|&i| key.at(1, i).chance(0, p)).count();
        assert!(hits.abs_diff(4_000) < 240, "{hits}");
        assert!(!(0..100).any(|i| key.at(1, i).chance(0, Probability::NEVER)));
        assert!((0..100).all(|i| key.at(1, i).chance(0, Probability::ALWAYS)));
    }
}
