//! The simulator as a world: hosts the protocol that a scenario chose, and runs it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sim_core::kernel::port::Req;
use sim_core::kernel::property::{Moment, Property, Quiescence};
use sim_core::sim::{Outcome, Sim};
use sim_core::trace::Recorder;

use super::plan;
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

/// Runs the scenario. The properties of its expectations are watched in their order; see [`watched`].
pub(super) fn simulate(
    scenario: &Scenario,
    registry: &impl Registry,
    recording: Option<Recording>,
    latency: Latency,
) -> Result<Outcome, Panicked> {
    let world = Simulated {
        scenario,
        recording,
        latency,
    };
    registry
        .visit(scenario.protocol.as_ref(), world)
        .expect("the scenario was read with this registry")
}

/// The expectations that are judged by a property while the run goes on.
pub(super) fn watched(
    scenario: &Scenario,
) -> impl Iterator<Item = (usize, &str, sim_core::kernel::time::Span)> {
    let asked = scenario
        .expect
        .iter()
        .enumerate()
        .filter(|(_, expectation)| expectation.is_asked());
    asked.filter_map(|(place, expectation)| match &expectation.sentence {
        Sentence::Always { property } => {
            Some((place, property.as_str(), sim_core::kernel::time::Span::ZERO))
        }
        Sentence::Eventually { property, within } => Some((place, property.as_str(), *within)),
        Sentence::Sometimes { .. } | Sentence::Metric { .. } => None,
    })
}

struct Simulated<'a> {
    scenario: &'a Scenario,
    recording: Option<Recording>,
    latency: Latency,
}

impl World for Simulated<'_> {
    type Out = Result<Outcome, Panicked>;

    fn host<R: Recipe>(self, recipe: &R, requests: &[Req<R::Port>]) -> Self::Out {
        let scenario = self.scenario;
        let mut sim = Sim::new(plan::setup(scenario, self.latency), |_| recipe.node());
        for (place, job) in scenario.workload.iter().enumerate() {
            sim.job(plan::job(scenario, place, job, requests));
        }
        for (_, name, within) in watched(scenario) {
            sim.watch(checker::<R::Port>(name, scenario.nodes), within);
        }
        if let Some(Recording { details, limit }) = self.recording {
            sim.record(Recorder::new(details, limit).with_faults(plan::fault_names(scenario)));
        }
        // A panic of the protocol is a finding about the protocol; the simulator is thrown away with it.
        catch_unwind(AssertUnwindSafe(|| sim.run())).map_err(|cause| {
            let message = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let message = message
                .or_else(|| cause.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            Panicked {
                at: sim.position(),
                message,
            }
        })
    }
}

fn checker<P: Family>(name: &str, nodes: u32) -> Box<dyn Property<P>> {
    if name == Quiescence::ABOUT.name {
        return Box::new(Quiescence::default());
    }
    P::checker(name, nodes).expect("the properties of a scenario that was read are there")
}
