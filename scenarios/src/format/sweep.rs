//! A sweep, as a scenario says it: which parameters take which values, how often each point is run, what is expected of all.

use std::ops::RangeInclusive;

use super::expr::Value;
use super::place::Place;
use super::resolved::Ron;
use super::sweep_expect::Ask;

/// What `sweep` says. Without it: one point, run once.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// What varies, in the order of the file; the last varies fastest.
    pub axes: Vec<Axis>,
    /// Names of axes that go together, value by value, at the place of the first of them.
    pub zip: Vec<String>,
    /// Which points are meant, as an expression.
    pub condition: Option<String>,
    /// The runs of a point.
    pub seeds: Seeds,
    /// What must hold of all runs together.
    pub expect: Vec<Ask>,
    /// Metrics of one run that are measured besides those that sentences name.
    pub measure: Vec<String>,
    /// What the literature says, shown beside what is measured.
    pub theory: Vec<Said>,
    /// Where it says so: `Demers et al. 1987, table 1`. Empty if nothing is said.
    pub source: String,
}

/// What the literature says of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The metric of one run.
    pub metric: String,
    /// Its values.
    pub figures: Figures,
}

/// Values that the literature gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Figures {
    /// An expression over the parameters of a point.
    Formula(String),
    /// One for each of these values of the parameter, which is that of the first axis.
    Table(String, Vec<(f64, f64)>),
}

/// A parameter and the values that it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The parameter.
    pub name: String,
    /// At least one, each once.
    pub values: Vec<Value>,
    /// Where it is written.
    pub place: Place,
}

impl Axis {
    /// What sets the parameter to a value, as `-p` does.
    #[must_use]
    pub fn set(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => format!("{}={}", self.name, Ron::text(text).line()),
            other => format!("{}={other}", self.name),
        }
    }
}

/// The seeds of the runs of a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// So many runs, whose seeds follow from the seed of the scenario and the values of the point.
    Derived(u32),
    /// These, at every point.
    Given(RangeInclusive<u64>),
}

impl Default for Seeds {
    fn default() -> Seeds {
        Seeds::Derived(1)
    }
}

impl Seeds {
    /// How many runs a point has.
    #[must_use]
    pub fn count(&self) -> u32 {
        match self {
            Seeds::Derived(count) => *count,
            Seeds::Given(seeds) => {
                u32::try_from(seeds.end() - seeds.start() + 1).unwrap_or(u32::MAX)
            }
        }
    }
}
