//! How a server works: threads, cores, and a queue of what waits.
//!
//! A job has a thread from its beginning to its end, and a core while it computes; while it waits for a disk or for another
//! server it keeps its thread, but no core. An event loop has one core and no threads to run out of. With `D` the time on a core and
//! `Z` the time of waiting: one thread carries out 1/(D+Z) jobs a unit of time, c threads on m cores min(c/(D+Z), m/D), an event
//! loop 1/D (Little 1961).

use alloc::collections::{BTreeMap, VecDeque};

use sim_core::kernel::random::Sampler;

/// How a server works.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// How many jobs may be begun and not ended; `None`: an event loop, which begins all that its queue admits.
    pub threads: Option<u32>,
    /// How many jobs compute at once.
    pub cores: u32,
    /// How many jobs may wait to be begun; of an event loop, how many it may have. One more is refused.
    pub queue: u32,
    /// How long a job computes; `None`: no time at all.
    pub cpu: Option<Sampler>,
    /// How long it then waits for a disk or the like.
    pub io: Option<Sampler>,
}

/// Where jobs are. What they are is `J`'s business.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Desk<J> {
    jobs: BTreeMap<u32, J>,
    queue: VecDeque<u32>,
    /// Who waits for a core.
    ready: VecDeque<u32>,
    begun: u32,
    computing: u32,
    last: u32,
}

/// What becomes of a job that has come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It has a thread.
    Begun(u32),
    /// It waits.
    Queued(u32),
    /// There is no room.
    Full,
}

impl<J> Desk<J> {
    /// An idle one.
    #[must_use]
    pub const fn new() -> Self {
        Desk {
            jobs: BTreeMap::new(),
            queue: VecDeque::new(),
            ready: VecDeque::new(),
            begun: 0,
            computing: 0,
            last: 0,
        }
    }

    /// A job comes in.
    pub fn admit(&mut self, terms: &Terms, job: J) -> Admission {
        let is_full = match terms.threads {
            Some(threads) => self.begun >= threads && self.queue.len() >= terms.queue as usize,
            None => self.jobs.len() >= terms.queue as usize,
        };
        if is_full {
            return Admission::Full;
        }
        self.last = self.last.wrapping_add(1);
        self.jobs.insert(self.last, job);
        if terms.threads.is_some_and(|threads| self.begun >= threads) {
            self.queue.push_back(self.last);
            return Admission::Queued(self.last);
        }
        self.begun += 1;
        Admission::Begun(self.last)
    }

    /// A begun job wants a core; true if it has one.
    pub fn compute(&mut self, terms: &Terms, number: u32) -> bool {
        let is_free = self.computing < terms.cores;
        if is_free {
            self.computing += 1;
        } else {
            self.ready.push_back(number);
        }
        is_free
    }

    /// A job has computed: gives the one that has its core now.
    pub fn computed(&mut self) -> Option<u32> {
        let next = self.ready.pop_front();
        if next.is_none() {
            self.computing = self.computing.saturating_sub(1);
        }
        next
    }

    /// A begun job has ended: gives it, and its thread is free.
    pub fn end(&mut self, number: u32) -> Option<J> {
        let job = self.jobs.remove(&number)?;
        self.begun = self.begun.saturating_sub(1);
        Some(job)
    }

    /// A job that waits gets a thread that is free.
    pub fn begin_next(&mut self, terms: &Terms) -> Option<u32> {
        if terms.threads.is_some_and(|threads| self.begun >= threads) {
            return None;
        }
        let next = self.queue.pop_front()?;
        self.begun += 1;
        Some(next)
    }

    /// Takes a job that waits out: for a thread, or for a core.
    pub fn withdraw(&mut self, number: u32) -> Option<J> {
        let is_it = |waiting: &u32| *waiting == number;
        if let Some(place) = self.queue.iter().position(is_it) {
            self.queue.remove(place);
            return self.jobs.remove(&number);
        }
        let place = self.ready.iter().position(is_it)?;
        self.ready.remove(place);
        self.end(number)
    }

    /// The job of this number.
    pub fn job(&mut self, number: u32) -> Option<&mut J> {
        self.jobs.get_mut(&number)
    }

    /// How many jobs there are.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }
}
