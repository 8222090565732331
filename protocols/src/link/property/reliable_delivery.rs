//! Reliable delivery: what a correct process sends to a correct process arrives (PL1, LPL1, FPL1, AL1).
//!
//! Of messages that look alike as many have to arrive as were sent.

use alloc::format;

use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{Link, Payload};
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};

use super::book::{Book, Debt, Step, Trip, broken, settle};
use super::roll::Roll;
use super::{Promises, Senders};

/// The checker.
#[derive(Clone, Debug)]
pub struct ReliableDelivery<M> {
    senders: Senders,
    book: Book<M, Page>,
}

#[derive(Clone, Debug, Default)]
struct Page {
    sent: u32,
    last_sent: Option<Moment>,
    /// How many of them have arrived, and when the last did.
    arrived: u32,
    last_arrived: Option<Moment>,
}

impl<M: Payload> ReliableDelivery<M> {
    /// For what `senders` send to correct processes of the `overlay`.
    #[must_use]
    pub fn new(senders: Senders, overlay: &Overlay) -> Self {
        let book = Book::new(overlay);
        ReliableDelivery { senders, book }
    }
}

impl<M: Payload, Q: Promises> Property<Link<M, Q>> for ReliableDelivery<M> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Link<M, Q>>) -> Result<(), Violation> {
        self.book.see(moment, fact, |_, _, page, step| {
            match step {
                Step::Sent => {
                    page.sent += 1;
                    page.last_sent = Some(moment);
                }
                Step::Delivered if page.arrived < page.sent => {
                    page.arrived += 1;
                    page.last_arrived = Some(moment);
                }
                Step::Delivered => (),
            }
            Ok(())
        })
    }

    fn finish(&mut self, end: &End) -> Finding {
        let (senders, roll) = (self.senders, &self.book.roll);
        let debts = self.book.pages.iter();
        let debts = debts.filter_map(|(trip, page)| page.debt(trip, senders, roll, end));
        settle(debts, "arrived", "had not arrived when the run ended")
    }
}

impl Page {
    fn debt<M: Payload>(
        &self,
        trip: &Trip<M>,
        senders: Senders,
        roll: &Roll,
        end: &End,
    ) -> Option<Debt> {
        let since = self.last_sent?;
        if !senders.include(roll, trip.from) || !roll.is_correct(trip.to) {
            return None;
        }
        if self.arrived < self.sent {
            let what = match self.sent {
                1 => format!("{trip}, which never delivered it"),
                sent => format!(
                    "{trip} {sent} times, which delivered it only {}",
                    self.arrived
                ),
            };
            return Some(match end.is_final(since.at) {
                true => broken(since, trip.to, what),
                false => Debt::Open,
            });
        }
        let deadline = end.deadline(since.at);
        Some(match self.last_arrived {
            Some(late) if late.at > deadline => {
                let what = format!("{trip}, which delivered it only at {}ms", late.at);
                broken(since, trip.to, what)
            }
            _ => Debt::Paid,
        })
    }
}
