//! The record of one event, and all those of a run.

use serde::{Deserialize, Serialize};

use crate::kernel::id::NodeId;
use crate::kernel::time::{SimTime, Span};

/// A text of the trace's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TextId(pub u32);

/// One event of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// Its number: from 1, without gaps over the whole run, also where less is recorded.
    pub id: u64,
    /// The event that brought it about; 0 if the scenario itself did.
    pub cause: u64,
    /// When, in virtual time.
    pub at: SimTime,
    /// Where.
    pub node: NodeId,
    /// What.
    pub what: What,
}

/// What an event was. Messages are numbered apart, one number a copy of a group send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum What {
    /// The workload asked the process for something.
    Request(TextId),
    /// The process said something through its uppermost port.
    Deliver(TextId),
    /// It sent a message.
    Send {
        /// Number of the message.
        msg: u64,
        /// Its receiver.
        to: NodeId,
        /// Its summary.
        text: TextId,
    },
    /// It received a message.
    Recv {
        /// Number of the message.
        msg: u64,
        /// Its sender.
        from: NodeId,
        /// When it was sent.
        sent: SimTime,
        /// Its summary.
        text: TextId,
    },
    /// A message to or from it came to nothing.
    Drop {
        /// Number of the message.
        msg: u64,
        /// The other end: the receiver of a message lost on the way, the sender of one that found nobody.
        peer: NodeId,
        /// Its summary.
        text: TextId,
        /// What became of it.
        why: WhyDropped,
    },
    /// The network made a second copy of a message that the process sent.
    Duplicate {
        /// Number of the message.
        msg: u64,
        /// Its receiver.
        to: NodeId,
        /// Its summary.
        text: TextId,
        /// The fault behind it.
        fault: u32,
    },
    /// A message that the process sent was changed on its way, and nothing noticed.
    Corrupt {
        /// Number of the message.
        msg: u64,
        /// Its receiver.
        to: NodeId,
        /// Its summary after the change.
        text: TextId,
        /// The fault behind it.
        fault: u32,
    },
    /// A message that the process sent waits for a partition to heal.
    Hold {
        /// Number of the message.
        msg: u64,
        /// Its receiver.
        to: NodeId,
        /// Its summary.
        text: TextId,
        /// The fault behind it.
        fault: u32,
    },
    /// The workload wanted to ask it for something, but it was down.
    Skip(TextId),
    /// It crashed, by the fault of this number.
    Crash(u32),
    /// It recovered from that crash.
    Recover(u32),
    /// Another fault struck; for one of the whole cluster the node is [`NodeId::ALL`].
    Fault(u32),
    /// That fault is over.
    Over(u32),
    /// Its protocol panicked, which ends the run.
    Panic,
    /// It armed a timer.
    Arm(TextId, Span),
    /// It stopped a timer.
    Disarm(TextId),
    /// One of its timers ran out.
    Timer(TextId),
    /// It wrote to stable storage.
    Persist(TextId),
    /// It left a mark.
    Mark(TextId),
}

/// Why a message was not received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WhyDropped {
    /// Lost on the way by chance.
    Lost(u32),
    /// A bit was flipped, and the checksum was wrong or nobody could read it.
    Corrupted(u32),
    /// The queue of the channel was full.
    Overflow(u32),
    /// A partition was in between.
    Cut(u32),
    /// Its sender omitted to send it.
    NotSent(u32),
    /// Its receiver omitted to receive it.
    NotReceived(u32),
    /// Its receiver was down.
    Down(u32),
    /// Its sender gave another's name, and the link is assumed to be authenticated.
    Refused(u32),
    /// Its receiver is no neighbour of its sender.
    NoChannel,
}

impl WhyDropped {
    /// Did it come to nothing at its receiver? Else it was at its sender, or on the way.
    #[must_use]
    pub const fn is_at_receiver(self) -> bool {
        matches!(self, WhyDropped::NotReceived(_) | WhyDropped::Down(_))
    }

    /// The number of the fault behind it, if there is one.
    #[must_use]
    pub const fn fault(self) -> Option<u32> {
        match self {
            WhyDropped::Lost(fault)
            | WhyDropped::Corrupted(fault)
            | WhyDropped::Overflow(fault)
            | WhyDropped::Cut(fault)
            | WhyDropped::NotSent(fault)
            | WhyDropped::NotReceived(fault)
            | WhyDropped::Down(fault)
            | WhyDropped::Refused(fault) => Some(fault),
            WhyDropped::NoChannel => None,
        }
    }

    /// In a word or two, for JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            WhyDropped::Lost(_) => "lost",
            WhyDropped::Corrupted(_) => "corrupted",
            WhyDropped::Overflow(_) => "overflow",
            WhyDropped::Cut(_) => "cut",
            WhyDropped::NotSent(_) => "not sent",
            WhyDropped::NotReceived(_) => "not received",
            WhyDropped::Down(_) => "down",
            WhyDropped::Refused(_) => "refused",
            WhyDropped::NoChannel => "no channel",
        }
    }
}

impl What {
    /// The word that names this kind of event in a trace.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            What::Request(_) => "request",
            What::Deliver(_) => "deliver",
            What::Send { .. } => "send",
            What::Recv { .. } => "recv",
            What::Drop { .. } => "drop",
            What::Duplicate { .. } => "duplicate",
            What::Skip(_) => "skip",
            What::Corrupt { .. } => "corrupt",
            What::Hold { .. } => "hold",
            What::Crash(_) => "crash",
            What::Recover(_) => "recover",
            What::Fault(_) => "fault",
            What::Over(_) => "over",
            What::Panic => "panic",
            What::Arm(..) => "arm",
            What::Disarm(_) => "disarm",
            What::Timer(_) => "timer",
            What::Persist(_) => "persist",
            What::Mark(_) => "mark",
        }
    }

    /// All words that [`What::kind`] can give.
    pub const KINDS: [&'static str; 19] = [
        "request",
        "deliver",
        "send",
        "recv",
        "drop",
        "duplicate",
        "corrupt",
        "hold",
        "skip",
        "crash",
        "recover",
        "fault",
        "over",
        "panic",
        "arm",
        "disarm",
        "timer",
        "persist",
        "mark",
    ];

    /// The text that it points to, if there is one.
    pub const fn text_mut(&mut self) -> Option<&mut TextId> {
        match self {
            What::Request(text)
            | What::Deliver(text)
            | What::Skip(text)
            | What::Arm(text, _)
            | What::Disarm(text)
            | What::Timer(text)
            | What::Persist(text)
            | What::Mark(text)
            | What::Send { text, .. }
            | What::Recv { text, .. }
            | What::Drop { text, .. }
            | What::Duplicate { text, .. }
            | What::Corrupt { text, .. }
            | What::Hold { text, .. } => Some(text),
            What::Crash(_) | What::Recover(_) | What::Fault(_) | What::Over(_) | What::Panic => {
                None
            }
        }
    }

    /// The number of its message, if it is one of a message.
    pub const fn msg_mut(&mut self) -> Option<&mut u64> {
        match self {
            What::Send { msg, .. }
            | What::Recv { msg, .. }
            | What::Drop { msg, .. }
            | What::Duplicate { msg, .. }
            | What::Corrupt { msg, .. }
            | What::Hold { msg, .. } => Some(msg),
            _ => None,
        }
    }

    /// True for what a trace of level *messages* leaves out: timers and stable storage.
    pub(super) const fn is_detail(&self) -> bool {
        matches!(
            self,
            What::Arm(..) | What::Disarm(_) | What::Timer(_) | What::Persist(_)
        )
    }
}

/// A recorded run: the events and the texts they point to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The events in order.
    pub records: Vec<Record>,
    /// The summaries that records point to.
    pub texts: Vec<String>,
    /// What each fault is called, `faults[0]: after 2 sends`, by its number.
    pub faults: Vec<String>,
    /// How many events were left out at the end because there were too many.
    pub left_out: u64,
}

impl Trace {
    /// The text `id`; empty if there is none.
    #[must_use]
    pub fn text(&self, id: TextId) -> &str {
        self.texts.get(id.0 as usize).map_or("", String::as_str)
    }

    /// What the fault of number `fault` is called.
    #[must_use]
    pub fn fault(&self, fault: u32) -> &str {
        self.faults
            .get(fault as usize)
            .map_or("the network", String::as_str)
    }

    /// The id of the fault of number `fault`: `faults[0]`, `network.loss`.
    #[must_use]
    pub fn fault_id(&self, fault: u32) -> &str {
        let name = self.fault(fault);
        name.split(':').next().unwrap_or(name)
    }

    /// The record of number `id`, if it was recorded.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Record> {
        let place = self
            .records
            .binary_search_by_key(&id, |record| record.id)
            .ok()?;
        self.records.get(place)
    }
}
