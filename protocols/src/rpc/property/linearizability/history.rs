//! The history of one object, as far as it is not settled.

use alloc::vec;
use alloc::vec::Vec;

use super::judge::{Past, Unexplained, Verdict};
use super::operation::{Alike, Operation, Problem};
use super::search::{Explored, Goal, Possible, Search, Steps};
use crate::rpc::service::Service;

/// To find all states that an object may be in may take so many steps …
const CUT: u64 = 256;
/// … and so many for each call and state before.
const CUT_PER_CALL: u64 = 8;
/// If an object may be in more states than this, the history that tells them apart is kept.
const POSSIBLE_MAX: usize = 64;

/// An object: the states that it may have been in when no call was under way, and what has happened since then.
#[derive(Clone, Debug)]
pub(super) struct History<S: Service> {
    possible: Vec<Possible<S>>,
    /// Calls of earlier that have happened or not, and may still happen.
    left: Vec<Alike<S::Request>>,
    pub(super) operations: Vec<Operation<S>>,
    /// A shorter history is not worth the attempt to settle it.
    worth: usize,
}

impl<S: Service> History<S> {
    pub(super) fn new() -> Self {
        History {
            possible: vec![Possible {
                state: S::State::default(),
                used: Vec::new(),
            }],
            left: Vec::new(),
            operations: Vec::new(),
            worth: 0,
        }
    }

    fn past(&self) -> Past<'_, S> {
        Past {
            possible: &self.possible,
            left: &self.left,
        }
    }

    /// No call is under way: if that can be done in few steps, forgets the history and keeps the states that are possible.
    /// True if it has done so.
    ///
    /// # Errors
    /// The first call that cannot be explained.
    pub(super) fn settle(&mut self, steps: &mut Steps) -> Result<bool, Unexplained<S::Reply>> {
        if self.operations.len() < self.worth {
            return Ok(false);
        }
        let problem = Problem::new(&self.left, self.operations.iter(), u64::MAX);
        let size = (self.operations.len() * self.possible.len()) as u64;
        let explored = steps.up_to(CUT + CUT_PER_CALL * size, |steps| {
            Search::new(&problem).explore(&self.possible, Goal::All, steps)
        });
        match explored {
            Explored::Explained(possible) if possible.len() <= POSSIBLE_MAX => {
                self.left = problem.left();
                self.possible = possible;
                self.drop_used();
                self.operations.clear();
                self.worth = 0;
                Ok(true)
            }
            Explored::Impossible(furthest) => {
                Err(self.past().name(&self.operations, furthest, steps))
            }
            Explored::Explained(_) | Explored::Undecided => {
                self.worth = 2 * self.operations.len();
                Ok(false)
            }
        }
    }

    /// Forgets calls that have happened in all states that are possible, and what is asked by none any more.
    fn drop_used(&mut self) {
        for (place, alike) in self.left.iter_mut().enumerate() {
            let used = self.possible.iter().map(|possible| possible.used[place]);
            let by_all = used.min().unwrap_or(0);
            alike.count -= by_all;
            for possible in &mut self.possible {
                possible.used[place] -= by_all;
            }
        }
        for possible in &mut self.possible {
            let mut left = self.left.iter();
            possible
                .used
                .retain(|_| left.next().is_some_and(|alike| alike.count > 0));
        }
        self.left.retain(|alike| alike.count > 0);
    }

    /// What is to be said of it in the end.
    pub(super) fn judge(&self, steps: &mut Steps) -> Verdict<S::Reply> {
        self.past().judge(&self.operations, steps)
    }

    /// How many things are remembered.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.possible.len() + self.left.len() + self.operations.len()
    }
}
