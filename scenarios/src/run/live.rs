//! Real time as a world: hosts the protocol that a scenario chose and hands it to a driver, with the faults, the workload
//! and the properties of the scenario.

use std::rc::Rc;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Req;
use sim_core::kernel::protocol::Node;
use sim_core::kernel::time::Span;
use sim_core::sim::{Part, RealTime, Setup, Sim};

use super::RECORDED_FULL_MAX;
use super::parts::{Witness, Witnessed};
use super::stage::{Keys, Latency, Play, Recording, prepare, stage};
use crate::format::Scenario;
use crate::recipe::{Family, Recipe, Registry, World};

/// A part of a scenario's cluster in real time.
///
/// # Panics
/// If the scenario was read with another registry.
pub(super) fn live(
    scenario: &Scenario,
    registry: &impl Registry,
    part: Part,
    keys: Keys,
    witness: Option<Witnessed>,
) -> Box<dyn RealTime> {
    let world = Live {
        scenario,
        part,
        keys,
        witness,
    };
    registry
        .visit(scenario.protocol.as_ref(), world)
        .expect("the scenario was read with this registry")
}

struct Live<'a> {
    scenario: &'a Scenario,
    part: Part,
    keys: Keys,
    witness: Option<Witnessed>,
}

impl World for Live<'_> {
    type Out = Box<dyn RealTime>;

    fn host<R: Recipe>(self, recipe: &R, requests: &[Req<R::Port>]) -> Box<dyn RealTime> {
        let (scenario, keys) = (self.scenario, Rc::clone(&self.keys));
        stage(scenario, recipe, Latency::AsWritten, keys, (self, requests))
    }
}

impl<P: Family> Play<P> for (Live<'_>, &[Req<P>]) {
    type Out = Box<dyn RealTime>;

    fn play<N: Node<Offers = P>>(
        self,
        setup: Setup,
        program: impl FnMut(NodeId) -> N + 'static,
    ) -> Box<dyn RealTime> {
        let (live, requests) = self;
        let Live {
            scenario,
            part,
            witness,
            ..
        } = live;
        let mut sim = Sim::live(setup, part, program);
        // All is recorded: a real run cannot be repeated to say why it failed.
        let all = Recording {
            details: true,
            limit: RECORDED_FULL_MAX,
        };
        prepare(&mut sim, scenario, Some((all, None)), requests);
        if let Some(witness) = witness {
            sim.watch(Box::new(Witness(witness)), Span::ZERO);
        }
        Box::new(sim)
    }
}
