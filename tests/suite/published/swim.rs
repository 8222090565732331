//! Published numbers of SWIM (Das, Gupta, Motivala 2002; Gupta, Chandra, Goldszmidt 2001): how soon a crash is found, how
//! often a live member is wronged, and what it costs.

use std::cell::Cell;
use std::rc::Rc;

use protocols::detector::{Detector, EventuallyAccurate, Opinion};
use protocols::gossip::swim::{Message, Order, Refuting, Settings, Swim, Timer};
use protocols::link::Assumed;
use sim_core::kernel::env::Choices;
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::random::{Key, Purpose};
use sim_core::kernel::rig::Rig;
use sim_core::kernel::time::SimTime;
use sim_core::sim::{Fault, Loss, Setup, Sim, Trigger};

use super::{compare, show};

const PERIOD: Span = Span::from_millis(100);

const SETTINGS: Settings = Settings {
    period: PERIOD,
    timeout: Span::from_millis(20),
    proxies: 0,
    order: Order::Random,
    suspicion: Span::ZERO,
    refuting: Refuting::On,
    lambda: 0,
    carried: 0,
    reconnect: Span::ZERO,
};

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
const fn real(count: u64) -> f64 {
    count as f64
}

/// When somebody was suspected for the first time.
#[derive(Clone, Debug, Default)]
struct First(Rc<Cell<Option<SimTime>>>);

impl Property<Detector<EventuallyAccurate>> for First {
    fn see(
        &mut self,
        moment: Moment,
        fact: &Fact<'_, Detector<EventuallyAccurate>>,
    ) -> Result<(), Violation> {
        if let Fact::Indicated(_, Opinion::Suspect(_)) = fact {
            self.0.set(self.0.get().or(Some(moment.at)));
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        Finding::NotExercised
    }
}

/// In which period after its crash, at the start of one, a member is found to have failed; periods are aligned.
fn found_in(seed: u64, nodes: u32) -> u64 {
    const PERIODS_MAX: u64 = 25;
    let mut setup = Setup::new(nodes, seed);
    setup.counted = 1;
    setup.limits.at = PERIOD.saturating_mul(PERIODS_MAX + 1);
    setup
        .faults
        .push(Fault::crash(0, NodeId(0), Trigger::At(PERIOD)));
    let mut sim = Sim::new(setup, |_| {
        Swim::new(SETTINGS).over(Assumed::<_, FairLoss>::new())
    });
    let first = First::default();
    let when = Rc::clone(&first.0);
    sim.watch(Box::new(first), Span::ZERO);
    sim.run();
    let found = when
        .get()
        .map_or(PERIODS_MAX + 1, |at| at.as_nanos() / PERIOD.as_nanos());
    found - 1
}

/// The mean is e/(e−1), and a crash stays unfound for k periods with probability e^−k.
fn detection_time(nodes: u32, runs: u64, tolerance: f64) {
    for first_seed in [0, 1_000_000] {
        let found: Vec<u64> = (first_seed..first_seed + runs)
            .map(|seed| found_in(seed, nodes))
            .collect();
        let mean = real(found.iter().sum()) / real(runs);
        let case = format!("first detection, periods, seeds from {first_seed}");
        compare(&case, 1.5820, mean, tolerance);
        for (k, published) in [(1, 0.3679), (2, 0.1353), (3, 0.0498)] {
            let later = found.iter().filter(|periods| **periods > k).count() as u64;
            let tolerance = 3.0 * (published * (1.0 - published) / real(runs)).sqrt() + 0.0001;
            // (1 − 1/(n−1))^(k(n−1)) is below e^−k by a factor of about 1 − k/2n.
            let finite = published * real(k) / real(2 * u64::from(nodes));
            let case = format!("P(T > {k}), seeds from {first_seed}");
            compare(
                &case,
                published,
                real(later) / real(runs),
                tolerance + finite,
            );
        }
    }
}

/// Fewer runs, and the tolerance that goes with them: three standard errors at a standard deviation of 0.96.
#[test]
fn a_crash_is_found_as_soon_as_published() {
    detection_time(40, 300, 0.18);
}

#[test]
#[ignore = "release suite: two thousand runs a set"]
fn published_detection_time_of_swim() {
    detection_time(200, 2_000, 0.07);
}

/// What `nodes` members measure in so many aligned periods, all alive, if each message is lost with probability `loss`: the
/// share of probes that fail, and messages a probe.
fn probes(seed: u64, periods: u64, loss: &str, proxies: u32) -> (f64, f64) {
    const NODES: u32 = 10;
    let mut setup = Setup::new(NODES, seed);
    setup.network.law.loss = Loss::Bernoulli(Probability::parse(loss).expect("a probability"));
    setup.limits.events = u64::MAX;
    setup.limits.at = Span::from_nanos(PERIOD.as_nanos() * periods - 1);
    // A suspect stays in the group: who is wronged once can be wronged again.
    let settings = Settings {
        proxies,
        suspicion: Span::from_secs(1_000_000),
        ..SETTINGS
    };
    let mut sim = Sim::new(setup, |_| {
        Swim::new(settings).over(Assumed::<_, FairLoss>::new())
    });
    let outcome = sim.run();
    let failed = outcome
        .marks
        .get("probe_failed")
        .map_or(0, |mark| mark.count);
    let nodes = u64::from(NODES);
    (
        // The last probe has no verdict yet.
        real(failed) / real(nodes * (periods - 1)),
        real(outcome.counters.messages) / real(nodes * periods),
    )
}

/// A member is wronged with probability (1−q²)(1−q⁴)^k, and a probe costs (1+q)+(1−q²)k(1+q+q²+q³) messages.
fn wronged(periods: u64) {
    let table = [
        ("0.05", [(0, 0.0975), (1, 0.01809), (3, 0.000_622)]),
        ("0.1", [(0, 0.1900), (1, 0.06534), (3, 0.007_728)]),
        ("0.2", [(0, 0.3600), (1, 0.2125), (3, 0.07409)]),
    ];
    for (loss, row) in table {
        let q = 1.0 - loss.parse::<f64>().expect("a number");
        for (proxies, published) in row {
            for seed in [1, 1_000_001] {
                let (failed, messages) = probes(seed, periods, loss, proxies);
                let case = format!("loss {loss}, k {proxies}, seed {seed}");
                let count = real(10 * periods);
                let tolerance = 3.0 * (published * (1.0 - published) / count).sqrt();
                compare(&format!("wronged: {case}"), published, failed, tolerance);
                let k = f64::from(proxies);
                let cost = (1.0 + q) + (1.0 - q * q) * k * (1.0 + q + q * q + q * q * q);
                // No probe costs more than 4k+2: that bounds the deviation of one.
                let spread = 3.0 * (4.0 * k + 2.0) / count.sqrt();
                compare(&format!("messages a probe: {case}"), cost, messages, spread);
                assert!(messages <= 4.0 * k + 2.0, "{case}: {messages} a probe");
            }
        }
    }
}

#[test]
fn live_members_are_wronged_as_often_as_published() {
    wronged(1_000);
}

#[test]
#[ignore = "release suite: half a million probes for each row"]
fn published_false_positives_of_swim() {
    wronged(50_000);
}

/// Without loss a probe costs two messages, a ping and an ack.
#[test]
fn published_load_of_swim() {
    for proxies in [0, 3] {
        let (failed, messages) = probes(1, 100, "0", proxies);
        assert_eq!((failed, messages), (0.0, 2.0));
    }
    let (_, messages) = probes(1, 20_000, "0.1", 3);
    compare("messages a probe, loss 0.1, k 3", 3.860, messages, 0.05);
}

/// A ping whose ack is lost, k requests to proxies, their pings, the acks to them and theirs: 4k+2 messages, and never more.
#[test]
fn published_bound_of_the_load_of_swim() {
    for proxies in 0..=3 {
        let settings = Settings {
            proxies,
            suspicion: Span::from_secs(1_000_000),
            ..SETTINGS
        };
        let nodes = proxies + 2;
        let mut most = 0;
        for seed in 0..200 {
            let mut setup = Setup::new(nodes, seed);
            setup.limits.at = Span::from_nanos(PERIOD.as_nanos() - 1);
            setup.network.law.loss = Loss::Bernoulli(Probability::ratio(1, 4).expect("a share"));
            let mut sim = Sim::new(setup, |_| {
                Swim::new(settings).over(Assumed::<_, FairLoss>::new())
            });
            most = most.max(sim.run().counters.messages);
        }
        let bound = u64::from(nodes * (4 * proxies + 2));
        assert!(most <= bound, "k {proxies}: {most} of {bound}");
    }
}

/// The smallest number of proxies with which a member is wrong about another no more often than wanted:
/// (1−q²)(1−q⁴)^k e/(e−1) a period.
#[test]
fn published_number_of_proxies() {
    for (loss, wanted, published) in [(0.05, 1e-3, 3), (0.05, 1e-8, 10), (0.15, 1e-3, 9)] {
        let q: f64 = 1.0 - loss;
        let rate = |k: u32| {
            let e = std::f64::consts::E;
            let all_fail = (0..k).fold(1.0, |p, _| p * (1.0 - q * q * q * q));
            (1.0 - q * q) * all_fail * e / (e - 1.0)
        };
        let enough = (0..).find(|k| rate(*k) <= wanted).expect("it falls");
        assert_eq!(enough, published, "loss {loss}, wanted {wanted}");
    }
    let (with_three, _) = probes(1, 20_000, "0.05", 3);
    let (with_two, _) = probes(1, 20_000, "0.05", 2);
    assert!(with_three * 1.582 <= 1.1e-3 && with_two * 1.582 > 1e-3);
}

/// The members that node 0 of `nodes` probes, period by period, if nobody ever answers.
fn probed(seed: u64, nodes: u32, periods: u32) -> Vec<NodeId> {
    let settings = Settings {
        order: Order::RoundRobin,
        suspicion: Span::from_secs(1_000_000),
        ..SETTINGS
    };
    let mut rig = Rig::new(Swim::new(settings));
    rig.as_node(NodeId(0), nodes).env().choices = Choices::Keyed {
        key: Key::new(seed, Purpose::Choice),
        made: 0,
    };
    rig.boot();
    for _ in 1..periods {
        rig.timer(Timer::Period);
    }
    let effects = rig.effects().into_iter();
    let pings = effects.filter_map(|effect| match effect {
        Effect::Request(Transmit {
            to: Group::One(to),
            msg: Message::Ping(..),
        }) => Some(to),
        _ => None,
    });
    pings.collect()
}

/// Round robin over a list of the n−1 others that is shuffled at its end: from one probe of a member to the next it is never
/// more than 2n−3 periods, and sometimes it is.
#[test]
fn published_bound_of_round_robin_probing() {
    for nodes in 2..=12 {
        let bound = 2 * nodes as usize - 3;
        let mut longest = 0;
        for seed in 0..20 {
            let probed = probed(seed, nodes, 2_000);
            assert_eq!(probed.len(), 2_000, "one a period");
            for member in (1..nodes).map(NodeId) {
                let periods = (0..probed.len()).filter(|period| probed[*period] == member);
                let periods: Vec<usize> = periods.collect();
                assert!(periods[0] < nodes as usize - 1, "the first round");
                let gaps = periods.windows(2).map(|pair| pair[1] - pair[0]);
                longest = longest.max(gaps.max().expect("it is probed again"));
            }
        }
        show(
            &format!("round robin, n = {nodes}, periods"),
            bound,
            longest,
            0,
        );
        assert_eq!(longest, bound, "n = {nodes}");
    }
}
