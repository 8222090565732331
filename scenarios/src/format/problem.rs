//! What is wrong with a scenario, as data.

use super::place::Place;
use std::ops::Range;

/// Does it stop the run?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// It can, but hardly means what it says.
    Warning,
}

/// A kind of problem, known to `stormglass explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is explained by a paragraph of its own")]
pub enum Code {
    S001,
    S002,
    S003,
    S101,
    S102,
    S103,
    S104,
    S105,
    S106,
    S110,
    S111,
    S112,
    S120,
    S121,
    S130,
    S131,
    S132,
    W201,
}

/// One thing that is wrong, where it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// Its kind.
    pub code: Code,
    /// One line, without a full stop.
    pub title: String,
    /// Where.
    pub place: Place,
    /// What to say right at the place.
    pub label: String,
    /// Other places that explain it.
    pub also: Vec<(Place, String)>,
    /// What to do, with edits to the source of `place`.
    pub help: Option<(String, Vec<(Range<usize>, String)>)>,
    /// What else is good to know.
    pub notes: Vec<String>,
}
