//! Times that were measured, many of one kind: how many, how long altogether, and how they are spread.
//!
//! A log-linear histogram (as HdrHistogram, Tene 2012): each power of two is cut into 1024 buckets of equal width, so a
//! bucket is never wider than a thousandth of what is in it, and there are less than 57,000 of them, however many times
//! were measured and however long they were. Times below 2 us have a bucket each.
//!
//! Count, sum, smallest and largest are exact. A percentile is by nearest rank: the smallest time that so many of a
//! thousand do not exceed. What is told for it is the longest time in its bucket. That time was measured; it is never
//! below the exact percentile, and less than 0.1 % above it. Where all times in the bucket are equal it is exact.

use std::collections::BTreeMap;

use super::time::Span;

/// A power of two is cut into 2 to this many buckets.
const BITS: u32 = 10;

/// Times that were measured. Bounded memory; made by [`Distribution::add`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Distribution {
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
    /// By their place from short to long; none is empty.
    buckets: BTreeMap<u32, Bucket>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Bucket {
    count: u64,
    longest: u64,
}

/// The place of the bucket for a time: the place of its highest bit, and as many bits as count behind that.
fn place(ns: u64) -> u32 {
    let beyond = (u64::BITS - BITS - 1).saturating_sub(ns.leading_zeros());
    #[expect(clippy::cast_possible_truncation, reason = "at most 11 bits are left")]
    let upper = (ns >> beyond) as u32;
    // Above the first two powers the highest bit is always there, and `beyond` tells of it.
    (beyond << BITS) + upper
}

impl Distribution {
    /// None yet.
    #[must_use]
    pub const fn new() -> Distribution {
        Distribution {
            count: 0,
            sum: 0,
            min: 0,
            max: 0,
            buckets: BTreeMap::new(),
        }
    }

    /// One more time.
    pub fn add(&mut self, time: Span) {
        let ns = time.as_nanos();
        self.min = if self.count == 0 {
            ns
        } else {
            self.min.min(ns)
        };
        self.max = self.max.max(ns);
        self.count += 1;
        self.sum += u128::from(ns);
        let bucket = self.buckets.entry(place(ns)).or_default();
        bucket.count += 1;
        bucket.longest = bucket.longest.max(ns);
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The shortest; none of nothing.
    #[must_use]
    pub fn min(&self) -> Option<Span> {
        self.of_some(self.min)
    }

    /// The longest; none of nothing.
    #[must_use]
    pub fn max(&self) -> Option<Span> {
        self.of_some(self.max)
    }

    /// The mean, rounded to nanoseconds, halves up; none of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<Span> {
        let count = u128::from(self.count);
        let doubled = (2 * self.sum + count).checked_div(2 * count)?;
        u64::try_from(doubled).ok().map(Span::from_nanos)
    }

    /// The time that so many of a thousand do not exceed, by nearest rank; none of nothing.
    ///
    /// # Panics
    /// If `thousandths` is above 1000.
    #[must_use]
    pub fn percentile(&self, thousandths: u16) -> Option<Span> {
        assert!(thousandths <= 1_000, "a share is at most the whole");
        let share = u128::from(self.count) * u128::from(thousandths);
        let rank = share.div_ceil(1_000).max(1);
        let mut passed = 0;
        let reaches = |bucket: &&Bucket| {
            passed += u128::from(bucket.count);
            passed >= rank
        };
        let bucket = self.buckets.values().find(reaches)?;
        Some(Span::from_nanos(bucket.longest))
    }

    fn of_some(&self, ns: u64) -> Option<Span> {
        (self.count > 0).then_some(Span::from_nanos(ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::{Delay, Key, Purpose};

    fn of(times: impl IntoIterator<Item = u64>) -> Distribution {
        let mut all = Distribution::default();
        times
            .into_iter()
            .for_each(|ns| all.add(Span::from_nanos(ns)));
        all
    }

    /// The smallest of sorted times that `thousandths` do not exceed.
    fn nearest_rank(sorted: &[u64], thousandths: u16) -> u64 {
        let rank = (sorted.len() * usize::from(thousandths)).div_ceil(1_000);
        sorted[rank.max(1) - 1]
    }

    const ASKED: [u16; 13] = [0, 1, 10, 50, 100, 250, 500, 750, 900, 950, 990, 999, 1_000];

    /// Against sorting: some thousand times of laws short and long, and the extremes.
    #[test]
    fn is_what_sorting_says() {
        let ms = Span::from_millis;
        let (min, max) = (Span::ZERO, None);
        let laws = [
            Delay::Uniform {
                min,
                max: Span::from_nanos(5_000),
            },
            Delay::Exponential {
                mean: ms(10),
                min,
                max,
            },
            Delay::LogNormal {
                median: ms(1),
                p99: Span::from_secs(100),
                min,
                max,
            },
            Delay::Pareto {
                scale: Span::from_nanos(1),
                shape_ppm: 100_000,
                max,
            },
        ];
        for (who, law) in (0..).zip(laws) {
            let sampler = law.sampler().unwrap();
            let key = Key::new(1, Purpose::Delay);
            for count in [1, 2, 3, 99, 100, 101, 9_999] {
                let draw = |i| sampler.sample(key.at(who, i), 0).as_nanos();
                let mut times: Vec<u64> = (0..count).map(draw).collect();
                let all = of(times.iter().copied());
                times.sort();
                assert_eq!(all.count(), count);
                assert_eq!(all.min().unwrap().as_nanos(), times[0]);
                assert_eq!(all.max().unwrap().as_nanos(), times[times.len() - 1]);
                let sum: u128 = times.iter().copied().map(u128::from).sum();
                let mean = (2 * sum + u128::from(count)) / (2 * u128::from(count));
                assert_eq!(u128::from(all.mean().unwrap().as_nanos()), mean);
                for thousandths in ASKED {
                    let exact = nearest_rank(&times, thousandths);
                    let told = all.percentile(thousandths).unwrap().as_nanos();
                    assert!(told >= exact, "{law:?} {thousandths}: {told} {exact}");
                    assert!(
                        u128::from(told - exact) * 1_000 < u128::from(exact.max(1)),
                        "{law:?} {thousandths}: {told} {exact}"
                    );
                    assert!(times.binary_search(&told).is_ok(), "it was measured");
                }
            }
        }
    }

    /// Buckets follow each other without a gap, and none is wider than a thousandth of its shortest time.
    #[test]
    fn buckets_are_in_order_and_narrow() {
        let mut last = place(0);
        for ns in 1..1 << 16 {
            let next = place(ns);
            assert!(next == last || next == last + 1, "{ns}");
            last = next;
        }
        for bit in 0..u64::BITS {
            let power = 1_u64 << bit;
            for ns in [power - 1, power, power + power / 3, power + power / 1_024] {
                assert!(place(ns) <= place(ns + 1), "{ns}");
                // A thousandth longer is in another bucket.
                if let Some(longer) = ns.checked_add(ns.div_ceil(1_000)) {
                    assert!(ns == 0 || place(longer) > place(ns), "{ns}");
                }
            }
        }
        assert_eq!(place(u64::MAX), 56_319);
    }

    #[test]
    fn equal_times_are_told_exactly() {
        let all = of(std::iter::repeat_n(10_000_019, 1_000).chain([70_000_027]));
        let times = [500, 990, 999, 1_000].map(|share| all.percentile(share).unwrap().as_nanos());
        assert_eq!(times, [10_000_019, 10_000_019, 10_000_019, 70_000_027]);
    }

    #[test]
    fn of_nothing_there_is_nothing_to_tell() {
        let none = Distribution::default();
        assert_eq!((none.min(), none.max(), none.mean()), (None, None, None));
        assert_eq!((none.percentile(500), none.count()), (None, 0));
        let longest = of([u64::MAX, u64::MAX]);
        assert_eq!(longest.mean(), Some(Span::MAX));
        assert_eq!(longest.percentile(10), Some(Span::MAX));
    }
}
