//! Who gets a copy of a group send: for layers that write to each receiver in another way, and for their judges.

use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::Group;

/// The receivers of what `from` sends to `to`, in ascending order.
pub(super) fn receivers(
    to: Group,
    from: NodeId,
    overlay: &Overlay,
) -> impl Iterator<Item = NodeId> + use<> {
    let overlay = overlay.clone(); // Shares the edges: the caller can go on sending while it goes through the list.
    let places = match to {
        Group::One(_) => 1,
        Group::All | Group::Others => overlay.nodes(),
        Group::Neighbours | Group::NeighboursBut(_) => overlay.degree(from),
    };
    let at = move |place| match to {
        Group::One(to) => to,
        Group::All | Group::Others => NodeId(place),
        Group::Neighbours | Group::NeighboursBut(_) => overlay.neighbour(from, place),
    };
    let without = match to {
        Group::Others => Some(from),
        Group::NeighboursBut(but) => Some(but),
        _ => None,
    };
    (0..places).map(at).filter(move |to| Some(*to) != without)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn are_those_of_the_group() {
        let edge = |a, b| (NodeId(a), NodeId(b));
        let path = Overlay::from_edges(4, [edge(0, 1), edge(1, 2), edge(2, 3)]);
        let groups = [
            (Group::One(NodeId(1)), &[1][..]),
            (Group::All, &[0, 1, 2, 3]),
            (Group::Others, &[0, 2, 3]),
            (Group::Neighbours, &[0, 2]),
            (Group::NeighboursBut(NodeId(0)), &[2]),
        ];
        for (to, expected) in groups {
            let found: Vec<u32> = receivers(to, NodeId(1), &path).map(|to| to.0).collect();
            assert_eq!(found, expected, "{to:?}");
        }
    }
}
