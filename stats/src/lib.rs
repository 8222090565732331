//! What may be said of samples: means with their intervals, percentiles, and how a cost grows.
//!
//! Verdicts of sweeps hang on these figures, and pictures show them: both take them from here. Logarithms are the kernel's own,
//! so that a fit has the same bits on every computer.
//!
//! ```
//! use stats::{Mean, PowerLaw};
//!
//! let points = [4.0, 8.0, 16.0].map(|n: f64| (n, 3.0 * n * n));
//! assert!((PowerLaw::of(&points).unwrap().exponent - 2.0).abs() < 1e-12);
//! assert_eq!(Mean::of(&[7.0, 7.0]).unwrap().interval, Some((7.0, 7.0)));
//! ```

mod fit;
mod samples;

pub use fit::{FittedForm, Form, Forms, PowerLaw};
pub use samples::{Mean, percentile, quantile};

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 samples")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}
