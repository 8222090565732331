//! The search for an order that explains a history (Wing and Gong 1993, with the memory of Lowe 2017).
//!
//! It goes through the orders of the calls depth first: of those that may come next, as no other had ended before they
//! began, one is carried out on a copy of the state, and kept if it gives the answer that was given. A place to which
//! another order of the same calls has led, with the same state, is not explored again.
//!
//! A call of which nobody knows whether it has happened is carried out only in front of one that was answered, and only if it
//! changes the state. Of two ways to the same place the one that has used fewer such calls allows all that the other does.
//! A place from which nothing explains the next answer has many neighbours that differ in such calls, so those that are near
//! are looked at first: at every place one such call at most, then two, then four, and then without a limit.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;

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
    /// There is no explanation: none gets past the end of a call at this time.
    Impossible(u64),
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

/// How many of the calls that may have happened have, by what they ask.
type Used = Rc<[u32]>;

/// A state, and which of the answered calls have led to it.
type Spot = (u32, usize, Vec<u64>);

/// The search through one problem.
pub(super) struct Search<'a, S: Service> {
    problem: &'a Problem<'a, S>,
    states: States<S>,
    /// Which answered calls have been carried out on the present way.
    done: Done,
    path: Vec<Place>,
    /// By state and answered calls: with how few of the others it was reached.
    visited: BTreeMap<Spot, Vec<Used>>,
    ends: Vec<(u32, Used)>,
    /// Until when all that had ended was explained at best.
    furthest: u64,
    /// So many calls that may have happened are tried in front of one that was answered …
    chain_max: u32,
    /// … and more could have been.
    cut_short: bool,
    /// Of this answered call is noted what else might have been answered.
    watched: Option<usize>,
    pub(super) instead: Vec<S::Reply>,
}

/// A place on the present way.
struct Place {
    /// The answered call that led to it.
    by: Option<usize>,
    /// The states there that are looked at, the last one first.
    variants: Vec<Variant>,
    /// Others, with more calls that may have happened, for later.
    later: VecDeque<Outlook>,
}

/// What an order has led to.
#[derive(Clone)]
struct Outlook {
    state: u32,
    /// How many of the calls that may have happened it has used.
    used: Used,
    /// How many of them came after the last call that was answered.
    chain: u32,
    /// When the last call has happened, at a guess.
    now: u64,
}

/// One of the states at a place, and what has not been tried there.
struct Variant {
    outlook: Outlook,
    /// When the next of the answered calls has happened, at a guess: what may have happened before is tried first.
    until: u64,
    /// Calls that were answered, the best guess last.
    answered: Vec<usize>,
    /// Calls that may have happened, by what they ask.
    perhaps: Vec<usize>,
}

impl<'a, S: Service> Search<'a, S> {
    pub(super) fn new(problem: &'a Problem<'a, S>) -> Self {
        Search {
            problem,
            states: States::new(),
            done: Done::new(problem.answered.len()),
            path: Vec::new(),
            visited: BTreeMap::new(),
            ends: Vec::new(),
            furthest: 0,
            chain_max: u32::MAX,
            cut_short: false,
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
        if goal == Goal::One {
            for chain_max in [1, 2, 4] {
                let part = steps.left / 8;
                let explored = steps.up_to(part, |steps| {
                    self.explore_near(starts, goal, chain_max, steps)
                });
                let is_final = match explored {
                    Explored::Explained(_) => true,
                    Explored::Impossible(_) => !self.cut_short,
                    Explored::Undecided => false,
                };
                if is_final {
                    return explored;
                }
            }
        }
        self.explore_near(starts, goal, u32::MAX, steps)
    }

    fn explore_near(
        &mut self,
        starts: &[Possible<S>],
        goal: Goal,
        chain_max: u32,
        steps: &mut Steps,
    ) -> Explored<S> {
        self.chain_max = chain_max;
        self.cut_short = false;
        self.done.clear();
        self.path.clear();
        self.visited.clear();
        for start in starts {
            let mut used = start.used.clone();
            used.resize(self.problem.perhaps.len(), 0);
            let outlook = Outlook {
                state: self.states.number(start.state.clone()),
                used: used.into(),
                chain: 0,
                now: 0,
            };
            self.enter(None, outlook);
            while !self.path.is_empty() {
                if goal == Goal::One && !self.ends.is_empty() {
                    return self.found();
                }
                if !self.advance(steps) {
                    self.ends.clear();
                    return Explored::Undecided;
                }
            }
        }
        self.found()
    }

    /// Tries one thing more at the last place, or leaves it; false if there is no step left.
    fn advance(&mut self, steps: &mut Steps) -> bool {
        let Some(place) = self.path.last_mut() else {
            return true;
        };
        let Some(variant) = place.variants.last_mut() else {
            if let Some(outlook) = place.later.pop_front() {
                let variant = self.variant(outlook);
                self.path
                    .last_mut()
                    .expect("this place")
                    .variants
                    .push(variant);
                return true;
            }
            let left = self.path.pop().and_then(|place| place.by);
            if let Some(call) = left {
                self.done.remove(call);
            }
            return true;
        };
        if let Some((guess, call)) = variant.next_due(self.problem) {
            variant.outlook.now = guess;
            let outlook = variant.outlook.clone();
            return steps.take() && self.vary(outlook, call, true);
        }
        if let Some(call) = variant.answered.pop() {
            let outlook = variant.outlook.clone();
            return steps.take() && self.answer(outlook, call);
        }
        if variant.outlook.chain >= self.chain_max && !variant.perhaps.is_empty() {
            self.cut_short = true;
            variant.perhaps.clear();
        }
        if let Some(call) = variant.perhaps.pop() {
            let mut outlook = variant.outlook.clone();
            outlook.chain += 1;
            return steps.take() && self.vary(outlook, call, false);
        }
        place.variants.pop();
        true
    }

    /// Carries out a call that was answered, and goes on from there if that explains the answer.
    fn answer(&mut self, mut outlook: Outlook, call: usize) -> bool {
        let mut after = self.states.get(outlook.state).clone();
        let answered = &self.problem.answered[call];
        let reply = S::apply(&mut after, answered.request, LocalTime::default());
        if reply == *answered.reply {
            outlook.state = self.states.number(after);
            outlook.chain = 0;
            if answered.guess < u64::MAX {
                outlook.now = outlook.now.max(answered.guess);
            }
            self.done.insert(call);
            self.enter(Some(call), outlook);
        } else if self.watched == Some(call) && !self.instead.contains(&reply) {
            self.instead.push(reply);
        }
        true
    }

    /// Carries out a call that may have happened, which gives another state at the same place if it makes a difference. That
    /// one is looked at first, or last.
    fn vary(&mut self, mut outlook: Outlook, call: usize, first: bool) -> bool {
        let before = self.states.get(outlook.state);
        let mut after = before.clone();
        let request = self.problem.perhaps[call].request;
        S::apply(&mut after, request, LocalTime::default());
        if after == *before {
            return true;
        }
        outlook.state = self.states.number(after);
        outlook.used = outlook
            .used
            .iter()
            .enumerate()
            .map(|(place, used)| used + u32::from(place == call))
            .collect();
        if !self.is_new(&outlook) {
            return true;
        }
        let variant = first.then(|| self.variant(outlook.clone()));
        if let Some(place) = self.path.last_mut() {
            match variant {
                Some(variant) => place.variants.push(variant),
                None => place.later.push_back(outlook),
            }
        }
        true
    }

    /// Goes on from here, unless this is an end or nothing new.
    fn enter(&mut self, by: Option<usize>, outlook: Outlook) {
        let is_new = self.is_new(&outlook);
        let is_end = self.done.count == self.problem.answered.len();
        if is_new && !is_end {
            let variants = vec![self.variant(outlook)];
            return self.path.push(Place {
                by,
                variants,
                later: VecDeque::new(),
            });
        }
        if is_new {
            let Outlook { state, used, .. } = outlook;
            self.ends
                .retain(|(end, more)| *end != state || !covers(&used, more));
            self.ends.push((state, used));
        }
        if let Some(call) = by {
            self.done.remove(call);
        }
    }

    fn found(&mut self) -> Explored<S> {
        if self.ends.is_empty() {
            return Explored::Impossible(self.furthest);
        }
        let states = &self.states;
        let possible = |(state, used): (u32, Used)| Possible {
            state: states.get(state).clone(),
            used: used.to_vec(),
        };
        let ends = core::mem::take(&mut self.ends);
        Explored::Explained(ends.into_iter().map(possible).collect())
    }

    /// Has nobody been here with as few calls that may have happened?
    fn is_new(&mut self, Outlook { state, used, .. }: &Outlook) -> bool {
        let (low, words) = self.done.compact();
        let known = self.visited.entry((*state, low, words)).or_default();
        if known.iter().any(|fewer| covers(fewer, used)) {
            return false;
        }
        known.retain(|more| !covers(used, more));
        if known.len() < REMEMBERED {
            known.push(used.clone());
        }
        true
    }

    /// What may come next at the present place.
    fn variant(&mut self, outlook: Outlook) -> Variant {
        let mut answered = Vec::new();
        // Before this one of the answered calls has to come.
        let mut horizon = u64::MAX;
        for place in self.done.gaps() {
            let call = &self.problem.answered[place];
            if call.begun > horizon {
                break;
            }
            horizon = horizon.min(call.ended);
            answered.push(((call.guess, call.ended), place));
        }
        self.furthest = self.furthest.max(horizon);
        answered.sort();
        let until = answered.first().map_or(u64::MAX, |((guess, _), _)| *guess);
        let mut perhaps = Vec::new();
        for (place, alike) in self.problem.perhaps.iter().enumerate() {
            let begun = alike.begun(outlook.used[place]);
            if begun.is_some_and(|begun| begun <= horizon) {
                perhaps.push(place);
            }
        }
        Variant {
            outlook,
            until,
            answered: answered.iter().rev().map(|(_, place)| *place).collect(),
            perhaps,
        }
    }
}

impl Variant {
    /// A call that may have happened, and that at a guess has happened before any of those that were answered; and when.
    fn next_due<S: Service>(&mut self, problem: &Problem<'_, S>) -> Option<(u64, usize)> {
        if self.until <= self.outlook.now {
            return None;
        }
        let guess = |place: &usize| (problem.perhaps[*place].guess(self.outlook.now), *place);
        let next = self.perhaps.iter().map(guess).min();
        let due = next.filter(|(guess, _)| *guess < self.until);
        if due.is_none() {
            self.until = 0;
        }
        due
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
    numbers: BTreeSet<(u64, u32)>,
}

impl<S: Service> States<S> {
    const fn new() -> Self {
        States {
            states: Vec::new(),
            numbers: BTreeSet::new(),
        }
    }

    fn get(&self, number: u32) -> &S::State {
        &self.states[number as usize]
    }

    fn number(&mut self, state: S::State) -> u32 {
        let digest = digest(&state).hash;
        let mut alike = self.numbers.range((digest, 0)..=(digest, u32::MAX));
        if let Some((_, known)) = alike.find(|(_, known)| *self.get(*known) == state) {
            return *known;
        }
        let number = u32::try_from(self.states.len()).expect("each state takes a step");
        self.numbers.insert((digest, number));
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

    fn clear(&mut self) {
        self.words.fill(0);
        (self.low, self.count) = (0, 0);
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
