//! The quantile function of the standard normal law.

use super::detmath::ln;

/// The `z` with Φ(z) = `p`, for `p` in the open interval (0, 1), within about 10⁻¹⁵ relative error.
///
/// Algorithm AS 241, routine PPND16: M. J. Wichura, "The Percentage Points of the Normal
/// Distribution", Applied Statistics 37(3), 1988, pp. 477–484. Three ratios of polynomials, and in the
/// tails a logarithm and a square root.
///
/// # Panics
/// If `p` is not in (0, 1).
pub fn normal_quantile(p: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "the quantile of {p}");
    let q = p - 0.5;
    if (-0.425..=0.425).contains(&q) {
        let r = 0.180_625 - q * q;
        return q * polynomial(r, &CENTRE_ABOVE) / polynomial(r, &CENTRE_BELOW);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-ln(tail)).sqrt();
    let distance = if r <= 5.0 {
        polynomial(r - 1.6, &TAIL_ABOVE) / polynomial(r - 1.6, &TAIL_BELOW)
    } else {
        polynomial(r - 5.0, &FAR_ABOVE) / polynomial(r - 5.0, &FAR_BELOW)
    };
    if q < 0.0 { -distance } else { distance }
}

/// Horner's rule, the coefficient of the highest power last.
#[inline]
fn polynomial(x: f64, coefficients: &[f64; 8]) -> f64 {
    let mut sum = 0.0;
    for coefficient in coefficients.iter().rev() {
        sum = sum * x + coefficient;
    }
    sum
}

/// a₀ … a₇ of the paper, above the fraction bar where |p - ½| ≤ 0.425.
#[expect(clippy::excessive_precision, reason = "digits as published")]
const CENTRE_ABOVE: [f64; 8] = [
    3.3871328727963666080e+0,
    1.3314166789178437745e+2,
    1.9715909503065514427e+3,
    1.3731693765509461125e+4,
    4.5921953931549871457e+4,
    6.7265770927008700853e+4,
    3.3430575583588128105e+4,
    2.5090809287301226727e+3,
];

/// 1, b₁ … b₇, under it.
#[expect(clippy::excessive_precision, reason = "digits as published")]
const CENTRE_BELOW: [f64; 8] = [
    1.0,
    4.2313330701600911252e+1,
    6.8718700749205790830e+2,
    5.3941960214247511077e+3,
    2.1213794301586595867e+4,
    3.9307895800092710610e+4,
    2.8729085735721942674e+4,
    5.2264952788528545610e+3,
];

/// c₀ … c₇: the tails, down to e⁻²⁵.
#[expect(clippy::excessive_precision, reason = "digits as published")]
const TAIL_ABOVE: [f64; 8] = [
    1.42343711074968357734e+0,
    4.63033784615654529590e+0,
    5.76949722146069140550e+0,
    3.64784832476320460504e+0,
    1.27045825245236838258e+0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
];

/// 1, d₁ … d₇.
#[expect(clippy::excessive_precision, reason = "digits as published")]
const TAIL_BELOW: [f64; 8] = [
    1.0,
    2.05319162663775882187e+0,
    1.67638483018380384940e+0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
];

/// e₀ … e₇: further out.
#[expect(clippy::excessive_precision, reason = "digits as published")]
const FAR_ABOVE: [f64; 8] = [
    6.65790464350110377720e+0,
    5.46378491116411436990e+0,
    1.78482653991729133580e+0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
];

/// 1, f₁ … f₇.
#[expect(clippy::excessive_precision, reason = "digits as published")]
const FAR_BELOW: [f64; 8] = [
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// True values to 17 digits, in all three branches.
    #[test]
    fn true_values() {
        for (p, z) in [
            (1e-300, -37.0470962993612),
            (1e-20, -9.262340089798407),
            (1e-11, -6.706023155495136),
            (1e-9, -5.9978070150076865),
            (0.001, -3.0902323061678136),
            (0.075, -1.439531470938456),
            (0.1, -1.2815515655446004),
            (0.3, -0.5244005127080408),
            (0.6, 0.2533471031357997),
            (0.925, 1.4395314709384561),
            (0.99, 2.3263478740408408),
            (0.999999, 4.753424308817087),
        ] {
            let error = (normal_quantile(p) - z) / z;
            assert!(error.abs() < 1e-15, "{p}: {error:e}");
        }
        assert_eq!(normal_quantile(0.5), 0.0);
    }

    #[test]
    fn odd_and_rising() {
        let mut last = f64::NEG_INFINITY;
        for i in 1..4096 {
            let p = f64::from(i) / 4096.0;
            assert_eq!(normal_quantile(p), -normal_quantile(1.0 - p));
            assert!(normal_quantile(p) > last, "{p}");
            last = normal_quantile(p);
        }
    }

    #[test]
    #[should_panic(expected = "the quantile of 1")]
    fn one_is_refused() {
        normal_quantile(1.0);
    }
}
