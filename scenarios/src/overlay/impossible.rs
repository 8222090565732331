//! Why there is no such overlay, and which one there is.

use std::fmt;

use sim_core::kernel::id::NodeId;

use super::LINKS_MAX;

/// Why an overlay cannot be. Its text says what would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// Of any shape.
    NoNodes,
    /// More links than [`LINKS_MAX`].
    TooManyLinks {
        /// About how many it would have.
        links: u64,
    },
    /// A star around nobody.
    NoSuchCentre {
        /// The centre that was asked for.
        centre: NodeId,
        /// How many nodes there are.
        nodes: u32,
    },
    /// A ring of fewer than 3.
    RingTooSmall {
        /// How many nodes there are.
        nodes: u32,
    },
    /// A tree of arity 0.
    NoBranches,
    /// A hypercube whose size is no power of two.
    NotAPowerOfTwo {
        /// How many nodes there are.
        nodes: u32,
    },
    /// A regular graph of degree 0.
    NoDegree,
    /// A regular graph with an odd number of ends of links.
    OddDegreeSum {
        /// The degree that was asked for.
        degree: u32,
        /// How many nodes there are.
        nodes: u32,
    },
    /// More neighbours than other nodes.
    TooFewNodes {
        /// How many neighbours a node is to have.
        neighbours: u32,
        /// How many nodes there are.
        nodes: u32,
    },
    /// A regular graph exists, but the draws did not find it.
    NotFound {
        /// The degree that was asked for.
        degree: u32,
        /// How many nodes there are.
        nodes: u32,
        /// How often it was tried.
        attempts: u32,
    },
    /// A small world with an odd `k`, or with 0.
    OddNeighbourhood {
        /// The `k` that was asked for.
        k: u32,
    },
    /// Scale-free, but new nodes bring no link.
    NoLinksBrought,
    /// What is wrong with the text of a file.
    File {
        /// The line, from 1; none if it is about the whole.
        line: Option<u32>,
        /// What is there, and what was expected.
        problem: String,
    },
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Impossible::NoNodes => f.write_str("an overlay has at least one node"),
            Impossible::TooManyLinks { links } => write!(
                f,
                "about {links} links are more than the {LINKS_MAX} that fit: fewer nodes, fewer links each, or the complete \
                 graph, which takes no memory"
            ),
            Impossible::NoSuchCentre { centre, nodes } => write!(
                f,
                "the centre {centre} is none of the nodes n0 to n{}",
                nodes - 1
            ),
            Impossible::RingTooSmall { nodes } => write!(
                f,
                "a ring has at least 3 nodes, not {nodes}: a line would do"
            ),
            Impossible::NoBranches => {
                f.write_str("a tree of arity 0 has no branches: 1 (a line), 2 (binary) or more")
            }
            Impossible::NotAPowerOfTwo { nodes } => {
                let below = 1_u64 << nodes.ilog2();
                write!(
                    f,
                    "a hypercube has 2^k nodes, not {nodes}: {below} or {}",
                    2 * below
                )
            }
            Impossible::NoDegree => {
                f.write_str("in a graph of degree 0 nobody has a neighbour: 1 or more")
            }
            Impossible::OddDegreeSum { degree, nodes } => write!(
                f,
                "a {degree}-regular graph of {nodes} nodes does not exist: degree × nodes must be even, as with {} nodes",
                nodes + 1
            ),
            Impossible::TooFewNodes { neighbours, nodes } => write!(
                f,
                "{neighbours} neighbours a node need at least {} nodes, not {nodes}",
                u64::from(*neighbours) + 1
            ),
            Impossible::NotFound {
                degree,
                nodes,
                attempts,
            } => write!(
                f,
                "no {degree}-regular graph of {nodes} nodes came out of {attempts} draws: try another seed"
            ),
            Impossible::OddNeighbourhood { k: 0 } => {
                f.write_str("in a small world with k = 0 nobody has a neighbour: 2 or more")
            }
            Impossible::OddNeighbourhood { k } => write!(
                f,
                "a small world starts with k/2 neighbours on either side: k is even, not {k}, as is {}",
                u64::from(*k) + 1
            ),
            Impossible::NoLinksBrought => {
                f.write_str("with m = 0 a new node brings no link: 1 or more")
            }
            Impossible::File {
                line: Some(line),
                problem,
            } => write!(f, "line {line}: {problem}"),
            Impossible::File {
                line: None,
                problem,
            } => f.write_str(problem),
        }
    }
}

impl std::error::Error for Impossible {}
