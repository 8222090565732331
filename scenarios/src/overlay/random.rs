//! The shapes that are drawn.
//!
//! A draw is named by its place in the graph: the node whose links are drawn, and the how-manieth question about it. So
//! a larger Erdős–Rényi or scale-free graph of the same seed contains the smaller one. The only logarithm is the kernel's.

use petgraph::algo::connected_components;
use petgraph::graph::{NodeIndex, UnGraph};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::random::{Draws, Key, Probability, detmath};

use super::{Impossible, overlay_of, unlinked, within_bounds};

/// How often a regular graph is drawn anew. Most attempts succeed.
const ATTEMPTS: u32 = 1000;

/// Steger and Wormald's pairing (1999), good for sparse graphs; a dense one is the complement of a sparse one.
pub(super) fn regular(nodes: u32, degree: u32, key: Key) -> Result<Overlay, Impossible> {
    if degree == 0 {
        return Err(Impossible::NoDegree);
    }
    if degree >= nodes {
        return Err(Impossible::TooFewNodes {
            neighbours: degree,
            nodes,
        });
    }
    if degree % 2 == 1 && nodes % 2 == 1 {
        return Err(Impossible::OddDegreeSum { degree, nodes });
    }
    within_bounds(u64::from(nodes) * u64::from(degree) / 2)?;
    let absent = nodes - 1 - degree;
    let drawn = degree.min(absent);
    for attempt in 0..ATTEMPTS {
        let Some(web) = pair_up(nodes, drawn, key, attempt) else {
            continue;
        };
        if drawn < degree {
            // With half of the others for neighbours, everybody reaches everybody.
            return Ok(complement(&overlay_of(&web)));
        }
        // Degree 2 and below is rarely in one piece; above, it nearly always is, and people count on it.
        if degree <= 2 || connected_components(&web) == 1 {
            return Ok(overlay_of(&web));
        }
    }
    Err(Impossible::NotFound {
        degree,
        nodes,
        attempts: ATTEMPTS,
    })
}

/// Links two free ends at a time, uniform among those that may be linked. None if what is left over cannot be.
///
/// In the usual shortcut the ends are shuffled, paired in one go, and only what collided is shuffled again; it is not
/// the same: at fifty nodes of degree 3 it gives a fifth more triangles than there should be.
fn pair_up(nodes: u32, degree: u32, key: Key, attempt: u32) -> Option<UnGraph<(), ()>> {
    let mut web = unlinked(nodes);
    let mut free: Vec<u32> = (0..nodes)
        .flat_map(|node| (0..degree).map(move |_| node))
        .collect();
    let mut in_vain = 0;
    for ordinal in 0.. {
        if free.is_empty() {
            break;
        }
        let draws = key.at(u64::from(attempt), ordinal);
        let one = place_below(draws, 0, free.len());
        let other = place_below(draws, 1, free.len() - 1);
        let other = other + usize::from(other >= one);
        let (a, b) = (NodeIndex::from(free[one]), NodeIndex::from(free[other]));
        if a == b || web.contains_edge(a, b) {
            in_vain += 1;
            if in_vain >= free.len() && !can_go_on(&web, &free) {
                return None;
            }
            continue;
        }
        in_vain = 0;
        web.add_edge(a, b, ());
        free.swap_remove(one.max(other));
        free.swap_remove(one.min(other));
    }
    Some(web)
}

/// Are there two nodes with free ends and no link between them?
fn can_go_on(web: &UnGraph<(), ()>, ends: &[u32]) -> bool {
    let mut free = ends.to_vec();
    free.sort();
    free.dedup();
    free.iter().enumerate().any(|(place, a)| {
        free[place + 1..]
            .iter()
            .any(|b| !web.contains_edge(NodeIndex::from(*a), NodeIndex::from(*b)))
    })
}

fn complement(graph: &Overlay) -> Overlay {
    let nodes = graph.nodes();
    let pairs = (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (NodeId(a), NodeId(b))));
    let absent = pairs.filter(|(a, b)| graph.place(*a, *b).is_none());
    Overlay::from_edges(nodes, absent)
}

/// Each node asks for its links to the nodes before it, and skips from one to the next by geometric steps (Batagelj,
/// Brandes 2005): one draw a link and one a node.
pub(super) fn erdos_renyi(nodes: u32, p: Probability, key: Key) -> Result<Overlay, Impossible> {
    if p.is_always() {
        return Ok(Overlay::complete(nodes));
    }
    let pairs = u128::from(nodes) * u128::from(nodes - 1) / 2;
    let expected = (pairs * u128::from(p.threshold())) >> 64;
    within_bounds(u64::try_from(expected).expect("fewer than the pairs of 2^32 nodes"))?;
    let mut edges = Vec::new();
    if !p.is_never() {
        let ln_absent = ln_of_complement(p);
        for node in 1..nodes {
            let mut other = 0_u64;
            for ordinal in 0.. {
                other += geometric(key.at(u64::from(node), ordinal), ln_absent);
                let Some(found) = u32::try_from(other).ok().filter(|found| *found < node) else {
                    break;
                };
                edges.push((NodeId(found), NodeId(node)));
                other += 1;
            }
        }
    }
    Ok(Overlay::from_edges(nodes, edges))
}

/// `ln(1 - p)`. Below 2⁻²⁰ three terms of the series have less error than `1 - p` would have.
fn ln_of_complement(p: Probability) -> f64 {
    const STEP: f64 = 1.0 / 18_446_744_073_709_551_616.0;
    if p.threshold() < 1 << 44 {
        let p = p.threshold() as f64 * STEP;
        -(p + p * p / 2.0 + p * p * p / 3.0)
    } else {
        detmath::ln((u64::MAX - p.threshold() + 1) as f64 * STEP)
    }
}

/// How many absent links precede the next one: rounded down once, and capped where no node is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and the cast saturates"
)]
fn geometric(draws: Draws, ln_absent: f64) -> u64 {
    let skipped = detmath::ln(draws.unit(0)) / ln_absent;
    (skipped as u64).min(u64::from(u32::MAX))
}

/// In `k/2` laps around the ring: in lap `j` each node may move the far end of its link to the `j`-th after it.
pub(super) fn small_world(
    nodes: u32,
    k: u32,
    p: Probability,
    key: Key,
) -> Result<Overlay, Impossible> {
    if k == 0 || k % 2 == 1 {
        return Err(Impossible::OddNeighbourhood { k });
    }
    if k >= nodes {
        return Err(Impossible::TooFewNodes {
            neighbours: k,
            nodes,
        });
    }
    within_bounds(u64::from(nodes) * u64::from(k / 2))?;
    let mut web = unlinked(nodes);
    let mut degrees = vec![k; nodes as usize];
    let after = |node: u32, lap: u32| {
        let far = u64::from(node) + u64::from(lap);
        u32::try_from(far % u64::from(nodes)).expect("a node")
    };
    for lap in 1..=k / 2 {
        for node in 0..nodes {
            web.add_edge(NodeIndex::from(node), NodeIndex::from(after(node, lap)), ());
        }
    }
    for lap in 1..=k / 2 {
        for node in 0..nodes {
            let draws = key.at(u64::from(node), u64::from(lap));
            // Whoever knows everybody has nowhere to move a link.
            if !draws.chance(0, p) || degrees[node as usize] == nodes - 1 {
                continue;
            }
            let here = NodeIndex::from(node);
            let moved = (1..)
                .map(|lane| place_below(draws, lane, nodes as usize))
                .map(NodeIndex::new)
                .find(|other| *other != here && !web.contains_edge(here, *other))
                .expect("there is somebody it does not know");
            let left = NodeIndex::from(after(node, lap));
            let link = web
                .find_edge(here, left)
                .expect("only its own turn moves it");
            web.remove_edge(link);
            web.add_edge(here, moved, ());
            degrees[left.index()] -= 1;
            degrees[moved.index()] += 1;
        }
    }
    Ok(overlay_of(&web))
}

/// A place in a list of the ends of all links so far is a node with a chance in proportion to its links.
pub(super) fn scale_free(nodes: u32, m: u32, key: Key) -> Result<Overlay, Impossible> {
    if m == 0 {
        return Err(Impossible::NoLinksBrought);
    }
    if m >= nodes {
        return Err(Impossible::TooFewNodes {
            neighbours: m,
            nodes,
        });
    }
    within_bounds(u64::from(m) * u64::from(nodes - m))?;
    // Ends of one link lie next to each other.
    let mut ends: Vec<u32> = (1..=m).flat_map(|leaf| [0, leaf]).collect();
    // The last node that linked to each.
    let mut linked_by = vec![0; nodes as usize];
    for node in m + 1..nodes {
        let before = ends.len();
        let mut draws = (0..).map(|ordinal| key.at(u64::from(node), ordinal));
        for _ in 0..m {
            let target = draws
                .by_ref()
                .map(|draws| ends[place_below(draws, 0, before)])
                .find(|target| linked_by[*target as usize] != node)
                .expect("more than m nodes have links");
            linked_by[target as usize] = node;
            ends.extend([target, node]);
        }
    }
    let edges = ends
        .chunks_exact(2)
        .map(|link| (NodeId(link[0]), NodeId(link[1])));
    Ok(Overlay::from_edges(nodes, edges))
}

/// A place in a list of this length.
fn place_below(draws: Draws, lane: u32, length: usize) -> usize {
    usize::try_from(draws.below(lane, length as u64)).expect("below a usize")
}
