//! How a cost grows: the exponent on log–log axes, and which of the usual forms fits best.
//!
//! Least squares as in any textbook (Draper and Smith, Applied Regression Analysis, chapter 1). Forms are compared
//! by the difference of their Bayesian information criteria (Kass and Raftery 1995: beyond 10 is very strong
//! evidence).

use std::fmt;

use sim_core::kernel::random::detmath::{exp, ln};

use crate::float;
use crate::samples::{CONFIDENCE, quantile};

/// `y = factor · x^exponent`, fitted as a straight line through the logarithms.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerLaw {
    /// The slope on log–log axes.
    pub exponent: f64,
    /// Its standard error; `None` for two points, which leave nothing to estimate it from.
    pub std_error: Option<f64>,
    /// The value at `x = 1`.
    pub factor: f64,
    /// The share of the variance of `ln y` that the line explains.
    pub r_squared: f64,
    /// How many points were used.
    pub points: usize,
    /// How many have no logarithm: a coordinate that is not above zero.
    pub left_out: usize,
    /// The slope between the last two of them.
    pub last: f64,
    /// The exponents of the first and the last half of the points (by `x`; a middle one belongs to both), if each has
    /// three points or more.
    pub halves: Option<(f64, f64)>,
    /// The slope still moves: the halves differ by more than three standard errors of their difference, and by more
    /// than the hundredth that is printed. An exponent of a small range says little about large ones then.
    pub moves: bool,
}

impl PowerLaw {
    /// The fit; `None` if there are fewer than two different positive `x`.
    #[must_use]
    pub fn of(points: &[(f64, f64)]) -> Option<PowerLaw> {
        let used = with_logarithms(points);
        let mut logs: Vec<(f64, f64)> = used.iter().map(|(x, y)| (ln(*x), ln(*y))).collect();
        logs.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let line = Line::through(&logs)?;
        let (halves, moves) = halves(&logs);
        let last = match logs[..] {
            [.., (x1, y1), (x2, y2)] if x1 != x2 => (y2 - y1) / (x2 - x1),
            _ => line.slope,
        };
        Some(PowerLaw {
            exponent: line.slope,
            std_error: line.slope_error(),
            factor: exp(line.at_zero),
            r_squared: line.r_squared,
            points: logs.len(),
            left_out: points.len() - used.len(),
            last,
            halves,
            moves,
        })
    }

    /// What is left of the points when two parameters are fitted: the degrees of freedom of the interval.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> usize {
        self.points - 2
    }

    /// The 95 % confidence interval of the exponent, by Student's t.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        let around = self.std_error? * quantile(self.degrees_of_freedom(), CONFIDENCE);
        Some((self.exponent - around, self.exponent + around))
    }

    /// The fitted value at a positive `x`.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        self.factor * exp(self.exponent * ln(x))
    }
}

/// A form that costs have in the literature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// The same for every size.
    Constant,
    /// log n
    Logarithm,
    /// n
    Linear,
    /// n · log n
    LinearLogarithm,
    /// n²
    Square,
    /// n³
    Cube,
}

impl Form {
    /// All forms, the slowest first.
    pub const ALL: [Form; 6] = [
        Form::Constant,
        Form::Logarithm,
        Form::Linear,
        Form::LinearLogarithm,
        Form::Square,
        Form::Cube,
    ];

    /// The form at a positive `x`, with the natural logarithm.
    #[must_use]
    pub fn at(self, x: f64) -> f64 {
        match self {
            Form::Constant => 1.0,
            Form::Logarithm => ln(x),
            Form::Linear => x,
            Form::LinearLogarithm => x * ln(x),
            Form::Square => x * x,
            Form::Cube => x * x * x,
        }
    }

    /// The form in words, for a parameter of this name.
    #[must_use]
    pub fn of(self, name: &str) -> String {
        match self {
            Form::Constant => "constant".to_owned(),
            Form::Logarithm => format!("log {name}"),
            Form::Linear => name.to_owned(),
            Form::LinearLogarithm => format!("{name}·log {name}"),
            Form::Square => format!("{name}²"),
            Form::Cube => format!("{name}³"),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.of("n"))
    }
}

/// One form with the coefficient that fits best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FittedForm {
    /// Which form.
    pub form: Form,
    /// What it is multiplied by: least squares of the relative errors.
    pub coefficient: f64,
    /// How far it is off: the root of the mean square of the relative errors.
    pub error: f64,
}

/// The forms in the order in which they fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Forms {
    /// The best first.
    pub ranked: Vec<FittedForm>,
    /// How many points were used.
    pub points: usize,
}

/// Relative errors below this are rounding: forms that are so near are equally good.
const ROUNDING: f64 = 1e-12;
/// The difference of the information criteria from which evidence is very strong.
const VERY_STRONG: f64 = 10.0;
/// A form that is further off is at best the closest of those that were tried.
const CLOSE: f64 = 0.1;

impl Forms {
    /// All forms, fitted; `None` without two different positive `x`.
    #[must_use]
    pub fn of(points: &[(f64, f64)]) -> Option<Forms> {
        let used = with_logarithms(points);
        used.iter().find(|(x, _)| *x != used[0].0)?;
        let mut ranked: Vec<FittedForm> = Form::ALL
            .iter()
            .filter_map(|form| fit_form(*form, &used))
            .collect();
        ranked.sort_by(|a, b| a.error.total_cmp(&b.error));
        Some(Forms {
            ranked,
            points: used.len(),
        })
    }

    /// The form that fits best.
    #[must_use]
    pub fn best(&self) -> Form {
        self.ranked[0].form
    }

    /// The forms that the data do not tell from the best: the best alone, if it stands out of the noise.
    #[must_use]
    pub fn candidates(&self) -> Vec<Form> {
        let best = self.ranked[0].error.max(ROUNDING);
        // Every form has one coefficient, so that the criteria differ by the fit alone: n · ln(squares / squares).
        let behind = |other: &&FittedForm| {
            let ratio = other.error.max(ROUNDING) / best;
            float(self.points) * 2.0 * ln(ratio) < VERY_STRONG
        };
        let near = self.ranked.iter().filter(behind);
        near.map(|fitted| fitted.form).collect()
    }

    /// What may be said: `n² (to 1.3 %)`, `n or n·log n: not told apart`, `none; the closest is n², 24 % off`.
    #[must_use]
    pub fn sentence(&self, name: &str) -> String {
        let best = self.ranked[0];
        let percent = percent(best.error);
        if best.error > CLOSE {
            return format!(
                "none; the closest is {}, {percent} % off",
                best.form.of(name)
            );
        }
        let candidates: Vec<String> = self.candidates().iter().map(|form| form.of(name)).collect();
        if candidates.len() > 3 {
            return "not told: too few points, or too close together".to_owned();
        }
        if candidates.len() > 1 {
            return format!("{}: not told apart", candidates.join(" or "));
        }
        if best.error < ROUNDING {
            return format!("{}, exactly", best.form.of(name));
        }
        format!("{} (to {percent} %)", best.form.of(name))
    }
}

/// A share in per cent, to about two digits.
fn percent(share: f64) -> String {
    let places = match share {
        x if x >= 0.1 => 0,
        x if x >= 0.01 => 1,
        x if x >= 0.0001 => 2,
        _ => return "less than 0.01".to_owned(),
    };
    format!("{:.places$}", share * 100.0)
}

/// The points whose coordinates are finite and above zero.
fn with_logarithms(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let positive = |value: f64| value > 0.0 && value.is_finite();
    let used = points.iter().filter(|(x, y)| positive(*x) && positive(*y));
    used.copied().collect()
}

/// Minimises the squares of `coefficient · form / y - 1`.
fn fit_form(form: Form, points: &[(f64, f64)]) -> Option<FittedForm> {
    let ratios: Vec<f64> = points.iter().map(|(x, y)| form.at(*x) / y).collect();
    let squares: f64 = ratios.iter().map(|ratio| ratio * ratio).sum();
    let coefficient = ratios.iter().sum::<f64>() / squares;
    let errors = ratios.iter().map(|ratio| coefficient * ratio - 1.0);
    let mean = errors.map(|error| error * error).sum::<f64>() / float(points.len());
    let error = mean.sqrt();
    // A logarithm is nothing at 1, and falls below it.
    (coefficient > 0.0 && error.is_finite()).then_some(FittedForm {
        form,
        coefficient,
        error,
    })
}

/// A straight line by least squares.
struct Line {
    slope: f64,
    at_zero: f64,
    r_squared: f64,
    /// The sum of the squares of what the line leaves over.
    rest: f64,
    /// The sum of the squares of `x` around its mean.
    spread: f64,
    points: usize,
}

impl Line {
    fn through(points: &[(f64, f64)]) -> Option<Line> {
        let count = float(points.len());
        let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
        let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
        let around = || points.iter().map(|(x, y)| (x - mean_x, y - mean_y));
        let spread: f64 = around().map(|(x, _)| x * x).sum();
        let first = points.first()?.0;
        if points.iter().all(|(x, _)| *x == first) {
            return None;
        }
        let slope = around().map(|(x, y)| x * y).sum::<f64>() / spread;
        let rest: f64 = around()
            .map(|(x, y)| (y - slope * x) * (y - slope * x))
            .sum();
        let total: f64 = around().map(|(_, y)| y * y).sum();
        Some(Line {
            slope,
            at_zero: mean_y - slope * mean_x,
            r_squared: if total > 0.0 { 1.0 - rest / total } else { 1.0 },
            rest,
            spread,
            points: points.len(),
        })
    }

    fn slope_error(&self) -> Option<f64> {
        let freedom = self.points.checked_sub(2).filter(|freedom| *freedom > 0)?;
        Some((self.rest / float(freedom) / self.spread).sqrt())
    }
}

/// The slopes of both halves of sorted points, and whether they differ.
fn halves(logs: &[(f64, f64)]) -> (Option<(f64, f64)>, bool) {
    let half = logs.len().div_ceil(2);
    if half < 3 {
        return (None, false);
    }
    let (first, last) = (&logs[..half], &logs[logs.len() - half..]);
    let (Some(first), Some(last)) = (Line::through(first), Line::through(last)) else {
        return (None, false);
    };
    // Both halves have the same noise: it is estimated from what both leave over. A middle point that they share makes
    // the difference a little less sure than is said here: rather one warning too many.
    let freedom = float(2 * half - 4);
    let noise = (first.rest + last.rest) / freedom;
    let error = (noise / first.spread + noise / last.spread).sqrt();
    let difference = (first.slope - last.slope).abs();
    let moves = difference > 3.0 * error && difference > 0.01;
    (Some((first.slope, last.slope)), moves)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64 (Steele, Lea, Flood 2014).
    struct Random(u64);

    impl Random {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bits = u32::try_from((z ^ (z >> 31)) >> 32).expect("half of the bits");
            f64::from(bits) / 4_294_967_296.0
        }

        /// Nearly normal: twelve uniform numbers have a variance of one.
        fn normal(&mut self) -> f64 {
            (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
        }
    }

    const NS: [f64; 7] = [4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

    fn noisy(form: Form, noise: f64, random: &mut Random) -> Vec<(f64, f64)> {
        let y = |n: f64, random: &mut Random| 3.0 * form.at(n) * (1.0 + noise * random.normal());
        NS.iter().map(|n| (*n, y(*n, random))).collect()
    }

    /// With noise of 1 to 5 %, the right form comes first; and it is never said that a wrong one is the only one.
    #[test]
    fn the_right_form_is_named() {
        for form in Form::ALL {
            for percent in 1..=5_u32 {
                let mut random = Random(u64::from(percent));
                let noise = f64::from(percent) / 100.0;
                let (mut right, mut wrong) = (0, 0);
                for _ in 0..1000 {
                    let forms =
                        Forms::of(&noisy(form, noise, &mut random)).expect("there are points");
                    right += u32::from(forms.best() == form);
                    wrong += u32::from(!forms.candidates().contains(&form));
                }
                assert!(right >= 990, "{form} with {percent} %: {right}");
                assert_eq!(wrong, 0, "{form} with {percent} %");
            }
        }
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        // Two sizes that are close to each other: a factor of 1.1 is n or n·log n.
        let near = [(100.0, 100.0), (110.0, 111.0), (105.0, 104.0)];
        let forms = Forms::of(&near).expect("there are points");
        let candidates = forms.candidates();
        assert!(candidates.contains(&Form::Linear) && candidates.contains(&Form::LinearLogarithm));
        assert!(forms.sentence("n").contains("not told"));
        let root: Vec<(f64, f64)> = NS.iter().map(|n| (*n, n.sqrt())).collect();
        let forms = Forms::of(&root).expect("there are points");
        assert!(
            forms
                .sentence("n")
                .starts_with("none; the closest is log n, "),
            "{}",
            forms.sentence("n")
        );
        // Few points leave more than one candidate; that none is near is said all the same.
        let forms = Forms::of(&[root[0], root[4], root[6]]).expect("there are points");
        let said = forms.sentence("n");
        assert!(said.starts_with("none; the closest is "), "{said}");
        let square: Vec<(f64, f64)> = NS.iter().map(|n| (*n, 2.0 * n * n)).collect();
        let forms = Forms::of(&square).expect("there are points");
        assert_eq!(
            (forms.best(), forms.ranked[0].coefficient),
            (Form::Square, 2.0)
        );
        assert_eq!(forms.sentence("n"), "n², exactly");
    }

    #[test]
    fn an_exact_power_is_found_exactly() {
        let cube: Vec<(f64, f64)> = NS.iter().map(|n| (*n, 0.5 * n * n * n)).collect();
        let law = PowerLaw::of(&cube).expect("there are points");
        assert!((law.exponent - 3.0).abs() < 1e-12 && (law.factor - 0.5).abs() < 1e-12);
        assert!(law.std_error.is_some_and(|error| error < 1e-12) && !law.moves);
        assert!((law.at(10.0) - 500.0).abs() < 1e-9);
    }

    /// n(n-1) is no power: from 4 to 64 its slope falls from 2.2 to 2.03, and that is said.
    #[test]
    fn a_slope_that_moves_is_told() {
        let points: Vec<(f64, f64)> = NS[..5].iter().map(|n| (*n, n * (n - 1.0))).collect();
        let law = PowerLaw::of(&points).expect("there are points");
        // With x = 0, 1, 2 the slope is (y₂ - y₀) / 2: log₂(240/12)/2 and log₂(4032/240)/2.
        let (first, last) = law.halves.expect("five points have two halves of three");
        assert!(
            (first - 2.160_964).abs() < 1e-6 && (last - 2.035_195).abs() < 1e-6,
            "{first} {last}"
        );
        assert!(law.moves);
    }

    /// Three standard errors with four degrees of freedom are passed by chance in 4 % of all cases, and in some more
    /// because of the shared middle.
    #[test]
    fn noise_alone_seldom_moves_the_slope() {
        let mut random = Random(9);
        let moved = (0..1000).filter(|_| {
            let law = PowerLaw::of(&noisy(Form::Square, 0.05, &mut random));
            law.expect("there are points").moves
        });
        let moved = moved.count();
        assert!(moved <= 80, "{moved}");
    }

    #[test]
    fn slope_and_interval_agree_with_linregress() {
        use linregress::{FormulaRegressionBuilder, RegressionDataBuilder};
        let mut random = Random(3);
        for size in [3, 5, 7] {
            let points = noisy(Form::LinearLogarithm, 0.05, &mut random);
            let points = &points[..size];
            let logs = |of: fn(&(f64, f64)) -> f64| {
                points
                    .iter()
                    .map(|point| ln(of(point)))
                    .collect::<Vec<f64>>()
            };
            let data = vec![("y", logs(|point| point.1)), ("x", logs(|point| point.0))];
            let data = RegressionDataBuilder::new()
                .build_from(data)
                .expect("finite numbers");
            let model = FormulaRegressionBuilder::new()
                .data(&data)
                .formula("y ~ x")
                .fit()
                .expect("a line");
            let law = PowerLaw::of(points).expect("there are points");
            let (slope, error) = (model.parameters()[1], model.se()[1]);
            assert!((law.exponent - slope).abs() < 1e-9);
            assert!((law.r_squared - model.rsquared()).abs() < 1e-9);
            let around = error * quantile(law.degrees_of_freedom(), 0.95);
            let (low, high) = law.interval().expect("an error");
            assert!(
                (low - (slope - around)).abs() < 1e-9 && (high - (slope + around)).abs() < 1e-9
            );
        }
    }

    #[test]
    fn too_little_is_no_fit() {
        for points in [
            &[][..],
            &[(1.0, 1.0)],
            &[(2.0, 1.0), (2.0, 3.0)],
            &[(0.0, 1.0), (1.0, 0.0)],
        ] {
            assert_eq!(PowerLaw::of(points), None);
            assert_eq!(Forms::of(points), None);
        }
        let two = PowerLaw::of(&[(1.0, 1.0), (2.0, 4.0), (4.0, 0.0)]).expect("two points");
        assert_eq!((two.std_error, two.left_out, two.halves), (None, 1, None));
    }
}
