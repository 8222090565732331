//! Time: integer nanoseconds, in three types that do not mix.
//!
//! [`Span`] is a length of time. [`SimTime`] is the simulator's own clock, which no process can read.
//! [`LocalTime`] is what a process reads: its wall clock or its monotonic clock.

use core::fmt;
use core::str::FromStr;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use serde::{Deserialize as DeserializeDerive, Serialize as SerializeDerive};

/// A length of time in nanoseconds, from 0 to some 584 years.
///
/// Written and read with a unit: `"250us"`, `"1.5ms"`, `"2min"`. Units: `ns us ms s min h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// The longest span.
    pub const MAX: Span = Span(u64::MAX);

    /// `ns` nanoseconds.
    #[must_use]
    pub const fn from_nanos(ns: u64) -> Span {
        Span(ns)
    }

    /// `us` microseconds; saturates.
    #[must_use]
    pub const fn from_micros(us: u64) -> Span {
        Span(us.saturating_mul(1_000))
    }

    /// `ms` milliseconds; saturates.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Span {
        Span(ms.saturating_mul(1_000_000))
    }

    /// `s` seconds; saturates.
    #[must_use]
    pub const fn from_secs(s: u64) -> Span {
        Span(s.saturating_mul(1_000_000_000))
    }

    /// The span in nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The sum; saturates at [`Span::MAX`].
    #[must_use]
    pub const fn saturating_add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }

    /// The span `times` over; saturates at [`Span::MAX`].
    #[must_use]
    pub const fn saturating_mul(self, times: u64) -> Span {
        Span(self.0.saturating_mul(times))
    }
}

/// Units from long to short: name and nanoseconds.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Prints the longest unit of which the span is a whole multiple: `5ms`, `1500us`, `90s`. Reads back to the same span.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.pad("0s");
        }
        // Minutes and hours read worse than seconds below a minute's multiple: 90s, not 1.5min.
        let (name, ns) = UNITS
            .into_iter()
            .find(|(_, ns)| self.0 % ns == 0)
            .unwrap_or(("ns", 1));
        write!(f, "{}{}", self.0 / ns, name)
    }
}

/// Why a text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanError {
    /// A number stands alone: `5` of what?
    NoUnit,
    /// The text does not begin with a decimal number.
    NoNumber,
    /// What follows the number is not one of `ns us ms s min h`.
    UnknownUnit,
    /// It has digits below a nanosecond.
    BelowNanosecond,
    /// It is longer than some 584 years.
    TooLong,
}

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SpanError::NoUnit => "a time needs a unit",
            SpanError::NoNumber => "a time begins with a number",
            SpanError::UnknownUnit => "this is not a unit of time",
            SpanError::BelowNanosecond => "a time has no digits below a nanosecond",
            SpanError::TooLong => "this time is too long (the longest is some 584 years)",
        })
    }
}

impl core::error::Error for SpanError {}

impl FromStr for Span {
    type Err = SpanError;

    /// Reads a decimal number and a unit, exactly: `"1.5ms"` is 1,500,000 ns and `"0.1ns"` is an error.
    fn from_str(text: &str) -> Result<Span, SpanError> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
            .unwrap_or(text.len());
        let (number, unit) = (&text[..end], text[end..].trim_start());
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if !whole.starts_with(|c: char| c.is_ascii_digit()) || fraction.contains('.') {
            return Err(SpanError::NoNumber);
        }
        if unit.is_empty() {
            return Err(SpanError::NoUnit);
        }
        let unit = if unit == "µs" { "us" } else { unit };
        let (_, scale) = UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or(SpanError::UnknownUnit)?;
        let mut ns: u128 = 0;
        for digit in whole.bytes().filter(u8::is_ascii_digit) {
            ns = ns * 10 + u128::from(digit - b'0') * u128::from(scale);
            if ns > u128::from(u64::MAX) {
                return Err(SpanError::TooLong);
            }
        }
        let mut place = u128::from(scale);
        let mut rest: u128 = 0; // numerator of what is left below one unit of `place`
        let mut below = 1u128;
        for digit in fraction.bytes().filter(u8::is_ascii_digit) {
            rest = rest * 10 + u128::from(digit - b'0');
            below *= 10;
            if below > 1_000_000_000_000_000_000 {
                return Err(SpanError::BelowNanosecond);
            }
        }
        place *= rest;
        if place % below != 0 {
            return Err(SpanError::BelowNanosecond);
        }
        u64::try_from(ns + place / below)
            .map(Span)
            .map_err(|_| SpanError::TooLong)
    }
}

/// Text with a unit where people read it, nanoseconds elsewhere.
impl Serialize for Span {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() {
            s.collect_str(self)
        } else {
            s.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Span, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time with a unit, such as \"5ms\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
        }
        if d.is_human_readable() {
            d.deserialize_str(Text)
        } else {
            u64::deserialize(d).map(Span)
        }
    }
}

/// A point on the simulator's clock, in virtual nanoseconds since the start of the run.
///
/// Only drivers, faults and properties see it; a process reads [`LocalTime`].
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    SerializeDerive,
    DeserializeDerive,
)]
pub struct SimTime(u64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: SimTime = SimTime(0);

    /// The point `ns` virtual nanoseconds after the start.
    #[must_use]
    pub const fn from_nanos(ns: u64) -> SimTime {
        SimTime(ns)
    }

    /// Virtual nanoseconds since the start.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The point `span` later; saturates at the end of time.
    #[must_use]
    pub const fn after(self, span: Span) -> SimTime {
        SimTime(self.0.saturating_add(span.0))
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: SimTime) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

/// Milliseconds with three decimals, rounded down: the column of a trace.
impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000_000, self.0 / 1_000 % 1_000)
    }
}

/// What a clock of one process shows, in nanoseconds. May be negative: a wall clock can be set back.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    SerializeDerive,
    DeserializeDerive,
)]
pub struct LocalTime(i64);

impl LocalTime {
    /// The reading `ns`.
    #[must_use]
    pub const fn from_nanos(ns: i64) -> LocalTime {
        LocalTime(ns)
    }

    /// The reading in nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The reading `span` later; saturates.
    #[must_use]
    pub const fn after(self, span: Span) -> LocalTime {
        LocalTime(self.0.saturating_add_unsigned(span.0))
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: LocalTime) -> Span {
        if self.0 <= earlier.0 {
            Span(0)
        } else {
            Span(self.0.abs_diff(earlier.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_times_exactly() {
        for (text, ns) in [
            ("5ms", 5_000_000),
            ("1.5us", 1_500),
            ("0s", 0),
            ("2min", 120_000_000_000),
            ("1_000 ns", 1_000),
        ] {
            assert_eq!(text.parse(), Ok(Span(ns)), "{text}");
        }
        for ns in [
            0,
            1,
            999,
            1_000,
            1_500,
            60_000_000_000,
            90_000_000_000,
            u64::MAX,
        ] {
            assert_eq!(Span(ns).to_string().parse(), Ok(Span(ns)), "{ns}");
        }
        assert_eq!(Span(90_000_000_000).to_string(), "90s");
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        use SpanError::{BelowNanosecond, NoNumber, NoUnit, TooLong, UnknownUnit};
        for (text, error) in [
            ("5", NoUnit),
            ("", NoNumber),
            ("ms", NoNumber),
            ("-5ms", NoNumber),
            ("1.2.3s", NoNumber),
            ("5 parsecs", UnknownUnit),
            ("0.1ns", BelowNanosecond),
            ("99999999999999999999s", TooLong),
            ("6000000h", TooLong),
        ] {
            assert_eq!(text.parse::<Span>(), Err(error), "{text}");
        }
    }
}
