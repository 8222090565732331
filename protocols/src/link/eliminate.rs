//! Eliminate duplicates: numbers its messages, and delivers each number once.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 2.2 (Eliminate Duplicates). Needs stubborn links, offers perfect ones (PL1 to
//! PL3). Cost: no message beyond those of the link below, which never stops repeating itself; a watermark and at most
//! a window of numbers above it for each life of a sender. Model: crash-stop. With [`PerfectLink`](super::PerfectLink), which acknowledges, it shares the promise
//! and nothing else: this is the pair of the book, for those who want to see it.
//! A receiver that recovers has forgotten what it delivered (PL2 fails), and delivers what is still repeated once more.

use alloc::collections::BTreeMap;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use crate::seen::Seen;

/// Most numbers of one life of a sender that are remembered above a gap.
const ABOVE_MAX: usize = 1_024;

/// A message with its number: what the layer asks the stubborn link to send.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Numbered<M> {
    /// In which of its lives the sender sent it: it counts anew in each.
    pub life: u32,
    /// Its place among the messages from the sender to this receiver, from 0.
    pub seq: u32,
    /// What is sent.
    pub msg: M,
}

impl<M: fmt::Display> fmt::Display for Numbered<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Numbered{{{} {}}}", self.seq, self.msg)
    }
}

/// One process's end of its links.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EliminateDuplicates<M> {
    life: u32,
    /// The next number for each receiver.
    next: BTreeMap<NodeId, u32>,
    /// The book's set `delivered`, by sender and its life.
    delivered: Seen<(NodeId, u32)>,
    msg: PhantomData<fn() -> M>,
}

impl<M> EliminateDuplicates<M> {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        EliminateDuplicates {
            life: 0,
            next: BTreeMap::new(),
            delivered: Seen::new(),
            msg: PhantomData,
        }
    }
}

impl<M> Default for EliminateDuplicates<M> {
    fn default() -> Self {
        EliminateDuplicates::new()
    }
}

impl<M: Payload> Protocol for EliminateDuplicates<M> {
    type Offers = Link<M, Perfect>;
    type Needs = Link<Numbered<M>, Stubborn>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => self.life = boot.incarnation,
            Event::Request(Transmit { to, msg }) => {
                let (me, env) = (fx.me(), fx.env());
                for to in to.receivers(me, &env.overlay) {
                    let next = self.next.entry(to).or_insert(0);
                    let (life, seq) = (self.life, *next);
                    *next += 1;
                    let msg = msg.clone();
                    fx.send(to, Numbered { life, seq, msg });
                }
            }
            Event::Indication(Arrival { from, msg }) => {
                if self
                    .delivered
                    .insert_bounded((from, msg.life), msg.seq, ABOVE_MAX)
                {
                    fx.indicate(Arrival { from, msg: msg.msg });
                }
            }
            Event::Timer(never) => match never {},
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    #[test]
    fn delivers_each_number_once_in_each_life_of_its_sender() {
        let mut rig = Rig::new(EliminateDuplicates::<u8>::new());
        rig.boot();
        let mut said = |life, seq| {
            let msg = Numbered { life, seq, msg: 7 };
            let from = NodeId(1);
            rig.indication(Arrival { from, msg }).effects().len()
        };
        assert_eq!(
            [said(0, 1), said(0, 0), said(0, 1), said(0, 0)],
            [1, 1, 0, 0]
        );
        assert_eq!([said(1, 0), said(1, 0)], [1, 0], "it counts anew");
    }

    #[test]
    fn numbers_what_it_sends_to_each_receiver_apart() {
        let mut rig = Rig::new(EliminateDuplicates::<u8>::new());
        rig.boot();
        let to = |node| Group::One(NodeId(node));
        let mut sent = |group| -> alloc::vec::Vec<(Group, u32)> {
            let effects = rig.request(Transmit { to: group, msg: 7 }).effects();
            let send = |effect: Effect<EliminateDuplicates<u8>>| match effect {
                Effect::Request(Transmit { to, msg }) => (to, msg.seq),
                other => panic!("{other:?}"),
            };
            effects.into_iter().map(send).collect()
        };
        assert_eq!(sent(to(1)), [(to(1), 0)]);
        assert_eq!(sent(Group::Others), [(to(1), 1), (to(2), 0)]);
    }
}
