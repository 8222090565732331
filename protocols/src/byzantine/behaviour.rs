//! What a Byzantine process does, as data.

use alloc::string::String;
use alloc::vec::Vec;

use sim_core::kernel::prelude::*;

/// One way to deviate from the algorithm.
///
/// `kinds` names the messages it is about: a message is of the kind `Data` if its summary has the word `Data` outside
/// quotes, so that a frame is of its own kind and of those within it. No kinds are all kinds. What a process sends to
/// itself is left alone, unless `to` names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Behaviour {
    /// Does not send. Marked `byzantine_silent`.
    Silent {
        /// Which messages; empty: all.
        kinds: Vec<String>,
        /// To whom; empty: to all others.
        to: Vec<NodeId>,
    },
    /// Tells some something else than the rest: all of them the same in one send. Marked `byzantine_equivocated`.
    Equivocate {
        /// Which messages; empty: all.
        kinds: Vec<String>,
        /// The first text becomes the second one wherever it occurs; a message without it is left alone. `None`: a bit
        /// of the message is flipped.
        values: Option<[String; 2]>,
        /// Who is told something else; empty: the second half of the processes by number, the larger numbers, without
        /// the one in the middle.
        to: Vec<NodeId>,
    },
    /// Flips a bit of every copy, for each receiver another one. Marked `byzantine_mutated`.
    Mutate {
        /// Which messages; empty: all.
        kinds: Vec<String>,
    },
    /// With each send, whatever its kind, sends one of its 16 last messages to the same others again: one of its own,
    /// or one that it received from another process. Marked `byzantine_replayed`.
    Replay {
        /// Which messages may be repeated; empty: all.
        kinds: Vec<String>,
    },
    /// Sends each message more than once. Marked `byzantine_flooded`.
    Flood {
        /// Which messages; empty: all.
        kinds: Vec<String>,
        /// How many times more.
        copies: u32,
    },
}

impl Behaviour {
    /// The mark that it leaves whenever it makes a difference.
    #[must_use]
    pub const fn mark(&self) -> &'static str {
        match self {
            Behaviour::Silent { .. } => "byzantine_silent",
            Behaviour::Equivocate { .. } => "byzantine_equivocated",
            Behaviour::Mutate { .. } => "byzantine_mutated",
            Behaviour::Replay { .. } => "byzantine_replayed",
            Behaviour::Flood { .. } => "byzantine_flooded",
        }
    }

    /// Which messages it is about.
    pub(super) fn kinds(&self) -> &[String] {
        match self {
            Behaviour::Silent { kinds, .. }
            | Behaviour::Equivocate { kinds, .. }
            | Behaviour::Mutate { kinds }
            | Behaviour::Replay { kinds }
            | Behaviour::Flood { kinds, .. } => kinds,
        }
    }
}
