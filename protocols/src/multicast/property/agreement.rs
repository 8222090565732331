//! Agreement: what one delivers, all deliver (RB4; uniform: URB4).

use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};

use super::Promises;
use super::book::{Book, Debt};
use crate::multicast::port::Multicast;

/// The checker.
#[derive(Clone, Debug)]
pub struct Agreement<P> {
    /// A delivery by a process that crashes counts too. One by a process that deviates from its algorithm never does:
    /// it may say what it likes.
    uniform: bool,
    book: Book<P>,
}

impl<P: Payload> Agreement<P> {
    /// RB4: what a correct process delivers, every correct process delivers. For a group of `nodes`.
    #[must_use]
    pub fn among_correct(nodes: u32) -> Self {
        Agreement {
            uniform: false,
            book: Book::new(nodes),
        }
    }

    /// URB4: what any process delivers, every correct process delivers. For a group of `nodes`.
    #[must_use]
    pub fn uniform(nodes: u32) -> Self {
        Agreement {
            uniform: true,
            book: Book::new(nodes),
        }
    }
}

impl<P: Payload, G: Promises> Property<Multicast<P, G>> for Agreement<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        self.book.see(moment, fact);
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let book = &self.book;
        book.settle(end, |_, page| {
            // The first delivery that counts makes the debt.
            let counts = |node| match self.uniform {
                true => !book.has_failed(node),
                false => book.is_correct(node),
            };
            let first = page.leads.iter().copied().find(|(_, node)| counts(*node));
            // Should all who are remembered be gone, another correct deliverer stands in from the last one's end on.
            let stand_in = || {
                let end = page
                    .leads
                    .iter()
                    .filter_map(|(_, node)| book.gone.get(node))
                    .max()?;
                Some((*end, book.correct().max_by_key(|node| page.times(*node))?))
            };
            let (since, leader) = first.or_else(stand_in)?;
            let most = page.times(leader).min(page.due());
            if most == 0 {
                return None;
            }
            let by = book
                .correct()
                .filter(|node| page.times(*node) < most)
                .collect();
            Some(Debt {
                since,
                maker: (leader, "delivered"),
                by,
                last: page.last,
            })
        })
    }
}
