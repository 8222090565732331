//! The scenario format: from a text and what the command line adds to it, to a [`Scenario`].
//!
//! ```text
//! text ──ron──▶ one level at a time (raw) ──▶ Fields: read, check, record, describe ──▶ Scenario
//!                 ▲ overrides: variant, -p, --set                  └─▶ problems, all of them
//! ```
//!
//! ron decides what is legal syntax; its first error ends the reading. After that everything that is wrong is
//! collected and reported together. **A field is declared once**: the call that reads it names its default and
//! its documentation, so that the reader, the resolved file and `stormglass explain` cannot drift apart.

mod entry;
mod expect;
mod fields;
mod nodes;
mod place;
mod problem;
mod read;
mod scenario;
mod stand_in;

pub use entry::{About, Class, Configured, Entry, Need, PropertyAbout};
pub use expect::{Bound, Comparison, Expectation, Sentence, Statistic};
pub use fields::{Choice, FieldDoc, Fields};
pub use nodes::NodeSet;
pub use place::{Place, SourceId, Sources};
pub use problem::{Code, Problem, Severity};
pub use read::{Overrides, Reading, Variant, describe, read, validate};
pub use scenario::{
    Fault, FaultKind, Job, Links, Network, Scenario, Stop, StopWhen, Topology, Trace, Trigger, Turn,
};
pub use stand_in::{Delay, Probability};
