//! Totality: if one correct process delivers some message, every correct process delivers some (BRB5).
//!
//! Cachin, Guerraoui and Rodrigues give every cast an instance of its own, and what is delivered in it need not be the
//! same (that is consistency). The port has no names for instances, so this checker counts: in the end all correct
//! processes have delivered equally many messages from an origin. If in each instance all deliver or none, they have; so what
//! this calls a violation is one. The reverse does not hold: who misses one instance and another misses the next go
//! undetected. It is agreement on numbers: the k-th delivery from an origin by anybody is owed by all. It keeps a page for
//! each message, as agreement does: about half a KiB.

use alloc::collections::BTreeMap;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};

use super::book::Book;
use super::{Agreement, Promises};
use crate::multicast::port::{Deliver, Multicast};

/// The checker.
#[derive(Clone, Debug)]
pub struct Totality<P> {
    /// Tells what counts as a delivery: no duplicate, and nothing that a recovering process reads from its log.
    book: Book<P>,
    /// How many messages a process has delivered from an origin.
    delivered: BTreeMap<(NodeId, NodeId), u32>,
    numbers: Agreement<Nth>,
}

/// The place of a delivery among those from its origin, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Nth(u32);

impl fmt::Display for Nth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {}", self.0)
    }
}

impl<P: Payload> Totality<P> {
    /// For a group of `nodes`.
    #[must_use]
    pub fn new(nodes: u32) -> Self {
        Totality {
            book: Book::new(nodes),
            delivered: BTreeMap::new(),
            numbers: Agreement::among_correct(nodes),
        }
    }
}

impl<P: Payload, G: Promises> Property<Multicast<P, G>> for Totality<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        let counts = self.book.see(moment, fact);
        let counts = counts.is_some_and(|(page, times)| times <= page.due());
        let fact: Fact<'_, Multicast<Nth, G>> = match *fact {
            Fact::Requested(..) => return Ok(()),
            Fact::Indicated(node, Deliver { origin, .. }) => {
                if !counts {
                    return Ok(());
                }
                let count = self.delivered.entry((node, *origin)).or_insert(0);
                *count += 1;
                let nth = Deliver {
                    origin: *origin,
                    payload: Nth(*count),
                };
                return self
                    .numbers
                    .see(moment, &Fact::<Multicast<Nth, G>>::Indicated(node, &nth));
            }
            Fact::Crashed(node) => Fact::Crashed(node),
            Fact::Recovered(node) => Fact::Recovered(node),
            Fact::Failed(node) => Fact::Failed(node),
            Fact::Healed => Fact::Healed,
        };
        self.numbers.see(moment, &fact)
    }

    fn finish(&mut self, end: &End) -> Finding {
        Property::<Multicast<Nth, G>>::finish(&mut self.numbers, end)
    }
}
