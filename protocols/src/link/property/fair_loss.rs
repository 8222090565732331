//! Fair loss: what is sent again and again arrives in the end (FLL1).
//!
//! The book says *infinitely often*, which no finite run shows. Checked is this: of a message that a correct process has
//! sent to a correct process [`OFTEN`] times since the last repair (a heal, a recovery), a copy has arrived since then.
//! A network that loses every second copy breaks this once in 2^100 times; one that loses nine of ten in 40,000.

use alloc::format;

use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{Link, Payload};
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};

use super::Promises;
use super::book::{Book, Debt, Step, Trip, broken, settle};
use super::roll::Roll;

/// So often stands for infinitely often.
pub const OFTEN: u32 = 100;

/// The checker.
#[derive(Clone, Debug)]
pub struct FairDelivery<M> {
    book: Book<M, Page>,
}

#[derive(Clone, Debug, Default)]
struct Page {
    /// How many repairs there had been when the rest was counted from nothing.
    repairs: u64,
    sent: u32,
    /// When it had been sent often enough.
    often: Option<Moment>,
    arrived: Option<Moment>,
}

impl<M: Payload> FairDelivery<M> {
    /// For the processes of the `overlay`.
    #[must_use]
    pub fn new(overlay: &Overlay) -> Self {
        FairDelivery {
            book: Book::new(overlay),
        }
    }
}

impl<M: Payload, Q: Promises> Property<Link<M, Q>> for FairDelivery<M> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Link<M, Q>>) -> Result<(), Violation> {
        self.book.see(moment, fact, |roll, _, page, step| {
            if page.repairs != roll.repairs {
                *page = Page {
                    repairs: roll.repairs,
                    ..Page::default()
                };
            }
            match step {
                Step::Sent => {
                    page.sent = page.sent.saturating_add(1);
                    if page.sent == OFTEN {
                        page.often = Some(moment);
                    }
                }
                Step::Delivered => {
                    page.arrived.get_or_insert(moment);
                }
            }
            Ok(())
        })
    }

    fn finish(&mut self, end: &End) -> Finding {
        let roll = &self.book.roll;
        let debts = self.book.pages.iter();
        let debts = debts.filter_map(|(trip, page)| page.debt(trip, roll, end));
        let (paid, open) = ("got through", "had not got through when the run ended");
        settle(debts, paid, open)
    }
}

impl Page {
    fn debt<M: Payload>(&self, trip: &Trip<M>, roll: &Roll, end: &End) -> Option<Debt> {
        let since = self.often.filter(|_| self.repairs == roll.repairs)?;
        if !roll.is_correct(trip.from) || !roll.is_correct(trip.to) {
            return None;
        }
        Some(match self.arrived {
            Some(arrived) if arrived.at > end.deadline(since.at) => {
                let what = format!(
                    "{trip} {OFTEN} times, and only at {}ms it got one",
                    arrived.at
                );
                broken(since, trip.to, what)
            }
            Some(_) => Debt::Paid,
            None if end.is_final(since.at) => {
                let what = format!("{trip} {} times, which never got it", self.sent);
                broken(since, trip.to, what)
            }
            None => Debt::Open,
        })
    }
}
