//! Why results cannot be shown, in words for those who asked.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

/// Why results cannot be read or shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResultsError {
    /// A file cannot be read.
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// `sweep.json` is not what a sweep writes.
    Sweep(String),
    /// The folder has another format.
    Format(u64),
    /// `runs.csv` is not a table.
    Table(String),
    /// There is no such column.
    NoColumn {
        /// What was asked for.
        asked: String,
        /// The column that was probably meant.
        nearest: Option<String>,
        /// All that there are.
        columns: Vec<String>,
    },
    /// A cell is no number where one is needed.
    NotANumber {
        /// Its column.
        column: String,
        /// Its line in `runs.csv`.
        line: usize,
        /// What it says.
        text: String,
    },
    /// There is no finished sweep in this folder.
    NoSweep(PathBuf),
    /// A distribution or a map shows one sweep.
    OneOnly,
    /// No run has a value of both.
    Nothing {
        /// The column of the horizontal axis.
        x: String,
        /// The column of the vertical axis.
        y: String,
    },
}

impl ResultsError {
    pub(super) fn no_column(asked: &str, columns: &[String]) -> ResultsError {
        let distance = |column: &&String| strsim::damerau_levenshtein(asked, column);
        // A name that starts with what was asked is meant too: `latency` for `latency_ns_p99`.
        let starts = |column: &&String| !asked.is_empty() && column.starts_with(asked);
        let near = columns
            .iter()
            .filter(|column| distance(column) <= 2)
            .min_by_key(distance);
        let nearest = near.or_else(|| columns.iter().find(starts)).cloned();
        ResultsError::NoColumn {
            asked: asked.to_owned(),
            nearest,
            columns: columns.to_vec(),
        }
    }
}

impl fmt::Display for ResultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResultsError::File { path, why } => write!(f, "{}: {why}", path.display()),
            ResultsError::Sweep(why) => write!(f, "sweep.json: {why}"),
            ResultsError::Format(found) => {
                write!(
                    f,
                    "these results have format {found}; this program reads format 1"
                )
            }
            ResultsError::Table(why) => write!(f, "runs.csv: {why}"),
            ResultsError::NoColumn {
                asked,
                nearest,
                columns,
            } => {
                write!(f, "the results have no column `{asked}`")?;
                if let Some(nearest) = nearest {
                    write!(f, " (did you mean `{nearest}`?)")?;
                }
                write!(f, "; there are {}", columns.join(", "))
            }
            ResultsError::NotANumber { column, line, text } => {
                write!(
                    f,
                    "runs.csv:{line}: `{column}` is `{text}`, and an axis needs numbers"
                )
            }
            ResultsError::NoSweep(folder) => write!(
                f,
                "{}: there is no finished sweep here (`stormglass sweep` makes one; a run is drawn by `--spread` or `--latency`)",
                folder.display()
            ),
            ResultsError::OneOnly => {
                f.write_str("a distribution or a map shows one sweep, not several")
            }
            ResultsError::Nothing { x, y } => {
                write!(
                    f,
                    "no run has both `{x}` and `{y}`: there is nothing to show"
                )
            }
        }
    }
}

impl Error for ResultsError {}
