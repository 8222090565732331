//! An experiment: one run on several threads, with the same numbers and the same fingerprint.
//!
//! Nodes are dealt out to parts, one a thread. The shortest delay of the network is the length of a window: what is sent
//! in it arrives behind it, so parts need not know of each other before its end. Read [`order`] first: what makes it the
//! same run; then [`crew`]: the threads; [`part`] is what each of them does.

mod crew;
mod order;
mod part;

use std::sync::Barrier;

use protocols::gossip::{Fanout, Push};
use protocols::link::Assumed;
use protocols::multicast::{Basic, Cast, Eager, Originator, Relaying};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{Outcome, Sim};

use crate::measure::{Told, cpu_ns, thread_cpu_ns, wall_ns};
use crate::random::Exponential;
use crate::report::median;
use crate::stormglass::{Forward, setup};
use crew::{Orders, Stages};
use order::Survey;
use part::Part;

/// A load with its law of delay.
#[derive(Clone, Copy, Debug)]
struct Case {
    name: &'static str,
    about: &'static str,
    nodes: u32,
    law: Law,
    what: What,
    /// A size that is done in some milliseconds: on a busy machine only such a run has the cores for itself.
    small: (u32, What),
}

#[derive(Clone, Copy, Debug)]
enum Law {
    /// Exponential of mean 5 ms (in 1,024 quantiles) behind so many nanoseconds.
    Exponential(u64),
    /// Uniform from 1 to 10 ms.
    Uniform,
    /// Always 1 ms: nearly all events have equals.
    Fixed,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Hold { in_flight: u32, deliveries: u64 },
    Eager,
    Gossip,
}

impl Law {
    fn delay(self) -> Delay {
        match self {
            Law::Exponential(floor) => {
                let law = Exponential::new();
                let delays = law.quantiles().iter();
                Delay::Empirical(delays.map(|ns| Span::from_nanos(ns + floor)).collect())
            }
            Law::Uniform => Delay::Uniform {
                min: Span::from_millis(1),
                max: Span::from_millis(10),
            },
            Law::Fixed => Delay::Fixed(Span::from_millis(1)),
        }
    }

    fn shortest(self) -> u64 {
        match self {
            Law::Exponential(floor) => {
                let law = Exponential::new();
                floor + law.quantiles().iter().min().copied().unwrap_or(0)
            }
            Law::Uniform | Law::Fixed => 1_000_000,
        }
    }
}

/// Who runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Stormglass itself, so many seeds at once, each on a thread of its own.
    Engine(usize),
    /// The same work on one part, one event after the other.
    Alone,
    /// In windows, on so many threads.
    Threads(usize),
}

impl How {
    fn name(self) -> String {
        match self {
            How::Engine(1) => "stormglass".into(),
            How::Engine(seeds) => format!("stormglass, {seeds} seeds"),
            How::Alone => "alone".into(),
            How::Threads(threads) => format!("threads-{threads}"),
        }
    }

    /// Runs that are done when it is done.
    const fn runs(self) -> u64 {
        match self {
            How::Engine(seeds) => seeds as u64,
            How::Alone | How::Threads(_) => 1,
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Took {
    wall: u64,
    cpu: u64,
    told: Told,
    stages: Stages,
    survey: Option<Survey>,
}

/// What is looked at besides the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Nothing,
    Stages,
    Survey,
}

impl Case {
    fn run(self, how: How, look: Look) -> Took {
        let nodes = self.nodes;
        match self.what {
            What::Hold {
                in_flight,
                deliveries,
            } => {
                let program = move |_| Forward {
                    nodes,
                    start: in_flight / nodes,
                    only: None,
                };
                let limit = 2 * deliveries + u64::from(in_flight);
                self.run_program(how, look, limit, None, program)
            }
            What::Eager => {
                let program = |_| {
                    Eager::<u32>::new(Originator::AtOnce, Relaying::On)
                        .over(Basic::<_, Perfect>::new())
                        .over(Assumed::new())
                };
                self.run_program(how, look, u64::MAX, Some(Cast(7)), program)
            }
            What::Gossip => {
                let program = |_| Push::<u32>::new(Fanout::Fixed(3));
                self.run_program(how, look, u64::MAX, Some(Cast(7)), program)
            }
        }
    }

    fn run_program<P: Node>(
        self,
        how: How,
        look: Look,
        limit: u64,
        request: Option<Req<P::Offers>>,
        program: impl Fn(NodeId) -> P + Copy + Send + Sync,
    ) -> Took
    where
        Part<P>: Send,
        P::Wire: Send + Sync,
        Req<P::Offers>: Send + Sync,
    {
        let law = self.law.delay();
        let sampler = law.sampler().expect("a law of delay");
        let parts = |count: usize| -> Vec<Part<P>> {
            let end = |place| (u64::from(self.nodes) * (place + 1) / count as u64) as u32;
            let ends: Vec<u32> = (0..count as u64).map(end).collect();
            let part = |me| Part::new(self.nodes, (&ends, me), SEED, &sampler, program);
            (0..count).map(part).collect()
        };
        let orders: Orders<P> = Orders {
            shortest: self.law.shortest(),
            limit,
            request,
            timed: look == Look::Stages,
            survey: (look == Look::Survey).then_some(self.nodes),
        };
        match how {
            How::Engine(seeds) => {
                let start = Barrier::new(seeds);
                let one = |seed: u64| {
                    crew::pin((seed - SEED) as usize);
                    let mut setup = setup(self.nodes, law.clone());
                    (setup.seed, setup.limits.events) = (seed, limit);
                    let mut sim: Sim<'_, P> = Sim::new(setup, program);
                    if let Some(request) = &orders.request {
                        sim.request(Span::ZERO, NodeId(0), request.clone());
                    }
                    start.wait();
                    let (wall, cpu) = (wall_ns(), thread_cpu_ns());
                    let told = told(&sim.run());
                    (wall, wall_ns(), thread_cpu_ns() - cpu, told)
                };
                let runs: Vec<_> = std::thread::scope(|scope| {
                    let (one, seeds) = (&one, SEED..SEED + seeds as u64);
                    let runs: Vec<_> = seeds.map(|seed| scope.spawn(move || one(seed))).collect();
                    let ended = runs.into_iter().map(|run| run.join().expect("it runs"));
                    ended.collect()
                });
                let start = runs
                    .iter()
                    .map(|run| run.0)
                    .min()
                    .expect("one seed at least");
                let end = runs
                    .iter()
                    .map(|run| run.1)
                    .max()
                    .expect("one seed at least");
                Took {
                    wall: end - start,
                    cpu: runs.iter().map(|run| run.2).sum(),
                    told: runs[0].3,
                    ..Took::default()
                }
            }
            How::Alone => {
                let part = parts(1).remove(0);
                let clock = Clock::start();
                let order = crew::run_alone(part, &orders);
                clock.took(order.told())
            }
            How::Threads(threads) => {
                let parts = parts(threads);
                let clock = Clock::start();
                let (order, stages) = crew::run(parts, &orders);
                Took {
                    stages,
                    survey: order.survey.clone(),
                    ..clock.took(order.told())
                }
            }
        }
    }
}

const SEED: u64 = 1;

fn told(outcome: &Outcome) -> Told {
    Told {
        deliveries: outcome.counters.received,
        pending_max: outcome.counters.pending_max,
        fingerprint: outcome.fingerprint,
    }
}

struct Clock {
    wall: u64,
    cpu: u64,
}

impl Clock {
    fn start() -> Clock {
        Clock {
            wall: wall_ns(),
            cpu: cpu_ns(),
        }
    }

    fn took(&self, told: Told) -> Took {
        Took {
            wall: wall_ns() - self.wall,
            cpu: cpu_ns() - self.cpu,
            told,
            ..Took::default()
        }
    }
}

const fn hold(in_flight: u32, deliveries: u64) -> What {
    What::Hold {
        in_flight,
        deliveries,
    }
}

const CASES: [Case; 6] = [
    Case {
        name: "W2",
        about: "hold, N = 1,000, 10^3 in flight, exponential from 2.4 us",
        nodes: 1_000,
        law: Law::Exponential(0),
        what: hold(1_000, 100_000),
        small: (1_000, hold(1_000, 2_000)),
    },
    Case {
        name: "W2+1ms",
        about: "the same behind 1 ms",
        nodes: 1_000,
        law: Law::Exponential(1_000_000),
        what: hold(1_000, 1_000_000),
        small: (1_000, hold(1_000, 20_000)),
    },
    Case {
        name: "W2-1e5+1ms",
        about: "the same, 10^5 in flight",
        nodes: 1_000,
        law: Law::Exponential(1_000_000),
        what: hold(100_000, 2_000_000),
        small: (1_000, hold(20_000, 40_000)),
    },
    Case {
        name: "W2=1ms",
        about: "hold, N = 1,000, 10^3 in flight, always 1 ms: equal times everywhere",
        nodes: 1_000,
        law: Law::Fixed,
        what: hold(1_000, 1_000_000),
        small: (1_000, hold(1_000, 20_000)),
    },
    Case {
        name: "W3",
        about: "eager multicast, N = 1,000, uniform 1 to 10 ms",
        nodes: 1_000,
        law: Law::Uniform,
        what: What::Eager,
        small: (200, What::Eager),
    },
    Case {
        name: "W4",
        about: "push gossip, N = 10^6, uniform 1 to 10 ms",
        nodes: 1_000_000,
        law: Law::Uniform,
        what: What::Gossip,
        small: (20_000, What::Gossip),
    },
];

const HOWS: [How; 5] = [
    How::Engine(1),
    How::Engine(2),
    How::Alone,
    How::Threads(1),
    How::Threads(2),
];

/// Runs every case in every way, round by round, and prints medians.
pub fn measure(rounds: usize, small: bool, only: &[String]) {
    let is_wanted = |case: &&Case| only.is_empty() || only.iter().any(|name| case.name == name);
    for case in CASES.iter().filter(is_wanted) {
        let mut case = *case;
        if small {
            (case.nodes, case.what) = case.small;
        }
        println!(
            "\n{}: {} (load {})\n\n{HEAD}",
            case.name,
            case.about,
            load()
        );
        let mut took = HOWS.map(|_| Vec::new());
        for _ in 0..rounds {
            for (how, took) in HOWS.iter().zip(&mut took) {
                took.push(case.run(*how, Look::Nothing));
            }
        }
        let told = took[0][0].told;
        let engine = HOWS[0].median_wall(&took[0]);
        for (how, took) in HOWS.iter().zip(&took) {
            let same = took.iter().all(|took| took.told == told);
            assert!(same, "{} on {} is another run", how.name(), case.name);
            how.row(took, engine);
        }
        case.stages(rounds.min(20));
        case.survey();
    }
    println!("\nload {}", load());
}

const HEAD: &str = "\
| who                 | wall ns | min | CPU ns | undisturbed | x stormglass |
|---------------------|--------:|----:|-------:|------------:|-------------:|";

impl How {
    /// A run that had its cores for itself, as far as one can tell: it got nearly all of their time.
    fn is_undisturbed(self, took: &Took) -> bool {
        let threads = match self {
            How::Engine(threads) | How::Threads(threads) => threads,
            How::Alone => 1,
        };
        took.cpu as f64 >= 0.9 * took.wall as f64 * threads as f64
    }

    /// Nanoseconds a delivery, of one run if there are several.
    fn wall(self, took: &Took) -> f64 {
        took.wall as f64 / (took.told.deliveries * self.runs()) as f64
    }

    /// Of the undisturbed runs, or of all if none was.
    fn median_wall(self, took: &[Took]) -> f64 {
        median_of(&self.best(took), |took| self.wall(took))
    }

    fn best(self, took: &[Took]) -> Vec<Took> {
        let quiet = took.iter().filter(|took| self.is_undisturbed(took));
        let quiet: Vec<Took> = quiet.cloned().collect();
        if quiet.is_empty() {
            took.to_vec()
        } else {
            quiet
        }
    }

    fn row(self, took: &[Took], engine: f64) {
        let quiet = took.iter().filter(|took| self.is_undisturbed(took)).count();
        let wall = self.median_wall(took);
        let cpu = |took: &Took| took.cpu as f64 / (took.told.deliveries * self.runs()) as f64;
        println!(
            "| {:<19} | {wall:>7.1} | {:>3.0} | {:>6.1} | {:>5} of {:>2} | {:>12.2} |",
            self.name(),
            took.iter()
                .map(|took| self.wall(took))
                .fold(f64::MAX, f64::min),
            median_of(&self.best(took), cpu),
            quiet,
            took.len(),
            engine / wall
        );
    }
}

impl Case {
    /// What the stages cost the first thread: CPU time, so that it does not matter who else wants the core.
    fn stages(self, rounds: usize) {
        for threads in [1, 2] {
            let run = |_| self.run(How::Threads(threads), Look::Stages);
            let took: Vec<Took> = (0..rounds).map(run).collect();
            let stage = |of: fn(&Stages) -> u64| {
                median_of(&took, |took| {
                    of(&took.stages) as f64 / took.told.deliveries as f64
                })
            };
            let [work, merge, exchange] = [
                stage(|stages| stages.work),
                stage(|stages| stages.merge),
                stage(|stages| stages.exchange),
            ];
            println!(
                "threads-{threads}: work {work:.1} + merge {merge:.1} + exchange {exchange:.1} = {:.1} ns",
                work + merge + exchange
            );
        }
    }

    fn survey(self) {
        let survey = self.run(How::Threads(1), Look::Survey).survey;
        let survey = survey.unwrap_or_default();
        let at_once = survey
            .largest
            .map(|most| survey.events as f64 / most as f64);
        println!(
            "{} windows of {:.1} events; with 1, 2, 4, 8, 16 parts {at_once:.1?} at once",
            survey.windows,
            survey.events as f64 / survey.windows as f64,
        );
    }
}

fn median_of(took: &[Took], of: impl Fn(&Took) -> f64) -> f64 {
    median(took.iter().map(of).collect())
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events, messages, their order and the most that was pending: all as in the engine, on any number of threads.
    #[test]
    fn is_the_very_run_of_the_engine() {
        let law = [
            Law::Exponential(0),
            Law::Exponential(1_000_000),
            Law::Fixed,
            Law::Uniform,
        ];
        for law in law {
            for (nodes, what) in [
                (1_000, hold(1_000, 4_000)),
                (50, hold(1_000, 4_000)),
                (100, What::Eager),
                (3_000, What::Gossip),
            ] {
                let case = Case {
                    name: "",
                    about: "",
                    nodes,
                    law,
                    what,
                    small: (nodes, what),
                };
                let expected = case.run(How::Engine(1), Look::Nothing).told;
                assert!(expected.deliveries > 3_000, "{case:?}");
                for how in [How::Alone].into_iter().chain((1..5).map(How::Threads)) {
                    assert_eq!(
                        case.run(how, Look::Nothing).told,
                        expected,
                        "{case:?} {how:?}"
                    );
                }
            }
        }
    }
}
