//! Validity: what a correct process casts is delivered (BEB1, RB1, URB1).

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};

use super::Promises;
use super::book::{Book, Debt};
use crate::multicast::port::Multicast;

/// Who must deliver what a correct process casts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whom {
    /// Every correct process: best-effort broadcast.
    Everybody,
    /// The caster itself: reliable broadcast, in which agreement does the rest.
    Caster,
}

/// The checker.
#[derive(Clone, Debug)]
pub struct Validity<P> {
    whom: Whom,
    book: Book<P>,
}

impl<P: Payload> Validity<P> {
    /// For a group of `nodes`.
    #[must_use]
    pub fn new(whom: Whom, nodes: u32) -> Self {
        Validity {
            whom,
            book: Book::new(nodes),
        }
    }
}

impl<P: Payload, G: Promises> Property<Multicast<P, G>> for Validity<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        self.book.see(moment, fact);
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let book = &self.book;
        let finding = book.settle(end, |origin, page| {
            let since = page.cast.filter(|_| book.is_correct(origin))?;
            let owes = |node: &NodeId| page.times(*node) < page.casts;
            let (by, last) = match self.whom {
                Whom::Everybody => (book.correct().filter(owes).collect(), page.last),
                Whom::Caster => ([origin].into_iter().filter(owes).collect(), page.last_own),
            };
            Some(Debt {
                since,
                maker: (origin, "cast"),
                by,
                last,
            })
        });
        match (self.whom, finding) {
            (Whom::Caster, Finding::Held(_)) => {
                Finding::Held("casters delivered what they cast".into())
            }
            (_, finding) => finding,
        }
    }
}
