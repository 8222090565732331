//! The files of a sweep whose runs are all there.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};
use stats::{Mean, percentile};

use super::judge::{Judged, judge};
use super::plan::Description;
use super::points::{Point, points};
use super::row::{FIRST, Row, THEORY, UNREACHED, VERDICT, decimal};

/// What a finished sweep says.
#[derive(Clone, Debug)]
pub struct Finished {
    /// What became of its expectations.
    pub judged: Vec<Judged>,
    /// The document `sweep.json`.
    pub document: Value,
}

/// Judges the sweep and writes `runs.jsonl`, `runs.csv`, `points.csv` and `sweep.json` into `folder`.
///
/// # Errors
/// Those of the file system; the path is in the text.
pub fn finish(folder: &Path, description: &Description, rows: &[Row]) -> io::Result<Finished> {
    let judged = judge(description, rows);
    let columns = columns(rows);
    let (mut lines, mut table) = (
        String::new(),
        csv(columns.iter().map(|name| (*name).to_owned())),
    );
    for row in rows {
        lines.push_str(&row.under(&columns).line());
        lines.push('\n');
        table.push_str(&csv(columns
            .iter()
            .map(|name| row.get(name).unwrap_or_default())));
    }
    fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    put(&folder.join("runs.jsonl"), &lines)?;
    put(&folder.join("runs.csv"), &table)?;
    put(&folder.join("points.csv"), &summary(rows, &columns))?;
    let expect = judged.iter().map(|one| {
        json!({ "text": one.text, "verdict": one.standing.word(), "said": one.said, "fits": one.fits })
    });
    let expect: Vec<Value> = expect.collect();
    let mut document = serde_json::to_value(description).map_err(io::Error::other)?;
    document["expect"] = Value::from(expect);
    let mut text = serde_json::to_string_pretty(&document).map_err(io::Error::other)?;
    text.push('\n');
    put(&folder.join("sweep.json"), &text)?;
    Ok(Finished { judged, document })
}

/// The columns of all rows: those of the variants may differ in what they measure.
fn columns(rows: &[Row]) -> Vec<&str> {
    let (mut params, mut others): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for row in rows {
        let (its_params, its_others) = row.sections();
        for (all, its) in [(&mut params, its_params), (&mut others, its_others)] {
            for name in its {
                if !all.contains(&name) {
                    all.push(name);
                }
            }
        }
    }
    let (theory, others): (Vec<&str>, Vec<&str>) = others
        .into_iter()
        .partition(|name| name.starts_with(THEORY));
    FIRST
        .into_iter()
        .chain(params)
        .chain(others)
        .chain(theory)
        .collect()
}

/// Statistics over the runs of each point, a line for each metric: `points.csv`.
fn summary(rows: &[Row], columns: &[&str]) -> String {
    let verdict = columns.iter().position(|name| *name == VERDICT);
    let (params, measured) = columns.split_at(verdict.unwrap_or(columns.len()));
    let params = &params[FIRST.len()..];
    let is_metric =
        |name: &&&str| ![VERDICT, UNREACHED].contains(*name) && !name.starts_with(THEORY);
    let metrics: Vec<&str> = measured.iter().filter(is_metric).copied().collect();
    let first = ["point", "variant", "protocol"];
    let last = [
        "metric",
        "runs",
        "mean",
        "low",
        "high",
        "deviation",
        "min",
        "p50",
        "p90",
        "p99",
        "max",
        "theory",
    ];
    let head = first.iter().chain(params).chain(&last);
    let mut table = csv(head.map(|name| (*name).to_owned()));
    for point in points(rows) {
        let named = first.iter().chain(params);
        let here: Vec<String> = named
            .map(|name| point.rows[0].get(name).unwrap_or_default())
            .collect();
        for metric in &metrics {
            let Some(line) = figures(&point, metric) else {
                continue;
            };
            table.push_str(&csv(here.iter().cloned().chain(line)));
        }
    }
    table
}

/// One line of `points.csv` from the metric on; `None` if no run has a number.
fn figures(point: &Point<'_>, metric: &str) -> Option<Vec<String>> {
    let samples = point.numbers(metric);
    let mean = Mean::of(&samples)?;
    let (low, high) = mean.interval.unzip();
    let ranks = [0, 500, 900, 990, 1000].map(|thousandths| percentile(&samples, thousandths));
    let theory = point.numbers(&format!("{THEORY}{metric}")).first().copied();
    let figures = [Some(mean.value), low, high, mean.deviation];
    let figures = figures.into_iter().chain(ranks).chain([theory]);
    let mut line = vec![metric.to_owned(), samples.len().to_string()];
    line.extend(figures.map(|figure| figure.map_or(String::new(), decimal)));
    Some(line)
}

/// A line of CSV (RFC 4180).
fn csv(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| {
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    let mut line = cells.map(quoted).collect::<Vec<_>>().join(",");
    line.push('\n');
    line
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("new");
    fs::write(&temporary, text).map_err(|error| at(&temporary, &error))?;
    fs::rename(&temporary, path).map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
