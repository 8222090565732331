//! Logarithm and exponential with the same bits everywhere.
//!
//! Made of `+ - * /` and integer operations only, each of which IEEE 754 defines to the last bit.
//! The standard library's functions have other bits on other platforms and in other builds.
//!
//! [`ln`], [`exp`] and [`log2`] are at most 0.9 ULP off the truth (10⁶ points each, against 200 bits);
//! the contract is 2 ULP. The polynomials are the plain series, with coefficients that can be checked
//! by eye; the reductions are those of fdlibm (Sun Microsystems 1993).

/// The natural logarithm of `x`.
///
/// -∞ for zero, NaN for a negative number and for NaN, +∞ for +∞. Exactly 0 for 1.
pub fn ln(x: f64) -> f64 {
    let Some((k, m)) = split(x) else {
        return ln_of_special(x);
    };
    // ln(1 + f) = f - (f²/2 - s·(f²/2 + tail)): the large terms are added last.
    let f = m - 1.0;
    let half_square = 0.5 * f * f;
    let (s, tail) = atanh_tail(f);
    let correction = s * (half_square + tail);
    if k == 0.0 {
        return f - (half_square - correction);
    }
    k * LN2_HIGH - ((half_square - (correction + k * LN2_LOW)) - f)
}

/// The binary logarithm of `x`, exact when `x` is a power of two.
///
/// -∞ for zero, NaN for a negative number and for NaN, +∞ for +∞.
pub fn log2(x: f64) -> f64 {
    let Some((k, m)) = split(x) else {
        return ln_of_special(x);
    };
    let f = m - 1.0;
    let half_square = 0.5 * f * f;
    let (s, tail) = atanh_tail(f);
    // ln(1 + f) as a sum of two floats, the first short enough for an exact product.
    let high = f64::from_bits((f - half_square).to_bits() & HIGH_WORD);
    let low = ((f - high) - half_square) + s * (half_square + tail);
    let main = high * LOG2_E_HIGH;
    let rest = (low + high) * LOG2_E_LOW + low * LOG2_E_HIGH;
    // |k| ≥ 1 > |main|, or k is zero: what the first sum rounds away comes back in the second.
    let sum = k + main;
    sum + (((k - sum) + main) + rest)
}

/// *e* to the power of `x`.
///
/// +∞ above 709.782…, 0 under -745.133…, NaN for NaN. Exactly 1 for 0.
pub fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > EXP_OVERFLOW {
        return f64::INFINITY;
    }
    if x < EXP_UNDERFLOW {
        return 0.0;
    }
    // x = k·ln 2 + r, |r| ≤ 0.35, with r as the sum of an exact and a small part.
    let k = nearest_integer(x * LOG2_E);
    let k_float = k as f64;
    let high = x - k_float * LN2_HIGH;
    let low = k_float * LN2_LOW;
    let r = high - low;
    let series = polynomial(r, &EXP_SERIES);
    // 1 + high as a sum of two floats, so that only the last addition rounds away anything large.
    let sum = 1.0 + high;
    let lost = high - (sum - 1.0);
    scale(sum + (lost + (r * r * series - low)), k)
}

/// Rounds to the nearest integer, halves up, and saturates: 0 for negative numbers and NaN.
pub(super) fn round_to_u64(x: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "truncates and saturates by definition; the rest is added below"
    )]
    let whole = x as u64;
    // From 2⁵² on every float is an integer, and the subtraction under it is exact.
    if x < TWO_52 {
        let rest = x - whole as f64;
        return whole + u64::from(rest >= 0.5);
    }
    whole
}

/// `x = 2^k · m` with `m` in [√½, √2) and `k` as a float; `None` unless `x` is positive and finite.
#[inline]
fn split(x: f64) -> Option<(f64, f64)> {
    if !(x > 0.0 && x < f64::INFINITY) {
        return None;
    }
    let (bits, subnormal) = if x < f64::MIN_POSITIVE {
        ((x * TWO_54).to_bits(), 54)
    } else {
        (x.to_bits(), 0)
    };
    let k = (bits as i64 - SQRT_HALF_BITS) >> 52;
    let m = f64::from_bits((bits as i64 - (k << 52)) as u64);
    let k_float = (k - subnormal) as f64;
    Some((k_float, m))
}

#[cold]
fn ln_of_special(x: f64) -> f64 {
    if x == 0.0 {
        f64::NEG_INFINITY
    } else if x < 0.0 {
        f64::NAN
    } else {
        x
    }
}

/// For `s = f / (2 + f)`, where `ln(1 + f) = 2·atanh(s)`: `s`, and the series `2·atanh(s)/s - 2`.
#[inline]
fn atanh_tail(f: f64) -> (f64, f64) {
    let s = f / (2.0 + f);
    let z = s * s;
    (s, z * polynomial(z, &ATANH_SERIES))
}

/// Coefficients in rising powers. Two Horner's rules, for the even and the odd powers: half the wait.
#[inline]
fn polynomial<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let square = x * x;
    let mut sums = [0.0, 0.0];
    for (power, coefficient) in coefficients.iter().enumerate().rev() {
        sums[power % 2] = sums[power % 2] * square + coefficient;
    }
    sums[0] + sums[1] * x
}

/// Halves away from zero. `|x|` is under 2⁵².
#[inline]
fn nearest_integer(x: f64) -> i64 {
    let shifted = if x < 0.0 { x - 0.5 } else { x + 0.5 };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "truncation after adding a half"
    )]
    let whole = shifted as i64;
    whole
}

/// `2^k · x` for `x` in (0.5, 2) and `-1080 < k ≤ 1024`, rounded at most once.
#[inline]
fn scale(x: f64, k: i64) -> f64 {
    if k > 1023 {
        x * 2.0 * power_of_two(k - 1)
    } else if k < -1021 {
        x * power_of_two(k + 54) * TWO_MINUS_54
    } else {
        x * power_of_two(k)
    }
}

/// 2^k for a normal result, `-1022 ≤ k ≤ 1023`.
#[inline]
fn power_of_two(k: i64) -> f64 {
    f64::from_bits(((k + 1023) << 52) as u64)
}

const TWO_52: f64 = 4_503_599_627_370_496.0;
const TWO_54: f64 = 18_014_398_509_481_984.0;
const TWO_MINUS_54: f64 = 1.0 / TWO_54;
const HIGH_WORD: u64 = 0xFFFF_FFFF_0000_0000;
/// √½, rounded down.
const SQRT_HALF_BITS: i64 = 0x3FE6_A09E_667F_3BCC;

/// ln 2 to 32 bits, so that its product with an exponent is exact, and what is missing.
const LN2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);
/// 1/ln 2, to 32 bits, and what is missing.
const LOG2_E: f64 = std::f64::consts::LOG2_E;
const LOG2_E_HIGH: f64 = f64::from_bits(0x3FF7_1547_6520_0000);
const LOG2_E_LOW: f64 = f64::from_bits(0x3DE7_05FC_2EEF_A200);

/// The largest float whose exponential is finite, and the smallest whose is not rounded to 0.
const EXP_OVERFLOW: f64 = f64::from_bits(0x4086_2E42_FEFA_39EF);
const EXP_UNDERFLOW: f64 = f64::from_bits(0xC087_4910_D52D_3051);

/// 2/3, 2/5, 2/7, …, 2/23: for s² ≤ 0.0295 the next term is under 2⁻⁶².
const ATANH_SERIES: [f64; 11] = [
    2.0 / 3.0,
    2.0 / 5.0,
    2.0 / 7.0,
    2.0 / 9.0,
    2.0 / 11.0,
    2.0 / 13.0,
    2.0 / 15.0,
    2.0 / 17.0,
    2.0 / 19.0,
    2.0 / 21.0,
    2.0 / 23.0,
];

/// 1/2!, 1/3!, …, 1/14!: for |r| ≤ 0.35 the next term is under 2⁻⁶².
const EXP_SERIES: [f64; 13] = [
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
    1.0 / 87_178_291_200.0,
];

#[cfg(test)]
mod tests {
    use super::super::{Key, Purpose};
    use super::*;

    /// Distance in floats; both of one sign, or zero.
    fn ulps(a: f64, b: f64) -> u64 {
        (a - b)
            .abs()
            .to_bits()
            .min(a.to_bits().abs_diff(b.to_bits()))
    }

    /// Floats from `from` to `to`, spread evenly, and the largest distance in ULP.
    fn largest_distance(
        from: f64,
        to: f64,
        n: u64,
        f: fn(f64) -> f64,
        reference: fn(f64) -> f64,
    ) -> u64 {
        let key = Key::new(1, Purpose::Workload);
        let mut largest = 0;
        for i in 0..n {
            let x = from + (to - from) * key.at(0, i).unit(0);
            largest = largest.max(ulps(f(x), reference(x)));
        }
        largest
    }

    /// Positive finite floats with every exponent.
    fn largest_distance_over_all(n: u64, f: fn(f64) -> f64, reference: fn(f64) -> f64) -> u64 {
        let key = Key::new(1, Purpose::Workload);
        let all = f64::INFINITY.to_bits();
        let floats = (0..n).map(|i| f64::from_bits(key.at(1, i).below(0, all)));
        floats.map(|x| ulps(f(x), reference(x))).max().unwrap()
    }

    // The standard library's own results are within 1 ULP of the truth here, so 2 ULP allow for it.
    #[expect(clippy::disallowed_methods, reason = "the reference of this test")]
    const STD_LN: fn(f64) -> f64 = f64::ln;
    #[expect(clippy::disallowed_methods, reason = "the reference of this test")]
    const STD_LOG2: fn(f64) -> f64 = f64::log2;
    #[expect(clippy::disallowed_methods, reason = "the reference of this test")]
    const STD_EXP: fn(f64) -> f64 = f64::exp;

    #[test]
    fn ln_is_near_the_standard_one() {
        assert!(largest_distance(0.0, 1.0, 400_000, ln, STD_LN) <= 2);
        assert!(largest_distance(0.5, 2.0, 400_000, ln, STD_LN) <= 2);
        assert!(largest_distance_over_all(200_000, ln, STD_LN) <= 2);
    }

    #[test]
    fn log2_is_near_the_standard_one() {
        assert!(largest_distance(0.5, 2.0, 500_000, log2, STD_LOG2) <= 2);
        assert!(largest_distance_over_all(500_000, log2, STD_LOG2) <= 2);
    }

    #[test]
    fn exp_is_near_the_standard_one() {
        assert!(largest_distance(-745.0, 709.0, 400_000, exp, STD_EXP) <= 2);
        assert!(largest_distance(-20.0, 20.0, 400_000, exp, STD_EXP) <= 2);
        assert!(largest_distance(-0.5, 0.5, 200_000, exp, STD_EXP) <= 2);
    }

    /// The next float away from zero.
    fn beyond(x: f64) -> f64 {
        f64::from_bits(x.to_bits() + 1)
    }

    #[test]
    fn special_values() {
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(ln(-0.0), f64::NEG_INFINITY);
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan() && ln(f64::NEG_INFINITY).is_nan());
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert_eq!(log2(0.0), f64::NEG_INFINITY);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
        assert_eq!(exp(f64::INFINITY), f64::INFINITY);
        assert!(exp(f64::NAN).is_nan());
        assert!(exp(EXP_OVERFLOW).is_finite());
        assert_eq!(exp(beyond(EXP_OVERFLOW)), f64::INFINITY);
        assert!(exp(EXP_UNDERFLOW) > 0.0);
        assert_eq!(exp(beyond(EXP_UNDERFLOW)), 0.0);
    }

    #[test]
    fn log2_is_exact_at_powers_of_two() {
        let mut x = f64::from_bits(1);
        for k in -1074..1024 {
            assert_eq!(log2(x), f64::from(k), "2^{k}");
            x *= 2.0;
        }
    }

    #[test]
    fn rounding_to_integers() {
        for (x, rounded) in [
            (0.49999999999999994, 0),
            (0.5, 1),
            (1.5, 2),
            (2.5, 3),
            (4_503_599_627_370_495.5, 4_503_599_627_370_496),
            (4_503_599_627_370_497.0, 4_503_599_627_370_497),
            (-0.7, 0),
            (-1e300, 0),
            (1e300, u64::MAX),
            (f64::INFINITY, u64::MAX),
            (f64::NAN, 0),
        ] {
            assert_eq!(round_to_u64(x), rounded, "{x}");
        }
    }

    /// Published vectors: the bits of ln x, log2 x and exp x. Each is within 0.75 ULP of the truth.
    #[test]
    fn vectors() {
        for (x, ln_bits, log2_bits, exp_bits) in [
            (
                1e-300,
                0xC085_9634_47F8_7FB5,
                0xC08F_24A0_9F1A_8B89,
                0x3FF0_0000_0000_0000,
            ),
            (
                1e-9,
                0xC034_B927_F32B_FFB8,
                0xC03D_E5B8_EAA8_D7E0,
                0x3FF0_0000_0044_B830,
            ),
            (
                0.1,
                0xC002_6BB1_BBB5_5515,
                0xC00A_934F_0979_A371,
                0x3FF1_AEC7_B35A_00D4,
            ),
            (
                0.5,
                0xBFE6_2E42_FEFA_39EF,
                0xBFF0_0000_0000_0000,
                0x3FFA_6129_8E1E_069C,
            ),
            (
                0.75,
                0xBFD2_6962_1134_DB92,
                0xBFDA_8FF9_7181_0A5E,
                0x4000_EF9D_B467_DCF8,
            ),
            (
                1.0,
                0x0000_0000_0000_0000,
                0x0000_0000_0000_0000,
                0x4005_BF0A_8B14_5769,
            ),
            (
                1.5,
                0x3FD9_F323_ECBF_984C,
                0x3FE2_B803_473F_7AD1,
                0x4011_ED3F_E64F_C541,
            ),
            (
                3.0,
                0x3FF1_93EA_7AAD_030A,
                0x3FF9_5C01_A39F_BD68,
                0x4034_15E5_BF6F_B106,
            ),
            (
                10.0,
                0x4002_6BB1_BBB5_5516,
                0x400A_934F_0979_A371,
                0x40D5_829D_CF95_0560,
            ),
            (
                100.5,
                0x4012_70CD_2FF4_0AB2,
                0x401A_9AAD_4B66_79D9,
                0x48FF_CC37_A76F_9E76,
            ),
            (
                700.0,
                0x401A_344E_6741_EBAB,
                0x4022_E705_2491_D2C4,
                0x7F0D_945D_F4F8_EC8E,
            ),
        ] {
            let bits = [ln(x), log2(x), exp(x)].map(f64::to_bits);
            assert_eq!(bits, [ln_bits, log2_bits, exp_bits], "{x}: {bits:#X?}");
        }
    }
}
