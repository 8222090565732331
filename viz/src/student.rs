//! The mean of samples and how sure one is of it.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::chart::float;

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

/// The mean of samples with its 95 % confidence interval by Student's t. A single sample has no interval: both ends are
/// the mean. `None` without samples.
#[must_use]
pub fn mean(samples: &[f64]) -> Option<(f64, f64, f64)> {
    if samples.is_empty() {
        return None;
    }
    let count = float(samples.len());
    let mean = samples.iter().sum::<f64>() / count;
    let squares: f64 = samples.iter().map(|x| (x - mean) * (x - mean)).sum();
    if samples.len() == 1 || squares == 0.0 {
        return Some((mean, mean, mean));
    }
    let error = (squares / (count - 1.0) / count).sqrt();
    let around = error * quantile(samples.len() - 1, 0.95);
    Some((mean, mean - around, mean + around))
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
        let (middle, low, high) = mean(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("five samples");
        assert_eq!(middle, 3.0);
        assert!(
            (low - 1.0367).abs() < 1e-3 && (high - 4.9633).abs() < 1e-3,
            "{low} {high}"
        );
        assert_eq!(mean(&[7.0]), Some((7.0, 7.0, 7.0)));
        assert_eq!(mean(&[]), None);
    }
}
