//! No duplication: no message is delivered more than once (PL2, LPL2, FPL2, AL2).
//!
//! Of messages that look alike no more may be delivered than were sent; what was never sent, one may be wrong about once.
//! What a process says in the instant in which it recovers is read from its log, and no second delivery.

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
pub struct NoDuplication<M> {
    book: Book<M, Page>,
    deliveries: u64,
}

#[derive(Clone, Debug, Default)]
struct Page {
    sent: u32,
    delivered: u32,
}

impl<M: Payload> NoDuplication<M> {
    /// For the processes of the `overlay`.
    #[must_use]
    pub fn new(overlay: &Overlay) -> Self {
        NoDuplication {
            book: Book::new(overlay),
            deliveries: 0,
        }
    }
}

impl<M: Payload, Q: Promises> Property<Link<M, Q>> for NoDuplication<M> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Link<M, Q>>) -> Result<(), Violation> {
        let deliveries = &mut self.deliveries;
        self.book.see(moment, fact, |roll, trip, page, step| {
            if step == Step::Sent {
                page.sent += 1;
                return Ok(());
            }
            // A log may hold what was said before; if it was not, this is the first time.
            let is_read = page.delivered > 0 && roll.reads_its_log(trip.to, moment);
            // Who knows what a liar has sent.
            if is_read || !roll.is_honest(trip.from) {
                return Ok(());
            }
            *deliveries += 1;
            page.delivered += 1;
            if page.delivered <= page.sent.max(1) {
                return Ok(());
            }
            let (msg, times) = (summary(&trip.msg), page.delivered);
            let sent = if page.sent <= 1 { "once" } else { "less often" };
            let (from, to) = (trip.from.0, trip.to.0);
            Err(Violation {
                before: None,
                since: moment,
                what: format!(
                    "node {to} delivered {msg} from node {from} {times} times, but it was sent {sent}"
                ),
                nodes: vec![trip.to],
            })
        })
    }

    fn finish(&mut self, _: &End) -> Finding {
        kept(self.deliveries)
    }
}
