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
    /// The key of `purpose` in the runs with this `seed`. Costs a few hundred nanoseconds: keep it.
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
fn wide_product(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    ((product >> 64) as u64, product as u64)
}
