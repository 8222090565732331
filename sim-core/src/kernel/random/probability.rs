//! A probability as an exact threshold on 64 uniform bits.

use core::fmt;
use core::str::FromStr;

/// A probability in steps of 2⁻⁶⁴, read exactly from decimal text; no float compares it to anything.
///
/// Its threshold `t` is 0 for [`NEVER`](Self::NEVER), 2⁶⁴ - 1 for [`ALWAYS`](Self::ALWAYS), and else
/// `p · 2⁶⁴` rounded to the nearest integer (halves up) and kept in `1 ..= 2⁶⁴ - 2`: what can happen
/// never becomes impossible by rounding, nor certain. An event happens when a uniform `word < t`, or
/// always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Probability {
    threshold: u64,
}

/// Why something is no probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbabilityError {
    /// Not a decimal number such as `0.25`, `1` or `1e-3`: it goes wrong at this byte, from 0.
    Syntax {
        /// Offset in bytes; the length of the text when something is missing at its end.
        offset_bytes: usize,
    },
    /// A number, but below zero or above one. Negative zero in text counts as below.
    Range,
    /// NaN.
    NotANumber,
    /// A ratio with denominator 0.
    ZeroDenominator,
}

impl Probability {
    /// The probability of the impossible, 0.
    pub const NEVER: Self = Self { threshold: 0 };
    /// The probability of the certain, 1.
    pub const ALWAYS: Self = Self {
        threshold: u64::MAX,
    };

    /// Reads a decimal number from 0 to 1: digits, then perhaps a point and digits, then perhaps `e`
    /// or `E` and a signed integer. No spaces, no percent sign, no `.5` and no `5.`. The text may
    /// have any length: all its digits count.
    ///
    /// # Errors
    /// [`ProbabilityError::Syntax`] or [`ProbabilityError::Range`].
    pub fn parse(text: &str) -> Result<Self, ProbabilityError> {
        let bytes = text.as_bytes();
        let negative = bytes.first() == Some(&b'-');
        let decimal = Decimal::parse(bytes, usize::from(negative))?;
        if negative {
            return Err(ProbabilityError::Range);
        }
        decimal.to_probability()
    }

    /// `num / den`, rounded as the type says.
    ///
    /// # Errors
    /// [`ProbabilityError::ZeroDenominator`] if `den` is 0, [`ProbabilityError::Range`] if `num > den`.
    pub fn ratio(num: u64, den: u64) -> Result<Self, ProbabilityError> {
        if den == 0 {
            return Err(ProbabilityError::ZeroDenominator);
        }
        if num >= den {
            return Self::one_or_range(num == den);
        }
        let quotient = ((u128::from(num) << 64) + u128::from(den / 2)) / u128::from(den);
        Ok(Self::between(quotient, num == 0))
    }

    /// The exact value of a float, for the result of an expression; rounded as the type says.
    ///
    /// A float is seldom the decimal it was written as: `from_f64(0.1)` is 102 steps above
    /// `parse("0.1")`. Parse what is written in a scenario.
    ///
    /// # Errors
    /// [`ProbabilityError::NotANumber`] or [`ProbabilityError::Range`].
    pub fn from_f64(p: f64) -> Result<Self, ProbabilityError> {
        if p.is_nan() {
            return Err(ProbabilityError::NotANumber);
        }
        if !(0.0..1.0).contains(&p) {
            return Self::one_or_range(p == 1.0);
        }
        if p < TWO_MINUS_65 {
            return Ok(Self::between(0, p == 0.0));
        }
        // p = m · 2^(exponent - 1075), and p is normal here: p · 2⁶⁴ = m · 2^(exponent - 1011).
        let bits = p.to_bits();
        let exponent = (bits >> 52) & 0x7FF;
        let m = u128::from((bits & ((1 << 52) - 1)) | (1 << 52));
        // One more binary digit than wanted, for rounding.
        let doubled = if exponent >= 1010 {
            m << (exponent - 1010)
        } else {
            m >> (1010 - exponent)
        };
        Ok(Self::between((doubled + 1) >> 1, false))
    }

    /// The probability with this threshold, see the type. Any number is one.
    pub const fn from_threshold(threshold: u64) -> Self {
        Self { threshold }
    }

    /// The threshold, for a canonical encoding.
    pub const fn threshold(self) -> u64 {
        self.threshold
    }

    /// Is it zero? No draw is needed then.
    pub const fn is_never(self) -> bool {
        self.threshold == 0
    }

    /// Is it one? No draw is needed then.
    pub const fn is_always(self) -> bool {
        self.threshold == u64::MAX
    }

    /// Does the event happen when the uniform `word` is drawn?
    #[inline]
    pub(super) const fn admits(self, word: u64) -> bool {
        word < self.threshold || self.is_always()
    }

    fn one_or_range(one: bool) -> Result<Self, ProbabilityError> {
        if one {
            Ok(Self::ALWAYS)
        } else {
            Err(ProbabilityError::Range)
        }
    }

    /// Of a number of steps that was rounded from a value below one.
    fn between(steps: u128, zero: bool) -> Self {
        if zero {
            return Self::NEVER;
        }
        let threshold = u64::try_from(steps).unwrap_or(u64::MAX);
        Self {
            threshold: threshold.clamp(1, u64::MAX - 1),
        }
    }
}

impl FromStr for Probability {
    type Err = ProbabilityError;

    fn from_str(text: &str) -> Result<Self, ProbabilityError> {
        Self::parse(text)
    }
}

/// Plain decimal notation with as few digits as parse back to the same threshold (at most 20 after
/// the point), and of these the nearest.
impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_never() {
            return f.write_str("0");
        }
        if self.is_always() {
            return f.write_str("1");
        }
        // After n digits, `rest` steps of 10⁻ⁿ remain; `digits` holds their integer, under 10²⁰.
        let mut digits: u128 = 0;
        let mut rest = u128::from(self.threshold);
        let mut power: u128 = 1;
        for n in 1_usize..=20 {
            rest *= 10;
            power *= 10;
            digits = digits * 10 + (rest >> 64);
            rest &= STEPS - 1;
            // Half a step or nearer comes back: from below also exactly half a step.
            if rest * 2 <= STEPS && rest * 2 <= power {
                return write!(f, "0.{digits:0n$}");
            }
            let above = (STEPS - rest) * 2;
            if above < STEPS && above < power {
                return write!(f, "0.{:0n$}", digits + 1);
            }
        }
        unreachable!("10⁻²⁰ is less than half of 2⁻⁶⁴")
    }
}

impl fmt::Display for ProbabilityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { offset_bytes } => {
                write!(f, "not a decimal number, at byte {offset_bytes}")
            }
            Self::Range => f.write_str("a probability is a number from 0 to 1"),
            Self::NotANumber => f.write_str("not a number"),
            Self::ZeroDenominator => f.write_str("the denominator is 0"),
        }
    }
}

impl core::error::Error for ProbabilityError {}

const STEPS: u128 = 1 << 64;
/// Half a step.
const TWO_MINUS_65: f64 = 1.0 / 36_893_488_147_419_103_232.0;

/// `0.d₁d₂… · 10^exponent`, with `d₁` and the last digit not 0; no digits for zero.
struct Decimal {
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn parse(bytes: &[u8], start: usize) -> Result<Self, ProbabilityError> {
        let mut digits = Vec::new();
        let mut point = 0_i64;
        let mut at = start;
        at = take_digits(bytes, at, |digit| {
            // A leading zero moves nothing.
            if digit > 0 || !digits.is_empty() {
                digits.push(digit);
                point += 1;
            }
        })?;
        if bytes.get(at) == Some(&b'.') {
            at = take_digits(bytes, at + 1, |digit| {
                if digit > 0 || !digits.is_empty() {
                    digits.push(digit);
                } else {
                    point -= 1;
                }
            })?;
        }
        let mut exponent = 0_i64;
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            let negative = bytes.get(at) == Some(&b'-');
            at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
            at = take_digits(bytes, at, |digit| {
                // Far beyond the length of any text, so that the sum below cannot overflow.
                exponent = (exponent * 10 + i64::from(digit)).min(1 << 59);
            })?;
            if negative {
                exponent = -exponent;
            }
        }
        if at < bytes.len() {
            return Err(ProbabilityError::Syntax { offset_bytes: at });
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Ok(Self {
            digits,
            exponent: point + exponent,
        })
    }

    fn to_probability(&self) -> Result<Probability, ProbabilityError> {
        if self.digits.is_empty() {
            return Ok(Probability::NEVER);
        }
        if self.exponent > 0 {
            return Probability::one_or_range(self.exponent == 1 && self.digits == [1]);
        }
        // Long multiplication by 2⁶⁴ from the last digit: what is carried out in front is the
        // integer part of the product. Zeros after the point come first of all; 25 are as good as
        // any larger number of them.
        let zeros = self.exponent.unsigned_abs().min(25);
        let mut first = 0;
        let mut carry: u128 = 0;
        let leading = (0..zeros).map(|_| &0_u8);
        for digit in self.digits.iter().rev().chain(leading) {
            let product = (u128::from(*digit) << 64) + carry;
            first = product % 10;
            carry = product / 10;
        }
        let half = u128::from(first >= 5);
        Ok(Probability::between(carry + half, false))
    }
}

/// Feeds at least one digit, from byte `at` on, to `each`; where they end.
fn take_digits(
    bytes: &[u8],
    mut at: usize,
    mut each: impl FnMut(u8),
) -> Result<usize, ProbabilityError> {
    let start = at;
    while let Some(byte @ b'0'..=b'9') = bytes.get(at) {
        each(byte - b'0');
        at += 1;
    }
    if at == start {
        return Err(ProbabilityError::Syntax { offset_bytes: at });
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed};

    use super::*;

    fn threshold(text: &str) -> u64 {
        Probability::parse(text).unwrap().threshold
    }

    #[test]
    fn exact_thresholds() {
        for (text, expected) in [
            ("0", 0),
            ("0.000", 0),
            ("0e99", 0),
            ("0.5", 1 << 63),
            ("5e-1", 1 << 63),
            ("0.25", 1 << 62),
            ("00.75", 3 << 62),
            // 2⁶⁴/10 = 1844674407370955161.6: to the nearest.
            ("0.1", 1_844_674_407_370_955_162),
            ("1e-1", 1_844_674_407_370_955_162),
            ("0.2", 3_689_348_814_741_910_323),
            ("1E-3", 18_446_744_073_709_552),
            ("0.05e+1", 1 << 63),
            ("1", u64::MAX),
            ("1.0", u64::MAX),
            ("10e-1", u64::MAX),
            ("0.1e1", u64::MAX),
            ("0.99999999999999999999999999999", u64::MAX - 1),
            ("1e-30", 1),
            ("1e-99999999999999999999999", 1),
            ("0e99999999999999999999999", 0),
            // Half a step rounds up; a hair less does not: 2⁻⁶⁵ · 3 in full.
            (
                "0.00000000000000000008131516293641283255055896006524562835693359375",
                2,
            ),
            (
                "0.00000000000000000008131516293641283255055896006524562835693359374",
                1,
            ),
        ] {
            assert_eq!(threshold(text), expected, "{text}");
        }
        let long = format!("0.{}1e100001", "0".repeat(100_000));
        assert_eq!(threshold(&long), u64::MAX);
    }

    #[test]
    fn refused_texts() {
        for (text, offset_bytes) in [
            ("", 0),
            (".5", 0),
            ("5.", 2),
            ("0.5 ", 3),
            (" 0.5", 0),
            ("+0.5", 0),
            ("0,5", 1),
            ("5%", 1),
            ("1e", 2),
            ("1e-", 3),
            ("1e-x", 3),
            ("0x1", 1),
            ("nan", 0),
            ("inf", 0),
            ("-", 1),
            ("-x", 1),
            ("1_0e-2", 1),
            ("½", 0),
        ] {
            let refused = Err(ProbabilityError::Syntax { offset_bytes });
            assert_eq!(Probability::parse(text), refused, "{text}");
        }
        for text in [
            "1.1",
            "2",
            "-0.1",
            "-0",
            "1e1",
            "1.0000000000000000000000001",
            "9e999999999999999999999",
        ] {
            assert_eq!(
                Probability::parse(text),
                Err(ProbabilityError::Range),
                "{text}"
            );
        }
    }

    #[test]
    fn ratios() {
        let ratio = |num, den| Probability::ratio(num, den).map(Probability::threshold);
        assert_eq!(ratio(1, 2), Ok(1 << 63));
        assert_eq!(ratio(1, 10), Ok(threshold("0.1")));
        assert_eq!(ratio(0, 7), Ok(0));
        assert_eq!(ratio(7, 7), Ok(u64::MAX));
        assert_eq!(ratio(1, 3), Ok(6_148_914_691_236_517_205));
        assert_eq!(ratio(2, 3), Ok(12_297_829_382_473_034_411));
        assert_eq!(ratio(1, u64::MAX), Ok(1));
        assert_eq!(ratio(u64::MAX - 1, u64::MAX), Ok(u64::MAX - 1));
        assert_eq!(ratio(8, 7), Err(ProbabilityError::Range));
        assert_eq!(ratio(0, 0), Err(ProbabilityError::ZeroDenominator));
    }

    #[test]
    fn floats() {
        let float = |p| Probability::from_f64(p).map(Probability::threshold);
        assert_eq!(float(0.0), Ok(0));
        assert_eq!(float(-0.0), Ok(0));
        assert_eq!(float(1.0), Ok(u64::MAX));
        assert_eq!(float(0.5), Ok(1 << 63));
        assert_eq!(float(0.1), Ok(threshold("0.1") + 102));
        assert_eq!(float(1.0 - f64::EPSILON / 2.0), Ok(u64::MAX - 2047));
        assert_eq!(float(f64::from_bits(1)), Ok(1));
        assert_eq!(float(f64::MIN_POSITIVE), Ok(1));
        assert_eq!(float(3.0 * TWO_MINUS_65), Ok(2));
        assert_eq!(
            float(3.0 * TWO_MINUS_65 * (1.0 - f64::EPSILON / 2.0)),
            Ok(1)
        );
        assert_eq!(float(f64::NAN), Err(ProbabilityError::NotANumber));
        assert_eq!(float(-1e-300), Err(ProbabilityError::Range));
        assert_eq!(float(f64::INFINITY), Err(ProbabilityError::Range));
        assert_eq!(float(1.0 + f64::EPSILON), Err(ProbabilityError::Range));
    }

    #[test]
    fn displayed() {
        for text in [
            "0",
            "1",
            "0.5",
            "0.1",
            "0.001",
            "0.000000001",
            "0.123456789",
            "0.99",
            "0.9999999999999999999",
        ] {
            assert_eq!(Probability::parse(text).unwrap().to_string(), text);
        }
        let text = |threshold| Probability::from_threshold(threshold).to_string();
        assert_eq!(text(1), "0.00000000000000000005");
        assert_eq!(text(2), "0.0000000000000000001");
        assert_eq!(text(u64::MAX - 1), "0.9999999999999999999");
        assert_eq!(
            Probability::ratio(1, 3).unwrap().to_string(),
            "0.3333333333333333333"
        );
    }

    /// Cuts a displayed probability by a digit: neither neighbour may come back.
    fn shorter_comes_back(text: &str, threshold: u64) -> bool {
        let Some((_, digits)) = text.split_once('.') else {
            return false;
        };
        let places = digits.len() - 1;
        let cut: u128 = digits[..places].parse().unwrap_or(0);
        [cut, cut + 1].iter().any(|candidate| {
            let text = format!("{candidate}e-{places}");
            Probability::parse(&text).is_ok_and(|p| p.threshold == threshold)
        })
    }

    proptest! {
        #![proptest_config(Config {
            cases: 3_000,
            rng_seed: RngSeed::Fixed(1),
            failure_persistence: None,
            ..Config::default()
        })]

        #[test]
        fn display_parses_back_and_is_shortest(word: u64, shift in 0..64_u32, flip: bool) {
            let threshold = if flip { !(word >> shift) } else { word >> shift };
            let p = Probability::from_threshold(threshold);
            let text = p.to_string();
            prop_assert_eq!(Probability::parse(&text), Ok(p));
            prop_assert!(!shorter_comes_back(&text, threshold), "{}", text);
        }

        #[test]
        fn short_decimals_display_as_written(digits in "[0-9]{0,17}[1-9]") {
            let text = format!("0.{digits}");
            prop_assert_eq!(Probability::parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn text_agrees_with_ratio(num in 0..=10_u64.pow(19), places in 0..=19_u32, shift in 0..40_u32) {
            let den = 10_u64.pow(places);
            let num = num % den;
            // The same number, written with its exponent somewhere else.
            let zeros = "0".repeat(usize::try_from(shift).unwrap());
            let text = format!("0.{zeros}{num:0width$}e{shift}", width = usize::try_from(places).unwrap());
            prop_assert_eq!(Probability::parse(&text), Probability::ratio(num, den));
            prop_assert_eq!(Probability::parse(&format!("{num}{zeros}e-{}", places + shift)), Probability::ratio(num, den));
        }

        #[test]
        fn float_agrees_with_its_full_decimal(p in 0.0..1.0_f64, halvings in 0..80) {
            let mut p = p;
            for _ in 0..halvings { p *= 0.5; }
            prop_assert_eq!(Probability::from_f64(p), Probability::parse(&format!("{p:.1200}")));
        }

        #[test]
        fn any_text_is_judged(text in "[-+0-9.eE ]{0,12}") {
            let judged = Probability::parse(&text);
            if let Ok(p) = judged {
                let float: f64 = text.parse().unwrap();
                prop_assert!((0.0..=1.0).contains(&float));
                prop_assert_eq!(p.is_never(), text.bytes().take_while(|b| !b"eE".contains(b)).all(|b| b"0.".contains(&b)));
            }
        }
    }
}
