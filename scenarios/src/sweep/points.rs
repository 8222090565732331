//! The runs of a point, and statistics over them.

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

/// The mean; `None` of nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a number of runs")]
pub fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// The standard deviation of a sample; `None` of fewer than two.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a number of runs")]
pub fn deviation(numbers: &[f64]) -> Option<f64> {
    let mean = mean(numbers).filter(|_| numbers.len() > 1)?;
    let squares: f64 = numbers
        .iter()
        .map(|number| (number - mean) * (number - mean))
        .sum();
    Some((squares / (numbers.len() - 1) as f64).sqrt())
}

/// A statistic; percentiles by nearest rank. `None` of nothing.
#[must_use]
pub fn statistic(numbers: &[f64], statistic: Statistic) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match statistic {
        Statistic::Mean => mean(numbers),
        Statistic::Min => sorted.first().copied(),
        Statistic::Max => sorted.last().copied(),
        Statistic::Percentile(thousandths) => {
            let rank = (sorted.len() * usize::from(thousandths)).div_ceil(1000);
            sorted.get(rank.max(1) - 1).copied()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let numbers: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        for (thousandths, expected) in [(50, 1.0), (51, 2.0), (500, 10.0), (990, 20.0), (950, 19.0)]
        {
            assert_eq!(
                statistic(&numbers, Statistic::Percentile(thousandths)),
                Some(expected)
            );
        }
        assert_eq!(statistic(&[], Statistic::Min), None);
        assert_eq!(deviation(&[1.0, 3.0]), Some(2.0_f64.sqrt()));
        assert_eq!(deviation(&[1.0]), None);
    }
}
