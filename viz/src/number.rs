//! Numbers as labels: one style for all numbers of an axis.

use crate::chart::Unit;
use crate::maths::{decade, ten_to};

/// How all the numbers of an axis are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Style {
    /// What a value is divided by before it is written.
    divisor: f64,
    /// What follows each number: `k`, `M`, `%` or nothing.
    suffix: &'static str,
    /// The unit in the title of the axis; empty if there is none.
    pub(crate) unit: String,
}

impl Style {
    /// The style for an axis whose largest value is `largest`.
    pub(crate) fn of(unit: &Unit, largest: f64) -> Style {
        let plain = |divisor, unit: &str| Style {
            divisor,
            suffix: "",
            unit: unit.to_owned(),
        };
        match unit {
            Unit::Nanoseconds => match largest {
                x if x >= 2e9 => plain(1e9, "s"),
                x if x >= 2e6 => plain(1e6, "ms"),
                x if x >= 2e3 => plain(1e3, "µs"),
                _ => plain(1.0, "ns"),
            },
            Unit::Bytes => match largest {
                x if x >= 2e9 => plain(1e9, "GB"),
                x if x >= 2e6 => plain(1e6, "MB"),
                x if x >= 2e3 => plain(1e3, "kB"),
                _ => plain(1.0, "B"),
            },
            Unit::Share => Style {
                divisor: 0.01,
                suffix: "\u{202f}%",
                unit: String::new(),
            },
            Unit::None | Unit::Named(_) => {
                let unit = match unit {
                    Unit::Named(name) => name.as_str(),
                    _ => "",
                };
                let (divisor, suffix) = match largest {
                    x if x >= 1e10 => (1e9, "G"),
                    x if x >= 1e7 => (1e6, "M"),
                    x if x >= 1e4 => (1e3, "k"),
                    _ => (1.0, ""),
                };
                Style {
                    suffix,
                    ..plain(divisor, unit)
                }
            }
        }
    }

    /// The style for values that were chosen, such as numbers of nodes: in full, never in thousands.
    pub(crate) fn exact(unit: &Unit, largest: f64) -> Style {
        match unit {
            Unit::None | Unit::Named(_) => Style::of(unit, 0.0),
            _ => Style::of(unit, largest),
        }
    }

    pub(crate) fn is_share(&self) -> bool {
        self.divisor == 0.01
    }

    pub(crate) fn has_suffix(&self) -> bool {
        !self.suffix.is_empty()
    }

    /// Numbers in full, for an axis that is labelled in powers of ten.
    pub(crate) fn drop_suffix(&mut self) {
        if self.has_suffix() {
            (self.divisor, self.suffix) = (1.0, "");
        }
    }

    /// A value in the unit of the axis.
    pub(crate) fn scaled(&self, value: f64) -> f64 {
        value / self.divisor
    }

    /// A tick of a linear axis with such steps.
    pub(crate) fn step(&self, value: f64, step: f64) -> String {
        let places = usize::try_from(-decade(self.scaled(step) * 1.000_001)).unwrap_or(0);
        let text = format!("{:.places$}", self.scaled(value));
        let text = minus(&text);
        if value == 0.0 && self.suffix.len() == 1 {
            return text;
        }
        format!("{text}{}", self.suffix)
    }

    /// A value as it is, to `digits` significant digits.
    pub(crate) fn value(&self, value: f64, digits: i32) -> String {
        if value == 0.0 {
            return "0".to_owned();
        }
        format!("{}{}", significant(self.scaled(value), digits), self.suffix)
    }

    /// The words of an axis: what is measured and in which unit.
    pub(crate) fn title(&self, label: &str) -> String {
        match (label, self.unit.as_str()) {
            (label, "") => label.to_owned(),
            ("", unit) => unit.to_owned(),
            (label, unit) => format!("{label} ({unit})"),
        }
    }
}

/// A power of ten: 1, 10, 10², 10³, ….
pub(crate) fn power(exponent: i32) -> String {
    match exponent {
        0 => "1".to_owned(),
        1 => "10".to_owned(),
        _ => format!("10{}", superscript(&exponent.to_string())),
    }
}

/// Digits and a minus sign, raised.
pub(crate) fn superscript(digits: &str) -> String {
    let raise = |letter| match letter {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        '-' | '−' => '⁻',
        // There is no raised point in the font: the dot in the middle of the line is the nearest.
        '.' => '·',
        other => other,
    };
    digits.chars().map(raise).collect()
}

/// So many significant digits, without zeros at the end, in groups of three from 10 000.
pub(crate) fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}").replace("inf", "∞");
    }
    let places = usize::try_from(digits - 1 - decade(value.abs())).unwrap_or(0);
    if places > 9 {
        let exponent = decade(value.abs());
        let mantissa = significant(value / ten_to(exponent), digits);
        return format!("{mantissa}·{}", power(exponent));
    }
    let mut text = format!("{value:.places$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    minus(&grouped(&text))
}

/// Groups of three digits before the point, if there are more than four, with narrow spaces.
fn grouped(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let whole = digits.split('.').next().unwrap_or_default();
    if whole.len() < 5 {
        return text.to_owned();
    }
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out + &digits[whole.len()..]
}

/// Two decimals: exponents.
pub(crate) fn two_places(value: f64) -> String {
    let text = format!("{value:.2}");
    minus(if text == "-0.00" { "0.00" } else { &text })
}

fn minus(text: &str) -> String {
    text.replacen('-', "−", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_of_an_axis_are_written_alike() {
        let style = Style::of(&Unit::None, 20_000.0);
        let all = [0.0, 5e3, 1e4, 2e4].map(|x| style.step(x, 5e3));
        assert_eq!(all, ["0", "5k", "10k", "20k"]);
        let small = Style::of(&Unit::None, 1.0);
        assert_eq!(
            [0.0, 0.2, 1.0].map(|x| small.step(x, 0.2)),
            ["0.0", "0.2", "1.0"]
        );
        assert_eq!(Style::of(&Unit::Share, 1.0).step(0.2, 0.2), "20\u{202f}%");
        let time = Style::of(&Unit::Nanoseconds, 7.3e6);
        assert_eq!(
            (time.step(2e6, 2e6).as_str(), time.unit.as_str()),
            ("2", "ms")
        );
        assert_eq!(time.title("latency"), "latency (ms)");
    }

    #[test]
    fn numbers_have_the_digits_they_need() {
        let all =
            [1234.0, 12_345.0, 0.123_456, 3971.04, 1.0, -2.5, 1e-12].map(|x| significant(x, 4));
        let expected = [
            "1234",
            "12\u{202f}345",
            "0.1235",
            "3971",
            "1",
            "−2.5",
            "1·10⁻¹²",
        ];
        assert_eq!(all, expected);
        assert_eq!([power(0), power(3), power(-2)], ["1", "10³", "10⁻²"]);
    }
}
