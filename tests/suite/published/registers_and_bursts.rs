//! Published numbers that no single protocol owns, found again by running: updates lost to a clock that is behind, bursts of loss.

use std::cell::RefCell;
use std::rc::Rc;

use protocols::link::{Built, Keyring, LinkChoice};
use protocols::register::property::checker;
use protocols::register::{LastWriterWins, Operation, Stamping};
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::random::{Delay, Key, Purpose};
use sim_core::sim::{Fault, Job, Lasting, Loss, Repeat, Setup, Sim, Strike, Trigger};

use super::{compare, mean, seed_sets};

/// The mean over the runs is the published value: within three standard errors and one unit of its last digit.
fn accept(case: &str, values: &[f64], published: f64, last_digit: f64) {
    let (mean, error) = mean(values);
    compare(case, published, mean, 3.0 * error + last_digit);
}

/// When B writes, once; long after the first writes of A that its clock could have missed.
const WHEN: Span = Span::from_secs(2);

/// Is B's write dropped without a word? A writes at exponential distances, B's clock is behind, messages take a
/// microsecond.
fn loses_an_update(seed: u64, per_second: u64, behind: Span, stamping: Stamping) -> bool {
    let (a, b) = (NodeId(0), NodeId(1));
    let mut setup = Setup::new(2, seed);
    setup.network.law.latency = Delay::Fixed(Span::from_micros(1)).sampler().expect("a law");
    setup.counted = 1;
    setup.faults.push(Fault {
        number: 0,
        trigger: Trigger::Start,
        strike: Strike::Skew {
            node: b,
            by: -i64::try_from(behind.as_nanos()).expect("a short time"),
        },
        lasting: Lasting::Forever,
    });
    let mut sim = Sim::new(setup, |_| LastWriterWins::<u32, FairLoss>::new(stamping));
    let distance = Delay::Exponential {
        mean: Span::from_nanos(1_000_000_000 / per_second),
        min: Span::ZERO,
        max: None,
    };
    let distance = distance.sampler().expect("a law");
    let draws = Key::new(seed, Purpose::Workload);
    let mut at = Span::ZERO;
    for value in 1.. {
        at = at.saturating_add(distance.sample(draws.at(u64::from(a.0), u64::from(value)), 0));
        if at >= WHEN {
            break;
        }
        sim.request(at, a, Operation::Write(value));
    }
    sim.request(WHEN, b, Operation::Write(0));
    let lost = checker("no_lost_update", 2).expect("a property of registers");
    sim.watch(lost, Span::ZERO);
    let outcome = sim.run();
    let marked = outcome.marks.contains_key("write_took_no_effect");
    let judged = matches!(outcome.verdicts[0].finding, Finding::Violated(_));
    assert_eq!(
        marked, judged,
        "seed {seed}: the mark and the property agree"
    );
    judged
}

/// A write is lost if the other has written within the time by which the clock is behind.
#[test]
fn writes_of_a_late_clock_are_lost_as_often_as_published() {
    let half = Span::from_millis(500);
    for (per_second, published) in [(1, 0.3935), (2, 0.6321), (10, 0.9933)] {
        for seeds in seed_sets(1_000) {
            let case = format!("{per_second} a second, seeds {seeds:?}");
            let lost: Vec<f64> = seeds
                .clone()
                .map(|seed| f64::from(loses_an_update(seed, per_second, half, Stamping::Wall)))
                .collect();
            accept(&case, &lost, published, 0.0001);
            for stamping in [Stamping::Versions, Stamping::Hybrid] {
                let none = seeds
                    .clone()
                    .take(200)
                    .all(|seed| !loses_an_update(seed, per_second, half, stamping));
                assert!(none, "{case}: {stamping:?} loses nothing");
            }
        }
    }
}

/// How many messages in a row were lost, each time that some were.
#[derive(Clone, Debug, Default)]
struct Gaps {
    /// The last message that arrived.
    last: Option<u64>,
    lengths: Rc<RefCell<Vec<u64>>>,
}

impl Property<Link<u64, FairLoss>> for Gaps {
    fn see(&mut self, _: Moment, fact: &Fact<'_, Link<u64, FairLoss>>) -> Result<(), Violation> {
        if let Fact::Indicated(_, arrival) = fact {
            let gap = arrival.msg - self.last.map_or(0, |last| last + 1);
            if gap > 0 {
                self.lengths.borrow_mut().push(gap);
            }
            self.last = Some(arrival.msg);
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        Finding::NotExercised
    }
}

/// The share of messages that is lost, and the mean length of a burst, over so many messages.
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of messages, far below 2^53"
)]
fn bursts(seed: u64, messages: u64) -> (f64, f64) {
    let p = |text| Probability::parse(text).expect("a probability");
    let mut setup = Setup::new(2, seed);
    setup.network.law.loss = Loss::GilbertElliott {
        to_bad: p("0.01"),
        to_good: p("0.3"),
        good: Probability::NEVER,
        bad: Probability::ALWAYS,
    };
    setup.limits.at = Span::from_secs(3_600);
    let link = |me| Built::<u64, FairLoss>::new(LinkChoice::Passing, Keyring::of_seed(seed, me));
    let mut sim = Sim::new(setup, link);
    let every = Span::from_millis(1);
    sim.job(Job {
        at: Span::ZERO,
        repeat: Some(Repeat::period(every, every.saturating_mul(messages))),
        nodes: vec![NodeId(0)],
        request: Transmit {
            to: Group::One(NodeId(1)),
            msg: 0,
        },
        again: |first, msg| Transmit { msg, ..*first },
    });
    let gaps = Gaps::default();
    let lengths = Rc::clone(&gaps.lengths);
    sim.watch(Box::new(gaps), Span::ZERO);
    let outcome = sim.run();
    assert_eq!(outcome.counters.messages, messages);
    let lost = outcome.counters.lost as f64 / messages as f64;
    let lengths = lengths.borrow();
    (
        lost,
        lengths.iter().sum::<u64>() as f64 / lengths.len() as f64,
    )
}

fn bursts_are_as_published(runs: u64, messages: u64) {
    for seeds in seed_sets(runs) {
        let case = format!("seeds {seeds:?}");
        let (lost, lengths): (Vec<f64>, Vec<f64>) =
            seeds.map(|seed| bursts(seed, messages)).unzip();
        accept(&format!("loss, {case}"), &lost, 0.0323, 0.0001);
        accept(&format!("burst, {case}"), &lengths, 3.33, 0.01);
    }
}

/// Stationary loss a/(a+b), mean burst 1/b. Fewer runs, and the tolerance that goes with them.
#[test]
fn bursts_of_loss_are_as_published() {
    bursts_are_as_published(50, 10_000);
}

#[test]
#[ignore = "release suite: a thousand runs a set"]
fn bursts_of_loss_are_as_published_in_a_thousand_runs() {
    bursts_are_as_published(1_000, 10_000);
}
