//! Some of the nodes, with what is on its way to them: what one thread works on.
//!
//! It does for each event what the engine does where the network only delays: the handler, the digest and the counters of
//! a send, a keyed draw, a push. Numbers and fingerprint are left to [`Order`](super::order::Order).

use std::collections::VecDeque;
use std::ops::Range;

use sim_core::kernel::canonical::digest;
use sim_core::kernel::disk::Boot;
use sim_core::kernel::env::{Choices, Env};
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::{Key, Purpose, Sampler};
use sim_core::sim::{Copies, Counters, Entry, Queue};

use super::order::{Done, Folded, Log, Logged, Number, Sent};

/// So many events are looked at ahead, in a cluster that does not fit into the fast part of the memory.
const LOOK_AHEAD: usize = 32;
const FEW: usize = 10_000;

pub struct Part<P: Node> {
    mine: Range<u32>,
    hosts: Vec<Host<P>>,
    queue: Queue,
    /// What processes send themselves arrives at once: behind all that is due by now, before all that is later.
    own: VecDeque<Entry>,
    rows: Vec<Option<Row<P::Wire>>>,
    free: Vec<u32>,
    buffer: Buffer<P>,
    overlay: Overlay,
    latency: Sampler,
    delay: Key,
    pub counters: Counters,
    /// Nodes up to these belong to the parts, in order.
    ends: Vec<u32>,
    batch: Vec<Entry>,
}

struct Host<P> {
    program: P,
    sends: u32,
    choices: u32,
}

/// A message with copies on their way to nodes of this part.
struct Row<W> {
    body: W,
    from: NodeId,
    to: Group,
    number: Number,
    depth: u32,
    left: u32,
}

struct Buffer<P: Node> {
    env: Env,
    effects: Vec<Effect<P>>,
    answers: Vec<u64>,
}

impl<P: Node> Effects<P> for Buffer<P> {
    fn emit(&mut self, effect: Effect<P>) {
        self.effects.push(effect);
    }

    fn env(&mut self) -> &mut Env {
        &mut self.env
    }

    /// Answers of all nodes are folded in one order, so they have to be kept.
    #[inline]
    fn pick(&mut self, why: &'static str, n: u32) -> u32 {
        let answer = self.env.pick(why, n);
        self.answers.push(u64::from(answer));
        answer
    }
}

impl<P: Node> Part<P> {
    pub fn new(
        nodes: u32,
        (ends, me): (&[u32], usize),
        seed: u64,
        latency: &Sampler,
        mut program: impl FnMut(NodeId) -> P,
    ) -> Part<P> {
        let mine = me.checked_sub(1).map_or(0, |before| ends[before])..ends[me];
        let host = |id| Host {
            program: program(NodeId(id)),
            sends: 0,
            choices: 0,
        };
        let choices = Choices::Keyed {
            key: Key::new(seed, Purpose::Choice),
            made: 0,
        };
        Part {
            hosts: mine.clone().map(host).collect(),
            mine,
            queue: Queue::new(),
            own: VecDeque::new(),
            rows: Vec::new(),
            free: Vec::new(),
            buffer: Buffer {
                env: Env::new(NodeId(0), nodes, choices),
                effects: Vec::new(),
                answers: Vec::new(),
            },
            overlay: Overlay::complete(nodes),
            latency: latency.clone(),
            delay: Key::new(seed, Purpose::Delay),
            counters: Counters::default(),
            ends: ends.to_vec(),
            batch: Vec::new(),
        }
    }

    pub fn boot(&mut self, log: &mut Log<P::Wire>) {
        for node in self.mine.clone().map(NodeId) {
            let boot = Boot {
                disk: P::Disk::default(),
                incarnation: 0,
            };
            self.handle(0, node, Number::NONE, Event::Boot(boot), 0, log);
        }
    }

    /// Asks a node for something at time zero, if it is one of these.
    pub fn request(&mut self, node: NodeId, request: Req<P::Offers>, log: &mut Log<P::Wire>) {
        if self.mine.contains(&node.0) {
            self.counters.requests += 1;
            let asked = Done::Event(Folded::Request, digest(&request).hash);
            log.done.push(asked);
            let event = Event::Request(request);
            self.handle(0, node, Number::NONE, event, 0, log);
        }
    }

    pub fn next_at(&mut self) -> Option<u64> {
        self.queue.next_at()
    }

    /// Lets everything happen that is due before `end`. Whatever that sends to others arrives at `end` or later.
    pub fn work(&mut self, end: u64, log: &mut Log<P::Wire>) {
        let mut batch = std::mem::take(&mut self.batch);
        loop {
            while batch.len() < LOOK_AHEAD && self.queue.next_at().is_some_and(|at| at < end) {
                batch.extend(self.queue.pop());
            }
            if self.hosts.len() + self.rows.len() > FEW {
                self.look_ahead(&batch);
            }
            for entry in &batch {
                while self.own.front().is_some_and(|own| own.at < entry.at) {
                    self.step_own(log);
                }
                self.step(*entry, log);
            }
            if batch.len() < LOOK_AHEAD {
                break;
            }
            batch.clear();
        }
        while !self.own.is_empty() {
            self.step_own(log);
        }
        batch.clear();
        self.batch = batch;
    }

    /// One event, and what else happens before nothing sent to oneself is on its way.
    pub fn work_one(&mut self, log: &mut Log<P::Wire>) {
        loop {
            let own = self.own.front().map(|own| own.at);
            let next = self.queue.next_at();
            if own.is_some_and(|own| next.is_none_or(|next| own < next)) {
                self.step_own(log);
            } else if let Some(entry) = self.queue.pop() {
                self.step(entry, log);
            }
            if self.own.is_empty() {
                return;
            }
        }
    }

    fn look_ahead(&self, batch: &[Entry]) {
        let mut seen = 0;
        for entry in batch {
            seen ^= self.hosts[(entry.node - self.mine.start) as usize].sends;
            seen ^= self.rows[entry.handle as usize]
                .as_ref()
                .map_or(0, |row| row.depth);
        }
        std::hint::black_box(seen);
    }

    fn step_own(&mut self, log: &mut Log<P::Wire>) {
        if let Some(entry) = self.own.pop_front() {
            self.step(entry, log);
        }
    }

    fn step(&mut self, entry: Entry, log: &mut Log<P::Wire>) {
        let node = NodeId(entry.node);
        let slot = &mut self.rows[entry.handle as usize];
        let row = slot.as_mut().expect("an arrival points to a message");
        let (from, own) = (row.from, row.from == node);
        let place = row.to.place(from, node, &self.overlay);
        // Of what is sent to oneself the row holds the number of that copy alone.
        let number = row.number.copy(if own { 0 } else { u64::from(place) });
        let depth = row.depth + u32::from(!own);
        row.left -= 1;
        let msg = if row.left > 0 {
            row.body.clone()
        } else {
            self.free.push(entry.handle);
            slot.take().expect("it was there a line ago").body
        };
        self.counters.received += u64::from(!own);
        let event = Event::Indication(Arrival { from, msg });
        self.handle(entry.at, node, number, event, depth, log);
    }

    #[inline]
    fn handle(
        &mut self,
        at: u64,
        node: NodeId,
        number: Number,
        event: Event<P>,
        depth: u32,
        log: &mut Log<P::Wire>,
    ) {
        let host = &mut self.hosts[(node.0 - self.mine.start) as usize];
        let env = &mut self.buffer.env;
        let local = LocalTime::from_nanos(at as i64);
        (env.me, env.now, env.monotonic) = (node, local, local);
        if let Choices::Keyed { made, .. } = &mut env.choices {
            *made = host.choices;
        }
        host.program.on(event, &mut self.buffer);
        if let Choices::Keyed { made, .. } = self.buffer.env.choices {
            host.choices = made;
        }
        log.done
            .extend(self.buffer.answers.drain(..).map(Done::Answer));
        let mut effects = std::mem::take(&mut self.buffer.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Request(transmit) => self.transmit(at, node, transmit, depth, log),
                Effect::Indicate(said) => {
                    self.counters.indications += 1;
                    self.counters.depth = self.counters.depth.max(depth);
                    log.done
                        .push(Done::Event(Folded::Deliver, digest(&said).hash));
                }
                Effect::Mark(name) => {
                    log.done.push(Done::Event(Folded::Mark, digest(name).hash));
                }
                _ => unreachable!("no timers and no disks in these loads"),
            }
        }
        self.buffer.effects = effects;
        let done = log.done.len() as u32;
        // A process that boots and does nothing leaves no trace.
        if number != Number::NONE || log.events.last().map_or(0, |event| event.done) < done {
            log.events.push(Logged {
                at,
                number,
                node,
                done,
            });
        }
    }

    fn transmit(
        &mut self,
        at: u64,
        from: NodeId,
        Transmit { to, msg: body }: Transmit<P::Wire>,
        depth: u32,
        log: &mut Log<P::Wire>,
    ) {
        let host = &mut self.hosts[(from.0 - self.mine.start) as usize];
        let ordinal = host.sends;
        host.sends += 1;
        let digest = digest(&body);
        let (copies, others) = match to {
            Group::One(to) => (1, u64::from(to != from)),
            _ => {
                let receivers = to.receivers(from, &self.overlay);
                (receivers.places().end, receivers.others())
            }
        };
        self.counters.messages += others;
        self.counters.messages_with_self += u64::from(copies);
        self.counters.bytes += others * u64::from(digest.size);
        self.counters.frames += others;
        let of_kind = Copies {
            net: others,
            with_self: u64::from(copies),
        };
        self.counters.kinds.add(digest.kind, of_kind);
        let send = log.sent.len() as u32;
        if others < u64::from(copies) {
            let place = to.place(from, from, &self.overlay);
            let row = self.insert(Row {
                body: body.clone(),
                from,
                to,
                number: Number::later(send, place),
                depth,
                left: 1,
            });
            self.own.push_back(Entry {
                at,
                node: from.0,
                handle: row,
            });
        }
        log.done.push(Done::Send);
        match to {
            Group::One(to) if to == from => (),
            Group::One(to) => {
                let part = self.ends.iter().position(|end| to.0 < *end);
                log.out[part.expect("it is a node of the cluster")].push(send);
            }
            _ => log.out.iter_mut().for_each(|out| out.push(send)),
        }
        log.sent.push(Sent {
            number: 0,
            at,
            hash: digest.hash,
            from,
            to,
            ordinal,
            copies,
            depth,
            body,
        });
    }

    /// Takes the copies of a send that go to nodes of this part. Keyed draws are the same wherever they are made.
    pub fn receive(&mut self, sent: &Sent<P::Wire>) {
        let Sent { from, to, .. } = *sent;
        let mine = self.mine.clone();
        let left = match to {
            Group::One(_) => 1,
            _ => mine.len() as u32 - u32::from(mine.contains(&from.0)),
        };
        let handle = self.insert(Row {
            body: sent.body.clone(),
            from,
            to,
            number: Number::known(sent.number),
            depth: sent.depth,
            left,
        });
        let draws = self.delay.at(u64::from(from.0), u64::from(sent.ordinal));
        let mut arrives = |node: u32| {
            let at = sent.at + self.latency.sample(draws, node).as_nanos();
            self.queue.push(Entry { at, node, handle });
        };
        match to {
            Group::One(to) => arrives(to.0),
            Group::All | Group::Others => {
                mine.filter(|node| *node != from.0).for_each(arrives);
            }
            _ => unreachable!("these loads know no neighbours"),
        }
    }

    fn insert(&mut self, row: Row<P::Wire>) -> u32 {
        if let Some(free) = self.free.pop() {
            self.rows[free as usize] = Some(row);
            return free;
        }
        self.rows.push(Some(row));
        self.rows.len() as u32 - 1
    }
}
