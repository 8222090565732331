//! Finite duplication: the copies of a message die out (FLL2).
//!
//! The book forbids that what is sent finitely often is delivered infinitely often. A finite run shows this much: after
//! the last time that a correct process has sent a message, copies of it go on arriving for the time that was granted at
//! most.

use alloc::format;

use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{Link, Payload};
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};

use super::Promises;
use super::book::{Book, Debt, Step, Trip, broken, settle};
use super::roll::Roll;

/// The checker.
#[derive(Clone, Debug)]
pub struct FiniteDuplication<M> {
    book: Book<M, Page>,
}

#[derive(Clone, Debug, Default)]
struct Page {
    last_sent: Option<Moment>,
    last_delivered: Option<Moment>,
}

impl<M: Payload> FiniteDuplication<M> {
    /// For the processes of the `overlay`.
    #[must_use]
    pub fn new(overlay: &Overlay) -> Self {
        FiniteDuplication {
            book: Book::new(overlay),
        }
    }
}

impl<M: Payload, Q: Promises> Property<Link<M, Q>> for FiniteDuplication<M> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Link<M, Q>>) -> Result<(), Violation> {
        self.book.see(moment, fact, |_, _, page, step| {
            match step {
                Step::Sent => page.last_sent = Some(moment),
                Step::Delivered => page.last_delivered = Some(moment),
            }
            Ok(())
        })
    }

    fn finish(&mut self, end: &End) -> Finding {
        let roll = &self.book.roll;
        let debts = self.book.pages.iter();
        let debts = debts.filter_map(|(trip, page)| page.debt(trip, roll, end));
        let (paid, open) = ("died out", "may still be under way");
        settle(debts, paid, open)
    }
}

impl Page {
    fn debt<M: Payload>(&self, trip: &Trip<M>, roll: &Roll, end: &End) -> Option<Debt> {
        let since = self.last_sent.filter(|_| roll.is_correct(trip.from))?;
        let deadline = end.deadline(since.at);
        Some(match self.last_delivered {
            Some(last) if last.at > deadline => {
                let what = format!(
                    "{trip} and no more, which still got a copy at {}ms",
                    last.at
                );
                broken(since, trip.to, what)
            }
            _ if end.quiet_since.is_some() || end.has_passed(deadline) => Debt::Paid,
            _ => Debt::Open,
        })
    }
}
