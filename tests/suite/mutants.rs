//! Mutants: a deliberately broken layer is caught by exactly the property that it breaks.

use protocols::link::Assumed;
use protocols::multicast::property::{Promises, checker};
use protocols::multicast::{
    Basic, Cast, Deliver, Eager, Multicast, Originator, Relaying, Reliable,
};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Quiescence, Violation};
use sim_core::sim::{Fault, Setup, Sim, Trigger};

/// How a layer above an honest multicast misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bug {
    None,
    /// Swallows the first cast.
    LosesACast,
    /// Node 2 swallows the first delivery from others.
    KeepsADeliveryBack,
    /// Node 1 delivers everything twice.
    DeliversTwice,
    /// Everybody also delivers what nobody has cast.
    Invents,
    /// Everybody delivers two messages for one cast of node 0, which is known to be Byzantine.
    DeliversBoth,
    /// Arms a timer for ever.
    NeverRests,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mutant {
    bug: Bug,
    done: bool,
}

impl Protocol for Mutant {
    type Offers = Multicast<u8, Reliable>;
    type Needs = Multicast<u8, Reliable>;
    type Timer = char;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(_) if self.bug == Bug::LosesACast && !self.done => self.done = true,
            Event::Request(cast) => {
                if self.bug == Bug::NeverRests {
                    fx.arm('x', Span::from_millis(1));
                }
                fx.request(cast);
            }
            Event::Indication(said) => {
                let (me, from_other) = (fx.me(), said.origin != fx.me());
                match self.bug {
                    Bug::KeepsADeliveryBack if me == NodeId(2) && from_other && !self.done => {
                        self.done = true
                    }
                    Bug::DeliversTwice if me == NodeId(1) => {
                        fx.indicate(said.clone());
                        fx.indicate(said);
                    }
                    Bug::Invents | Bug::DeliversBoth if !self.done => {
                        self.done = true;
                        // Node 3 casts nothing: one payload in its name is no contradiction.
                        let origin = if self.bug == Bug::Invents { 3 } else { 0 };
                        fx.indicate(Deliver {
                            origin: NodeId(origin),
                            payload: 99,
                        });
                        fx.indicate(said);
                    }
                    _ => fx.indicate(said),
                }
            }
            Event::Timer(tag) => fx.arm(tag, Span::from_millis(1)),
        }
    }
}

/// A property that is told before anything else that a process has failed.
pub struct Warned<P: Port> {
    pub failed: Option<NodeId>,
    pub property: Box<dyn Property<P>>,
}

impl<P: Port> Property<P> for Warned<P> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, P>) -> Result<(), Violation> {
        if let Some(node) = self.failed.take() {
            self.property.see(moment, &Fact::Failed(node))?;
        }
        self.property.see(moment, fact)
    }

    fn finish(&mut self, end: &End) -> Finding {
        self.property.finish(end)
    }
}

const PROPERTIES: [&str; 6] = [
    "validity",
    "no_duplication",
    "no_creation",
    "agreement",
    "uniform_agreement",
    "consistency",
];

/// The names of the properties that a run of the mutant violates, on a network without faults.
fn caught(bug: Bug) -> Vec<&'static str> {
    let byzantine = (bug == Bug::DeliversBoth).then_some(NodeId(0));
    violated(None, byzantine, |_| {
        Mutant { bug, done: false }
            .over(Eager::new(Originator::AtOnce, Relaying::On))
            .over(Basic::<_, Perfect>::new())
            .over(Assumed::new())
    })
}

/// The names of the properties that a run of the program violates, if they know who is Byzantine.
fn violated<P>(
    crash: Option<Fault>,
    failed: Option<NodeId>,
    program: impl Fn(NodeId) -> P,
) -> Vec<&'static str>
where
    P: Node<Offers = Multicast<u8, Reliable>>,
{
    let mut setup = Setup::new(4, 1);
    setup.limits.at = Span::from_secs(2);
    setup.counted = 1;
    setup.faults.extend(crash);
    let mut sim = Sim::new(setup, program);
    for (at, what) in [(1, 7), (500, 8)] {
        sim.request(Span::from_millis(at), NodeId(0), Cast(what));
    }
    let second = Span::from_secs(1);
    for name in PROPERTIES {
        let property = checker::<u8, Reliable>(name, 4).expect("it is a property of the port");
        sim.watch(Box::new(Warned { failed, property }), second);
    }
    sim.watch(Box::new(Quiescence::default()), second);
    let verdicts = sim.run().verdicts;
    let names = PROPERTIES.into_iter().chain([Quiescence::ABOUT.name]);
    let violated = names
        .zip(verdicts)
        .filter(|(_, verdict)| matches!(verdict.finding, Finding::Violated(_)));
    violated.map(|(name, _)| name).collect()
}

#[test]
fn the_honest_layer_is_caught_by_nothing() {
    assert_eq!(caught(Bug::None), [""; 0]);
}

#[test]
fn each_mutant_is_caught_by_exactly_its_property() {
    assert_eq!(caught(Bug::LosesACast), ["validity"]);
    assert_eq!(caught(Bug::DeliversTwice), ["no_duplication"]);
    assert_eq!(caught(Bug::Invents), ["no_creation"]);
    assert_eq!(caught(Bug::DeliversBoth), ["consistency"]);
    assert_eq!(caught(Bug::NeverRests), ["quiescent"]);
    // Whoever breaks agreement among the correct breaks the uniform one too: it is the stronger promise.
    assert_eq!(
        caught(Bug::KeepsADeliveryBack),
        ["agreement", "uniform_agreement"]
    );
}

/// Eager broadcast is its own mutant here: the caster delivers at once and dies before anything has left, so a faulty
/// process alone has delivered.
#[test]
fn uniform_agreement_alone_sees_a_delivery_by_a_process_that_dies() {
    let crash = Fault::crash(0, NodeId(0), Trigger::AfterSends(NodeId(0), 0));
    let program = |_| {
        Eager::new(Originator::AtOnce, Relaying::On)
            .over(Basic::<_, Perfect>::new())
            .over(Assumed::new())
    };
    assert_eq!(violated(Some(crash), None, program), ["uniform_agreement"]);
    assert_eq!(violated(None, None, program), [""; 0]);
}

/// Every promise of a guarantee has a checker, and a number in the literature.
#[test]
fn every_promise_can_be_checked() {
    fn all<G: Promises>() {
        for about in G::PROMISED {
            assert!(checker::<u8, G>(about.name, 3).is_some(), "{}", about.name);
            assert!(
                !about.number.is_empty() && about.meaning.ends_with('.'),
                "{}",
                about.name
            );
        }
    }
    all::<Reliable>();
    all::<protocols::multicast::BestEffort>();
    all::<protocols::multicast::Uniform>();
    all::<protocols::multicast::Probabilistic>();
    all::<protocols::multicast::FifoOrder>();
    all::<protocols::multicast::CausalOrder>();
    all::<protocols::multicast::TotalOrder>();
    all::<protocols::multicast::Consistent>();
    all::<protocols::multicast::ByzantineReliable>();
}
