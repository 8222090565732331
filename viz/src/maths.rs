//! Logarithm, exponential and powers of ten from `+ - * /` alone: a picture has the same bytes on every computer.

use std::f64::consts::{LN_2, LOG2_E, SQRT_2};

/// The natural logarithm of a positive, finite number, to a few units in the last place.
pub(crate) fn ln(x: f64) -> f64 {
    debug_assert!(x > 0.0 && x.is_finite(), "ln({x})");
    let (mut mantissa, mut exponent) = split(x);
    if mantissa > SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    // ln m = 2 artanh((m-1)/(m+1)); the argument is below 0.172, so that twelve terms are enough.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let mut sum = 0.0;
    for odd in (1..=23).rev().step_by(2) {
        sum = sum * s * s + 1.0 / f64::from(odd);
    }
    2.0 * s * sum + f64::from(exponent) * LN_2
}

/// *e* to the power of `x`; 0 and infinity beyond what a float holds.
pub(crate) fn exp(x: f64) -> f64 {
    if x > 709.0 {
        return f64::INFINITY;
    }
    if x < -708.0 {
        return 0.0;
    }
    let twos = (x * LOG2_E).round();
    let rest = x - twos * LN_2;
    let mut sum = 1.0;
    for k in (1..=18).rev() {
        sum = 1.0 + sum * rest / f64::from(k);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between -1022 and 1023: an exponent of a normal float"
    )]
    let power = f64::from_bits(((twos as i64 + 1023) as u64) << 52);
    sum * power
}

/// Ten to a whole power.
pub(crate) fn ten_to(power: i32) -> f64 {
    let tens = (0..power.abs()).fold(1.0, |product, _| product * 10.0);
    if power < 0 { 1.0 / tens } else { tens }
}

/// The largest whole power of ten that is at most `x`, which is positive.
pub(crate) fn decade(x: f64) -> i32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "floats have powers of ten between -324 and 308"
    )]
    let guess = (ln(x) / std::f64::consts::LN_10).floor() as i32;
    // The quotient may fall short of a whole number, or reach it too early.
    (guess - 1..=guess + 1)
        .rev()
        .find(|power| ten_to(*power) <= x)
        .unwrap_or(guess - 1)
}

/// `x = mantissa * 2^exponent` with the mantissa in [1, 2).
fn split(x: f64) -> (f64, i32) {
    if x < f64::MIN_POSITIVE {
        let (mantissa, exponent) = split(x * 18_014_398_509_481_984.0);
        return (mantissa, exponent - 54);
    }
    let bits = x.to_bits();
    let exponent = i32::try_from(bits >> 52).expect("eleven bits") - 1023;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    (mantissa, exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the judge is another function")]
    fn agrees_with_the_standard_library() {
        let mut x = 1e-300;
        while x < 1e300 {
            assert!(
                (ln(x) - x.ln()).abs() <= 1e-13 * x.ln().abs().max(0.1),
                "{x}"
            );
            x *= 1.37;
        }
        for step in -7000..7000 {
            let x = f64::from(step) / 10.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-13, "{x}");
        }
    }

    #[test]
    fn decades_are_exact_at_powers_of_ten() {
        for power in -20..=20 {
            assert_eq!(decade(ten_to(power)), power);
            assert_eq!(decade(ten_to(power) * 9.999), power);
        }
        assert_eq!(decade(999_999.999), 5);
    }
}
