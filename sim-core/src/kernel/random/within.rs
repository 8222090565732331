//! Which of many lanes draw a delay of a certain length: a few instructions a lane, where the law is uniform.

use core::ops::{Range, RangeInclusive};

use super::delay::{Law, Sampler};
use super::keyed::{Draws, wide_product};
use crate::kernel::time::Span;

/// The question which lanes of some draws draw a delay within a range.
#[derive(Clone, Debug)]
pub struct Within<'a> {
    sampler: &'a Sampler,
    draws: Draws,
    /// In ns.
    range: RangeInclusive<u64>,
    /// The law allows some delay of the range.
    possible: bool,
    words: Option<Words>,
}

/// [`Draws::below`] takes the high half of `word · n`, so the words that give the numbers of a range are themselves a range.
/// Only a word that it might reject needs a second look.
#[derive(Clone, Copy, Debug)]
struct Words {
    first: u64,
    /// The last of them minus the first.
    span: u64,
    n: u64,
}

impl Words {
    /// The words that give a number from `least` to `most`, of `0..n`.
    fn new(least: u64, most: u64, n: u64) -> Words {
        let begin = |number: u64| (u128::from(number) << 64).div_ceil(u128::from(n));
        let fits = |word| u64::try_from(word).unwrap_or(u64::MAX);
        let first = fits(begin(least));
        Words {
            first,
            span: fits(begin(most + 1) - 1) - first,
            n,
        }
    }
}

impl Sampler {
    /// Asks which lanes of `draws` draw a delay within `range`, in ns.
    #[must_use]
    pub fn within(&self, draws: Draws, range: RangeInclusive<u64>) -> Within<'_> {
        let (min, max) = (self.min_ns, self.max_ns);
        let least = min.max(*range.start());
        let most = max.min(*range.end());
        let possible = least <= most;
        let words = match (&self.law, (max - min).checked_add(1)) {
            (Law::Uniform, Some(n)) if possible => Some(Words::new(least - min, most - min, n)),
            _ => None,
        };
        Within {
            sampler: self,
            draws,
            range,
            possible,
            words,
        }
    }
}

impl Sampler {
    /// [`Sampler::sample`] in each of these lanes, in order: quicker, as it looks only once at what law it is.
    #[inline]
    pub fn sample_each(&self, draws: Draws, lanes: Range<u32>, mut each: impl FnMut(u32, Span)) {
        match (&self.law, (self.max_ns - self.min_ns).checked_add(1)) {
            (Law::Uniform, Some(n)) => {
                for lane in lanes {
                    each(lane, Span::from_nanos(self.min_ns + draws.below(lane, n)));
                }
            }
            _ => {
                for lane in lanes {
                    each(lane, self.sample(draws, lane));
                }
            }
        }
    }
}

impl Within<'_> {
    /// The delay that this lane draws, in ns, if it is within the range.
    #[must_use]
    #[inline]
    pub fn delay(&self, lane: u32) -> Option<u64> {
        if let Some(Words { first, span, n }) = self.words {
            let word = self.draws.word(lane);
            let does = word.wrapping_sub(first) <= span;
            if word.wrapping_mul(n) >= n {
                return does.then(|| self.sampler.min_ns + wide_product(word, n).0);
            }
        }
        let delay = self.sampler.sample(self.draws, lane).as_nanos();
        self.range.contains(&delay).then_some(delay)
    }

    /// Bit `i` says whether lane `first + i` does, for the first `count` lanes, 64 at most; the rest are zero.
    ///
    /// # Panics
    /// If `count` is not from 1 to 64.
    #[must_use]
    #[inline]
    pub fn lanes(&self, first: u32, count: u32) -> u64 {
        assert!((1..=64).contains(&count), "from 1 to 64 lanes");
        if !self.possible {
            return 0;
        }
        let lanes = first..first + count;
        if let Some(words) = self.words {
            let (mut bits, mut doubt) = (0, false);
            for lane in lanes.clone() {
                let word = self.draws.word(lane);
                let does = word.wrapping_sub(words.first) <= words.span;
                bits = bits >> 1 | u64::from(does) << 63;
                doubt |= word.wrapping_mul(words.n) < words.n;
            }
            if !doubt {
                return bits >> (64 - count);
            }
        }
        lanes.rev().fold(0, |bits, lane| {
            let delay = self.sampler.sample(self.draws, lane).as_nanos();
            bits << 1 | u64::from(self.range.contains(&delay))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Delay, Key, Purpose};
    use super::*;

    #[test]
    fn says_of_each_lane_what_its_draw_says() {
        let span = Span::from_nanos;
        let uniform = |min, max| Delay::Uniform {
            min: span(min),
            max: span(max),
        };
        let exponential = Delay::Exponential {
            mean: span(500),
            min: span(0),
            max: None,
        };
        let huge = u64::MAX / 3 * 2;
        for law in [
            uniform(100, 1_100),
            uniform(7, 7),
            uniform(0, 1),
            // Here words are rejected often, and a second one is taken.
            uniform(3, huge),
            uniform(0, u64::MAX),
            Delay::Fixed(span(400)),
            exponential,
        ] {
            let sampler = law.sampler().expect("a law of delay");
            for (ordinal, range) in (0..).zip([
                0..=u64::MAX,
                0..=6,
                7..=7,
                100..=100,
                101..=700,
                1_100..=1_100,
                400..=5_000,
                2_000..=huge / 2,
                huge..=u64::MAX,
                u64::MAX..=u64::MAX,
            ]) {
                let draws = Key::new(9, Purpose::Delay).at(3, ordinal);
                sampler.sample_each(draws, 70..80, |lane, delay| {
                    assert_eq!(delay, sampler.sample(draws, lane), "{law:?} {lane}");
                });
                let within = sampler.within(draws, range.clone());
                for (first, count) in [(0, 64), (1_000, 1), (77, 63), (u32::MAX - 64, 64)] {
                    let bits = within.lanes(first, count);
                    assert_eq!(u128::from(bits) >> count, 0);
                    for bit in 0..count {
                        let delay = sampler.sample(draws, first + bit).as_nanos();
                        let within_range = range.contains(&delay).then_some(delay);
                        let told = (bits >> bit & 1 == 1, within.delay(first + bit));
                        let expected = (within_range.is_some(), within_range);
                        assert_eq!(told, expected, "{law:?} {range:?} {first} {bit}");
                    }
                }
            }
        }
    }
}
