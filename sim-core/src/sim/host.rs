//! One process, and what the engine keeps about it: a little for all, and more for those who are in trouble.

use std::collections::VecDeque;

use crate::kernel::id::NodeId;
use crate::kernel::protocol::{Effect, Node};
use crate::kernel::random::{Probability, Sampler};
use crate::kernel::time::Span;

use super::clock::Clock;
use super::disk::DiskFlaws;
use super::interpret::Cause;

/// One process and what the engine keeps about it.
pub(super) struct Host<P: Node> {
    pub(super) program: P,
    /// What its disk holds for certain.
    pub(super) disk: P::Disk,
    /// Group sends so far, in all its lives: the ordinal of its draws.
    pub(super) sends: u32,
    /// Choices so far, in all its lives.
    pub(super) choices: u32,
    /// First of its timers.
    pub(super) timers: u32,
    pub(super) up: bool,
    pub(super) trouble: Trouble,
}

/// Numbers of processes that are zero for most: nothing is kept until one is not.
#[derive(Clone, Debug, Default)]
pub(super) struct Seldom(Vec<u32>);

impl Seldom {
    pub(super) fn get(&self, node: NodeId) -> u32 {
        self.0.get(node.index()).copied().unwrap_or(0)
    }

    /// The number of one of so many processes, to change it.
    pub(super) fn of(&mut self, node: NodeId, nodes: u32) -> &mut u32 {
        if self.0.is_empty() {
            self.0 = vec![0; nodes as usize];
        }
        &mut self.0[node.index()]
    }
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
    /// A fault waits for it to have sent so many copies.
    pub(super) const COUNTED: Trouble = Trouble(128);

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
    pub(super) omissions: InForce<Omission>,
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
            omissions: InForce::default(),
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
    /// A job was due that has asked it so often before.
    Job(u32, u64),
}

/// Messages that a process does not send, or does not receive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Omission {
    pub(super) send: Probability,
    pub(super) receive: Probability,
}
