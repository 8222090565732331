//! What is put off must change nothing but memory.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::prelude::*;
use crate::kernel::random::{Delay, Probability};
use crate::sim::{Cut, Ended, Fault, Lasting, Outcome, Setup, Sim, Strike, Trigger};
use crate::trace::Recorder;

const NODES: u32 = 150;

/// Floods: who hears of a number for the first time tells a group; and it arms timers and writes letters besides, so that
/// much happens at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Flood {
    heard: u32,
    /// It tells all, always.
    all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Wave(u32);

impl fmt::Display for Wave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wave{{{}}}", self.0)
    }
}

impl Protocol for Flood {
    type Offers = Silent;
    type Needs = Net<Wave>;
    type Timer = u32;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => {
                if fx.me() == NodeId(3) {
                    fx.send(Group::All, Wave(1));
                }
            }
            Event::Indication(Arrival { msg: Wave(n), from }) => {
                if n > self.heard && n < 4 {
                    self.heard = n;
                    let group = match fx.me().0 % 4 {
                        _ if self.all => Group::All,
                        0 => Group::All,
                        1 => Group::Others,
                        2 => Group::Neighbours,
                        _ => Group::NeighboursBut(from),
                    };
                    fx.send(group, Wave(n));
                    let after = u64::from(fx.me().0 % 7);
                    fx.arm(n, Span::from_millis(after));
                    fx.send(from, Wave(0));
                }
            }
            Event::Timer(n) if fx.me().0 % 10 == 0 => fx.send(Group::Others, Wave(n + 1)),
            Event::Timer(_) => (),
            Event::Request(never) => match never {},
        }
    }
}

/// A cluster that lives with this law of delay and these faults.
fn setup(law: &Delay, faults: &[Fault]) -> Setup {
    let mut setup = Setup::new(NODES, 5);
    setup.network.law.latency = law.sampler().expect("a law of delay");
    setup.limits.events = u64::MAX;
    setup.limits.at = Span::MAX;
    setup.faults = faults.to_vec();
    setup.counted = 1;
    setup
}

/// A run in which so many entries are a window, and how many group sends were put off.
fn run(setup: &Setup, window: u64) -> (Outcome, u64) {
    let mut sim = Sim::new(setup.clone(), |_| Flood::default());
    sim.later.window = window;
    let outcome = sim.run();
    assert!(sim.later.len() == 0 || outcome.ended != Ended::Quiescent);
    (outcome, sim.later.sent)
}

fn laws() -> [Delay; 6] {
    let ms = Span::from_millis;
    [
        Delay::Uniform {
            min: ms(1),
            max: ms(10),
        },
        // Everything at the same few times, or at once.
        Delay::Empirical([ms(1), ms(2), ms(3)].into()),
        Delay::Fixed(ms(2)),
        Delay::Fixed(Span::ZERO),
        Delay::Exponential {
            mean: ms(3),
            min: Span::ZERO,
            max: None,
        },
        // Some messages are on their way until the end of time.
        Delay::Uniform {
            min: Span::ZERO,
            max: Span::MAX,
        },
    ]
}

/// Faults that strike while copies are on their way, and in the middle of a group send.
fn faults() -> Vec<(Trigger, Strike, Lasting)> {
    let ms = Span::from_millis;
    let at = |at| Trigger::At(ms(at));
    let crash = |node| Strike::Crash {
        node: NodeId(node),
        disk_lost: false,
    };
    let half = Probability::ratio(1, 2).expect("a probability");
    vec![
        (
            Trigger::AfterSends(NodeId(3), 70),
            crash(3),
            Lasting::Forever,
        ),
        (
            Trigger::AfterSends(NodeId(8), 40),
            crash(8),
            Lasting::For(ms(2)),
        ),
        (at(3), crash(11), Lasting::For(ms(2))),
        (at(2), Strike::Pause(NodeId(20)), Lasting::For(ms(4))),
        (
            at(2),
            Strike::Omit {
                node: NodeId(30),
                send: half,
                receive: half,
            },
            Lasting::For(ms(3)),
        ),
        (
            at(4),
            Strike::Cut {
                cut: Cut::Groups((0..NODES).map(|node| node / 60).collect()),
                flap: None,
            },
            Lasting::For(ms(2)),
        ),
    ]
}

#[test]
fn a_run_is_the_same_however_much_is_put_off() {
    for law in laws() {
        let setup = setup(&law, &[]);
        let (whole, sent) = run(&setup, u64::MAX);
        assert_eq!(sent, 0);
        assert_eq!(whole.ended, Ended::Quiescent);
        assert!(whole.counters.received > 20_000, "{:?}", whole.counters);
        for window in [1, 3, 40, 500, 3_000, 20_000] {
            let (outcome, sent) = run(&setup, window);
            assert_eq!(
                format!("{outcome:?}"),
                format!("{whole:?}"),
                "{law:?}, {window}"
            );
            let expected = if window < 1_000 { 200 } else { 1 };
            assert!(
                sent >= expected,
                "{sent} group sends were put off: {law:?}, {window}"
            );
        }
    }
}

#[test]
fn faults_may_strike_while_copies_are_put_off() {
    for law in laws() {
        for (trigger, strike, lasting) in faults() {
            let fault = Fault {
                number: 0,
                trigger,
                strike,
                lasting,
            };
            let setup = setup(&law, std::slice::from_ref(&fault));
            let whole = run(&setup, u64::MAX).0;
            for window in [3, 500] {
                let outcome = run(&setup, window).0;
                assert_eq!(
                    format!("{outcome:?}"),
                    format!("{whole:?}"),
                    "{law:?}, {fault:?}"
                );
            }
        }
    }
}

#[test]
fn a_run_that_is_cut_short_is_the_same_too() {
    for law in laws() {
        for limit in [1_000, 25_001, 40_000] {
            let mut events = setup(&law, &[]);
            events.limits.events = limit;
            let mut memory = setup(&law, &[]);
            memory.limits.memory = 16 * limit;
            let mut time = setup(&law, &[]);
            time.limits.at = Span::from_nanos(100 * limit);
            for setup in [events, memory, time] {
                let whole = run(&setup, u64::MAX).0;
                let outcome = run(&setup, 100).0;
                assert_eq!(
                    format!("{outcome:?}"),
                    format!("{whole:?}"),
                    "{law:?}, {limit}"
                );
            }
        }
    }
}

/// Whoever records sees the same run, and the same limits.
#[test]
fn recording_changes_nothing() {
    for law in laws() {
        for memory in [400_000, u64::MAX] {
            let mut setup = setup(&law, &[]);
            setup.limits.memory = memory;
            let whole = run(&setup, u64::MAX).0;
            for window in [100, u64::MAX] {
                let mut sim = Sim::new(setup.clone(), |_| Flood::default());
                sim.later.window = window;
                sim.record(Recorder::new(true, usize::MAX));
                let mut outcome = sim.run();
                let trace = outcome.trace.take().expect("it was recorded");
                assert_eq!(
                    format!("{outcome:?}"),
                    format!("{whole:?}"),
                    "{law:?}, {memory}"
                );
                assert_eq!(trace.records.len() as u64, outcome.events);
            }
        }
    }
}

/// The queue is what takes memory: it holds a window, not all that is in flight.
#[test]
fn the_queue_holds_a_window() {
    let mut setup = Setup::new(2_000, 5);
    let law = laws()[0].sampler();
    setup.network.law.latency = law.expect("a law of delay");
    setup.limits.events = 600_000;
    let all = Flood {
        all: true,
        ..Flood::default()
    };
    let mut sim = Sim::new(setup, |_| all.clone());
    sim.later.window = 20_000;
    let outcome = sim.run();
    assert_eq!(outcome.ended, Ended::Events);
    let (pending, queued) = (sim.pending(), sim.queue.len());
    assert!(
        pending > 300_000 && queued < 40_000,
        "{queued} of {pending}"
    );
}
