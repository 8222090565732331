//! The engine: takes the next entry of the queue and lets it happen.
//!
//! This file is the loop and what an entry stands for. What a handler's effects do is told in `interpret.rs`, the fate
//! of a message in `send.rs`, numbers and fingerprint in `numbers.rs`; who is next in `queue.rs`, bodies in flight in
//! `messages.rs`, armed timers in `timers.rs`, properties in `judge.rs`.

use std::collections::BTreeMap;

use crate::kernel::canonical::{Fold, digest};
use crate::kernel::disk::Boot;
use crate::kernel::env::{Choices, Env};
use crate::kernel::id::NodeId;
use crate::kernel::port::{Arrival, Req};
use crate::kernel::property::{End, Fact, Moment, Property};
use crate::kernel::protocol::{Event, Node};
use crate::kernel::random::{Key, Purpose};
use crate::kernel::time::{SimTime, Span};
use crate::trace::{Recorder, What, WhyDropped};

use super::interpret::{Buffer, Cause};
use super::judge::Judge;
use super::messages::Messages;
use super::numbers::Folded;
use super::outcome::{Counters, Ended, FaultCount, MarkCount, Outcome};
use super::queue::{Entry, Queue};
use super::send::Fate;
use super::setup::{Job, Repeat, Setup, Trigger};
use super::timers::{self, Timers};

/// No crash is planned by the number of sends.
pub(super) const UNCUT: u64 = u64::MAX;

/// Accounted bytes of one entry of the queue and of one timer: what they take on a 64-bit machine.
const BYTES_ENTRY: u64 = 16;
const BYTES_TIMER: u64 = 32;

/// A simulated cluster in which every process runs the node program `P`.
pub struct Sim<P: Node> {
    pub(super) setup: Setup,
    pub(super) hosts: Vec<Host<P>>,
    pub(super) queue: Queue,
    pub(super) messages: Messages<P::Wire>,
    pub(super) timers: Timers<P::Timer>,
    jobs: Vec<Job<Req<P::Offers>>>,
    pub(super) judge: Judge<P::Offers>,
    pub(super) recorder: Option<Recorder>,
    pub(super) buffer: Buffer<P>,
    pub(super) fate: Fate,
    pub(super) now: SimTime,
    /// Number of the last event, and of the last message.
    pub(super) events: u64,
    pub(super) sends: u64,
    booted: bool,
    pub(super) fold: Fold,
    pub(super) counters: Counters,
    pub(super) marks: BTreeMap<&'static str, MarkCount>,
    faults: Vec<FaultCount>,
    crashed: BTreeMap<NodeId, (Moment, u32)>,
}

/// One process and what the engine keeps about it.
pub(super) struct Host<P: Node> {
    pub(super) program: P,
    pub(super) disk: P::Disk,
    /// Copies to other processes that it may still send before it crashes.
    pub(super) cut: u64,
    /// The fault behind that.
    pub(super) cut_fault: u32,
    /// Group sends so far: the ordinal of its draws.
    pub(super) sends: u32,
    /// Choices so far.
    pub(super) choices: u32,
    /// First of its timers.
    pub(super) timers: u32,
    pub(super) up: bool,
}

/// What an entry of the queue stands for, in the two upper bits of its handle.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Arrival = 0,
    Timer = 1,
    Job = 2,
    Crash = 3,
}

impl Kind {
    const BITS: u32 = 30;

    pub(super) fn handle(self, row: u32) -> u32 {
        assert!(
            row < 1 << Kind::BITS,
            "fewer than 2^30 messages, timers and jobs at once"
        );
        (self as u32) << Kind::BITS | row
    }

    const fn of(handle: u32) -> (Kind, u32) {
        let kind = match handle >> Kind::BITS {
            0 => Kind::Arrival,
            1 => Kind::Timer,
            2 => Kind::Job,
            _ => Kind::Crash,
        };
        (kind, handle & ((1 << Kind::BITS) - 1))
    }
}

impl<P: Node> Sim<P> {
    /// A cluster whose process `id` runs `program(id)`. All boot at time zero, in the order of their numbers.
    ///
    /// # Panics
    /// If a crash of the setup names a process or a fault that is not there.
    pub fn new(setup: Setup, mut program: impl FnMut(NodeId) -> P) -> Sim<P> {
        let host = |id| Host {
            program: program(NodeId(id)),
            disk: P::Disk::default(),
            cut: UNCUT,
            cut_fault: 0,
            sends: 0,
            choices: 0,
            timers: timers::NONE,
            up: true,
        };
        let mut hosts: Vec<Host<P>> = (0..setup.nodes).map(host).collect();
        let mut queue = Queue::new();
        for (row, crash) in setup.crashes.iter().enumerate() {
            assert!(
                crash.fault < setup.faults,
                "a crash belongs to a fault of the setup"
            );
            let host = hosts
                .get_mut(crash.node.index())
                .expect("a crash names a process of the cluster");
            match crash.trigger {
                // What is planned for after the end would only keep the run waiting.
                Trigger::At(at) if at > setup.limits.at => (),
                Trigger::At(at) => {
                    let row = u32::try_from(row).expect("fewer than 2^30 crashes");
                    queue.push(Entry {
                        at: at.as_nanos(),
                        node: crash.node.0,
                        handle: Kind::Crash.handle(row),
                    });
                }
                Trigger::AfterSends(copies) if copies < host.cut => {
                    (host.cut, host.cut_fault) = (copies, crash.fault)
                }
                Trigger::AfterSends(_) => (),
            }
        }
        let choice = Key::new(setup.seed, Purpose::Choice);
        let env = Env::new(
            NodeId(0),
            setup.nodes,
            Choices::Keyed {
                key: choice,
                made: 0,
            },
        );
        Sim {
            hosts,
            queue,
            messages: Messages::new(),
            timers: Timers::new(),
            jobs: Vec::new(),
            judge: Judge::new(),
            recorder: None,
            buffer: Buffer {
                env,
                effects: Vec::new(),
            },
            fate: Fate {
                loss: Key::new(setup.seed, Purpose::Loss),
                duplicate: Key::new(setup.seed, Purpose::Duplicate),
                delay: Key::new(setup.seed, Purpose::Delay),
            },
            now: SimTime::ZERO,
            events: 0,
            sends: 0,
            booted: false,
            fold: Fold::default(),
            counters: Counters::default(),
            marks: BTreeMap::new(),
            faults: vec![FaultCount::default(); setup.faults as usize],
            crashed: BTreeMap::new(),
            setup,
        }
    }

    /// Asks `node` for something, once.
    pub fn request(&mut self, at: Span, node: NodeId, request: Req<P::Offers>) {
        self.job(Job {
            at,
            repeat: None,
            nodes: vec![node],
            request,
            again: |request, _| request.clone(),
        });
    }

    /// Asks processes for something, once or again and again.
    ///
    /// # Panics
    /// If it names a process that is not there, or is to be repeated every zero nanoseconds.
    pub fn job(&mut self, job: Job<Req<P::Offers>>) {
        assert!(
            job.nodes.iter().all(|node| node.index() < self.hosts.len()),
            "a job names processes of the cluster"
        );
        assert!(
            job.repeat.is_none_or(|repeat| repeat.every > Span::ZERO),
            "a job is repeated after some time"
        );
        let row = u32::try_from(self.jobs.len()).expect("fewer than 2^30 jobs");
        // One entry a process, so that budgets are looked at between any two requests.
        for node in &job.nodes {
            self.queue.push(Entry {
                at: job.at.as_nanos(),
                node: node.0,
                handle: Kind::Job.handle(row),
            });
        }
        self.jobs.push(job);
    }

    /// Judges `property` in this run; a liveness property may stay in debt for `within`.
    pub fn watch(&mut self, property: Box<dyn Property<P::Offers>>, within: Span) {
        self.judge.watch(property, within);
    }

    /// Records a trace. The run is the same with and without it.
    pub fn record(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    /// The program of a process, as it is now.
    ///
    /// # Panics
    /// If there is no such process.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &P {
        &self.hosts[id.index()].program
    }

    /// The last event so far: where a protocol panicked, if it did.
    #[must_use]
    pub const fn position(&self) -> Moment {
        Moment {
            at: self.now,
            event: self.events,
        }
    }

    /// Runs until the system is quiet or a limit is reached.
    ///
    /// # Panics
    /// If it has been run before, or if the protocol panics; then [`Sim::panicked`] tells what had happened so far.
    pub fn run(&mut self) -> Outcome {
        assert!(
            !std::mem::replace(&mut self.booted, true),
            "a simulation is run once"
        );
        for id in 0..self.setup.nodes {
            let boot = Boot {
                disk: self.hosts[id as usize].disk.clone(),
                incarnation: 0,
            };
            self.handle(NodeId(id), Event::Boot(boot), Cause { event: 0, depth: 0 });
        }
        let (ended, quiet_since) = self.turn();
        self.outcome(ended, quiet_since)
    }

    /// What had happened when the protocol panicked; the panic itself is the last event.
    pub fn panicked(&mut self) -> Outcome {
        let node = self.buffer.env.me;
        let event = self.next_event(Folded::Panic, node, 0);
        self.note(event, 0, node, |_| What::Panic);
        self.outcome(Ended::Panicked, None)
    }

    /// Takes one event after the other. Gives why it stopped, and since when all was quiet, if it was.
    fn turn(&mut self) -> (Ended, Option<SimTime>) {
        let limits = self.setup.limits;
        let end = SimTime::from_nanos(limits.at.as_nanos());
        loop {
            if self.queue.len() == self.timers.tombstones() {
                let quiet_since = Some(self.now);
                if limits.when_quiescent {
                    return (Ended::Quiescent, quiet_since);
                }
                self.now = end;
                return (Ended::Time, quiet_since);
            }
            if self.events >= limits.events {
                return (Ended::Events, None);
            }
            if self.accounted() > limits.memory {
                return (Ended::Memory, None);
            }
            match self.queue.next_at() {
                Some(at) if at <= end.as_nanos() => (),
                _ => {
                    self.now = end;
                    return (Ended::Time, None);
                }
            }
            if let Some(entry) = self.queue.pop() {
                self.step(entry);
            }
        }
    }

    fn outcome(&mut self, ended: Ended, quiet_since: Option<SimTime>) -> Outcome {
        let complete = matches!(ended, Ended::Quiescent | Ended::Time);
        let end = End {
            at: self.now,
            complete,
            quiet_since,
            within: Span::ZERO,
            last_repair: SimTime::ZERO,
        };
        let mut fold = self.fold;
        fold.word(self.buffer.env.answers.digest());
        Outcome {
            ended,
            at: self.now,
            events: self.events,
            fingerprint: fold.digest(),
            counters: self.counters.clone(),
            marks: self.marks.clone(),
            faults: self.faults.clone(),
            verdicts: self.judge.finish(&end),
            crashed: self
                .crashed
                .iter()
                .map(|(node, (moment, _))| (*node, *moment))
                .collect(),
            trace: self.recorder.take().map(Recorder::finish),
        }
    }

    /// Accounted bytes of all that is in flight or armed.
    fn accounted(&self) -> u64 {
        self.queue.len() as u64 * BYTES_ENTRY
            + self.messages.bytes()
            + self.timers.rows() as u64 * BYTES_TIMER
    }

    fn step(&mut self, entry: Entry) {
        self.now = SimTime::from_nanos(entry.at);
        let node = NodeId(entry.node);
        match Kind::of(entry.handle) {
            (Kind::Arrival, row) => self.arrive(node, row),
            (Kind::Timer, row) => self.timer(node, row),
            (Kind::Job, row) => self.ask(node, row),
            (Kind::Crash, row) => {
                let fault = self.setup.crashes[row as usize].fault;
                self.crash(node, fault, 0);
            }
        }
    }

    fn arrive(&mut self, node: NodeId, row: u32) {
        let message = self.messages.get(row);
        let (from, sent, place) = (message.from, message.sent, message.place(node));
        let (cause, msg) = (message.first_event + place, message.first_message + place);
        let depth = message.depth + u32::from(from != node);
        let text = self
            .recorder
            .as_mut()
            .map(|recorder| recorder.summary(&message.body));
        if !self.hosts[node.index()].up {
            self.messages.discard(row);
            self.counters.to_crashed += u64::from(from != node);
            let event = self.next_event(Folded::Drop, node, msg);
            let fault = self.crashed.get(&node).map_or(0, |(_, fault)| *fault);
            self.note_text(event, cause, node, text, |text| What::Drop {
                msg,
                peer: from,
                text,
                why: WhyDropped::Down(fault),
            });
            return;
        }
        let event = self.next_event(Folded::Recv, node, msg);
        self.note_text(event, cause, node, text, |text| What::Recv {
            msg,
            from,
            sent,
            text,
        });
        self.counters.received += u64::from(from != node);
        let msg = self.messages.arrive(row);
        self.handle(
            node,
            Event::Indication(Arrival { from, msg }),
            Cause { event, depth },
        );
    }

    fn timer(&mut self, node: NodeId, row: u32) {
        let Some(fired) = self.timers.fire(&mut self.hosts[node.index()].timers, row) else {
            return;
        };
        self.counters.timers += 1;
        let event = self.next_event(Folded::Timer, node, digest(&fired.tag).hash);
        self.note(event, fired.cause, node, |recorder| {
            What::Timer(recorder.summary(&fired.tag))
        });
        self.handle(
            node,
            Event::Timer(fired.tag),
            Cause {
                event,
                depth: fired.depth,
            },
        );
    }

    /// Asks one process what a job wants of it, and plans the next time.
    fn ask(&mut self, node: NodeId, row: u32) {
        let job = &mut self.jobs[row as usize];
        if let Some(Repeat { every, until }) = job.repeat {
            let next = self.now.after(every).as_nanos();
            if next < until.as_nanos() {
                self.queue.push(Entry {
                    at: next,
                    node: node.0,
                    handle: Kind::Job.handle(row),
                });
            }
        }
        let request = job.request(self.now);
        let digest = digest(&request).hash;
        if !self.hosts[node.index()].up {
            self.counters.requests_to_crashed += 1;
            let event = self.next_event(Folded::Skip, node, digest);
            self.note(event, 0, node, |recorder| {
                What::Skip(recorder.summary(&request))
            });
            return;
        }
        self.counters.requests += 1;
        let event = self.next_event(Folded::Request, node, digest);
        self.note(event, 0, node, |recorder| {
            What::Request(recorder.summary(&request))
        });
        self.judge.see(
            Moment {
                at: self.now,
                event,
            },
            &Fact::Requested(node, &request),
        );
        self.handle(node, Event::Request(request), Cause { event, depth: 0 });
    }

    pub(super) fn crash(&mut self, node: NodeId, fault: u32, cause: u64) {
        let host = &mut self.hosts[node.index()];
        if !host.up {
            return;
        }
        host.up = false;
        self.timers.disarm_all(&mut host.timers);
        let event = self.next_event(Folded::Crash, node, u64::from(fault));
        let moment = Moment {
            at: self.now,
            event,
        };
        let count = &mut self.faults[fault as usize];
        count.fired += 1;
        count.first.get_or_insert(moment);
        self.crashed.insert(node, (moment, fault));
        self.note(event, cause, node, |_| What::Crash(fault));
        self.judge.see(moment, &Fact::Crashed(node));
    }
}
