//! Expectations: one-line sentences that a run is judged by.

use super::place::Place;
use sim_core::kernel::time::Span;

/// One sentence of `expect`, or of `--expect`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Where it is written.
    pub place: Place,
    /// As it is written, without the `where`.
    pub text: String,
    /// What it says.
    pub sentence: Sentence,
    /// What stands after `where`, and whether it is so; a sentence whose `where` is false is not asked.
    pub condition: Option<(String, bool)>,
}

/// What an expectation says.
#[derive(Clone, Debug, PartialEq)]
pub enum Sentence {
    /// Safety: judged after every event.
    Always {
        /// A property.
        property: String,
    },
    /// Liveness.
    Eventually {
        /// A property.
        property: String,
        /// How long after it was owed.
        within: Span,
    },
    /// A property or a mark that must be reached.
    Sometimes {
        /// Its name.
        goal: String,
    },
    /// A metric at the end of the run.
    Metric {
        /// Of what the metric's samples give: `p99(..)`; none for a plain count.
        statistic: Option<Statistic>,
        /// Its name.
        metric: String,
        /// How it compares.
        comparison: Comparison,
        /// With what.
        bound: Bound,
        /// The bound as it is written, for the report.
        bound_text: String,
    },
}

/// What to take of the samples of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// A percentile by nearest rank, 1 to 99.
    Percentile(u8),
}

/// `<`, `<=`, `>`, `>=`, `==`, `!=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Different,
}

/// What a metric is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A time.
    Time(Span),
}
