//! The engine in real time: a part of a cluster whose messages leave for a real network and come from one.
//!
//! Nothing is interpreted twice: the same engine carries out effects, strikes with faults and shows facts to properties,
//! in a simulation and here. Only three things are different. Time is told by whoever drives it ([`RealTime::advance`]).
//! A copy that the network model lets travel does not enter the queue but leaves ([`Deed::Sent`]), and what comes in
//! ([`RealTime::receive`]) arrives after the delay that the model gave it. And what a process must not forget leaves too
//! ([`Deed::Wrote`]), to be made durable before anything behind it is let out.
//!
//! For equal setup, part and calls the deeds are equal: a recording of the calls replays a real run exactly.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::canonical::digest;
use crate::kernel::id::NodeId;
use crate::kernel::port::{Group, Req};
use crate::kernel::property::{Fact, Moment};
use crate::kernel::protocol::{Node, Protocol};
use crate::kernel::time::{SimTime, Span};
use crate::kernel::wire;
use crate::trace::What;

use super::engine::{Kind, Sim};
use super::fault::{Fault, Lasting, Strike, Trigger};
use super::interpret::Cause;
use super::messages::InFlight;
use super::numbers::Folded;
use super::outcome::{Counters, Ended, Outcome};
use super::queue::Entry;
use super::setup::Setup;

/// Most entries of the queue that one call of [`RealTime::advance`] takes: sockets are looked at in between.
const ENTRIES_A_TURN: usize = 4_096;

/// No message is kept longer than this where the network model sets no bound.
const UNBOUNDED: Span = Span::from_secs(60);

/// A timer that is later than this was missed: the whole part has not run for a while. It waits for all that has come.
const MISSED: Span = Span::from_millis(10);

/// Which part of a cluster lives here, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The processes that live here.
    pub here: BTreeSet<NodeId>,
    /// When it starts, on the clock of the scenario: what was to happen here before is over.
    pub since: SimTime,
    /// The seed of the choices that protocols make; faults draw from the seed of the setup.
    pub choices: u64,
    /// Events and messages are numbered from here, so that those of several parts and lives differ.
    pub base: u64,
    /// Faults, by their numbers, that have struck in an earlier life of this part and do not strike again.
    pub spent: BTreeSet<u32>,
    /// Only the real network delays and loses messages: the model of the setup is left out. Partitions are not.
    pub own_network: bool,
}

impl Part {
    /// The whole cluster, from time zero.
    #[must_use]
    pub fn whole(nodes: u32, choices: u64) -> Part {
        Part {
            here: (0..nodes).map(NodeId).collect(),
            since: SimTime::ZERO,
            choices,
            base: 0,
            spent: BTreeSet::new(),
            own_network: false,
        }
    }
}

/// What a process starts its life with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Who.
    pub node: NodeId,
    /// How often it has been started before.
    pub incarnation: u32,
    /// Its disk as it was last written whole; `None` if it never was.
    pub snapshot: Option<Vec<u8>>,
    /// The writes since, in order.
    pub writes: Vec<Vec<u8>>,
}

impl Life {
    /// The first life of a process.
    #[must_use]
    pub const fn first(node: NodeId) -> Life {
        Life {
            node,
            incarnation: 0,
            snapshot: None,
            writes: Vec::new(),
        }
    }
}

/// One copy of a message between two parts of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// Who says to have sent it.
    pub from: NodeId,
    /// Its receiver.
    pub to: NodeId,
    /// Number of the message, and of the event in which it was sent.
    pub number: u64,
    /// See `number`.
    pub event: u64,
    /// Length of the chain of messages that led to it.
    pub depth: u32,
    /// When it was sent, on its sender's clock.
    pub sent: SimTime,
    /// How long it is kept at its receiver before it arrives: what the network model adds to the real network.
    pub delay: Span,
    /// The message.
    pub body: Vec<u8>,
}

/// What a part of a cluster has done that the world outside has to know, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// A process has written to its disk: to be durable before anything behind it is let out.
    Wrote(NodeId, Vec<u8>),
    /// A process has lost its disk.
    DiskLost(NodeId),
    /// A process has begun another life: to be durable before anything behind it is let out.
    Life(NodeId, u32),
    /// A copy of a message leaves.
    Sent(Packet),
    /// A process said something through its uppermost port.
    Said(NodeId, Vec<u8>),
    /// A process has crashed, by the fault of this number.
    Crashed(NodeId, u32),
    /// And it is to recover.
    Returns {
        /// Who.
        node: NodeId,
        /// When.
        at: SimTime,
        /// With an empty disk.
        disk_lost: bool,
    },
}

/// Why something that came in was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Refused {
    /// It is for a process that does not live here.
    NotHere,
    /// It says to come from a process that is not of the cluster.
    Stranger,
    /// It wants to be kept longer than the network model ever keeps a message.
    TooLate,
    /// Its bytes are no message of this protocol, no request of its port, or no state of its disk.
    Unreadable,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::NotHere => "it is for a process that does not live here",
            Refused::Stranger => "it comes from a process that is not of this cluster",
            Refused::TooLate => "it wants to be kept longer than any message is",
            Refused::Unreadable => "its bytes mean nothing to this protocol",
        })
    }
}

/// A part of a cluster as its driver sees it, whatever protocol it runs.
pub trait RealTime {
    /// Starts the processes that live here, each with what its disk holds.
    ///
    /// # Errors
    /// If a life is not of a process here, or its disk cannot be read. Nothing was started then.
    fn start(&mut self, lives: &[Life]) -> Result<(), Refused>;

    /// Lets everything happen that is due at `now`, or a part of it: call it again while [`RealTime::next_at`] is not
    /// after `now`. Gives why the run is over, if it is. Time never goes back: an earlier `now` is taken for the last one.
    ///
    /// What is due happens in order of time, with one exception. A timer that is more than 10 ms late was missed: this part
    /// was stopped, or starved. It fires behind all messages that were due by now, once: what has come is heard before
    /// anybody concludes that it has not.
    fn advance(&mut self, now: SimTime) -> Option<Ended>;

    /// A message has come in. It arrives after its delay, at the next [`RealTime::advance`] if that is zero.
    ///
    /// # Errors
    /// Why it was not taken.
    fn receive(&mut self, now: SimTime, packet: &Packet) -> Result<(), Refused>;

    /// Asks a process for something, in the bytes of a request of its port.
    ///
    /// # Errors
    /// Why it was not asked.
    fn ask(&mut self, now: SimTime, node: NodeId, request: &[u8]) -> Result<(), Refused>;

    /// From now on the workload asks for nothing more.
    fn close(&mut self);

    /// When something is due next.
    fn next_at(&mut self) -> Option<SimTime>;

    /// Is nothing in flight here, armed or planned?
    fn is_quiet(&self) -> bool;

    /// Accounted bytes of all that is in flight here or armed; see [`Limits::memory`](super::Limits::memory).
    fn accounted(&self) -> u64;

    /// When the run ends at the latest, and whether it ends as soon as all is quiet.
    fn limits(&self) -> (SimTime, bool);

    /// What has been done since the list was emptied.
    fn deeds(&mut self) -> &mut Vec<Deed>;

    /// The disk of a process, whole.
    ///
    /// # Panics
    /// If there is no such process.
    fn disk(&self, node: NodeId) -> Vec<u8>;

    /// What has been counted so far.
    fn counters(&self) -> &Counters;

    /// Ends the run. `quiet_since`: when everything fell silent everywhere, if it did.
    fn finish(&mut self, ended: Ended, quiet_since: Option<SimTime>) -> Outcome;

    /// Ends a run in which the protocol panicked: what had happened so far.
    fn panicked(&mut self) -> Outcome;
}

/// What the engine knows of the world outside.
pub(super) struct Live {
    part: Part,
    deeds: Vec<Deed>,
    /// All that was due until then has happened.
    done: SimTime,
    /// If there was too much for one call: what the first one was told. Missed timers wait until then.
    catching_up: Option<SimTime>,
    /// The workload asks for nothing more.
    closed: bool,
    /// The body of a message in bytes, by the number of its first copy and its row: the copies of a group send share it,
    /// and one that was changed on its way does not.
    body: (u64, u32, Vec<u8>),
}

impl Live {
    pub(super) fn choices(&self) -> u64 {
        self.part.choices
    }

    pub(super) fn base(&self) -> u64 {
        self.part.base
    }

    pub(super) fn did(&mut self, deed: Deed) {
        self.deeds.push(deed);
    }
}

impl<'p, P: Node> Sim<'p, P> {
    /// A part of a cluster in real time; see [`RealTime`].
    ///
    /// # Panics
    /// As [`Sim::new`], and if the part names a process that is not of the cluster.
    pub fn live(mut setup: Setup, part: Part, program: impl FnMut(NodeId) -> P + 'p) -> Sim<'p, P> {
        assert!(
            part.here.iter().all(|node| node.0 < setup.nodes),
            "a part consists of processes of the cluster"
        );
        if part.own_network {
            setup.network = setup.network.unmodelled();
        }
        let now = part.since;
        let live = Live {
            part,
            deeds: Vec::new(),
            done: now,
            catching_up: None,
            closed: false,
            body: (0, 0, Vec::new()),
        };
        let mut sim = Sim::build(setup, Some(live), program);
        sim.now = now;
        sim
    }

    /// Was a timer that was due at `due` missed, and has not waited yet for what has come meanwhile?
    pub(super) fn was_missed(&self, due: SimTime) -> bool {
        let Some(live) = &self.live else {
            return false;
        };
        let missed = |until| due > live.done && due.after(MISSED) < until;
        live.catching_up.is_some_and(missed)
    }

    /// Does the workload ask for nothing more?
    pub(super) fn is_closed(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.closed)
    }

    /// The part of the cluster that lives here; `None` if it is simulated, and all do.
    fn part(&self) -> Option<&Part> {
        self.live.as_ref().map(|live| &live.part)
    }

    pub(super) fn is_here(&self, node: NodeId) -> bool {
        self.part().is_none_or(|part| part.here.contains(&node))
    }

    /// When the part that lives here starts.
    pub(super) fn since(&self) -> SimTime {
        self.part().map_or(SimTime::ZERO, |part| part.since)
    }

    /// Tells the world outside, if there is one.
    pub(super) fn tell(&mut self, deed: impl FnOnce() -> Deed) {
        if let Some(live) = &mut self.live {
            live.did(deed());
        }
    }

    /// Can this fault still strike somebody here?
    pub(super) fn concerns_us(&self, fault: &Fault) -> bool {
        let Some(part) = self.part() else {
            return true;
        };
        let start = match fault.trigger {
            Trigger::Start => SimTime::ZERO,
            Trigger::At(at) => SimTime::ZERO.after(at),
            _ => part.since,
        };
        let is_over = start < part.since
            && match fault.lasting {
                _ if matches!(fault.strike, Strike::Crash { .. }) => true,
                Lasting::Forever => false,
                Lasting::Until(end) => SimTime::ZERO.after(end) <= part.since,
                Lasting::For(span) => start.after(span) <= part.since,
            };
        let victim = fault.strike.victim();
        !is_over
            && !part.spent.contains(&fault.number)
            && victim.is_none_or(|node| part.here.contains(&node))
    }

    /// How long a copy may be kept at most: as long as the law of its channel and the faults of a traitor can delay it.
    fn longest_delay(&self, from: NodeId, to: NodeId) -> Span {
        let law = self.network.law_between(from, to);
        let queued = law.bandwidth.map_or(Span::ZERO, |_| UNBOUNDED);
        let late = self.setup.faults.iter().map(|fault| match fault.strike {
            Strike::Delay { by, .. } => by,
            _ => Span::ZERO,
        });
        let late = late.max().unwrap_or(Span::ZERO);
        let longest = law.latency.longest().min(UNBOUNDED);
        let spans = [longest, queued, late].map(Span::as_nanos);
        Span::from_nanos(spans.into_iter().fold(0, u64::saturating_add))
    }

    /// A copy leaves for the world outside, to arrive there at `at`.
    pub(super) fn leaves(&mut self, to: NodeId, at: SimTime, handle: u32) {
        let (_, row) = Kind::of(handle);
        let message = self.messages.get(row);
        let place = message.place(to, &self.network.overlay);
        let Some(live) = &mut self.live else {
            return;
        };
        if (live.body.0, live.body.1) != (message.first_message, row) {
            (live.body.0, live.body.1) = (message.first_message, row);
            wire::encode_into(&message.body, &mut live.body.2);
        }
        live.deeds.push(Deed::Sent(Packet {
            from: message.from,
            to,
            number: message.first_message + place,
            event: message.first_event + place,
            depth: message.depth,
            sent: message.sent,
            delay: Span::from_nanos(at.as_nanos().saturating_sub(self.now.as_nanos())),
            body: live.body.2.clone(),
        }));
    }

    /// A process starts a life that is not its first.
    fn resurrect(&mut self, node: NodeId, incarnation: u32) -> Cause {
        self.counters.recoveries += 1;
        self.last_repair = self.now;
        let event = self.next_event(Folded::Recover, node, u64::from(incarnation));
        self.note(event, 0, node, |_| What::Recover(u32::MAX));
        let moment = Moment {
            at: self.now,
            event,
        };
        self.show(moment, &Fact::Recovered(node));
        Cause { event, depth: 0 }
    }
}

/// The disk of a process as it stands after these writes.
fn restored<P: Protocol>(life: &Life) -> Option<P::Disk> {
    use crate::kernel::disk::Disk;
    let mut disk = match &life.snapshot {
        Some(bytes) => wire::decode(bytes)?,
        None => P::Disk::default(),
    };
    for bytes in &life.writes {
        disk.apply(wire::decode(bytes)?);
    }
    Some(disk)
}

impl<P: Node> RealTime for Sim<'_, P> {
    fn start(&mut self, lives: &[Life]) -> Result<(), Refused> {
        assert!(
            !std::mem::replace(&mut self.booted, true),
            "a part of a cluster is started once"
        );
        for life in lives {
            if life.node.0 >= self.setup.nodes || !self.is_here(life.node) {
                return Err(Refused::NotHere);
            }
            let disk = restored::<P>(life).ok_or(Refused::Unreadable)?;
            let host = &mut self.hosts[life.node.index()];
            host.disk = disk;
            // Draws go on across lives: what an earlier one sent and wrote has had its own.
            let before = (life.incarnation % 1_024) << 20;
            host.sends = before;
            let nodes = self.setup.nodes;
            *self.incarnations.of(life.node, nodes) = life.incarnation;
            *self.writes.of(life.node, nodes) = before;
        }
        self.strike_from_the_start();
        for life in lives {
            if self.hosts[life.node.index()].up {
                let cause = if life.incarnation == 0 {
                    Cause { event: 0, depth: 0 }
                } else {
                    self.resurrect(life.node, life.incarnation)
                };
                self.boot(life.node, cause);
            }
        }
        Ok(())
    }

    fn advance(&mut self, now: SimTime) -> Option<Ended> {
        let end = SimTime::ZERO.after(self.setup.limits.at);
        self.now = self.now.max(now.min(end));
        if let Some(live) = &mut self.live {
            live.catching_up.get_or_insert(self.now);
        }
        for _ in 0..ENTRIES_A_TURN {
            if let Some(budget) = self.budget() {
                return Some(budget);
            }
            match self.queue.next_at() {
                Some(at) if at <= self.now.as_nanos() => (),
                _ => {
                    if let Some(live) = &mut self.live {
                        (live.done, live.catching_up) = (self.now, None);
                    }
                    return (now >= end).then_some(Ended::Time);
                }
            }
            if let Some(entry) = self.queue.pop() {
                self.step(entry);
            }
        }
        None
    }

    fn receive(&mut self, now: SimTime, packet: &Packet) -> Result<(), Refused> {
        let Packet { from, to, .. } = *packet;
        if to.0 >= self.setup.nodes || !self.is_here(to) {
            return Err(Refused::NotHere);
        }
        if from.0 >= self.setup.nodes {
            return Err(Refused::Stranger);
        }
        // The delay is outside every seal: whoever forges it must not reach beyond what an honest sender can.
        if packet.delay > self.longest_delay(from, to) {
            return Err(Refused::TooLate);
        }
        let body = wire::decode(&packet.body).ok_or(Refused::Unreadable)?;
        self.now = self.now.max(now);
        let row = self.messages.insert(InFlight {
            body,
            from,
            // What comes from outside never comes from the process itself, whatever it says.
            sender: if from == to { NodeId::ALL } else { from },
            to: Group::One(to),
            ordinal: u32::try_from(packet.number & u64::from(u32::MAX)).unwrap_or_default(),
            start: 0,
            sent: packet.sent,
            first_event: packet.event,
            first_message: packet.number,
            depth: packet.depth,
            left: 1,
            size: u32::try_from(packet.body.len()).unwrap_or(u32::MAX),
        });
        let mut at = self.now.after(packet.delay).as_nanos();
        if self.network.law_between(from, to).fifo {
            let channel = self.channels.entry((from, to)).or_default();
            channel.last_arrival = channel.last_arrival.max(at);
            at = channel.last_arrival;
        }
        self.push(Entry {
            at,
            node: to.0,
            handle: Kind::Arrival.handle(row),
        });
        Ok(())
    }

    fn ask(&mut self, now: SimTime, node: NodeId, request: &[u8]) -> Result<(), Refused> {
        if node.0 >= self.setup.nodes || !self.is_here(node) || !self.hosts[node.index()].up {
            return Err(Refused::NotHere);
        }
        let request: Req<P::Offers> = wire::decode(request).ok_or(Refused::Unreadable)?;
        self.now = self.now.max(now);
        let digest = digest(&request).hash;
        self.requested(node, request, digest);
        Ok(())
    }

    fn close(&mut self) {
        if let Some(live) = &mut self.live {
            live.closed = true;
        }
    }

    fn next_at(&mut self) -> Option<SimTime> {
        self.queue.next_at().map(SimTime::from_nanos)
    }

    fn is_quiet(&self) -> bool {
        Sim::is_quiet(self)
    }

    fn accounted(&self) -> u64 {
        Sim::accounted(self)
    }

    fn limits(&self) -> (SimTime, bool) {
        let limits = &self.setup.limits;
        (SimTime::ZERO.after(limits.at), limits.when_quiescent)
    }

    fn deeds(&mut self) -> &mut Vec<Deed> {
        let live = self.live.as_mut().expect("a simulation has no deeds");
        &mut live.deeds
    }

    fn disk(&self, node: NodeId) -> Vec<u8> {
        wire::encode(&self.hosts[node.index()].disk)
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn finish(&mut self, ended: Ended, quiet_since: Option<SimTime>) -> Outcome {
        self.outcome(ended, quiet_since)
    }

    fn panicked(&mut self) -> Outcome {
        Sim::panicked(self)
    }
}
