//! From a question about results to a chart.

use std::collections::BTreeMap;

use stats::Mean;

use crate::chart::{Axis, Chart, Curve, Heat, Point, Scale, Series, Shape, Unit};

use super::{Results, ResultsError, curves};

/// What is to be shown against what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// The column of the horizontal axis: a parameter, or a metric of which each point has a mean.
    pub x: &'a str,
    /// The metric.
    pub y: &'a str,
    /// The column that tells series apart: a parameter, `protocol` or `variant`.
    pub by: Option<&'a str>,
    /// The scale of the horizontal axis.
    pub x_scale: Scale,
    /// The scale of the vertical axis.
    pub y_scale: Scale,
    /// Fit a power of `x` to each series.
    pub fit: bool,
}

impl<'a> Ask<'a> {
    /// One series on linear axes, without a fit.
    #[must_use]
    pub fn new(x: &'a str, y: &'a str) -> Ask<'a> {
        Ask {
            x,
            y,
            by: None,
            x_scale: Scale::Linear,
            y_scale: Scale::Linear,
            fit: false,
        }
    }

    /// The same question with log scales on both axes.
    #[must_use]
    pub fn log(self) -> Ask<'a> {
        Ask {
            x_scale: Scale::Log,
            y_scale: Scale::Log,
            ..self
        }
    }
}

/// The samples of one place on the horizontal axis.
#[derive(Default)]
struct Group {
    xs: Vec<f64>,
    ys: Vec<f64>,
    theory: Vec<f64>,
}

impl Results {
    /// The means of `y` over the runs of each `x`, with 95 % confidence intervals, and what theory says.
    ///
    /// # Errors
    /// If a column is missing, has a text where a number is needed, or no run has a value.
    pub fn series(&self, ask: &Ask) -> Result<Vec<Series>, ResultsError> {
        let said = self.about.theory(ask.y);
        let mut all = Vec::new();
        for (name, groups) in self.groups(ask)? {
            let mut points = Vec::new();
            let mut theory = Vec::new();
            for group in groups {
                let (Some(across), Some(up)) = (Mean::of(&group.xs), Mean::of(&group.ys)) else {
                    continue;
                };
                let (x, (low, high)) = (across.value, up.ends());
                points.push(Point {
                    x,
                    y: up.value,
                    low,
                    high,
                });
                if let Some(expected) = Mean::of(&group.theory) {
                    theory.push((x, expected.value));
                }
            }
            let shape = if self.is_parameter(ask.x) || self.varied() == 1 {
                Shape::Line
            } else {
                // No order of the points says which follows which.
                Shape::Points
            };
            // Beside what was published stands what was measured.
            let name = match name.as_str() {
                "" if !theory.is_empty() => "measured",
                name => name,
            };
            let mut series = Series::new(name, shape, points);
            if (ask.x_scale, ask.y_scale) != (Scale::Log, Scale::Log) {
                theory = curves::bent(&theory);
            }
            if !theory.is_empty() {
                let label = said.clone().unwrap_or_else(|| "theory".to_owned());
                series.theory = Some(Curve {
                    label,
                    points: theory,
                });
            }
            all.push(series);
        }
        Ok(all)
    }

    /// A chart of [`Results::series`], with fits if they are asked for.
    ///
    /// # Errors
    /// As [`Results::series`].
    pub fn chart(&self, ask: &Ask) -> Result<Chart, ResultsError> {
        let notes = self.averages(ask).into_iter().collect();
        let mut chart = chart_of(self.series(ask)?, ask, self.is_parameter(ask.x), notes);
        chart.title = format!("{}: {}", self.about.scenario, chart.title);
        chart.subtitle = self.subtitle() + &chart.subtitle;
        Ok(chart)
    }

    /// What a point stands for besides its runs.
    fn averages(&self, ask: &Ask) -> Option<String> {
        let mut averaged = self.averaged_over(&[Some(ask.x), ask.by]);
        if !self.is_parameter(ask.x) {
            // Each point of the sweep stands alone, but for the variants.
            averaged.retain(|name| name == "variant");
        }
        let some = !averaged.is_empty();
        some.then(|| {
            format!(
                "Each point is a mean over all values of {}, too.",
                averaged.join(", ")
            )
        })
    }

    /// How a metric is distributed over runs: one step function for each value of `by`.
    ///
    /// # Errors
    /// As [`Results::series`].
    pub fn distribution(&self, metric: &str, by: Option<&str>) -> Result<Chart, ResultsError> {
        let column = self.column(metric)?;
        let told_apart = by;
        let by = by.map(|name| self.column(name)).transpose()?;
        let mut samples: Vec<(String, Vec<f64>)> = Vec::new();
        for row in 0..self.rows.len() {
            let Some(value) = self.number(row, column)? else {
                continue;
            };
            entry(&mut samples, &self.name_of(row, by)).push(value);
        }
        if samples.is_empty() {
            return Err(nothing(metric, metric));
        }
        let all = samples
            .iter()
            .map(|(name, values)| Series::distribution(name, values))
            .collect();
        let x = axis(metric, Scale::Linear);
        let title = format!("{}: {} of a run", self.about.scenario, x.label);
        let y = Axis::linear("runs with at most so much")
            .with_unit(Unit::Share)
            .with_range(0.0, 1.0);
        let together = self.averaged_over(&[Some(metric), told_apart]);
        let note = format!("Runs of all values of {} together.", together.join(", "));
        Ok(Chart {
            subtitle: self.subtitle(),
            notes: if together.is_empty() {
                Vec::new()
            } else {
                vec![note]
            },
            ..Chart::of_series(&title, x, y, all)
        })
    }

    /// The means of a metric for each pair of two parameters.
    ///
    /// # Errors
    /// If a column is missing, the metric is a text, or no run has a value.
    pub fn heat(
        &self,
        x: &str,
        y: &str,
        metric: &str,
        scale: Scale,
    ) -> Result<Chart, ResultsError> {
        let (across, up, column) = (self.column(x)?, self.column(y)?, self.column(metric)?);
        let mut cells: BTreeMap<(usize, usize), Vec<f64>> = BTreeMap::new();
        let columns = self.values(across);
        let rows = self.values(up);
        for row in 0..self.rows.len() {
            let Some(value) = self.number(row, column)? else {
                continue;
            };
            let place =
                |values: &[String], cell: &String| values.iter().position(|value| value == cell);
            let cell = (
                place(&rows, &self.rows[row][up]),
                place(&columns, &self.rows[row][across]),
            );
            if let (Some(up), Some(across)) = cell {
                cells.entry((up, across)).or_default().push(value);
            }
        }
        if cells.is_empty() {
            return Err(nothing(x, metric));
        }
        let mean = |up, across| Some(Mean::of(cells.get(&(up, across))?)?.value);
        let values = (0..rows.len())
            .map(|up| (0..columns.len()).map(|across| mean(up, across)).collect())
            .collect();
        let value = axis(metric, scale);
        let title = format!("{}: {}", self.about.scenario, value.label);
        let heat = Heat {
            columns,
            rows,
            values,
            value,
        };
        let averaged = self.averaged_over(&[Some(x), Some(y)]);
        let note = format!(
            "Each cell is a mean over all values of {}, too.",
            averaged.join(", ")
        );
        Ok(Chart {
            subtitle: self.subtitle(),
            notes: if averaged.is_empty() {
                Vec::new()
            } else {
                vec![note]
            },
            ..Chart::of_heat(&title, axis(x, Scale::Linear), axis(y, Scale::Linear), heat)
        })
    }

    /// The runs by series and place, both in the order in which they first appear.
    fn groups(&self, ask: &Ask) -> Result<Vec<(String, Vec<Group>)>, ResultsError> {
        let (x, y) = (self.column(ask.x)?, self.column(ask.y)?);
        let by = ask.by.map(|name| self.column(name)).transpose()?;
        let theory = self.column(&format!("theory_{}", ask.y)).ok();
        // Runs belong together if they have the same parameter; of a metric, if they are of the same point.
        let place = if self.is_parameter(ask.x) {
            x
        } else {
            self.column("point")?
        };
        let mut all: Vec<(String, Vec<(String, Group)>)> = Vec::new();
        for row in 0..self.rows.len() {
            let (Some(across), Some(up)) = (self.number(row, x)?, self.number(row, y)?) else {
                continue;
            };
            let series = entry(&mut all, &self.name_of(row, by));
            let group = entry(series, &self.rows[row][place]);
            group.xs.push(across);
            group.ys.push(up);
            if let Some(column) = theory {
                group.theory.extend(self.number(row, column)?);
            }
        }
        if all.is_empty() {
            return Err(nothing(ask.x, ask.y));
        }
        let without_keys =
            |groups: Vec<(String, Group)>| groups.into_iter().map(|(_, group)| group).collect();
        Ok(all
            .into_iter()
            .map(|(name, groups)| (name, without_keys(groups)))
            .collect())
    }

    /// What the legend calls the series of a run.
    fn name_of(&self, row: usize, by: Option<usize>) -> String {
        let Some(column) = by else {
            return String::new();
        };
        let value = self.rows[row][column].as_str();
        match self.columns[column].as_str() {
            "variant" if value.is_empty() => "no variant".to_owned(),
            "variant" | "protocol" | "verdict" => value.to_owned(),
            name => format!("{name} = {value}"),
        }
    }

    /// Parameters stand before the verdict; what was measured stands after it.
    fn is_parameter(&self, name: &str) -> bool {
        let place = |name: &str| self.columns.iter().position(|column| column == name);
        self.about.axes.iter().any(|axis| axis.name == name)
            || matches!((place(name), place("verdict")), (Some(at), Some(verdict)) if at < verdict)
    }

    /// How many parameters were varied.
    fn varied(&self) -> usize {
        let axes = self.about.axes.iter();
        axes.filter(|axis| axis.values.len() > 1).count()
    }

    /// What else was varied, besides what a chart tells apart.
    fn averaged_over(&self, told_apart: &[Option<&str>]) -> Vec<String> {
        let axes = self.about.axes.iter().map(|axis| axis.name.as_str());
        axes.chain(["variant"])
            .filter(|name| !told_apart.contains(&Some(name)))
            .filter(|name| {
                self.column(name)
                    .is_ok_and(|column| self.values(column).len() > 1)
            })
            .map(str::to_owned)
            .collect()
    }

    /// The different values of a column: in the order of numbers, if all are numbers, else as they first appear.
    fn values(&self, column: usize) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for row in &self.rows {
            if !values.contains(&row[column]) {
                values.push(row[column].clone());
            }
        }
        if values.iter().all(|value| value.parse::<f64>().is_ok()) {
            let number = |value: &String| value.parse::<f64>().unwrap_or(0.0);
            values.sort_by(|a, b| number(a).total_cmp(&number(b)));
        }
        values
    }

    fn subtitle(&self) -> String {
        let (protocol, seeds) = (&self.about.protocol, self.about.seeds);
        match seeds {
            0 => protocol.clone(),
            1 => format!("{protocol}, one seed a point"),
            _ => format!("{protocol}, {seeds} seeds a point"),
        }
    }
}

/// What tells several sweeps apart: their protocols, or their scenarios where protocols are the same; numbered where those are
/// the same, too.
#[must_use]
pub fn names(sweeps: &[Results]) -> Vec<String> {
    let differ = |names: &[String]| (1..names.len()).all(|at| !names[..at].contains(&names[at]));
    let all = |of: fn(&Results) -> String| sweeps.iter().map(of).collect::<Vec<String>>();
    let protocols = all(|sweep| sweep.about.protocol.clone());
    if differ(&protocols) {
        return protocols;
    }
    let scenarios = all(|sweep| sweep.about.scenario.clone());
    if differ(&scenarios) {
        return scenarios;
    }
    let numbered = scenarios.iter().zip(1..);
    numbered
        .map(|(name, number)| format!("{name} ({number})"))
        .collect()
}

/// The same question to several sweeps in one chart: each adds its series, under the name of its protocol, or of its
/// scenario where protocols are the same.
///
/// # Errors
/// As [`Results::series`], for the first sweep that has no answer.
pub fn compare(sweeps: &[Results], ask: &Ask) -> Result<Chart, ResultsError> {
    let mut all = Vec::new();
    let mut notes = Vec::new();
    for (sweep, name) in sweeps.iter().zip(names(sweeps)) {
        notes.extend(sweep.averages(ask).map(|note| format!("{name}: {note}")));
        for series in sweep.series(ask)? {
            let name = match series.name.as_str() {
                "" | "measured" => name.clone(),
                own => format!("{name}, {own}"),
            };
            all.push(Series { name, ..series });
        }
    }
    let is_parameter = sweeps.iter().all(|sweep| sweep.is_parameter(ask.x));
    let mut chart = chart_of(all, ask, is_parameter, notes);
    let mut seeds: Vec<u64> = sweeps.iter().map(|sweep| sweep.about.seeds).collect();
    seeds.sort();
    let seeds = match (seeds.first(), seeds.last()) {
        (Some(least), Some(most)) if least == most => format!("{least} seeds a point"),
        (Some(least), Some(most)) => format!("{least} to {most} seeds a point"),
        _ => String::new(),
    };
    chart.subtitle = seeds + &chart.subtitle;
    Ok(chart)
}

/// A chart of series, with fits if they are asked for. Its subtitle is only what has to be said of bars.
fn chart_of(mut all: Vec<Series>, ask: &Ask, is_parameter: bool, mut notes: Vec<String>) -> Chart {
    if ask.fit {
        let fits: Vec<String> = all
            .iter_mut()
            .filter_map(|series| curves::add_fit(series, ask, &axis(ask.y, ask.y_scale).unit))
            .collect();
        notes.splice(0..0, fits);
    }
    let mut x_axis = axis(ask.x, ask.x_scale);
    if is_parameter {
        let points = all.iter().flat_map(|series| &series.points);
        let mut ticks: Vec<f64> = points.map(|point| point.x).collect();
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        x_axis.ticks = ticks;
    }
    let y_axis = axis(ask.y, ask.y_scale);
    let title = format!("{} against {}", y_axis.label, x_axis.label);
    let mut points = all.iter().flat_map(|series| &series.points);
    let bars = if points.any(Point::has_interval) {
        "; bars: 95 % confidence of the mean"
    } else {
        ""
    };
    Chart {
        subtitle: bars.to_owned(),
        notes,
        ..Chart::of_series(&title, x_axis, y_axis, all)
    }
}

/// An axis for a column: times are in nanoseconds, and say so in their names.
fn axis(column: &str, scale: Scale) -> Axis {
    let mut words: Vec<&str> = column.split('_').collect();
    let unit = if words.contains(&"ns") {
        Unit::Nanoseconds
    } else if words.contains(&"bytes") {
        Unit::Bytes
    } else if words.contains(&"throughput") {
        Unit::Named("a second".to_owned())
    } else if words.iter().any(|word| ["ratio", "residue"].contains(word)) {
        Unit::Share
    } else {
        Unit::None
    };
    words.retain(|word| *word != "ns");
    Axis {
        unit,
        scale,
        ..Axis::linear(&words.join(" "))
    }
}

/// The entry with this name, new at the end if there is none.
fn entry<'a, T: Default>(all: &'a mut Vec<(String, T)>, name: &str) -> &'a mut T {
    let place = all
        .iter()
        .position(|(other, _)| other == name)
        .unwrap_or_else(|| {
            all.push((name.to_owned(), T::default()));
            all.len() - 1
        });
    &mut all[place].1
}

fn nothing(x: &str, y: &str) -> ResultsError {
    ResultsError::Nothing {
        x: x.to_owned(),
        y: y.to_owned(),
    }
}
