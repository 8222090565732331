//! How one quantity grows with another: a straight line by least squares where both axes are logarithmic.
//!
//! Its slope is the exponent `b` of `a·x^b`. Verdicts hang on it, so that its logarithm is the kernel's own.

use sim_core::kernel::random::detmath::{exp, ln};

/// `y ~ factor · x^exponent`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The slope.
    pub exponent: f64,
    /// Its standard error; `None` for two points, through which every line goes.
    pub error: Option<f64>,
    /// The value at 1.
    pub factor: f64,
    /// The share of the variance that the line explains.
    pub r2: f64,
    /// Through so many points.
    pub points: usize,
    /// The slope between the last two of them.
    pub last: f64,
}

/// Fits points in the order of `x`. Those that have no logarithm are left out; `None` for fewer than two values of `x`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a number of points")]
pub fn fit(points: &[(f64, f64)]) -> Option<Fit> {
    let logs: Vec<(f64, f64)> = points
        .iter()
        .filter(|(x, y)| *x > 0.0 && *y > 0.0)
        .map(|(x, y)| (ln(*x), ln(*y)))
        .collect();
    let count = logs.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x0, y0) = (mean(&|(x, _)| *x), mean(&|(_, y)| *y));
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        logs.iter().map(|(x, y)| of(x - x0, y - y0)).sum()
    };
    let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
    // No spread in x, or no points at all.
    if xx.is_nan() || xx <= 1e-18 {
        return None;
    }
    let exponent = xy / xx;
    let residual = sum(&|x, y| {
        let off = y - exponent * x;
        off * off
    });
    let error = (logs.len() > 2).then(|| (residual / (count - 2.0) / xx).sqrt());
    let last = match logs[..] {
        [.., (x1, y1), (x2, y2)] if x1 != x2 => (y2 - y1) / (x2 - x1),
        _ => exponent,
    };
    Some(Fit {
        exponent,
        error,
        factor: exp(y0 - exponent * x0),
        r2: if yy > 0.0 { 1.0 - residual / yy } else { 1.0 },
        points: logs.len(),
        last,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_exponent_of_a_power() {
        let points: Vec<(f64, f64)> = [4.0, 8.0, 16.0, 32.0]
            .iter()
            .map(|x| (*x, 3.0 * x * x))
            .collect();
        let fit = fit(&points).unwrap();
        assert!((fit.exponent - 2.0).abs() < 1e-12, "{fit:?}");
        assert!((fit.factor - 3.0).abs() < 1e-11, "{fit:?}");
        assert!((fit.last - 2.0).abs() < 1e-12, "{fit:?}");
        assert!(
            fit.error.unwrap() < 1e-12 && fit.r2 > 1.0 - 1e-12,
            "{fit:?}"
        );
    }

    /// The slope of ln y on ln x through (1, 1), (e, e), (e², e) is ½, its standard error √(1/12).
    #[test]
    fn agrees_with_a_fit_by_hand() {
        let e = exp(1.0);
        let fit = fit(&[(1.0, 1.0), (e, e), (e * e, e)]).unwrap();
        assert!((fit.exponent - 0.5).abs() < 1e-12, "{fit:?}");
        assert!(
            (fit.error.unwrap() - (1.0_f64 / 12.0).sqrt()).abs() < 1e-12,
            "{fit:?}"
        );
        assert!((fit.r2 - 0.75).abs() < 1e-12, "{fit:?}");
        assert!(fit.last.abs() < 1e-12, "{fit:?}");
    }

    #[test]
    fn leaves_out_what_has_no_logarithm() {
        let fitted = fit(&[(0.0, 1.0), (2.0, 0.0), (4.0, 4.0), (8.0, 8.0)]).unwrap();
        assert_eq!(fitted.points, 2);
        assert_eq!(fitted.error, None);
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[(2.0, 1.0)]), None);
        assert_eq!(fit(&[(2.0, 1.0), (2.0, 3.0)]), None);
    }
}
