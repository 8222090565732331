//! One process, and what the engine keeps about it: a little for all, and more for those who are in trouble.

use std::collections::VecDeque;

use crate::kernel::disk::Disk;
use crate::kernel::id::NodeId;
use crate::kernel::protocol::{Effect, Node};
use crate::kernel::random::{Probability, Sampler};
use crate::kernel::time::{LocalTime, SimTime, Span};

use super::interpret::Cause;

/// No fault waits for a number of sends.
pub(super) const UNWATCHED: u64 = u64::MAX;

/// One process and what the engine keeps about it.
pub(super) struct Host<P: Node> {
    pub(super) program: P,
    /// What its disk holds for certain.
    pub(super) disk: P::Disk,
    /// Copies to other processes that it may still send before a fault strikes that waits for them.
    pub(super) sends_left: u64,
    /// Group sends so far, in all its lives: the ordinal of its draws.
    pub(super) sends: u32,
    /// Choices so far, in all its lives.
    pub(super) choices: u32,
    /// Writes to its disk so far, in all its lives: the ordinal of their draws.
    pub(super) writes: u32,
    /// First of its timers.
    pub(super) timers: u32,
    /// How often it has been started before.
    pub(super) incarnation: u32,
    pub(super) up: bool,
    pub(super) trouble: Trouble,
}

/// What is the matter with a process, a bit each: one look tells that nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Trouble(u8);

impl Trouble {
    /// It cannot take what arrives: it is paused, at work or waiting for its disk.
    pub(super) const BUSY: Trouble = Trouble(1);
    /// Every event takes it time.
    pub(super) const SLOW: Trouble = Trouble(2);
    /// It omits to send or to receive.
    pub(super) const OMITS: Trouble = Trouble(4);
    /// Its clocks are not true.
    pub(super) const CLOCK: Trouble = Trouble(8);
    /// Its disk is bad.
    pub(super) const DISK: Trouble = Trouble(16);
    /// It is Byzantine: a behaviour of its program is in force.
    pub(super) const TURNED: Trouble = Trouble(32);
    /// It is Byzantine: what it puts on the wire is late, or bears another's name.
    pub(super) const WIRE: Trouble = Trouble(64);

    pub(super) const fn has(self, other: Trouble) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn with(self, other: Trouble) -> Trouble {
        Trouble(self.0 | other.0)
    }

    /// This, or nothing.
    pub(super) const fn if_true(self, it_is: bool) -> Trouble {
        Trouble(if it_is { self.0 } else { 0 })
    }

    pub(super) const fn without(self, other: Trouble) -> Trouble {
        Trouble(self.0 & !other.0)
    }
}

/// What the engine keeps about a process in trouble.
pub(super) struct Afflicted<P: Node> {
    pub(super) work: Work<P>,
    /// It takes no step before, in virtual ns.
    pub(super) paused_until: u64,
    /// What has arrived meanwhile, in order.
    pub(super) backlog: VecDeque<Waiting>,
    /// How long an event takes, and how many took that long so far: the ordinal of their draws.
    pub(super) slow: InForce<(Sampler, u32)>,
    pub(super) omissions: Vec<Omission>,
    /// The numbers of the faults behind its behaviours, by their bits.
    pub(super) behaviours: Vec<u32>,
    /// Behaviours in force.
    pub(super) active: u64,
    /// Choices that the adversary has made for it.
    pub(super) lies: u32,
    /// How late it sends.
    pub(super) late: InForce<Span>,
    /// In whose name it sends.
    pub(super) forges: InForce<NodeId>,
    pub(super) clock: Clock,
    pub(super) disk: DiskFlaws<P::Disk>,
}

impl<P: Node> Default for Afflicted<P> {
    fn default() -> Self {
        Afflicted {
            work: Work::Idle,
            paused_until: 0,
            backlog: VecDeque::new(),
            slow: InForce::default(),
            omissions: Vec::new(),
            behaviours: Vec::new(),
            active: 0,
            lies: 0,
            late: InForce::default(),
            forges: InForce::default(),
            clock: Clock::default(),
            disk: DiskFlaws::default(),
        }
    }
}

/// Faults of one sort that are in force at a process, each with its number: the end of one leaves the others.
#[derive(Clone, Debug)]
pub(super) struct InForce<T>(Vec<(T, u32)>);

impl<T> Default for InForce<T> {
    fn default() -> Self {
        InForce(Vec::new())
    }
}

impl<T> InForce<T> {
    /// One more is in force.
    pub(super) fn add(&mut self, what: T, fault: u32) {
        self.0.push((what, fault));
    }

    /// The fault of this number is over.
    pub(super) fn lift(&mut self, fault: u32) {
        self.0.retain(|(_, other)| *other != fault);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&T, u32)> {
        self.0.iter().map(|(what, fault)| (what, *fault))
    }

    /// The one that counts, where only one can: the last that struck.
    pub(super) fn last(&self) -> Option<(&T, u32)> {
        self.iter().last()
    }

    pub(super) fn last_mut(&mut self) -> Option<(&mut T, u32)> {
        self.0.last_mut().map(|(what, fault)| (what, *fault))
    }
}

/// What a process in trouble is busy with.
#[derive(Default)]
pub(super) enum Work<P: Node> {
    /// Nothing.
    #[default]
    Idle,
    /// It works on an event, whose handler is called at this time.
    Handling(Waiting, u64),
    /// It waits for its disk until this time: the first effect is the write.
    Writing(VecDeque<Effect<P>>, Cause, u64),
}

/// Something that has happened to a process that was busy.
#[derive(Clone, Copy, Debug)]
pub(super) enum Waiting {
    /// An entry of the queue: an arrival or a timer.
    Entry(u32),
    /// A job was due.
    Job(u32, SimTime),
}

/// Messages that a process does not send, or does not receive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Omission {
    pub(super) send: Probability,
    pub(super) receive: Probability,
    pub(super) fault: u32,
}

/// The clocks of a process, against virtual time.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    /// How far the wall clock is ahead, in ns, its steps included.
    pub(super) ahead: i64,
    /// How much faster both clocks run, in millionths, at most so slow that they never stand,
    ppm: i64,
    /// since when, and what the monotonic clock showed then, in ns.
    since: SimTime,
    shown: i64,
    /// The faults behind that.
    pub(super) skews: Vec<u32>,
    pub(super) drifts: InForce<i64>,
}

impl Clock {
    /// The monotonic clock at `now`.
    pub(super) fn monotonic(&self, now: SimTime) -> LocalTime {
        let passed = i128::from(now.as_nanos()) - i128::from(self.since.as_nanos());
        let gained = (passed * i128::from(self.ppm)).div_euclid(1_000_000);
        local(i128::from(self.shown) + passed + gained)
    }

    /// From now on both clocks run as fast as the drifts in force say, all of them together.
    pub(super) fn runs(&mut self, now: SimTime) {
        self.shown = self.monotonic(now).as_nanos();
        let sum = self.drifts.iter().map(|(ppm, _)| *ppm);
        let ppm = sum.fold(0, i64::saturating_add);
        (self.since, self.ppm) = (now, ppm.max(-999_999));
    }

    /// The wall clock at `now`.
    pub(super) fn wall(&self, now: SimTime) -> LocalTime {
        local(i128::from(self.monotonic(now).as_nanos()) + i128::from(self.ahead))
    }

    /// The first moment at which the monotonic clock has advanced by `span`.
    pub(super) fn after(&self, now: SimTime, span: Span) -> SimTime {
        if self.ppm == 0 {
            return now.after(span);
        }
        let target = i128::from(self.monotonic(now).as_nanos()) + i128::from(span.as_nanos());
        let rate = 1_000_000 + i128::from(self.ppm);
        // It has gained floor(t · rate / 10^6) in t: the least t with at least what is missing is the ceiling.
        let missing = target - i128::from(self.shown);
        let passed = (missing * 1_000_000 + rate - 1).div_euclid(rate);
        let at = i128::from(self.since.as_nanos()) + passed;
        SimTime::from_nanos(u64::try_from(at).unwrap_or(u64::MAX)).max(now)
    }
}

fn local(nanos: i128) -> LocalTime {
    let clamped = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    LocalTime::from_nanos(i64::try_from(clamped).expect("it was clamped"))
}

/// What is bad about the disk of a process.
pub(super) struct DiskFlaws<D: Disk> {
    pub(super) latency: InForce<Sampler>,
    pub(super) loses: InForce<u32>,
    pub(super) tears: InForce<()>,
    pub(super) full: InForce<u64>,
    pub(super) fails: InForce<Probability>,
    /// Bytes written since it turned bad.
    pub(super) used: u64,
    /// Writes that are said to be durable and are not.
    pub(super) unsynced: VecDeque<D::Write>,
}

impl<D: Disk> Default for DiskFlaws<D> {
    fn default() -> Self {
        DiskFlaws {
            latency: InForce::default(),
            loses: InForce::default(),
            tears: InForce::default(),
            full: InForce::default(),
            fails: InForce::default(),
            used: 0,
            unsynced: VecDeque::new(),
        }
    }
}

impl<D: Disk> DiskFlaws<D> {
    /// How many of the last writes a crash would lose.
    pub(super) fn at_risk(&self) -> usize {
        let lost = self.loses.iter().map(|(count, _)| *count as usize).max();
        lost.unwrap_or(0).max(usize::from(!self.tears.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_runs_out_when_the_drifting_clock_says_so() {
        for ppm in [-999_999, -200_000, -1, 0, 1, 300, 1_000_000] {
            let mut clock = Clock {
                ppm: 50,
                ..Clock::default()
            };
            clock.drifts.add(ppm, 0);
            clock.runs(SimTime::from_nanos(5));
            for (now, span) in [(5, 1), (7, 1_000_000), (123_456_789, 999)] {
                let (now, span) = (SimTime::from_nanos(now), Span::from_nanos(span));
                let due = clock.monotonic(now).after(span);
                let at = clock.after(now, span);
                assert!(clock.monotonic(at) >= due, "{ppm}: not yet");
                let before = SimTime::from_nanos(at.as_nanos() - 1);
                assert!(clock.monotonic(before) < due, "{ppm}: it was due before");
            }
        }
    }

    #[test]
    fn only_the_wall_clock_is_set() {
        let clock = Clock {
            ahead: -500,
            ppm: 10,
            ..Clock::default()
        };
        let now = SimTime::from_nanos(1_000_000);
        assert_eq!(clock.monotonic(now).as_nanos(), 1_000_010);
        assert_eq!(clock.wall(now).as_nanos(), 999_510);
    }
}
