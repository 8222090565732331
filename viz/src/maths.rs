//! Powers of ten from `+ - * /` alone: a picture has the same bytes on every computer.

use sim_core::kernel::random::detmath::ln;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_are_exact_at_powers_of_ten() {
        for power in -20..=20 {
            assert_eq!(decade(ten_to(power)), power);
            assert_eq!(decade(ten_to(power) * 9.999), power);
        }
        assert_eq!(decade(999_999.999), 5);
    }
}
