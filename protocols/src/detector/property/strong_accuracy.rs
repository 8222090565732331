//! Strong accuracy: nobody is suspected before it has crashed (PFD2).

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Guarantee;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};

use crate::detector::port::{Detector, Opinion};

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct StrongAccuracy {
    /// Who has ever crashed: one that came back *has* crashed.
    crashed: BTreeSet<NodeId>,
    failed: BTreeSet<NodeId>,
    suspicions: u64,
}

impl StrongAccuracy {
    /// For a group of any size.
    #[must_use]
    pub const fn new() -> Self {
        StrongAccuracy {
            crashed: BTreeSet::new(),
            failed: BTreeSet::new(),
            suspicions: 0,
        }
    }
}

impl<G: Guarantee> Property<Detector<G>> for StrongAccuracy {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Detector<G>>) -> Result<(), Violation> {
        match *fact {
            Fact::Crashed(node) => {
                self.crashed.insert(node);
            }
            Fact::Failed(node) => {
                self.failed.insert(node);
            }
            Fact::Indicated(observer, Opinion::Suspect(suspect))
                if !self.failed.contains(&observer) =>
            {
                self.suspicions += 1;
                if !self.crashed.contains(suspect) && !self.failed.contains(suspect) {
                    return Err(Violation {
                        before: None,
                        since: moment,
                        what: format!(
                            "node {} suspected node {}, which had not crashed",
                            observer.0, suspect.0
                        ),
                        nodes: vec![observer],
                    });
                }
            }
            _ => (),
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        Finding::Held(match self.suspicions {
            0 => "nobody was suspected".into(),
            1 => "1 suspicion, of a process that had crashed".into(),
            suspicions => format!("{suspicions} suspicions, of processes that had crashed"),
        })
    }
}
