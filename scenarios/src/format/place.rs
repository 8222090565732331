//! Where something is written: in the file, or in an argument of the command line.

use std::ops::Range;

/// One text of [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId(u32);

/// A range of bytes in one source, on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The text.
    pub source: SourceId,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Place {
    /// The place as a range of bytes of its source.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// Every text that takes part: the file, and each argument that overrides something in it.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

#[derive(Clone, Debug)]
struct Source {
    name: String,
    text: String,
}

impl Sources {
    /// No text yet.
    #[must_use]
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Adds a text under the name that messages show: a file's path, or the option (`--set`).
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.push(Source {
            name: name.into(),
            text: text.into(),
        });
        id
    }

    /// The name of a source.
    #[must_use]
    pub fn name(&self, id: SourceId) -> &str {
        self.0.get(id.0 as usize).map_or("", |source| &source.name)
    }

    /// The text of a source.
    #[must_use]
    pub fn text(&self, id: SourceId) -> &str {
        self.0.get(id.0 as usize).map_or("", |source| &source.text)
    }

    /// The line on which a place begins, from 1.
    #[must_use]
    pub fn line(&self, place: Place) -> usize {
        self.position(place).0
    }

    /// Line, and column in characters, of the beginning of a place; both from 1.
    #[must_use]
    pub fn position(&self, place: Place) -> (usize, usize) {
        let before = self.text(place.source).get(..place.start).unwrap_or("");
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before[line..].chars().count() + 1,
        )
    }
}
