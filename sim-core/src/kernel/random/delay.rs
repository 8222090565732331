//! The law of a message's delay, and its sampler.

use core::fmt;
use core::hash::{Hash, Hasher};
use std::sync::Arc;

use super::Draws;
use super::detmath::{exp, ln, round_to_u64};
use super::keyed::{UNIT_MAX, UNIT_MIN};
use super::normal::normal_quantile;
use crate::kernel::time::Span;

/// The law of the delay of one message, in nanoseconds.
///
/// `min` and `max` clamp: what falls outside becomes the bound itself. Without a `max` the bound is
/// 2⁶⁴ - 1 ns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Delay {
    /// Always the same.
    Fixed(Span),
    /// Every nanosecond from `min` to `max`, both included, is as likely.
    Uniform {
        /// The smallest delay.
        min: Span,
        /// The largest delay, not under `min`.
        max: Span,
    },
    /// Memoryless, with the given `mean` before clamping.
    Exponential {
        /// Above zero.
        mean: Span,
        /// The smallest delay.
        min: Span,
        /// The largest delay, not under `min`.
        max: Option<Span>,
    },
    /// The bell curve, before clamping.
    Normal {
        /// Its centre.
        mean: Span,
        /// Its standard deviation; zero is allowed.
        sd: Span,
        /// The smallest delay.
        min: Span,
        /// The largest delay, not under `min`.
        max: Option<Span>,
    },
    /// The logarithm is normal, before clamping: half of the messages take at most `median`, 99 of
    /// 100 at most `p99`.
    LogNormal {
        /// Above zero.
        median: Span,
        /// Not under `median`.
        p99: Span,
        /// The smallest delay.
        min: Span,
        /// The largest delay, not under `min`.
        max: Option<Span>,
    },
    /// A power law: a delay above `x` has probability `(scale / x)^shape`, for `x ≥ scale`.
    Pareto {
        /// The smallest delay, above zero.
        scale: Span,
        /// Shape × 10⁶, above zero. There is no mean for a shape up to 1, no variance up to 2.
        shape_ppm: u32,
        /// The largest delay, not under `scale`.
        max: Option<Span>,
    },
    /// As measured: each of these is as likely; one that is named twice is twice as likely.
    Empirical(Arc<[Span]>),
}

/// Why a [`Delay`] is no law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DelayError {
    /// This field has to be above zero.
    Zero {
        /// The name of the field.
        field: &'static str,
    },
    /// This field is under that one.
    Order {
        /// The name of the field that is too small.
        field: &'static str,
        /// The name of the field that it must not be under.
        least: &'static str,
    },
    /// There is nothing to draw from.
    Empty {
        /// The name of the field.
        field: &'static str,
    },
}

/// Draws delays of one law: a [`Delay`] checked, with its constants worked out.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler {
    pub(super) law: Law,
    pub(super) min_ns: u64,
    pub(super) max_ns: u64,
}

/// What the bounds do not say. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Law {
    Fixed,
    Uniform,
    Exponential { mean: f64 },
    Normal { mean: f64, sd: f64 },
    LogNormal { median: f64, sigma: f64 },
    Pareto { scale: f64, shape: f64 },
    Empirical(Arc<[Span]>),
}

// None of its floats is ever NaN: they are worked out from checked times.
impl Eq for Sampler {}

impl Hash for Sampler {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.min_ns, self.max_ns).hash(state);
        core::mem::discriminant(&self.law).hash(state);
        let (one, two) = match &self.law {
            Law::Fixed | Law::Uniform => return,
            Law::Empirical(delays) => return delays.hash(state),
            Law::Exponential { mean } => (*mean, 0.0),
            Law::Normal { mean, sd } => (*mean, *sd),
            Law::LogNormal { median, sigma } => (*median, *sigma),
            Law::Pareto { scale, shape } => (*scale, *shape),
        };
        (one.to_bits(), two.to_bits()).hash(state);
    }
}

impl Delay {
    /// Checks the parameters and works out what can be worked out once.
    ///
    /// # Errors
    /// [`DelayError`] when a parameter is zero, or two are in the wrong order.
    pub fn sampler(&self) -> Result<Sampler, DelayError> {
        let (law, min, max) = match self.clone() {
            Self::Fixed(delay) => (Law::Fixed, delay, Some(delay)),
            Self::Uniform { min, max } => (Law::Uniform, min, Some(max)),
            Self::Exponential { mean, min, max } => {
                let mean = positive(mean, "mean")?;
                (Law::Exponential { mean }, min, max)
            }
            Self::Normal { mean, sd, min, max } => {
                let (mean, sd) = (float_ns(mean), float_ns(sd));
                (Law::Normal { mean, sd }, min, max)
            }
            Self::LogNormal {
                median,
                p99,
                min,
                max,
            } => {
                in_order(("p99", p99), ("median", median))?;
                let median = positive(median, "median")?;
                let sigma = ln(float_ns(p99) / median) / Z_99;
                (Law::LogNormal { median, sigma }, min, max)
            }
            Self::Pareto {
                scale,
                shape_ppm,
                max,
            } => {
                if shape_ppm == 0 {
                    return Err(DelayError::Zero { field: "shape_ppm" });
                }
                if let Some(max) = max {
                    in_order(("max", max), ("scale", scale))?;
                }
                let shape = f64::from(shape_ppm) / 1e6;
                let law = Law::Pareto {
                    scale: positive(scale, "scale")?,
                    shape,
                };
                (law, scale, max)
            }
            Self::Empirical(delays) => {
                let (Some(min), Some(max)) = (delays.iter().min(), delays.iter().max()) else {
                    return Err(DelayError::Empty { field: "delays" });
                };
                let (min, max) = (*min, *max);
                (Law::Empirical(delays), min, Some(max))
            }
        };
        let max = max.unwrap_or(Span::from_nanos(u64::MAX));
        in_order(("max", max), ("min", min))?;
        Ok(Sampler {
            law,
            min_ns: min.as_nanos(),
            max_ns: max.as_nanos(),
        })
    }
}

impl Sampler {
    /// No delay is longer; the largest that a span can hold where the law sets no bound.
    #[must_use]
    pub fn longest(&self) -> Span {
        match &self.law {
            Law::Empirical(delays) => delays.iter().copied().max().unwrap_or(Span::ZERO),
            _ => Span::from_nanos(self.max_ns),
        }
    }

    /// The delay drawn in this lane: one word (a uniform one, seldom, more).
    ///
    /// With `u` of [`Draws::unit`], and Φ⁻¹ of [`normal_quantile`](super::normal_quantile):
    ///
    /// ```text
    /// Fixed, Uniform   integers only: min + below(max - min + 1)
    /// Exponential      mean · -ln u
    /// Normal           mean + sd · Φ⁻¹(u)
    /// LogNormal        median · exp(sigma · Φ⁻¹(u)),   sigma = ln(p99 / median) / Φ⁻¹(0.99)
    /// Pareto           scale · exp(-ln u / shape)
    /// Empirical        integers only: the item number below(count)
    /// ```
    ///
    /// rounded once to whole nanoseconds, halves up, saturating, and clamped to the bounds.
    #[inline]
    pub fn sample(&self, draws: Draws, lane: u32) -> Span {
        let ns = match &self.law {
            Law::Fixed => self.min_ns,
            Law::Uniform => match (self.max_ns - self.min_ns).checked_add(1) {
                Some(count) => self.min_ns + draws.below(lane, count),
                None => draws.word(lane),
            },
            Law::Empirical(delays) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "below the length of a slice"
                )]
                let item = draws.below(lane, delays.len() as u64) as usize;
                return delays[item];
            }
            _ => self.at_quantile(draws.unit(lane)),
        };
        Span::from_nanos(ns)
    }

    /// The smallest delay that can ever be drawn: no bound, but the value at the extreme draw.
    pub fn min(&self) -> Span {
        Span::from_nanos(match self.law {
            Law::Fixed | Law::Uniform | Law::Empirical(_) => self.min_ns,
            Law::Exponential { .. } | Law::Pareto { .. } => self.at_quantile(UNIT_MAX),
            Law::Normal { .. } | Law::LogNormal { .. } => self.at_quantile(UNIT_MIN),
        })
    }

    /// The largest delay that can ever be drawn: no bound, but the value at the extreme draw.
    pub fn max(&self) -> Span {
        Span::from_nanos(match self.law {
            Law::Fixed | Law::Uniform | Law::Empirical(_) => self.max_ns,
            Law::Exponential { .. } | Law::Pareto { .. } => self.at_quantile(UNIT_MIN),
            Law::Normal { .. } | Law::LogNormal { .. } => self.at_quantile(UNIT_MAX),
        })
    }

    /// The inverse distribution function of the continuous laws, falling for two of them.
    fn at_quantile(&self, u: f64) -> u64 {
        let ns = match self.law {
            Law::Fixed | Law::Uniform | Law::Empirical(_) => unreachable!("drawn from integers"),
            Law::Exponential { mean } => mean * -ln(u),
            Law::Normal { mean, sd } => mean + sd * normal_quantile(u),
            Law::LogNormal { median, sigma } => median * exp(sigma * normal_quantile(u)),
            Law::Pareto { scale, shape } => scale * exp(-ln(u) / shape),
        };
        round_to_u64(ns).clamp(self.min_ns, self.max_ns)
    }
}

impl fmt::Display for DelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero { field } => write!(f, "`{field}` has to be above zero"),
            Self::Order { field, least } => write!(f, "`{field}` is under `{least}`"),
            Self::Empty { field } => write!(f, "`{field}` has to hold one at least"),
        }
    }
}

impl core::error::Error for DelayError {}

/// Φ⁻¹(0.99).
const Z_99: f64 = 2.326_347_874_040_841;

fn float_ns(span: Span) -> f64 {
    span.as_nanos() as f64
}

fn positive(span: Span, field: &'static str) -> Result<f64, DelayError> {
    if span.as_nanos() == 0 {
        return Err(DelayError::Zero { field });
    }
    Ok(float_ns(span))
}

fn in_order(
    (field, large): (&'static str, Span),
    (least, small): (&'static str, Span),
) -> Result<(), DelayError> {
    if large < small {
        return Err(DelayError::Order { field, least });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::statistics::{chi_square_deviation, kolmogorov_smirnov};
    use super::super::{Key, Purpose};
    use super::*;

    const MS: u64 = 1_000_000;

    fn ms(n: u64) -> Span {
        Span::from_nanos(n * MS)
    }

    fn sampler(delay: Delay) -> Sampler {
        delay.sampler().unwrap()
    }

    fn laws() -> [Delay; 5] {
        let (min, max) = (Span::from_nanos(0), None);
        [
            Delay::Uniform {
                min: ms(1),
                max: ms(10),
            },
            Delay::Exponential {
                mean: ms(5),
                min,
                max,
            },
            Delay::Normal {
                mean: ms(50),
                sd: ms(10),
                min,
                max,
            },
            Delay::LogNormal {
                median: ms(20),
                p99: ms(100),
                min,
                max,
            },
            Delay::Pareto {
                scale: ms(1),
                shape_ppm: 1_500_000,
                max,
            },
        ]
    }

    /// Published vectors in nanoseconds: seed 42, purpose `Delay`, who 7, ordinal 1000, lanes 0 to 7.
    #[test]
    fn vectors() {
        let draws = Key::new(42, Purpose::Delay).at(7, 1000);
        let expected = [
            [
                8403878, 5451775, 2725540, 3316689, 3461354, 1313655, 4018213, 2104616,
            ],
            [
                976103, 3519609, 8258421, 6785427, 6482564, 16783431, 5462797, 10488631,
            ],
            [
                59255232, 49865681, 41284492, 43486489, 43976898, 31861519, 45748319, 38385781,
            ],
            [
                37941187, 19815009, 10943734, 12744602, 13184420, 5702229, 14903381, 8955120,
            ],
            [
                1138996, 1598845, 3007541, 2471249, 2373443, 9372602, 2071707, 4049057,
            ],
        ];
        for (law, expected) in laws().into_iter().zip(expected) {
            let drawn = [0, 1, 2, 3, 4, 5, 6, 7]
                .map(|lane| sampler(law.clone()).sample(draws, lane).as_nanos());
            assert_eq!(drawn, expected, "{law:?}");
        }
        assert_eq!(sampler(Delay::Fixed(ms(3))).sample(draws, 0), ms(3));
    }

    fn samples(delay: Delay) -> Vec<f64> {
        let sampler = sampler(delay);
        let key = Key::new(11, Purpose::Delay);
        let draw = |i| sampler.sample(key.at(1, i), 0).as_nanos() as f64;
        (0..20_000).map(draw).collect()
    }

    #[expect(clippy::disallowed_methods, reason = "the reference of these tests")]
    mod cdf {
        /// Marsaglia 2004, "Evaluating the normal distribution": the plain series.
        pub fn normal(z: f64) -> f64 {
            if z.abs() > 7.0 {
                return f64::from(z > 0.0);
            }
            let (mut sum, mut term, mut i) = (z, z, 1.0);
            while sum + term != sum {
                i += 2.0;
                term *= z * z / i;
                sum += term;
            }
            0.5 + sum * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
        }

        pub fn exponential(x: f64) -> f64 {
            1.0 - (-x).exp()
        }

        pub fn log_normal(x: f64, p99: f64) -> f64 {
            normal(x.ln() / p99.ln() * 2.3263478740408408)
        }

        pub fn pareto(x: f64, shape: f64) -> f64 {
            1.0 - x.powf(-shape)
        }
    }

    #[test]
    fn distributions() {
        let [uniform, exponential, normal, log_normal, pareto] = laws().map(samples);
        let ms = MS as f64;
        let distances = [
            kolmogorov_smirnov(uniform, |x| (x / ms - 1.0) / 9.0),
            kolmogorov_smirnov(exponential.clone(), |x| cdf::exponential(x / ms / 5.0)),
            kolmogorov_smirnov(normal, |x| cdf::normal((x / ms - 50.0) / 10.0)),
            kolmogorov_smirnov(log_normal, |x| cdf::log_normal(x / ms / 20.0, 5.0)),
            kolmogorov_smirnov(pareto, |x| cdf::pareto(x / ms, 1.5)),
        ];
        assert!(
            distances.iter().all(|d| (0.3..1.95).contains(d)),
            "{distances:.2?}"
        );
        // The test can see: a mean that is 6 % off.
        assert!(kolmogorov_smirnov(exponential, |x| cdf::exponential(x / ms / 5.3)) > 1.95);
    }

    #[test]
    fn uniform_includes_both_ends() {
        let [min, max] = [10, 15].map(Span::from_nanos);
        let mut counts = [0; 6];
        for ns in samples(Delay::Uniform { min, max }) {
            let place = (10..16).position(|ns_wanted| f64::from(ns_wanted) == ns);
            counts[place.unwrap()] += 1;
        }
        assert!(chi_square_deviation(&counts) < 4.0, "{counts:?}");
        let [min, max] = [0, u64::MAX].map(Span::from_nanos);
        let draws = Key::new(1, Purpose::Delay).at(0, 0);
        let widest = sampler(Delay::Uniform { min, max }).sample(draws, 4);
        assert_eq!(widest.as_nanos(), draws.word(4));
    }

    #[test]
    fn half_are_under_the_median_and_99_of_100_under_p99() {
        let delay = Delay::LogNormal {
            median: ms(20),
            p99: ms(100),
            min: ms(0),
            max: None,
        };
        let drawn = samples(delay);
        let under = |limit: u64| {
            drawn
                .iter()
                .filter(|&&ns| ns <= (limit * MS) as f64)
                .count()
        };
        assert!(under(20).abs_diff(10_000) < 300);
        assert!(under(100).abs_diff(19_800) < 60);
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let (min, max) = (ms(15), Some(ms(30)));
        for delay in [
            Delay::Exponential {
                mean: ms(20),
                min,
                max,
            },
            Delay::Normal {
                mean: ms(20),
                sd: ms(10),
                min,
                max,
            },
            Delay::LogNormal {
                median: ms(20),
                p99: ms(100),
                min,
                max,
            },
            Delay::Pareto {
                scale: ms(15),
                shape_ppm: 500_000,
                max,
            },
        ] {
            let sampler = sampler(delay.clone());
            assert_eq!((sampler.min(), sampler.max()), (ms(15), ms(30)));
            let drawn = samples(delay);
            assert!(drawn.iter().all(|ns| (15e6..=30e6).contains(ns)));
            assert!(drawn.contains(&30e6));
        }
    }

    #[test]
    fn extremes_without_bounds() {
        let ends = laws().map(|law| {
            let sampler = sampler(law);
            (sampler.min().as_nanos(), sampler.max().as_nanos())
        });
        let expected = [
            (1_000_000, 10_000_000),
            (0, 183684003),
            (0, 132095362),
            (68298, 5856679057),
            (1_000_000, 43_290_557_638_723_648),
        ];
        assert_eq!(ends, expected);
        for (law, (min, max)) in laws().into_iter().zip(ends) {
            assert!(
                samples(law)
                    .iter()
                    .all(|&ns| ns >= min as f64 && ns <= max as f64)
            );
        }
        // Beyond all numbers: the bound.
        let heavy = Delay::Pareto {
            scale: ms(1),
            shape_ppm: 1,
            max: None,
        };
        assert_eq!(sampler(heavy).max().as_nanos(), u64::MAX);
    }

    #[test]
    fn measured_delays_are_all_as_likely() {
        let delays = [ms(3), ms(1), ms(3), ms(40)];
        let law = Delay::Empirical(delays.into());
        let drawn = samples(law.clone());
        let counts =
            [1.0, 3.0, 40.0].map(|delay| drawn.iter().filter(|ns| **ns == delay * 1e6).count());
        // 20,000 draws; the deviation of a quarter of them is 61.
        for (count, expected) in counts.into_iter().zip([5_000, 10_000, 5_000]) {
            assert!(count.abs_diff(expected) < 300, "{counts:?}");
        }
        assert_eq!(
            (sampler(law.clone()).min(), sampler(law).max()),
            (ms(1), ms(40))
        );
        let nothing = Delay::Empirical([].into()).sampler();
        assert_eq!(nothing, Err(DelayError::Empty { field: "delays" }));
    }

    #[test]
    fn degenerate_laws_are_constant() {
        let (min, max) = (ms(0), None);
        for delay in [
            Delay::Fixed(ms(7)),
            Delay::Uniform {
                min: ms(7),
                max: ms(7),
            },
            Delay::Normal {
                mean: ms(7),
                sd: ms(0),
                min,
                max,
            },
            Delay::LogNormal {
                median: ms(7),
                p99: ms(7),
                min,
                max,
            },
        ] {
            assert!(
                samples(delay.clone()).iter().all(|&ns| ns == 7e6),
                "{delay:?}"
            );
        }
    }

    #[test]
    fn wrong_parameters() {
        let (min, max) = (ms(2), Some(ms(1)));
        let zero = |field| Err(DelayError::Zero { field });
        let order = |field, least| Err(DelayError::Order { field, least });
        for (delay, error) in [
            (
                Delay::Uniform {
                    min: ms(2),
                    max: ms(1),
                },
                order("max", "min"),
            ),
            (
                Delay::Exponential {
                    mean: ms(0),
                    min: ms(0),
                    max: None,
                },
                zero("mean"),
            ),
            (
                Delay::Exponential {
                    mean: ms(1),
                    min,
                    max,
                },
                order("max", "min"),
            ),
            (
                Delay::Normal {
                    mean: ms(1),
                    sd: ms(1),
                    min,
                    max,
                },
                order("max", "min"),
            ),
            (
                Delay::LogNormal {
                    median: ms(2),
                    p99: ms(1),
                    min,
                    max: None,
                },
                order("p99", "median"),
            ),
            (
                Delay::LogNormal {
                    median: ms(0),
                    p99: ms(1),
                    min,
                    max: None,
                },
                zero("median"),
            ),
            (
                Delay::Pareto {
                    scale: ms(0),
                    shape_ppm: 1,
                    max: None,
                },
                zero("scale"),
            ),
            (
                Delay::Pareto {
                    scale: ms(1),
                    shape_ppm: 0,
                    max: None,
                },
                zero("shape_ppm"),
            ),
            (
                Delay::Pareto {
                    scale: ms(2),
                    shape_ppm: 1,
                    max,
                },
                order("max", "scale"),
            ),
        ] {
            assert_eq!(delay.sampler(), error);
        }
    }
}
