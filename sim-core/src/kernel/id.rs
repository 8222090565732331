//! Names of processes and of messages.

use core::fmt;
use serde::{Deserialize, Serialize};

/// One process of the cluster: numbered `0..n`, the same in every driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

impl NodeId {
    /// Stands for the whole cluster where a trace has to name a process. It is nobody's number.
    pub const ALL: NodeId = NodeId(u32::MAX);

    /// The number as an index into a table with one row a node.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == NodeId::ALL {
            return f.pad("all");
        }
        write!(f, "n{}", self.0)
    }
}

/// A message as its origin numbered it: unique as long as the origin keeps count.
///
/// Cachin, Guerraoui and Rodrigues assume that messages are unique; this is how a layer makes them so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MsgId {
    /// The process that first sent it.
    pub origin: NodeId,
    /// Its place among the messages of that process, from 0.
    pub seq: u32,
}

impl fmt::Display for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.origin.0, self.seq)
    }
}
