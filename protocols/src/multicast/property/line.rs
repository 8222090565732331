//! The casts of each process in their order, as far as somebody still lacks them.
//!
//! As long as every process delivers what an origin casts in the order of its casts, what it has delivered is a number an
//! origin. So a cast is forgotten as soon as all who are judged have delivered it. Of casts that look alike any one will
//! do: the next is taken to be the one that is delivered. What comes twice, or was never cast, is none of this
//! business: other properties see to that.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Guarantee, Payload};
use sim_core::kernel::property::Fact;

use super::standing::Standing;
use crate::multicast::port::Multicast;

/// What each process has cast, with a note `C` on each cast, and how much of it everybody has delivered.
#[derive(Clone, Debug)]
pub(super) struct Lines<P, C> {
    nodes: u32,
    standing: Standing,
    lines: BTreeMap<NodeId, Line<P, C>>,
}

/// What one process casts.
#[derive(Clone, Debug)]
struct Line<P, C> {
    /// How many casts all who are judged have delivered: these are forgotten.
    settled: u64,
    open: VecDeque<(P, C)>,
    /// How many casts each process has delivered.
    delivered: Vec<u64>,
    /// How many of those who are judged have delivered the settled casts and no more.
    behind: u32,
}

/// Where a delivery stands in the line of its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place<P, C> {
    /// It is the next one.
    Next(C),
    /// It comes before this one, which was cast earlier.
    Early(P),
    /// It was never cast, or not by a process that counts, or comes again.
    Nowhere,
}

impl<P: Payload, C: Clone> Lines<P, C> {
    /// For a group of `nodes`.
    pub(super) fn new(nodes: u32) -> Self {
        Lines {
            nodes,
            standing: Standing::default(),
            lines: BTreeMap::new(),
        }
    }

    /// `origin` casts.
    pub(super) fn cast(&mut self, origin: NodeId, payload: P, note: C) {
        if !self.standing.counts(origin) {
            return;
        }
        let (nodes, standing) = (self.nodes, &self.standing);
        let line = self.lines.entry(origin).or_insert_with(|| Line {
            settled: 0,
            open: VecDeque::new(),
            delivered: vec![0; nodes as usize],
            behind: judged(standing, nodes),
        });
        line.open.push_back((payload, note));
    }

    /// `node` delivers; the place of that in the line of its origin. One that comes early is not taken down.
    pub(super) fn deliver(&mut self, node: NodeId, origin: NodeId, payload: &P) -> Place<P, C> {
        if !self.standing.is_judged(node) {
            return Place::Nowhere;
        }
        let Some(line) = self.lines.get_mut(&origin) else {
            return Place::Nowhere;
        };
        let place = line.place(node, payload);
        if matches!(place, Place::Next(_)) {
            line.delivered[node.index()] += 1;
            line.behind -= u32::from(line.delivered[node.index()] == line.settled + 1);
            if line.behind == 0 {
                line.settle(&self.standing, self.nodes);
            }
        }
        place
    }

    /// Takes note of a fault.
    pub(super) fn see<G: Guarantee>(&mut self, fact: &Fact<'_, Multicast<P, G>>) {
        if !self.standing.see(fact) {
            return;
        }
        let standing = &self.standing;
        self.lines.retain(|origin, _| standing.counts(*origin));
        for line in self.lines.values_mut() {
            line.settle(standing, self.nodes);
        }
    }

    /// How many casts of `origin` a process has delivered.
    pub(super) fn delivered(&self, node: NodeId, origin: NodeId) -> u64 {
        let line = self.lines.get(&origin);
        line.map_or(0, |line| line.delivered[node.index()])
    }

    /// The next cast of `origin` that a process lacks, if it lacks one of the first so many.
    pub(super) fn lacks(&self, node: NodeId, origin: NodeId, count: u64) -> Option<&P> {
        let line = self.lines.get(&origin)?;
        let delivered = line.delivered[node.index()];
        let (payload, _) = line.ahead(node).next()?;
        (delivered < count).then_some(payload)
    }

    /// How many casts are remembered.
    #[cfg(test)]
    pub(super) fn open(&self) -> usize {
        self.lines.values().map(|line| line.open.len()).sum()
    }
}

impl<P: Payload, C: Clone> Line<P, C> {
    /// What `node` has not delivered, in order.
    fn ahead(&self, node: NodeId) -> impl Iterator<Item = &(P, C)> {
        let known = self.delivered[node.index()].saturating_sub(self.settled);
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        self.open.iter().skip(known)
    }

    fn place(&self, node: NodeId, payload: &P) -> Place<P, C> {
        let mut ahead = self.ahead(node);
        match ahead.next() {
            Some((next, note)) if next == payload => Place::Next(note.clone()),
            Some((next, _)) if ahead.any(|(later, _)| later == payload) => {
                Place::Early(next.clone())
            }
            _ => Place::Nowhere,
        }
    }

    /// Forgets what all who are judged have delivered.
    fn settle(&mut self, standing: &Standing, nodes: u32) {
        let by_all = |delivered: &[u64]| {
            let judged = (0..nodes).map(NodeId).filter(|n| standing.is_judged(*n));
            judged.map(|node| delivered[node.index()]).min()
        };
        let settled = by_all(&self.delivered).unwrap_or(self.settled);
        let more = usize::try_from(settled - self.settled).unwrap_or(usize::MAX);
        self.open.drain(..more);
        self.settled = settled;
        let behind = (0..nodes)
            .map(NodeId)
            .filter(|node| standing.is_judged(*node) && self.delivered[node.index()] == settled);
        self.behind = u32::try_from(behind.count()).unwrap_or(u32::MAX);
    }
}

fn judged(standing: &Standing, nodes: u32) -> u32 {
    let judged = (0..nodes).filter(|node| standing.is_judged(NodeId(*node)));
    u32::try_from(judged.count()).unwrap_or(u32::MAX)
}
