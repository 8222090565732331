//! The numbers of a chart as a table: what stands beside it in a report, and what `plot` writes as CSV.

use crate::chart::{Axis, Body, Chart, Heat, Point, Series, Unit};
use crate::number::significant;

/// A head and rows of equal length. Numbers are in the units of the data: nanoseconds, bytes, shares of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns.
    pub head: Vec<String>,
    /// The cells, row by row; empty where there is nothing.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn of(chart: &Chart) -> Table {
        match &chart.body {
            Body::Series(all) => of_series(chart, all),
            Body::Heat(heat) => of_heat(chart, heat),
        }
    }

    /// The table as CSV, with a line for the head.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.head).chain(&self.rows) {
            writer
                .write_record(row)
                .expect("all rows are equally long, and memory takes everything");
        }
        let bytes = writer.into_inner().expect("memory takes everything");
        String::from_utf8(bytes).expect("made of texts")
    }
}

fn of_series(chart: &Chart, all: &[Series]) -> Table {
    let intervals = all
        .iter()
        .any(|series| series.points.iter().any(Point::has_interval));
    let theory = all.iter().any(|series| series.theory.is_some());
    let named = all.iter().any(|series| !series.name.is_empty());
    let mut head = Vec::new();
    if named {
        head.push("series".to_owned());
    }
    head.extend([title(&chart.x), title(&chart.y)]);
    if intervals {
        head.extend(["low".to_owned(), "high".to_owned()]);
    }
    if theory {
        head.push("theory".to_owned());
    }
    let mut rows = Vec::new();
    for series in all {
        for point in &series.points {
            let mut row = Vec::new();
            if named {
                row.push(series.name.clone());
            }
            row.extend([exact(point.x), exact(point.y)]);
            if intervals {
                row.extend([exact(point.low), exact(point.high)]);
            }
            if theory {
                let curve = series.theory.iter().flat_map(|curve| &curve.points);
                let same_x = curve.filter(|(x, _)| *x == point.x).map(|(_, y)| *y).next();
                row.push(same_x.map(exact).unwrap_or_default());
            }
            rows.push(row);
        }
    }
    Table { head, rows }
}

fn of_heat(chart: &Chart, heat: &Heat) -> Table {
    let head = vec![title(&chart.x), title(&chart.y), title(&heat.value)];
    let mut rows = Vec::new();
    for (row, values) in heat.rows.iter().zip(&heat.values) {
        for (column, value) in heat.columns.iter().zip(values) {
            rows.push(vec![
                column.clone(),
                row.clone(),
                value.map(exact).unwrap_or_default(),
            ]);
        }
    }
    Table { head, rows }
}

/// What a column holds, in the unit of the data.
fn title(axis: &Axis) -> String {
    let unit = match &axis.unit {
        Unit::None => return axis.label.clone(),
        Unit::Nanoseconds => "ns",
        Unit::Bytes => "B",
        Unit::Share => "share of 1",
        Unit::Named(name) => name,
    };
    format!("{} ({unit})", axis.label)
}

/// A number from which the same float is read again.
fn exact(value: f64) -> String {
    format!("{value}")
}

/// A cell as people read it: six significant digits, groups of three.
pub(crate) fn readable(cell: &str) -> Option<String> {
    cell.parse::<f64>().ok().map(|value| significant(value, 6))
}
