//! Where faults meet: two of one sort at one process, a crash while another fault holds, a lie about one's own name.

use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::Group;
use sim_core::kernel::random::{Delay, Probability};
use sim_core::sim::{Fault, Flaw, Lasting, Setup, Strike, Trigger};

use super::{Move, crash, ms, run, to};

const ONE: NodeId = NodeId(1);

fn fault(number: u32, at: u64, strike: Strike, lasting: Lasting) -> Fault {
    Fault {
        number,
        trigger: Trigger::At(ms(at)),
        strike,
        lasting,
    }
}

fn slow(number: u32, at: u64, takes: u64, lasting: Lasting) -> Fault {
    let processing = Delay::Fixed(ms(takes)).sampler().expect("a law");
    let strike = Strike::Slow {
        node: ONE,
        processing,
    };
    fault(number, at, strike, lasting)
}

fn disk(number: u32, at: u64, flaw: Flaw, lasting: Lasting) -> Fault {
    fault(number, at, Strike::Disk { node: ONE, flaw }, lasting)
}

fn slow_disk(number: u32, at: u64, takes: u64, lasting: Lasting) -> Fault {
    let latency = Delay::Fixed(ms(takes)).sampler().expect("a law");
    disk(number, at, Flaw::Slow(latency), lasting)
}

/// The end of a fault ends that fault, not another of its sort.
#[test]
fn the_end_of_one_fault_leaves_the_other() {
    let told = [(2, 1, Move::Count), (20, 1, Move::Count)];
    let both = vec![
        slow(0, 1, 3, Lasting::Until(ms(10))),
        slow(1, 1, 5, Lasting::Forever),
    ];
    let (said, _) = run(Setup::new(2, 0), both, &told);
    assert_eq!(said, ["7.000 n1 told 1", "25.000 n1 told 2"]);

    let told = [(2, 1, Move::Write(1)), (20, 1, Move::Write(2))];
    let both = vec![
        slow_disk(0, 1, 3, Lasting::Until(ms(10))),
        slow_disk(1, 1, 5, Lasting::Forever),
    ];
    let (said, _) = run(Setup::new(2, 0), both, &told);
    assert_eq!(
        (&*said[0], &*said[2]),
        ("7.000 n1 wrote 1", "25.000 n1 wrote 2")
    );

    let risky = |count, number, lasting| disk(number, 1, Flaw::LosesWrites(count), lasting);
    let both = vec![
        risky(2, 0, Lasting::Forever),
        risky(1, 1, Lasting::Until(ms(10))),
        crash(Trigger::At(ms(30)), Lasting::For(ms(1)), false),
    ];
    let (said, _) = run(Setup::new(2, 0), both, &told);
    assert_eq!(said[4], "31.000 n1 life 2 with []");

    let late = |number, by, lasting| {
        fault(
            number,
            1,
            Strike::Delay {
                node: ONE,
                by: ms(by),
            },
            lasting,
        )
    };
    let both = vec![
        late(0, 3, Lasting::Until(ms(10))),
        late(1, 5, Lasting::Forever),
    ];
    let told = [(2, 1, Move::Send(1, to(0))), (20, 1, Move::Send(2, to(0)))];
    let (said, _) = run(Setup::new(2, 0), both, &told);
    assert_eq!(said, ["8.000 n0 1 from n1", "26.000 n0 2 from n1"]);
}

/// Two drifts that together would stop a clock leave what is left of them when one is over.
#[test]
fn drifts_add_up_and_come_apart() {
    let drift = |number, lasting| {
        let strike = Strike::Drift {
            node: ONE,
            ppm: -600_000,
        };
        fault(number, 0, strike, lasting)
    };
    let both = vec![
        drift(0, Lasting::Until(ms(1000))),
        drift(1, Lasting::Forever),
    ];
    let told = [(1000, 1, Move::Look), (2000, 1, Move::Look)];
    let (said, _) = run(Setup::new(2, 0), both, &told);
    assert_eq!(said, ["1000.000 n1 0/0", "2000.000 n1 400/400"]);
}

#[test]
fn a_lost_disk_is_an_empty_disk() {
    let faults = vec![
        disk(0, 0, Flaw::Full(2), Lasting::Forever),
        crash(Trigger::At(ms(5)), Lasting::For(ms(1)), true),
    ];
    let told = [
        (1, 1, Move::Write(1)),
        (2, 1, Move::Write(2)),
        (7, 1, Move::Write(3)),
        (8, 1, Move::Write(4)),
        (9, 1, Move::Write(5)),
    ];
    let (said, outcome) = run(Setup::new(2, 0), faults, &told);
    let wrote: Vec<&String> = said.iter().filter(|said| said.contains("wrote")).collect();
    assert_eq!(wrote.len(), 4, "{said:?}");
    assert_eq!(outcome.crashed.len(), 1, "the fifth does not fit");
}

/// The draws of one fault do not depend on whether another was there before it.
#[test]
fn a_fault_taken_away_leaves_the_draws_of_another() {
    let half = Probability::ratio(1, 2).expect("a probability");
    let told: Vec<(u64, u32, Move)> = (1..30).map(|at| (at, 1, Move::Write(7))).collect();
    let fails = || disk(0, 5, Flaw::Fails(half), Lasting::Forever);
    let before = disk(1, 0, Flaw::LosesWrites(1), Lasting::Until(ms(3)));
    let (alone, _) = run(Setup::new(2, 3), vec![fails()], &told);
    let (after, _) = run(Setup::new(2, 3), vec![before, fails()], &told);
    assert_eq!(alone, after);

    let random = || {
        let processing = Delay::Uniform {
            min: ms(0),
            max: ms(4),
        }
        .sampler()
        .expect("a law");
        let strike = Strike::Slow {
            node: ONE,
            processing,
        };
        fault(0, 20, strike, Lasting::Forever)
    };
    let told = [
        (2, 1, Move::Count),
        (30, 1, Move::Count),
        (40, 1, Move::Count),
    ];
    let (alone, _) = run(Setup::new(2, 3), vec![random()], &told);
    let before = slow(1, 1, 3, Lasting::Until(ms(10)));
    let (after, _) = run(Setup::new(2, 3), vec![before, random()], &told);
    assert_eq!(alone[1..], after[1..]);
}

/// In another's name is what others hear: whoever lies knows itself, and whoever is named has still received something.
#[test]
fn a_forged_name_is_the_name_of_another() {
    let forge = |sender| {
        let strike = Strike::Forge {
            node: ONE,
            sender: NodeId(sender),
        };
        fault(0, 0, strike, Lasting::Forever)
    };
    let told = [(1, 1, Move::Send(1, Group::All))];
    let (said, outcome) = run(Setup::new(3, 0), vec![forge(2)], &told);
    assert_eq!(
        said,
        [
            "1.000 n1 1 from n1",
            "2.000 n0 1 from n2",
            "2.000 n2 1 from n2"
        ]
    );
    assert_eq!((outcome.counters.received, outcome.counters.depth), (2, 1));
}

/// A recovery while other faults hold: an omission and a bad disk stay, a pause ends with the life it befell.
#[test]
fn a_recovery_finds_the_other_faults() {
    let omit = Strike::Omit {
        node: ONE,
        send: Probability::ALWAYS,
        receive: Probability::NEVER,
    };
    let faults = vec![
        fault(1, 0, omit, Lasting::Forever),
        fault(2, 1, Strike::Pause(ONE), Lasting::Until(ms(50))),
        slow_disk(3, 0, 5, Lasting::Forever),
        crash(Trigger::At(ms(3)), Lasting::For(ms(1)), false),
    ];
    let told = [
        (2, 1, Move::Count),
        (2, 1, Move::Arm(ms(1))),
        (10, 1, Move::Write(7)),
        (11, 1, Move::Count),
    ];
    let (said, outcome) = run(Setup::new(2, 0), faults, &told);
    assert_eq!(
        said,
        [
            "4.000 n1 life 2 with []",
            "15.000 n1 wrote 7",
            "15.000 n1 told 2"
        ]
    );
    assert_eq!(outcome.counters.requests_to_crashed, 2);
    assert_eq!(outcome.counters.omitted, 1);
}

/// A crash while timers wait behind a pause, a slow handler or a write leaves nothing that keeps the run from falling
/// quiet.
#[test]
fn a_crash_forgets_timers_that_waited() {
    let down = || crash(Trigger::At(ms(10)), Lasting::For(ms(2)), false);
    let pause = fault(1, 2, Strike::Pause(ONE), Lasting::Until(ms(30)));
    let told = [
        (1, 1, Move::Arm(ms(3))),
        (5, 1, Move::Write(1)),
        (20, 1, Move::Arm(ms(50))),
    ];
    for other in [
        pause,
        slow(1, 2, 20, Lasting::Forever),
        slow_disk(1, 2, 20, Lasting::Forever),
    ] {
        let strike = format!("{:?}", other.strike);
        let (said, outcome) = run(Setup::new(2, 0), vec![other, down()], &told);
        assert_eq!(outcome.ended, sim_core::sim::Ended::Quiescent, "{strike}");
        assert!(said.iter().any(|said| said.contains("life 2")), "{strike}");
        assert!(
            said.last().is_some_and(|said| said.contains("rang")),
            "{strike}: {said:?}"
        );
    }
}

/// A mark that is left while a process recovers may bring it down again, once for each fault that waits for it.
#[test]
fn a_fault_may_strike_in_the_handler_of_a_recovery() {
    let again = crash(Trigger::AfterEffects(ONE, 3), Lasting::For(ms(4)), false);
    let faults = vec![
        crash(Trigger::AfterEffects(ONE, 2), Lasting::For(ms(1)), false),
        Fault { number: 1, ..again },
    ];
    let told = [(1, 1, Move::Count), (9, 1, Move::Count)];
    let (said, outcome) = run(Setup::new(2, 0), faults, &told);
    assert_eq!(
        said,
        [
            "1.000 n1 told 1",
            "2.000 n1 life 2 with []",
            "6.000 n1 life 3 with []",
            "9.000 n1 told 1"
        ]
    );
    assert_eq!(outcome.counters.recoveries, 2);
}

/// A fault whose end is past when it strikes lasts no time: a crash is a restart.
#[test]
fn an_end_that_is_past_is_at_once() {
    let down = crash(Trigger::At(ms(5)), Lasting::Until(ms(2)), false);
    let (said, outcome) = run(Setup::new(2, 0), vec![down], &[(6, 1, Move::Count)]);
    assert_eq!(said, ["5.000 n1 life 2 with []", "6.000 n1 told 1"]);
    assert_eq!(outcome.faults[0].fired, 1);
}

/// Several faults that wait for sends cut one group send more than once, and own copies do not count.
#[test]
fn alarms_in_the_middle_of_a_group_send() {
    let omit = Strike::Omit {
        node: ONE,
        send: Probability::ALWAYS,
        receive: Probability::NEVER,
    };
    let after = |number, copies, strike, lasting| Fault {
        number,
        trigger: Trigger::AfterSends(ONE, copies),
        strike,
        lasting,
    };
    let down = Strike::Crash {
        node: ONE,
        disk_lost: false,
    };
    let faults = vec![
        after(1, 4, down, Lasting::Forever),
        after(0, 2, omit, Lasting::Forever),
    ];
    let (said, outcome) = run(
        Setup::new(6, 0),
        faults,
        &[(1, 1, Move::Send(1, Group::All))],
    );
    assert_eq!(
        said,
        [
            "1.000 n1 1 from n1",
            "2.000 n0 1 from n1",
            "2.000 n2 1 from n1"
        ]
        .into_iter()
        .filter(|said| !said.contains("n1 1"))
        .collect::<Vec<_>>(),
        "its own copy finds it down"
    );
    assert_eq!(
        (outcome.counters.messages, outcome.counters.omitted),
        (4, 2)
    );
}

/// What a partition holds finds its way whatever became of its sender, and its receiver if it is up by then.
#[test]
fn held_messages_outlive_their_sender() {
    let mut setup = Setup::new(3, 0);
    setup.network.holds = true;
    let cut = Strike::Cut {
        cut: sim_core::sim::Cut::Isolated([NodeId(1)].into_iter().collect()),
        flap: None,
    };
    let faults = vec![
        fault(1, 0, cut, Lasting::Until(ms(10))),
        crash(Trigger::At(ms(5)), Lasting::For(ms(2)), false),
    ];
    let told = [
        (1, 1, Move::Send(1, Group::Others)),
        (2, 0, Move::Send(2, to(1))),
    ];
    let (said, outcome) = run(setup, faults, &told);
    assert_eq!(
        said,
        [
            "7.000 n1 life 2 with []",
            "11.000 n0 1 from n1",
            "11.000 n2 1 from n1",
            "11.000 n1 2 from n0"
        ]
    );
    assert_eq!(outcome.counters.held, 3);
}
