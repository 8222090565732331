//! Traces: one record of what happened, and pure functions of it.
//!
//! Every line of a trace is a [`Record`] with a number and the number of its cause, so that happens-before can be read
//! off. [`text`] prints the golden form with fixed columns, [`jsonl`] one JSON object a line, [`causes`] answers why
//! something happened, [`clocks`] what happened before what. Numbers are per-run counters, times print with fixed decimals, payloads through a short summary;
//! nothing depends on an address, a hash or a float.

pub mod causes;
pub mod clocks;
pub mod jsonl;
mod record;
mod recorder;
pub mod shiviz;
pub mod text;
mod texts;

pub use record::{Record, TextId, Trace, What, WhyDropped};
pub use recorder::{PIECE, Recorder, Sink};

/// The version of the meaning of a run: for one version, a scenario and a seed give the same bytes everywhere.
pub const MODEL_VERSION: u32 = 2;

/// A fingerprint as people read it: four groups of four hexadecimal digits.
#[must_use]
pub fn fingerprint_text(fingerprint: u64) -> String {
    let digits = format!("{fingerprint:016x}");
    format!(
        "{}-{}-{}-{}",
        &digits[..4],
        &digits[4..8],
        &digits[8..12],
        &digits[12..]
    )
}
