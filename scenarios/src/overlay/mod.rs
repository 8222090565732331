//! Overlays by name: from a shape, a number of nodes and a seed to who is whose neighbour.
//!
//! `petgraph` holds a graph while it is drawn and counts its components; a run gets the kernel's sorted lists. The
//! generators are our own, for no library serves: petgraph has none for these models, rustworkx-core brings `rand_distr`
//! and the platform's `ln` (other bits elsewhere) besides rayon and ndarray, petgraph-gen has two of the four models,
//! draws each pair of G(n,p), and its numbers move with the releases of `rand`. Here every draw is keyed by the seed
//! and its place in the graph, so the same text gives the same edges everywhere; a table of digests holds that still.
//!
//! ```
//! use scenarios::overlay::{Shape, build, measure};
//!
//! let ring = build(&Shape::Ring, 10, 1).expect("ten nodes make a ring");
//! assert_eq!(measure(&ring).to_string(), "10 links, degree 2, diameter 5, mean distance 2.78");
//!
//! let refused = build(&Shape::Hypercube, 10, 1).expect_err("ten is no power of two");
//! assert_eq!(refused.to_string(), "a hypercube has 2^k nodes, not 10: 8 or 16");
//! ```

mod facts;
mod file;
mod impossible;
mod plain;
mod random;
#[cfg(test)]
mod tests;

use std::fmt;

use petgraph::graph::{NodeIndex, UnGraph};
use sim_core::kernel::id::NodeId;
pub use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::random::{Key, Probability, Purpose};

pub use facts::{Distances, Facts, components, measure};
pub use impossible::Impossible;

/// The most links that a graph may have that is not complete: about what 4 GB hold while it is built.
pub const LINKS_MAX: u64 = 100_000_000;

/// A family of graphs. With a number of nodes and, for the random ones, a seed, it is one graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Everybody is everybody's neighbour: a full mesh.
    Complete,
    /// All are neighbours of the centre, and of nobody else.
    Star {
        /// The node in the middle.
        centre: NodeId,
    },
    /// `0-1-…-(N-1)-0`, from 3 nodes.
    Ring,
    /// `0-1-…-(N-1)`.
    Line,
    /// A tree filled level by level from the root 0: the parent of `i` is `(i-1) / arity`.
    Tree {
        /// How many children a node has at most, at least 1.
        arity: u32,
    },
    /// A rectangular grid with ⌈√N⌉ columns, filled row by row: the last row may be partial. It is square if N is.
    Grid,
    /// Neighbours differ in one bit of their numbers; N is a power of two.
    Hypercube,
    /// One medium that all share. As a graph it is complete; that a frame on it is heard by all is the network's matter.
    Bus,
    /// Every node has `degree` neighbours; asymptotically uniform among all such graphs (Steger, Wormald 1999), and
    /// from degree 3 on among the connected ones. Degree 1 gives pairs, degree 2 one or several rings.
    RandomRegular {
        /// How many neighbours each has, at least 1; `degree × N` is even.
        degree: u32,
    },
    /// G(n,p): each pair is linked with probability `p`, independently (Gilbert 1959; Erdős, Rényi). Kept as drawn: it
    /// may be in several pieces, and surely nearly is if `p` is below `ln N / N`.
    ErdosRenyi {
        /// The probability of a link.
        p: Probability,
    },
    /// A ring where each knows its `k` nearest, and each link is moved with probability `p` (Watts, Strogatz 1998).
    /// Kept as drawn: it has `kN/2` links, and is in one piece with near certainty if `k` is well above `ln N`.
    SmallWorld {
        /// Neighbours before links move: even, from 2 to N-1.
        k: u32,
        /// The probability that a link moves its far end to anyone.
        p: Probability,
    },
    /// Nodes come one by one and link to `m` earlier ones, each with a chance in proportion to its links (Barabási,
    /// Albert 1999). The first `m+1` are a star, as in other libraries: `m(N-m)` links, always in one piece.
    ScaleFree {
        /// Links that a new node brings, from 1 to N-1.
        m: u32,
    },
    /// The text of a file: GraphML if it begins with `<`, else a list of edges.
    ///
    /// An edge list has a line `a b` for each link, with nodes from 0 to N-1; a line with one number names a node that
    /// may have no link; `#` begins a comment. In GraphML the nodes are numbered by their names if these are `0` to
    /// `N-1` or `n0` to `n(N-1)`, else in order of appearance. Directions play no part; a link that is named twice counts
    /// once, and one from a node to itself is an error.
    File(String),
}

impl Shape {
    /// Does the graph depend on the seed?
    #[must_use]
    pub const fn is_random(&self) -> bool {
        matches!(
            self,
            Shape::RandomRegular { .. }
                | Shape::ErdosRenyi { .. }
                | Shape::SmallWorld { .. }
                | Shape::ScaleFree { .. }
        )
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Complete => f.write_str("full mesh"),
            Shape::Star { centre } => write!(f, "star around {centre}"),
            Shape::Ring => f.write_str("ring"),
            Shape::Line => f.write_str("line"),
            Shape::Tree { arity } => write!(f, "tree of arity {arity}"),
            Shape::Grid => f.write_str("grid"),
            Shape::Hypercube => f.write_str("hypercube"),
            Shape::Bus => f.write_str("bus"),
            Shape::RandomRegular { degree } => write!(f, "random {degree}-regular graph"),
            Shape::ErdosRenyi { p } => write!(f, "Erdős–Rényi graph with p = {p}"),
            Shape::SmallWorld { k, p } => write!(f, "small world with k = {k}, p = {p}"),
            Shape::ScaleFree { m } => write!(f, "scale-free graph with m = {m}"),
            Shape::File(_) => f.write_str("graph of a file"),
        }
    }
}

/// The graph of this shape with the nodes `0..nodes`. The seed plays a part in the random shapes only.
///
/// Sparse graphs of a million nodes take about a second. A random regular graph costs `links × degree` steps, so dense
/// ones are for thousands of nodes.
///
/// # Errors
/// [`Impossible`] says why there is no such graph, and which one there is.
pub fn build(shape: &Shape, nodes: u32, seed: u64) -> Result<Overlay, Impossible> {
    if nodes == 0 {
        return Err(Impossible::NoNodes);
    }
    let key = || Key::new(seed, Purpose::Topology);
    match *shape {
        Shape::Complete | Shape::Bus => Ok(Overlay::complete(nodes)),
        Shape::Star { centre } => plain::star(nodes, centre),
        Shape::Ring => plain::ring(nodes),
        Shape::Line => plain::line(nodes),
        Shape::Tree { arity } => plain::tree(nodes, arity),
        Shape::Grid => plain::grid(nodes),
        Shape::Hypercube => plain::hypercube(nodes),
        Shape::RandomRegular { degree } => random::regular(nodes, degree, key()),
        Shape::ErdosRenyi { p } => random::erdos_renyi(nodes, p, key()),
        Shape::SmallWorld { k, p } => random::small_world(nodes, k, p, key()),
        Shape::ScaleFree { m } => random::scale_free(nodes, m, key()),
        Shape::File(ref text) => file::read(text, nodes),
    }
}

/// The overlay as a graph of `petgraph`, for whatever that library can say about it. Node `i` has the index `i`.
///
/// A complete overlay takes no memory; its graph takes 16 bytes a link.
#[must_use]
pub fn to_petgraph(overlay: &Overlay) -> UnGraph<(), ()> {
    let mut web = unlinked(overlay.nodes());
    for (a, b) in overlay.edges() {
        web.add_edge(NodeIndex::from(a.0), NodeIndex::from(b.0), ());
    }
    web
}

/// A graph of nodes without links.
fn unlinked(nodes: u32) -> UnGraph<(), ()> {
    let mut web = UnGraph::with_capacity(nodes as usize, 0);
    for _ in 0..nodes {
        web.add_node(());
    }
    web
}

/// The overlay of what was drawn.
fn overlay_of(web: &UnGraph<(), ()>) -> Overlay {
    let number = |index: NodeIndex| {
        NodeId(u32::try_from(index.index()).expect("petgraph numbers nodes by u32"))
    };
    let nodes = u32::try_from(web.node_count()).expect("petgraph numbers nodes by u32");
    let edges = web
        .raw_edges()
        .iter()
        .map(|edge| (number(edge.source()), number(edge.target())));
    Overlay::from_edges(nodes, edges)
}

/// Refuses a graph with more links than are built.
const fn within_bounds(links: u64) -> Result<(), Impossible> {
    if links > LINKS_MAX {
        return Err(Impossible::TooManyLinks { links });
    }
    Ok(())
}
