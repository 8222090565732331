//! How far casts have spread: figures of one run, which promise nothing. An epidemic leaves somebody out now and then, and
//! how many is what one wants to know of it.

use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::port::{Guarantee, Payload};
use sim_core::kernel::property::{
    End, Fact, Finding, Measure, Moment, Property, Quantity, Violation,
};
use sim_core::kernel::time::{SimTime, Span};

use super::book::Book;
use crate::multicast::port::Multicast;

/// Sees casts and deliveries, a bit for each message and process.
///
/// Everything that was cast is *due* to every process that is correct in the end. The `delivery_ratio` is the share of it
/// that was delivered, the `residue` the rest: of a single cast, those who are still susceptible. `atomicity` is 1 if nothing is
/// left, else 0: its mean over many runs is the probability that everybody hears. `rounds` counts the rounds
/// that began after the first cast, up to the one of the last delivery; `throughput` is what was delivered a second.
#[derive(Clone, Debug)]
pub struct Spread<P> {
    book: Book<P>,
    period: Option<Span>,
    first_cast: Option<SimTime>,
    last_delivery: Option<SimTime>,
}

impl<P: Payload> Spread<P> {
    /// How far casts spread: `traffic` is counted by the engine, the others here.
    pub const MEASURES: &'static [&'static str] = &[
        "delivery_ratio",
        "residue",
        "atomicity",
        "traffic",
        "rounds",
        "throughput",
    ];

    /// For a group of `nodes`, and a protocol whose rounds take so long, if it has some.
    #[must_use]
    pub fn new(nodes: u32, period: Option<Span>) -> Self {
        Spread {
            book: Book::new(nodes),
            period: period.filter(|period| *period > Span::ZERO),
            first_cast: None,
            last_delivery: None,
        }
    }

    /// How many deliveries were due to processes that are correct, and how many of them took place.
    fn due_and_delivered(&self) -> (u64, u64) {
        let cast = || self.book.pages.values().filter(|page| page.casts > 0);
        let correct = u64::from(self.book.nodes) - self.book.gone.len() as u64;
        let due = cast().map(|page| correct * u64::from(page.casts)).sum();
        let delivered = cast()
            .map(|page| {
                let times = |node| u64::from(page.times(node).min(page.casts));
                self.book.correct().map(times).sum::<u64>()
            })
            .sum();
        (due, delivered)
    }

    fn rounds(&self) -> Option<Measure> {
        let round = |at: SimTime| Some(at.as_nanos() / self.period?.as_nanos());
        let rounds = round(self.last_delivery?)?.saturating_sub(round(self.first_cast?)?);
        Some(Measure {
            name: "rounds",
            quantity: Quantity::Count(rounds),
        })
    }
}

impl<P: Payload, G: Guarantee> Property<Multicast<P, G>> for Spread<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        if let Fact::Requested(..) = fact {
            self.first_cast.get_or_insert(moment.at);
        }
        if let Some((page, times)) = self.book.see(moment, fact)
            && times <= page.casts
        {
            self.last_delivery = Some(moment.at);
        }
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let (due, delivered) = self.due_and_delivered();
        if due == 0 {
            return Finding::Measured(Vec::new());
        }
        let of_due = |name, part| Measure {
            name,
            quantity: Quantity::Ratio { part, whole: due },
        };
        let mut measures = vec![
            of_due("delivery_ratio", delivered),
            of_due("residue", due - delivered),
            Measure {
                name: "atomicity",
                quantity: Quantity::Count(u64::from(delivered == due)),
            },
        ];
        measures.extend(self.rounds());
        measures.extend(Measure::per_second("throughput", delivered, end));
        Finding::Measured(measures)
    }
}
