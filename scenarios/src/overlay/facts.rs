//! What can be said of an overlay: links, degrees, pieces, distances.

use std::fmt;

use petgraph::algo::connected_components;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;

use super::to_petgraph;

/// Distances are counted while nodes × (nodes + ends of links) stays below this: half a second or so, 8,000 nodes of
/// degree 4.
const STEPS_MAX: u64 = 1 << 29;

/// What can be said of an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How many nodes it has.
    pub nodes: u32,
    /// How many links.
    pub links: u64,
    /// The fewest neighbours that a node has.
    pub degree_min: u32,
    /// The most.
    pub degree_max: u32,
    /// In how many pieces it is.
    pub components: u32,
    /// How far its nodes are from each other; none if it is in pieces, or too large to count.
    pub distances: Option<Distances>,
}

/// Distances of all pairs of distinct nodes, counted in hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distances {
    /// The largest.
    pub diameter: u32,
    /// The sum over all pairs.
    pub sum: u64,
    /// How many pairs there are: the mean is `sum / pairs`.
    pub pairs: u64,
}

/// Measures an overlay. Distances are exact: a search from every node, or the formula if it is complete.
#[must_use]
pub fn measure(overlay: &Overlay) -> Facts {
    let nodes = overlay.nodes();
    let degrees = || (0..nodes).map(|node| overlay.degree(NodeId(node)));
    let ends: u64 = degrees().map(u64::from).sum();
    let components = components(overlay);
    let steps = u64::from(nodes) * (u64::from(nodes) + ends);
    let distances = if overlay.is_complete() {
        Some(everybody_next_to_everybody(nodes))
    } else if components == 1 && steps <= STEPS_MAX {
        Some(search_from_everywhere(overlay))
    } else {
        None
    };
    Facts {
        nodes,
        links: ends / 2,
        degree_min: degrees().min().unwrap_or(0),
        degree_max: degrees().max().unwrap_or(0),
        components,
        distances,
    }
}

/// In how many pieces an overlay is: 1 if everybody can reach everybody.
#[must_use]
pub fn components(overlay: &Overlay) -> u32 {
    if overlay.is_complete() {
        return u32::from(overlay.nodes() > 0);
    }
    let pieces = connected_components(&to_petgraph(overlay));
    u32::try_from(pieces).expect("no more pieces than nodes")
}

fn everybody_next_to_everybody(nodes: u32) -> Distances {
    let pairs = u64::from(nodes) * u64::from(nodes.saturating_sub(1)) / 2;
    Distances {
        diameter: u32::from(nodes > 1),
        sum: pairs,
        pairs,
    }
}

/// Breadth first from each node of a connected overlay.
fn search_from_everywhere(overlay: &Overlay) -> Distances {
    let nodes = overlay.nodes();
    let mut diameter = 0;
    // From both ends of each pair.
    let mut doubled = 0;
    let mut reached = vec![false; nodes as usize];
    let (mut shell, mut next) = (Vec::new(), Vec::new());
    for start in (0..nodes).map(NodeId) {
        reached.fill(false);
        reached[start.index()] = true;
        shell.push(start);
        let mut distance = 0_u32;
        while !shell.is_empty() {
            diameter = diameter.max(distance);
            doubled += u64::from(distance) * shell.len() as u64;
            for node in shell.drain(..) {
                for other in overlay.neighbours(node) {
                    if !reached[other.index()] {
                        reached[other.index()] = true;
                        next.push(other);
                    }
                }
            }
            std::mem::swap(&mut shell, &mut next);
            distance += 1;
        }
    }
    Distances {
        diameter,
        sum: doubled / 2,
        pairs: everybody_next_to_everybody(nodes).pairs,
    }
}

/// For people: `10 links, degree 2, diameter 5, mean distance 2.78`.
impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.links == 1 { "" } else { "s" };
        write!(f, "{} link{s}, degree {}", self.links, self.degree_min)?;
        if self.degree_min < self.degree_max {
            write!(f, " to {}", self.degree_max)?;
        }
        if self.components > 1 {
            write!(f, ", in {} pieces", self.components)?;
        }
        match self.distances {
            Some(distances) if distances.pairs > 0 => write!(f, ", {distances}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Distances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "diameter {}", self.diameter)?;
        if self.pairs == 0 {
            return Ok(());
        }
        // Hundredths, halves up: exact where a float might fall to either side.
        let hundredths =
            (u128::from(self.sum) * 200 + u128::from(self.pairs)) / (2 * u128::from(self.pairs));
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        write!(f, ", mean distance {whole}.{rest:02}")
    }
}
