//! Stubborn delivery: what is sent once is delivered again and again (SL1).
//!
//! The book says *infinitely often*. A finite run shows this much: what a correct process has sent to a correct process is
//! delivered at least twice afterwards, and to the end of the run never goes undelivered for longer than the time that was
//! granted. A run that has fallen silent breaks it.

use alloc::format;

use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{Link, Payload};
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};

use super::Promises;
use super::book::{Book, Debt, Step, Trip, broken, settle};
use super::roll::Roll;

/// The checker.
#[derive(Clone, Debug)]
pub struct StubbornDelivery<M> {
    book: Book<M, Page>,
}

#[derive(Clone, Debug, Default)]
struct Page {
    last_sent: Option<Moment>,
    /// How often it has been delivered since.
    times: u64,
    last_delivered: Option<Moment>,
}

impl<M: Payload> StubbornDelivery<M> {
    /// For the processes of the `overlay`.
    #[must_use]
    pub fn new(overlay: &Overlay) -> Self {
        StubbornDelivery {
            book: Book::new(overlay),
        }
    }
}

impl<M: Payload, Q: Promises> Property<Link<M, Q>> for StubbornDelivery<M> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Link<M, Q>>) -> Result<(), Violation> {
        self.book.see(moment, fact, |_, _, page, step| {
            match step {
                Step::Sent => {
                    *page = Page {
                        last_sent: Some(moment),
                        ..Page::default()
                    }
                }
                Step::Delivered => {
                    page.times += 1;
                    page.last_delivered = Some(moment);
                }
            }
            Ok(())
        })
    }

    fn finish(&mut self, end: &End) -> Finding {
        let roll = &self.book.roll;
        let debts = self.book.pages.iter();
        let debts = debts.filter_map(|(trip, page)| page.debt(trip, roll, end));
        let (paid, open) = (
            "came again and again",
            "had not come often enough when the run ended",
        );
        settle(debts, paid, open)
    }
}

impl Page {
    fn debt<M: Payload>(&self, trip: &Trip<M>, roll: &Roll, end: &End) -> Option<Debt> {
        let since = self.last_sent?;
        if !roll.is_correct(trip.from) || !roll.is_correct(trip.to) {
            return None;
        }
        if !end.is_final(since.at) {
            return Some(Debt::Open);
        }
        let Some(last) = self.last_delivered.filter(|_| self.times > 1) else {
            let times = if self.times == 0 {
                "never"
            } else {
                "only once"
            };
            let what = format!("{trip}, which delivered it {times}");
            return Some(broken(since, trip.to, what));
        };
        let is_over = end.quiet_since.is_some() || end.at > end.deadline(last.at);
        Some(if is_over {
            let what = format!(
                "{trip}, which delivered it for the last time at {}ms",
                last.at
            );
            broken(since, trip.to, what)
        } else {
            Debt::Paid
        })
    }
}
