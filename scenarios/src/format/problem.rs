//! What is wrong with a scenario, as data.

pub use super::codes::Code;
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

impl Severity {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Edits to one source: ranges of bytes and what to put there.
pub type Edits = Vec<(Range<usize>, String)>;

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
    pub help: Option<(String, Edits)>,
    /// What else is good to know.
    pub notes: Vec<String>,
}

impl Problem {
    /// An error without further words.
    #[must_use]
    pub fn error(code: Code, place: Place, title: impl Into<String>) -> Problem {
        let (label, also, notes) = (String::new(), Vec::new(), Vec::new());
        Problem {
            severity: Severity::Error,
            code,
            title: title.into(),
            place,
            label,
            also,
            help: None,
            notes,
        }
    }

    /// A warning without further words.
    #[must_use]
    pub fn warning(code: Code, place: Place, title: impl Into<String>) -> Problem {
        Problem {
            severity: Severity::Warning,
            ..Problem::error(code, place, title)
        }
    }

    /// Says something right at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = label.into();
        self
    }

    /// Points at another place.
    #[must_use]
    pub fn also(mut self, place: Place, label: impl Into<String>) -> Problem {
        self.also.push((place, label.into()));
        self
    }

    /// Says what to do; `edits` may be empty.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>, edits: Edits) -> Problem {
        self.help = Some((help.into(), edits));
        self
    }

    /// Adds what else is good to know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Problem {
        self.notes.push(note.into());
        self
    }
}
