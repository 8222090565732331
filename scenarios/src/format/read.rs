//! Reading a whole scenario.

use super::entry::Entry;
use super::fields::FieldDoc;
use super::place::{SourceId, Sources};
use super::problem::Problem;
use super::scenario::Scenario;

/// What the command line adds to a file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The variant to run (`--variant`).
    pub variant: Option<String>,
    /// `-p n=10`, each the source of `n=10`.
    pub params: Vec<SourceId>,
    /// `--set network.loss=0.2`, each the source of `network.loss=0.2`. Also `--seed`, `--trace`.
    pub sets: Vec<SourceId>,
    /// `--expect`, each the source of a sentence.
    pub expects: Vec<SourceId>,
    /// Judge as if nothing were meant to break (`--no-expect-violation`).
    pub no_expect_violation: bool,
}

/// A variant of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// The properties that it is meant to break.
    pub expect_violation: Vec<String>,
}

/// What came of a file.
#[derive(Debug)]
pub struct Reading {
    /// The scenario, if nothing is wrong with it.
    pub scenario: Option<Scenario>,
    /// The variants of the file.
    pub variants: Vec<Variant>,
    /// Errors and warnings, in the order of their places.
    pub problems: Vec<Problem>,
}

/// Reads `file`, under `overrides`.
#[must_use]
pub fn read(
    _sources: &Sources,
    _file: SourceId,
    _overrides: &Overrides,
    _registry: &[&dyn Entry],
) -> Reading {
    unimplemented!()
}

/// Everything that is wrong with `file` and with each of its variants.
#[must_use]
pub fn validate(
    _sources: &Sources,
    _file: SourceId,
    _overrides: &Overrides,
    _registry: &[&dyn Entry],
) -> Vec<Problem> {
    unimplemented!()
}

/// Every field of a scenario, with those of each protocol.
#[must_use]
pub fn describe(_registry: &[&dyn Entry]) -> Vec<FieldDoc> {
    unimplemented!()
}
