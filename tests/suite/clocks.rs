//! Clocks: which of them say what about causality, and mutants for the properties of stamps.

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use protocols::clock::property::{askable, checker};
use protocols::clock::{
    AnyClock, Clock, ClockKind, Hybrid, HybridTime, Lamport, LamportTime, Stamping, Timestamp,
    Vector, VectorTime,
};
use protocols::link::Assumed;
use protocols::multicast::{Basic, BestEffort, Cast};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::Finding;
use sim_core::kernel::random::Delay;
use sim_core::sim::{Fault, Lasting, Setup, Sim, Strike, Trigger};

/// A clock that hears nothing: it counts its own events.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Deaf<C>(C);

impl<C: Clock> Clock for Deaf<C> {
    type Time = C::Time;

    fn tick(&mut self, me: NodeId, wall: impl FnOnce() -> LocalTime) -> C::Time {
        self.0.tick(me, wall)
    }

    fn receive(&mut self, me: NodeId, _: &C::Time, wall: impl FnOnce() -> LocalTime) -> C::Time {
        self.0.tick(me, wall)
    }

    fn accepts(&self, heard: &C::Time, nodes: u32) -> bool {
        self.0.accepts(heard, nodes)
    }
}

/// A vector clock that counts receipts alone: one's own casts leave it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Idle {
    vector: Vector,
    last: VectorTime,
}

impl Clock for Idle {
    type Time = VectorTime;

    fn tick(&mut self, _: NodeId, _: impl FnOnce() -> LocalTime) -> VectorTime {
        self.last.clone()
    }

    fn receive(
        &mut self,
        me: NodeId,
        heard: &VectorTime,
        wall: impl FnOnce() -> LocalTime,
    ) -> VectorTime {
        self.last = self.vector.receive(me, heard, wall);
        self.last.clone()
    }

    fn accepts(&self, heard: &VectorTime, nodes: u32) -> bool {
        self.vector.accepts(heard, nodes)
    }
}

/// The names of the properties that a run with these clocks violates: a question, answers that cross each other, and one
/// that has heard them. The wall clock of node 1 is behind by so much.
fn violated<C: Clock>(clock: C, behind: Span) -> Vec<&'static str> {
    let mut setup = Setup::new(3, 1);
    setup.counted = 1;
    let delay = Delay::Fixed(Span::from_millis(10));
    setup.network.law.latency = delay.sampler().expect("a law");
    if behind > Span::ZERO {
        let by = -i64::try_from(behind.as_nanos()).expect("a short time");
        let node = NodeId(1);
        setup.faults.push(Fault {
            number: 0,
            trigger: Trigger::Start,
            strike: Strike::Skew { node, by },
            lasting: Lasting::Forever,
        });
    }
    let mut sim = Sim::new(setup, |_| {
        Stamping::new(clock.clone())
            .over(Basic::<_, Perfect>::new())
            .over(Assumed::new())
    });
    for (at, node, what) in [(100, 0, 1), (200, 1, 2), (200, 2, 3), (300, 0, 4)] {
        sim.request(Span::from_millis(at), NodeId(node), Cast(what));
    }
    // The answers cross each other: one order for all is what a plain multicast does not have.
    let names = || {
        let all = askable::<BestEffort>().map(|about| about.name);
        all.filter(|name| *name != "total_order")
    };
    for name in names() {
        let property = checker::<u8, C::Time, BestEffort>(name, 3);
        sim.watch(
            property.expect("a property of the port"),
            Span::from_secs(1),
        );
    }
    let verdicts = sim.run().verdicts;
    let violated = names()
        .zip(verdicts)
        .filter(|(_, verdict)| matches!(verdict.finding, Finding::Violated(_)));
    violated.map(|(name, _)| name).collect()
}

const RIGHT: Span = Span::ZERO;
const LATE: Span = Span::from_millis(150);
const CHARACTERIZES: &str = "characterizes_causality";
const CONSISTENT: &str = "consistent_with_causality";

#[test]
fn vectors_characterize_causality_and_numbers_are_consistent_with_it() {
    for behind in [RIGHT, LATE] {
        let of = |kind| violated(AnyClock::new(kind), behind);
        assert_eq!(of(ClockKind::Vector), [""; 0]);
        assert_eq!(of(ClockKind::Matrix), [""; 0]);
        // Each of these is the mutant of the converse: all else holds.
        assert_eq!(of(ClockKind::Lamport), [CHARACTERIZES]);
        assert_eq!(of(ClockKind::Hybrid), [CHARACTERIZES]);
    }
    // By a wall clock that is behind by more than a message takes, the answer came before the question.
    let wall = |behind| violated(AnyClock::new(ClockKind::Wall), behind);
    assert_eq!(wall(Span::from_millis(9)), [CHARACTERIZES]);
    assert_eq!(wall(Span::from_millis(11)), [CONSISTENT, CHARACTERIZES]);
    assert_eq!(wall(LATE), [CONSISTENT, CHARACTERIZES]);
}

/// Whoever breaks the clock condition breaks its converse too: that is the stronger promise.
#[test]
fn a_clock_that_hears_or_counts_nothing_breaks_the_clock_condition() {
    let both = [CONSISTENT, CHARACTERIZES];
    assert_eq!(violated(Deaf(Lamport::new()), RIGHT), both);
    assert_eq!(violated(Deaf(Vector::new()), RIGHT), both);
    assert_eq!(violated(Deaf(Hybrid::new()), LATE), both);
    let idle = Idle {
        vector: Vector::new(),
        last: VectorTime::new(),
    };
    assert_eq!(violated(idle, RIGHT), both);
}

/// Lamport's total order extends happens-before: no two events are equal, and it is the order of the numbers.
#[test]
fn the_total_order_extends_the_claims() {
    let stamp = |count, by| LamportTime {
        count,
        by: NodeId(by),
    };
    let all: Vec<LamportTime> = (1..4)
        .flat_map(|count| (0..3).map(move |by| stamp(count, by)))
        .collect();
    for one in &all {
        for two in &all {
            assert_eq!(one == two, one.cmp(two).is_eq());
            if let Some(claim) = one.claim(two) {
                assert_eq!(claim, one.cmp(two));
            }
        }
    }
}

/// The vector of somebody who has heard of these events, given by their processes.
fn vectors() -> impl Strategy<Value = VectorTime> {
    proptest::collection::vec(0..4_u32, 0..8).prop_map(|events| {
        let mut vector = VectorTime::new();
        events.iter().for_each(|node| vector.count(NodeId(*node)));
        vector
    })
}

proptest! {
    /// Vectors are partially ordered, and what has merged two of them knows both and nothing else.
    #[test]
    fn a_merge_is_the_least_that_knows_both(one in vectors(), two in vectors(), other in vectors()) {
        let knows = |large: &VectorTime, small: &VectorTime| {
            large.compare(small).is_some_and(std::cmp::Ordering::is_ge)
        };
        let merge = |one: &VectorTime, two: &VectorTime| {
            let mut both = one.clone();
            both.merge(two);
            both
        };
        let both = merge(&one, &two);
        prop_assert_eq!(&both, &merge(&two, &one));
        prop_assert_eq!(&both, &merge(&both, &two));
        prop_assert!(knows(&both, &one) && knows(&both, &two) && both.is_well_formed());
        prop_assert!(knows(&other, &both) == (knows(&other, &one) && knows(&other, &two)));
        prop_assert_eq!(one.compare(&two), two.compare(&one).map(std::cmp::Ordering::reverse));
        prop_assert_eq!(one.compare(&two) == Some(std::cmp::Ordering::Equal), one == two);
    }

    /// Whatever it hears and however its wall clock is set, a hybrid clock rises, and shows no less than the wall clock and
    /// what it has heard.
    #[test]
    fn a_hybrid_clock_rises(
        events in proptest::collection::vec((-50..50_i64, any::<Option<(i8, u8)>>()), 1..20),
    ) {
        let (mut clock, me, other) = (Hybrid::new(), NodeId(0), NodeId(1));
        let mut last = None;
        for (now, heard) in events {
            let wall = || LocalTime::from_nanos(now);
            let heard = heard.map(|(time, count)| HybridTime {
                time_ns: i64::from(time),
                count: u32::from(count),
                by: other,
            });
            let shown = match &heard {
                Some(heard) => clock.receive(me, heard, wall),
                None => clock.tick(me, wall),
            };
            prop_assert!(shown.time_ns >= now && last < Some(shown));
            prop_assert!(heard.is_none_or(|heard| heard.claim(&shown).is_some_and(std::cmp::Ordering::is_lt)));
            last = Some(shown);
        }
    }
}
