//! What is put off must change nothing but memory.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::prelude::*;
use crate::kernel::random::Delay;
use crate::sim::{Ended, Outcome, Setup, Sim};

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

/// A run in which so many entries are a window, and how many entries the queue ever held.
fn run(law: &Delay, window: u64, events: u64) -> (Outcome, u64) {
    let mut setup = Setup::new(NODES, 5);
    setup.network.law.latency = law.sampler().expect("a law of delay");
    setup.limits.events = events;
    let mut sim = Sim::new(setup, |_| Flood::default());
    sim.later.window = window;
    let outcome = sim.run();
    let idle = sim.later.is_idle();
    assert!(idle || outcome.ended != Ended::Quiescent);
    (outcome, sim.later.sent)
}

fn laws() -> [Delay; 4] {
    let ms = Span::from_millis;
    [
        Delay::Uniform {
            min: ms(1),
            max: ms(10),
        },
        // Everything at the same few times.
        Delay::Empirical([ms(1), ms(2), ms(3)].into()),
        Delay::Fixed(ms(2)),
        // No delay is too short or too long.
        Delay::Exponential {
            mean: ms(3),
            min: Span::ZERO,
            max: None,
        },
    ]
}

#[test]
fn a_run_is_the_same_however_much_is_put_off() {
    for law in laws() {
        let (whole, sent) = run(&law, u64::MAX, u64::MAX);
        assert_eq!((whole.ended, sent), (Ended::Quiescent, 0));
        assert!(whole.counters.received > 30_000, "{:?}", whole.counters);
        for window in [1, 3, 40, 500, 3_000, 20_000] {
            let (outcome, sent) = run(&law, window, u64::MAX);
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
fn a_run_that_is_cut_short_is_the_same_too() {
    for law in laws() {
        for events in [1_000, 25_001, 40_000] {
            let whole = run(&law, u64::MAX, events).0;
            assert_eq!(whole.ended, Ended::Events);
            let outcome = run(&law, 100, events).0;
            assert_eq!(
                format!("{outcome:?}"),
                format!("{whole:?}"),
                "{law:?}, {events}"
            );
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
