//! Logarithm and exponential with the same bits everywhere.
//!
//! Made of `+ - * /` and integer operations only, each of which IEEE 754 defines to the last bit.
//! The standard library's functions have other bits on other platforms and in other builds.
//!
//! [`ln`], [`exp`] and [`log2`] stay within 1 ULP of the true value (measured on 10⁶ points each, see
//! the tests; the contract is 2 ULP). The polynomials are the plain series, with coefficients that
//! can be checked by eye; the reductions are those of fdlibm (Sun Microsystems 1993; Tang 1990).

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
    let mut series = EXP_SERIES[0];
    for coefficient in &EXP_SERIES[1..] {
        series = series * r + coefficient;
    }
    scale(1.0 + (high - (low - r * r * series)), k)
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
    let mut series = ATANH_SERIES[0];
    for coefficient in &ATANH_SERIES[1..] {
        series = series * z + coefficient;
    }
    (s, z * series)
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

/// 2/23, …, 2/7, 2/5, 2/3: for s² ≤ 0.0295 the next term is under 2⁻⁶².
const ATANH_SERIES: [f64; 11] = [
    2.0 / 23.0,
    2.0 / 21.0,
    2.0 / 19.0,
    2.0 / 17.0,
    2.0 / 15.0,
    2.0 / 13.0,
    2.0 / 11.0,
    2.0 / 9.0,
    2.0 / 7.0,
    2.0 / 5.0,
    2.0 / 3.0,
];

/// 1/14!, …, 1/3!, 1/2!: for |r| ≤ 0.35 the next term is under 2⁻⁶².
const EXP_SERIES: [f64; 13] = [
    1.0 / 87_178_291_200.0,
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
];
