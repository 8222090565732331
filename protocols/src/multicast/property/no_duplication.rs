//! No duplication: no message is delivered more than once (BEB2, RB2, URB2).
//!
//! A process that has failed may say what it likes. As an origin it is taken at its word: it cast what was asked of it,
//! so a payload that it sent under two names and that a correct process delivered twice is one duplicate (BCB2).

use alloc::format;
use alloc::vec;

use sim_core::kernel::port::Payload;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::Promises;
use super::book::Book;
use crate::multicast::port::{Deliver, Multicast};

/// The checker.
#[derive(Clone, Debug)]
pub struct NoDuplication<P> {
    book: Book<P>,
    deliveries: u64,
}

impl<P: Payload> NoDuplication<P> {
    /// For a group of `nodes`.
    #[must_use]
    pub fn new(nodes: u32) -> Self {
        NoDuplication {
            book: Book::new(nodes),
            deliveries: 0,
        }
    }
}

impl<P: Payload, G: Promises> Property<Multicast<P, G>> for NoDuplication<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Multicast<P, G>>) -> Result<(), Violation> {
        let Some((page, times)) = self.book.see(moment, fact) else {
            return Ok(());
        };
        self.deliveries += 1;
        let Fact::Indicated(node, Deliver { payload, .. }) = fact else {
            return Ok(());
        };
        let allowed = page.due();
        if times <= allowed {
            return Ok(());
        }
        let cast = if allowed == 1 { "once" } else { "less often" };
        let payload = summary(payload);
        let what = format!(
            "node {} delivered {payload} {times} times, but it was cast {cast}",
            node.0
        );
        Err(Violation {
            before: None,
            since: moment,
            what,
            nodes: vec![*node],
        })
    }

    fn finish(&mut self, _: &End) -> Finding {
        match self.deliveries {
            0 => Finding::NotExercised,
            1 => Finding::Held("1 delivery".into()),
            deliveries => Finding::Held(format!("{deliveries} deliveries")),
        }
    }
}
