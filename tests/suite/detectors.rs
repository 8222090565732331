//! Failure detectors: mutants for the properties of their port, and how long a timeout has to be.

use protocols::detector::property::{Promises, checker};
use protocols::detector::{
    Detector, EventuallyAccurate, ExcludeOnTimeout, Fixed, Heartbeats, IncreasingTimeout, Opinion,
};
use protocols::link::Assumed;
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property};
use sim_core::kernel::random::Delay;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Fault, Outcome, Setup, Sim, Trigger};

const PROPERTIES: [&str; 3] = [
    "strong_completeness",
    "strong_accuracy",
    "eventual_strong_accuracy",
];

const MS: fn(u64) -> Span = Span::from_millis;

/// How a layer above an honest detector misbehaves; it is node 2 that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bug {
    None,
    /// Keeps a suspicion to itself.
    MissesACrash,
    /// Says it a second later.
    IsLate,
    /// Takes it back at once.
    Wavers,
    /// Suspects node 0, and takes that back.
    Slanders,
    /// Suspects node 0 again and again, and takes it back each time.
    NeverLearns,
    /// Suspects node 0 for ever.
    NeverForgives,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mutant(Bug);

impl Protocol for Mutant {
    type Offers = Detector<EventuallyAccurate>;
    type Needs = Detector<EventuallyAccurate>;
    type Timer = char;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        let astray = fx.me() == NodeId(2);
        match event {
            Event::Boot(_) => {
                if astray
                    && matches!(
                        self.0,
                        Bug::Slanders | Bug::NeverLearns | Bug::NeverForgives
                    )
                {
                    fx.arm('s', MS(50));
                }
            }
            Event::Request(never) => match never {},
            Event::Indication(said) => match self.0 {
                Bug::MissesACrash if astray => (),
                Bug::IsLate if astray => fx.arm('l', MS(1_000)),
                Bug::Wavers if astray => {
                    fx.indicate(said);
                    fx.indicate(Opinion::Restore(NodeId(1)));
                }
                _ => fx.indicate(said),
            },
            Event::Timer('l') => fx.indicate(Opinion::Suspect(NodeId(1))),
            Event::Timer('s') => {
                fx.indicate(Opinion::Suspect(NodeId(0)));
                if self.0 != Bug::NeverForgives {
                    fx.arm('r', MS(20));
                }
            }
            Event::Timer(_) => {
                fx.indicate(Opinion::Restore(NodeId(0)));
                if self.0 == Bug::NeverLearns {
                    fx.arm('s', MS(20));
                }
            }
        }
    }
}

/// Runs four processes on a network that takes so long, for three seconds, and asks for all properties within 500 ms; the
/// names of those that are violated.
fn run<P, G>(latency: Span, crash: bool, program: impl Fn() -> P) -> (Vec<&'static str>, Outcome)
where
    P: Node<Offers = Detector<G>>,
    G: Promises,
{
    let mut setup = Setup::new(4, 1);
    setup.network.law.latency = Delay::Fixed(latency).sampler().expect("a law");
    setup.limits.at = Span::from_secs(3);
    setup.counted = 1;
    if crash {
        setup
            .faults
            .push(Fault::crash(0, NodeId(1), Trigger::At(MS(300))));
    }
    let mut sim = Sim::new(setup, |_| program());
    for name in PROPERTIES {
        sim.watch(
            checker::<G>(name, 4).expect("a property of detectors"),
            MS(500),
        );
    }
    let outcome = sim.run();
    let verdicts = PROPERTIES.into_iter().zip(&outcome.verdicts);
    let violated = verdicts
        .filter(|(_, verdict)| matches!(verdict.finding, Finding::Violated(_)))
        .map(|(name, _)| name)
        .collect();
    (violated, outcome)
}

fn caught(bug: Bug) -> Vec<&'static str> {
    let program = || {
        Mutant(bug)
            .over(Heartbeats::new(MS(100), Fixed(MS(250))))
            .over(Assumed::<_, FairLoss>::new())
    };
    run(MS(10), true, program).0
}

/// Whoever is wrong at any time breaks strong accuracy; in the end it breaks the eventual one too.
#[test]
fn each_mutant_is_caught_by_exactly_its_property() {
    assert_eq!(caught(Bug::None), [""; 0]);
    for bug in [Bug::MissesACrash, Bug::IsLate, Bug::Wavers] {
        assert_eq!(caught(bug), ["strong_completeness"], "{bug:?}");
    }
    assert_eq!(caught(Bug::Slanders), ["strong_accuracy"]);
    for bug in [Bug::NeverLearns, Bug::NeverForgives] {
        let accuracy = ["strong_accuracy", "eventual_strong_accuracy"];
        assert_eq!(caught(bug), accuracy, "{bug:?}");
    }
}

/// A timeout is accurate if it is longer than a round trip, and not if it is shorter.
#[test]
fn a_perfect_detector_needs_a_period_that_is_longer_than_a_round_trip() {
    let every =
        |period| move || ExcludeOnTimeout::every(MS(period)).over(Assumed::<_, Perfect>::new());
    for latency in [1, 20, 50] {
        let enough = run(MS(latency), true, every(2 * latency + 1)).0;
        assert_eq!(enough, [""; 0], "{latency} ms");
        let less = run(MS(latency), true, every(2 * latency - 1)).0;
        assert!(less.contains(&"strong_accuracy"), "{latency} ms");
    }
}

/// Increasing Timeout gets there by itself, in at most ⌈round trip / step⌉ increases.
#[test]
fn increasing_timeouts_are_long_enough_after_few_mistakes() {
    let growing = |step| move || IncreasingTimeout::new(MS(10), MS(step)).over(Assumed::new());
    for (latency, step) in [(50, 40), (50, 100), (20, 7)] {
        let (_, outcome) = run(MS(latency), false, growing(step));
        let increases = outcome.marks["timeout_increased"].count;
        let most = (2 * latency).div_ceil(step) * 4;
        assert!(
            0 < increases && increases <= most,
            "{latency} ms: {increases}"
        );
        let finding = &outcome.verdicts[2].finding;
        assert!(
            matches!(finding, Finding::Held(_)),
            "{latency} ms: {finding:?}"
        );
    }
}

/// What counts is that an answer comes in each period, not to which request: if all take equally long, the answers to earlier
/// requests come one a period, and a period that is too short is wrong at first only. Delays that vary are another matter
/// (`detectors/impatient.ron`).
#[test]
fn constant_delays_forgive_a_short_period() {
    let program = || IncreasingTimeout::new(MS(10), Span::ZERO).over(Assumed::new());
    let (violated, outcome) = run(MS(50), false, program);
    assert_eq!(violated, ["strong_accuracy"]);
    let taken_back = outcome.marks["timeout_increased"].count;
    assert_eq!(taken_back, 4, "once a process");
}

/// Feeds facts to a checker; a millisecond is a moment.
struct Court(Box<dyn Property<Detector<EventuallyAccurate>>>);

impl Court {
    fn of(name: &str) -> Court {
        Court(checker(name, 3).expect("it is a property of a detector"))
    }

    fn see(mut self, at: u64, fact: &Fact<'_, Detector<EventuallyAccurate>>) -> Court {
        let moment = Moment {
            at: SimTime::from_nanos(at * 1_000_000),
            event: at,
        };
        assert_eq!(self.0.see(moment, fact), Ok(()));
        self
    }

    fn suspect(self, at: u64, observer: u32, suspect: u32) -> Court {
        let opinion = Opinion::Suspect(NodeId(suspect));
        self.see(at, &Fact::Indicated(NodeId(observer), &opinion))
    }

    fn restore(self, at: u64, observer: u32, suspect: u32) -> Court {
        let opinion = Opinion::Restore(NodeId(suspect));
        self.see(at, &Fact::Indicated(NodeId(observer), &opinion))
    }

    fn crash(self, at: u64, node: u32) -> Court {
        self.see(at, &Fact::Crashed(NodeId(node)))
    }

    /// What it says of a run that ended at `at`, if 10 ms were allowed since the last repair.
    fn end(mut self, at: u64, last_repair: u64) -> &'static str {
        let ms = |ms: u64| SimTime::from_nanos(ms * 1_000_000);
        let finding = self.0.finish(&End {
            at: ms(at),
            complete: true,
            quiet_since: None,
            within: MS(10),
            last_repair: ms(last_repair),
        });
        match finding {
            Finding::Held(_) => "held",
            Finding::Violated(_) => "violated",
            Finding::Pending(_) => "pending",
            Finding::NotExercised => "not exercised",
            Finding::Measured(_) => "measured",
        }
    }
}

#[test]
fn completeness_is_owed_by_the_correct_and_of_those_who_stay_down() {
    let court = || Court::of("strong_completeness");
    assert_eq!(court().end(99, 0), "not exercised");
    assert_eq!(court().crash(1, 0).suspect(5, 1, 0).end(8, 0), "pending");
    assert_eq!(court().crash(1, 0).suspect(5, 1, 0).end(99, 0), "violated");
    let both = || court().crash(1, 0).suspect(5, 1, 0).suspect(12, 2, 0);
    assert_eq!(
        both().end(99, 0),
        "violated",
        "12 ms are a millisecond too late"
    );
    assert_eq!(both().end(99, 2), "held", "but not after a repair");
    assert_eq!(
        court()
            .suspect(0, 1, 0)
            .suspect(0, 2, 0)
            .crash(1, 0)
            .end(99, 0),
        "held"
    );
    let wronged = court().crash(1, 0).suspect(5, 1, 0);
    let excused = wronged.see(6, &Fact::Failed(NodeId(2)));
    assert_eq!(
        excused.end(99, 0),
        "held",
        "of who deviates nothing is asked"
    );
    let back = court().crash(1, 0).see(9, &Fact::Recovered(NodeId(0)));
    assert_eq!(back.end(99, 9), "not exercised");
    let forgot = both().crash(20, 1).see(21, &Fact::Recovered(NodeId(1)));
    assert_eq!(
        forgot.end(99, 21),
        "violated",
        "a new life has to find out anew"
    );
}

#[test]
fn eventual_accuracy_is_about_the_last_mistake() {
    let court = || Court::of("eventual_strong_accuracy");
    assert_eq!(court().end(99, 0), "held");
    assert_eq!(court().suspect(3, 1, 0).end(8, 0), "pending");
    assert_eq!(court().suspect(3, 1, 0).end(99, 0), "violated");
    assert_eq!(court().suspect(3, 1, 0).restore(9, 1, 0).end(99, 0), "held");
    let late = || court().suspect(50, 1, 0).restore(51, 1, 0);
    assert_eq!(late().end(99, 0), "violated");
    assert_eq!(late().end(99, 45), "held", "there was a repair before");
    assert_eq!(late().crash(60, 0).end(99, 0), "held", "it was not correct");
    assert_eq!(court().suspect(3, 1, 0).crash(60, 1).end(99, 0), "held");
    let faulty = court().suspect(3, 1, 0).see(4, &Fact::Failed(NodeId(0)));
    assert_eq!(faulty.end(99, 0), "held");
}
