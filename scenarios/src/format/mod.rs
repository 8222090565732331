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

mod axis;
mod codes;
mod context;
mod declare;
mod declare_byzantine;
mod declare_delay;
mod declare_faults;
mod declare_links;
mod declare_network;
mod declare_partitions;
mod declare_sweep;
mod declare_topology;
mod declare_trigger;
mod declare_work;
mod entry;
mod expect;
mod expr;
mod faults;
mod fields;
mod habits;
mod leaves;
mod lexemes;
mod links;
mod nesting;
mod network;
mod nodes;
mod options;
mod params;
mod place;
mod problem;
mod raw;
mod read;
mod render;
mod resolved;
mod scenario;
mod sets;
mod sweep;
mod sweep_expect;
mod syntax;
mod tokens;
mod triggers;
mod units;
mod words;

pub use codes::{Code, Explanation, UnknownCode};
pub use declare::NODES_MAX;
pub use entry::{
    About, Configured, Cost, Entry, Mark, Messages, MetricAbout, Need, Resilience, Unit,
};
pub use expect::{Bound, Comparison, Expectation, Sentence, Statistic};
pub use expr::{Value, formula};
pub use faults::{
    Behaviour, DiskAfterCrash, Drift, Ends, Fault, FaultAbout, FaultKind, Flap, Offset, Skew,
    Strikes,
};
pub use fields::{FieldDoc, Fields};
pub use leaves::Choice;
pub use links::{Guarantee, Layer, Links, Retries};
pub use network::{Between, Conduct, Differences, Loss, Network, Rate, RateError, Routing, Timing};
pub use nodes::NodeSet;
pub use options::{example, examples, meaning, vocabulary};
pub use place::{Place, SourceId, Sources};
pub use problem::{Edits, Problem, Severity};
pub use read::{Overrides, Reading, Variant, describe, is_meant, read, validate};
pub use render::{Look, human, json, short};
pub use scenario::{Every, Job, Places, Scenario, Stop, StopWhen, Trace, Turn};
pub use sim_core::kernel::random::{Delay, Probability};
pub use sweep::{Axis, Figures, Said, Seeds, Sweep};
pub use sweep_expect::{Ask, Term, What, bound, value};
pub use triggers::{Lasting, Occasion, Trigger};
pub use units::bytes_text;
pub use words::similar;

#[cfg(test)]
mod tests;
