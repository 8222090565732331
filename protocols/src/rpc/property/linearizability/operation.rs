//! What is to be explained: the calls of one object, as their clients saw them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::rpc::service::Service;

/// A call as its client saw it. Times are places in the order of events.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation<S: Service> {
    /// What was asked.
    pub request: S::Request,
    /// When it began.
    pub begun: u64,
    /// What has become of it.
    pub fate: Fate<S::Reply>,
    /// When it has happened, at a guess: this is where the search tries it first, and no verdict depends on it.
    pub guess: u64,
}

/// What has become of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fate<R> {
    /// It was answered, then and that.
    Answered(u64, R),
    /// It has happened at any time after it began, or not at all.
    Perhaps,
    /// It has not happened.
    Never,
}

impl<S: Service> Operation<S> {
    /// Nobody can guess when it happened.
    pub const NO_GUESS: u64 = u64::MAX;
}

/// Calls that have happened or not, and ask the same: one is as good as another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alike<Q> {
    pub(super) request: Q,
    pub(super) count: u32,
}

/// A history to be explained.
///
/// The calls of which nobody knows whether they have happened are sorted by what they ask. Among those that ask the same
/// the one that began first is taken first: where another could stand it can stand too.
pub(super) struct Problem<'a, S: Service> {
    /// In the order of their beginnings.
    pub(super) answered: Vec<Answered<'a, S>>,
    pub(super) perhaps: Vec<Perhaps<'a, S::Request>>,
}

/// A call that was answered.
pub(super) struct Answered<'a, S: Service> {
    pub(super) request: &'a S::Request,
    pub(super) begun: u64,
    pub(super) ended: u64,
    pub(super) reply: &'a S::Reply,
    pub(super) guess: u64,
}

/// Calls that ask the same, each of which has happened or not.
pub(super) struct Perhaps<'a, Q> {
    pub(super) request: &'a Q,
    /// So many began before all that is to be explained.
    before: u32,
    /// When the others began.
    begun: Vec<u64>,
    guesses: Vec<u64>,
}

impl<'a, S: Service> Problem<'a, S> {
    /// The history of `operations`, which are in the order of their beginnings, up to the time `until`; calls that are
    /// `left` over from earlier have happened before, within it, after it, or never.
    pub(super) fn new(
        left: &'a [Alike<S::Request>],
        operations: impl Iterator<Item = &'a Operation<S>>,
        until: u64,
    ) -> Self {
        let mut problem = Problem {
            answered: Vec::new(),
            perhaps: left.iter().map(Perhaps::left).collect(),
        };
        let places = left.iter().map(|alike| &alike.request).zip(0..);
        let mut places: BTreeMap<&S::Request, usize> = places.collect();
        for operation in operations.take_while(|operation| operation.begun <= until) {
            match &operation.fate {
                Fate::Never => (),
                Fate::Answered(ended, reply) if *ended <= until => {
                    problem.answered.push(Answered {
                        request: &operation.request,
                        begun: operation.begun,
                        ended: *ended,
                        reply,
                        guess: operation.guess,
                    })
                }
                // What only reads explains nothing unless its answer counts.
                _ if S::reads(&operation.request) => (),
                _ => {
                    let next = problem.perhaps.len();
                    let place = *places.entry(&operation.request).or_insert(next);
                    if place == next {
                        problem.perhaps.push(Perhaps::new(&operation.request));
                    }
                    problem.perhaps[place].add(operation.begun, operation.guess);
                }
            }
        }
        for perhaps in &mut problem.perhaps {
            perhaps.guesses.sort();
        }
        problem
    }

    /// The same calls once it does not matter any more when they began.
    pub(super) fn left(&self) -> Vec<Alike<S::Request>> {
        let alike = |perhaps: &Perhaps<'_, S::Request>| Alike {
            request: perhaps.request.clone(),
            count: perhaps.count(),
        };
        self.perhaps.iter().map(alike).collect()
    }
}

impl<'a, Q> Perhaps<'a, Q> {
    const fn new(request: &'a Q) -> Self {
        Perhaps {
            request,
            before: 0,
            begun: Vec::new(),
            guesses: Vec::new(),
        }
    }

    fn left(alike: &'a Alike<Q>) -> Self {
        Perhaps {
            before: alike.count,
            ..Perhaps::new(&alike.request)
        }
    }

    fn add(&mut self, begun: u64, guess: u64) {
        self.begun.push(begun);
        if guess < u64::MAX {
            self.guesses.push(guess);
        }
    }

    fn count(&self) -> u32 {
        let more = u32::try_from(self.begun.len()).unwrap_or(u32::MAX);
        self.before.saturating_add(more)
    }

    /// When the next one began, if so many have been used; `None` if there is none.
    pub(super) fn begun(&self, used: u32) -> Option<u64> {
        match used.checked_sub(self.before) {
            None => Some(0),
            Some(place) => self.begun.get(place as usize).copied(),
        }
    }

    /// When the next one after a time has happened, at a guess.
    pub(super) fn guess(&self, after: u64) -> u64 {
        let next = self.guesses.partition_point(|guess| *guess <= after);
        self.guesses.get(next).copied().unwrap_or(u64::MAX)
    }
}
