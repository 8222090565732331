//! What goes wrong, as a scenario says it.

use std::fmt;

use super::nodes::NodeSet;
use super::place::Place;
use super::triggers::{Lasting, Trigger};
use sim_core::kernel::random::{Delay, Probability};
use sim_core::kernel::time::Span;

/// One fault. Its id is `faults[index]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Its place in the list, from 0.
    pub index: usize,
    /// What goes wrong.
    pub kind: FaultKind,
    /// When it strikes; if none, it lasts from the start. See [`FaultKind::ABOUT`] for which kinds have one.
    pub trigger: Option<Trigger>,
    /// When it is over.
    pub end: Lasting,
    /// The fault with every default filled in, on one line: what its draws depend on.
    pub text: String,
    /// Where it is written.
    pub place: Place,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// These nodes stop; what they did not write down is gone. At its end they boot with what their disks hold.
    Crash {
        /// Which.
        node: NodeSet,
        /// What becomes of the disks.
        disk: DiskAfterCrash,
    },
    /// These nodes take no event; what arrives waits for the end.
    Pause {
        /// Which.
        node: NodeSet,
    },
    /// These nodes take time for every event.
    Slow {
        /// Which.
        node: NodeSet,
        /// How long one event takes.
        processing: Delay,
    },
    /// These nodes lose what they send or receive; at least one of the two is above zero.
    Omission {
        /// Which.
        node: NodeSet,
        /// How likely a copy that they send is lost.
        send: Probability,
        /// How likely a copy that reaches them is lost.
        receive: Probability,
    },
    /// These nodes are in the hands of an adversary. It has no end.
    Byzantine {
        /// Which.
        node: NodeSet,
        /// What they do, 1 to 64 behaviours.
        behaviour: Vec<Behaviour>,
    },
    /// Writes take time.
    SlowDisk {
        /// Of which nodes.
        node: NodeSet,
        /// How long one write takes.
        latency: Delay,
    },
    /// The disk lies about syncing: the last writes before a crash are gone.
    LostWrites {
        /// Of which nodes.
        node: NodeSet,
        /// How many, from 1.
        count: u64,
    },
    /// The last write before a crash is torn.
    TornWrite {
        /// Of which nodes.
        node: NodeSet,
    },
    /// Writes fail once the disk is full. A failed write stops the process.
    FullDisk {
        /// Of which nodes.
        node: NodeSet,
        /// How much it holds, in bytes.
        capacity: u64,
    },
    /// Writes may fail. A failed write stops the process.
    FailingDisk {
        /// Of which nodes.
        node: NodeSet,
        /// How likely one write fails; above zero.
        p: Probability,
    },
    /// Wall clocks are wrong from the start. It has no end.
    Skew {
        /// Of which nodes.
        node: NodeSet,
        /// By how much.
        offset: Skew,
    },
    /// Clocks run at a wrong rate.
    Drift {
        /// Of which nodes.
        node: NodeSet,
        /// At which.
        rate: Drift,
    },
    /// Wall clocks jump. It has no end.
    Step {
        /// Of which nodes.
        node: NodeSet,
        /// By how much; not zero.
        by: Offset,
    },
    /// Nodes of different groups cannot talk. Who is in no group is cut from nobody.
    Partition {
        /// At least two.
        groups: Vec<NodeSet>,
        /// Comes and goes while it lasts.
        flap: Option<Flap>,
    },
    /// One direction only is cut.
    OneWay {
        /// What they send
        from: NodeSet,
        /// does not reach these.
        to: NodeSet,
        /// Comes and goes while it lasts.
        flap: Option<Flap>,
    },
    /// Two halves of the others can talk to this node only, and not to each other. At least 3 nodes.
    Bridge {
        /// The node between them.
        node: u32,
        /// Comes and goes while it lasts.
        flap: Option<Flap>,
    },
    /// On a ring, every node can talk to the nearest ones that make up a majority with it, and no two nodes see the same
    /// majority. At least 4 nodes.
    MajorityRing {
        /// Comes and goes while it lasts.
        flap: Option<Flap>,
    },
    /// Each of these nodes can talk to nobody.
    Isolate {
        /// Which.
        node: NodeSet,
        /// Comes and goes while it lasts.
        flap: Option<Flap>,
    },
}

/// What becomes of a disk when its node crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskAfterCrash {
    /// It keeps what was written.
    Durable,
    /// It is empty.
    Lost,
}

/// What a traitor does. An empty list of kinds of messages means every kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Behaviour {
    /// Does not send.
    Silent {
        /// These kinds of messages
        kinds: Vec<String>,
        /// to these.
        to: NodeSet,
    },
    /// Tells different nodes different things.
    Equivocate {
        /// In these kinds of messages
        kinds: Vec<String>,
        /// the first of these becomes the second; if there are none, a bit is flipped
        values: Option<[String; 2]>,
        /// for these; all are the second half.
        to: NodeSet,
    },
    /// Changes what it sends.
    Mutate {
        /// In these kinds of messages.
        kinds: Vec<String>,
    },
    /// Sends what it sent before once more.
    Replay {
        /// Of these kinds of messages.
        kinds: Vec<String>,
    },
    /// Holds back what it sends.
    Delay {
        /// For this time, above zero.
        by: Span,
    },
    /// Speaks in another's name.
    Forge {
        /// In whose.
        sender: u32,
    },
    /// Sends more copies than it should.
    Flood {
        /// So many of each message, from 2.
        copies: u64,
        /// Of these kinds of messages.
        kinds: Vec<String>,
    },
}

impl Behaviour {
    /// As a file names it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Behaviour::Silent { .. } => "Silent",
            Behaviour::Equivocate { .. } => "Equivocate",
            Behaviour::Mutate { .. } => "Mutate",
            Behaviour::Replay { .. } => "Replay",
            Behaviour::Delay { .. } => "Delay",
            Behaviour::Forge { .. } => "Forge",
            Behaviour::Flood { .. } => "Flood",
        }
    }
}

/// How far a clock is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skew {
    /// So far; not zero.
    By(Offset),
    /// Drawn for each node, up to this far to either side; above zero.
    Within(Span),
}

/// How wrong the rate of a clock is, in millionths: +100 gains 100 µs a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drift {
    /// This wrong, not zero; above -1,000,000, so that a clock never stands still.
    Ppm(i32),
    /// Drawn for each node, up to this much to either side; above zero and under 1,000,000.
    Within(u32),
}

/// A length of time with a sign, in nanoseconds: ahead is above zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offset(i64);

impl Offset {
    /// `ns` nanoseconds.
    #[must_use]
    pub const fn from_nanos(ns: i64) -> Offset {
        Offset(ns)
    }

    /// In nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }
}

/// As a [`Span`], with a minus in front if it is below zero.
impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", Span::from_nanos(self.0.unsigned_abs()))
    }
}

/// A partition that comes and goes: it strikes cut, and changes after each of these times. Both are above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flap {
    /// So long the links are cut,
    pub down: Span,
    /// then so long they are not.
    pub up: Span,
}

/// Has a fault of some kind a trigger?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strikes {
    /// It needs one.
    OnTrigger,
    /// On its trigger, a time or the event of any node, as it strikes all at once.
    AllAtOnce,
    /// On its trigger, or from the start.
    FromTheStartOrOnTrigger,
    /// Only from the start.
    FromTheStart,
}

/// Has a fault of some kind an end?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Always; the name of the field with its time is given. `for` says how long instead.
    Always(&'static str),
    /// If there is one; the name of the field with its time is given. `for` says how long instead.
    IfWritten(&'static str),
    /// Never.
    Never,
}

/// What is known of a kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultAbout {
    /// As a file names it.
    pub name: &'static str,
    /// When it strikes.
    pub strikes: Strikes,
    /// When it is over.
    pub ends: Ends,
}

impl FaultKind {
    /// All kinds, in the order of [`FaultKind`].
    pub const ABOUT: [FaultAbout; 18] = {
        use Ends::{Always, IfWritten, Never};
        use Strikes::{AllAtOnce, FromTheStart, FromTheStartOrOnTrigger, OnTrigger};
        const fn about(name: &'static str, strikes: Strikes, ends: Ends) -> FaultAbout {
            FaultAbout {
                name,
                strikes,
                ends,
            }
        }
        [
            about("Crash", OnTrigger, IfWritten("restart")),
            about("Pause", OnTrigger, Always("until")),
            about("Slow", FromTheStartOrOnTrigger, IfWritten("until")),
            about("Omission", FromTheStartOrOnTrigger, IfWritten("until")),
            about("Byzantine", FromTheStartOrOnTrigger, Never),
            about("SlowDisk", FromTheStartOrOnTrigger, IfWritten("until")),
            about("LostWrites", FromTheStartOrOnTrigger, IfWritten("until")),
            about("TornWrite", FromTheStartOrOnTrigger, IfWritten("until")),
            about("FullDisk", FromTheStartOrOnTrigger, IfWritten("until")),
            about("FailingDisk", FromTheStartOrOnTrigger, IfWritten("until")),
            about("Skew", FromTheStart, Never),
            about("Drift", FromTheStartOrOnTrigger, IfWritten("until")),
            about("Step", OnTrigger, Never),
            about("Partition", AllAtOnce, IfWritten("heal")),
            about("OneWay", AllAtOnce, IfWritten("heal")),
            about("Bridge", AllAtOnce, IfWritten("heal")),
            about("MajorityRing", AllAtOnce, IfWritten("heal")),
            about("Isolate", AllAtOnce, IfWritten("heal")),
        ]
    };

    /// What is known of its kind.
    #[must_use]
    pub const fn about(&self) -> &'static FaultAbout {
        let place = match self {
            FaultKind::Crash { .. } => 0,
            FaultKind::Pause { .. } => 1,
            FaultKind::Slow { .. } => 2,
            FaultKind::Omission { .. } => 3,
            FaultKind::Byzantine { .. } => 4,
            FaultKind::SlowDisk { .. } => 5,
            FaultKind::LostWrites { .. } => 6,
            FaultKind::TornWrite { .. } => 7,
            FaultKind::FullDisk { .. } => 8,
            FaultKind::FailingDisk { .. } => 9,
            FaultKind::Skew { .. } => 10,
            FaultKind::Drift { .. } => 11,
            FaultKind::Step { .. } => 12,
            FaultKind::Partition { .. } => 13,
            FaultKind::OneWay { .. } => 14,
            FaultKind::Bridge { .. } => 15,
            FaultKind::MajorityRing { .. } => 16,
            FaultKind::Isolate { .. } => 17,
        };
        const ABOUT: &[FaultAbout] = &FaultKind::ABOUT;
        &ABOUT[place]
    }

    /// In words, as part of a sentence: `crash`, `slow disk`.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = String::new();
        for c in self.about().name.chars() {
            if c.is_ascii_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.push(c.to_ascii_lowercase());
        }
        words
    }

    /// The nodes that it is about; none of a partition that is about links.
    #[must_use]
    pub const fn nodes(&self) -> Option<&NodeSet> {
        match self {
            FaultKind::Crash { node, .. }
            | FaultKind::Pause { node }
            | FaultKind::Slow { node, .. }
            | FaultKind::Omission { node, .. }
            | FaultKind::Byzantine { node, .. }
            | FaultKind::SlowDisk { node, .. }
            | FaultKind::LostWrites { node, .. }
            | FaultKind::TornWrite { node }
            | FaultKind::FullDisk { node, .. }
            | FaultKind::FailingDisk { node, .. }
            | FaultKind::Skew { node, .. }
            | FaultKind::Drift { node, .. }
            | FaultKind::Step { node, .. } => Some(node),
            FaultKind::Partition { .. }
            | FaultKind::OneWay { .. }
            | FaultKind::Bridge { .. }
            | FaultKind::MajorityRing { .. }
            | FaultKind::Isolate { .. } => None,
        }
    }

    /// How it comes and goes, if it is a partition that does.
    #[must_use]
    pub const fn flap(&self) -> Option<Flap> {
        match self {
            FaultKind::Partition { flap, .. }
            | FaultKind::OneWay { flap, .. }
            | FaultKind::Bridge { flap, .. }
            | FaultKind::MajorityRing { flap }
            | FaultKind::Isolate { flap, .. } => *flap,
            _ => None,
        }
    }
}
