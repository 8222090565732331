//! The runs of a point, and statistics over them.

use stats::{Mean, percentile};

use super::plan::Description;
use super::row::{Row, UNREACHED, VERDICT};
use crate::format::{Statistic, Value};

/// The runs of one point in one variant.
#[derive(Clone, Debug)]
pub struct Point<'r> {
    /// Its rows, at least one.
    pub rows: Vec<&'r Row>,
}

/// The rows by points and variants, in order.
#[must_use]
pub fn points(rows: &[Row]) -> Vec<Point<'_>> {
    let mut points: Vec<Point<'_>> = Vec::new();
    for row in rows {
        let key = |row: &Row| (row.get("point"), row.get("variant"));
        match points.last_mut() {
            Some(point) if key(point.rows[0]) == key(row) => point.rows.push(row),
            _ => points.push(Point { rows: vec![row] }),
        }
    }
    points
}

impl Point<'_> {
    /// Its variant.
    #[must_use]
    pub fn variant(&self) -> String {
        self.rows[0].get("variant").unwrap_or_default()
    }

    /// The value of a parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Value> {
        let row = self.rows[0];
        let column = row.param(name)?;
        Some(match (row.json(column)?, row.number(column)) {
            (_, Some(number)) => Value::Number(number),
            ("true", _) => Value::Bool(true),
            ("false", _) => Value::Bool(false),
            _ => Value::Text(row.get(column)?),
        })
    }

    /// Its values on the axes: `n=4 k=2`.
    #[must_use]
    pub fn name(&self, description: &Description) -> String {
        let axes = description.axes.iter();
        let values =
            axes.filter_map(|axis| Some(format!("{}={}", axis.name, self.param(&axis.name)?)));
        values.collect::<Vec<_>>().join(" ")
    }

    /// What a column has in each run, where it has something.
    #[must_use]
    pub fn numbers(&self, column: &str) -> Vec<f64> {
        self.rows
            .iter()
            .filter_map(|row| row.number(column))
            .collect()
    }

    /// So many runs were as they should be.
    #[must_use]
    pub fn passed(&self) -> usize {
        let passed = |row: &&&Row| row.get(VERDICT).as_deref() == Some("pass");
        self.rows.iter().filter(passed).count()
    }

    /// What none of its runs has reached.
    #[must_use]
    pub fn unreached(&self) -> Vec<String> {
        let of = |row: &Row| -> Vec<String> {
            let text = row.get(UNREACHED).unwrap_or_default();
            text.split("; ")
                .filter(|one| !one.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let mut goals = of(self.rows[0]);
        for row in &self.rows[1..] {
            let others = of(row);
            goals.retain(|goal| others.contains(goal));
        }
        goals
    }
}

/// A statistic; percentiles by nearest rank. `None` of nothing.
#[must_use]
pub fn statistic(numbers: &[f64], statistic: Statistic) -> Option<f64> {
    match statistic {
        Statistic::Mean => Mean::of(numbers).map(|mean| mean.value),
        Statistic::Min => numbers.iter().copied().min_by(f64::total_cmp),
        Statistic::Max => numbers.iter().copied().max_by(f64::total_cmp),
        Statistic::Percentile(thousandths) => percentile(numbers, thousandths),
    }
}
