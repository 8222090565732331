//! The simulator as a world: hosts the protocol that a scenario chose, and runs it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Req;
use sim_core::kernel::property::Moment;
use sim_core::kernel::protocol::Node;
use sim_core::sim::{Gauge, Outcome, Setup, Sim};

use super::stage::{Latency, Play, Recorded, keys_of_seed, prepare, stage};
use crate::format::Scenario;
use crate::recipe::{Family, Recipe, Registry, World};

/// A protocol panicked: it broke an invariant of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// The last event before.
    pub at: Moment,
    /// What it said.
    pub message: String,
}

impl Panicked {
    /// What `catch_unwind` caught, when the run had come so far.
    #[must_use]
    pub fn caught(cause: &(dyn Any + Send), at: Moment) -> Panicked {
        let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = text
            .or_else(|| cause.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Panicked { at, message }
    }
}

/// What came of a simulation, and what the protocol said if it panicked.
pub(super) struct Simulated {
    pub(super) outcome: Outcome,
    pub(super) panicked: Option<Panicked>,
}

/// Runs the scenario. The properties of its expectations are watched in their order; see [`super::stage::watched`].
/// A gauge shows what it is doing.
pub(super) fn simulate<'a>(
    scenario: &'a Scenario,
    registry: &impl Registry,
    recorded: Option<Recorded<'a>>,
    latency: Latency,
    gauge: Option<&Gauge>,
) -> Simulated {
    let world = Simulator {
        scenario,
        recorded,
        latency,
        gauge: gauge.cloned(),
    };
    registry
        .visit(scenario.protocol.as_ref(), world)
        .expect("the scenario was read with this registry")
}

struct Simulator<'a> {
    scenario: &'a Scenario,
    recorded: Option<Recorded<'a>>,
    latency: Latency,
    gauge: Option<Gauge>,
}

impl World for Simulator<'_> {
    type Out = Simulated;

    fn host<R: Recipe>(self, recipe: &R, requests: &[Req<R::Port>]) -> Simulated {
        let (scenario, latency) = (self.scenario, self.latency);
        let keys = keys_of_seed(scenario.seed);
        stage(scenario, recipe, latency, keys, (self, requests))
    }
}

impl<P: Family> Play<P> for (Simulator<'_>, &[Req<P>]) {
    type Out = Simulated;

    fn play<N: Node<Offers = P>>(
        self,
        setup: Setup,
        program: impl FnMut(NodeId) -> N + 'static,
    ) -> Simulated {
        let (simulator, requests) = self;
        let mut sim = Sim::new(setup, program);
        prepare(&mut sim, simulator.scenario, simulator.recorded, requests);
        if let Some(gauge) = simulator.gauge {
            sim.show_on(gauge);
        }
        // A panic of the protocol is a finding about the protocol. The simulator itself is in order: it was waiting
        // for a handler, and is asked only what had happened before.
        match catch_unwind(AssertUnwindSafe(|| sim.run())) {
            Ok(outcome) => Simulated {
                outcome,
                panicked: None,
            },
            Err(cause) => {
                let panicked = Panicked::caught(cause.as_ref(), sim.position());
                Simulated {
                    outcome: sim.panicked(),
                    panicked: Some(panicked),
                }
            }
        }
    }
}
