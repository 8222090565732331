//! What an adversary can do to protocols that trust their processes.

use protocols::byzantine::{Behaviour, Byzantine};
use protocols::link::Assumed;
use protocols::multicast::property::checker;
use protocols::multicast::{Basic, Cast, Eager, Multicast, Originator, Relaying, Reliable};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::Finding;
use sim_core::kernel::text::Text;
use sim_core::sim::{Outcome, Setup, Sim};

use crate::mutants::Warned;

type Port = Multicast<Text, Reliable>;

const NAMES: [&str; 6] = [
    "validity",
    "no_duplication",
    "no_creation",
    "agreement",
    "uniform_agreement",
    "consistency",
];

/// Stands over a process in whose adversary's behaviours all are in force as soon as it is asked for something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Turned;

impl Protocol for Turned {
    type Offers = Port;
    type Needs = Port;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(cast) => {
                fx.env().adversary.active = u64::MAX;
                fx.request(cast);
            }
            Event::Indication(said) => fx.indicate(said),
            Event::Timer(never) => match never {},
        }
    }
}

fn eager() -> Eager<Text> {
    Eager::new(Originator::AtOnce, Relaying::On)
}

/// Runs four processes of which node 0 casts once; the names of the properties that are violated, if they know that
/// node 0 may be Byzantine, and what the run came to.
fn run<P: Node<Offers = Port>>(program: impl Fn(NodeId) -> P) -> (Vec<&'static str>, Outcome) {
    let mut sim = Sim::new(Setup::new(4, 1), program);
    sim.request(Span::from_millis(1), NodeId(0), Cast("yes".into()));
    for name in NAMES {
        let property = checker::<Text, Reliable>(name, 4).expect("it is a property of the port");
        let failed = Some(NodeId(0));
        sim.watch(Box::new(Warned { failed, property }), Span::from_secs(1));
    }
    let outcome = sim.run();
    let verdicts = NAMES.into_iter().zip(&outcome.verdicts);
    let violated = verdicts
        .filter(|(_, verdict)| matches!(verdict.finding, Finding::Violated(_)))
        .map(|(name, _)| name)
        .collect();
    (violated, outcome)
}

fn attacked(behaviours: &[Behaviour]) -> (Vec<&'static str>, Outcome) {
    run(|node| {
        let honest = eager().over(Basic::new());
        let process = match node {
            NodeId(0) => Byzantine::new(honest, behaviours.to_vec()),
            _ => Byzantine::honest(honest),
        };
        Turned.over(process).over(Assumed::<_, Perfect>::new())
    })
}

/// The wrapper around an honest process changes nothing at all.
#[test]
fn an_honest_process_runs_as_if_nobody_stood_under_it() {
    let (violated, wrapped) = attacked(&[]);
    let (_, plain) = run(|_| {
        let honest = eager().over(Basic::new());
        Turned.over(honest).over(Assumed::<_, Perfect>::new())
    });
    assert_eq!(violated, [""; 0]);
    assert_eq!(wrapped.fingerprint, plain.fingerprint);
    assert_eq!(wrapped.counters, plain.counters);
}

/// A broadcast of the crash model knows one message by its name, and a liar gives two messages
/// one name. No property that speaks of what a Byzantine process did is to be broken by that.
#[test]
fn an_equivocating_caster_breaks_consistency_and_agreement_in_the_crash_model() {
    let lie = Behaviour::Equivocate {
        kinds: vec!["Data".into()],
        values: Some(["yes".into(), "no".into()]),
        to: vec![],
    };
    let (violated, outcome) = attacked(&[lie]);
    assert_eq!(violated, ["agreement", "uniform_agreement", "consistency"]);
    assert_eq!(outcome.marks["byzantine_equivocated"].count, 1);
}

/// Eager broadcast is safe from what a single process keeps to itself or says too often: others relay, and names are known.
#[test]
fn silence_and_floods_do_not_break_eager_broadcast() {
    let silent = Behaviour::Silent {
        kinds: vec![],
        to: vec![NodeId(2), NodeId(3)],
    };
    let flood = Behaviour::Flood {
        kinds: vec![],
        copies: 3,
    };
    for (behaviour, copies) in [(silent, 1), (flood, 12)] {
        let mark = behaviour.mark();
        let (violated, outcome) = attacked(&[behaviour]);
        assert_eq!(violated, [""; 0], "{mark}");
        // The three others relay once each, to three.
        assert_eq!(outcome.counters.messages, copies + 9, "{mark}");
        assert_eq!(outcome.marks[mark].count, 1);
    }
}
