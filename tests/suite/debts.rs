//! Liveness properties as bookkeeping: what is owed, paid, paid too late, or still open when a run ends.

use protocols::multicast::property::{Promises, checker};
use protocols::multicast::{BestEffort, Cast, Deliver, Multicast, Reliable};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Quiescence};
use sim_core::kernel::time::{SimTime, Span};

type Port<G> = Multicast<u8, G>;

/// Feeds facts to a checker, one a millisecond unless told otherwise.
struct Court<G: Promises> {
    property: Box<dyn Property<Port<G>>>,
    event: u64,
}

const fn ms(ms: u64) -> SimTime {
    SimTime::from_nanos(ms * 1_000_000)
}

impl<G: Promises> Court<G> {
    fn of(name: &str) -> Self {
        Court {
            property: checker(name, 3).expect("it is a property of a multicast"),
            event: 0,
        }
    }

    fn see(&mut self, at: u64, fact: &Fact<'_, Port<G>>) -> &mut Self {
        self.event += 1;
        let moment = Moment {
            at: ms(at),
            event: self.event,
        };
        self.property
            .see(moment, fact)
            .expect("liveness is judged at the end");
        self
    }

    fn cast(&mut self, at: u64, node: u32) -> &mut Self {
        self.see(at, &Fact::Requested(NodeId(node), &Cast(7)))
    }

    fn deliver(&mut self, at: u64, node: u32, origin: u32) -> &mut Self {
        self.see(
            at,
            &Fact::Indicated(
                NodeId(node),
                &Deliver {
                    origin: NodeId(origin),
                    payload: 7,
                },
            ),
        )
    }

    fn crash(&mut self, at: u64, node: u32) -> &mut Self {
        self.see(at, &Fact::Crashed(NodeId(node)))
    }

    fn recover(&mut self, at: u64, node: u32) -> &mut Self {
        self.see(at, &Fact::Recovered(NodeId(node)))
    }

    fn fail(&mut self, at: u64, node: u32) -> &mut Self {
        self.see(at, &Fact::Failed(NodeId(node)))
    }

    /// True if a safety property finds that this breaks it: `node` delivers `payload` from `origin`.
    fn refuses(&mut self, at: u64, node: u32, origin: u32, payload: u8) -> bool {
        self.event += 1;
        let moment = Moment {
            at: ms(at),
            event: self.event,
        };
        let said = Deliver {
            origin: NodeId(origin),
            payload,
        };
        let fact = Fact::Indicated(NodeId(node), &said);
        self.property.see(moment, &fact).is_err()
    }

    /// The finding of a run that ended at `at`, with a bound of 10 ms.
    fn end(&mut self, at: u64, quiet: bool, complete: bool) -> &'static str {
        let (within, quiet_since) = (Span::from_millis(10), quiet.then_some(ms(at)));
        let end = End {
            at: ms(at),
            complete,
            quiet_since,
            within,
            last_repair: SimTime::ZERO,
        };
        match self.property.finish(&end) {
            Finding::Held(_) => "held",
            Finding::Violated(_) => "violated",
            Finding::Pending(_) => "pending",
            Finding::NotExercised => "not exercised",
            Finding::Measured(_) => "measured",
        }
    }
}

/// BEB1 asks everybody, RB1 the caster alone.
#[test]
fn validity_asks_whom_the_guarantee_names() {
    assert_eq!(
        Court::<Reliable>::of("validity")
            .cast(1, 0)
            .deliver(2, 0, 0)
            .end(50, true, true),
        "held"
    );
    assert_eq!(
        Court::<BestEffort>::of("validity")
            .cast(1, 0)
            .deliver(2, 0, 0)
            .end(50, true, true),
        "violated"
    );
    let mut late_elsewhere = Court::<Reliable>::of("validity");
    late_elsewhere.cast(1, 0).deliver(2, 0, 0).deliver(40, 1, 0);
    assert_eq!(
        late_elsewhere.end(50, true, true),
        "held",
        "RB1 says nothing about node 1"
    );
    let mut late_itself = Court::<Reliable>::of("validity");
    assert_eq!(
        late_itself.cast(1, 0).deliver(12, 0, 0).end(50, true, true),
        "violated"
    );
    assert_eq!(
        Court::<Reliable>::of("validity")
            .cast(1, 0)
            .crash(2, 0)
            .end(50, true, true),
        "not exercised"
    );
}

/// Paid within the bound, too late, not yet, and never.
#[test]
fn a_debt_is_judged_by_its_deadline() {
    let agreement = |second: &[u64]| {
        let mut court = Court::<Reliable>::of("agreement");
        court.cast(1, 0).deliver(2, 0, 0).deliver(3, 1, 0);
        for at in second {
            court.deliver(*at, 2, 0);
        }
        court
    };
    assert_eq!(
        agreement(&[12]).end(50, true, true),
        "held",
        "exactly at the deadline"
    );
    assert_eq!(
        agreement(&[13]).end(50, true, true),
        "violated",
        "a millisecond too late"
    );
    assert_eq!(
        agreement(&[]).end(11, false, true),
        "pending",
        "its time has not run out"
    );
    assert_eq!(
        agreement(&[]).end(12, false, true),
        "violated",
        "all of that instant has happened"
    );
    assert_eq!(
        agreement(&[]).end(12, false, false),
        "pending",
        "a budget stopped within that instant"
    );
    assert_eq!(
        agreement(&[]).end(4, true, true),
        "violated",
        "nobody can pay any more"
    );
    assert_eq!(
        agreement(&[4, 40]).end(50, true, true),
        "held",
        "a duplicate pays nothing and is not late"
    );
}

/// A delivery by a process that crashes obliges the correct ones only in the uniform sense.
#[test]
fn crashed_processes_owe_nothing_and_oblige_uniformly() {
    for (name, finding) in [
        ("agreement", "not exercised"),
        ("uniform_agreement", "violated"),
    ] {
        let mut court = Court::<Reliable>::of(name);
        assert_eq!(
            court
                .cast(1, 0)
                .deliver(2, 0, 0)
                .crash(3, 0)
                .end(50, true, true),
            finding,
            "{name}"
        );
        let mut court = Court::<Reliable>::of(name);
        court
            .cast(1, 0)
            .deliver(2, 0, 0)
            .deliver(3, 1, 0)
            .crash(4, 2);
        assert_eq!(
            court.end(50, true, true),
            "held",
            "{name}: node 2 owes nothing"
        );
    }
}

/// Correct is who does not crash for good: a process that recovers owes what the others owe, and obliges them.
#[test]
fn a_process_that_recovers_is_correct_again() {
    let mut owes = Court::<Reliable>::of("agreement");
    owes.cast(1, 0).crash(2, 2).deliver(3, 0, 0);
    owes.deliver(3, 1, 0).recover(4, 2);
    assert_eq!(owes.end(50, true, true), "violated", "node 2 is back");
    assert_eq!(owes.deliver(6, 2, 0).end(50, true, true), "held");
    let mut obliges = Court::<Reliable>::of("agreement");
    obliges.cast(1, 0).deliver(2, 0, 0).crash(3, 0);
    assert_eq!(obliges.end(50, true, true), "not exercised");
    assert_eq!(obliges.recover(4, 0).end(50, true, true), "violated");
    let mut caster = Court::<Reliable>::of("validity");
    caster.cast(1, 0).crash(2, 0).recover(3, 0);
    assert_eq!(caster.end(50, true, true), "violated");
}

/// A process that failed is never correct again, and even uniform agreement does not ask what it says.
#[test]
fn a_process_that_failed_owes_nothing_and_obliges_nobody() {
    for name in ["agreement", "uniform_agreement"] {
        let mut court = Court::<Reliable>::of(name);
        court.cast(1, 0).deliver(2, 0, 0).fail(3, 0).recover(4, 0);
        assert_eq!(court.end(50, true, true), "not exercised", "{name}");
        let mut court = Court::<Reliable>::of(name);
        court.cast(1, 0).deliver(2, 0, 0).deliver(3, 1, 0);
        assert_eq!(court.fail(4, 2).end(50, true, true), "held", "{name}");
    }
    let mut validity = Court::<BestEffort>::of("validity");
    validity.cast(1, 0).fail(2, 0);
    assert_eq!(validity.end(50, true, true), "not exercised");
}

/// What a process says in the instant of its recovery is its log read aloud, but only what it had delivered before,
/// and only in that instant.
#[test]
fn a_log_read_aloud_is_not_a_second_delivery() {
    let recovered = || {
        let mut court = Court::<Reliable>::of("no_duplication");
        court.cast(1, 0).deliver(2, 1, 0).crash(3, 1).recover(5, 1);
        court
    };
    assert!(!recovered().refuses(5, 1, 0, 7), "its log");
    assert!(recovered().deliver(5, 1, 0).refuses(5, 1, 0, 7), "twice");
    assert!(recovered().refuses(6, 1, 0, 7), "a millisecond later");
    let mut first = recovered();
    first.cast(5, 2);
    assert!(!first.refuses(5, 1, 2, 7), "its log knew more than it said");
    assert!(first.refuses(6, 1, 2, 7), "and that was its delivery");
}

/// RB3 with a Byzantine process: whose word means nothing cannot be quoted wrongly, and may quote whom it likes.
#[test]
fn nothing_is_created_in_the_name_of_a_process_that_failed() {
    let mut court = Court::<Reliable>::of("no_creation");
    assert!(!court.cast(1, 0).fail(1, 2).refuses(2, 1, 0, 7));
    assert!(!court.refuses(2, 1, 2, 9), "in the name of node 2");
    assert!(!court.refuses(2, 2, 1, 9), "by node 2");
    assert!(
        court.refuses(2, 1, 0, 9),
        "in the name of a correct process"
    );
}

/// BCB4 counts: no more different payloads than casts, whoever delivers them.
#[test]
fn consistency_counts_payloads_and_casts() {
    let court = || Court::<Reliable>::of("consistency");
    let mut split = court();
    split.fail(1, 0).cast(1, 0);
    assert!(!split.refuses(2, 1, 0, 7) && !split.refuses(2, 2, 0, 7));
    assert!(split.refuses(3, 2, 0, 8), "another payload for one cast");
    let mut two = court();
    two.cast(1, 0).cast(1, 0);
    assert!(!two.refuses(2, 1, 0, 7) && !two.refuses(2, 2, 0, 8));
    assert!(two.refuses(2, 1, 0, 9), "three payloads for two casts");
    let mut origins = court();
    assert!(!origins.refuses(2, 1, 0, 7) && !origins.refuses(2, 1, 2, 8));
    let mut own = court();
    assert!(!own.cast(1, 0).refuses(1, 0, 0, 7));
    assert!(
        !own.fail(2, 0).refuses(3, 1, 0, 8),
        "what a Byzantine process delivered contradicts nobody"
    );
    let mut crashed = court();
    assert!(!crashed.cast(1, 0).refuses(2, 1, 0, 7));
    assert!(
        crashed.crash(3, 1).refuses(4, 2, 0, 8),
        "who crashes later was correct until then"
    );
}

/// Messages that look alike are counted: of two casts each is delivered once.
#[test]
fn messages_that_look_alike_are_counted() {
    let mut court = Court::<Reliable>::of("agreement");
    court.cast(1, 0).cast(2, 0);
    for node in 0..3 {
        court.deliver(3, node, 0);
    }
    court.deliver(4, 0, 0).deliver(5, 1, 0);
    assert_eq!(
        court.end(50, true, true),
        "violated",
        "node 2 lacks the second"
    );
    assert_eq!(court.deliver(6, 2, 0).end(50, true, true), "held");
}

/// Quiet within the bound after the last request or crash.
#[test]
fn quiescence_counts_from_the_last_disturbance() {
    let finding = |quiet: Option<u64>, end: u64| {
        let mut property = Quiescence::default();
        let moment = Moment {
            at: ms(5),
            event: 1,
        };
        Property::<Port<Reliable>>::see(&mut property, moment, &Fact::Crashed(NodeId(0)))
            .expect("no safety");
        let within = Span::from_millis(10);
        let end = End {
            at: ms(end),
            complete: true,
            quiet_since: quiet.map(ms),
            within,
            last_repair: SimTime::ZERO,
        };
        Property::<Port<Reliable>>::finish(&mut property, &end)
    };
    assert!(matches!(finding(Some(15), 15), Finding::Held(_)));
    assert!(matches!(finding(Some(16), 16), Finding::Violated(_)));
    assert!(matches!(finding(None, 14), Finding::Pending(_)));
    assert!(matches!(finding(None, 15), Finding::Violated(_)));
}
