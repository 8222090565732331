//! Eventual strong accuracy: in the end no correct process is suspected by any correct process (EPFD2).
//!
//! *Eventually … within T* means here: from T after the last repair on. A suspicion that is taken back is no debt that was
//! paid, or a detector that is wrong again and again would pass; what counts is when the last one was in force.

use alloc::format;
use alloc::vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Guarantee;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::time::SimTime;

use super::suspicions::Suspicions;
use crate::detector::port::{Detector, Opinion};

/// The checker.
#[derive(Clone, Debug)]
pub struct EventualStrongAccuracy {
    suspicions: Suspicions,
    /// The last suspicion that was taken back, if both are still correct.
    last: Option<Lifted>,
    lifted: u64,
}

/// A suspicion that was taken back.
#[derive(Clone, Copy, Debug)]
struct Lifted {
    suspect: NodeId,
    observer: NodeId,
    since: Moment,
    until: SimTime,
}

impl EventualStrongAccuracy {
    /// For a group of `nodes`.
    #[must_use]
    pub const fn new(nodes: u32) -> Self {
        EventualStrongAccuracy {
            suspicions: Suspicions::new(nodes),
            last: None,
            lifted: 0,
        }
    }

    fn on_restore(&mut self, moment: Moment, observer: NodeId, suspect: NodeId) {
        let book = &self.suspicions;
        let Some(since) = book.since(observer, suspect) else {
            return;
        };
        if book.is_correct(observer) && book.is_correct(suspect) {
            self.lifted += 1;
            self.last = Some(Lifted {
                suspect,
                observer,
                since,
                until: moment.at,
            });
        }
    }

    fn violation(since: Moment, observer: NodeId, suspect: NodeId, how: &str) -> Finding {
        Finding::Violated(Violation {
            before: None,
            since,
            what: format!(
                "node {} {how} node {}, which is correct",
                observer.0, suspect.0
            ),
            nodes: vec![observer],
        })
    }
}

impl<G: Guarantee> Property<Detector<G>> for EventualStrongAccuracy {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Detector<G>>) -> Result<(), Violation> {
        match *fact {
            Fact::Indicated(observer, Opinion::Restore(suspect)) => {
                self.on_restore(moment, observer, *suspect)
            }
            // Of who crashes or fails nothing is asked, nor of who suspected it.
            Fact::Crashed(node) | Fact::Failed(node) => {
                self.last = self
                    .last
                    .filter(|last| last.suspect != node && last.observer != node);
            }
            _ => (),
        }
        self.suspicions.see(moment, fact);
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let deadline = end.deadline(SimTime::ZERO);
        let over = end.quiet_since.is_some() || end.has_passed(deadline);
        if let Some((suspect, observer, since)) =
            self.suspicions.wrong().min_by_key(|(_, _, since)| *since)
        {
            return match over {
                true => Self::violation(since, observer, suspect, "suspects"),
                false => Finding::Pending(format!(
                    "node {} suspected node {} when the run ended",
                    observer.0, suspect.0
                )),
            };
        }
        if let Some(last) = self.last.filter(|last| last.until > deadline) {
            let how = format!("until {}ms suspected", last.until);
            return Self::violation(last.since, last.observer, last.suspect, &how);
        }
        Finding::Held(match self.lifted {
            0 => "nobody correct was suspected".into(),
            1 => "1 suspicion was taken back".into(),
            lifted => format!("{lifted} suspicions were taken back"),
        })
    }
}
