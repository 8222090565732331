//! Faults of processes: crashes, disks, pauses, slowness, omissions, clocks, and what triggers wait for.

use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Ended, Fault, Flaw, Lasting, Setup, Sim, Strike, Trigger};
use sim_core::trace::Recorder;

use super::{Move, Puppet, crash, fault, ms, run, to};

#[test]
fn a_process_that_recovers_knows_what_its_disk_holds_and_nothing_else() {
    let down = |disk_lost| crash(Trigger::At(ms(5)), Lasting::Until(ms(8)), disk_lost);
    let told = [
        (1, 1, Move::Write(7)),
        (2, 1, Move::Arm(ms(100))),
        (4, 0, Move::Send(1, to(1))),
        (6, 0, Move::Send(2, to(1))),
        (7, 0, Move::Send(3, to(1))),
        (9, 1, Move::Count),
    ];
    let (said, outcome) = run(Setup::new(2, 0), vec![down(false)], &told);
    assert_eq!(
        said,
        [
            "1.000 n1 wrote 7",
            "2.000 n0 7 from n1",
            "8.000 n1 life 2 with [7]",
            "8.000 n1 3 from n0",
            "9.000 n1 told 1",
        ],
        "messages at 5 and 7 ms find it down, the timer is gone"
    );
    let counters = &outcome.counters;
    assert_eq!((counters.recoveries, counters.to_crashed), (1, 2));
    assert_eq!((outcome.faults[0].fired, outcome.crashed.len()), (1, 0));
    let (said, _) = run(Setup::new(2, 0), vec![down(true)], &told);
    assert_eq!(said[2], "8.000 n1 life 2 with []", "amnesia");
}

/// `Persist` is a barrier: what follows a write is not visible before the write is durable.
#[test]
fn a_crash_falls_between_any_two_effects() {
    let at = |effects| Trigger::AfterEffects(NodeId(1), effects);
    let visible = |trigger| {
        let back = crash(trigger, Lasting::For(ms(1)), false);
        run(Setup::new(2, 0), vec![back], &[(1, 1, Move::Write(7))]).0
    };
    assert_eq!(visible(at(1)), ["2.000 n1 life 2 with [7]"]);
    assert_eq!(
        visible(at(2)),
        ["1.000 n1 wrote 7", "2.000 n1 life 2 with [7]"]
    );
    assert_eq!(
        visible(Trigger::AfterWrites(NodeId(1), 1)),
        ["2.000 n1 life 2 with [7]"]
    );
    assert_eq!(
        visible(Trigger::AfterSends(NodeId(1), 0)),
        ["1.000 n1 wrote 7", "2.000 n1 life 2 with [7]"]
    );
}

#[test]
fn a_slow_disk_holds_up_what_follows_a_write() {
    let latency = Delay::Fixed(ms(10)).sampler().expect("a law");
    let slow = |trigger| {
        let strike = Strike::Disk {
            node: NodeId(1),
            flaw: Flaw::Slow(latency.clone()),
        };
        fault(trigger, strike, Lasting::Forever)
    };
    let told = [(1, 1, Move::Write(7)), (2, 1, Move::Count)];
    let (said, outcome) = run(Setup::new(2, 0), vec![slow(Trigger::Start)], &told);
    assert_eq!(
        said,
        [
            "11.000 n1 wrote 7",
            "11.000 n1 told 2",
            "12.000 n0 7 from n1"
        ]
    );
    assert_eq!(outcome.faults[0].fired, 1);
    // A crash while the write is under way: nothing of it ever was.
    let down = crash(Trigger::At(ms(5)), Lasting::For(ms(1)), false);
    let (said, _) = run(Setup::new(2, 0), vec![slow(Trigger::Start), down], &told);
    assert_eq!(said, ["6.000 n1 life 2 with []"]);
}

#[test]
fn bad_disks_lose_writes_or_stop_their_process() {
    let flawed = |flaw| {
        let strike = Strike::Disk {
            node: NodeId(1),
            flaw,
        };
        fault(Trigger::Start, strike, Lasting::Forever)
    };
    let told = [
        (1, 1, Move::Write(1)),
        (2, 1, Move::Write(2)),
        (3, 1, Move::Write(3)),
    ];
    let life = |flaw| {
        let mut down = crash(Trigger::At(ms(5)), Lasting::For(ms(1)), false);
        down.number = 1;
        let mut setup = Setup::new(2, 0);
        setup.counted = 2;
        let mut sim = Sim::new(
            Setup {
                faults: vec![flawed(flaw), down],
                ..setup
            },
            |_| Puppet { told: 0 },
        );
        sim.record(Recorder::new(true, 1_000));
        for (at, node, what) in told {
            sim.request(ms(at), NodeId(node), what);
        }
        let outcome = sim.run();
        let trace = outcome.trace.expect("recorded");
        let lives = trace.texts.iter().find(|text| text.starts_with("life"));
        (lives.cloned(), outcome.faults[0].fired)
    };
    let lived = |text: &str| Some(text.to_owned());
    assert_eq!(life(Flaw::LosesWrites(2)), (lived("life 2 with [1]"), 2));
    assert_eq!(life(Flaw::Tears), (lived("life 2 with [1, 2]"), 1));
    // A process that cannot store stops, and nobody restarts it.
    assert_eq!(life(Flaw::Full(2)), (None, 1));
    assert_eq!(life(Flaw::Fails(Probability::ALWAYS)), (None, 1));
}

#[test]
fn a_paused_process_takes_everything_late_and_in_order() {
    let pause = fault(
        Trigger::At(ms(2)),
        Strike::Pause(NodeId(1)),
        Lasting::Until(ms(10)),
    );
    let told = [
        (1, 1, Move::Arm(ms(4))),
        (1, 0, Move::Send(9, to(1))),
        (3, 1, Move::Count),
    ];
    let (said, outcome) = run(Setup::new(2, 0), vec![pause], &told);
    assert_eq!(
        said,
        ["10.000 n1 9 from n0", "10.000 n1 told 2", "10.000 n1 rang"]
    );
    assert_eq!(outcome.counters.timers, 1);
}

/// A pause that outlasts the run leaves messages waiting: nothing is quiet, and no promise is broken yet.
#[test]
fn a_run_is_not_quiet_while_messages_wait_for_a_paused_process() {
    let mut setup = Setup::new(2, 0);
    setup.limits.at = ms(50);
    let pause = |until| fault(Trigger::At(ms(2)), Strike::Pause(NodeId(1)), until);
    let told = [(3, 0, Move::Send(9, to(1)))];
    for until in [Lasting::Until(ms(90)), Lasting::Forever] {
        let (said, outcome) = run(setup.clone(), vec![pause(until)], &told);
        assert_eq!((said.len(), outcome.ended), (0, Ended::Time));
        assert_eq!(outcome.at, SimTime::ZERO.after(ms(50)));
    }
}

#[test]
fn a_slow_process_works_on_one_thing_after_the_other() {
    let processing = Delay::Fixed(ms(5)).sampler().expect("a law");
    let strike = Strike::Slow {
        node: NodeId(1),
        processing: processing.clone(),
    };
    let slow = fault(Trigger::Start, strike, Lasting::Until(ms(12)));
    let told = [
        (1, 1, Move::Count),
        (2, 1, Move::Count),
        (20, 1, Move::Count),
    ];
    let (said, outcome) = run(Setup::new(2, 0), vec![slow], &told);
    assert_eq!(
        said,
        ["6.000 n1 told 1", "11.000 n1 told 2", "20.000 n1 told 3"]
    );
    assert_eq!(outcome.faults[0].fired, 2);
    // A crash throws away what it was working on, and what waited.
    let slow = fault(
        Trigger::Start,
        Strike::Slow {
            node: NodeId(1),
            processing,
        },
        Lasting::Forever,
    );
    let down = crash(Trigger::At(ms(3)), Lasting::Forever, false);
    let (said, outcome) = run(Setup::new(2, 0), vec![slow, down], &told);
    assert_eq!(said, [""; 0]);
    assert_eq!(outcome.counters.requests_to_crashed, 3);
}

/// Whichever of two struck last, and whichever ends first.
#[test]
fn the_end_of_a_fault_leaves_others_of_its_kind_in_force() {
    let law = |n| Delay::Fixed(ms(n)).sampler().expect("a law");
    let both = |strike: &dyn Fn(u64) -> Strike, lasting: [Lasting; 2], what| {
        let faults = (0..)
            .zip([5, 3])
            .zip(lasting)
            .map(|((number, n), lasting)| Fault {
                number,
                ..fault(Trigger::Start, strike(n), lasting)
            });
        let mut setup = Setup::new(2, 0);
        setup.counted = 2;
        run(setup, faults.collect(), &[(20, 1, what)]).0[0].clone()
    };
    let node = NodeId(1);
    let processing = |n| Strike::Slow {
        node,
        processing: law(n),
    };
    let disk = |n| Strike::Disk {
        node,
        flaw: Flaw::Slow(law(n)),
    };
    let (first, second) = (
        [Lasting::Until(ms(10)), Lasting::Forever],
        [Lasting::Forever, Lasting::Until(ms(10))],
    );
    assert_eq!(both(&processing, first, Move::Count), "23.000 n1 told 1");
    assert_eq!(both(&processing, second, Move::Count), "25.000 n1 told 1");
    assert_eq!(both(&disk, first, Move::Write(7)), "23.000 n1 wrote 7");
    assert_eq!(both(&disk, second, Move::Write(7)), "25.000 n1 wrote 7");
}

/// A disk that was lost is empty, and has room again.
#[test]
fn an_empty_disk_is_not_full() {
    let strike = Strike::Disk {
        node: NodeId(1),
        flaw: Flaw::Full(2),
    };
    let small = fault(Trigger::Start, strike, Lasting::Forever);
    let told = [
        (1, 1, Move::Write(1)),
        (2, 1, Move::Write(2)),
        (9, 1, Move::Write(3)),
    ];
    let down = |disk_lost| crash(Trigger::At(ms(5)), Lasting::For(ms(1)), disk_lost);
    let last = |disk_lost| {
        let (said, _) = run(
            Setup::new(2, 0),
            vec![small.clone(), down(disk_lost)],
            &told,
        );
        said.into_iter().rfind(|said| said.contains(" n1 "))
    };
    let said = |text: &str| Some(text.to_owned());
    assert_eq!(last(true), said("9.000 n1 wrote 3"));
    assert_eq!(last(false), said("6.000 n1 life 2 with [1, 2]"));
}

#[test]
fn omissions_are_counted_on_both_sides() {
    let omit = |send, receive| {
        let strike = Strike::Omit {
            node: NodeId(1),
            send,
            receive,
        };
        fault(Trigger::Start, strike, Lasting::Until(ms(5)))
    };
    let told = [
        (1, 1, Move::Send(1, Group::Others)),
        (2, 0, Move::Send(2, to(1))),
        (6, 1, Move::Send(3, to(0))),
    ];
    let (never, always) = (Probability::NEVER, Probability::ALWAYS);
    let (said, outcome) = run(Setup::new(3, 0), vec![omit(always, never)], &told);
    assert_eq!(said, ["3.000 n1 2 from n0", "7.000 n0 3 from n1"]);
    assert_eq!((outcome.faults[0].fired, outcome.counters.omitted), (2, 2));
    let (said, _) = run(Setup::new(3, 0), vec![omit(never, always)], &told);
    assert_eq!(
        said,
        [
            "2.000 n0 1 from n1",
            "2.000 n2 1 from n1",
            "7.000 n0 3 from n1"
        ]
    );
}

#[test]
fn clocks_are_off_drift_and_are_set() {
    let strikes = [
        Strike::Skew {
            node: NodeId(1),
            by: -500_000_000,
        },
        Strike::Drift {
            node: NodeId(1),
            ppm: 100_000,
        },
    ];
    let mut faults: Vec<Fault> = strikes
        .into_iter()
        .map(|strike| fault(Trigger::Start, strike, Lasting::Forever))
        .collect();
    let step = Strike::Step {
        node: NodeId(1),
        by: -1_000_000_000,
    };
    faults.push(fault(Trigger::At(ms(1500)), step, Lasting::Forever));
    let told = [
        (1000, 0, Move::Look),
        (1000, 1, Move::Look),
        (2000, 1, Move::Look),
        (2000, 1, Move::Arm(ms(110))),
    ];
    let (said, outcome) = run(Setup::new(2, 0), faults, &told);
    assert_eq!(
        said,
        [
            "1000.000 n0 1000/1000",
            "1000.000 n1 600/1100",
            "2000.000 n1 700/2200",
            "2100.000 n1 rang",
        ]
    );
    // Two looks at the skewed clock, two at the drifting one and a timer, and one step.
    assert_eq!(outcome.faults[0].fired, 2 + 3 + 1);
}

#[test]
fn faults_wait_for_receipts_and_marks() {
    let told = [
        (1, 0, Move::Send(1, to(1))),
        (2, 0, Move::Send(2, to(1))),
        (3, 0, Move::Send(3, to(1))),
        (6, 1, Move::Count),
        (7, 1, Move::Count),
    ];
    let down = |trigger| {
        let (said, _) = run(
            Setup::new(2, 0),
            vec![crash(trigger, Lasting::Forever, false)],
            &told,
        );
        said.len()
    };
    let receipts = |kind: Option<&str>, count| Trigger::AfterReceipts {
        node: Some(NodeId(1)),
        kind: kind.map(str::to_owned),
        count,
    };
    assert_eq!(
        down(receipts(None, 2)),
        2,
        "after what it did with the second"
    );
    assert_eq!(down(receipts(Some("Data"), 3)), 3);
    assert_eq!(
        down(receipts(Some("Echo"), 1)),
        5,
        "there is no such message"
    );
    let mark = |node, count| Trigger::OnMark {
        node,
        name: "counted".to_owned(),
        count,
    };
    assert_eq!(down(mark(None, 1)), 4);
    assert_eq!(down(mark(Some(NodeId(0)), 1)), 5);
}
