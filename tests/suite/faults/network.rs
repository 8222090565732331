//! Faults of the network: partitions, bursts, queues, laws of a direction, corruption, overlays; and lies on the wire.

use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{
    Bandwidth, Between, Cut, Lasting, Loss, Setup, Stabilisation, Strike, Trigger,
};

use super::{Move, fault, ms, nodes, run, to};

#[test]
fn what_is_cut_is_lost_or_waits_for_the_heal() {
    let cut = || {
        let strike = Strike::Cut {
            cut: Cut::OneWay(nodes(&[0]), nodes(&[1])),
            flap: None,
        };
        fault(Trigger::At(ms(2)), strike, Lasting::Until(ms(10)))
    };
    let told = [
        (1, 0, Move::Send(1, to(1))),
        (3, 0, Move::Send(2, Group::Others)),
        (3, 1, Move::Send(3, to(0))),
        (11, 0, Move::Send(4, to(1))),
    ];
    let (said, outcome) = run(Setup::new(3, 0), vec![cut()], &told);
    let lost = [
        "2.000 n1 1 from n0",
        "4.000 n2 2 from n0",
        "4.000 n0 3 from n1",
        "12.000 n1 4 from n0",
    ];
    assert_eq!(said, lost);
    assert_eq!((outcome.counters.cut, outcome.faults[0].fired), (1, 1));
    let mut setup = Setup::new(3, 0);
    setup.network.holds = true;
    let (said, outcome) = run(setup, vec![cut()], &told);
    assert_eq!(said[3..], ["11.000 n1 2 from n0", "12.000 n1 4 from n0"]);
    assert_eq!((outcome.counters.cut, outcome.counters.held), (0, 1));
}

#[test]
fn a_flapping_cut_opens_and_closes_and_keeps_nobody_waiting() {
    let strike = Strike::Cut {
        cut: Cut::Isolated(nodes(&[1])),
        flap: Some((ms(2), ms(3))),
    };
    let flap = fault(Trigger::At(ms(1)), strike, Lasting::Forever);
    let told: Vec<(u64, u32, Move)> = (0..12)
        .map(|at| (at, 0, Move::Send(u8::try_from(at).expect("small"), to(1))))
        .collect();
    let (said, outcome) = run(Setup::new(2, 0), vec![flap], &told);
    let arrived: Vec<&str> = said
        .iter()
        .filter_map(|line| line.split(' ').nth(2))
        .collect();
    // Closed from 1 to 3, 6 to 8, 11 to 13 ms. A request of the same instant was planned before the flap, and comes first.
    assert_eq!(arrived, ["0", "4", "5", "6", "9", "10", "11"]);
    assert!(
        outcome.at.as_nanos() < 20_000_000,
        "it ends when all is quiet"
    );
}

#[test]
fn bursts_bandwidth_and_order_belong_to_a_channel() {
    let mut setup = Setup::new(3, 0);
    setup.network.law.loss = Loss::GilbertElliott {
        to_bad: Probability::ALWAYS,
        to_good: Probability::ALWAYS,
        good: Probability::NEVER,
        bad: Probability::ALWAYS,
    };
    let told: Vec<(u64, u32, Move)> = (1..=4)
        .map(|at| (at, 0, Move::Send(u8::try_from(at).expect("small"), to(1))))
        .collect();
    let (said, _) = run(setup, vec![], &told);
    assert_eq!(
        said,
        ["3.000 n1 2 from n0", "5.000 n1 4 from n0"],
        "bad first, then good"
    );

    // One byte a millisecond, and room for three.
    let mut setup = Setup::new(3, 0);
    setup.network.law.bandwidth = Some(Bandwidth {
        bits_per_second: 8_000,
        queue: 3,
    });
    let burst: Vec<(u64, u32, Move)> = (1..=5).map(|n| (1, 0, Move::Send(n, to(1)))).collect();
    let (said, outcome) = run(setup, vec![], &burst);
    assert_eq!(
        said,
        [
            "3.000 n1 1 from n0",
            "4.000 n1 2 from n0",
            "5.000 n1 3 from n0"
        ]
    );
    assert_eq!(outcome.counters.overflowed, 2);

    let mut setup = Setup::new(3, 7);
    let wide = Delay::Uniform {
        min: ms(1),
        max: ms(100),
    };
    setup.network.law.latency = wide.sampler().expect("a law");
    let order = |setup: Setup| -> Vec<u32> {
        let told: Vec<(u64, u32, Move)> = (1..30).map(|n| (1, 0, Move::Send(n, to(1)))).collect();
        let (said, _) = run(setup, vec![], &told);
        said.iter()
            .filter_map(|line| line.split(' ').nth(2)?.parse().ok())
            .collect()
    };
    assert!(!order(setup.clone()).is_sorted(), "free delays reorder");
    setup.network.law.fifo = true;
    assert!(order(setup).is_sorted());
}

#[test]
fn directions_have_laws_of_their_own_and_a_bound_after_gst() {
    let mut setup = Setup::new(2, 0);
    let mut law = setup.network.law.clone();
    law.latency = Delay::Fixed(ms(100)).sampler().expect("a law");
    setup.network.between.push(Between {
        from: nodes(&[0]),
        to: nodes(&[1]),
        law,
    });
    setup.network.stabilisation = Some(Stabilisation {
        gst: ms(50),
        bound: ms(20),
    });
    let told = [
        (1, 1, Move::Send(1, to(0))),
        (1, 0, Move::Send(2, to(1))),
        (80, 0, Move::Send(3, to(1))),
    ];
    let (said, _) = run(setup, vec![], &told);
    assert_eq!(
        said,
        [
            "2.000 n0 1 from n1",
            "70.000 n1 2 from n0",
            "100.000 n1 3 from n0"
        ]
    );
}

#[test]
fn a_checksum_turns_corruption_into_loss() {
    let mut setup = Setup::new(2, 0);
    setup.network.law.corrupt = Probability::ALWAYS;
    let told = [(1, 0, Move::Send(64, to(1)))];
    let (said, outcome) = run(setup.clone(), vec![], &told);
    assert_eq!((said.len(), outcome.counters.corrupted), (0, 1));
    setup.network.checksum = false;
    let (said, _) = run(setup, vec![], &told);
    let got: u8 = said[0]
        .split(' ')
        .nth(2)
        .expect("what")
        .parse()
        .expect("a number");
    assert_eq!((got ^ 64).count_ones(), 1, "one bit is flipped");
}

#[test]
fn an_overlay_has_channels_between_neighbours_only() {
    let mut setup = Setup::new(4, 0);
    let edge = |a, b| (NodeId(a), NodeId(b));
    setup.network.overlay = Overlay::from_edges(4, [edge(0, 1), edge(1, 2), edge(2, 3)]);
    let told = [
        (1, 1, Move::Send(1, Group::Neighbours)),
        (5, 1, Move::Send(2, Group::NeighboursBut(NodeId(0)))),
        (9, 0, Move::Send(3, Group::All)),
    ];
    let (said, outcome) = run(setup, vec![], &told);
    assert_eq!(
        said,
        [
            "2.000 n0 1 from n1",
            "2.000 n2 1 from n1",
            "6.000 n2 2 from n1",
            "9.000 n0 3 from n0",
            "10.000 n1 3 from n0",
        ]
    );
    assert_eq!(
        (outcome.counters.no_channel, outcome.counters.messages),
        (2, 6)
    );
}

#[test]
fn on_a_bus_a_group_send_is_one_frame() {
    let mut setup = Setup::new(4, 0);
    setup.network.shared = true;
    setup.network.law.bandwidth = Some(Bandwidth {
        bits_per_second: 8_000,
        queue: 100,
    });
    let told = [
        (1, 0, Move::Send(1, Group::Others)),
        (1, 1, Move::Send(2, to(2))),
    ];
    let (said, outcome) = run(setup, vec![], &told);
    assert_eq!(outcome.counters.frames, 2);
    assert_eq!(said[0], "3.000 n1 1 from n0");
    assert_eq!(said[3], "4.000 n2 2 from n1", "it waits for the medium");
    // A fault that falls in the middle of the send leaves it one frame.
    let mut setup = Setup::new(4, 0);
    setup.network.shared = true;
    let strike = Strike::Step {
        node: NodeId(0),
        by: 1,
    };
    let step = fault(Trigger::AfterSends(NodeId(0), 1), strike, Lasting::Forever);
    let told = [(1, 0, Move::Send(1, Group::Others))];
    let (said, outcome) = run(setup, vec![step], &told);
    assert_eq!((said.len(), outcome.counters.frames), (3, 1));
}

#[test]
fn a_forged_message_bears_another_name_and_a_late_one_is_late() {
    let forge = Strike::Forge {
        node: NodeId(1),
        sender: NodeId(2),
    };
    let told = [(1, 1, Move::Send(1, to(0))), (9, 1, Move::Send(2, to(0)))];
    let turned = fault(Trigger::At(ms(5)), forge, Lasting::Forever);
    let (said, outcome) = run(Setup::new(3, 0), vec![turned], &told);
    assert_eq!(said, ["2.000 n0 1 from n1", "10.000 n0 2 from n2"]);
    assert_eq!(outcome.faults[0].fired, 1);
    let delay = Strike::Delay {
        node: NodeId(1),
        by: ms(30),
    };
    let late = fault(Trigger::AfterSends(NodeId(1), 1), delay, Lasting::Forever);
    let (said, _) = run(Setup::new(3, 0), vec![late], &told);
    assert_eq!(said, ["2.000 n0 1 from n1", "40.000 n0 2 from n1"]);
}

/// What is forged is the name: who receives a message in its own name has received one from another process, and a forger
/// that talks to itself has not.
#[test]
fn a_forged_name_changes_no_counts() {
    let forge = Strike::Forge {
        node: NodeId(1),
        sender: NodeId(2),
    };
    let told = [
        (1, 1, Move::Send(1, to(2))),
        (2, 1, Move::Send(2, to(1))),
        (3, 1, Move::Send(3, Group::All)),
    ];
    let turned = fault(Trigger::Start, forge, Lasting::Forever);
    let (_, outcome) = run(Setup::new(3, 0), vec![turned], &told);
    assert_eq!(
        (outcome.counters.messages, outcome.counters.received),
        (3, 3)
    );
    assert_eq!(outcome.counters.depth, 1);
}
