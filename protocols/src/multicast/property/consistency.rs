//! Consistency: no two correct processes deliver different messages for one cast (BCB4).
//!
//! Cachin, Guerraoui and Rodrigues give every cast an instance of its own. The port has no names for instances, so this
//! checker counts: the correct processes together never deliver more different payloads from an origin than it has cast
//! by then, or than one. If for every cast they all deliver the same message, there are at most as many payloads as casts;
//! so what this calls a violation is one. The reverse does not hold: an origin that lies about one cast and whose next
//! cast repeats the lie goes undetected. A cast is a request at the origin, even if the origin is Byzantine: it may send
//! other messages than it was asked to, but one that begins casts of its own accord is taken to lie about those asked for.
//!
//! Who crashes later is correct until then: without the crash the same run could have gone on, and would have been just
//! as inconsistent. Who fails, fails from the beginning: what it delivered before it failed counts for nothing either.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::Promises;
use super::book::Tally;
use crate::multicast::port::{Deliver, Multicast};

/// The checker.
#[derive(Clone, Debug)]
pub struct Consistency<P> {
    nodes: u32,
    failed: BTreeSet<NodeId>,
    origins: BTreeMap<NodeId, Sheet<P>>,
    deliveries: u64,
}

/// What came from one origin.
#[derive(Clone, Debug)]
struct Sheet<P> {
    casts: usize,
    /// Each payload, with those who delivered it: a bit a process.
    delivered: BTreeMap<P, Tally>,
}

impl<P: Payload> Consistency<P> {
    /// For a group of `nodes`.
    #[must_use]
    pub fn new(nodes: u32) -> Self {
        Consistency {
            nodes,
            failed: BTreeSet::new(),
            origins: BTreeMap::new(),
            deliveries: 0,
        }
    }

    fn sheet(&mut self, origin: NodeId) -> &mut Sheet<P> {
        self.origins.entry(origin).or_insert_with(|| Sheet {
            casts: 0,
            delivered: BTreeMap::new(),
        })
    }

    fn on_failed(&mut self, node: NodeId) {
        self.failed.insert(node);
        for sheet in self.origins.values_mut() {
            sheet.delivered.retain(|_, tally| {
                tally.forget(node);
                tally.first().is_some()
            });
        }
    }
}

impl<P: Payload, G: Promises> Property<Multicast<P, G>> for Consistency<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        match fact {
            Fact::Requested(node, _) => self.sheet(*node).casts += 1,
            Fact::Failed(node) => self.on_failed(*node),
            Fact::Indicated(node, Deliver { origin, payload }) if !self.failed.contains(node) => {
                self.deliveries += 1;
                let nodes = self.nodes;
                let sheet = self.sheet(*origin);
                if let Some(tally) = sheet.delivered.get_mut(payload) {
                    tally.add(*node, nodes);
                    return Ok(());
                }
                if sheet.delivered.len() >= sheet.casts.max(1) {
                    return Err(sheet.contradiction(moment, *node, *origin, payload));
                }
                let mut tally = Tally::default();
                tally.add(*node, nodes);
                sheet.delivered.insert(payload.clone(), tally);
            }
            _ => (),
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        match self.deliveries {
            0 => Finding::NotExercised,
            1 => Finding::Held("1 delivery".into()),
            deliveries => Finding::Held(format!("{deliveries} deliveries")),
        }
    }
}

impl<P: Payload> Sheet<P> {
    /// What to say of `node`, which delivered one payload too many.
    fn contradiction(
        &self,
        moment: Moment,
        node: NodeId,
        origin: NodeId,
        payload: &P,
    ) -> Violation {
        let mut what = format!(
            "node {} delivered {} from node {}",
            node.0,
            summary(payload),
            origin.0
        );
        let mut nodes = vec![node];
        let other = self
            .delivered
            .iter()
            .find_map(|(other, tally)| Some((other, tally.first()?)));
        if let Some((other, by)) = other {
            what.push_str(&format!(", node {} {}", by.0, summary(other)));
            if by != node {
                nodes.push(by);
            }
        }
        let casts = match self.casts {
            0 => ", which cast nothing",
            1 => ", which cast once",
            _ => ", which cast fewer messages than that",
        };
        what.push_str(casts);
        Violation {
            before: None,
            since: moment,
            what,
            nodes,
        }
    }
}
