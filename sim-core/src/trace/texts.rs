//! The table of texts: each summary once, found again by its hash.

use std::fmt::Display;

use super::TextId;
use crate::kernel::canonical::Fold;
use crate::kernel::summary::summarise;

/// No text is here.
const FREE: u32 = u32::MAX;

/// Texts in the order in which they came. A table of our own, for `std`'s has an order that differs from run to run.
#[derive(Default)]
pub(super) struct Texts {
    texts: Vec<String>,
    /// Numbers of texts, each at the first free place behind the one that its hash names; at most half are taken.
    slots: Vec<u32>,
    /// The summary that is looked for.
    room: String,
}

impl Texts {
    /// The number of the summary of `value`.
    pub(super) fn summary(&mut self, value: &impl Display) -> TextId {
        self.room.clear();
        summarise(&mut self.room, value);
        if self.slots.len() < 2 * (self.texts.len() + 1) {
            self.grow();
        }
        let place = find(&self.slots, &self.texts, &self.room);
        if self.slots[place] == FREE {
            let id = u32::try_from(self.texts.len()).ok().filter(|id| *id < FREE);
            self.slots[place] = id.expect("fewer than 2^32 summaries");
            self.texts.push(self.room.clone());
        }
        TextId(self.slots[place])
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn all(&self) -> &[String] {
        &self.texts
    }

    pub(super) fn into_inner(self) -> Vec<String> {
        self.texts
    }

    pub(super) fn clear(&mut self) {
        self.texts.clear();
        self.slots.fill(FREE);
    }

    fn grow(&mut self) {
        let size = (2 * self.slots.len()).max(64);
        self.slots.clear();
        self.slots.resize(size, FREE);
        for (id, text) in (0..).zip(&self.texts) {
            let place = find(&self.slots, &self.texts, text);
            self.slots[place] = id;
        }
    }
}

/// Where the number of `text` is, or would be.
fn find(slots: &[u32], texts: &[String], text: &str) -> usize {
    let mut fold = Fold::default();
    fold.bytes(text.as_bytes());
    let last = slots.len() - 1; // Their number is a power of two.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "any bits of a hash will do"
    )]
    let mut place = fold.digest() as usize & last;
    while slots[place] != FREE && texts[slots[place] as usize] != text {
        place = (place + 1) & last;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_number() {
        let mut texts = Texts::default();
        for round in 0..2 {
            for number in 0..10_000 {
                assert_eq!(texts.summary(&number), TextId(number), "round {round}");
            }
        }
        assert_eq!((texts.len(), texts.all()[77].as_str()), (10_000, "77"));
        texts.clear();
        assert_eq!(texts.summary(&77), TextId(0));
    }
}
