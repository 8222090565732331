//! The simulator as a world: hosts the protocol that a scenario chose, and runs it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use protocols::byzantine::Byzantine;
use protocols::link::{Assumed, Built};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::Req;
use sim_core::kernel::property::{Moment, Property, Quiescence};
use sim_core::kernel::protocol::{Node, Protocol};
use sim_core::kernel::time::Span;
use sim_core::sim::{Outcome, Sim};
use sim_core::trace::Recorder;

use super::plan::{self, Faults};
use super::stack;
use crate::format::{Scenario, Sentence};
use crate::recipe::{Family, Recipe, Registry, World};

/// How much to record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recording {
    pub(super) details: bool,
    pub(super) limit: usize,
}

/// Which delays messages have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Latency {
    /// Those of the scenario.
    AsWritten,
    /// One millisecond each, to count steps.
    Unit,
}

/// A protocol panicked: it broke an invariant of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// The last event before.
    pub at: Moment,
    /// What it said.
    pub message: String,
}

/// What came of a simulation, and what the protocol said if it panicked.
pub(super) struct Simulated {
    pub(super) outcome: Outcome,
    pub(super) panicked: Option<Panicked>,
}

/// Runs the scenario. The properties of its expectations are watched in their order; see [`watched`].
pub(super) fn simulate(
    scenario: &Scenario,
    registry: &impl Registry,
    recording: Option<Recording>,
    latency: Latency,
) -> Simulated {
    let world = Simulator {
        scenario,
        recording,
        latency,
    };
    registry
        .visit(scenario.protocol.as_ref(), world)
        .expect("the scenario was read with this registry")
}

/// The expectations that are judged by a property while the run goes on: place, property, and how long it may be owed.
pub(super) fn watched(scenario: &Scenario) -> impl Iterator<Item = (usize, &str, Span)> {
    let properties = scenario.protocol.properties();
    let is_property = move |name: &str| properties.iter().any(|about| about.name == name);
    let asked = scenario
        .expect
        .iter()
        .enumerate()
        .filter(|(_, expectation)| expectation.is_asked());
    asked.filter_map(move |(place, expectation)| match &expectation.sentence {
        Sentence::Always { property } => Some((place, property.as_str(), Span::ZERO)),
        Sentence::Eventually { property, within } => Some((place, property.as_str(), *within)),
        // A goal is a mark, or a property that has to find something to judge.
        Sentence::Sometimes { goal } if is_property(goal) => {
            Some((place, goal.as_str(), Span::MAX))
        }
        Sentence::Sometimes { .. } | Sentence::Metric { .. } => None,
    })
}

struct Simulator<'a> {
    scenario: &'a Scenario,
    recording: Option<Recording>,
    latency: Latency,
}

impl World for Simulator<'_> {
    type Out = Simulated;

    /// Puts the layers on their links. Whoever may turn Byzantine does so above the links: it owns its keys.
    fn host<R: Recipe>(self, recipe: &R, requests: &[Req<R::Port>]) -> Simulated {
        let Faults { list, behaviours } = plan::faults(self.scenario);
        let layers = |node: NodeId| {
            let own = behaviours.get(&node).cloned().unwrap_or_default();
            Byzantine::new(recipe.layers(), own)
        };
        let setup = plan::setup(self.scenario, list, self.latency);
        // Textbook runs carry bare messages; all other links are one type, so that a protocol is compiled twice and
        // not once a link.
        match stack::of(self.scenario) {
            None => {
                let program = |node| layers(node).over(Assumed::<_, R::Links>::new());
                self.run(Sim::new(setup, program), requests)
            }
            Some(stack) => {
                let program = |node| {
                    let link = Built::<_, R::Links>::new(stack.link, stack.keys(node));
                    layers(node).over(link).over(stack.routed())
                };
                self.run(Sim::new(setup, program), requests)
            }
        }
    }
}

impl Simulator<'_> {
    fn run<N: Node>(self, mut sim: Sim<'_, N>, requests: &[Req<N::Offers>]) -> Simulated
    where
        N::Offers: Family,
    {
        let scenario = self.scenario;
        for place in 0..scenario.workload.len() {
            sim.job(plan::job(scenario, place, requests, N::Offers::again));
        }
        for (_, name, within) in watched(scenario) {
            sim.watch(checker::<N::Offers>(name, &scenario.overlay), within);
        }
        if let Some(Recording { details, limit }) = self.recording {
            sim.record(Recorder::new(details, limit).with_faults(plan::fault_names(scenario)));
        }
        // A panic of the protocol is a finding about the protocol. The simulator itself is in order: it was waiting
        // for a handler, and is asked only what had happened before.
        match catch_unwind(AssertUnwindSafe(|| sim.run())) {
            Ok(outcome) => Simulated {
                outcome,
                panicked: None,
            },
            Err(cause) => {
                let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let message = text
                    .or_else(|| cause.downcast_ref::<String>().cloned())
                    .unwrap_or_default();
                let at = sim.position();
                Simulated {
                    outcome: sim.panicked(),
                    panicked: Some(Panicked { at, message }),
                }
            }
        }
    }
}

fn checker<P: Family>(name: &str, overlay: &Overlay) -> Box<dyn Property<P>> {
    if name == Quiescence::ABOUT.name {
        return Box::new(Quiescence::default());
    }
    P::checker(name, overlay).expect("the properties of a scenario that was read are there")
}
