//! Do stamps say what happened before what? The clock condition, and its converse.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use core::cmp::Ordering;

use sim_core::kernel::port::{Guarantee, Payload};
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::causality::{Causality, Happening};
use crate::clock::Timestamp;
use crate::clock::port::Clocked;

/// What is asked of stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The clock condition: what happened before has the smaller stamp.
    Consistent,
    /// And only what happened before has.
    Characterizes,
}

/// The checker. It compares every two of the first 1,024 events.
#[derive(Clone, Debug)]
pub struct Claims<P, T> {
    rule: Rule,
    history: Causality<P, T>,
    /// Pairs of events of which one happened before the other.
    ordered: u64,
    concurrent: u64,
    /// Concurrent pairs whose stamps put one before the other.
    look_ordered: u64,
}

impl<P: Payload, T: Timestamp> Claims<P, T> {
    /// For a group of any size.
    #[must_use]
    pub const fn new(rule: Rule) -> Self {
        Claims {
            rule,
            history: Causality::new(),
            ordered: 0,
            concurrent: 0,
            look_ordered: 0,
        }
    }

    /// Judges the newest event against all older ones.
    fn judge(&mut self, moment: Moment) -> Result<(), Violation> {
        let mut broken = None;
        for (old, new, before) in self.history.newest_with_older() {
            if old.failed || new.failed {
                continue;
            }
            let claim = old.said.at().claim(new.said.at());
            // An older event cannot come after a newer one: whoever claims that is wrong as well.
            let right = match (before, self.rule) {
                (true, _) => claim == Some(Ordering::Less),
                (false, Rule::Consistent) => true,
                (false, Rule::Characterizes) => claim.is_none(),
            };
            self.ordered += u64::from(before);
            self.concurrent += u64::from(!before);
            self.look_ordered += u64::from(!before && claim.is_some());
            if !right {
                broken.get_or_insert_with(|| broken_by(moment, old, new, before));
            }
        }
        broken.map_or(Ok(()), Err)
    }
}

fn broken_by<P: Payload, T: Timestamp>(
    since: Moment,
    old: &Happening<P, T>,
    new: &Happening<P, T>,
    before: bool,
) -> Violation {
    let (one, two) = (summary(&old.said), summary(&new.said));
    let (old, new) = (old.node, new.node);
    let what = match before {
        true => format!(
            "node {}: {one}, happened before node {}: {two}; the stamps do not say so",
            old.0, new.0
        ),
        false => format!(
            "node {}: {one}, and node {}: {two}, are concurrent; the stamps put one before the other",
            old.0, new.0
        ),
    };
    let nodes = if old == new {
        vec![new]
    } else {
        vec![old, new]
    };
    Violation {
        before: None,
        since,
        what,
        nodes,
    }
}

impl<P: Payload, T: Timestamp, G: Guarantee> Property<Clocked<P, T, G>> for Claims<P, T> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Clocked<P, T, G>>) -> Result<(), Violation> {
        if self.history.see(fact) {
            self.judge(moment)?;
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        if self.ordered + self.concurrent == 0 {
            return Finding::NotExercised;
        }
        let events = self.history.count();
        let more = match self.history.more {
            0 => String::new(),
            more => format!(" (and {more} more, not judged)"),
        };
        let look_ordered = match self.look_ordered {
            0 => String::new(),
            pairs => format!(", of which {pairs} look ordered"),
        };
        let (ordered, concurrent) = (self.ordered, self.concurrent);
        Finding::Held(format!(
            "{events} events{more}: {ordered} pairs in order, {concurrent} concurrent{look_ordered}"
        ))
    }
}
