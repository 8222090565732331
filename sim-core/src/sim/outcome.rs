//! What came of a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kernel::id::NodeId;
use crate::kernel::property::{Finding, Moment};
use crate::kernel::time::SimTime;
use crate::trace::Trace;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ended {
    /// Nothing was in flight, armed or planned any more.
    Quiescent,
    /// Virtual time was up.
    Time,
    /// The budget of events was used up.
    Events,
    /// More was in flight than the budget of memory allows.
    Memory,
    /// The protocol panicked.
    Panicked,
}

/// What was counted. One *message* is one copy to another process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Copies sent to other processes. Copies that the network makes are not among them.
    pub messages: u64,
    /// The same by the kind of message, and with copies to oneself.
    pub kinds: Kinds,
    /// The same with the copies that processes sent to themselves.
    pub messages_with_self: u64,
    /// Bytes of those messages in the canonical encoding.
    pub bytes: u64,
    /// Messages from other processes that were received; a copy made by the network counts again.
    pub received: u64,
    /// Messages that the network lost by chance.
    pub lost: u64,
    /// Messages that a checksum found to be corrupted, or that were so much so that they could not be read.
    pub corrupted: u64,
    /// Messages that found the queue of their channel full.
    pub overflowed: u64,
    /// Messages lost in a partition.
    pub cut: u64,
    /// Messages that waited for a partition to heal.
    pub held: u64,
    /// Messages that a process omitted to send or to receive.
    pub omitted: u64,
    /// Messages in another's name, over links that are assumed to be authenticated.
    pub refused: u64,
    /// Messages to a process that is no neighbour.
    pub no_channel: u64,
    /// Messages that arrived at a process that was down.
    pub to_crashed: u64,
    /// Second copies that the network made.
    pub duplicated: u64,
    /// Frames put on the medium: on a bus a group send is one, elsewhere it is one a message.
    pub frames: u64,
    /// Writes to stable storage that became durable.
    pub writes: u64,
    /// Processes that recovered from a crash.
    pub recoveries: u64,
    /// What the workload asked of processes that were up.
    pub requests: u64,
    /// What it wanted to ask of processes that were down.
    pub requests_to_crashed: u64,
    /// What processes said through their uppermost port.
    pub indications: u64,
    /// Timers that ran out.
    pub timers: u64,
    /// Longest chain of network messages that led to an indication. Equals the *steps* of the books if every message takes
    /// equally long.
    pub depth: u32,
    /// Most entries that were pending at once.
    pub pending_max: u64,
}

impl Counters {
    /// Adds what another part of the same run counted.
    pub fn add(&mut self, other: &Counters) {
        let Counters {
            messages,
            kinds,
            messages_with_self,
            bytes,
            received,
            lost,
            corrupted,
            overflowed,
            cut,
            held,
            omitted,
            refused,
            no_channel,
            to_crashed,
            duplicated,
            frames,
            writes,
            recoveries,
            requests,
            requests_to_crashed,
            indications,
            timers,
            depth,
            pending_max,
        } = other;
        self.messages += messages;
        for (kind, copies) in kinds.iter() {
            self.kinds.add(kind, copies);
        }
        self.messages_with_self += messages_with_self;
        self.bytes += bytes;
        self.received += received;
        self.lost += lost;
        self.corrupted += corrupted;
        self.overflowed += overflowed;
        self.cut += cut;
        self.held += held;
        self.omitted += omitted;
        self.refused += refused;
        self.no_channel += no_channel;
        self.to_crashed += to_crashed;
        self.duplicated += duplicated;
        self.frames += frames;
        self.writes += writes;
        self.recoveries += recoveries;
        self.requests += requests;
        self.requests_to_crashed += requests_to_crashed;
        self.indications += indications;
        self.timers += timers;
        self.depth = self.depth.max(*depth);
        self.pending_max = self.pending_max.max(*pending_max);
    }
}

/// Messages of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// To other processes.
    pub net: u64,
    /// The same with those to oneself.
    pub with_self: u64,
}

impl Copies {
    fn add(&mut self, more: Copies) {
        self.net += more.net;
        self.with_self += more.with_self;
    }
}

/// Messages by their kind (see [`Digest::kind`](crate::kernel::canonical::Digest::kind)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Sorted by name. There are few, and a name nearly always is the very one that was counted before.
    counts: Vec<(&'static str, Copies)>,
}

impl Kinds {
    /// Counts more of a kind. What has no name is not counted.
    #[inline]
    pub fn add(&mut self, kind: &'static str, more: Copies) {
        match self
            .counts
            .iter_mut()
            .find(|(known, _)| std::ptr::eq(*known, kind))
        {
            Some((_, so_far)) => so_far.add(more),
            None => self.add_by_name(kind, more),
        }
    }

    #[cold]
    fn add_by_name(&mut self, kind: &'static str, more: Copies) {
        if kind.is_empty() {
            return;
        }
        match self.counts.binary_search_by_key(&kind, |(known, _)| known) {
            Ok(place) => self.counts[place].1.add(more),
            Err(place) => self.counts.insert(place, (kind, more)),
        }
    }

    /// How many there were of a kind.
    #[must_use]
    pub fn of(&self, kind: &str) -> Copies {
        let found = self.counts.iter().find(|(known, _)| *known == kind);
        found.map_or(Copies::default(), |(_, copies)| *copies)
    }

    /// All kinds, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Copies)> + '_ {
        self.counts.iter().copied()
    }
}

/// How often a fault struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCount {
    /// So often.
    pub fired: u64,
    /// The first time.
    pub first: Option<Moment>,
}

/// How often a mark was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkCount {
    /// So often.
    pub count: u64,
    /// The first time.
    pub first: Moment,
    /// Where, the first time.
    pub node: NodeId,
}

/// The verdict on one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What was found.
    pub finding: Finding,
    /// When it was broken, if that was seen while the run went on.
    pub broken: Option<Moment>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Why it ended.
    pub ended: Ended,
    /// Virtual time of its last event, or the limit that ended it.
    pub at: SimTime,
    /// How many events it had, as numbered in the trace.
    pub events: u64,
    /// 64 bits over all its events.
    pub fingerprint: u64,
    /// What was counted.
    pub counters: Counters,
    /// Marks by name.
    pub marks: BTreeMap<&'static str, MarkCount>,
    /// Faults by number.
    pub faults: Vec<FaultCount>,
    /// Verdicts on the properties, in the order in which they were added.
    pub verdicts: Vec<Verdict>,
    /// Who had crashed and not recovered in the end, and when.
    pub crashed: BTreeMap<NodeId, Moment>,
    /// The trace, if one was recorded.
    pub trace: Option<Trace>,
}
