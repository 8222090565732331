//! What became of the expectations of a sweep: a function of the table alone.

use std::collections::BTreeMap;

use super::fit::{Fit, fit};
use super::plan::Description;
use super::points::{Point, mean, points, statistic};
use super::row::{Row, VIOLATION, decimal};
use crate::format::{Ask, Comparison, Statistic, Term, Value, What, bound, value};

/// What became of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It holds.
    Held,
    /// There was nothing to judge it by.
    Inconclusive,
    /// It does not.
    Violated,
}

impl Standing {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Standing::Held => "held",
            Standing::Inconclusive => "inconclusive",
            Standing::Violated => "violated",
        }
    }
}

/// A sentence and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The sentence.
    pub text: String,
    /// What became of it.
    pub standing: Standing,
    /// What was seen.
    pub said: String,
    /// Lines that were fitted.
    pub fits: Vec<String>,
}

/// Judges a whole sweep: what its points need in one of their runs, then the sentences, of the scenario itself, or of the
/// first variant if that was left out.
#[must_use]
pub fn judge(description: &Description, rows: &[Row]) -> Vec<Judged> {
    let all = points(rows);
    let of = description.variants.first().cloned().unwrap_or_default();
    let itself: Vec<&Point<'_>> = all.iter().filter(|point| point.variant() == of).collect();
    let mut judged = goals(description, &all);
    for text in &description.expect {
        judged.push(match Ask::parse(text) {
            Ok(ask) => Judge {
                description,
                ask: &ask,
            }
            .of(&itself),
            Err((_, why)) => inconclusive(text, why),
        });
    }
    judged
}

fn inconclusive(text: &str, said: impl Into<String>) -> Judged {
    Judged {
        text: text.to_owned(),
        standing: Standing::Inconclusive,
        said: said.into(),
        fits: Vec::new(),
    }
}

/// What some point has reached in none of its runs: `sometimes ..` is asked of each point, and so is what is meant to break.
fn goals(description: &Description, points: &[Point<'_>]) -> Vec<Judged> {
    let mut missed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for point in points {
        let variant = point.variant();
        let name = [variant, point.name(description)].join(" ");
        for goal in point.unreached() {
            missed.entry(goal).or_default().push(name.trim().to_owned());
        }
    }
    let told = |(goal, at): (String, Vec<String>)| {
        let (text, standing) = match goal.strip_prefix(VIOLATION) {
            Some(property) => (
                format!("expected violation of {property}"),
                Standing::Violated,
            ),
            None => (format!("sometimes {goal}"), Standing::Inconclusive),
        };
        let first = at.first().filter(|first| !first.is_empty());
        let said = match first {
            Some(first) => format!(
                "in no run at {} of {} points, such as {first}",
                at.len(),
                points.len()
            ),
            None => "in no run".to_owned(),
        };
        Judged {
            text,
            standing,
            said,
            fits: Vec::new(),
        }
    };
    missed.into_iter().map(told).collect()
}

/// The column of a metric of one run.
#[must_use]
pub fn column(term: &Term) -> String {
    match (&term.statistic, term.name.as_str()) {
        (Some(statistic), name) => format!("{name}_ns_{statistic}"),
        (None, "virtual_time") => "virtual_time_ns".to_owned(),
        (None, name) => name.to_owned(),
    }
}

struct Judge<'a> {
    description: &'a Description,
    ask: &'a Ask,
}

impl Judge<'_> {
    fn of(&self, points: &[&Point<'_>]) -> Judged {
        let asked: Vec<&Point<'_>> = points
            .iter()
            .copied()
            .filter(|point| self.is_asked(point))
            .collect();
        if asked.is_empty() {
            return inconclusive(&self.ask.text, "asked at no point");
        }
        match &self.ask.what {
            What::Exponent {
                metric,
                param,
                low,
                high,
            } => self.exponent(&asked, metric, param, [low, high]),
            What::Statistic {
                statistic,
                metric,
                comparison,
                bound,
            } => self.statistic(&asked, *statistic, metric, *comparison, bound),
        }
    }

    fn is_asked(&self, point: &Point<'_>) -> bool {
        self.ask.condition.as_ref().is_none_or(|condition| {
            value(condition, &|name| point.param(name)) == Some(Value::Bool(true))
        })
    }

    fn statistic(
        &self,
        points: &[&Point<'_>],
        which: Statistic,
        metric: &Term,
        comparison: Comparison,
        limit: &str,
    ) -> Judged {
        let mut worst: Option<(bool, f64, f64, &Point<'_>)> = None;
        let mut broken = 0;
        for point in points {
            let numbers = point.numbers(&column(metric));
            let found = statistic(&numbers, which);
            let limit = bound(limit, &|name| point.param(name));
            let (Some(found), Some(limit)) = (found, limit) else {
                let said = format!("nothing to measure at {}", point.name(self.description));
                return inconclusive(&self.ask.text, said);
            };
            let holds = comparison.holds(&found, &limit);
            broken += usize::from(!holds);
            // What matters is the distance on the side that breaks it.
            let off = match comparison {
                Comparison::Less | Comparison::AtMost => found - limit,
                Comparison::Greater | Comparison::AtLeast => limit - found,
                Comparison::Equal => (found - limit).abs(),
                Comparison::Different => -(found - limit).abs(),
            };
            if worst.is_none_or(|(_, most, ..)| off > most) {
                worst = Some((holds, off, found, point));
            }
        }
        let said = worst.map_or(String::new(), |(_, _, found, point)| {
            format!(
                "worst {} at {}",
                shown(metric, found),
                point.name(self.description)
            )
        });
        let (standing, said) = if broken == 0 {
            (Standing::Held, said)
        } else {
            (
                Standing::Violated,
                format!("{said}; broken at {broken} of {} points", points.len()),
            )
        };
        Judged {
            text: self.ask.text.clone(),
            standing,
            said,
            fits: Vec::new(),
        }
    }

    fn exponent(
        &self,
        points: &[&Point<'_>],
        metric: &Term,
        param: &str,
        limits: [&str; 2],
    ) -> Judged {
        let mut series: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
        let mut left_out = 0;
        for point in points {
            let Some(Value::Number(x)) = point.param(param) else {
                return inconclusive(&self.ask.text, format!("`{param}` is no number"));
            };
            let Some(y) = mean(&point.numbers(&column(metric))) else {
                left_out += 1;
                continue;
            };
            if x <= 0.0 || y <= 0.0 {
                left_out += 1;
                continue;
            }
            let name = self.series(point, param);
            match series.iter_mut().find(|(known, _)| *known == name) {
                Some((_, series)) => series.push((x, y)),
                None => series.push((name, vec![(x, y)])),
            }
        }
        let none = |_: &str| None;
        let (Some(low), Some(high)) = (bound(limits[0], &none), bound(limits[1], &none)) else {
            return self.exponent_within(series, param, metric, points, left_out, limits);
        };
        self.fitted(series, param, metric, left_out, [low, high])
    }

    /// Limits with parameters in them are those of the first point.
    fn exponent_within(
        &self,
        series: Vec<(String, Vec<(f64, f64)>)>,
        param: &str,
        metric: &Term,
        points: &[&Point<'_>],
        left_out: usize,
        limits: [&str; 2],
    ) -> Judged {
        let known = |name: &str| points[0].param(name);
        match (bound(limits[0], &known), bound(limits[1], &known)) {
            (Some(low), Some(high)) => self.fitted(series, param, metric, left_out, [low, high]),
            _ => inconclusive(&self.ask.text, "its limits have no value"),
        }
    }

    fn fitted(
        &self,
        series: Vec<(String, Vec<(f64, f64)>)>,
        param: &str,
        metric: &Term,
        left_out: usize,
        [low, high]: [f64; 2],
    ) -> Judged {
        let mut fits = Vec::new();
        let mut worst: Option<(f64, Fit, String)> = None;
        let mut broken = false;
        for (name, mut series) in series {
            series.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            let Some(fit) = fit(&series) else { continue };
            let off = (low - fit.exponent).max(fit.exponent - high);
            broken |= off > 0.0;
            fits.push(line(&name, &column(metric), param, &fit));
            if worst.as_ref().is_none_or(|(most, ..)| off > *most) {
                worst = Some((off, fit, name));
            }
        }
        let Some((_, fit, name)) = worst else {
            let said = format!("too few points: `{param}` takes fewer than two values");
            return inconclusive(&self.ask.text, said);
        };
        let mut said = match (fits.len(), name.as_str()) {
            (1, _) | (_, "") => format!("{:.3}", fit.exponent),
            _ => format!("worst {:.3} ({name})", fit.exponent),
        };
        if left_out > 0 {
            said.push_str(&format!("; {left_out} points left out: nothing there"));
        }
        let standing = if broken {
            Standing::Violated
        } else {
            Standing::Held
        };
        Judged {
            text: self.ask.text.clone(),
            standing,
            said,
            fits,
        }
    }

    /// The values of all other axes.
    fn series(&self, point: &Point<'_>, param: &str) -> String {
        let others = self
            .description
            .axes
            .iter()
            .filter(|axis| axis.name != param);
        let values =
            others.filter_map(|axis| Some(format!("{}={}", axis.name, point.param(&axis.name)?)));
        values.collect::<Vec<_>>().join(" ")
    }
}

fn line(series: &str, metric: &str, param: &str, fit: &Fit) -> String {
    let series = if series.is_empty() {
        String::new()
    } else {
        format!("{series}   ")
    };
    let error = fit
        .error
        .map_or(String::new(), |error| format!(" ± {error:.3}"));
    format!(
        "{series}{metric} ~ {:.3} {param}^{:.3}{error}   R2 {:.4}   {} points   last slope {:.3}",
        fit.factor, fit.exponent, fit.r2, fit.points, fit.last
    )
}

/// A figure for people; times in milliseconds.
fn shown(metric: &Term, figure: f64) -> String {
    if column(metric).contains("_ns") {
        return format!("{:.3}ms", figure / 1e6);
    }
    let rounded = (figure * 1e6).round() / 1e6;
    decimal(rounded)
}
