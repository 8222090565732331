//! The search for an order that explains a history (Wing and Gong 1993, with the memory of Lowe 2017).
//!
//! It goes through the orders of the calls depth first: of those that may come next, as no other had ended before they
//! began, one is carried out on a copy of the state, and kept if it gives the answer that was given. A place to which
//! another order of the same calls has led, with the same state, is not explored again.
//!
//! A call of which nobody knows whether it has happened is carried out only in front of one that was answered, and only if it
//! changes the state. Of two ways to the same place the one that has used fewer such calls allows all that the other does.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use sim_core::kernel::canonical::digest;
use sim_core::kernel::time::LocalTime;

use super::operation::Problem;
use crate::rpc::service::Service;

/// So many ways to a place are remembered that have used different calls that may have happened; to forget one costs no more
/// than time.
const REMEMBERED: usize = 16;

/// A state that an object may be in, and how many of the calls that may have happened it takes to be so, by what they ask.
#[derive(Clone, Debug)]
pub(super) struct Possible<S: Service> {
    pub(super) state: S::State,
    pub(super) used: Vec<u32>,
}

/// How far the search is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// To one explanation.
    One,
    /// To all states in which explanations end.
    All,
}

/// What it has found.
#[derive(Clone, Debug)]
pub(super) enum Explored<S: Service> {
    /// States in which explanations end.
    Explained(Vec<Possible<S>>),
    /// There is no explanation.
    Impossible,
    /// Nobody knows: the steps were used up.
    Undecided,
}

/// How many steps may be taken, and how many have been. A step is a call that is tried at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) left: u64,
    pub(super) taken: u64,
}

impl Steps {
    pub(super) const fn new(left: u64) -> Self {
        Steps { left, taken: 0 }
    }

    const fn take(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        self.taken += 1;
        true
    }

    /// Does something with at most so many of the steps.
    pub(super) fn up_to<T>(&mut self, most: u64, work: impl FnOnce(&mut Steps) -> T) -> T {
        let mut some = Steps::new(self.left.min(most));
        let done = work(&mut some);
        self.left -= some.taken;
        self.taken += some.taken;
        done
    }
}

/// The search through one problem.
pub(super) struct Search<'a, S: Service> {
    problem: &'a Problem<'a, S>,
    states: States<S>,
    /// Which answered calls have been carried out, and how many of the others.
    done: Done,
    used: Vec<u32>,
    path: Vec<Place>,
    /// By state and answered calls: with how few of the others it was reached.
    visited: BTreeMap<(u32, usize, Vec<u64>), Vec<Vec<u32>>>,
    ends: Vec<(u32, Vec<u32>)>,
    /// Of this answered call is noted what else might have been answered.
    watched: Option<usize>,
    pub(super) instead: Vec<S::Reply>,
}

/// A place on the present way.
struct Place {
    state: u32,
    /// What led to it.
    by: Option<Next>,
    /// What has not been tried here, the best last.
    untried: Vec<Next>,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// An answered call.
    Answered(usize),
    /// One of those that may have happened, by what they ask.
    Perhaps(usize),
}

impl<'a, S: Service> Search<'a, S> {
    pub(super) fn new(problem: &'a Problem<'a, S>) -> Self {
        Search {
            problem,
            states: States::new(),
            done: Done::new(problem.answered.len()),
            used: Vec::new(),
            path: Vec::new(),
            visited: BTreeMap::new(),
            ends: Vec::new(),
            watched: None,
            instead: Vec::new(),
        }
    }

    /// Notes what the answered call at this place might have been answered instead.
    pub(super) const fn watching(mut self, answered: usize) -> Self {
        self.watched = Some(answered);
        self
    }

    /// Explores from these states on.
    pub(super) fn explore(
        &mut self,
        starts: &[Possible<S>],
        goal: Goal,
        steps: &mut Steps,
    ) -> Explored<S> {
        for start in starts {
            self.used.clone_from(&start.used);
            self.used.resize(self.problem.perhaps.len(), 0);
            let state = self.states.number(start.state.clone());
            self.enter(state, None);
            while let Some(place) = self.path.last_mut() {
                if goal == Goal::One && !self.ends.is_empty() {
                    break;
                }
                let (state, next) = (place.state, place.untried.pop());
                let Some(next) = next else {
                    let left = self.path.pop().and_then(|place| place.by);
                    self.undo(left);
                    continue;
                };
                if !steps.take() {
                    return Explored::Undecided;
                }
                if let Some(state) = self.carry_out(state, next) {
                    self.make(next);
                    self.enter(state, Some(next));
                }
            }
            if goal == Goal::One && !self.ends.is_empty() {
                break;
            }
        }
        self.found()
    }

    fn found(&mut self) -> Explored<S> {
        if self.ends.is_empty() {
            return Explored::Impossible;
        }
        let states = &self.states;
        let possible = |(state, used)| Possible {
            state: states.get(state).clone(),
            used,
        };
        let ends = core::mem::take(&mut self.ends);
        Explored::Explained(ends.into_iter().map(possible).collect())
    }

    /// The state after that, if it explains the answer or, without one, makes a difference.
    fn carry_out(&mut self, state: u32, next: Next) -> Option<u32> {
        let before = self.states.get(state);
        let mut after = before.clone();
        let at = LocalTime::default();
        match next {
            Next::Answered(place) => {
                let call = &self.problem.answered[place];
                let reply = S::apply(&mut after, call.request, at);
                if reply != *call.reply {
                    if self.watched == Some(place) && !self.instead.contains(&reply) {
                        self.instead.push(reply);
                    }
                    return None;
                }
            }
            Next::Perhaps(place) => {
                S::apply(&mut after, self.problem.perhaps[place].request, at);
                if after == *before {
                    return None;
                }
            }
        }
        Some(self.states.number(after))
    }

    fn make(&mut self, next: Next) {
        match next {
            Next::Answered(place) => self.done.insert(place),
            Next::Perhaps(place) => self.used[place] += 1,
        }
    }

    fn undo(&mut self, next: Option<Next>) {
        match next {
            Some(Next::Answered(place)) => self.done.remove(place),
            Some(Next::Perhaps(place)) => self.used[place] -= 1,
            None => (),
        }
    }

    /// Goes on from here, unless this is an end or nothing new.
    fn enter(&mut self, state: u32, by: Option<Next>) {
        if !self.is_new(state) {
            return self.undo(by);
        }
        if self.done.count == self.problem.answered.len() {
            self.ends
                .retain(|(end, used)| *end != state || !covers(&self.used, used));
            self.ends.push((state, self.used.clone()));
            return self.undo(by);
        }
        let untried = self.candidates();
        self.path.push(Place { state, by, untried });
    }

    /// Has nobody been here with as few calls that may have happened?
    fn is_new(&mut self, state: u32) -> bool {
        let (low, words) = self.done.compact();
        let known = self.visited.entry((state, low, words)).or_default();
        if known.iter().any(|fewer| covers(fewer, &self.used)) {
            return false;
        }
        known.retain(|more| !covers(&self.used, more));
        if known.len() < REMEMBERED {
            known.push(self.used.clone());
        }
        true
    }

    /// What may come next, the best guess last.
    fn candidates(&self) -> Vec<Next> {
        let mut candidates = Vec::new();
        // Before this one of the answered calls has to come.
        let mut horizon = u64::MAX;
        for place in self.done.gaps() {
            let call = &self.problem.answered[place];
            if call.begun > horizon {
                break;
            }
            horizon = horizon.min(call.ended);
            candidates.push(((call.guess, call.ended), Next::Answered(place)));
        }
        for (place, perhaps) in self.problem.perhaps.iter().enumerate() {
            let used = self.used[place];
            if perhaps.begun(used).is_some_and(|begun| begun <= horizon) {
                candidates.push(((perhaps.guess(used), u64::MAX), Next::Perhaps(place)));
            }
        }
        candidates.sort_by_key(|(guess, _)| Reverse(*guess));
        candidates.into_iter().map(|(_, next)| next).collect()
    }
}

/// Does `fewer` use no more of any kind than `more`?
fn covers(fewer: &[u32], more: &[u32]) -> bool {
    fewer.iter().zip(more).all(|(fewer, more)| fewer <= more)
}

/// The states that were met, by numbers.
struct States<S: Service> {
    states: Vec<S::State>,
    /// By digests, which may coincide.
    numbers: BTreeMap<u64, Vec<u32>>,
}

impl<S: Service> States<S> {
    const fn new() -> Self {
        States {
            states: Vec::new(),
            numbers: BTreeMap::new(),
        }
    }

    fn get(&self, number: u32) -> &S::State {
        &self.states[number as usize]
    }

    fn number(&mut self, state: S::State) -> u32 {
        let alike = self.numbers.entry(digest(&state).hash).or_default();
        let known = alike
            .iter()
            .find(|known| self.states[**known as usize] == state);
        if let Some(known) = known {
            return *known;
        }
        let number = u32::try_from(self.states.len()).expect("each state takes a step");
        alike.push(number);
        self.states.push(state);
        number
    }
}

/// A set of places below a length.
struct Done {
    words: Vec<u64>,
    length: usize,
    /// All words below this one are full.
    low: usize,
    count: usize,
}

impl Done {
    fn new(length: usize) -> Self {
        Done {
            words: vec![0; length.div_ceil(64)],
            length,
            low: 0,
            count: 0,
        }
    }

    fn insert(&mut self, place: usize) {
        self.words[place / 64] |= 1 << (place % 64);
        self.count += 1;
        while self.words.get(self.low) == Some(&u64::MAX) {
            self.low += 1;
        }
    }

    fn remove(&mut self, place: usize) {
        self.words[place / 64] &= !(1 << (place % 64));
        self.count -= 1;
        self.low = self.low.min(place / 64);
    }

    /// What is not in it, in order.
    fn gaps(&self) -> impl Iterator<Item = usize> + '_ {
        let words = self.words.iter().enumerate().skip(self.low);
        let gaps = words.flat_map(|(place, word)| {
            let bits = 0..64;
            bits.filter(move |bit| word >> bit & 1 == 0)
                .map(move |bit| place * 64 + bit)
        });
        gaps.take_while(|gap| *gap < self.length)
    }

    /// The set in few words: so many full ones, and then these.
    fn compact(&self) -> (usize, Vec<u64>) {
        let mut missing = self.count - self.low * 64;
        let counted = self.words[self.low..].iter().take_while(|word| {
            let some = missing > 0;
            missing -= word.count_ones() as usize;
            some
        });
        (self.low, counted.copied().collect())
    }
}
