//! Flooding: a link to everybody over an overlay in which each knows its neighbours only.
//!
//! Everyone passes the first copy on to all its neighbours but the one it came from, and drops the others. Source:
//! Tanenbaum, Computer Networks, section 5.2, with both of its means against endless copies: a hop count and numbers.
//!
//! Needs a network between neighbours and knows nothing of the overlay. Offers a link of guarantee `Q`: as with an
//! assumed link, it is as good as the network makes it. Over channels that lose nothing, on a connected overlay, every
//! message arrives once; where channels lose, as many disjoint paths help it as there are.
//!
//! Cost: 2E-(N-1) messages for each message, whoever it is for, if everybody passes it on: each node sends to all its
//! neighbours, less the one it heard from, which the origin has not. The last shell of a flood with a hop limit passes
//! nothing on. Delay: the distance, in hops, or less if there are quicker ways around.
//!
//! A flood of `h` hops reaches all nodes at a distance of at most `h` and no other, whatever the delays. The first copy
//! may have come a long but quick way and have few hops left; so a later copy with more hops left is passed on again,
//! though not delivered again. If every hop takes equally long this never happens, and the count above holds; without
//! a limit it holds always.
//!
//! Model: crash-stop or crash-recovery. Its memory is volatile: who recovers may deliver once more what still floats
//! about. Numbers of different lives of an origin are told apart. Memory: a few words for each life of an origin, and
//! bounded there whatever gets lost. Anybody can lie about the origin, and invent any number of them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use crate::seen::Seen;

/// Numbers of an origin that are kept above a gap. A message that this many later ones of its origin overtake is lost.
const ABOVE_GAP_MAX: usize = 1024;

/// Messages of an origin of which the hops left are remembered. If this many newer ones came between a message's first
/// copy and one with more hops left, that one is not passed on, and nodes at the rim may miss it.
const RECENT_MAX: usize = 64;

/// A copy came with more hops left than the first, and was passed on again.
const AGAIN: &str = "flood_again";

/// A copy had no hop left when it was sent: nobody honest sends such.
const NO_HOPS: &str = "flood_no_hops";

/// How far a message may still travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ttl {
    /// So many hops.
    Hops(u32),
    /// As far as there are nodes that have not seen it.
    Unlimited,
}

impl Ttl {
    /// What is left after the hop to a node, if that may pass the message on.
    const fn after_a_hop(self) -> Option<Ttl> {
        match self {
            Ttl::Hops(0 | 1) => None,
            Ttl::Hops(hops) => Some(Ttl::Hops(hops - 1)),
            Ttl::Unlimited => Some(Ttl::Unlimited),
        }
    }
}

/// What the layer puts on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flooded<M> {
    /// Who sent it first, and which of its floods it is; messages to neighbours are counted apart.
    pub id: MsgId,
    /// In which of its lives it sent it: it counts anew in each.
    pub life: u32,
    /// For whom it is, as the origin says it.
    pub to: Group,
    /// How far it may travel, the hop to the receiver of this copy included.
    pub ttl: Ttl,
    /// What was sent.
    pub msg: M,
}

impl<M: fmt::Display> fmt::Display for Flooded<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flood{{{}", self.id)?;
        if self.life > 0 {
            write!(f, " life {}", self.life)?;
        }
        if let Group::One(to) = self.to {
            write!(f, " to {to}")?;
        }
        if let Ttl::Hops(hops) = self.ttl {
            write!(f, " ttl {hops}")?;
        }
        write!(f, " {}}}", self.msg)
    }
}

/// Where numbers are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Source {
    origin: NodeId,
    life: u32,
    /// To neighbours only. Others would see gaps where these are, if they were counted with the rest.
    near: bool,
}

/// The best copy of a message so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Best {
    seq: u32,
    ttl: Ttl,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flooding<M, Q> {
    ttl: Ttl,
    life: u32,
    next: u32,
    next_near: u32,
    seen: Seen<Source>,
    /// Of floods with a limit: the latest, ascending.
    recent: BTreeMap<Source, Vec<Best>>,
    carries: PhantomData<fn() -> (M, Q)>,
}

impl<M, Q> Flooding<M, Q> {
    /// A node whose own messages travel as far as `ttl` says, and that has seen nothing.
    #[must_use]
    pub const fn new(ttl: Ttl) -> Self {
        Flooding {
            ttl,
            life: 0,
            next: 0,
            next_near: 0,
            seen: Seen::new(),
            recent: BTreeMap::new(),
            carries: PhantomData,
        }
    }
}

impl<M: Payload, Q: Guarantee> Protocol for Flooding<M, Q> {
    type Offers = Link<M, Q>;
    type Needs = Net<Flooded<M>>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => self.life = boot.incarnation,
            Event::Request(Transmit { to, msg }) => self.on_transmit(to, msg, fx),
            Event::Indication(Arrival { from, msg: copy }) => self.on_copy(from, copy, fx),
            Event::Timer(never) => match never {},
        }
    }
}

impl<M: Payload, Q: Guarantee> Flooding<M, Q> {
    fn on_transmit(&mut self, to: Group, msg: M, fx: &mut impl Effects<Self>) {
        let me = fx.me();
        if to == Group::All || to == Group::One(me) {
            // No hop, no network.
            fx.indicate(Arrival {
                from: me,
                msg: msg.clone(),
            });
        }
        let near = is_near(to);
        let ttl = if near { Ttl::Hops(1) } else { self.ttl };
        if to == Group::One(me) || ttl == Ttl::Hops(0) {
            return;
        }
        let next = if near {
            &mut self.next_near
        } else {
            &mut self.next
        };
        let seq = *next;
        *next += 1;
        let flood = Flooded {
            id: MsgId { origin: me, seq },
            life: self.life,
            to,
            ttl,
            msg,
        };
        fx.send(if near { to } else { Group::Neighbours }, flood);
    }

    fn on_copy(&mut self, from: NodeId, copy: Flooded<M>, fx: &mut impl Effects<Self>) {
        let me = fx.me();
        if copy.id.origin == me {
            // It has come back, perhaps from a former life: this node has sent it to all there are.
            return;
        }
        if copy.ttl == Ttl::Hops(0) {
            fx.mark(NO_HOPS);
            return;
        }
        if self.is_first(&copy) {
            if is_for(copy.to, me) {
                // Deliver, then pass on. A crash may fall between the two.
                fx.indicate(Arrival {
                    from: copy.id.origin,
                    msg: copy.msg.clone(),
                });
            }
        } else if self.has_more_hops(&copy) {
            fx.mark(AGAIN);
        } else {
            return;
        }
        if let Some(ttl) = copy.ttl.after_a_hop() {
            fx.send(Group::NeighboursBut(from), Flooded { ttl, ..copy });
        }
    }

    /// Takes note of a copy; true if it is the first of its message.
    fn is_first(&mut self, copy: &Flooded<M>) -> bool {
        let (source, seq) = (source_of(copy), copy.id.seq);
        let first = self.seen.insert_bounded(source, seq, ABOVE_GAP_MAX);
        if first && !source.near && copy.ttl != Ttl::Unlimited {
            let recent = self.recent.entry(source).or_default();
            let place = recent.partition_point(|best| best.seq < seq);
            let ttl = copy.ttl;
            recent.insert(place, Best { seq, ttl });
            if recent.len() > RECENT_MAX {
                recent.remove(0);
            }
        }
        first
    }

    /// Takes note of a later copy; true if none before had as many hops left.
    fn has_more_hops(&mut self, copy: &Flooded<M>) -> bool {
        let Some(recent) = self.recent.get_mut(&source_of(copy)) else {
            return false;
        };
        let Ok(place) = recent.binary_search_by_key(&copy.id.seq, |best| best.seq) else {
            return false;
        };
        let best = &mut recent[place];
        let more = best.ttl < copy.ttl;
        best.ttl = best.ttl.max(copy.ttl);
        more
    }
}

/// Do messages to these go one hop and no further?
const fn is_near(to: Group) -> bool {
    matches!(to, Group::Neighbours | Group::NeighboursBut(_))
}

/// Is a message that somebody else sent to these for `me`, which it has reached?
fn is_for(to: Group, me: NodeId) -> bool {
    match to {
        Group::One(to) => to == me,
        Group::All | Group::Others | Group::Neighbours => true,
        Group::NeighboursBut(but) => but != me,
    }
}

const fn source_of<M>(copy: &Flooded<M>) -> Source {
    Source {
        origin: copy.id.origin,
        life: copy.life,
        near: is_near(copy.to),
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::VecDeque;
    use alloc::format;
    use alloc::vec;

    use sim_core::kernel::overlay::Overlay;
    use sim_core::kernel::random::{Key, Purpose};
    use sim_core::kernel::rig::Rig;

    use super::*;

    type Layer = Flooding<u8, Perfect>;

    fn flood(origin: u32, seq: u32, to: Group, ttl: Ttl) -> Flooded<u8> {
        let origin = NodeId(origin);
        Flooded {
            id: MsgId { origin, seq },
            life: 0,
            to,
            ttl,
            msg: 7,
        }
    }

    fn from(from: u32, msg: Flooded<u8>) -> Arrival<Flooded<u8>> {
        Arrival {
            from: NodeId(from),
            msg,
        }
    }

    fn delivered(origin: u32) -> Effect<Layer> {
        Effect::Indicate(Arrival {
            from: NodeId(origin),
            msg: 7,
        })
    }

    fn sent(to: Group, msg: Flooded<u8>) -> Effect<Layer> {
        Effect::Request(Transmit { to, msg })
    }

    fn rig(ttl: Ttl) -> Rig<Layer> {
        let mut rig = Rig::new(Flooding::new(ttl));
        rig.boot();
        rig
    }

    #[test]
    fn delivers_and_passes_on_the_first_copy() {
        let mut rig = rig(Ttl::Unlimited);
        let copy = flood(1, 0, Group::All, Ttl::Unlimited);
        assert_eq!(
            rig.indication(from(2, copy.clone())).effects(),
            [
                delivered(1),
                sent(Group::NeighboursBut(NodeId(2)), copy.clone())
            ]
        );
        assert_eq!(rig.indication(from(1, copy)).effects(), []);
    }

    #[test]
    fn passes_on_what_is_for_somebody_else() {
        let copy = flood(1, 0, Group::One(NodeId(2)), Ttl::Hops(3));
        let less = flood(1, 0, Group::One(NodeId(2)), Ttl::Hops(2));
        assert_eq!(
            rig(Ttl::Unlimited).indication(from(1, copy)).effects(),
            [sent(Group::NeighboursBut(NodeId(1)), less)]
        );
    }

    /// What is for this node needs no network; the rest goes to the neighbours, each under the next number.
    #[test]
    fn sends_to_the_neighbours_and_to_itself_at_once() {
        let mut rig = rig(Ttl::Hops(4));
        let mut asked = |to| rig.request(Transmit { to, msg: 7 }).effects();
        let out = |seq, to| sent(Group::Neighbours, flood(0, seq, to, Ttl::Hops(4)));
        assert_eq!(asked(Group::One(NodeId(0))), [delivered(0)]);
        assert_eq!(asked(Group::All), [delivered(0), out(0, Group::All)]);
        assert_eq!(asked(Group::Others), [out(1, Group::Others)]);
        let far = Group::One(NodeId(2));
        assert_eq!(asked(far), [out(2, far)]);
    }

    #[test]
    fn without_hops_a_message_stays_where_it_is() {
        let mut origin = rig(Ttl::Hops(0));
        let all = Transmit {
            to: Group::All,
            msg: 7,
        };
        assert_eq!(origin.request(all).effects(), [delivered(0)]);

        let mut next = rig(Ttl::Unlimited);
        let last = flood(1, 0, Group::All, Ttl::Hops(1));
        assert_eq!(next.indication(from(1, last)).effects(), [delivered(1)]);
        let forged = flood(1, 1, Group::All, Ttl::Hops(0));
        assert_eq!(next.indication(from(1, forged)).effects(), []);
        assert_eq!(next.marks(), [NO_HOPS]);
    }

    /// A quick detour must not make the ball smaller.
    #[test]
    fn passes_on_again_what_comes_with_more_hops_left() {
        let mut rig = rig(Ttl::Hops(4));
        let copy = |hops| flood(1, 0, Group::All, Ttl::Hops(hops));
        assert_eq!(rig.indication(from(2, copy(1))).effects(), [delivered(1)]);
        assert_eq!(
            rig.indication(from(1, copy(3))).effects(),
            [sent(Group::NeighboursBut(NodeId(1)), copy(2))]
        );
        assert_eq!(rig.marks(), [AGAIN]);
        assert_eq!(rig.indication(from(2, copy(3))).effects(), []);
        assert_eq!(rig.indication(from(2, copy(2))).effects(), []);
    }

    /// Messages to neighbours stay there, and leave no gap in the numbers that others see.
    #[test]
    fn neighbours_are_one_hop_away() {
        let mut rig = rig(Ttl::Unlimited);
        let near = |seq, to| sent(to, flood(0, seq, to, Ttl::Hops(1)));
        for (seq, to) in [(0, Group::Neighbours), (1, Group::NeighboursBut(NodeId(2)))] {
            let asked = rig.request(Transmit { to, msg: 7 }).effects();
            assert_eq!(asked, [near(seq, to)]);
        }
        let far = flood(0, 0, Group::Others, Ttl::Unlimited);
        let asked = rig.request(Transmit {
            to: Group::Others,
            msg: 7,
        });
        assert_eq!(asked.effects(), [sent(Group::Neighbours, far)]);

        let copy = flood(1, 0, Group::Neighbours, Ttl::Hops(1));
        assert_eq!(
            rig.indication(from(1, copy.clone())).effects(),
            [delivered(1)]
        );
        assert_eq!(rig.indication(from(1, copy)).effects(), []);
    }

    /// Who recovers counts from 0 again; what it sent before comes back to it and is old.
    #[test]
    fn tells_the_lives_of_an_origin_apart() {
        let mut rig = rig(Ttl::Unlimited);
        let first = flood(1, 0, Group::One(NodeId(0)), Ttl::Hops(1));
        let second = Flooded {
            life: 1,
            ..first.clone()
        };
        for copy in [&second, &first] {
            let effects = rig.indication(from(1, copy.clone())).effects();
            assert_eq!(effects, [delivered(1)]);
            assert_eq!(rig.indication(from(2, copy.clone())).effects(), []);
        }

        let mut recovered = Rig::new(Layer::new(Ttl::Unlimited));
        let disk = ();
        recovered.boot_with(Boot {
            disk,
            incarnation: 3,
        });
        let own = flood(0, 0, Group::All, Ttl::Unlimited);
        assert_eq!(recovered.indication(from(1, own.clone())).effects(), []);
        let others = Transmit {
            to: Group::All,
            msg: 7,
        };
        let anew = Flooded { life: 3, ..own };
        assert_eq!(
            recovered.request(others).effects(),
            [delivered(0), sent(Group::Neighbours, anew)]
        );
    }

    #[test]
    fn reads_well_in_a_trace() {
        let copy = flood(1, 4, Group::One(NodeId(2)), Ttl::Hops(3));
        assert_eq!(format!("{copy}"), "Flood{1.4 to n2 ttl 3 7}");
        let copy = Flooded {
            life: 2,
            ..flood(1, 4, Group::All, Ttl::Unlimited)
        };
        assert_eq!(format!("{copy}"), "Flood{1.4 life 2 7}");
    }

    /// A flood from node 0 over an overlay, without an engine.
    struct Water {
        rigs: Vec<Rig<Layer>>,
        overlay: Overlay,
        /// Copies on their way: sender, receiver, message.
        flying: VecDeque<(NodeId, NodeId, Flooded<u8>)>,
        messages: u32,
        deliveries: Vec<u32>,
    }

    impl Water {
        fn new(overlay: &Overlay, ttl: Ttl) -> Water {
            let nodes = overlay.nodes();
            let node = |me| {
                let mut rig = rig(ttl);
                rig.as_node(NodeId(me), nodes).env().overlay = overlay.clone();
                rig
            };
            Water {
                rigs: (0..nodes).map(node).collect(),
                overlay: overlay.clone(),
                flying: VecDeque::new(),
                messages: 0,
                deliveries: vec![0; nodes as usize],
            }
        }

        fn carry_out(&mut self, me: NodeId) {
            for effect in self.rigs[me.index()].effects() {
                match effect {
                    Effect::Indicate(_) => self.deliveries[me.index()] += 1,
                    Effect::Request(Transmit { to, msg }) => {
                        for other in self.overlay.neighbours(me) {
                            if to != Group::NeighboursBut(other) {
                                self.flying.push_back((me, other, msg.clone()));
                                self.messages += 1;
                            }
                        }
                    }
                    other => panic!("{other:?}"),
                }
            }
        }

        /// Sends to all and lets copies arrive in the order that `next` says: the place of one among so many.
        fn run(mut self, mut next: impl FnMut(usize) -> usize) -> Water {
            let all = Transmit {
                to: Group::All,
                msg: 7,
            };
            self.rigs[0].request(all);
            self.carry_out(NodeId(0));
            while !self.flying.is_empty() {
                let place = next(self.flying.len());
                let (from, to, msg) = self.flying.remove(place).expect("it flies");
                self.rigs[to.index()].indication(Arrival { from, msg });
                self.carry_out(to);
            }
            self
        }
    }

    fn graph(nodes: u32, edges: impl IntoIterator<Item = (u32, u32)>) -> Overlay {
        let edges = edges.into_iter().map(|(a, b)| (NodeId(a), NodeId(b)));
        Overlay::from_edges(nodes, edges)
    }

    /// Line, ring, star, hypercube, full mesh, grid, and a ring with a tail.
    fn overlays() -> [Overlay; 7] {
        let grid = (0..16).flat_map(|i| [(i % 4 < 3, i + 1), (i < 12, i + 4)].map(|j| (i, j)));
        [
            graph(8, (1..8).map(|i| (i - 1, i))),
            graph(9, (0..9).map(|i| (i, (i + 1) % 9))),
            graph(7, (0..7).map(|i| (3, i))),
            graph(
                16,
                (0..16).flat_map(|i| [1, 2, 4, 8].map(|bit| (i, i ^ bit))),
            ),
            Overlay::complete(6),
            graph(16, grid.filter_map(|(i, (is, j))| is.then_some((i, j)))),
            graph(
                9,
                (0..6)
                    .map(|i| (i, (i + 1) % 6))
                    .chain([(3, 6), (6, 7), (7, 8)]),
            ),
        ]
    }

    /// Distances from node 0.
    fn distances(overlay: &Overlay) -> Vec<u32> {
        let mut known = vec![u32::MAX; overlay.nodes() as usize];
        known[0] = 0;
        for round in 0..overlay.nodes() {
            for (a, b) in overlay.edges() {
                for (a, b) in [(a, b), (b, a)] {
                    if known[a.index()] == round {
                        known[b.index()] = known[b.index()].min(round + 1);
                    }
                }
            }
        }
        known
    }

    /// Arrivals out of order, as a function of the seed.
    fn shuffled(seed: u64) -> impl FnMut(usize) -> usize {
        let key = Key::new(seed, Purpose::Delay);
        let mut step = 0;
        move |count| {
            step += 1;
            usize::try_from(key.at(0, step).below(0, count as u64)).expect("a place")
        }
    }

    /// 2E-(N-1) messages, in whatever order copies arrive.
    #[test]
    fn a_flood_without_limit_costs_what_the_table_says() {
        for overlay in overlays() {
            let links = u32::try_from(overlay.edges().count()).expect("small");
            let cost = 2 * links - (overlay.nodes() - 1);
            for seed in 0..50 {
                let water = Water::new(&overlay, Ttl::Unlimited).run(shuffled(seed));
                assert!(water.deliveries.iter().all(|count| *count == 1));
                assert_eq!(water.messages, cost);
            }
        }
    }

    /// The ball of radius TTL, and nothing beyond. With equal delays the first copy is the best, and the
    /// count is that of the table as soon as the last shell has a hop left.
    #[test]
    fn a_flood_with_a_limit_reaches_the_ball() {
        let mut again = 0;
        for overlay in overlays() {
            let distances = distances(&overlay);
            let farthest = *distances.iter().max().expect("there are nodes");
            let links = u32::try_from(overlay.edges().count()).expect("small");
            for hops in 0..=farthest + 2 {
                let ball: Vec<u32> = distances
                    .iter()
                    .map(|distance| u32::from(*distance <= hops))
                    .collect();
                let calm = Water::new(&overlay, Ttl::Hops(hops)).run(|_| 0);
                assert_eq!(calm.deliveries, ball);
                // Each node in the ball that has a hop left sends to all but the one it heard from.
                let cost: u32 = (0..overlay.nodes())
                    .filter(|node| distances[*node as usize] < hops)
                    .map(|node| overlay.degree(NodeId(node)) - u32::from(node > 0))
                    .sum();
                assert_eq!(calm.messages, cost);
                if hops > farthest {
                    assert_eq!(cost, 2 * links - (overlay.nodes() - 1));
                }
                for seed in 0..50 {
                    let mut water = Water::new(&overlay, Ttl::Hops(hops)).run(shuffled(seed));
                    assert_eq!(water.deliveries, ball);
                    assert!(water.messages >= cost);
                    again += water.rigs.iter_mut().flat_map(Rig::marks).count();
                }
            }
        }
        assert!(again > 0, "some copy came a long but quick way");
    }

    /// A line of 8 from one end, TTL 5: two nodes missed.
    #[test]
    fn a_limit_below_the_diameter_misses_nodes() {
        let line = &overlays()[0];
        let water = Water::new(line, Ttl::Hops(5)).run(|_| 0);
        assert_eq!(water.deliveries, [1, 1, 1, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn memory_is_bounded_where_messages_get_lost() {
        let mut rig = rig(Ttl::Hops(9));
        for seq in (1..10_000).step_by(2) {
            rig.indication(from(1, flood(1, seq, Group::All, Ttl::Hops(2))));
        }
        let recent: usize = rig.layer.recent.values().map(Vec::len).sum();
        assert_eq!(recent, RECENT_MAX);
        rig.effects();
        let old = flood(1, 0, Group::All, Ttl::Hops(2));
        assert_eq!(rig.indication(from(1, old)).effects(), []);
    }
}
