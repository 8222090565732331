//! What every world does alike with a protocol that a scenario chose: the stack of a process, its workload, its properties.

use std::rc::Rc;

use protocols::byzantine::Byzantine;
use protocols::link::{Assumed, Built, Keyring};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::Req;
use sim_core::kernel::property::{Property, Quiescence};
use sim_core::kernel::protocol::{Node, Protocol};
use sim_core::kernel::time::Span;
use sim_core::sim::{Setup, Sim};
use sim_core::trace::{Recorder, Sink};

use super::plan::{self, Faults};
use super::stack;
use crate::format::{Scenario, Sentence};
use crate::recipe::{Family, Recipe};

/// Deals the keys of each process.
pub type Keys = Rc<dyn Fn(NodeId) -> Keyring>;

/// The keys that a simulation deals: they come from the seed.
#[must_use]
pub fn keys_of_seed(seed: u64) -> Keys {
    Rc::new(move |node| Keyring::of_seed(seed, node))
}

/// How much to record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recording {
    pub(super) details: bool,
    pub(super) limit: usize,
}

/// How much to record, and where it goes if it is not kept in memory.
pub(super) type Recorded<'s> = (Recording, Option<&'s mut dyn Sink>);

/// Which delays messages have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Latency {
    /// Those of the scenario.
    AsWritten,
    /// One millisecond each, to count steps.
    Unit,
}

/// What is done with the program of a process once its type is known.
pub(super) trait Play<P: Family> {
    type Out;

    fn play<N: Node<Offers = P>>(
        self,
        setup: Setup,
        program: impl FnMut(NodeId) -> N + 'static,
    ) -> Self::Out;
}

/// Puts the layers on their links. Whoever may turn Byzantine does so above the links: it owns its keys.
pub(super) fn stage<R: Recipe, S: Play<R::Port>>(
    scenario: &Scenario,
    recipe: &R,
    latency: Latency,
    keys: Keys,
    play: S,
) -> S::Out {
    let Faults { list, behaviours } = plan::faults(scenario);
    let recipe = recipe.clone();
    let layers = move |node: NodeId| {
        let own = behaviours.get(&node).cloned().unwrap_or_default();
        Byzantine::new(recipe.clone().layers(node), own)
    };
    let setup = plan::setup(scenario, list, latency);
    // Textbook runs carry bare messages; all other links are one type, so that a protocol is compiled twice and not once
    // a link.
    match stack::of(scenario) {
        None => play.play(setup, move |node| {
            layers(node).over(Assumed::<_, R::Links>::new())
        }),
        Some(stack) => play.play(setup, move |node| {
            let link = Built::<_, R::Links>::new(stack.link, keys(node));
            layers(node).over(link).over(stack.routed())
        }),
    }
}

/// Gives a run its workload, its properties and its recorder.
pub(super) fn prepare<'s, N: Node>(
    sim: &mut Sim<'s, N>,
    scenario: &Scenario,
    recorded: Option<Recorded<'s>>,
    requests: &[Req<N::Offers>],
) where
    N::Offers: Family,
{
    for place in 0..scenario.workload.len() {
        sim.job(plan::job(scenario, place, requests, N::Offers::again));
    }
    for (property, within) in properties(scenario) {
        sim.watch(property, within);
    }
    if let Some((Recording { details, limit }, sink)) = recorded {
        let recorder = Recorder::new(details, limit);
        sim.record(match sink {
            Some(sink) => recorder.into_sink(sink),
            None => recorder.with_faults(plan::fault_names(scenario)),
        });
    }
}

/// The properties that judge a run, in the order of [`watched`]; behind them those who measure what is asked for.
pub(super) fn properties<P: Family>(
    scenario: &Scenario,
) -> impl Iterator<Item = (Box<dyn Property<P>>, Span)> {
    let judges = watched(scenario);
    let judges = judges.map(|(_, name, within)| (checker(name, &scenario.overlay), within));
    let asked = measures(scenario, P::MEASURES);
    let observers = P::observers(&asked, &scenario.overlay, scenario.protocol.period());
    judges.chain(observers.into_iter().map(|observer| (observer, Span::MAX)))
}

/// Those of these metrics that an expectation or the scenario's own list asks for.
fn measures<'a>(scenario: &Scenario, names: &[&'a str]) -> Vec<&'a str> {
    let asks = |name: &str| {
        let listed = scenario.measure.iter().any(|measure| measure == name);
        listed || scenario.expect.iter().any(|expectation| {
            let of_it =
                matches!(&expectation.sentence, Sentence::Metric { metric, .. } if metric == name);
            of_it && expectation.is_asked()
        })
    };
    names.iter().copied().filter(|name| asks(name)).collect()
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

fn checker<P: Family>(name: &str, overlay: &Overlay) -> Box<dyn Property<P>> {
    if name == Quiescence::ABOUT.name {
        return Box::new(Quiescence::default());
    }
    P::checker(name, overlay).expect("the properties of a scenario that was read are there")
}
