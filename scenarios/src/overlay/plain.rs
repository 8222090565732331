//! The shapes that a formula gives.

use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;

use super::{Impossible, within_bounds};

fn graph(nodes: u32, edges: impl IntoIterator<Item = (u32, u32)>) -> Overlay {
    let named = edges.into_iter().map(|(a, b)| (NodeId(a), NodeId(b)));
    Overlay::from_edges(nodes, named)
}

pub(super) fn star(nodes: u32, centre: NodeId) -> Result<Overlay, Impossible> {
    if centre.0 >= nodes {
        return Err(Impossible::NoSuchCentre { centre, nodes });
    }
    within_bounds(u64::from(nodes - 1))?;
    let others = (0..nodes).filter(|node| *node != centre.0);
    Ok(graph(nodes, others.map(|node| (centre.0, node))))
}

pub(super) fn ring(nodes: u32) -> Result<Overlay, Impossible> {
    if nodes < 3 {
        return Err(Impossible::RingTooSmall { nodes });
    }
    within_bounds(u64::from(nodes))?;
    let steps = (1..nodes).map(|node| (node - 1, node));
    Ok(graph(nodes, steps.chain([(nodes - 1, 0)])))
}

pub(super) fn line(nodes: u32) -> Result<Overlay, Impossible> {
    within_bounds(u64::from(nodes - 1))?;
    Ok(graph(nodes, (1..nodes).map(|node| (node - 1, node))))
}

pub(super) fn tree(nodes: u32, arity: u32) -> Result<Overlay, Impossible> {
    if arity == 0 {
        return Err(Impossible::NoBranches);
    }
    within_bounds(u64::from(nodes - 1))?;
    let upward = (1..nodes).map(|node| ((node - 1) / arity, node));
    Ok(graph(nodes, upward))
}

pub(super) fn grid(nodes: u32) -> Result<Overlay, Impossible> {
    // Nearly everybody has one to the left and one above.
    within_bounds(2 * u64::from(nodes - 1))?;
    let columns = columns(nodes);
    let to_the_left = (1..nodes)
        .filter(move |node| node % columns != 0)
        .map(|node| (node - 1, node));
    let above = (columns..nodes).map(move |node| (node - columns, node));
    Ok(graph(nodes, to_the_left.chain(above)))
}

/// ⌈√nodes⌉: as square as it goes.
pub(super) fn columns(nodes: u32) -> u32 {
    let floor = nodes.isqrt();
    floor + u32::from(floor * floor < nodes)
}

pub(super) fn hypercube(nodes: u32) -> Result<Overlay, Impossible> {
    if !nodes.is_power_of_two() {
        return Err(Impossible::NotAPowerOfTwo { nodes });
    }
    let bits = nodes.ilog2();
    within_bounds(u64::from(nodes) * u64::from(bits) / 2)?;
    let edges = (0..nodes).flat_map(move |node| {
        (0..bits)
            .map(move |bit| (node, node ^ (1 << bit)))
            .filter(|(low, high)| low < high)
    });
    Ok(graph(nodes, edges))
}
