//! Leases: what clocks and margins are good for, and mutants for the properties of a lease.

use protocols::lease::property::{ASKABLE, checker};
use protocols::lease::{Demand, Lease, LeaseManager, Notice, Terms};
use protocols::link::Assumed;
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property};
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Fault, Outcome, Setup, Sim, Trigger};

/// How a layer above an honest lease misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bug {
    None,
    /// The clock of node 1 goes at so many percent of its speed: it takes that much more time for what it counts.
    SlowClock(u64),
    /// Node 2 never says that it holds the lease.
    MissesAGrant,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mutant(Bug);

impl Protocol for Mutant {
    type Offers = Lease;
    type Needs = Lease;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(demand) => fx.request(demand),
            Event::Indication(_) if self.0 == Bug::MissesAGrant && fx.me() == NodeId(2) => {}
            Event::Indication(said) => fx.indicate(said),
            Event::Timer(never) => match never {},
        }
    }
}

/// A term of 100 ms with a margin of 10, on a clock of this speed in percent.
fn terms(percent: u64) -> Terms {
    let ms = |ms: u64| Span::from_nanos(ms * 1_000_000 * 100 / percent);
    Terms {
        manager: NodeId(0),
        term: ms(100),
        margin: ms(10),
        queue_max: 4,
    }
}

/// Runs four processes that ask for the lease at these milliseconds; the names of the properties that are violated.
fn run(bug: Bug, crash: Option<Fault>, asks: &[(u64, u32)]) -> (Vec<&'static str>, Outcome) {
    let mut setup = Setup::new(4, 1);
    setup.counted = 1;
    setup.faults.extend(crash);
    let mut sim = Sim::new(setup, |node| {
        let speed = match bug {
            Bug::SlowClock(percent) if node == NodeId(1) => percent,
            _ => 100,
        };
        Mutant(bug)
            .over(LeaseManager::new(terms(speed)))
            .over(Assumed::<_, Perfect>::new())
    });
    for (at, node) in asks {
        sim.request(Span::from_millis(*at), NodeId(*node), Demand::Acquire);
    }
    for about in ASKABLE {
        let property = checker(about.name).expect("it is a property of the port");
        sim.watch(property, Span::from_secs(1));
    }
    let outcome = sim.run();
    let verdicts = ASKABLE.iter().zip(&outcome.verdicts);
    let violated = verdicts
        .filter(|(_, verdict)| matches!(verdict.finding, Finding::Violated(_)))
        .map(|(about, _)| about.name)
        .collect();
    (violated, outcome)
}

const ASKS: [(u64, u32); 4] = [(1, 1), (2, 2), (3, 3), (4, 0)];

fn violated(bug: Bug) -> Vec<&'static str> {
    run(bug, None, &ASKS).0
}

#[test]
fn everybody_has_its_turn() {
    let (violated, outcome) = run(Bug::None, None, &ASKS);
    assert_eq!(violated, [""; 0]);
    assert_eq!(outcome.marks["lease_ran_out"].count, 4);
    assert_eq!(outcome.counters.indications, 8, "acquired and expired");
    // Two for node 1, four for each that waited; what the manager tells itself is no message.
    assert_eq!(outcome.counters.messages, 10);
}

/// A clock that is slower than the margin allows lets its process hold on after the manager has called the next.
#[test]
fn each_mutant_is_caught_by_exactly_its_property() {
    assert_eq!(violated(Bug::SlowClock(92)), [""; 0], "within the margin");
    assert_eq!(violated(Bug::SlowClock(80)), ["mutual_exclusion"]);
    assert_eq!(violated(Bug::MissesAGrant), ["eventual_grant"]);
}

/// The manager needs no word from a holder that has crashed, but everybody needs the manager.
#[test]
fn a_crash_of_a_holder_costs_a_term_and_that_of_the_manager_all() {
    let crash = |node| Fault::crash(0, NodeId(node), Trigger::At(Span::from_millis(20)));
    assert_eq!(run(Bug::None, Some(crash(1)), &ASKS).0, [""; 0]);
    assert_eq!(run(Bug::None, Some(crash(2)), &ASKS).0, [""; 0], "waits");
    let (violated, _) = run(Bug::None, Some(crash(0)), &ASKS);
    assert_eq!(violated, ["eventual_grant"]);
}

/// Feeds facts to a checker; a millisecond is a moment.
struct Court(Box<dyn Property<Lease>>);

impl Court {
    fn of(name: &str) -> Court {
        Court(checker(name).expect("it is a property of a lease"))
    }

    fn see(&mut self, at: u64, fact: &Fact<'_, Lease>) -> bool {
        let at_ns = SimTime::from_nanos(at * 1_000_000);
        let moment = Moment {
            at: at_ns,
            event: at,
        };
        self.0.see(moment, fact).is_ok()
    }

    fn ask(&mut self, at: u64, node: u32) -> bool {
        self.see(at, &Fact::Requested(NodeId(node), &Demand::Acquire))
    }

    fn say(&mut self, at: u64, node: u32, notice: Notice) -> bool {
        self.see(at, &Fact::Indicated(NodeId(node), &notice))
    }

    fn end(&mut self, at: u64, last_repair: u64) -> &'static str {
        let ms = |ms: u64| SimTime::from_nanos(ms * 1_000_000);
        let finding = self.0.finish(&End {
            at: ms(at),
            complete: true,
            quiet_since: None,
            within: Span::from_millis(10),
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
fn one_holder_must_be_gone_before_the_next() {
    use Notice::{Acquired, Expired, Released};
    let held = || {
        let mut court = Court::of("mutual_exclusion");
        assert!(court.say(1, 1, Acquired));
        court
    };
    assert!(!held().say(2, 2, Acquired));
    for end in [Expired, Released] {
        let mut court = held();
        assert!(court.say(2, 1, end) && court.say(2, 2, Acquired));
    }
    for fact in [Fact::Crashed(NodeId(1)), Fact::Failed(NodeId(1))] {
        let mut court = held();
        assert!(court.see(2, &fact) && court.say(2, 2, Acquired));
    }
    assert_eq!(held().end(50, 0), "held");
    assert_eq!(Court::of("mutual_exclusion").end(50, 0), "not exercised");
}

#[test]
fn a_wish_is_a_debt_until_it_is_granted_or_given_up() {
    let asked = || {
        let mut court = Court::of("eventual_grant");
        court.ask(1, 1);
        court
    };
    let granted = |at| {
        let mut court = asked();
        court.say(at, 1, Notice::Acquired);
        court
    };
    assert_eq!(asked().end(10, 0), "pending");
    assert_eq!(asked().end(11, 0), "violated");
    assert_eq!(asked().end(11, 5), "pending", "a repair at 5 ms");
    assert_eq!(granted(11).end(50, 0), "held");
    assert_eq!(granted(12).end(50, 0), "violated", "too late");
    assert_eq!(granted(12).end(50, 5), "held");
    let mut repaired = asked();
    repaired.see(5, &Fact::Healed);
    repaired.say(16, 1, Notice::Acquired);
    assert_eq!(repaired.end(50, 5), "violated", "too late even so");
    let mut given_up = asked();
    given_up.see(2, &Fact::Requested(NodeId(1), &Demand::Release));
    assert_eq!(given_up.end(50, 0), "not exercised");
    let mut holds = granted(2);
    holds.ask(3, 1);
    assert_eq!(holds.end(50, 0), "held", "it holds already");
    holds.say(4, 1, Notice::Expired);
    holds.ask(5, 1);
    assert_eq!(holds.end(50, 0), "violated");
    for fact in [Fact::Crashed(NodeId(1)), Fact::Failed(NodeId(1))] {
        let mut gone = asked();
        gone.see(2, &fact);
        assert_eq!(gone.end(50, 0), "not exercised");
    }
}
