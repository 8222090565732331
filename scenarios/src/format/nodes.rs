//! Sets of nodes: `3`, `[1, 4]`, `0..=3`, `All`, `First(k)`, `Random(count: 2)`.

use super::stand_in::Probability;

/// Which nodes, as the scenario says it.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeSet {
    /// One node.
    One(u32),
    /// These, ascending, each once.
    List(Vec<u32>),
    /// From the first to the last, both included.
    Range(u32, u32),
    /// Every node.
    All,
    /// The first so many.
    First(u32),
    /// So many, drawn anew in every run, none of `except`.
    Count {
        /// How many.
        count: u32,
        /// Never these, ascending.
        except: Vec<u32>,
    },
    /// This share of all nodes (rounded to the nearest number), none of `except`.
    Fraction {
        /// Of all nodes.
        fraction: Probability,
        /// Never these, ascending.
        except: Vec<u32>,
    },
}
