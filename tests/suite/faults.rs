//! What each fault does to a process or to a message, told by the trace of a puppet.

use std::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{
    Bandwidth, Between, Cut, Fault, Flaw, Lasting, Loss, Nodes, Outcome, Setup, Sim, Stabilisation,
    Strike, Trigger,
};
use sim_core::trace::{Recorder, text};

/// Does what it is told, says what happens to it, and remembers: in vain, unless it writes it down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Puppet {
    told: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Strings;

impl Port for Strings {
    type Request = Move;
    type Indication = Said;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Move {
    /// Say what the wall clock and the monotonic clock show, in ms.
    Look,
    /// Send a number.
    Send(u8, Group),
    /// Write a number, say that it is written, and send it to process 0.
    Write(u8),
    /// Arm a timer.
    Arm(Span),
    /// Say how often it was told something in this life, and leave a mark.
    Count,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Said(String);

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What puppets send each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Data(u8);

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data{{{}}}", self.0)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Shelf(Vec<u8>);

impl Disk for Shelf {
    type Write = u8;
    fn apply(&mut self, write: u8) {
        self.0.push(write);
    }
}

impl Protocol for Puppet {
    type Offers = Strings;
    type Needs = Net<Data>;
    type Timer = char;
    type Disk = Shelf;

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) if boot.is_recovery() => {
                fx.indicate(Said(format!(
                    "life {} with {:?}",
                    boot.incarnation + 1,
                    boot.disk.0
                )));
            }
            Event::Boot(_) => (),
            Event::Request(told) => {
                self.told += 1;
                match told {
                    Move::Look => {
                        let (wall, monotonic) = (fx.now(), fx.monotonic());
                        let ms = |time: LocalTime| time.as_nanos() / 1_000_000;
                        fx.indicate(Said(format!("{}/{}", ms(wall), ms(monotonic))));
                    }
                    Move::Send(what, to) => fx.send(to, Data(what)),
                    Move::Write(what) => {
                        fx.persist(what);
                        fx.indicate(Said(format!("wrote {what}")));
                        fx.send(NodeId(0), Data(what));
                    }
                    Move::Arm(span) => fx.arm('t', span),
                    Move::Count => {
                        fx.indicate(Said(format!("told {}", self.told)));
                        fx.mark("counted");
                    }
                }
            }
            Event::Indication(Arrival { from, msg }) => {
                fx.indicate(Said(format!("{} from {from}", msg.0)));
            }
            Event::Timer(_) => fx.indicate(Said("rang".to_owned())),
        }
    }
}

pub(crate) const fn ms(n: u64) -> Span {
    Span::from_millis(n)
}

fn nodes(list: &[u32]) -> Nodes {
    list.iter().copied().map(NodeId).collect()
}

fn fault(trigger: Trigger, strike: Strike, lasting: Lasting) -> Fault {
    Fault {
        number: 0,
        trigger,
        strike,
        lasting,
    }
}

/// A crash of process 1.
pub(crate) fn crash(trigger: Trigger, lasting: Lasting, disk_lost: bool) -> Fault {
    let strike = Strike::Crash {
        node: NodeId(1),
        disk_lost,
    };
    fault(trigger, strike, lasting)
}

/// A run of puppets that are told something at a time in ms: what was said, `time node what`, and the outcome.
pub(crate) fn run(
    mut setup: Setup,
    faults: Vec<Fault>,
    told: &[(u64, u32, Move)],
) -> (Vec<String>, Outcome) {
    setup.counted = setup.counted.max(4);
    setup.faults = faults;
    let mut sim = Sim::new(setup, |_| Puppet { told: 0 });
    sim.record(Recorder::new(true, 10_000).with_faults(vec!["faults[0]: a fault".to_owned()]));
    for (at, node, what) in told {
        sim.request(ms(*at), NodeId(*node), *what);
    }
    let outcome = sim.run();
    let trace = outcome.trace.as_ref().expect("it was recorded");
    let said = trace
        .records
        .iter()
        .filter(|record| record.what.kind() == "deliver");
    let squeeze = |line: String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = said
        .map(|record| squeeze(text::line(trace, record).to_string()).replace("deliver ", ""))
        .collect();
    (said, outcome)
}

pub(crate) fn to(node: u32) -> Group {
    Group::One(NodeId(node))
}

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
