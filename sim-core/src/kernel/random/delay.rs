//! The law of a message's delay, and its sampler.

use core::fmt;

use super::Draws;
use super::detmath::{exp, ln, round_to_u64};
use super::keyed::{UNIT_MAX, UNIT_MIN};
use super::normal::normal_quantile;
use crate::kernel::time::Span;

/// The law of the delay of one message, in nanoseconds.
///
/// `min` and `max` clamp: what falls outside becomes the bound itself. Without a `max` the bound is
/// 2⁶⁴ - 1 ns. Parameters of real links: THEORY.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
}

/// Draws delays of one law: a [`Delay`] checked, with its constants worked out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    law: Law,
    min_ns: u64,
    max_ns: u64,
}

/// What the bounds do not say. Times are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Law {
    Fixed,
    Uniform,
    Exponential { mean: f64 },
    Normal { mean: f64, sd: f64 },
    LogNormal { median: f64, sigma: f64 },
    Pareto { scale: f64, shape: f64 },
}

impl Delay {
    /// Checks the parameters and works out what can be worked out once.
    ///
    /// # Errors
    /// [`DelayError`] when a parameter is zero, or two are in the wrong order.
    pub fn sampler(&self) -> Result<Sampler, DelayError> {
        let (law, min, max) = match *self {
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
    /// ```
    ///
    /// rounded once to whole nanoseconds, halves up, saturating, and clamped to the bounds.
    #[inline]
    pub fn sample(&self, draws: Draws, lane: u32) -> Span {
        let ns = match self.law {
            Law::Fixed => self.min_ns,
            Law::Uniform => match (self.max_ns - self.min_ns).checked_add(1) {
                Some(count) => self.min_ns + draws.below(lane, count),
                None => draws.word(lane),
            },
            _ => self.at_quantile(draws.unit(lane)),
        };
        Span::from_nanos(ns)
    }

    /// The smallest delay that can ever be drawn: no bound, but the value at the extreme draw.
    pub fn min(&self) -> Span {
        Span::from_nanos(match self.law {
            Law::Fixed | Law::Uniform => self.min_ns,
            Law::Exponential { .. } | Law::Pareto { .. } => self.at_quantile(UNIT_MAX),
            Law::Normal { .. } | Law::LogNormal { .. } => self.at_quantile(UNIT_MIN),
        })
    }

    /// The largest delay that can ever be drawn: no bound, but the value at the extreme draw.
    pub fn max(&self) -> Span {
        Span::from_nanos(match self.law {
            Law::Fixed | Law::Uniform => self.max_ns,
            Law::Exponential { .. } | Law::Pareto { .. } => self.at_quantile(UNIT_MIN),
            Law::Normal { .. } | Law::LogNormal { .. } => self.at_quantile(UNIT_MAX),
        })
    }

    /// The inverse distribution function of the continuous laws, falling for two of them.
    fn at_quantile(&self, u: f64) -> u64 {
        let ns = match self.law {
            Law::Fixed | Law::Uniform => unreachable!("drawn from integers"),
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
