//! Trace files: the events of a run on disk, written while it goes on, in bounded memory whatever its length.
//!
//! ```text
//! stormglass.trace/2 ⏎      the version of the file
//! frame                     the header: what was run
//! frame …                   a piece each: some thousand events, and the texts they point to
//! frame                     the end: fingerprint, how many events were left out
//! ```
//!
//! A frame is its length and two checksums (`frame.rs`). Every piece can be read by itself (`piece.rs`): a file whose run was
//! killed is good up to its last whole piece, and no reader ever needs more than one in memory. The bytes are a function of
//! the run, on every machine.

mod frame;
mod piece;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::fmt::{self, Display};
use std::io;

use serde::{Deserialize, Serialize};
use sim_core::trace::MODEL_VERSION;

use crate::format::Scenario;
use crate::run::fault_names;

pub use read::{Reader, Whole};
pub use write::Writer;

/// What every trace file begins with, and the version of this one.
const NAME: &str = "stormglass.trace/";
const VERSION: &str = "2";

/// More events than this are not read into memory together: they take some 64 bytes each.
pub const WHOLE_MAX: usize = 10_000_000;

/// What was run: it stands before the events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the meaning of a run.
    pub model_version: u32,
    /// Scenario and variant.
    pub name: String,
    /// The seed.
    pub seed: u64,
    /// The parameters: `n=5 k=2`.
    pub params: String,
    /// What each fault is called, by its number.
    pub faults: Vec<String>,
}

impl Header {
    /// That of a run of this scenario, with its parameters in words.
    #[must_use]
    pub fn of(scenario: &Scenario, params: String) -> Header {
        Header {
            model_version: MODEL_VERSION,
            name: scenario.name.clone(),
            seed: scenario.seed,
            params,
            faults: fault_names(scenario),
        }
    }
}

/// What is known when the run is over: it stands behind the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The fingerprint of the run.
    pub fingerprint: u64,
    /// How many events were left out because there were too many.
    pub left_out: u64,
}

/// Why a trace cannot be read, or no further.
#[derive(Debug)]
pub enum TraceError {
    /// The system would not.
    Io(io::Error),
    /// This is no trace file.
    Foreign,
    /// It is one of this other version.
    Version(String),
    /// It ends before its run did: that was killed, or the disk was full. What came before is good.
    CutOff {
        /// Where the frame begins that is not all there, in bytes.
        offset: u64,
        /// How many whole pieces there are.
        pieces: u64,
        /// The last event of these; 0 if there is none.
        event: u64,
    },
    /// What is there is not what was written.
    Damaged {
        /// Where the frame begins, in bytes.
        offset: u64,
        /// How many pieces there are before it.
        pieces: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There are more than [`WHOLE_MAX`] events.
    TooLong,
}

impl Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TraceError::Io(error) => error.fmt(f),
            TraceError::Foreign => f.write_str("this is no trace"),
            TraceError::Version(found) => write!(
                f,
                "this is a trace of version {found}, and this Stormglass reads version {VERSION} (run the scenario again)"
            ),
            TraceError::CutOff {
                offset,
                pieces,
                event,
            } => {
                let good = match event {
                    0 => "before its first event".to_owned(),
                    event => format!("after event {event}"),
                };
                write!(
                    f,
                    "the trace is cut off {good}, for its run did not come to its end (byte {offset}, piece {})",
                    pieces + 1
                )
            }
            TraceError::Damaged {
                offset,
                pieces,
                why,
            } => write!(
                f,
                "the trace is damaged: {why} (byte {offset}, piece {})",
                pieces + 1
            ),
            TraceError::TooLong => write!(
                f,
                "more than {WHOLE_MAX} events are too many to be read together (as text and as JSON Lines they are \
                 printed one by one)"
            ),
        }
    }
}

impl std::error::Error for TraceError {}

impl From<io::Error> for TraceError {
    fn from(error: io::Error) -> TraceError {
        TraceError::Io(error)
    }
}
