//! The figures of a spread move exactly when they must: each mutant moves its own and no other.

use protocols::gossip::{Data, Fanout, Push};
use protocols::link::Assumed;
use protocols::multicast::property::Spread;
use protocols::multicast::{Cast, Multicast, Probabilistic};
use scenarios::metrics::{Figure, Metrics};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{Fault, Setup, Sim, Trigger};

const NODES: u32 = 5;
const PERIOD: Span = Span::from_millis(100);

/// What is wrong with a gossip that tells everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bug {
    None,
    /// Node 2 never delivers.
    KeepsBack,
    /// Node 2 delivers everything twice.
    DeliversTwice,
    /// Node 2 also delivers what nobody has cast.
    Invents,
    /// Node 2 delivers three rounds late.
    Late,
    /// Everybody sends every copy twice.
    SendsTwice,
}

/// Above the gossip.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Above(Bug);

/// One delivery that waits. There is but one cast.
const LATE: u8 = 7;

impl Protocol for Above {
    type Offers = Multicast<u8, Probabilistic>;
    type Needs = Multicast<u8, Probabilistic>;
    type Timer = char;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        let late = protocols::multicast::Deliver {
            origin: NodeId(0),
            payload: LATE,
        };
        match event {
            Event::Boot(_) => (),
            Event::Request(cast) => fx.request(cast),
            Event::Indication(said) if fx.me() == NodeId(2) => match self.0 {
                Bug::KeepsBack => (),
                Bug::Late => fx.arm('x', PERIOD.saturating_mul(3)),
                Bug::DeliversTwice => {
                    fx.indicate(said.clone());
                    fx.indicate(said);
                }
                Bug::Invents => {
                    fx.indicate(said.clone());
                    fx.indicate(protocols::multicast::Deliver {
                        payload: 99,
                        ..said
                    });
                }
                Bug::None | Bug::SendsTwice => fx.indicate(said),
            },
            Event::Indication(said) => fx.indicate(said),
            Event::Timer(_) => fx.indicate(late),
        }
    }
}

/// Below it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Below(Bug);

impl Protocol for Below {
    type Offers = Link<Data<u8>, FairLoss>;
    type Needs = Link<Data<u8>, FairLoss>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(transmit) => {
                if self.0 == Bug::SendsTwice {
                    fx.request(transmit.clone());
                }
                fx.request(transmit);
            }
            Event::Indication(arrival) => fx.indicate(arrival),
            Event::Timer(never) => match never {},
        }
    }
}

/// Delivery ratio, residue, traffic and rounds.
fn figures(bug: Bug, casts: u32, fault: Option<Fault>) -> [Option<Figure>; 4] {
    let mut setup = Setup::new(NODES, 1);
    setup.network.law.latency = Delay::Fixed(Span::from_millis(10))
        .sampler()
        .expect("a law");
    setup.counted = 1;
    setup.faults.extend(fault);
    let program = |_| {
        Above(bug)
            .over(Push::new(Fanout::Fixed(NODES - 1)))
            .over(Below(bug))
            .over(Assumed::new())
    };
    let mut sim = Sim::new(setup, program);
    for place in 0..casts {
        let at = Span::from_millis(95 + u64::from(place));
        sim.request(
            at,
            NodeId(0),
            Cast(LATE + u8::try_from(place).expect("few")),
        );
    }
    sim.watch(Box::new(Spread::new(NODES, Some(PERIOD))), Span::MAX);
    let metrics = Metrics::of(&sim.run(), NODES, None);
    ["delivery_ratio", "residue", "traffic", "rounds"].map(|name| metrics.get(name))
}

fn of(part: u64, whole: u64) -> Option<Figure> {
    Some(Figure::Ratio(part, whole))
}

#[test]
fn each_figure_moves_exactly_when_it_must() {
    // Cast in round 0, delivered by the caster at once and by the others in round 1; four copies from each of five.
    let (all, none, copies, rounds) = (of(5, 5), of(0, 5), of(20, 5), Some(Figure::Whole(1)));
    let whole = [all, none, copies, rounds];
    assert_eq!(figures(Bug::None, 1, None), whole);
    assert_eq!(
        figures(Bug::KeepsBack, 1, None),
        [of(4, 5), of(1, 5), copies, rounds]
    );
    assert_eq!(figures(Bug::DeliversTwice, 1, None), whole);
    assert_eq!(figures(Bug::Invents, 1, None), whole);
    assert_eq!(
        figures(Bug::Late, 1, None),
        [all, none, copies, Some(Figure::Whole(4))]
    );
    assert_eq!(
        figures(Bug::SendsTwice, 1, None),
        [all, none, of(40, 5), rounds]
    );
}

#[test]
fn nothing_is_due_to_who_crashed_and_each_cast_counts() {
    let crash = Fault::crash(0, NodeId(3), Trigger::Start);
    let [ratio, residue, ..] = figures(Bug::None, 1, Some(crash.clone()));
    assert_eq!([ratio, residue], [of(4, 4), of(0, 4)]);
    let [ratio, residue, ..] = figures(Bug::KeepsBack, 2, Some(crash));
    assert_eq!([ratio, residue], [of(6, 8), of(2, 8)]);
}

#[test]
fn a_run_without_casts_has_no_figures() {
    assert_eq!(figures(Bug::None, 0, None), [None; 4]);
}
