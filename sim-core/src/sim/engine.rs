//! The engine: takes the next entry of the queue and lets it happen.
//!
//! This file is the loop and what an entry stands for. What a handler's effects do is told in `interpret.rs`, the fate
//! of a message in `send.rs` and `route.rs`; when faults strike in `alarms.rs`, how they begin and end in `strike.rs`, and
//! what they do in `partition.rs`, `misconduct.rs`, `clock.rs`, `disk.rs` and `work.rs`; numbers and fingerprint in
//! `numbers.rs`, who is next in `queue.rs` and `later.rs`, bodies in flight in `messages.rs`, armed timers in `timers.rs`,
//! what clients ask for in `jobs.rs`, properties in `judge.rs`.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::kernel::canonical::{Fold, digest};
use crate::kernel::disk::Boot;
use crate::kernel::env::{Choices, Env};
use crate::kernel::id::NodeId;
use crate::kernel::port::{Arrival, Req};
use crate::kernel::property::{End, Fact, Moment, Property};
use crate::kernel::protocol::{Event, Node};
use crate::kernel::random::{Key, Purpose};
use crate::kernel::summary::is_of_kind;
use crate::kernel::time::{SimTime, Span};
use crate::trace::{Recorder, What, WhyDropped};

use super::alarms::Alarms;
use super::gauge::{Doing, Gauge};
use super::host::{Afflicted, Host, Seldom, Trouble, Waiting};
use super::interpret::{Buffer, Cause};
use super::jobs::Jobs;
use super::judge::Judge;
use super::later::Later;
use super::live::Live;
use super::messages::Messages;
use super::network::{Channel, Network};
use super::numbers::Folded;
use super::outcome::{Counters, Ended, FaultCount, MarkCount, Outcome};
use super::partition::Held;
use super::queue::{Entry, Queue};
use super::route::Fate;
use super::setup::{Job, Repeat, Setup};
use super::strike::{Act, Faults};
use super::timers::{self, Timers};

/// Accounted bytes of one entry of the queue and of one timer: what they take on a 64-bit machine.
const BYTES_ENTRY: u64 = 16;
const BYTES_TIMER: u64 = 32;
/// And of what waits for a process, for a heal, or of what a channel or a job remembers.
const BYTES_WAITING: u64 = 32;

/// So many processes and messages fit into the fast part of any machine's memory.
const FEW: usize = 10_000;

/// What a process can have that matters when something arrives.
const TROUBLE_TO_RECEIVE: Trouble = Trouble::BUSY.with(Trouble::SLOW).with(Trouble::OMITS);

/// A simulated cluster in which every process runs the node program `P`.
///
/// It borrows for `'p` what it needs to build a program (a process that recovers from a crash gets a new one), and the sink of
/// its trace.
pub struct Sim<'p, P: Node> {
    pub(super) setup: Setup,
    pub(super) network: Rc<Network>,
    program: Box<dyn FnMut(NodeId) -> P + 'p>,
    pub(super) hosts: Vec<Host<P>>,
    /// How often each process has been started before, and how often it has written to its disk, in all its lives: the
    /// ordinal of the draws of a write.
    pub(super) incarnations: Seldom,
    pub(super) writes: Seldom,
    /// What there is to know of processes in trouble.
    pub(super) afflicted: BTreeMap<NodeId, Afflicted<P>>,
    pub(super) queue: Queue,
    pub(super) later: Later,
    pub(super) gauge: Gauge,
    pub(super) messages: Messages<P::Wire>,
    pub(super) timers: Timers<P::Timer>,
    /// How much waits for processes that are busy, what they are busy with included.
    pub(super) waiting: usize,
    jobs: Jobs<Req<P::Offers>>,
    pub(super) judge: Judge<P::Offers>,
    pub(super) recorder: Option<Recorder<'p>>,
    pub(super) buffer: Buffer<P>,
    pub(super) fate: Fate,
    /// Every message fares alike, as far as the network goes.
    pub(super) plain: bool,
    /// And the network does nothing but delay it, in a simulation.
    pub(super) direct: bool,
    /// On a shared medium: when the frame of the running group send left, and whether it was counted. A fault may fall in
    /// the middle of the send, which stays one frame.
    pub(super) frame: Option<SimTime>,
    pub(super) framed: bool,
    /// Channels that have to remember something, by sender and receiver.
    pub(super) channels: BTreeMap<(NodeId, NodeId), Channel>,
    /// Messages that wait for a partition to heal.
    pub(super) held: Vec<Held>,
    pub(super) faults: Faults,
    pub(super) alarms: Alarms,
    pub(super) now: SimTime,
    /// Number of the last event, and of the last message.
    pub(super) events: u64,
    pub(super) sends: u64,
    pub(super) booted: bool,
    /// What there is to know of the world outside, in real time.
    pub(super) live: Option<Live>,
    pub(super) fold: Fold,
    pub(super) counters: Counters,
    pub(super) marks: BTreeMap<&'static str, MarkCount>,
    /// How often each fault struck, by its number.
    pub(super) fired: Vec<FaultCount>,
    /// Who is down, since when, by which fault.
    pub(super) crashed: BTreeMap<NodeId, (Moment, u32)>,
    /// The last heal of a partition or recovery of a process.
    pub(super) last_repair: SimTime,
}

/// What an entry of the queue stands for, in the upper bits of its handle.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Arrival = 0,
    Timer = 1,
    Job = 2,
    /// A fault strikes, ends or flaps.
    Act = 3,
    /// A busy process has done what it was busy with, or a pause is over.
    Resume = 4,
    /// A message to one process that met nothing but a delay.
    Letter = 5,
}

impl Kind {
    const BITS: u32 = 29;

    pub(super) fn handle(self, row: u32) -> u32 {
        assert!(
            row < 1 << Kind::BITS,
            "fewer than 2^29 messages, timers and jobs at once"
        );
        (self as u32) << Kind::BITS | row
    }

    pub(super) const fn of(handle: u32) -> (Kind, u32) {
        let kind = match handle >> Kind::BITS {
            0 => Kind::Arrival,
            1 => Kind::Timer,
            2 => Kind::Job,
            3 => Kind::Act,
            4 => Kind::Resume,
            _ => Kind::Letter,
        };
        (kind, handle & ((1 << Kind::BITS) - 1))
    }
}

impl<'p, P: Node> Sim<'p, P> {
    /// A cluster whose process `id` runs `program(id)`. All boot at time zero, in the order of their numbers.
    ///
    /// # Panics
    /// If a fault of the setup names a process or a number that is not there.
    pub fn new(setup: Setup, program: impl FnMut(NodeId) -> P + 'p) -> Sim<'p, P> {
        Sim::build(setup, None, program)
    }

    pub(super) fn build(
        mut setup: Setup,
        live: Option<Live>,
        mut program: impl FnMut(NodeId) -> P + 'p,
    ) -> Sim<'p, P> {
        let host = |id| Host {
            program: program(NodeId(id)),
            disk: P::Disk::default(),
            sends: 0,
            choices: 0,
            timers: timers::NONE,
            up: true,
            trouble: Trouble::default(),
        };
        let hosts: Vec<Host<P>> = (0..setup.nodes).map(host).collect();
        let mut env = Env::new(
            NodeId(0),
            setup.nodes,
            Choices::Keyed {
                key: Key::new(
                    live.as_ref().map_or(setup.seed, Live::choices),
                    Purpose::Choice,
                ),
                made: 0,
            },
        );
        env.overlay = setup.network.overlay.clone();
        let base = live.as_ref().map_or(0, Live::base);
        setup.limits.events = setup.limits.events.saturating_add(base);
        let mut sim = Sim {
            network: Rc::new(setup.network.clone()),
            program: Box::new(program),
            hosts,
            incarnations: Seldom::default(),
            writes: Seldom::default(),
            afflicted: BTreeMap::new(),
            queue: Queue::new(),
            later: Later::new(),
            gauge: Gauge::default(),
            messages: Messages::new(),
            timers: Timers::new(),
            waiting: 0,
            jobs: Jobs::new(setup.seed),
            judge: Judge::new(),
            recorder: None,
            buffer: Buffer {
                env,
                effects: Vec::new(),
            },
            fate: Fate::new(setup.seed),
            plain: setup.network.is_plain(),
            direct: setup.network.only_delays() && live.is_none(),
            frame: None,
            framed: false,
            channels: BTreeMap::new(),
            held: Vec::new(),
            faults: Faults::default(),
            alarms: Alarms::default(),
            now: SimTime::ZERO,
            events: base,
            sends: base,
            booted: false,
            live,
            fold: Fold::default(),
            counters: Counters::default(),
            marks: BTreeMap::new(),
            fired: vec![FaultCount::default(); setup.counted as usize],
            crashed: BTreeMap::new(),
            last_repair: SimTime::ZERO,
            setup,
        };
        sim.plan_faults();
        sim
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
    /// If it names a process that is not there, or is to be repeated after no time at all.
    pub fn job(&mut self, job: Job<Req<P::Offers>>) {
        assert!(
            job.nodes.iter().all(|node| node.index() < self.hosts.len()),
            "a job names processes of the cluster"
        );
        assert!(
            job.repeat.as_ref().is_none_or(Repeat::moves_on),
            "a job is repeated after some time"
        );
        let (row, due) = self.jobs.add(job, self.since().as_nanos());
        // One entry a process, so that budgets are looked at between any two requests.
        for (node, at) in due {
            if self.is_here(node) {
                self.plan_request(node, row, at);
            }
        }
    }

    /// Judges `property` in this run; a liveness property may stay in debt for `within`.
    pub fn watch(&mut self, property: Box<dyn Property<P::Offers>>, within: Span) {
        self.judge.watch(property, within);
    }

    /// Records a trace. The run is the same with and without it.
    pub fn record(&mut self, recorder: Recorder<'p>) {
        self.recorder = Some(recorder);
    }

    /// Shows on `gauge` what the simulation is doing.
    pub fn show_on(&mut self, gauge: Gauge) {
        self.gauge = gauge;
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
        self.gauge.set(Doing::Engine);
        self.strike_from_the_start();
        for node in (0..self.setup.nodes).map(NodeId) {
            if self.hosts[node.index()].up {
                self.boot(node, Cause { event: 0, depth: 0 });
            }
        }
        let (ended, quiet_since) = self.turn();
        self.outcome(ended, quiet_since)
    }

    /// Starts a process, with what its disk holds.
    pub(super) fn boot(&mut self, node: NodeId, cause: Cause) {
        let host = &self.hosts[node.index()];
        let boot = Boot {
            disk: host.disk.clone(),
            incarnation: self.incarnations.get(node),
        };
        self.handle(node, Event::Boot(boot), cause);
    }

    /// A new program for a process that recovers.
    pub(super) fn rebuild(&mut self, node: NodeId) {
        self.hosts[node.index()].program = (self.program)(node);
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
            if self.is_quiet() {
                let quiet_since = Some(self.now);
                if limits.when_quiescent {
                    return (Ended::Quiescent, quiet_since);
                }
                self.now = end;
                return (Ended::Time, quiet_since);
            }
            if let Some(budget) = self.budget() {
                return (budget, None);
            }
            self.gauge.set(Doing::Queue);
            if self.hosts.len() + self.messages.rows() > FEW {
                self.look_ahead();
            }
            match self.next_at() {
                Some(at) if at <= end.as_nanos() => (),
                _ => {
                    self.now = end;
                    return (Ended::Time, None);
                }
            }
            if let Some(entry) = self.queue.pop() {
                self.gauge.set(Doing::Engine);
                self.step(entry);
            }
        }
    }

    /// Looks at what the next events will need, before they need it. The memory of a large cluster is slow, but it can be
    /// waited for all at once: each of these reads goes on without the others.
    #[inline]
    fn look_ahead(&mut self) {
        let mut seen = 0;
        for entry in self.queue.refill_if_dry() {
            if let Some(host) = self.hosts.get(entry.node as usize) {
                seen ^= host.sends ^ u32::from(host.up);
            }
            match Kind::of(entry.handle) {
                (Kind::Letter, row) => seen ^= self.messages.letter(row).depth(),
                (Kind::Arrival, row) => seen ^= self.messages.get(row).depth,
                _ => (),
            }
        }
        // Else the reads would be taken for useless.
        std::hint::black_box(seen);
    }

    /// The budget that is used up, if one is.
    #[inline]
    pub(super) fn budget(&self) -> Option<Ended> {
        let limits = &self.setup.limits;
        if self.events >= limits.events {
            return Some(Ended::Events);
        }
        (self.accounted() > limits.memory).then_some(Ended::Memory)
    }

    /// Is nothing in flight, armed or planned? Flaps of a partition that no message waits for do not count.
    #[inline]
    pub(super) fn is_quiet(&self) -> bool {
        let idle = self.timers.tombstones() + self.faults.flaps_planned;
        self.pending() == idle
            && self.waiting == 0
            && (self.held.is_empty() || self.faults.flaps_planned == 0)
    }

    pub(super) fn outcome(&mut self, ended: Ended, quiet_since: Option<SimTime>) -> Outcome {
        self.gauge.set(Doing::Nothing);
        let complete = matches!(ended, Ended::Quiescent | Ended::Time);
        let end = End {
            at: self.now,
            complete,
            quiet_since,
            within: Span::ZERO,
            last_repair: self.last_repair,
        };
        let mut fold = self.fold;
        fold.word(self.buffer.env.answers.digest());
        Outcome {
            ended,
            at: self.now,
            events: self.events - self.live.as_ref().map_or(0, Live::base),
            fingerprint: fold.digest(),
            counters: self.counters.clone(),
            marks: self.marks.clone(),
            faults: self.fired.clone(),
            verdicts: self.judge.finish(&end),
            crashed: self
                .crashed
                .iter()
                .map(|(node, (moment, _))| (*node, *moment))
                .collect(),
            trace: self.recorder.take().and_then(Recorder::finish),
        }
    }

    /// Accounted bytes of all that is in flight or armed. Copies that are not written down count too: how much memory they
    /// really take is no business of a limit.
    #[inline]
    pub(super) fn accounted(&self) -> u64 {
        let waiting = self.waiting + self.held.len();
        let remembered = waiting + self.channels.len() + self.jobs.remembered();
        self.pending() as u64 * BYTES_ENTRY
            + remembered as u64 * BYTES_WAITING
            + self.messages.bytes()
            + self.timers.rows() as u64 * BYTES_TIMER
    }

    #[inline]
    pub(super) fn step(&mut self, entry: Entry) {
        let due = SimTime::from_nanos(entry.at);
        // In real time things happen when there is time for them, never before they are due.
        self.now = self.now.max(due);
        let node = NodeId(entry.node);
        match Kind::of(entry.handle) {
            (Kind::Letter, row) => self.open(node, row, entry),
            (Kind::Arrival, row) if !self.is_engaged(node) => self.arrive(node, row),
            (Kind::Timer, row) if !self.timers.is_live(row) => self.timer(node, row),
            (Kind::Timer, _) if self.was_missed(due) => {
                let at = self.now.as_nanos();
                self.push(Entry { at, ..entry });
            }
            (Kind::Arrival, _) => self.wait_or_work(node, Waiting::Entry(entry.handle)),
            (Kind::Timer, _) if self.is_engaged(node) => {
                self.wait_or_work(node, Waiting::Entry(entry.handle));
            }
            (Kind::Timer, row) => self.timer(node, row),
            (Kind::Job, _) if self.is_closed() => (),
            (Kind::Job, row) => {
                let (n, again) = self.jobs.due(row, node, entry.at);
                if let Some(at) = again {
                    self.plan_request(node, row, at);
                }
                if self.is_engaged(node) {
                    self.wait_or_work(node, Waiting::Job(row, n));
                } else {
                    self.ask(node, row, n);
                }
            }
            (Kind::Act, row) => self.act(Act::of(row)),
            (Kind::Resume, _) => self.resume(node),
        }
    }

    /// Is the process busy or slow, so that what happens to it waits or takes time?
    #[inline]
    fn is_engaged(&self, node: NodeId) -> bool {
        let trouble = self.hosts[node.index()].trouble;
        trouble.has(Trouble::BUSY.with(Trouble::SLOW))
    }

    /// The process takes what has happened to it a while ago.
    pub(super) fn take(&mut self, node: NodeId, what: Waiting) {
        match what {
            Waiting::Entry(handle) => match Kind::of(handle) {
                (Kind::Arrival, row) => self.arrive(node, row),
                (_, row) => self.timer(node, row),
            },
            Waiting::Job(row, n) => self.ask(node, row, n),
        }
    }

    fn arrive(&mut self, node: NodeId, row: u32) {
        let host = &self.hosts[node.index()];
        let takes_it = host.up && !host.trouble.has(Trouble::OMITS);
        if takes_it && self.recorder.is_none() && self.alarms.receipts.is_empty() {
            return self.arrive_unseen(node, row);
        }
        let message = self.messages.get(row);
        // Another's name is for others: nobody can lie to itself about who it is.
        let own = message.sender == node;
        let from = if own { node } else { message.from };
        let (sent, place) = (message.sent, message.place(node, &self.network.overlay));
        let (cause, msg) = (message.first_event + place, message.first_message + place);
        // On a real network anybody may write any depth into a datagram.
        let depth = message.depth.saturating_add(u32::from(!own));
        let watched = !own && !self.alarms.receipts.is_empty();
        let kinds = watched.then(|| message.body.to_string());
        if self.recorder.is_some() {
            self.gauge.set(Doing::Trace);
        }
        let text = self
            .recorder
            .as_mut()
            .map(|recorder| recorder.summary(&message.body));
        self.gauge.set(Doing::Engine);
        let dropped = if self.hosts[node.index()].up {
            let omits = self.omits_to_receive(node, row);
            omits.map(|fault| (Folded::NotReceived, WhyDropped::NotReceived(fault)))
        } else {
            let fault = self.crashed.get(&node).map_or(0, |(_, fault)| *fault);
            Some((Folded::Drop, WhyDropped::Down(fault)))
        };
        if let Some((folded, why)) = dropped {
            self.messages.discard(row);
            let event = self.next_event(folded, node, msg);
            if let WhyDropped::NotReceived(fault) = why {
                self.counters.omitted += 1;
                self.fire(fault, event);
            } else {
                self.counters.to_crashed += u64::from(!own);
            }
            let peer = from;
            self.note_text(event, cause, node, text, |text| What::Drop {
                msg,
                peer,
                text,
                why,
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
        self.counters.received += u64::from(!own);
        let (msg, ()) = self.messages.arrive(row, |_| ());
        self.handle(
            node,
            Event::Indication(Arrival { from, msg }),
            Cause { event, depth },
        );
        if let Some(summary) = kinds {
            let is_it = |kind: &Option<String>| is_of_kind(&summary, kind.as_slice());
            let due = self.alarms.receipts.count(node, is_it);
            self.strike_all(due, event);
        }
    }

    /// What nearly all arrivals are: the same, at a process that takes the message, while nobody watches.
    #[inline]
    fn arrive_unseen(&mut self, node: NodeId, row: u32) {
        let overlay = &self.network.overlay;
        let (msg, (from, own, number, depth)) = self.messages.arrive(row, |message| {
            let own = message.sender == node;
            (
                if own { node } else { message.from },
                own,
                message.first_message + message.place(node, overlay),
                message.depth.saturating_add(u32::from(!own)),
            )
        });
        let event = self.next_event(Folded::Recv, node, number);
        self.counters.received += u64::from(!own);
        let cause = Cause { event, depth };
        self.handle(node, Event::Indication(Arrival { from, msg }), cause);
    }

    /// A letter arrives. If its receiver is in trouble, or somebody counts what it receives, it is treated as any message.
    #[inline]
    fn open(&mut self, node: NodeId, row: u32, entry: Entry) {
        let letter = self.messages.open(row);
        let host = &self.hosts[node.index()];
        let counted = !self.alarms.receipts.is_empty();
        if !host.up || host.trouble.has(TROUBLE_TO_RECEIVE) || counted {
            let row = self.messages.insert(letter.unfold(node));
            let handle = Kind::Arrival.handle(row);
            return self.step(Entry { handle, ..entry });
        }
        let event = self.next_event(Folded::Recv, node, letter.number());
        self.counters.received += 1;
        let depth = letter.depth();
        let (from, msg) = (letter.from, letter.body);
        let cause = Cause { event, depth };
        self.handle(node, Event::Indication(Arrival { from, msg }), cause);
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

    /// Plans that a job asks a process.
    fn plan_request(&mut self, node: NodeId, row: u32, at: u64) {
        let (node, handle) = (node.0, Kind::Job.handle(row));
        self.push(Entry { at, node, handle });
    }

    /// Asks one process what a job wants of it that has asked it `n` times before.
    fn ask(&mut self, node: NodeId, row: u32, n: u64) {
        let request = self.jobs.request(row, n);
        let digest = digest(&request).hash;
        if !self.hosts[node.index()].up {
            self.counters.requests_to_crashed += 1;
            let event = self.next_event(Folded::Skip, node, digest);
            self.note(event, 0, node, |recorder| {
                What::Skip(recorder.summary(&request))
            });
            return;
        }
        self.requested(node, request, digest);
    }

    pub(super) fn requested(&mut self, node: NodeId, request: Req<P::Offers>, digest: u64) {
        self.counters.requests += 1;
        let event = self.next_event(Folded::Request, node, digest);
        self.note(event, 0, node, |recorder| {
            What::Request(recorder.summary(&request))
        });
        self.show(
            Moment {
                at: self.now,
                event,
            },
            &Fact::Requested(node, &request),
        );
        self.handle(node, Event::Request(request), Cause { event, depth: 0 });
    }
}
