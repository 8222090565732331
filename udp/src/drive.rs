//! The loop: feeds an engine with time and with what comes in, and lets out what it did.
//!
//! A loop that was stopped for a while does not take its own absence for that of others. It reads all that waits in its
//! sockets before it goes on; what the network model wanted delayed has waited there; and the engine lets timers that were
//! missed fire behind all that. If the whole cluster lives in the loop, time stood still meanwhile.
//!
//! What was done leaves in this order: it is made durable, it is recorded, then it is sent.

use std::any::Any;
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rustix::thread::set_current_timer_slack;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::{SimTime, Span};
use sim_core::sim::{Counters, Deed, Ended, Life, Packet, RealTime};

use crate::clock::Clock;
use crate::counts::Counts;
use crate::outbox::Outbox;
use crate::post::{Post, Received};
use crate::recording::{Entry, Recording};
use crate::store::{Store, StoreError};
use crate::wire::{Bounds, Cluster, Letter, Opener, To};

/// Longest time that the loop waits: then it looks whether somebody wants it to end.
const TICK: Duration = Duration::from_millis(50);
/// What is due later than this is later than a tick, however long this turn took.
const LONG_TICK: Span = Span::from_secs(1);
/// Who has heard nothing for so long takes what is missing for lost.
const GRACE: Span = Span::from_millis(200);
/// A turn that comes later than this after the one before is a pause, and told.
const PAUSE: Span = Span::from_secs(1);
/// A turn that comes later than this is late: what came in may have waited as long.
const LATE: Span = Span::from_millis(10);
/// A turn that comes later than this was stopped: if the whole cluster is here, nobody lived meanwhile.
const STOPPED: Span = Span::from_millis(100);
/// Most datagrams that a turn reads that is late.
const LATE_READS: usize = 16_384;
/// Between two lines of metrics.
const METRICS: Span = Span::from_secs(1);
/// Accounted bytes that may be in flight or armed here while messages are still taken: whoever floods a process with
/// messages for later takes no more than that.
const INBOX_MAX: u64 = 1 << 30;
/// Writes behind a snapshot before the next one is made.
const WRITES_MAX: u64 = 4_096;

/// Where a part of a cluster lives.
#[derive(Clone, Debug)]
pub struct Site {
    /// The name of the cluster: datagrams of others fall out.
    pub cluster: String,
    /// The address of each process, by its number.
    pub addresses: Vec<SocketAddr>,
    /// The address to which group sends go, if they go by IP multicast.
    pub group: Option<SocketAddr>,
    /// Who lives here.
    pub here: BTreeSet<NodeId>,
    /// How large messages and tables may be.
    pub bounds: Bounds,
}

/// What a listener wants of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Go on.
    GoOn,
    /// Let nobody ask for anything more, and end when all is quiet, or after this time.
    Drain(Span),
    /// End now. Everything is quiet since then, if it is.
    End(Option<SimTime>),
}

/// What a loop says of itself, every turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The time.
    pub now: SimTime,
    /// Nothing is in flight here, armed or planned.
    pub is_quiet: bool,
    /// When something last happened here.
    pub last: SimTime,
    /// Copies of messages that left.
    pub sent: u64,
    /// Copies that came in.
    pub came: u64,
}

/// Whoever looks at a loop from outside. All methods may do nothing.
pub trait Listener {
    /// Called every turn.
    fn order(&mut self, _: &Status) -> Order {
        Order::GoOn
    }

    /// What processes are to be asked for, in bytes of requests of their port.
    fn requests(&mut self) -> Vec<(NodeId, Vec<u8>)> {
        Vec::new()
    }

    /// Somebody may still ask for something: that all is quiet is no end.
    fn is_open(&self) -> bool {
        false
    }

    /// A process said something, in bytes of an indication of its port.
    fn said(&mut self, _: NodeId, _: &[u8]) {}

    /// A process has crashed, by the fault of this number; all that it did before is out. It returns, if it does, at this
    /// time, perhaps with an empty disk.
    fn crashed(&mut self, _: NodeId, _: u32, _: Option<(SimTime, bool)>) {}

    /// Figures, once a second.
    fn metrics(&mut self, _: SimTime, _: &Counts, _: &Counters) {}
}

/// A listener that does nothing.
impl Listener for () {}

/// How a loop ended.
#[derive(Debug)]
pub struct Ran {
    /// Why.
    pub ended: Ended,
    /// Since when all was quiet, if it was.
    pub quiet_since: Option<SimTime>,
    /// Somebody wanted it to.
    pub asked_to: bool,
    /// What a protocol said when it panicked.
    pub panic: Option<Box<dyn Any + Send>>,
    /// What was counted.
    pub counts: Counts,
}

/// Why a loop could not go on.
#[derive(Debug)]
pub enum Failure {
    /// A socket or a file.
    Io(io::Error),
    /// Stable storage.
    Store(StoreError),
    /// What was stored, or an own request, means nothing to the protocol.
    Unreadable(&'static str),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Io(error) => error.fmt(f),
            Failure::Store(error) => error.fmt(f),
            Failure::Unreadable(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}

/// The sockets of a part of a cluster, before anybody lives there.
pub struct Bound {
    site: Site,
    post: Post,
}

impl Bound {
    /// Binds the sockets of all who live at `site`. Port 0 stands for any free port.
    ///
    /// # Errors
    /// If a socket cannot be had: the text says which, and why.
    pub fn new(mut site: Site) -> io::Result<Bound> {
        let local: Vec<(NodeId, SocketAddr)> = site
            .here
            .iter()
            .map(|node| (*node, site.addresses[node.index()]))
            .collect();
        let post = Post::bind(&local, site.group)?;
        for (node, _) in local {
            if let Some(bound) = post.address(node) {
                site.addresses[node.index()] = bound;
            }
        }
        Ok(Bound { site, post })
    }

    /// The address of a process that lives here.
    #[must_use]
    pub fn address(&self, node: NodeId) -> Option<SocketAddr> {
        self.post.address(node)
    }

    /// Ends the wait of the loop, from another thread or a signal handler.
    #[must_use]
    pub fn waker(&self) -> crate::post::Waker {
        self.post.waker()
    }

    /// The loop of this engine, by this clock.
    pub fn drive(self, engine: &mut dyn RealTime, clock: Clock) -> Drive<'_> {
        let Bound { site, post } = self;
        let cluster = Cluster::new(&site.cluster);
        let here = site.here.iter().copied().collect();
        let (addresses, has_group) = (site.addresses.clone(), site.group.is_some());
        Drive {
            engine,
            clock,
            opener: Opener::new(&cluster, &site.bounds),
            outbox: Outbox::new(&cluster, &site.bounds, addresses, has_group, here),
            post,
            site,
            store: None,
            recording: None,
            counts: Counts::default(),
            last: clock.now(),
            came: Vec::new(),
            late: Span::ZERO,
        }
    }
}

/// A part of a cluster on real sockets.
pub struct Drive<'a> {
    engine: &'a mut dyn RealTime,
    clock: Clock,
    site: Site,
    post: Post,
    opener: Opener,
    outbox: Outbox,
    store: Option<Store>,
    recording: Option<Recording>,
    counts: Counts,
    /// When something last happened.
    last: SimTime,
    /// What was read in this turn and is to be handed over.
    came: Vec<Packet>,
    /// How late this turn is, if it is late.
    late: Span,
}

impl Drive<'_> {
    /// Keeps what processes write in this database.
    #[must_use]
    pub fn with_store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// Records all that comes in and all that is done.
    #[must_use]
    pub fn with_recording(mut self, recording: Recording) -> Self {
        self.recording = Some(recording);
        self
    }

    /// Starts the processes with their `lives` and goes on until the run is over. The engine is not finished yet.
    ///
    /// # Errors
    /// If a file, a socket or the database fails for good.
    pub fn run(&mut self, lives: &[Life], listener: &mut dyn Listener) -> Result<Ran, Failure> {
        while let Some(ahead) = self.clock.ahead() {
            self.post.wait(Some(ahead.min(TICK)), false)?;
        }
        self.last = self.clock.now();
        // The kernel lets timers of a thread run out together, up to 50 us late; this one is to be on time.
        let _ = set_current_timer_slack(NonZeroU64::new(1_000));
        for life in lives {
            self.outbox.lives.insert(life.node, life.incarnation);
        }
        self.record(|| Entry::Started(lives.to_vec()))?;
        let unreadable = "what was stored means nothing to this protocol: it is of another version";
        let started = catch_unwind(AssertUnwindSafe(|| self.engine.start(lives)));
        let mut panic = match started {
            Ok(started) => {
                started.map_err(|_| Failure::Unreadable(unreadable))?;
                None
            }
            Err(cause) => Some(cause),
        };
        self.let_out(listener)?;
        let (end, when_quiet) = self.engine.limits();
        let mut drain_until = None;
        let mut told = SimTime::ZERO;
        let is_whole = self.site.here.len() == self.site.addresses.len();
        let mut reason = None;
        while reason.is_none() && panic.is_none() {
            let now = self.clock.now();
            self.counts.turns += 1;
            self.take_in(now)?;
            for (node, request) in listener.requests() {
                self.record(|| Entry::Asked(now, node, request.clone()))?;
                let unreadable = "a request means nothing to this protocol";
                match catch_unwind(AssertUnwindSafe(|| self.engine.ask(now, node, &request))) {
                    Ok(Err(sim_core::sim::Refused::Unreadable)) => {
                        return Err(Failure::Unreadable(unreadable));
                    }
                    Ok(_) => self.last = now,
                    Err(cause) => panic = Some(cause),
                }
            }
            if panic.is_none() && (now >= end || self.engine.next_at().is_some_and(|at| at <= now))
            {
                self.record(|| Entry::Advanced(now))?;
                match catch_unwind(AssertUnwindSafe(|| self.engine.advance(now))) {
                    Ok(ended) => reason = ended.map(|ended| (ended, None)),
                    Err(cause) => panic = Some(cause),
                }
                self.last = now;
            }
            self.let_out(listener)?;
            if now.as_nanos() >= told.as_nanos() + METRICS.as_nanos() {
                told = now;
                self.tell(now, listener);
            }
            let status = self.status(now);
            match listener.order(&status) {
                Order::GoOn => (),
                Order::End(quiet_since) => {
                    reason = reason.or(Some((at_the_end(when_quiet, quiet_since), quiet_since)));
                }
                // There is nothing to wait for, and nothing was cut short.
                Order::Drain(_)
                    if drain_until.is_none() && !listener.is_open() && self.is_silent(&status) =>
                {
                    let quiet_since = Some(self.last);
                    drain_until = Some(now);
                    reason = reason.or(Some((at_the_end(when_quiet, quiet_since), quiet_since)));
                }
                Order::Drain(span) if drain_until.is_none() => {
                    self.record(|| Entry::Closed)?;
                    self.engine.close();
                    drain_until = Some(now.after(span));
                }
                Order::Drain(_) => (),
            }
            let may_end = reason.is_none() && is_whole && !listener.is_open();
            if may_end && self.is_silent(&status) {
                let quiet_since = Some(self.last);
                reason = Some((at_the_end(when_quiet, quiet_since), quiet_since));
            }
            if drain_until.is_some_and(|until| now >= until || self.is_silent(&status)) {
                reason = reason.or(Some((Ended::Time, None)));
            }
            if reason.is_none() && panic.is_none() {
                self.wait(now, end, is_whole && !listener.is_open())?;
            }
        }
        self.over(
            reason,
            panic,
            drain_until.is_some(),
            end,
            when_quiet,
            listener,
        )
    }

    fn over(
        &mut self,
        reason: Option<(Ended, Option<SimTime>)>,
        panic: Option<Box<dyn Any + Send>>,
        asked_to: bool,
        end: SimTime,
        when_quiet: bool,
        listener: &mut dyn Listener,
    ) -> Result<Ran, Failure> {
        let (ended, quiet_since) = match (&panic, reason) {
            (Some(_), _) | (_, None) => (Ended::Panicked, None),
            (None, Some(reason)) => reason,
        };
        // Nothing happens any more until the time is up: it need not be waited for.
        if quiet_since.is_some() && !when_quiet {
            self.record(|| Entry::Advanced(end))?;
            self.engine.advance(end);
            self.let_out(listener)?;
        }
        self.record(|| Entry::Ended(ended, quiet_since))?;
        if let Some(recording) = &mut self.recording {
            recording.flush()?;
        }
        self.tell(self.clock.now(), listener);
        Ok(Ran {
            ended,
            quiet_since,
            asked_to,
            panic,
            counts: self.counts.clone(),
        })
    }

    fn record(&mut self, entry: impl FnOnce() -> Entry) -> io::Result<()> {
        match &mut self.recording {
            Some(recording) => recording.write(&entry()),
            None => Ok(()),
        }
    }

    /// Everything that came in is handed to the engine; if the turn is late, all that waits in the sockets.
    fn take_in(&mut self, now: SimTime) -> Result<(), Failure> {
        let mut read = 0;
        loop {
            let more = self.read(now)?;
            read += more;
            if more == 0 || self.late == Span::ZERO || read > LATE_READS {
                return Ok(());
            }
        }
    }

    fn read(&mut self, now: SimTime) -> Result<usize, Failure> {
        let Drive {
            post,
            opener,
            site,
            came,
            counts,
            ..
        } = self;
        let read = post.receive(|received: Received<'_>| {
            if !received.truncated {
                // What is wrong with a datagram is counted where it is found.
                let _ = opener.open(received.bytes, now, |letter| {
                    sort(letter, &site.here, counts, came);
                });
            }
        })?;
        opener.expire(now);
        let mut came = std::mem::take(&mut self.came);
        for mut packet in came.drain(..) {
            self.counts.messages.came += 1;
            if self.engine.accounted() > INBOX_MAX {
                self.counts.messages.inbox_full += 1;
                continue;
            }
            let delay = packet.delay.as_nanos().saturating_sub(self.late.as_nanos());
            packet.delay = Span::from_nanos(delay);
            match self.engine.receive(now, &packet) {
                Ok(()) => {
                    self.counts.messages.taken += 1;
                    self.last = now;
                    self.record(|| Entry::Came(now, packet))?;
                }
                Err(why) => self.counts.messages.refused(why),
            }
        }
        // Its memory is used again.
        self.came = came;
        Ok(read)
    }

    /// What the engine has done leaves: to the disk, to the recording, to the network. A write is durable before what
    /// follows it is let out, and what precedes it is out before it is durable: a crash keeps a prefix, whenever it comes.
    fn let_out(&mut self, listener: &mut dyn Listener) -> Result<(), Failure> {
        let mut deeds = std::mem::take(self.engine.deeds());
        let wrote = deeds.iter().filter_map(|deed| match deed {
            Deed::Wrote(node, _) => Some(*node),
            _ => None,
        });
        let wrote: BTreeSet<NodeId> = wrote.collect();
        while !deeds.is_empty() {
            let rest = deeds.split_off(first_run(&deeds));
            self.let_run_out(&mut deeds, listener)?;
            if !rest.is_empty() {
                deeds = rest;
            }
        }
        // Its memory is used again.
        *self.engine.deeds() = deeds;
        self.compact(wrote)?;
        if let Some(recording) = &mut self.recording {
            recording.flush()?;
        }
        Ok(self
            .outbox
            .send(&mut self.post, &mut self.counts.messages)?)
    }

    /// Puts many writes together. The disk of the engine is that after all writes of a turn: none may be outstanding.
    fn compact(&mut self, wrote: BTreeSet<NodeId>) -> Result<(), Failure> {
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        for node in wrote {
            if store.writes(node) > WRITES_MAX {
                store.compact(node, &self.engine.disk(node))?;
            }
        }
        Ok(())
    }

    /// The same for deeds of which those to be stored come first.
    fn let_run_out(
        &mut self,
        run: &mut Vec<Deed>,
        listener: &mut dyn Listener,
    ) -> Result<(), Failure> {
        if let Some(store) = self.store.as_mut().filter(|_| is_stored(&run[0])) {
            // What led to a write is recorded before it is durable.
            if let Some(recording) = &mut self.recording {
                recording.flush()?;
            }
            store_all(store, run)?;
        }
        if let Some(recording) = &mut self.recording {
            // It only lends them.
            let entry = Entry::Did(std::mem::take(run));
            recording.write(&entry)?;
            recording.flush()?;
            if let Entry::Did(lent) = entry {
                *run = lent;
            }
        }
        let mut crashed = Vec::new();
        for deed in run.drain(..) {
            match deed {
                Deed::Sent(packet) => self.outbox.add(packet, &mut self.counts.messages),
                Deed::Said(node, bytes) => listener.said(node, &bytes),
                Deed::Life(node, incarnation) => {
                    self.outbox.lives.insert(node, incarnation);
                }
                Deed::Crashed(node, fault) => crashed.push((node, fault, None)),
                Deed::Returns {
                    node,
                    at,
                    disk_lost,
                } => {
                    if let Some(last) = crashed.last_mut().filter(|(who, ..)| *who == node) {
                        last.2 = Some((at, disk_lost));
                    }
                }
                Deed::Wrote(..) | Deed::DiskLost(_) => (),
            }
        }
        self.outbox
            .send(&mut self.post, &mut self.counts.messages)?;
        for (node, fault, returns) in crashed {
            listener.crashed(node, fault, returns);
        }
        Ok(())
    }

    fn status(&self, now: SimTime) -> Status {
        Status {
            now,
            is_quiet: self.engine.is_quiet() && !self.outbox.is_waiting(),
            last: self.last,
            sent: self.counts.messages.sent,
            // What goes to the whole group comes back to its sender too.
            came: self.counts.messages.came - self.counts.messages.not_here,
        }
    }

    /// Is nothing going on any more, and nothing on its way?
    fn is_silent(&self, status: &Status) -> bool {
        let all_came = status.sent == status.came;
        let waited = status.now.as_nanos() - self.last.as_nanos().min(status.now.as_nanos());
        status.is_quiet && (all_came || waited > GRACE.as_nanos())
    }

    /// Ends the turn that began at `now`: waits for the next one, and notes how late that is.
    fn wait(&mut self, now: SimTime, end: SimTime, is_alone: bool) -> io::Result<()> {
        let next = self.engine.next_at().map_or(end, |at| at.min(end));
        let timeout = if next <= now {
            Duration::ZERO
        } else if next > now.after(LONG_TICK) {
            TICK
        } else {
            self.clock.until(next).min(TICK)
        };
        self.post.wait(Some(timeout), self.outbox.is_waiting())?;
        let timeout = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        let wanted = now.after(Span::from_nanos(timeout));
        let late = self
            .clock
            .now()
            .as_nanos()
            .saturating_sub(wanted.as_nanos());
        if late > PAUSE.as_nanos() {
            self.counts.pauses += 1;
            self.counts.longest_pause_ns = self.counts.longest_pause_ns.max(late);
        }
        self.late = Span::ZERO;
        if is_alone && late > STOPPED.as_nanos() {
            self.clock = self.clock.showing(wanted);
        } else if late > LATE.as_nanos() {
            self.late = Span::from_nanos(late);
        }
        Ok(())
    }

    fn tell(&mut self, now: SimTime, listener: &mut dyn Listener) {
        self.counts.sockets = *self.post.counts();
        self.counts.datagrams = *self.opener.counts();
        self.counts.kernel_drops = self.post.kernel_drops();
        self.counts.table_bytes = self.opener.table_bytes();
        let broken = self.counts.broken_rule();
        assert!(
            broken.is_none(),
            "every datagram is accounted for: {broken:?}"
        );
        listener.metrics(now, &self.counts, self.engine.counters());
    }
}

/// How a run ends in which all is quiet since some time.
fn at_the_end(when_quiet: bool, quiet_since: Option<SimTime>) -> Ended {
    if when_quiet && quiet_since.is_some() {
        Ended::Quiescent
    } else {
        Ended::Time
    }
}

/// A letter becomes a packet for each of its receivers here. One for several processes that is for nobody here still came.
fn sort(letter: &Letter, here: &BTreeSet<NodeId>, counts: &mut Counts, came: &mut Vec<Packet>) {
    let packet = |to: NodeId, place: u64| Packet {
        from: letter.from,
        to,
        number: letter.number.saturating_add(place),
        event: letter.event.saturating_add(place),
        depth: letter.depth,
        sent: letter.sent,
        delay: letter.delay,
        body: letter.body.clone(),
    };
    match &letter.to {
        To::One(to) => came.push(packet(*to, 0)),
        To::Many(to) => {
            let before = came.len();
            for (place, to) in (0..).zip(to) {
                if here.contains(to) && *to != letter.from {
                    came.push(packet(*to, place));
                }
            }
            if came.len() == before {
                counts.messages.came += 1;
                counts.messages.not_here += 1;
            }
        }
    }
}

/// Is it to be durable before anything behind it?
const fn is_stored(deed: &Deed) -> bool {
    matches!(deed, Deed::Wrote(..) | Deed::DiskLost(_) | Deed::Life(..))
}

/// How many deeds can be let out together: up to the first that is to be stored behind one that is not.
fn first_run(deeds: &[Deed]) -> usize {
    let stored = deeds.iter().take_while(|deed| is_stored(deed)).count();
    let seen = deeds[stored..].iter().take_while(|deed| !is_stored(deed));
    stored + seen.count()
}

/// What was written becomes durable, before anything behind it is let out.
fn store_all(store: &mut Store, deeds: &[Deed]) -> Result<(), Failure> {
    for deed in deeds {
        match deed {
            Deed::Wrote(node, bytes) => store.write(*node, bytes),
            Deed::DiskLost(node) => store.lose(*node)?,
            Deed::Life(node, _) => {
                store.begin_life(*node)?;
            }
            _ => (),
        }
    }
    Ok(store.commit()?)
}

#[cfg(test)]
mod tests;
