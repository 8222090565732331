//! The mean of samples and how sure one is of it; percentiles.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::float;

/// How sure the intervals are.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// So far from zero does Student's t lie with this confidence: 1.96 for many degrees of freedom and 95 %.
/// Infinite without any degree of freedom.
#[must_use]
pub fn quantile(degrees_of_freedom: usize, confidence: f64) -> f64 {
    let Ok(law) = StudentsT::new(0.0, 1.0, float(degrees_of_freedom)) else {
        return f64::INFINITY;
    };
    // The last digits hang on the logarithm of the host: nine are kept.
    (law.inverse_cdf(f64::midpoint(1.0, confidence)) * 1e9).round() / 1e9
}

/// The mean of independent samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean itself.
    pub value: f64,
    /// The standard deviation of the samples (with n - 1); `None` for a single one.
    pub deviation: Option<f64>,
    /// The 95 % confidence interval of the mean by Student's t; `None` for a single sample.
    pub interval: Option<(f64, f64)>,
}

impl Mean {
    /// The mean of samples; `None` without any.
    #[must_use]
    pub fn of(samples: &[f64]) -> Option<Mean> {
        if samples.is_empty() {
            return None;
        }
        let count = float(samples.len());
        let value = samples.iter().sum::<f64>() / count;
        let squares: f64 = samples.iter().map(|x| (x - value) * (x - value)).sum();
        if samples.len() == 1 {
            return Some(Mean {
                value,
                deviation: None,
                interval: None,
            });
        }
        let deviation = (squares / (count - 1.0)).sqrt();
        let around = if squares == 0.0 {
            0.0
        } else {
            deviation / count.sqrt() * quantile(samples.len() - 1, CONFIDENCE)
        };
        Some(Mean {
            value,
            deviation: Some(deviation),
            interval: Some((value - around, value + around)),
        })
    }

    /// Both ends of the interval; the mean itself where there is none.
    #[must_use]
    pub fn ends(&self) -> (f64, f64) {
        self.interval.unwrap_or((self.value, self.value))
    }
}

/// A percentile by nearest rank: the smallest sample that `thousandths` of all do not exceed. `None` without samples.
#[must_use]
pub fn percentile(samples: &[f64], thousandths: u16) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * usize::from(thousandths)).div_ceil(1000);
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table that every textbook prints.
    #[test]
    fn quantiles_are_those_of_the_table() {
        let table = [
            (1, 12.706),
            (2, 4.303),
            (4, 2.776),
            (19, 2.093),
            (100, 1.984),
        ];
        for (freedom, expected) in table {
            assert!(
                (quantile(freedom, 0.95) - expected).abs() < 5e-4,
                "{freedom}"
            );
        }
        assert!((quantile(10, 0.99) - 3.169).abs() < 5e-4);
    }

    /// By hand: mean 3, variance 2.5, standard error √0.5, t₄ = 2.776.
    #[test]
    fn the_interval_is_the_mean_and_t_standard_errors() {
        let mean = Mean::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("five samples");
        assert_eq!(mean.value, 3.0);
        assert_eq!(mean.deviation, Some(2.5_f64.sqrt()));
        let (low, high) = mean.ends();
        assert!(
            (low - 1.0367).abs() < 1e-3 && (high - 4.9633).abs() < 1e-3,
            "{low} {high}"
        );
        let single = Mean::of(&[7.0]).expect("one sample");
        assert_eq!((single.interval, single.ends()), (None, (7.0, 7.0)));
        assert_eq!(Mean::of(&[]), None);
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let numbers: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        for (thousandths, expected) in [(50, 1.0), (51, 2.0), (500, 10.0), (990, 20.0), (950, 19.0)]
        {
            assert_eq!(percentile(&numbers, thousandths), Some(expected));
        }
        assert_eq!(percentile(&[], 0), None);
    }
}
