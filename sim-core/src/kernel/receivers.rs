//! Who gets a copy of a group send, and in which order: the same for drivers, layers and judges.

use std::ops::Range;

use super::id::NodeId;
use super::overlay::Overlay;
use super::port::Group;

impl Group {
    /// The members of the group as `from` sees it, in ascending order.
    #[inline]
    #[must_use]
    pub fn receivers(self, from: NodeId, overlay: &Overlay) -> Receivers {
        let but = match self {
            Group::NeighboursBut(but) => overlay.place(from, but),
            _ => None,
        };
        let count = match self {
            Group::One(_) => 1,
            Group::All => overlay.nodes(),
            Group::Others => overlay.nodes() - 1,
            Group::Neighbours => overlay.degree(from),
            Group::NeighboursBut(_) => overlay.degree(from) - u32::from(but.is_some()),
        };
        Receivers {
            from,
            to: self,
            overlay: overlay.clone(),
            but,
            places: 0..count,
        }
    }

    /// The place of a member among the receivers of what `from` sends, from 0.
    #[inline]
    #[must_use]
    pub fn place(self, from: NodeId, member: NodeId, overlay: &Overlay) -> u32 {
        let neighbour = |other| overlay.place(from, other);
        match self {
            Group::One(_) => 0,
            Group::All => member.0,
            Group::Others => member.0 - u32::from(member > from),
            Group::Neighbours => neighbour(member).unwrap_or(0),
            Group::NeighboursBut(but) => {
                let left_out = neighbour(but).is_some() && but < member;
                neighbour(member).unwrap_or(0) - u32::from(left_out)
            }
        }
    }
}

/// The receivers of a group send, by their places. A clone shares the overlay.
#[derive(Clone, Debug)]
pub struct Receivers {
    from: NodeId,
    to: Group,
    overlay: Overlay,
    /// The place that is left out of the list of neighbours.
    but: Option<u32>,
    places: Range<u32>,
}

impl Receivers {
    /// The places of those that are left.
    #[inline]
    #[must_use]
    pub fn places(&self) -> Range<u32> {
        self.places.clone()
    }

    /// The receivers, in order.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.places.clone().map(|place| self.at(place))
    }

    /// The same as two runs of neighbouring numbers, where the group and the overlay are such.
    #[must_use]
    pub fn spans(&self) -> Option<[Range<u32>; 2]> {
        let Range { start, end } = self.places;
        let from = self.from.0;
        match self.to {
            Group::All => Some([start..end, end..end]),
            Group::Others | Group::Neighbours if self.overlay.is_complete() => Some([
                start..end.min(from).max(start),
                start.max(from) + 1..end.max(from) + 1,
            ]),
            _ => None,
        }
    }

    /// How many of them are other processes than the sender.
    #[inline]
    #[must_use]
    pub fn others(&self) -> u64 {
        u64::from(self.places.end - self.places.start) - u64::from(self.own_place().is_some())
    }

    /// Splits off the shortest beginning that holds `count` other processes.
    ///
    /// # Panics
    /// If there are fewer.
    #[must_use]
    pub fn split(&mut self, count: u64) -> Receivers {
        assert!(count <= self.others(), "there are {} others", self.others());
        let start = self.places.start;
        let mut end = start + u32::try_from(count).expect("fewer than there are processes");
        // The own copy does not count, so there is one more place if it stands among the first.
        if count > 0 && self.own_place().is_some_and(|own| own < end) {
            end += 1;
        }
        self.places.start = end;
        Receivers {
            places: start..end,
            ..self.clone()
        }
    }

    /// The receiver at a place.
    #[inline]
    fn at(&self, place: u32) -> NodeId {
        match self.to {
            Group::One(to) => to,
            Group::All => NodeId(place),
            Group::Others => NodeId(place + u32::from(place >= self.from.0)),
            Group::Neighbours => self.overlay.neighbour(self.from, place),
            Group::NeighboursBut(_) => {
                let skip = self.but.is_some_and(|but| place >= but);
                self.overlay.neighbour(self.from, place + u32::from(skip))
            }
        }
    }

    /// Is the sender one of them, and at which place?
    #[inline]
    fn own_place(&self) -> Option<u32> {
        match self.to {
            Group::One(to) => (to == self.from).then_some(0),
            Group::All => Some(self.from.0),
            _ => None,
        }
        .filter(|place| self.places.contains(place))
    }
}

/// Takes the receivers one by one: a layer can go on sending meanwhile.
impl Iterator for Receivers {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let place = self.places.next()?;
        Some(self.at(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(receivers: &Receivers) -> Vec<u32> {
        receivers.iter().map(|node| node.0).collect()
    }

    #[test]
    fn are_those_of_the_group_each_at_its_place() {
        let edge = |a, b| (NodeId(a), NodeId(b));
        let overlay = Overlay::from_edges(5, [edge(1, 0), edge(1, 3), edge(1, 4)]);
        let one = Group::One(NodeId(2));
        let but = |node| Group::NeighboursBut(NodeId(node));
        for (group, expected) in [
            (one, &[2][..]),
            (Group::All, &[0, 1, 2, 3, 4]),
            (Group::Others, &[0, 2, 3, 4]),
            (Group::Neighbours, &[0, 3, 4]),
            (but(3), &[0, 4]),
            (but(2), &[0, 3, 4]),
        ] {
            let receivers = group.receivers(NodeId(1), &overlay);
            assert_eq!(numbers(&receivers), expected, "{group:?}");
            for (place, node) in (0..).zip(receivers) {
                assert_eq!(group.place(NodeId(1), node, &overlay), place, "{group:?}");
            }
        }
    }

    #[test]
    fn spans_hold_the_same() {
        let (complete, line) = (Overlay::complete(6), Overlay::from_edges(6, []));
        for from in (0..6).map(NodeId) {
            for group in [Group::All, Group::Others, Group::Neighbours] {
                for first in 0..3 {
                    let mut receivers = group.receivers(from, &complete);
                    let front = receivers.split(first);
                    for receivers in [front, receivers] {
                        let spans = receivers.spans().expect("the overlay is complete");
                        let nodes: Vec<u32> = spans.into_iter().flatten().collect();
                        assert_eq!(nodes, numbers(&receivers), "{from} {group:?} {first}");
                    }
                }
            }
            let neighbours = Group::Neighbours.receivers(from, &line);
            let one = Group::One(NodeId(3)).receivers(from, &complete);
            assert_eq!((neighbours.spans(), one.spans()), (None, None));
        }
    }

    /// The sender's own copy neither counts nor stands at a beginning alone.
    #[test]
    fn split_between_two_copies() {
        let overlay = Overlay::complete(5);
        let cut = |from: u32, to: Group, left: u64| {
            let mut rest = to.receivers(NodeId(from), &overlay);
            let first = rest.split(left);
            (numbers(&first), first.others(), numbers(&rest))
        };
        assert_eq!(cut(0, Group::All, 2), (vec![0, 1, 2], 2, vec![3, 4]));
        assert_eq!(cut(3, Group::All, 3), (vec![0, 1, 2], 3, vec![3, 4]));
        assert_eq!(cut(4, Group::All, 4), (vec![0, 1, 2, 3], 4, vec![4]));
        assert_eq!(cut(2, Group::All, 0), (vec![], 0, vec![0, 1, 2, 3, 4]));
        assert_eq!(cut(2, Group::Others, 2), (vec![0, 1], 2, vec![3, 4]));
        let own = Group::One(NodeId(2)).receivers(NodeId(2), &overlay);
        assert_eq!(
            own.others(),
            0,
            "a message to oneself is not sent to others"
        );
    }
}
