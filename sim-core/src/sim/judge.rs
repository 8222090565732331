//! Shows facts to the properties, and keeps what they find.

use crate::kernel::port::Port;
use crate::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use crate::kernel::protocol::Node;
use crate::kernel::time::Span;

use super::engine::Sim;
use super::gauge::Doing;
use super::outcome::Verdict;

struct Watched<P: Port> {
    property: Box<dyn Property<P>>,
    within: Span,
    broken: Option<(Moment, Violation)>,
}

impl<P: Node> Sim<'_, P> {
    /// Shows a fact to the properties.
    pub(super) fn show(&mut self, moment: Moment, fact: &Fact<'_, P::Offers>) {
        self.gauge.set(Doing::Properties);
        self.judge.see(moment, fact);
        self.gauge.set(Doing::Engine);
    }
}

/// The properties of a run. They are asked at the edges of the port only, never once a message.
pub(super) struct Judge<P: Port> {
    watched: Vec<Watched<P>>,
}

impl<P: Port> Judge<P> {
    pub(super) const fn new() -> Self {
        Judge {
            watched: Vec::new(),
        }
    }

    pub(super) fn watch(&mut self, property: Box<dyn Property<P>>, within: Span) {
        self.watched.push(Watched {
            property,
            within,
            broken: None,
        });
    }

    pub(super) fn see(&mut self, moment: Moment, fact: &Fact<'_, P>) {
        for watched in self
            .watched
            .iter_mut()
            .filter(|watched| watched.broken.is_none())
        {
            if let Err(violation) = watched.property.see(moment, fact) {
                watched.broken = Some((moment, violation));
            }
        }
    }

    /// The verdicts; `end.within` is filled in for each property.
    pub(super) fn finish(&mut self, end: &End) -> Vec<Verdict> {
        let verdict = |watched: &mut Watched<P>| match watched.broken.take() {
            Some((moment, violation)) => Verdict {
                finding: Finding::Violated(violation),
                broken: Some(moment),
            },
            None => {
                let end = End {
                    within: watched.within,
                    ..end.clone()
                };
                Verdict {
                    finding: watched.property.finish(&end),
                    broken: None,
                }
            }
        };
        self.watched.iter_mut().map(verdict).collect()
    }
}
