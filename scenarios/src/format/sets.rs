//! Overrides: one mechanism for `--set`, `-p`, `--seed` and the variants of a file.
//!
//! Each is a path and a value. They are applied while values are opened: a child takes those whose path begins with
//! its name, and one without a path left replaces the value.

use super::place::Place;
use super::raw::Raw;

/// One step of a path: a field, a key, or the number of an item.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) name: String,
    pub(super) place: Place,
}

/// An override, as seen from the value that its path is relative to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Set<'r> {
    pub(super) path: &'r [Segment],
    /// Where the whole path is written: for an override of a value as a whole.
    pub(super) raw: Raw<'r>,
}

impl<'r> Set<'r> {
    /// The first step; empty if none is left.
    pub(super) fn first(&self) -> &'r str {
        self.path.first().map_or("", |segment| &segment.name)
    }

    pub(super) fn begins_with(&self, name: &str) -> bool {
        !self.path.is_empty() && self.first() == name
    }

    /// The first step as the number of an item.
    pub(super) fn index(&self) -> Option<usize> {
        self.first().parse().ok()
    }

    /// No step is left: it replaces the value.
    pub(super) fn is_whole(&self) -> bool {
        self.path.is_empty()
    }

    /// As seen from the child.
    pub(super) fn inner(&self) -> Set<'r> {
        Set {
            path: self.path.get(1..).unwrap_or(&[]),
            raw: self.raw,
        }
    }

    /// Where its first step is written.
    pub(super) fn place(&self) -> Place {
        self.path
            .first()
            .map_or(self.raw.place, |segment| segment.place)
    }
}

/// What is written for one value: its text, and the overrides of what is in it.
#[derive(Debug, Default)]
pub(super) struct Node<'r> {
    pub(super) raw: Option<Raw<'r>>,
    pub(super) sets: Vec<Set<'r>>,
}

impl<'r> Node<'r> {
    pub(super) fn written(raw: Raw<'r>) -> Node<'r> {
        Node {
            raw: Some(raw),
            sets: Vec::new(),
        }
    }

    pub(super) fn is_written(&self) -> bool {
        self.raw.is_some() || !self.sets.is_empty()
    }

    /// The last word has whoever comes last.
    pub(super) fn apply(&mut self, set: Set<'r>) {
        if set.is_whole() {
            self.raw = Some(set.raw);
            self.sets.clear();
        } else {
            self.sets.push(set);
        }
    }
}
