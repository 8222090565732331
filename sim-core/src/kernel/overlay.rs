//! Overlays: who is whose neighbour.

use std::sync::Arc;

use super::id::NodeId;

/// An undirected graph without loops over the processes `0..nodes`: between neighbours there is a channel.
///
/// A clone shares the edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay(Graph);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Graph {
    Complete(u32),
    Sparse(Arc<Adjacency>),
}

/// For each node the ascending list of its neighbours, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Adjacency {
    starts: Vec<u32>,
    lists: Vec<NodeId>,
}

impl Adjacency {
    fn list(&self, node: NodeId) -> &[NodeId] {
        &self.lists[self.starts[node.index()] as usize..self.starts[node.index() + 1] as usize]
    }
}

impl Overlay {
    /// Everybody is everybody's neighbour; it takes no memory.
    #[must_use]
    pub const fn complete(nodes: u32) -> Overlay {
        Overlay(Graph::Complete(nodes))
    }

    /// The graph of these edges. Their order and direction play no part; what is named twice counts once, and a loop
    /// not at all.
    ///
    /// # Panics
    /// If an edge names a node that is not below `nodes`, or if there are 2³¹ edges or more.
    #[must_use]
    pub fn from_edges(nodes: u32, edges: impl IntoIterator<Item = (NodeId, NodeId)>) -> Overlay {
        let mut pairs: Vec<(NodeId, NodeId)> = Vec::new();
        for (a, b) in edges {
            assert!(
                a.0.max(b.0) < nodes,
                "an edge {a}-{b} in a graph of {nodes} nodes"
            );
            if a != b {
                pairs.extend([(a, b), (b, a)]);
            }
        }
        pairs.sort();
        pairs.dedup();
        let mut starts = vec![0; nodes as usize + 1];
        for (from, _) in &pairs {
            starts[from.index() + 1] += 1;
        }
        for node in 0..nodes as usize {
            starts[node + 1] += starts[node];
        }
        let _ = u32::try_from(pairs.len()).expect("fewer than 2^31 edges");
        let lists = pairs.into_iter().map(|(_, to)| to).collect();
        Overlay(Graph::Sparse(Arc::new(Adjacency { starts, lists })))
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        match &self.0 {
            Graph::Complete(nodes) => *nodes,
            Graph::Sparse(adjacency) => {
                u32::try_from(adjacency.starts.len() - 1).expect("it was made from a u32")
            }
        }
    }

    /// Is everybody everybody's neighbour by construction?
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self.0, Graph::Complete(_))
    }

    /// How many neighbours `node` has.
    #[must_use]
    pub fn degree(&self, node: NodeId) -> u32 {
        match &self.0 {
            Graph::Complete(nodes) => nodes - 1,
            Graph::Sparse(adjacency) => {
                adjacency.starts[node.index() + 1] - adjacency.starts[node.index()]
            }
        }
    }

    /// The neighbour number `place` of `node`, in ascending order from 0.
    ///
    /// # Panics
    /// If it has no more than `place` neighbours.
    #[must_use]
    pub fn neighbour(&self, node: NodeId, place: u32) -> NodeId {
        assert!(
            place < self.degree(node),
            "{node} has {} neighbours",
            self.degree(node)
        );
        match &self.0 {
            Graph::Complete(_) => NodeId(place + u32::from(place >= node.0)),
            Graph::Sparse(adjacency) => adjacency.list(node)[place as usize],
        }
    }

    /// The neighbours of `node`, ascending.
    pub fn neighbours(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.degree(node)).map(move |place| self.neighbour(node, place))
    }

    /// The place of `other` among the neighbours of `node`, if it is one.
    #[must_use]
    pub fn place(&self, node: NodeId, other: NodeId) -> Option<u32> {
        match &self.0 {
            Graph::Complete(nodes) => {
                (other != node && other.0 < *nodes).then(|| other.0 - u32::from(other.0 > node.0))
            }
            Graph::Sparse(adjacency) => {
                let place = adjacency.list(node).binary_search(&other).ok()?;
                u32::try_from(place).ok()
            }
        }
    }

    /// All edges, each once with the smaller node first, ascending.
    pub fn edges(&self) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        (0..self.nodes()).map(NodeId).flat_map(move |node| {
            let above = move |other: &NodeId| *other > node;
            self.neighbours(node)
                .filter(above)
                .map(move |other| (node, other))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_knows_its_neighbours() {
        let edge = |a, b| (NodeId(a), NodeId(b));
        let graph = Overlay::from_edges(
            4,
            [edge(2, 0), edge(0, 1), edge(1, 0), edge(3, 3), edge(2, 3)],
        );
        assert_eq!(
            graph.edges().collect::<Vec<_>>(),
            [edge(0, 1), edge(0, 2), edge(2, 3)]
        );
        assert_eq!(
            (graph.degree(NodeId(0)), graph.neighbour(NodeId(2), 1)),
            (2, NodeId(3))
        );
        assert_eq!(
            [0, 1, 2, 3].map(|other| graph.place(NodeId(2), NodeId(other))),
            [Some(0), None, None, Some(1)]
        );
    }

    #[test]
    fn the_complete_graph_is_the_one_of_all_edges() {
        let (short, long) = (
            Overlay::complete(5),
            Overlay::from_edges(5, Overlay::complete(5).edges()),
        );
        assert_eq!(long.edges().count(), 10);
        for node in (0..5).map(NodeId) {
            assert!(short.neighbours(node).eq(long.neighbours(node)));
            for other in (0..5).map(NodeId) {
                assert_eq!(short.place(node, other), long.place(node, other));
            }
        }
    }
}
