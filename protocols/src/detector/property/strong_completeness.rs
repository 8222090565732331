//! Strong completeness: who crashes is suspected by every correct process in the end, for good (PFD1, EPFD1).
//!
//! Each crash is a debt of every correct process. What counts is the suspicion that is in force when the run ends, and that
//! it began in time; one from before the crash counts as well.

use alloc::format;
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Guarantee;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::nodes;

use super::suspicions::Suspicions;
use crate::detector::port::Detector;

/// The checker.
#[derive(Clone, Debug)]
pub struct StrongCompleteness {
    suspicions: Suspicions,
}

impl StrongCompleteness {
    /// For a group of `nodes`.
    #[must_use]
    pub const fn new(nodes: u32) -> Self {
        StrongCompleteness {
            suspicions: Suspicions::new(nodes),
        }
    }

    /// Those correct processes that did not suspect `crashed` in time.
    fn tardy(&self, end: &End, crashed: NodeId, since: Moment) -> Vec<NodeId> {
        let deadline = end.deadline(since.at);
        let tardy = |observer: &NodeId| {
            let suspected = self.suspicions.since(*observer, crashed);
            suspected.is_none_or(|suspected| suspected.at > deadline)
        };
        self.suspicions.correct().filter(tardy).collect()
    }
}

impl<G: Guarantee> Property<Detector<G>> for StrongCompleteness {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Detector<G>>) -> Result<(), Violation> {
        self.suspicions.see(moment, fact);
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let mut pending = None;
        let mut crashed = Vec::new();
        for (node, since) in self.suspicions.down() {
            crashed.push(node);
            let tardy = self.tardy(end, node, since);
            if tardy.is_empty() {
                continue;
            }
            let (who, gone) = (nodes(&tardy), nodes(&[node]));
            if end.is_final(since.at) {
                let in_time = match self.suspicions.since(tardy[0], node) {
                    Some(_) => "in time",
                    None => "in the end",
                };
                return Finding::Violated(Violation {
                    before: None,
                    since,
                    what: format!("{gone} crashed, and {who} did not suspect it {in_time}"),
                    nodes: tardy,
                });
            }
            pending = Some(format!(
                "{who} did not suspect {gone} yet when the run ended"
            ));
        }
        let correct = self.suspicions.correct().count();
        match pending {
            Some(pending) => Finding::Pending(pending),
            None if crashed.is_empty() || correct == 0 => Finding::NotExercised,
            None => Finding::Held(format!(
                "{correct} of {correct} correct nodes suspect {}",
                nodes(&crashed)
            )),
        }
    }
}
