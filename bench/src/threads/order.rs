//! What a window's events leave behind, and how they get their one order.
//!
//! In the engine, events of equal time happen in the order in which they were scheduled, which for arrivals is the order
//! of the numbers of the messages. Numbers are given out in the order of events, by one counter. A thread does not know
//! that counter, but it need not: what arrives in a window was sent in an earlier one and has its number, and what a
//! process sends itself, which arrives at once, comes after an event of the same log. So logs that are each in order
//! can be merged by (time, number of the message), and the next numbers given out on the way.
//!
//! With timers it would be the number of the event that armed them. A timer shorter than a window is like a message to
//! oneself.

use std::ops::DerefMut;

use sim_core::kernel::canonical::Fold;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Group;

use crate::measure::Told;

/// The kinds of event that these loads have, as they enter the fingerprint of the engine.
#[derive(Clone, Copy)]
pub enum Folded {
    Request = 1,
    Deliver = 2,
    Send = 3,
    Recv = 4,
    Mark = 13,
}

impl Folded {
    const fn tag(self, node: NodeId) -> u64 {
        ((self as u64) << 32 | node.0 as u64).rotate_left(24)
    }
}

/// Which message an event is the arrival of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Number(u64);

impl Number {
    /// The event is no arrival. Message numbers begin at 1.
    pub const NONE: Number = Number(0);
    /// Marks the number of a message of this very window: which send of its log, and which copy of that.
    const LATER: u64 = 1 << 63;

    pub const fn known(number: u64) -> Number {
        Number(number)
    }

    pub const fn later(send: u32, place: u32) -> Number {
        Number(Number::LATER | (send as u64) << 32 | place as u64)
    }

    const fn is_later(self) -> bool {
        self.0 & Number::LATER != 0
    }

    pub const fn copy(self, place: u64) -> Number {
        Number(self.0 + place)
    }
}

/// One event of a window.
#[derive(Clone, Copy)]
pub struct Logged {
    pub at: u64,
    pub number: Number,
    pub node: NodeId,
    /// Where what it did ends in the list of that.
    pub done: u32,
}

/// What an event did.
#[derive(Clone, Copy)]
pub enum Done {
    /// A choice of the protocol was answered.
    Answer(u64),
    /// An event of its own, with a digest.
    Event(Folded, u64),
    /// The next of the log's sends.
    Send,
}

/// One send, to one process or to all.
#[derive(Clone, Debug)]
pub struct Sent<W> {
    /// Of its first copy; 0 as long as nobody knows.
    pub number: u64,
    pub at: u64,
    pub hash: u64,
    pub from: NodeId,
    pub to: Group,
    pub ordinal: u32,
    pub copies: u32,
    pub depth: u32,
    pub body: W,
}

/// What the events of one part have done in one window.
pub struct Log<W> {
    pub events: Vec<Logged>,
    pub done: Vec<Done>,
    pub sent: Vec<Sent<W>>,
    /// By receiving part, the sends of which it gets copies.
    pub out: Vec<Vec<u32>>,
}

impl<W> Log<W> {
    pub fn new(parts: usize) -> Log<W> {
        Log {
            events: Vec::new(),
            done: Vec::new(),
            sent: Vec::new(),
            out: vec![Vec::new(); parts],
        }
    }

    pub fn clear(&mut self) {
        self.events.clear();
        self.done.clear();
        self.sent.clear();
        self.out.iter_mut().for_each(Vec::clear);
    }
}

/// How far a log has been read.
#[derive(Clone, Copy, Default)]
struct Read {
    events: usize,
    done: usize,
    sent: usize,
}

/// Gives events and messages their numbers, and folds them into the fingerprint, one after the other.
pub struct Order {
    fold: Fold,
    answers: Fold,
    events: u64,
    sends: u64,
    received: u64,
    pending: u64,
    pending_max: u64,
    limit: u64,
    read: Vec<Read>,
    pub survey: Option<Survey>,
}

/// How much there is to do at the same time.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    nodes: u32,
    /// Windows in which something happened, and what happened in them.
    pub windows: u64,
    pub events: u64,
    /// With 1, 2, 4, 8 and 16 parts, the events of the largest part of each window: what has to happen one after the other.
    pub largest: [u64; 5],
}

impl Survey {
    fn window<W>(&mut self, logs: &mut [impl DerefMut<Target = Log<W>>]) {
        let mut counts = [0; 16];
        for event in logs.iter().flat_map(|log| &log.events) {
            counts[(u64::from(event.node.0) * 16 / u64::from(self.nodes)) as usize] += 1;
        }
        let sum: u64 = counts.iter().sum();
        self.windows += u64::from(sum > 0);
        self.events += sum;
        for (parts, largest) in (0..).zip(&mut self.largest) {
            let parts = counts.chunks(16 >> parts).map(|part| part.iter().sum());
            *largest += parts.max().unwrap_or(0);
        }
    }
}

impl Order {
    pub fn new(limit: u64, survey: Option<u32>) -> Order {
        Order {
            fold: Fold::default(),
            answers: Fold::default(),
            events: 0,
            sends: 0,
            received: 0,
            pending: 0,
            pending_max: 0,
            limit,
            read: Vec::new(),
            survey: survey.map(|nodes| Survey {
                nodes,
                ..Survey::default()
            }),
        }
    }

    /// Takes the events of a window in order of time, those of equal time in the order in which they were scheduled.
    /// Gives whether the run goes on: it ends with the event that reaches the limit, wherever that falls.
    pub fn merge<W>(&mut self, logs: &mut [impl DerefMut<Target = Log<W>>]) -> bool {
        if let Some(survey) = &mut self.survey {
            survey.window(logs);
        }
        let mut read = std::mem::take(&mut self.read);
        read.clear();
        read.resize(logs.len(), Read::default());
        let goes_on = self.merge_from(&mut read, logs);
        self.read = read;
        goes_on
    }

    fn merge_from<W>(
        &mut self,
        read: &mut [Read],
        logs: &mut [impl DerefMut<Target = Log<W>>],
    ) -> bool {
        loop {
            // The log with the earliest event, and how far it may be read before another is.
            let (mut first, mut until) = (None, (u64::MAX, u64::MAX));
            for (place, (log, read)) in logs.iter().zip(&*read).enumerate() {
                let Some(key) = key(log, read) else {
                    continue;
                };
                match first {
                    Some((_, earliest)) if key >= earliest => until = until.min(key),
                    Some((_, earliest)) => (first, until) = (Some((place, key)), earliest),
                    None => first = Some((place, key)),
                }
            }
            let Some((place, mut next)) = first else {
                return true;
            };
            let (log, read) = (&mut *logs[place], &mut read[place]);
            loop {
                if self.events >= self.limit {
                    return false;
                }
                self.take(log, read, next.1);
                match key(log, read) {
                    Some(key) if key < until => next = key,
                    _ => break,
                }
            }
        }
    }

    /// Takes the next event of a log: the arrival of the message of this number, if it is not 0.
    #[inline]
    fn take<W>(&mut self, log: &mut Log<W>, read: &mut Read, message: u64) {
        let event = log.events[read.events];
        let Logged { at, node, .. } = event;
        if message > 0 {
            self.pending -= 1;
            self.received += u64::from(!event.number.is_later());
            self.event(Folded::Recv, at, node, message);
        }
        for done in &log.done[read.done..event.done as usize] {
            match *done {
                Done::Answer(word) => self.answers.word(word),
                Done::Event(folded, hash) => self.event(folded, at, node, hash),
                Done::Send => {
                    self.send(&mut log.sent[read.sent]);
                    read.sent += 1;
                }
            }
        }
        read.events += 1;
        read.done = event.done as usize;
    }

    #[inline]
    fn event(&mut self, folded: Folded, at: u64, node: NodeId, detail: u64) {
        self.events += 1;
        self.fold.word(at ^ folded.tag(node));
        self.fold.word(detail);
    }

    #[inline]
    fn send<W>(&mut self, sent: &mut Sent<W>) {
        let copies = u64::from(sent.copies);
        sent.number = self.sends + 1;
        self.events += copies;
        self.sends += copies;
        self.pending += copies;
        self.pending_max = self.pending_max.max(self.pending);
        self.fold.word(sent.at ^ Folded::Send.tag(sent.from));
        self.fold.word(sent.hash);
        self.fold.word(copies);
        if let Group::One(to) = sent.to {
            self.fold.word(u64::from(to.0));
        }
    }

    pub fn told(&self) -> Told {
        let mut fold = self.fold;
        fold.word(self.answers.digest());
        Told {
            deliveries: self.received,
            pending_max: self.pending_max,
            fingerprint: fold.digest(),
        }
    }
}

/// Where the next event of a log belongs: its time, and the number of the message that it is the arrival of.
#[inline]
fn key<W>(log: &Log<W>, read: &Read) -> Option<(u64, u64)> {
    let event = log.events.get(read.events)?;
    let Number(number) = event.number;
    if !event.number.is_later() {
        return Some((event.at, number));
    }
    // It was sent by an event of this log that has been taken.
    let send = (number & !Number::LATER) >> 32;
    let place = number & u64::from(u32::MAX);
    Some((event.at, log.sent[send as usize].number + place))
}
