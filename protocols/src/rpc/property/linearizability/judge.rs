//! From a history to a verdict.

use alloc::vec::Vec;

use super::operation::{Alike, Fate, Operation, Problem};
use super::search::{Explored, Goal, Possible, Search, Steps};
use crate::rpc::service::Service;

/// Whoever asks about one call more, to find the first that cannot be explained, may take this part of the steps that are left.
const PART: u64 = 3;
/// So many answers are tried in place of one that cannot be explained.
const INSTEAD: usize = 16;

/// What is to be said of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<R> {
    /// An order of the calls explains all answers.
    Linearizable,
    /// None does.
    Unexplained(Unexplained<R>),
    /// The steps were used up before anybody knew.
    Undecided,
}

/// A call whose answer no order explains, though one explains all that were answered before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained<R> {
    /// Its place in the history.
    pub place: usize,
    /// Answers that could be explained, sorted; a few of them if there are many.
    pub instead: Vec<R>,
}

/// Judges a history that begins with the default state, in so many steps. Operations are in the order of their beginnings.
#[must_use]
pub fn judge<S: Service>(history: &[Operation<S>], steps: u64) -> Verdict<S::Reply> {
    let start = Possible {
        state: S::State::default(),
        used: Vec::new(),
    };
    let past = Past {
        possible: &[start],
        left: &[],
    };
    past.judge(history, &mut Steps::new(steps))
}

/// What is known of an object before a history.
pub(super) struct Past<'a, S: Service> {
    /// The states that it may be in.
    pub(super) possible: &'a [Possible<S>],
    /// Calls that have happened or not.
    pub(super) left: &'a [Alike<S::Request>],
}

impl<S: Service> Past<'_, S> {
    pub(super) fn judge(&self, history: &[Operation<S>], steps: &mut Steps) -> Verdict<S::Reply> {
        match self.explained_until(history, u64::MAX, steps) {
            Explored::Explained(_) => Verdict::Linearizable,
            Explored::Impossible(furthest) => {
                Verdict::Unexplained(self.name(history, furthest, steps))
            }
            Explored::Undecided => Verdict::Undecided,
        }
    }

    fn explained_until(
        &self,
        history: &[Operation<S>],
        until: u64,
        steps: &mut Steps,
    ) -> Explored<S> {
        let problem = Problem::new(self.left, history.iter(), until);
        Search::new(&problem).explore(self.possible, Goal::One, steps)
    }

    /// The first call of a history that cannot be explained, if no explanation gets past the end of the one that ended at
    /// `furthest`: all that was answered before can be explained, so it is this one or a later one. Most often it is this
    /// one, which is named also if there are not enough steps to be sure.
    pub(super) fn name(
        &self,
        history: &[Operation<S>],
        furthest: u64,
        steps: &mut Steps,
    ) -> Unexplained<S::Reply> {
        let ended = |(place, operation): (usize, &Operation<S>)| match operation.fate {
            Fate::Answered(ended, _) if ended >= furthest => Some((ended, place)),
            _ => None,
        };
        let mut ends: Vec<_> = history.iter().enumerate().filter_map(ended).collect();
        ends.sort();
        let (mut low, mut high, mut next) = (0, ends.len() - 1, 0);
        while low < high {
            let explored = steps.up_to(steps.left / PART, |steps| {
                self.explained_until(history, ends[next].0, steps)
            });
            if matches!(explored, Explored::Explained(_)) {
                low = next + 1;
            } else {
                high = next;
            }
            next = usize::midpoint(low, high);
        }
        let (until, place) = ends[high];
        let instead = steps.up_to(steps.left / PART, |steps| {
            self.instead(history, until, place, steps)
        });
        Unexplained { place, instead }
    }

    /// What could have been answered at the end of a history instead.
    fn instead(
        &self,
        history: &[Operation<S>],
        until: u64,
        place: usize,
        steps: &mut Steps,
    ) -> Vec<S::Reply> {
        let mut problem = Problem::new(self.left, history.iter(), until);
        let begun = history[place].begun;
        let Some(at) = problem.answered.iter().position(|call| call.begun == begun) else {
            return Vec::new();
        };
        let mut search = Search::new(&problem).watching(at);
        search.explore(self.possible, Goal::One, steps);
        let mut instead = core::mem::take(&mut search.instead);
        instead.truncate(INSTEAD);
        let mut fitting = Vec::new();
        for reply in &instead {
            problem.answered[at].reply = reply;
            let explored = Search::new(&problem).explore(self.possible, Goal::One, steps);
            if matches!(explored, Explored::Explained(_)) {
                fitting.push(reply.clone());
            }
        }
        fitting.sort();
        fitting
    }
}
