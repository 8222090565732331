//! Happens-before among the events of a port, as sets: each event with all that came before it. No clock is involved.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Guarantee, Payload};
use sim_core::kernel::property::Fact;

use crate::clock::Timestamp;
use crate::clock::port::{Clocked, Said};

/// How many events of a run are judged; memory grows with its square.
const EVENTS_MAX: usize = 1_024;

/// The history of a group.
#[derive(Clone, Debug)]
pub(super) struct Causality<P, T> {
    events: Vec<Happening<P, T>>,
    /// The last event of each process.
    last: BTreeMap<NodeId, usize>,
    /// The casts, as their deliveries name them: origin, payload and stamp.
    casts: BTreeMap<(NodeId, P, T), usize>,
    failed: BTreeSet<NodeId>,
    /// Events beyond those that are judged.
    pub(super) more: u64,
}

/// One event.
#[derive(Clone, Debug)]
pub(super) struct Happening<P, T> {
    pub(super) node: NodeId,
    pub(super) said: Said<P, T>,
    /// Its process had deviated from its algorithm: what it says means nothing, though it may have caused something.
    pub(super) failed: bool,
    /// All that came before it, a bit an event.
    past: Vec<u64>,
}

impl<P: Payload, T: Timestamp> Causality<P, T> {
    pub(super) const fn new() -> Self {
        Causality {
            events: Vec::new(),
            last: BTreeMap::new(),
            casts: BTreeMap::new(),
            failed: BTreeSet::new(),
            more: 0,
        }
    }

    /// Takes a fact down; true if it was an event.
    pub(super) fn see<G: Guarantee>(&mut self, fact: &Fact<'_, Clocked<P, T, G>>) -> bool {
        match fact {
            Fact::Indicated(_, _) if self.events.len() == EVENTS_MAX => self.more += 1,
            Fact::Indicated(node, said) => {
                self.happens(*node, said);
                return true;
            }
            Fact::Failed(node) => {
                self.failed.insert(*node);
            }
            _ => (),
        }
        false
    }

    fn happens(&mut self, node: NodeId, said: &Said<P, T>) {
        let place = self.events.len();
        let before = self.last.insert(node, place);
        let cause = match said {
            Said::Cast(timed) => {
                let name = (node, timed.payload.clone(), timed.at.clone());
                self.casts.insert(name, place);
                None
            }
            Said::Delivered { message, cast, .. } => {
                let name = (message.origin, message.payload.clone(), cast.clone());
                self.casts.get(&name).copied()
            }
        };
        let mut past = alloc::vec![0; place.div_ceil(64)];
        for earlier in [before, cause].into_iter().flatten() {
            for (all, its) in past.iter_mut().zip(&self.events[earlier].past) {
                *all |= its;
            }
            past[earlier / 64] |= 1 << (earlier % 64);
        }
        self.events.push(Happening {
            node,
            said: said.clone(),
            failed: self.failed.contains(&node),
            past,
        });
    }

    /// How many events are remembered.
    pub(super) fn count(&self) -> usize {
        self.events.len()
    }

    /// The newest event with every older one, and whether that happened before it.
    pub(super) fn newest_with_older(
        &self,
    ) -> impl Iterator<Item = (&Happening<P, T>, &Happening<P, T>, bool)> {
        let newest = self.events.split_last();
        newest.into_iter().flat_map(|(newest, older)| {
            let before = |place: usize| newest.past[place / 64] >> (place % 64) & 1 == 1;
            let pair = move |(place, old)| (old, newest, before(place));
            older.iter().enumerate().map(pair)
        })
    }
}
