//! The world as one process may see it.

use super::canonical::Fold;
use super::id::NodeId;
use super::overlay::Overlay;
use super::random::{Key, Probability, Sampler};
use super::time::{LocalTime, Span};

/// What a driver tells a protocol about the world.
///
/// A driver keeps one and sets it before every event; a protocol reads it through [`Effects`](super::protocol::Effects).
#[derive(Clone, Debug)]
pub struct Env {
    /// This process.
    pub me: NodeId,
    /// How many processes there are.
    pub nodes: u32,
    /// Who is whose neighbour.
    pub overlay: Overlay,
    /// The wall clock of this process.
    pub now: LocalTime,
    /// The monotonic clock of this process.
    pub monotonic: LocalTime,
    /// Where choices come from.
    pub choices: Choices,
    /// Digest of the answers that choices have been given: what a driver folds into its fingerprint.
    pub answers: Fold,
    /// How often this process has looked at its clocks: a clock that is off matters only to who reads it.
    pub looks: Looks,
    /// How far this process is in the adversary's hands. Honest protocols never look.
    pub adversary: Adversary,
}

/// How often clocks were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// The wall clock.
    pub wall: u64,
    /// The monotonic clock.
    pub monotonic: u64,
}

/// The strings by which an adversary moves a Byzantine process. A behaviour is a bit, by its place in the process's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adversary {
    /// The behaviours that are in force; set by the driver.
    pub active: u64,
    /// Those that made a difference since the driver last looked; set by whoever behaves so.
    pub struck: u64,
    /// Where its choices come from, apart from those of the honest code; `None`: from the same source.
    pub key: Option<Key>,
    /// How many choices it has made.
    pub made: u32,
}

impl Env {
    /// An environment for a process of a cluster of `nodes`, at time zero.
    #[must_use]
    pub fn new(me: NodeId, nodes: u32, choices: Choices) -> Env {
        Env {
            me,
            nodes,
            overlay: Overlay::complete(nodes),
            now: LocalTime::default(),
            monotonic: LocalTime::default(),
            choices,
            answers: Fold::default(),
            looks: Looks::default(),
            adversary: Adversary::default(),
        }
    }

    /// A choice among `0..n`, all equally likely.
    ///
    /// # Panics
    /// If `n` is 0, or if a list of prepared answers has ended or holds an answer that is not below `n`.
    #[inline(always)] // The lane is a constant where the purpose is one.
    pub fn pick(&mut self, why: &'static str, n: u32) -> u32 {
        assert!(n > 0, "a choice `{why}` among nothing");
        self.pick_in(lane(why), why, n)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a choice below n fits into the type of n"
    )]
    fn pick_in(&mut self, lane: u32, why: &'static str, n: u32) -> u32 {
        let answer = match &mut self.choices {
            Choices::Keyed { key, made } => {
                let draws = key.at(u64::from(self.me.0), u64::from(*made));
                *made += 1;
                draws.below(lane, u64::from(n)) as u32
            }
            Choices::Listed { .. } => self.choices.listed_answer(),
        };
        assert!(
            answer < n,
            "the answer {answer} to `{why}` is not below {n}"
        );
        self.answers.word(u64::from(answer));
        answer
    }

    /// A choice of the adversary among `0..n`: it moves no choice of the honest code.
    ///
    /// # Panics
    /// As [`Env::pick`].
    pub fn pick_for_adversary(&mut self, why: &'static str, n: u32) -> u32 {
        let Some(key) = self.adversary.key else {
            return self.pick(why, n);
        };
        let mut choices = Choices::Keyed {
            key,
            made: self.adversary.made,
        };
        std::mem::swap(&mut self.choices, &mut choices);
        let answer = self.pick(why, n);
        self.adversary.made = self.adversary.made.wrapping_add(1);
        self.choices = choices;
        answer
    }

    /// A time drawn from a law. From a prepared list, the answer is a number of microseconds.
    ///
    /// # Panics
    /// If a list of prepared answers has ended.
    #[inline]
    pub fn time(&mut self, why: &'static str, law: &Sampler) -> Span {
        let time = match &mut self.choices {
            Choices::Keyed { key, made } => {
                let draws = key.at(u64::from(self.me.0), u64::from(*made));
                *made += 1;
                law.sample(draws, lane(why))
            }
            Choices::Listed { .. } => Span::from_micros(u64::from(self.choices.listed_answer())),
        };
        self.answers.word(time.as_nanos());
        time
    }

    /// True with probability `p`. From a prepared list, 0 is false and anything else true.
    ///
    /// # Panics
    /// If a list of prepared answers has ended.
    #[inline]
    pub fn chance(&mut self, why: &'static str, p: Probability) -> bool {
        let answer = match &mut self.choices {
            Choices::Keyed { key, made } => {
                let draws = key.at(u64::from(self.me.0), u64::from(*made));
                *made += 1;
                draws.chance(lane(why), p)
            }
            Choices::Listed { .. } => self.choices.listed_answer() != 0,
        };
        self.answers.word(u64::from(answer));
        answer
    }
}

/// Where the answers to [`Env::pick`] and [`Env::chance`] come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choices {
    /// Keyed draws: the answer depends on the seed, the process, how many choices it made before, and the purpose.
    Keyed {
        /// The key of the purpose `Choice`.
        key: Key,
        /// How many choices this process has made.
        made: u32,
    },
    /// A prepared list, as in a unit test or a replay.
    Listed {
        /// The answers in order.
        answers: Vec<u32>,
        /// How many have been given.
        next: usize,
    },
}

impl Choices {
    /// The answers `answers`, in order, and then none.
    #[must_use]
    pub fn listed(answers: &[u32]) -> Choices {
        Choices::Listed {
            answers: answers.to_vec(),
            next: 0,
        }
    }

    fn listed_answer(&mut self) -> u32 {
        let Choices::Listed { answers, next } = self else {
            return 0;
        };
        let answer = answers
            .get(*next)
            .expect("more choices were asked for than were prepared");
        *next += 1;
        *answer
    }
}

/// The lane of a purpose: FNV-1a over its name. Part of the contract, like every number behind a draw.
#[inline(always)]
const fn lane(why: &str) -> u32 {
    let bytes = why.as_bytes();
    let mut hash = 0x811c_9dc5_u32;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    hash
}
