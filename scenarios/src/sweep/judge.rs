//! What became of the expectations of a sweep: a function of the table alone.

use std::collections::BTreeMap;

use stats::{Forms, Mean, PowerLaw};

use super::plan::Description;
use super::points::{Point, points, statistic};
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
            let Some(Mean { value: y, .. }) = Mean::of(&point.numbers(&column(metric))) else {
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
        // Limits with parameters in them are those of the first point.
        let limits = limits.map(|limit| bound(limit, &|name| points[0].param(name)));
        let [Some(low), Some(high)] = limits else {
            return inconclusive(&self.ask.text, "its limits have no value");
        };
        self.fitted(series, param, metric, left_out, [low, high])
    }

    /// A line through each series; the worst of them counts.
    fn fitted(
        &self,
        series: Vec<(String, Vec<(f64, f64)>)>,
        param: &str,
        metric: &Term,
        left_out: usize,
        [low, high]: [f64; 2],
    ) -> Judged {
        let mut fits = Vec::new();
        let mut worst: Option<(f64, PowerLaw, String)> = None;
        let mut broken = false;
        for (name, series) in series {
            let Some(fit) = PowerLaw::of(&series) else {
                continue;
            };
            let off = (low - fit.exponent).max(fit.exponent - high);
            broken |= off > 0.0;
            fits.extend(fitted(&name, &column(metric), param, &series));
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

/// The power that was fitted to the points of a series, how sure it is, and which of the usual forms is nearest: two lines.
/// `None` for fewer than two points.
#[must_use]
pub fn fitted(series: &str, metric: &str, param: &str, points: &[(f64, f64)]) -> Option<String> {
    let fit = PowerLaw::of(points)?;
    let series = if series.is_empty() {
        String::new()
    } else {
        format!("{series}   ")
    };
    let error = fit
        .std_error
        .map_or(String::new(), |error| format!(" ± {error:.3}"));
    let mut line = format!(
        "{series}{metric} ~ {:.3} {param}^{:.3}{error}   R2 {:.4}   {} points   last slope {:.3}",
        fit.factor, fit.exponent, fit.r_squared, fit.points, fit.last
    );
    if let Some(forms) = Forms::of(points) {
        line.push_str(&format!("\n  form {}", forms.sentence(param)));
    }
    if let Some((first, last)) = fit.halves.filter(|_| fit.moves) {
        line.push_str(&format!(
            "; the slope still moves: {first:.3} at first, {last:.3} at last"
        ));
    }
    Some(line)
}

/// A figure for people; times in milliseconds.
fn shown(metric: &Term, figure: f64) -> String {
    if column(metric).contains("_ns") {
        return format!("{:.3}ms", figure / 1e6);
    }
    let rounded = (figure * 1e6).round() / 1e6;
    decimal(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(axes: &str, variants: &str, expect: &[&str]) -> Description {
        let expect = serde_json::to_string(expect).unwrap();
        let json = format!(
            r#"{{"stormglass":"0","format":1,"model_version":1,"scenario":"s","scenario_hash":"0","protocol":"P","about":"",
            "axes":{axes},"seeds":2,"variants":{variants},"points":0,"runs":0,"expect":{expect}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn row(point: usize, variant: &str, params: &str, rest: &str) -> Row {
        let line = format!(
            r#"{{"run":"0","point":{point},"replicate":0,"seed":1,"variant":"{variant}","protocol":"P",{params},"verdict":"pass",{rest}}}"#
        );
        Row::parse(&line).unwrap()
    }

    /// Two values of k: messages are k n^2 with a second run that has nothing to count, and ratios that fall with n.
    fn table() -> Vec<Row> {
        let mut rows = Vec::new();
        for (place, (n, k)) in [(2, 1), (4, 1), (8, 1), (2, 3), (4, 3), (8, 3)]
            .into_iter()
            .enumerate()
        {
            for variant in ["", "linear"] {
                let messages = if variant.is_empty() { k * n * n } else { n };
                let params = format!(r#""n":{n},"k":{k}"#);
                let ratio = 1.0 - f64::from(n) / 100.0;
                let rest = format!(
                    r#""unreached":null,"messages":{messages},"ratio":{ratio},"delay_ns_p99":{}"#,
                    n * 1_000_000
                );
                rows.push(row(place, variant, &params, &rest));
                rows.push(row(
                    place,
                    variant,
                    &params,
                    r#""unreached":null,"messages":null,"ratio":1,"delay_ns_p99":null"#,
                ));
            }
        }
        rows
    }

    const AXES: &str = r#"[{"name":"n","values":[2,4,8]},{"name":"k","values":[1,3]}]"#;
    const VARIANTS: &str = r#"["","linear"]"#;

    #[test]
    fn sentences_are_judged_over_the_points_of_the_scenario_itself() {
        for (sentence, standing, said) in [
            (
                "exponent(messages, n) in 1.9 .. 2.1",
                Standing::Held,
                "worst 2.000 (k=",
            ),
            (
                "exponent(messages, n) in 2.1 .. 3",
                Standing::Violated,
                "worst 2.000 (k=",
            ),
            (
                "exponent(messages, n) in k - 2 .. k where k == 3",
                Standing::Held,
                "2.000",
            ),
            (
                "exponent(messages, n) in 1 .. 3 where n == 2",
                Standing::Inconclusive,
                "too few points",
            ),
            (
                "exponent(messages, n) in 1 .. 3 where n == 3",
                Standing::Inconclusive,
                "asked at no point",
            ),
            (
                "mean(messages) <= k*n*n",
                Standing::Held,
                "worst 4 at n=2 k=1",
            ),
            (
                "mean(messages) < k*n*n where k == 3",
                Standing::Violated,
                "worst 12 at n=2 k=3; broken at 3 of 3 points",
            ),
            (
                "min(ratio) >= 0.95",
                Standing::Violated,
                "worst 0.92 at n=8 k=1; broken at 2 of 6 points",
            ),
            (
                "min(ratio) >= 0.95 where n < 8",
                Standing::Held,
                "worst 0.96 at n=4 k=1",
            ),
            ("p51(ratio) == 1", Standing::Held, "worst 1 at n=2 k=1"),
            (
                "max(p99(delay)) <= 8ms",
                Standing::Held,
                "worst 8.000ms at n=8 k=1",
            ),
            (
                "max(p99(delay)) < 8ms",
                Standing::Violated,
                "worst 8.000ms at n=8 k=1; broken at 2 of 6 points",
            ),
            (
                "mean(nothing) <= 1",
                Standing::Inconclusive,
                "nothing to measure at n=2 k=1",
            ),
        ] {
            let judged = judge(&description(AXES, VARIANTS, &[sentence]), &table());
            assert_eq!(judged.len(), 1, "{sentence}");
            assert_eq!(
                (judged[0].standing, judged[0].text.as_str()),
                (standing, sentence),
                "{}",
                judged[0].said
            );
            assert!(
                judged[0].said.starts_with(said),
                "{sentence}: {}",
                judged[0].said
            );
        }
    }

    #[test]
    fn without_the_scenario_itself_its_first_variant_is_judged() {
        let only: Vec<Row> = table()
            .into_iter()
            .filter(|row| row.get("variant").as_deref() == Some("linear"))
            .collect();
        let judged = judge(
            &description(
                AXES,
                r#"["linear"]"#,
                &["exponent(messages, n) in 0.9 .. 1.1"],
            ),
            &only,
        );
        assert_eq!(judged[0].standing, Standing::Held, "{judged:?}");
        assert_eq!(judged[0].fits.len(), 2);
        assert_eq!(
            judged[0].fits[0],
            "k=1   messages ~ 1.000 n^1.000 ± 0.000   R2 1.0000   3 points   last slope 1.000\n  form n, exactly"
        );
    }

    #[test]
    fn a_goal_is_missed_where_no_run_of_a_point_has_it() {
        let rows = [
            row(0, "", r#""n":2"#, r#""unreached":"a; b","messages":1"#),
            row(0, "", r#""n":2"#, r#""unreached":"b","messages":1"#),
            row(
                1,
                "",
                r#""n":4"#,
                r#""unreached":"a; violation of p","messages":1"#,
            ),
        ];
        let axes = r#"[{"name":"n","values":[2,4]}]"#;
        let judged = judge(&description(axes, r#"[""]"#, &[]), &rows);
        let said: Vec<_> = judged
            .iter()
            .map(|one| (one.text.as_str(), one.standing, one.said.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                (
                    "sometimes a",
                    Standing::Inconclusive,
                    "in no run at 1 of 2 points, such as n=4"
                ),
                (
                    "sometimes b",
                    Standing::Inconclusive,
                    "in no run at 1 of 2 points, such as n=2"
                ),
                (
                    "expected violation of p",
                    Standing::Violated,
                    "in no run at 1 of 2 points, such as n=4"
                ),
            ]
        );
    }
}
