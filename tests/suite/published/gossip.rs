//! Published numbers of epidemics, found again by running.

use std::ops::Range;
use std::thread;

use protocols::gossip::{
    AntiEntropy, Comparing, Contact, Data, Decisions, Exchange, Fanout, Interest, Judging,
    Mongering, Push, Rounds, RumorMongering,
};
use protocols::link::Assumed;
use protocols::multicast::property::{Latency, Spread};
use protocols::multicast::{Cast, Multicast, Probabilistic};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{Finding, Quantity};
use sim_core::kernel::random::Delay;
use sim_core::sim::{Loss, Outcome, Setup, Sim};

use super::{compare, mean, seed_sets};

const PERIOD: Span = Span::from_secs(1);

/// How much a test may take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Suite {
    /// A share of the runs, with the tolerance that goes with them.
    Quick,
    /// All of them.
    Release,
}

impl Suite {
    /// So many runs of those that are published.
    const fn of(self, runs: u64) -> u64 {
        match self {
            Suite::Quick if runs > 20 => runs.div_ceil(50) + 14,
            Suite::Quick => 3,
            Suite::Release => runs,
        }
    }
}

/// The runs of these seeds, side by side on all processors.
fn runs<T: Send>(seeds: &Range<u64>, run: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let workers = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let mine = |first: u64| {
        let stride = usize::try_from(workers).expect("few processors");
        let own = seeds
            .clone()
            .skip(usize::try_from(first).expect("few"))
            .step_by(stride);
        own.map(&run).collect::<Vec<T>>()
    };
    thread::scope(|scope| {
        let hands: Vec<_> = (0..workers)
            .map(|first| scope.spawn(move || mine(first)))
            .collect();
        let done = hands
            .into_iter()
            .map(|hand| hand.join().expect("no run panics"));
        done.flatten().collect()
    })
}

/// The mean is the published one. All runs: within the tolerance; fewer: and three standard errors.
fn accept(suite: Suite, what: &str, published: f64, values: &[f64], tolerance: f64) {
    let (mean, error) = mean(values);
    let more = if suite == Suite::Release {
        0.0
    } else {
        3.0 * error
    };
    compare(what, published, mean, tolerance + more);
}

/// What came of one epidemic.
#[derive(Clone, Copy, Debug)]
struct Epidemic {
    residue: f64,
    traffic: f64,
    rounds: f64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a simulation, below 2^53"
)]
fn epidemic(outcome: &Outcome, nodes: u32) -> Epidemic {
    let Finding::Measured(measures) = &outcome.verdicts[0].finding else {
        panic!("it measures")
    };
    let of = |name| {
        let measure = measures.iter().find(|measure| measure.name == name);
        match measure.map(|measure| &measure.quantity) {
            Some(Quantity::Count(count)) => *count as f64,
            Some(Quantity::Ratio { part, whole }) => *part as f64 / *whole as f64,
            Some(Quantity::Times(_)) | None => 0.0,
        }
    };
    Epidemic {
        residue: of("residue"),
        traffic: outcome.counters.kinds.of("Data").net as f64 / f64::from(nodes),
        rounds: of("rounds"),
    }
}

/// One cast by somebody, on a network that takes so long, for at most so many rounds.
fn spread<P>(seed: u64, nodes: u32, delay: Span, rounds: u64, node: impl Fn(NodeId) -> P) -> Outcome
where
    P: Node<Offers = Multicast<u8, Probabilistic>>,
{
    let mut sim = Sim::new(cluster(seed, nodes, delay, rounds), node);
    sim.request(Span::ZERO, caster(seed, nodes), Cast(7));
    sim.watch(Box::new(Spread::new(nodes, Some(PERIOD))), Span::MAX);
    sim.run()
}

/// A network that takes so long, for at most so many rounds.
fn cluster(seed: u64, nodes: u32, delay: Span, rounds: u64) -> Setup {
    let mut setup = Setup::new(nodes, seed);
    setup.network.law.latency = Delay::Fixed(delay).sampler().expect("a law");
    setup.limits.at = PERIOD
        .saturating_mul(rounds)
        .saturating_add(Span::from_millis(900));
    setup
}

/// Somebody, another one with the next seed.
fn caster(seed: u64, nodes: u32) -> NodeId {
    NodeId(u32::try_from(seed % u64::from(nodes)).expect("below the number of nodes"))
}

const SITES: u32 = 1_000;

fn monger(seed: u64, mongering: Mongering, decisions: Decisions, rounds: u64) -> Epidemic {
    // Contacts at random moments of a round follow each other within microseconds: so quick are messages then.
    let delay = match decisions {
        Decisions::Snapshot => Span::from_millis(1),
        Decisions::Immediate | Decisions::Asynchronous => Span::from_nanos(1),
    };
    let node =
        |_| RumorMongering::new(mongering, Rounds::every(PERIOD, decisions)).over(Assumed::new());
    epidemic(&spread(seed, SITES, delay, rounds, node), SITES)
}

fn column(epidemics: &[Epidemic], of: impl Fn(&Epidemic) -> f64) -> Vec<f64> {
    epidemics.iter().map(of).collect()
}

const PUSH: Mongering = Mongering {
    contact: Contact::Push,
    judging: Judging::Feedback,
    interest: Interest::Reset,
    k: 1,
};

/// Reads a figure off an epidemic.
type Read = fn(&Epidemic) -> f64;

/// A row of a table: k, then residue, traffic and time of the last delivery with their tolerances.
type Row = (u32, [(f64, f64); 3]);

fn table(suite: Suite, title: &str, table: &[Row], mongering: Mongering) {
    for &(k, published) in table {
        for seeds in seed_sets(suite.of(1_000)) {
            let mongering = Mongering { k, ..mongering };
            let all = runs(&seeds, |seed| {
                monger(seed, mongering, Decisions::Snapshot, 1_000)
            });
            let columns: [(&str, Read); 3] = [
                ("residue", |one| one.residue),
                ("traffic", |one| one.traffic),
                ("t_last", |one| one.rounds),
            ];
            for ((name, of), (value, tolerance)) in columns.into_iter().zip(published) {
                let what = format!("{title}, k={k}: {name}");
                accept(suite, &what, value, &column(&all, of), tolerance);
            }
        }
    }
}

/// Demers et al. 1987, table 1: push, feedback, counter. The counter begins anew after a useful contact and decisions rest
/// on the state when the round began: only so does the table come out.
fn push_with_feedback_and_counter(suite: Suite) {
    let rows = [
        (1, [(0.18, 0.01), (1.7, 0.05), (16.8, 0.3)]),
        (2, [(0.037, 0.001), (3.3, 0.05), (16.9, 0.3)]),
        (3, [(0.011, 0.0007), (4.5, 0.05), (17.4, 0.3)]),
    ];
    table(suite, "push, feedback, counter", &rows, PUSH);
}

/// Demers et al. 1987, table 2: push, blind, coin.
fn push_blind_with_coin(suite: Suite) {
    let rows = [
        (1, [(0.96, 0.01), (0.04, 0.01), (38.0, 4.0)]),
        (2, [(0.20, 0.01), (1.6, 0.05), (33.0, 1.0)]),
        (3, [(0.060, 0.004), (2.8, 0.05), (32.0, 1.0)]),
    ];
    let mongering = Mongering {
        judging: Judging::Blind,
        interest: Interest::Coin,
        ..PUSH
    };
    table(suite, "push, blind, coin", &rows, mongering);
}

/// Demers et al. 1987, table 3, as far as its rules are known: to pull leaves far fewer out than to push, and the fewer the
/// longer a rumour is hot.
fn pulling_leaves_fewer_out(suite: Suite) {
    for seeds in seed_sets(suite.of(1_000)) {
        let residue = |contact, k| {
            let mongering = Mongering { contact, k, ..PUSH };
            let all = runs(&seeds, |seed| {
                monger(seed, mongering, Decisions::Snapshot, 60)
            });
            mean(&column(&all, |one| one.residue)).0
        };
        let pulled = [1, 2, 3].map(|k| {
            let (pushed, pulled) = (residue(Contact::Push, k), residue(Contact::Pull, k));
            compare(
                &format!("pull, feedback, counter, k={k}: residue"),
                0.0,
                pulled,
                pushed / 4.0,
            );
            pulled
        });
        assert!(
            pulled[1] <= pulled[0] / 2.0 && pulled[2] <= pulled[1],
            "{pulled:?}"
        );
    }
}

/// Demers et al. 1987: s = e^(-(k+1)(1-s)), m = (k+1)(1-s), from the differential equations of the rumour. They hold for
/// decisions at the moment of contact, and a coin or a counter that goes on.
fn residue_formula(suite: Suite) {
    let rows = [
        (1, 0.20319, 0.001, 1.594),
        (2, 0.05952, 0.0002, 2.821),
        (3, 0.01983, 0.0001, 3.921),
    ];
    for (interest, k, residue, digit, traffic) in [Interest::Coin, Interest::Accumulate]
        .into_iter()
        .flat_map(|interest| rows.map(|(k, s, digit, m)| (interest, k, s, digit, m)))
    {
        for seeds in seed_sets(suite.of(500)) {
            let mongering = Mongering {
                interest,
                k,
                ..PUSH
            };
            let all = runs(&seeds, |seed| {
                monger(seed, mongering, Decisions::Immediate, 1_000)
            });
            let what = format!("formula, {interest:?}, k={k}: ");
            for (name, value, digit, values) in [
                ("residue", residue, digit, column(&all, |one| one.residue)),
                ("traffic", traffic, 0.001, column(&all, |one| one.traffic)),
            ] {
                let (mean, error) = mean(&values);
                compare(&format!("{what}{name}"), value, mean, 3.0 * error + digit);
            }
        }
    }
}

/// Whole states, compared until everybody knows: rounds that takes, and copies a node until then.
fn until_all_know(seed: u64, nodes: u32, contact: Contact, rounds: u64) -> (f64, f64) {
    let comparing = Comparing {
        contact,
        exchange: Exchange::State,
        patience: None,
    };
    let all = |rounds| {
        let node = |_| {
            let rounds = Rounds::every(PERIOD, Decisions::Snapshot);
            AntiEntropy::new(comparing, rounds).over(Assumed::new())
        };
        let outcome = spread(seed, nodes, Span::from_millis(1), rounds, node);
        epidemic(&outcome, nodes)
    };
    let found = all(rounds);
    assert!(
        found.residue == 0.0,
        "{contact:?}, {nodes} nodes: {rounds} rounds are enough"
    );
    // Nobody can see that all know, so the run is cut off where it was so.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small whole number"
    )]
    let needed = found.rounds as u64;
    (found.rounds, all(needed).traffic)
}

/// Pittel 1987 and Doerr, Künnemann 2014 for push; Karp et al. 2000 and Doerr, Kostrygin 2017 for pull and push-pull.
fn rounds_until_all_know(suite: Suite) {
    let sizes: &[u32] = match suite {
        Suite::Quick => &[64, 256, 1_000],
        Suite::Release => &[64, 256, 1_000, 4_096, 16_384],
    };
    for seeds in seed_sets(suite.of(200)) {
        let mut offsets: [Vec<f64>; 3] = Default::default();
        let mut copies: [Vec<f64>; 3] = Default::default();
        for &nodes in sizes {
            let n = f64::from(nodes);
            let (log2, ln) = (n.log2(), n.ln());
            let formulas = [log2 + ln, log2 + ln.log2(), n.ln() / 3f64.ln() + ln.log2()];
            let contacts = [Contact::Push, Contact::Pull, Contact::PushPull];
            let mut means = [0.0; 3];
            for (place, contact) in contacts.into_iter().enumerate() {
                let found = runs(&seeds, |seed| until_all_know(seed, nodes, contact, 60));
                let (rounds, sent): (Vec<f64>, Vec<f64>) = found.into_iter().unzip();
                let (measured, error) = mean(&rounds);
                means[place] = measured;
                offsets[place].push(measured - formulas[place]);
                copies[place].push(mean(&sent).0);
                if contact == Contact::Push {
                    let (low, high) = (log2.floor() + ln - 1.116, log2.ceil() + ln + 2.765);
                    let what = format!("{contact:?}, {nodes} nodes: rounds");
                    let more = if suite == Suite::Release {
                        0.0
                    } else {
                        3.0 * error
                    };
                    compare(
                        &what,
                        f64::midpoint(low, high),
                        measured,
                        (high - low) / 2.0 + more,
                    );
                }
            }
            assert!(
                means[2] < means[1] && means[1] < means[0],
                "{nodes} nodes: {means:?}"
            );
        }
        for ((offsets, name), width) in offsets
            .iter()
            .zip(["push", "pull", "push-pull"])
            .zip([1.0, 0.5, 0.5])
        {
            let (low, high) = offsets
                .iter()
                .fold((f64::MAX, f64::MIN), |(low, high), offset| {
                    (low.min(*offset), high.max(*offset))
                });
            // The means of few runs are less sure than that.
            let width = if suite == Suite::Release {
                width
            } else {
                2.0 * width
            };
            compare(
                &format!("{name}: width of the band, all n"),
                0.0,
                high - low,
                width,
            );
        }
        // Copies a node: about log n for push, log log n for push-pull.
        let growth = |copies: &[f64]| copies[copies.len() - 1] - copies[0];
        let [push, _, both] = copies.each_ref().map(|copies| growth(copies));
        compare("push-pull: growth of copies a node", 0.0, both, push / 2.0);
    }
}

/// The time until all know without common rounds, in periods: with k who know it takes (n-1)/(k(n-k)) of one on average
/// until somebody pushes to one who does not, which makes 2(n-1)/n H(n-1) in all; half of that if they pull as well.
fn time_until_all_know(suite: Suite) {
    let sizes: &[u32] = match suite {
        Suite::Quick => &[64, 256, 1_000],
        Suite::Release => &[64, 256, 1_000, 4_096],
    };
    for (&nodes, (contact, share)) in sizes
        .iter()
        .flat_map(|nodes| [(Contact::Push, 1.0), (Contact::PushPull, 0.5)].map(|row| (nodes, row)))
    {
        let harmonic = (1..nodes).map(|k| 1.0 / f64::from(k)).sum::<f64>();
        let published = share * 2.0 * f64::from(nodes - 1) / f64::from(nodes) * harmonic;
        for seeds in seed_sets(suite.of(200)) {
            let times = runs(&seeds, |seed| asynchronous(seed, nodes, contact));
            let (mean, error) = mean(&times);
            let what = format!("{contact:?}, {nodes} nodes, asynchronous: time");
            compare(&what, published, mean, 3.0 * error + 0.01);
        }
    }
}

/// When the last one hears, in periods, if each makes contacts at times of its own.
fn asynchronous(seed: u64, nodes: u32, contact: Contact) -> f64 {
    let comparing = Comparing {
        contact,
        exchange: Exchange::State,
        patience: None,
    };
    // Messages take no time against the pauses between contacts.
    let setup = cluster(seed, nodes, Span::from_nanos(1), 40);
    let mut sim = Sim::new(setup, |_| {
        let rounds = Rounds::every(PERIOD, Decisions::Asynchronous);
        AntiEntropy::new(comparing, rounds).over(Assumed::new())
    });
    sim.request(Span::ZERO, caster(seed, nodes), Cast(7_u8));
    sim.watch(Box::new(Latency::new(nodes)), Span::MAX);
    let outcome = sim.run();
    let Finding::Measured(measures) = &outcome.verdicts[0].finding else {
        panic!("it measures")
    };
    let Quantity::Times(times) = &measures[0].quantity else {
        panic!("it measures times")
    };
    assert_eq!(times.count(), u64::from(nodes - 1), "all know in the end");
    let last = times.max().expect("somebody else hears");
    #[expect(clippy::cast_precision_loss, reason = "a time of a minute at most")]
    let periods = last.as_nanos() as f64 / PERIOD.as_nanos() as f64;
    periods
}

/// Demers et al. 1987: who is still susceptible after one more round of anti-entropy, if one in ten was before.
fn one_round_of_anti_entropy(suite: Suite) {
    const NODES: u32 = 100_000;
    let p = 0.1_f64;
    let known = Data {
        id: MsgId {
            origin: NodeId(NODES - 1),
            seq: 0,
        },
        payload: 7_u8,
    };
    let rows = [
        (Contact::Pull, p * p),
        (Contact::Push, p * (p - 1.0).exp()),
        (Contact::PushPull, p * p * (p - 1.0).exp()),
    ];
    for (contact, published) in rows {
        for seeds in seed_sets(suite.of(20)) {
            let left = runs(&seeds, |seed| {
                let comparing = Comparing {
                    contact,
                    exchange: Exchange::State,
                    patience: None,
                };
                let node = |id: NodeId| {
                    let rounds = Rounds::every(PERIOD, Decisions::Snapshot);
                    let node = AntiEntropy::new(comparing, rounds);
                    let susceptible = id.0 < NODES / 10;
                    let node = if susceptible {
                        node
                    } else {
                        node.knowing(known.clone())
                    };
                    node.over(Assumed::new())
                };
                let mut setup = Setup::new(NODES, seed);
                setup.limits.at = Span::from_millis(1_900);
                let delivered = Sim::new(setup, node).run().counters.indications;
                (f64::from(NODES / 10) - f64::from(u32::try_from(delivered).expect("few")))
                    / f64::from(NODES)
            });
            let (mean, error) = mean(&left);
            compare(
                &format!("anti-entropy, {contact:?}, one round"),
                published,
                mean,
                0.02 * published + 3.0 * error,
            );
        }
    }
}

/// How many of a thousand one push gossip reaches, and with how many messages.
fn reached(seed: u64, fanout: Fanout, loss: &str) -> (u32, u64) {
    let mut setup = Setup::new(SITES, seed);
    setup.network.law.loss = Loss::Bernoulli(Probability::parse(loss).expect("a probability"));
    let mut sim = Sim::new(setup, |_| Push::<u8>::new(fanout).over(Assumed::new()));
    sim.request(Span::ZERO, caster(seed, SITES), Cast(7));
    let counters = sim.run().counters;
    let reached = u32::try_from(counters.indications).expect("at most a thousand");
    (reached, counters.messages)
}

/// The share of runs in which everybody is reached.
fn atomic(suite: Suite, what: &str, published: f64, fanout: Fanout, loss: &str) {
    for seeds in seed_sets(suite.of(3_000)) {
        let all = runs(&seeds, |seed| {
            f64::from(reached(seed, fanout, loss).0 == SITES)
        });
        #[expect(clippy::cast_precision_loss, reason = "a number of runs")]
        let sigma = (published * (1.0 - published) / all.len() as f64).sqrt();
        compare(what, published, mean(&all).0, 0.012 + 3.0 * sigma);
    }
}

/// Kermarrec, Massoulié, Ganesh 2003: the threshold of Erdős and Rényi for a random fanout of mean ln n + c, the same for a
/// fixed one, and for one of which the network takes a share.
fn atomicity_has_a_threshold(suite: Suite) {
    let random = [
        (-1, 0.0660),
        (0, 0.3679),
        (1, 0.6922),
        (2, 0.8734),
        (3, 0.9514),
        (4, 0.9819),
    ];
    for (c, published) in random {
        let mean = f64::from(SITES).ln() + f64::from(c);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small number"
        )]
        let fanout = Fanout::Mean((mean * 1e6).round() as u32);
        atomic(
            suite,
            &format!("atomic, mean ln n {c:+}"),
            published,
            fanout,
            "0",
        );
    }
    let fixed = [
        (6, 0.0879),
        (7, 0.4111),
        (8, 0.7229),
        (9, 0.8884),
        (10, 0.9578),
        (11, 0.9844),
    ];
    for (fanout, published) in fixed {
        atomic(
            suite,
            &format!("atomic, fanout {fanout}"),
            published,
            Fanout::Fixed(fanout),
            "0",
        );
    }
    for (loss, published) in [("0.1", 0.8884), ("0.2", 0.7229), ("0.3", 0.4111)] {
        atomic(
            suite,
            &format!("atomic, fanout 10, loss {loss}"),
            published,
            Fanout::Fixed(10),
            loss,
        );
    }
}

/// The share that is reached: pi = 1 - e^(-f pi); f messages for each of them.
fn share_that_is_reached(suite: Suite) {
    for (fanout, published) in [
        (2, 0.7968),
        (3, 0.9405),
        (4, 0.9802),
        (5, 0.9930),
        (6, 0.9975),
    ] {
        for seeds in seed_sets(suite.of(300)) {
            let shares = runs(&seeds, |seed| {
                let (reached, messages) = reached(seed, Fanout::Fixed(fanout), "0");
                assert_eq!(messages, u64::from(reached * fanout), "f for each");
                f64::from(reached) / f64::from(SITES)
            });
            accept(
                suite,
                &format!("reached, fanout {fanout}"),
                published,
                &shares,
                0.003,
            );
        }
    }
}

/// Each with fewer runs in the default suite, and with all of them in the release suite.
macro_rules! published {
    ($($quick:ident, $whole:ident: $check:ident;)+) => {$(
        #[test]
        fn $quick() {
            $check(Suite::Quick);
        }

        #[test]
        #[ignore = "release suite: all the runs that are published"]
        fn $whole() {
            $check(Suite::Release);
        }
    )+};
}

published! {
    published_push_feedback_counter, published_push_feedback_counter_in_all_runs: push_with_feedback_and_counter;
    published_push_blind_coin, published_push_blind_coin_in_all_runs: push_blind_with_coin;
    published_pull_feedback_counter, published_pull_feedback_counter_in_all_runs: pulling_leaves_fewer_out;
    published_residue_formula, published_residue_formula_in_all_runs: residue_formula;
    published_rounds, published_rounds_in_all_runs: rounds_until_all_know;
    published_asynchronous_time, published_asynchronous_time_in_all_runs: time_until_all_know;
    published_anti_entropy_round, published_anti_entropy_round_in_all_runs: one_round_of_anti_entropy;
    published_fanout_threshold, published_fanout_threshold_in_all_runs: atomicity_has_a_threshold;
    published_share_reached, published_share_reached_in_all_runs: share_that_is_reached;
}
