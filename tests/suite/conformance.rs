//! The rules of interpretation, as tiny protocols: every driver must keep them.

use std::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::{Delay, Sampler};
use sim_core::sim::{Ended, Every, Fault, Job, Lasting, Limits, Repeat, Setup, Sim, Trigger};
use sim_core::trace::{Recorder, What, text};

/// Does what it is told, and says what happens to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Puppet;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Strings;

impl Port for Strings {
    type Request = Script;
    type Indication = Said;
}

/// What a puppet is told to do, in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Script(Vec<Move>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Move {
    Say(u8),
    Send(u8, Group),
    Arm(char, Span),
    Disarm(char),
    Write(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Said(u8);

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} moves", self.0.len())
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Protocol for Puppet {
    type Offers = Strings;
    type Needs = Net<u8>;
    type Timer = char;
    type Disk = Shelf;

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Script(moves)) => {
                for each in moves {
                    match each {
                        Move::Say(what) => fx.indicate(Said(what)),
                        Move::Send(what, to) => fx.send(to, what),
                        Move::Arm(tag, span) => fx.arm(tag, span),
                        Move::Disarm(tag) => fx.disarm(tag),
                        Move::Write(what) => fx.persist(what),
                    }
                }
            }
            Event::Indication(Arrival { msg, .. }) => fx.indicate(Said(msg)),
            Event::Timer(tag) => fx.indicate(Said(tag as u8)),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Shelf(Vec<u8>);

impl Disk for Shelf {
    type Write = u8;
    fn apply(&mut self, write: u8) {
        self.0.push(write);
    }
}

const MS: Span = Span::from_millis(1);

fn puppets(setup: Setup) -> Sim<'static, Puppet> {
    let mut sim = Sim::new(setup, |_| Puppet);
    sim.record(Recorder::new(true, 1_000).with_faults(vec!["faults[0]: a crash".to_owned()]));
    sim
}

/// The lines of the trace of a run, columns squeezed.
fn story(sim: &mut Sim<'static, Puppet>) -> Vec<String> {
    let trace = sim.run().trace.expect("it was recorded");
    let squeeze = |line: String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    trace
        .records
        .iter()
        .map(|record| squeeze(text::line(&trace, record).to_string()))
        .collect()
}

fn tell(sim: &mut Sim<'static, Puppet>, at: Span, node: u32, moves: &[Move]) {
    sim.request(at, NodeId(node), Script(moves.to_vec()));
}

#[test]
fn carries_effects_out_in_order() {
    let mut sim = puppets(Setup::new(2, 0));
    tell(
        &mut sim,
        MS,
        0,
        &[
            Move::Say(1),
            Move::Send(2, Group::Others),
            Move::Write(3),
            Move::Say(4),
        ],
    );
    assert_eq!(
        story(&mut sim),
        [
            "1.000 n0 request 4 moves",
            "1.000 n0 deliver 1",
            "1.000 n0 send #1 -> n1 2",
            "1.000 n0 persist 3",
            "1.000 n0 deliver 4",
            "2.000 n1 recv #1 <- n0 2 (+1.000)",
            "2.000 n1 deliver 2",
        ]
    );
}

#[test]
fn arming_a_pending_timer_again_replaces_it() {
    let mut sim = puppets(Setup::new(1, 0));
    let (a, b) = (Move::Arm('a', Span::from_millis(2)), Move::Arm('b', MS));
    tell(
        &mut sim,
        Span::ZERO,
        0,
        &[Move::Arm('a', MS), a, b, Move::Disarm('b')],
    );
    assert_eq!(
        story(&mut sim),
        [
            "0.000 n0 request 4 moves",
            "0.000 n0 arm a for 1ms",
            "0.000 n0 arm a for 2ms",
            "0.000 n0 arm b for 1ms",
            "0.000 n0 disarm b",
            "2.000 n0 timer a",
            "2.000 n0 deliver 97",
        ]
    );
}

/// Events at equal times happen in the order in which they were scheduled.
#[test]
fn equal_times_keep_the_order_of_scheduling() {
    let mut sim = puppets(Setup::new(3, 0));
    for (node, what) in [(2, 5), (0, 6), (1, 7)] {
        tell(
            &mut sim,
            MS,
            node,
            &[Move::Send(what, Group::One(NodeId(0)))],
        );
    }
    let delivered: Vec<String> = story(&mut sim)
        .into_iter()
        .filter(|line| line.contains("deliver"))
        .collect();
    // Node 0 hears itself at once, the others after a millisecond, in the order of their sends.
    assert_eq!(
        delivered,
        [
            "1.000 n0 deliver 6",
            "2.000 n0 deliver 5",
            "2.000 n0 deliver 7"
        ]
    );
}

/// A crash after k sends cuts a group send in the middle; what is in flight stays in flight, timers do not survive.
#[test]
fn a_crash_keeps_exactly_the_prefix() {
    for copies in 0..=3 {
        let mut setup = Setup::new(4, 0);
        setup.counted = 1;
        let trigger = Trigger::AfterSends(NodeId(0), copies);
        setup.faults.push(Fault::crash(0, NodeId(0), trigger));
        let mut sim = puppets(setup);
        tell(
            &mut sim,
            MS,
            0,
            &[
                Move::Arm('t', MS),
                Move::Send(9, Group::Others),
                Move::Say(1),
            ],
        );
        let outcome = sim.run();
        let trace = outcome.trace.expect("it was recorded");
        let count = |kind: &str| {
            trace
                .records
                .iter()
                .filter(|record| record.what.kind() == kind)
                .count() as u64
        };
        assert_eq!(
            (count("send"), count("recv"), count("crash"), count("timer")),
            (copies, copies, 1, 0)
        );
        // Node 0 never says 1: that came after the send that killed it. The others say what they received.
        assert_eq!(count("deliver"), copies);
        assert_eq!(outcome.counters.messages, copies);
    }
}

#[test]
fn a_crash_precedes_the_requests_of_its_instant() {
    let mut setup = Setup::new(2, 0);
    setup.counted = 1;
    setup
        .faults
        .push(Fault::crash(0, NodeId(0), Trigger::At(MS)));
    let mut sim = puppets(setup);
    tell(&mut sim, MS, 0, &[Move::Say(1)]);
    tell(&mut sim, MS, 1, &[Move::Send(2, Group::One(NodeId(0)))]);
    let outcome = sim.run();
    let counters = &outcome.counters;
    assert_eq!(
        (
            counters.requests,
            counters.requests_to_crashed,
            counters.to_crashed
        ),
        (1, 1, 1)
    );
}

/// Each event names its cause, and a cause is older than what it caused.
#[test]
fn every_event_names_its_cause() {
    let mut sim = puppets(Setup::new(3, 0));
    tell(
        &mut sim,
        MS,
        0,
        &[Move::Send(1, Group::All), Move::Arm('t', MS)],
    );
    let trace = sim.run().trace.expect("it was recorded");
    for record in &trace.records {
        let cause = trace.get(record.cause);
        match record.what {
            What::Request(_) => assert_eq!(record.cause, 0),
            What::Recv { msg, .. } => {
                assert!(
                    matches!(cause.expect("a cause").what, What::Send { msg: sent, .. } if sent == msg)
                );
            }
            What::Timer(_) => assert!(matches!(cause.expect("a cause").what, What::Arm(..))),
            _ => assert!(cause.expect("a cause").id < record.id),
        }
    }
}

/// An observer sees and never steers.
#[test]
fn watching_changes_nothing() {
    let run = |watch: bool| {
        let mut sim = Sim::new(Setup::new(5, 3), |_| Puppet);
        if watch {
            sim.record(Recorder::new(true, 3));
        }
        tell(
            &mut sim,
            MS,
            1,
            &[
                Move::Send(1, Group::All),
                Move::Arm('t', MS),
                Move::Write(2),
            ],
        );
        let outcome = sim.run();
        (outcome.fingerprint, outcome.events, outcome.counters)
    };
    assert_eq!(run(true), run(false));
}

/// A protocol that never stops: each budget ends it, and says which one it was.
#[test]
fn budgets_end_a_runaway() {
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Storm;
    impl Protocol for Storm {
        type Offers = Strings;
        type Needs = Net<u8>;
        type Timer = Never;
        type Disk = ();
        fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
            if matches!(event, Event::Request(_) | Event::Indication(_)) {
                fx.send(Group::Others, 0);
            }
        }
    }
    let run = |limits: Limits| {
        let mut setup = Setup::new(4, 0);
        setup.limits = limits;
        let mut sim = Sim::new(setup, |_| Storm);
        sim.request(MS, NodeId(0), Script(vec![]));
        let outcome = sim.run();
        (outcome.ended, outcome.events, outcome.at.as_nanos())
    };
    let all = Limits {
        at: Span::from_millis(9),
        when_quiescent: true,
        events: 1_000_000,
        memory: 1 << 30,
    };
    assert_eq!(run(all), (Ended::Time, run(all).1, 9_000_000));
    let (ended, events, _) = run(Limits { events: 500, ..all });
    assert!(
        ended == Ended::Events && (500..510).contains(&events),
        "{events} events"
    );
    assert_eq!(
        run(Limits {
            memory: 10_000,
            ..all
        })
        .0,
        Ended::Memory
    );

    /// A timer of no time at all: virtual time stands still, the budget of events does not.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Spin;
    impl Protocol for Spin {
        type Offers = Strings;
        type Needs = Net<u8>;
        type Timer = char;
        type Disk = ();
        fn on(&mut self, _: Event<Self>, fx: &mut impl Effects<Self>) {
            fx.arm('x', Span::ZERO);
        }
    }
    let mut setup = Setup::new(1, 0);
    setup.limits.events = 1_000;
    assert_eq!(Sim::new(setup, |_| Spin).run().ended, Ended::Events);
}

/// A repeated job asks at its first time and after each period, numbered, but no more at its end.
#[test]
fn a_repeated_job_ends_before_its_end() {
    let mut sim = puppets(Setup::new(2, 0));
    let repeat = Some(Repeat::period(MS, Span::from_millis(4)));
    let nodes = vec![NodeId(1), NodeId(0)];
    let again = |_: &Script, n| Script(vec![Move::Say(u8::try_from(n).expect("small"))]);
    let job = Job {
        at: Span::from_millis(2),
        repeat,
        nodes,
        request: Script(vec![]),
        again,
    };
    sim.job(job);
    assert_eq!(
        story(&mut sim),
        [
            "2.000 n1 request 0 moves",
            "2.000 n0 request 0 moves",
            "3.000 n1 request 1 moves",
            "3.000 n1 deliver 1",
            "3.000 n0 request 1 moves",
            "3.000 n0 deliver 1",
        ]
    );
}

/// Each process has gaps and numbers of its own: whether another job asks as well, or whether the process is down some of
/// the time, changes neither. The numbers of what a process misses are used up.
#[test]
fn drawn_gaps_depend_on_nothing_else() {
    let law: Sampler = Delay::Exponential {
        mean: Span::from_millis(10),
        min: Span::ZERO,
        max: None,
    }
    .sampler()
    .expect("a law");
    let job = |stream, nodes: &[u32]| Job {
        at: Span::ZERO,
        repeat: Some(Repeat {
            every: Every::Drawn {
                law: law.clone(),
                stream,
            },
            until: Span::MAX,
            count: 40,
        }),
        nodes: nodes.iter().copied().map(NodeId).collect(),
        request: Script(vec![Move::Say(0)]),
        again: |_, n| Script(vec![Move::Say(u8::try_from(n).expect("below 40"))]),
    };
    let said = |setup: Setup, jobs: Vec<Job<Script>>| {
        let mut sim = puppets(setup);
        jobs.into_iter().for_each(|job| sim.job(job));
        let mut said = story(&mut sim);
        said.retain(|line| line.contains("n1 deliver"));
        said
    };
    let setup = Setup::new(2, 5);
    let alone = said(setup.clone(), vec![job(1, &[1])]);
    let numbers = |said: &[String]| -> Vec<String> {
        let word = |line: &String| line.rsplit(' ').next().unwrap_or_default().to_owned();
        said.iter().map(word).collect()
    };
    let all: Vec<String> = (0..40).map(|n: u32| n.to_string()).collect();
    assert_eq!(numbers(&alone), all);
    assert_eq!(
        said(setup.clone(), vec![job(2, &[0]), job(1, &[0, 1])]),
        alone
    );
    assert_ne!(said(setup.clone(), vec![job(2, &[1])]), alone);
    let down = Fault {
        lasting: Lasting::For(Span::from_millis(100)),
        ..Fault::crash(0, NodeId(1), Trigger::At(Span::from_millis(100)))
    };
    let mut setup = setup;
    setup.counted = 1;
    setup.faults.push(down);
    let rest = said(setup, vec![job(1, &[1])]);
    let is_down = |line: &&String| (100.0..200.0).contains(&time(line));
    let missed = alone.iter().filter(is_down).count();
    assert!((1..40).contains(&missed), "{alone:#?}");
    let up: Vec<String> = alone.into_iter().filter(|line| !is_down(&line)).collect();
    assert_eq!(rest, up);
}

/// When it happened, in ms.
fn time(line: &str) -> f64 {
    let first = line.split(' ').next().unwrap_or_default();
    first.parse().expect("a line begins with its time")
}
