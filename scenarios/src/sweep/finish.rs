//! The files of a sweep whose runs are all there.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::judge::{Judged, judge};
use super::plan::Description;
use super::row::{FIRST, Row, THEORY};

/// What a finished sweep says.
#[derive(Clone, Debug)]
pub struct Finished {
    /// What became of its expectations.
    pub judged: Vec<Judged>,
    /// The document `sweep.json`.
    pub document: Value,
}

/// Judges the sweep and writes `runs.jsonl`, `runs.csv` and `sweep.json` into `folder`.
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
    others.retain(|name| *name != THEORY);
    FIRST
        .into_iter()
        .chain(params)
        .chain(others)
        .chain([THEORY])
        .collect()
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
