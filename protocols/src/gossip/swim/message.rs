//! What SWIM puts on the wire: probes, and what is said of members on the way.

use core::fmt;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

/// Which version of itself a member speaks of. The greater is the newer, and only the member itself makes a new one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Incarnation {
    /// How often it had been started before.
    pub life: u32,
    /// How often it has contradicted a suspicion in this life.
    pub refutations: u32,
}

impl Incarnation {
    /// The first incarnation that is newer than this one.
    #[must_use]
    pub const fn next(self) -> Incarnation {
        Incarnation {
            life: self.life,
            refutations: self.refutations.saturating_add(1),
        }
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.life, self.refutations)
    }
}

/// How a member stands in the group. Of one incarnation the greater word is the last.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Standing {
    /// As far as one knows.
    #[default]
    Alive,
    /// A probe of it has failed, and it has not contradicted yet.
    Suspect,
    /// It has failed.
    Confirm,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Standing::Alive => "alive",
            Standing::Suspect => "suspect",
            Standing::Confirm => "failed",
        })
    }
}

/// What is known of a member. The greater is the newer: first by incarnation, then by standing.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Record {
    /// The version of the member that this is about.
    pub incarnation: Incarnation,
    /// How it stands.
    pub standing: Standing,
}

/// A word about a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Update {
    /// The member.
    pub member: NodeId,
    /// What is said of it.
    pub record: Record,
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record {
            incarnation,
            standing,
        } = self.record;
        write!(f, " {}:{standing}:{incarnation}", self.member)
    }
}

/// Which probe a message belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Probe {
    /// Who wants to know.
    pub by: NodeId,
    /// Its life, so that no answer to an earlier one is taken for one to this.
    pub life: u32,
    /// Which of its probes.
    pub number: u32,
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.by, self.number)
    }
}

/// What rides along on every message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Piggyback {
    /// Of the sender itself.
    pub incarnation: Incarnation,
    /// Of others.
    pub updates: Vec<Update>,
}

impl fmt::Display for Piggyback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.updates.iter().try_for_each(|update| update.fmt(f))
    }
}

/// A message of SWIM.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    /// Are you alive? Perhaps on behalf of another.
    Ping(Probe, Piggyback),
    /// Ask this member for me.
    PingRequest(Probe, NodeId, Piggyback),
    /// I am alive, or: the member that you wanted to know of is.
    Ack(Probe, Piggyback),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Ping(probe, news) => write!(f, "Ping{{{probe}{news}}}"),
            Message::PingRequest(probe, target, news) => {
                write!(f, "PingRequest{{{probe} for {target}{news}}}")
            }
            Message::Ack(probe, news) => write!(f, "Ack{{{probe}{news}}}"),
        }
    }
}
