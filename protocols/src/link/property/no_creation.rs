//! No creation: what is delivered was sent (FLL3, SL2, PL3, LPL3, FPL3); authenticity: nobody speaks for another (AL3).

use alloc::format;
use alloc::vec;

use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{Link, Payload};
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::Promises;
use super::book::{Book, Step, kept};

/// The checker.
#[derive(Clone, Debug)]
pub struct NoCreation<M> {
    /// What comes in the name of a process that deviates counts too.
    from_anybody: bool,
    book: Book<M, Page>,
    deliveries: u64,
}

#[derive(Clone, Debug, Default)]
struct Page {
    sent: bool,
}

impl<M: Payload> NoCreation<M> {
    /// What is delivered with any sender was sent by it, among the processes of the `overlay`.
    #[must_use]
    pub fn from_anybody(overlay: &Overlay) -> Self {
        NoCreation {
            from_anybody: true,
            book: Book::new(overlay),
            deliveries: 0,
        }
    }

    /// AL3: what is delivered with a correct sender was sent by it. A sender that has crashed has not begun to lie: its
    /// name stays protected.
    #[must_use]
    pub fn from_correct(overlay: &Overlay) -> Self {
        NoCreation {
            from_anybody: false,
            ..NoCreation::from_anybody(overlay)
        }
    }
}

impl<M: Payload, Q: Promises> Property<Link<M, Q>> for NoCreation<M> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Link<M, Q>>) -> Result<(), Violation> {
        let (from_anybody, deliveries) = (self.from_anybody, &mut self.deliveries);
        self.book.see(moment, fact, |roll, trip, page, step| {
            if step == Step::Sent {
                page.sent = true;
                return Ok(());
            }
            if !from_anybody && !roll.is_honest(trip.from) {
                return Ok(());
            }
            *deliveries += 1;
            if page.sent {
                return Ok(());
            }
            let (from, to, msg) = (trip.from.0, trip.to.0, summary(&trip.msg));
            Err(Violation {
                before: None,
                since: moment,
                what: format!(
                    "node {to} delivered {msg} from node {from}, which never sent it to node {to}"
                ),
                nodes: vec![trip.to],
            })
        })
    }

    fn finish(&mut self, _: &End) -> Finding {
        kept(self.deliveries)
    }
}
