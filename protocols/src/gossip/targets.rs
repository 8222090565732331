//! Whom to tell: distinct others, picked at random, in time and memory that depend on how many are picked and not on how
//! many there are.
//!
//! Source: Floyd's algorithm for a random sample (Bentley, Floyd 1987): every set of that size is equally likely.

use alloc::vec::Vec;

use sim_core::kernel::prelude::*;

/// So many are kept without a heap: an epidemic in a million processes picks a million times.
const NEAR: usize = 16;

/// Some other processes, no two the same.
#[derive(Debug)]
pub(super) struct Targets {
    near: [u32; NEAR],
    far: Vec<u32>,
    len: usize,
    me: NodeId,
}

/// `count` others, all sets equally likely; all others, if there are no more.
pub(super) fn some_others<P: Protocol>(fx: &mut impl Effects<P>, count: u32) -> Targets {
    let others = fx.nodes() - 1;
    let mut targets = Targets {
        near: [0; NEAR],
        far: Vec::new(),
        len: 0,
        me: fx.me(),
    };
    for last in others - count.min(others)..others {
        let place = fx.pick("target", last + 1);
        let place = if targets.has(place) { last } else { place };
        targets.add(place);
    }
    targets
}

/// One other process, if there is one.
pub(super) fn another<P: Protocol>(fx: &mut impl Effects<P>) -> Option<NodeId> {
    let (me, others) = (fx.me(), fx.nodes() - 1);
    (others > 0).then(|| other(me, fx.pick("target", others)))
}

/// Sends a message to each of `count` others.
pub(super) fn send_to_some<P, M>(fx: &mut impl Effects<P>, count: u32, msg: &M)
where
    P: Protocol<Needs: Port<Request = Transmit<M>>>,
    M: Payload,
{
    for target in some_others(fx, count).iter() {
        fx.send(target, msg.clone());
    }
}

/// The other process at a place, in the order of their numbers.
const fn other(me: NodeId, place: u32) -> NodeId {
    NodeId(if place < me.0 { place } else { place + 1 })
}

impl Targets {
    pub(super) fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.places().map(|place| other(self.me, place))
    }

    fn places(&self) -> impl Iterator<Item = u32> + '_ {
        let near = &self.near[..self.len.min(NEAR)];
        near.iter().chain(&self.far).copied()
    }

    fn has(&self, place: u32) -> bool {
        self.places().any(|known| known == place)
    }

    fn add(&mut self, place: u32) {
        match self.near.get_mut(self.len) {
            Some(slot) => *slot = place,
            None => self.far.push(place),
        }
        self.len += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use sim_core::kernel::random::{Key, Purpose};
    use sim_core::kernel::rig::Rig;

    /// Asks for so many targets, and sends to them.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Asker(u32);

    impl Protocol for Asker {
        type Offers = Silent;
        type Needs = Net<u8>;
        type Timer = Never;
        type Disk = ();
        fn on(&mut self, _: Event<Self>, fx: &mut impl Effects<Self>) {
            send_to_some(fx, self.0, &7);
        }
    }

    fn sent(rig: &mut Rig<Asker>) -> Vec<u32> {
        let effects = rig.boot().effects();
        let to = |effect| match effect {
            Effect::Request(Transmit {
                to: Group::One(to), ..
            }) => to.0,
            other => panic!("{other:?}"),
        };
        effects.into_iter().map(to).collect()
    }

    #[test]
    fn picks_distinct_others() {
        let mut rig = Rig::new(Asker(3));
        // Places 0 to 3 are processes 0, 2, 3, 4. The second pick falls on what is taken, and gets the last instead.
        rig.as_node(NodeId(1), 5).choices(&[1, 1, 0]);
        assert_eq!(sent(&mut rig), [2, 3, 0]);
    }

    #[test]
    fn there_may_be_fewer_than_asked_for() {
        let mut rig = Rig::new(Asker(9));
        rig.as_node(NodeId(0), 3).choices(&[0, 0]);
        assert_eq!(sent(&mut rig), [1, 2]);
        assert_eq!(sent(rig.as_node(NodeId(0), 1)), [0; 0]);
    }

    /// More than are kept without a heap, and each equally often.
    #[test]
    fn every_process_is_picked_equally_often() {
        let (nodes, count, rounds) = (50, 20, 5_000);
        let mut times = vec![0_u32; 50];
        let mut rig = Rig::new(Asker(count));
        rig.as_node(NodeId(7), nodes);
        rig.env().choices = sim_core::kernel::env::Choices::Keyed {
            key: Key::new(1, Purpose::Choice),
            made: 0,
        };
        for _ in 0..rounds {
            let mut targets = sent(&mut rig);
            targets.sort();
            targets.dedup();
            assert_eq!(targets.len(), 20, "they are distinct");
            for target in targets {
                times[target as usize] += 1;
            }
        }
        assert_eq!(times[7], 0, "never itself");
        // Mean 5000 * 20/49 = 2041, standard deviation 35: five of them.
        let off = times.iter().enumerate().filter(|(node, _)| *node != 7);
        assert!(
            off.clone().all(|(_, times)| times.abs_diff(2041) < 175),
            "{times:?}"
        );
    }
}
