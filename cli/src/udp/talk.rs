//! What `udp run --processes` and its nodes say to each other: a line of JSON each, on the node's standard streams.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};
use udp::counts::Counts;

/// What a node says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Says {
    /// Its sockets are bound.
    Ready,
    /// How it is.
    Status {
        /// Nothing is in flight there, armed or planned.
        quiet: bool,
        /// Copies of messages that it sent, and that came to it.
        sent: u64,
        /// See `sent`.
        came: u64,
        /// When something last happened, in ns.
        last: u64,
        /// When it says so, in ns.
        now: u64,
    },
    /// It crashes, by the fault of this number, and returns, if it does, at this time, perhaps with an empty disk.
    Crash {
        /// The fault.
        fault: u32,
        /// When it returns, in ns.
        returns: Option<u64>,
        /// With an empty disk.
        disk_lost: bool,
    },
    /// Its run is over.
    Over {
        /// What its sockets counted.
        counts: Box<Counts>,
        /// What its protocol said when it panicked.
        panic: Option<String>,
    },
    /// It could not go on.
    Failed(String),
    /// Nothing any more: its standard output was closed.
    Gone,
}

/// What it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Told {
    /// To begin.
    Begin {
        /// What the host's monotonic clock shows at time zero of the run, in ns.
        epoch: i64,
        /// When this life begins, in ns.
        since: u64,
        /// Faults that have struck it before.
        spent: BTreeSet<u32>,
        /// Its disk was lost.
        disk_lost: bool,
    },
    /// To let nobody ask for anything more, and to end when it is quiet.
    Drain,
    /// To end: all is quiet everywhere since then, in ns.
    End {
        /// When.
        quiet_since: Option<u64>,
    },
}

/// Says one thing.
pub fn say<T: Serialize>(mut to: impl Write, what: &T) -> io::Result<()> {
    let mut line = serde_json::to_string(what).map_err(io::Error::other)?;
    line.push('\n');
    to.write_all(line.as_bytes())?;
    to.flush()
}

/// Hears the next thing; `None` if nobody says anything any more.
pub fn hear<T: for<'de> Deserialize<'de>>(from: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    serde_json::from_str(&line)
        .map(Some)
        .map_err(io::Error::other)
}
