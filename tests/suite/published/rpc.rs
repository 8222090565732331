//! Remote calls and the servers behind them: what queueing theory, Dean and Barroso, Brooker, and the book on site reliability say.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use protocols::rpc::{
    Backoff, Balance, Behind, Both, Call, Client, Counter, CounterRequest, Fan, Hedge, Jitter, Key,
    KeyValue, KeyValueRequest, Keys, Outcome, Policy, Progress, Rpc, Server, Service, Storage,
    Terms, Then,
};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::random::{Delay, Sampler};
use sim_core::kernel::text::Text;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Every, Job, Loss, Outcome as Run, Repeat, Setup, Sim};

use super::{compare, mean, seed_sets, show};

type Services = Both<Counter, KeyValue>;
type Request = <Services as Service>::Request;
type Process = Either<Client<Services, FairLoss>, Server<Services, FairLoss>>;

const READ: Request = Either::Left(CounterRequest::Read);
const ADD: Request = Either::Left(CounterRequest::Add(1));

/// The unit of time of the books.
const UNIT: Span = Span::from_millis(1);

fn units(span: Span) -> f64 {
    float(span.as_nanos()) / float(UNIT.as_nanos())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and times of a run, far below 2^53"
)]
fn float(number: u64) -> f64 {
    number as f64
}

fn law(law: Delay) -> Sampler {
    law.sampler().expect("a law")
}

fn exponential(mean: Span) -> Sampler {
    law(Delay::Exponential {
        mean,
        min: Span::ZERO,
        max: None,
    })
}

fn empirical(values: Vec<Span>) -> Sampler {
    law(Delay::Empirical(values.into()))
}

/// How each call ended, and how often it was carried out.
#[derive(Clone, Debug, Default)]
struct Calls {
    begun: BTreeMap<Key, SimTime>,
    /// Of calls that succeeded, in the order of their ends: how long they took.
    times: Vec<Span>,
    attempts: BTreeMap<Key, (bool, u32)>,
    executions: BTreeMap<Key, u32>,
    /// Only times are kept, for long runs.
    only_times: bool,
    ended: u64,
    refused: u64,
    last_end: SimTime,
}

#[derive(Clone, Default)]
struct Watch(Rc<RefCell<Calls>>);

impl Property<Rpc<Services>> for Watch {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<Services>>) -> Result<(), Violation> {
        let mut calls = self.0.borrow_mut();
        match fact {
            Fact::Indicated(_, Either::Left(Progress::Begun { key, .. })) => {
                calls.begun.insert(*key, moment.at);
            }
            Fact::Indicated(
                _,
                Either::Left(Progress::Ended {
                    key,
                    outcome,
                    attempts,
                }),
            ) => {
                let begun = calls.begun.remove(key).expect("it has begun");
                let succeeded = matches!(outcome, Outcome::Success(_));
                calls.ended += 1;
                calls.last_end = moment.at;
                calls.refused += u64::from(matches!(outcome, Outcome::Refused));
                if succeeded {
                    calls.times.push(moment.at.since(begun));
                }
                if !calls.only_times {
                    calls.attempts.insert(*key, (succeeded, *attempts));
                }
            }
            Fact::Indicated(_, Either::Right(executed)) if !calls.only_times => {
                *calls.executions.entry(executed.key).or_insert(0) += 1;
            }
            _ => (),
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        Finding::NotExercised
    }
}

/// A cluster: tiers of servers from process 0 on, then clients.
struct Cluster {
    seed: u64,
    tiers: Vec<u32>,
    clients: u32,
    policy: Policy,
    fan: Fan,
    server: Terms,
    keys: Option<Keys>,
    latency: Delay,
    loss: f64,
}

/// A server that takes no time.
fn at_once() -> Terms {
    Terms {
        threads: None,
        cores: 1,
        queue: u32::MAX,
        cpu: None,
        io: None,
    }
}

fn threads(threads: u32, cpu: Sampler) -> Terms {
    Terms {
        threads: Some(threads),
        cores: threads,
        cpu: Some(cpu),
        ..at_once()
    }
}

/// One client that waits as long as it takes, one server, no delay.
fn cluster(seed: u64, server: Terms) -> Cluster {
    Cluster {
        seed,
        tiers: vec![1],
        clients: 1,
        policy: Policy::retrying(Span::from_secs(1_000_000), 0),
        fan: Fan::One,
        server,
        keys: None,
        latency: Delay::Fixed(Span::ZERO),
        loss: 0.0,
    }
}

impl Cluster {
    fn servers(&self) -> u32 {
        self.tiers.iter().sum()
    }

    /// Lets every client ask, and runs until all is quiet.
    fn run(&self, every: Option<Repeat>, request: &Request, only_times: bool) -> (Calls, Run) {
        let mut setup = Setup::new(self.servers() + self.clients, self.seed);
        setup.network.law.latency = law(self.latency.clone());
        if self.loss > 0.0 {
            let loss = Probability::from_f64(self.loss).expect("a probability");
            setup.network.law.loss = Loss::Bernoulli(loss);
        }
        setup.limits.at = Span::MAX;
        setup.limits.events = u64::MAX;
        let mut sim: Sim<'_, Process> = Sim::new(setup, |node| self.process(node));
        let watch = Watch::default();
        watch.0.borrow_mut().only_times = only_times;
        sim.watch(Box::new(watch.clone()), Span::ZERO);
        let clients = (self.servers()..self.servers() + self.clients).map(NodeId);
        sim.job(Job {
            at: Span::ZERO,
            repeat: every,
            nodes: clients.collect(),
            request: Either::Left(Call(request.clone())),
            again: |request, _| request.clone(),
        });
        let run = sim.run();
        let calls = watch.0.borrow().clone();
        (calls, run)
    }

    fn process(&self, node: NodeId) -> Process {
        let mut first = 0;
        let tiers: Vec<Vec<NodeId>> = self
            .tiers
            .iter()
            .map(|count| {
                first += count;
                (first - count..first).map(NodeId).collect()
            })
            .collect();
        let Some(place) = tiers.iter().position(|tier| tier.contains(&node)) else {
            return Either::Left(Client::new(self.policy.clone(), tiers[0].clone()));
        };
        let server = |terms: Terms| Server::new(terms, self.keys, Storage::Durable);
        let server = match tiers.get(place + 1).cloned() {
            None => server(self.server.clone()),
            Some(servers) => server(at_once()).in_front_of(Behind {
                servers,
                fan: self.fan,
                policy: self.policy.clone(),
            }),
        };
        let in_front = place.checked_sub(1).map(|place| tiers[place].clone());
        Either::Right(server.behind(in_front.unwrap_or_default()))
    }
}

fn often(every: Every, count: u64) -> Option<Repeat> {
    Some(Repeat {
        every,
        until: Span::MAX,
        count,
    })
}

fn within_three_errors(case: &str, values: &[f64], published: f64, last_digit: f64) {
    let (mean, error) = mean(values);
    compare(case, published, mean, 3.0 * error + last_digit);
}

/// Three attempts over a network that loses every tenth message, and a server that knows no keys.
#[test]
fn published_retries_over_a_lossy_network() {
    for seeds in seed_sets(1) {
        let policy = Policy {
            backoff: Backoff {
                jitter: Jitter::None,
                ..Backoff::exponential(UNIT, UNIT)
            },
            ..Policy::retrying(Span::from_millis(10), 2)
        };
        let lossy = |policy: Policy, keys| Cluster {
            policy,
            keys,
            latency: Delay::Fixed(UNIT),
            loss: 0.1,
            ..cluster(seeds.start, at_once())
        };
        let every = || often(Every::Period(Span::from_millis(50)), 20_000);
        let (calls, _) = lossy(policy.clone(), None).run(every(), &ADD, false);
        let case = |what: &str| format!("3 attempts, loss 0.1: {what}, seeds {seeds:?}");
        let per_call = |read: &dyn Fn(&Key, bool, u32) -> f64| -> Vec<f64> {
            let all = calls.attempts.iter();
            all.map(|(key, (succeeded, attempts))| read(key, *succeeded, *attempts))
                .collect()
        };
        let executed = |key: &Key| calls.executions.get(key).copied().unwrap_or(0);
        let share = |is: bool| f64::from(u32::from(is));
        let of = |what: &str, values: Vec<f64>, published| {
            within_three_errors(&case(what), &values, published, 0.00005);
        };
        of("success", per_call(&|_, ok, _| share(ok)), 0.99314);
        of("attempts", per_call(&|_, _, n| n.into()), 1.22610);
        of(
            "executions",
            per_call(&|key, _, _| executed(key).into()),
            1.1035,
        );
        of(
            "applied twice",
            per_call(&|key, _, _| share(executed(key) > 1)),
            0.0972,
        );
        let unseen = per_call(&|key, ok, _| share(!ok && executed(key) > 0));
        of("executed, but not seen", unseen, 0.00586);

        let patient = Policy {
            retries: u32::MAX,
            ..policy
        };
        let (calls, _) = lossy(patient.clone(), None).run(every(), &ADD, false);
        let twice: Vec<f64> = calls.executions.values().map(|n| share(*n > 1)).collect();
        let what = format!("patient, no keys: applied twice, seeds {seeds:?}");
        within_three_errors(&what, &twice, 0.1, 0.00005);

        let keys = Keys {
            ttl: Span::from_secs(60),
            most: 16,
            then: Then::Expire,
        };
        let (calls, _) = lossy(patient, Some(keys)).run(every(), &ADD, false);
        assert_eq!(calls.executions.len(), 20_000);
        assert!(calls.executions.values().all(|times| *times == 1));
    }
}

/// The response times of a server, in units, without the first tenth.
fn response_times(seed: u64, server: Terms, gap: Sampler, calls: u64) -> Vec<f64> {
    let server = cluster(seed, server);
    let every = often(
        Every::Drawn {
            law: gap,
            stream: 1,
        },
        calls,
    );
    let (calls, _) = server.run(every, &READ, true);
    let warm_up = calls.times.len() / 10;
    calls.times[warm_up..]
        .iter()
        .map(|span| units(*span))
        .collect()
}

/// Time between two calls at this load of `servers` servers that take a unit each.
fn gap(load_percent: u64, servers: u64) -> Sampler {
    exponential(Span::from_nanos(
        UNIT.as_nanos() * 100 / (load_percent * servers),
    ))
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / float(values.len() as u64)
}

/// M/M/1. The standard error of the mean wait over n calls is that of Whitt 1989.
fn one_server(part: u64) {
    show("server", "published", "measured", "tolerance");
    for (load, calls, response, p99) in [
        (50, 650_000, 2.0, 9.21),
        (80, 2_800_000, 5.0, 23.03),
        (90, 10_000_000, 10.0, 46.05),
    ] {
        for seeds in seed_sets(1) {
            let calls = calls / part;
            let service = exponential(UNIT);
            let mut times = response_times(seeds.start, threads(1, service), gap(load, 1), calls);
            let rho = float(load) / 100.0;
            let rest = 1.0 - rho;
            let variance = rho * (2.0 + 5.0 * rho - 4.0 * rho * rho + rho * rho * rho);
            let error = (variance / (rest * rest * rest * rest) / float(calls)).sqrt();
            let tolerance = if part == 1 {
                0.02 * response
            } else {
                6.0 * error
            };
            let case = format!("M/M/1, load 0.{load}: W, seeds {seeds:?}");
            compare(&case, response, average(&times), tolerance);
            times.sort_by(f64::total_cmp);
            let at = times.len() - times.len() / 100;
            let case = format!("M/M/1, load 0.{load}: p99, seeds {seeds:?}");
            let tolerance = if part == 1 {
                0.04 * p99
            } else {
                4.0 * 6.0 * error
            };
            compare(&case, p99, times[at], tolerance);
        }
    }
}

#[test]
fn published_response_times_of_one_server() {
    one_server(50);
}

#[test]
#[ignore = "release suite: 27 million calls"]
fn published_response_times_of_one_server_in_all_calls() {
    one_server(1);
}

/// M/M/c, M/D/1, M/G/1: the wait is the response without the service.
fn many_servers(part: u64) {
    let fixed = || law(Delay::Fixed(UNIT));
    let bursty = || {
        let zero = Span::ZERO;
        empirical(vec![zero, zero, zero, zero, Span::from_millis(5)])
    };
    let service = || exponential(UNIT);
    let rows: [(&str, Terms, Sampler, u64, f64); 6] = [
        (
            "M/M/2, load 0.8",
            threads(2, service()),
            gap(80, 2),
            3_000_000,
            1.778,
        ),
        (
            "M/M/4, load 0.8",
            threads(4, service()),
            gap(80, 4),
            4_000_000,
            0.7455,
        ),
        (
            "M/M/8, load 0.8",
            threads(8, service()),
            gap(80, 8),
            6_000_000,
            0.2860,
        ),
        (
            "M/M/8, load 0.9",
            threads(8, service()),
            gap(90, 8),
            10_000_000,
            0.8769,
        ),
        (
            "M/D/1, load 0.8",
            threads(1, fixed()),
            gap(80, 1),
            2_000_000,
            2.0,
        ),
        (
            "M/G/1, scv 4, load 0.8",
            threads(1, bursty()),
            gap(80, 1),
            10_000_000,
            10.0,
        ),
    ];
    for (name, server, gap, calls, wait) in rows {
        for seeds in seed_sets(1) {
            let calls = calls / part;
            let times = response_times(seeds.start, server.clone(), gap.clone(), calls);
            // Means of a hundred stretches tell how far the mean may be off, though neighbours are alike.
            let stretch = times.len() / 100;
            let means: Vec<f64> = times.chunks_exact(stretch).map(average).collect();
            let (response, error) = mean(&means);
            let errors = if part == 1 { 3.0 } else { 6.0 };
            let case = format!("{name}: Wq, seeds {seeds:?}");
            compare(&case, wait, response - 1.0, errors * error + 0.00005);
        }
    }
}

#[test]
fn published_waits_of_many_servers() {
    many_servers(50);
}

#[test]
#[ignore = "release suite: 70 million calls"]
fn published_waits_of_many_servers_in_all_calls() {
    many_servers(1);
}

/// M/M/1/K and Erlang's B: the share of calls that find no room.
fn lost(name: &str, server: Terms, gap: Sampler, calls: u64, published: f64) {
    for seeds in seed_sets(1) {
        let every = often(
            Every::Drawn {
                law: gap.clone(),
                stream: 1,
            },
            calls,
        );
        let (seen, _) = cluster(seeds.start, server.clone()).run(every, &READ, true);
        let share = float(seen.refused) / float(seen.ended);
        // Calls that find no room come in runs: a hundred of them are worth one or two tens.
        let error = (published * (1.0 - published) / float(calls) * 10.0).sqrt();
        let case = format!("{name}: lost, seeds {seeds:?}");
        compare(&case, published, share, 3.0 * error + 0.00005);
    }
}

#[test]
fn published_losses_of_full_servers() {
    let with_queue = |threads_: u32, queue| Terms {
        queue,
        ..threads(threads_, exponential(UNIT))
    };
    lost(
        "M/M/1/5, load 0.8",
        with_queue(1, 4),
        gap(80, 1),
        200_000,
        0.0888,
    );
    lost(
        "M/M/1/10, load 1.2",
        with_queue(1, 9),
        gap(120, 1),
        200_000,
        0.1926,
    );
    lost(
        "Erlang B(4, 3)",
        with_queue(4, 0),
        gap(300, 1),
        200_000,
        0.2061,
    );
}

/// What a server can do at most, with 1 unit on a core and 9 of waiting a call.
#[test]
fn published_throughput_of_server_architectures() {
    let server = |threads: Option<u32>, cores| Terms {
        threads,
        cores,
        cpu: Some(law(Delay::Fixed(UNIT))),
        io: Some(law(Delay::Fixed(Span::from_millis(9)))),
        ..at_once()
    };
    for (name, server, published) in [
        ("one thread", server(Some(1), 1), 0.1),
        ("4 threads, one core", server(Some(4), 1), 0.4),
        ("20 threads, one core", server(Some(20), 1), 1.0),
        ("20 threads, 4 cores", server(Some(20), 4), 2.0),
        ("an event loop", server(None, 1), 1.0),
    ] {
        let every = often(Every::Period(Span::from_nanos(1)), 2_000);
        let (calls, _) = cluster(1, server).run(every, &READ, true);
        let throughput = 2_000.0 / units(calls.last_end.since(SimTime::ZERO));
        compare(
            &format!("{name}: calls a unit"),
            published,
            throughput,
            0.01 * published,
        );
    }
}

/// The response times of calls that ask `parts` servers at once, each of which takes a time of this law.
fn fanned_out(seed: u64, parts: u32, law: Sampler, calls: u64) -> (Vec<f64>, Run) {
    let server = Terms {
        io: Some(law),
        ..at_once()
    };
    let cluster = Cluster {
        tiers: vec![1, parts],
        fan: Fan::Parallel,
        ..cluster(seed, server)
    };
    let every = often(Every::Period(Span::from_secs(1)), calls);
    let (calls, run) = cluster.run(every, &READ, true);
    (calls.times.iter().map(|span| units(*span)).collect(), run)
}

/// Dean and Barroso 2013: some part of a call is slow.
fn fan_outs(part: u64) {
    let one_slow_of = |count: usize| {
        let mut times = vec![Span::from_micros(1); count];
        times[0] = UNIT;
        empirical(times)
    };
    for seeds in seed_sets(1) {
        for (parts, slow, calls, published) in
            [(100, 100, 20_000, 0.634), (2_000, 10_000, 5_000, 0.181)]
        {
            let (times, _) = fanned_out(seeds.start, parts, one_slow_of(slow), calls / part);
            let slow: Vec<f64> = times
                .iter()
                .map(|time| f64::from(u32::from(*time >= 1.0)))
                .collect();
            let case = format!("1 of {parts} parts is slow, seeds {seeds:?}");
            within_three_errors(&case, &slow, published, 0.0005);
        }
        let harmonic: f64 = (1..=100).map(|k| 1.0 / f64::from(k)).sum();
        let (times, _) = fanned_out(seeds.start, 100, exponential(UNIT), 20_000 / part);
        let case = format!("the slowest of 100 parts, seeds {seeds:?}");
        within_three_errors(&case, &times, harmonic, 0.00005);
    }
}

#[test]
fn published_fan_outs() {
    fan_outs(20);
}

#[test]
#[ignore = "release suite: 30 million messages"]
fn published_fan_outs_in_all_calls() {
    fan_outs(1);
}

/// A reply takes 1, and one in a hundred 100; after 2 another server is asked.
#[test]
fn published_hedged_requests() {
    let mut times = vec![UNIT; 100];
    times[0] = Span::from_millis(100);
    let server = Terms {
        io: Some(empirical(times)),
        ..at_once()
    };
    for seeds in seed_sets(1) {
        let hedge = Hedge {
            after: Span::from_millis(2),
            cancels: false,
        };
        let hedged = Cluster {
            tiers: vec![2],
            policy: Policy {
                hedge: Some(hedge),
                balance: Balance::RoundRobin,
                ..Policy::retrying(Span::from_secs(10), 0)
            },
            ..cluster(seeds.start, server.clone())
        };
        let every = often(Every::Period(Span::from_secs(1)), 100_000);
        let (calls, _) = hedged.run(every, &READ, false);
        let times: Vec<f64> = calls.times.iter().map(|span| units(*span)).collect();
        let slow: Vec<f64> = times
            .iter()
            .map(|time| f64::from(u32::from(*time >= 100.0)))
            .collect();
        let sent: Vec<f64> = calls
            .attempts
            .values()
            .map(|(_, attempts)| f64::from(*attempts))
            .collect();
        let case = |what: &str| format!("hedged after 2: {what}, seeds {seeds:?}");
        within_three_errors(&case("as slow as 100"), &slow, 0.0001, 0.000_05);
        within_three_errors(&case("requests a call"), &sent, 1.01, 0.000_5);
        within_three_errors(&case("mean"), &times, 1.0297, 0.000_05);
    }
}

/// Brooker 2015: `clients` write one register at once. Compare-and-set requests, and the time until all are done in ms.
fn contention(seed: u64, clients: u32, backoff: Backoff) -> (f64, f64) {
    let herd = Cluster {
        clients,
        policy: Policy {
            backoff,
            ..Policy::retrying(Span::from_secs(1_000_000), 0)
        },
        latency: Delay::Normal {
            mean: Span::from_millis(10),
            sd: Span::from_millis(2),
            min: Span::ZERO,
            max: None,
        },
        ..cluster(seed, at_once())
    };
    let (row, value) = (Text::from("row"), Text::from("mine"));
    let update = Either::Right(KeyValueRequest::Update(row, value));
    let (calls, _) = herd.run(None, &update, false);
    // Every write follows a read.
    assert_eq!(calls.ended % 2, 0);
    (
        float(calls.ended / 2),
        units(calls.last_end.since(SimTime::ZERO)),
    )
}

#[test]
fn published_contention_with_backoff_and_jitter() {
    let most = Span::from_secs(2);
    // The published model begins with the second of the doubled waits.
    let doubling = |jitter| Backoff {
        jitter,
        ..Backoff::exponential(Span::from_millis(10), most)
    };
    let none = Backoff {
        jitter: Jitter::None,
        ..Backoff::exponential(Span::ZERO, Span::ZERO)
    };
    let decorrelated = Backoff {
        jitter: Jitter::Decorrelated,
        ..Backoff::exponential(Span::from_millis(5), most)
    };
    let rows = [
        ("none", none, [(10, 51.0, 379.0), (100, 2420.0, 2027.0)]),
        (
            "no jitter",
            doubling(Jitter::None),
            [(10, 51.0, 3352.0), (100, 1858.0, 64_249.0)],
        ),
        (
            "decorrelated",
            decorrelated,
            [(10, 38.0, 449.0), (100, 1003.0, 4578.0)],
        ),
        (
            "equal",
            doubling(Jitter::Equal),
            [(10, 43.0, 727.0), (100, 813.0, 6715.0)],
        ),
        (
            "full",
            doubling(Jitter::Full),
            [(10, 39.0, 454.0), (100, 795.0, 4807.0)],
        ),
    ];
    for seeds in seed_sets(30) {
        let mut calls_of = BTreeMap::new();
        for (name, backoff, published) in rows {
            for (clients, calls, time) in published {
                let runs = seeds.clone().map(|seed| contention(seed, clients, backoff));
                let (made, took): (Vec<f64>, Vec<f64>) = runs.unzip();
                let case =
                    |what: &str| format!("{clients} clients, {name}: {what}, seeds {seeds:?}");
                let (measured, error) = mean(&made);
                let tolerance = if clients == 100 {
                    0.02 * calls
                } else {
                    3.0 * error + 1.0
                };
                compare(&case("calls"), calls, measured, tolerance);
                compare(&case("ms"), time, mean(&took).0, 0.15 * time);
                calls_of.insert((name, clients), measured);
            }
        }
        // What the article concludes.
        let calls = |name| calls_of[&(name, 100)];
        assert!(
            calls("equal") * 2.0 < calls("no jitter") && calls("full") * 2.0 < calls("no jitter")
        );
        assert!(
            ["equal", "full", "decorrelated"]
                .iter()
                .all(|name| calls(name) * 2.0 < calls("none"))
        );
    }
}

/// Four attempts at each of three layers, and a last server that refuses everything (Beyer et al. 2016, ch. 22).
#[test]
fn published_amplification_of_retries_in_layers() {
    let refuses = Terms {
        queue: 0,
        ..at_once()
    };
    let chain = Cluster {
        tiers: vec![1, 1, 1],
        policy: Policy::retrying(Span::from_secs(1_000), 3),
        ..cluster(1, refuses)
    };
    let (calls, run) = chain.run(None, &ADD, false);
    assert_eq!(calls.refused, 1);
    let requests = float(run.counters.kinds.of("Request").net);
    compare(
        "4 attempts, 3 layers: at the last",
        64.0,
        requests - 4.0 - 16.0,
        0.0,
    );
}
