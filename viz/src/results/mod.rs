//! The results folder of a sweep: `sweep.json` says what was asked, `runs.csv` holds one row a run.
//!
//! ```no_run
//! use viz::results::{Ask, Results};
//! let results = Results::read("runs/eager/sweep-77c0aa".as_ref())?;
//! let ask = Ask { by: Some("variant"), fit: true, ..Ask::new("n", "messages").log() };
//! let chart = results.chart(&ask)?;
//! # Ok::<(), viz::results::ResultsError>(())
//! ```

mod about;
mod ask;
mod curves;
mod error;

pub use about::{About, Parameter, Theory};
pub use ask::{Ask, compare, names};
pub use error::ResultsError;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// What a sweep asked and what its runs answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// What `sweep.json` says.
    pub about: About,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Results {
    /// The results in a folder.
    ///
    /// # Errors
    /// If a file is missing or is not what a sweep writes.
    pub fn read(folder: &Path) -> Result<Results, ResultsError> {
        let text = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).map_err(|error| match error.kind() {
                ErrorKind::NotFound => ResultsError::NoSweep(folder.to_owned()),
                _ => ResultsError::File {
                    path,
                    why: error.to_string(),
                },
            })
        };
        Results::parse(&text("sweep.json")?, &text("runs.csv")?)
    }

    /// The results in the texts of `sweep.json` and `runs.csv`.
    ///
    /// # Errors
    /// If one of them is not what a sweep writes.
    pub fn parse(sweep: &str, runs: &str) -> Result<Results, ResultsError> {
        let about = About::parse(sweep)?;
        let mut reader = csv::Reader::from_reader(runs.as_bytes());
        let bad = |error: csv::Error| ResultsError::Table(error.to_string());
        let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let columns = texts(reader.headers().map_err(bad)?);
        let mut rows = Vec::new();
        for record in reader.records() {
            rows.push(texts(&record.map_err(bad)?));
        }
        Ok(Results {
            about,
            columns,
            rows,
        })
    }

    /// The names of all columns, in the order of the file.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many runs there are.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.rows.len()
    }

    /// Where a column is, or which there are.
    fn column(&self, name: &str) -> Result<usize, ResultsError> {
        let found = self.columns.iter().position(|column| column == name);
        found.ok_or_else(|| ResultsError::no_column(name, &self.columns))
    }

    /// The number in a cell; `None` if the cell is empty.
    fn number(&self, row: usize, column: usize) -> Result<Option<f64>, ResultsError> {
        let text = self.rows[row][column].trim();
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| ResultsError::NotANumber {
            column: self.columns[column].clone(),
            // The head is line 1.
            line: row + 2,
            text: text.to_owned(),
        })
    }
}
