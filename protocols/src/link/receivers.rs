//! Who gets a copy of a group send: for layers that write to each receiver in another way, and for their judges.

use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::Group;

/// The receivers of what `from` sends to `to`, in ascending order.
pub(super) fn receivers(to: Group, from: NodeId, overlay: &Overlay) -> Vec<NodeId> {
    let all = || (0..overlay.nodes()).map(NodeId);
    match to {
        Group::One(to) => vec![to],
        Group::All => all().collect(),
        Group::Others => all().filter(|to| *to != from).collect(),
        Group::Neighbours => overlay.neighbours(from).collect(),
        Group::NeighboursBut(but) => overlay.neighbours(from).filter(|to| *to != but).collect(),
    }
}
