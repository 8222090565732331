//! Links that are built: what they deliver over a bad network, and what that costs.

use protocols::link::property::{Promises, checker};
use protocols::link::{
    BACKLOG, Built, EliminateDuplicates, Keyring, LinkChoice, PerfectLink, Retransmission, Rto,
    StubbornLink, Stubbornness, Until,
};
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::prelude::*;
use sim_core::kernel::property::{About, Finding};
use sim_core::kernel::random::{Delay, Sampler};
use sim_core::sim::{Ended, Fault, Job, Repeat, Setup, Sim, Trigger, Verdict};

const MS: Span = Span::from_millis(1);

const RELIABLE: Retransmission = Retransmission {
    rto: Rto::Estimated,
    attempts: None,
    backlog: BACKLOG,
};

/// `nodes` each send to `to` the numbers 0, 1, …, one every `every`.
fn stream(nodes: u32, to: Group, every: Span, messages: u64) -> Job<Transmit<u64>> {
    let until = MS.saturating_add(every.saturating_mul(messages));
    Job {
        at: MS,
        repeat: Some(Repeat::period(every, until)),
        nodes: (0..nodes).map(NodeId).collect(),
        request: Transmit { to, msg: 0 },
        again: |first, msg| Transmit { msg, ..*first },
    }
}

fn percent(p: u32) -> Probability {
    Probability::parse(&format!("0.{p:02}")).expect("a probability")
}

/// 1 to 50 ms, so that most messages are overtaken by some.
fn reordering() -> Sampler {
    let (min, max) = (MS, Span::from_millis(50));
    Delay::Uniform { min, max }.sampler().expect("a delay")
}

/// Every message once, quiet afterwards, and the receiver remembers one window, whatever the network does.
#[test]
fn a_perfect_link_delivers_each_message_once() {
    let messages = 10_000;
    for (loss, duplicate) in [0, 10, 30, 50]
        .into_iter()
        .flat_map(|loss| [(loss, 0), (loss, 10)])
    {
        let case = format!("loss {loss} %, duplication {duplicate} %");
        let mut setup = Setup::new(2, 1);
        setup.network.law.loss = percent(loss).into();
        setup.network.law.duplicate = percent(duplicate);
        setup.network.law.latency = reordering();
        // They set out within 10 s. A link that backs off because of losses alone takes minutes at 50 %.
        setup.limits.at = Span::from_secs(60);
        let mut sim = Sim::new(setup, |_| PerfectLink::<u64>::new(RELIABLE));
        let to = Group::One(NodeId(1));
        sim.job(stream(1, to, MS, messages));
        for name in ["reliable_delivery", "no_duplication"] {
            let property = checker::<u64, Perfect>(name, &Overlay::complete(2));
            sim.watch(property.expect("a property"), Span::from_secs(60));
        }
        let outcome = sim.run();
        assert_eq!(outcome.ended, Ended::Quiescent, "{case}");
        assert_eq!(outcome.counters.indications, messages, "{case}");
        for verdict in outcome.verdicts {
            assert!(
                matches!(verdict.finding, Finding::Held(_)),
                "{case}: {verdict:?}"
            );
        }
        for trouble in ["link_above_window", "link_backlog_full", "link_misplaced"] {
            assert!(!outcome.marks.contains_key(trouble), "{case}");
        }
        // A watermark and 1,024 bits for the one sender; the sender, to whom nothing is sent, remembers nobody.
        assert_eq!(sim.node(NodeId(0)).window_bytes(), 0, "{case}");
        assert!(sim.node(NodeId(1)).window_bytes() <= 152, "{case}");
    }
}

/// The pair of the book: a stubborn link never rests, and above it each message is delivered once.
#[test]
fn eliminating_duplicates_makes_a_stubborn_link_perfect() {
    let mut setup = Setup::new(2, 3);
    setup.network.law.loss = percent(30).into();
    setup.network.law.latency = reordering();
    setup.limits.at = Span::from_secs(20);
    let stubborn = Stubbornness {
        every: Span::from_millis(100),
        until: Until::Forever,
        most: 1_000,
    };
    let mut sim = Sim::new(setup, |_| {
        EliminateDuplicates::<u64>::new().over(StubbornLink::new(stubborn))
    });
    sim.job(stream(1, Group::One(NodeId(1)), MS, 50));
    for about in Perfect::PROMISED {
        let property = checker::<u64, Perfect>(about.name, &Overlay::complete(2));
        sim.watch(property.expect("a property"), Span::from_secs(5));
    }
    let outcome = sim.run();
    assert_eq!(outcome.ended, Ended::Time, "it never rests");
    assert_eq!(outcome.counters.indications, 50);
    assert!(outcome.counters.received > 50 * 100, "again and again");
    for verdict in outcome.verdicts {
        assert!(matches!(verdict.finding, Finding::Held(_)), "{verdict:?}");
    }
}

/// Every link keeps the promises of its name, under the one type, over a network that loses, doubles and reorders, with a
/// process that crashes.
#[test]
fn every_link_keeps_its_promises() {
    fn judge<Q: Promises>(choice: LinkChoice, network: u32) {
        let mut setup = Setup::new(4, 7);
        setup.network.law.loss = percent(network).into();
        setup.network.law.duplicate = percent(network);
        setup.network.law.latency = reordering();
        setup.limits.at = Span::from_secs(60);
        setup.counted = 1;
        let trigger = Trigger::At(Span::from_millis(300));
        setup.faults.push(Fault::crash(0, NodeId(3), trigger));
        let mut sim = Sim::new(setup, |me| {
            Built::<u64, Q>::new(choice, Keyring::of_seed(7, me))
        });
        sim.job(stream(4, Group::All, Span::from_millis(5), 100));
        let overlay = Overlay::complete(4);
        for about in Q::PROMISED {
            let property = checker::<u64, Q>(about.name, &overlay);
            sim.watch(property.expect("it is promised"), Span::from_secs(30));
        }
        for (about, verdict) in Q::PROMISED.iter().zip(sim.run().verdicts) {
            let finding = verdict.finding;
            // Nothing here is sent a hundred times over.
            let idle = about.name == "fair_loss" && finding == Finding::NotExercised;
            let held = matches!(finding, Finding::Held(_));
            assert!(held || idle, "{choice:?} {}: {finding:?}", about.name);
        }
    }
    let stubborn = |until| {
        LinkChoice::Stubborn(Stubbornness {
            every: Span::from_secs(1),
            until,
            most: BACKLOG,
        })
    };
    judge::<FairLoss>(LinkChoice::Passing, 20);
    judge::<Fifo>(LinkChoice::Fifo(RELIABLE), 0);
    judge::<Stubborn>(stubborn(Until::Forever), 20);
    judge::<FairLoss>(stubborn(Until::Acked), 20);
    judge::<Perfect>(LinkChoice::Perfect(RELIABLE), 20);
    judge::<Logged>(LinkChoice::Logged(RELIABLE), 20);
    judge::<Fifo>(LinkChoice::Fifo(RELIABLE), 20);
    judge::<Authentic>(LinkChoice::Authenticated(RELIABLE), 20);
}

/// Automatic repeat request over independent loss: with a fixed timeout above the round trip and one message under
/// way at a time, a message takes 1/((1−p)(1−q)) transmissions and 1/(1−q) acks.
#[test]
fn transmissions_and_acks_are_as_many_as_theory_says() {
    for (p, permille) in [(10, 1_235), (20, 1_563), (50, 4_000_u64)] {
        for seeds in [1..=4, 5..=8_u64] {
            let (mut messages, mut transmissions, mut acks) = (0, 0, 0);
            for seed in seeds.clone() {
                let each = 10_000;
                let mut setup = Setup::new(2, seed);
                setup.network.law.loss = percent(p).into();
                setup.limits.at = Span::from_secs(10_000);
                let config = Retransmission {
                    rto: Rto::Fixed(Span::from_millis(3)),
                    ..RELIABLE
                };
                let mut sim = Sim::new(setup, |_| PerfectLink::<u64>::new(config));
                // A message has a hundred tries before the next one sets out: none needs more.
                let to = Group::One(NodeId(1));
                sim.job(stream(1, to, Span::from_millis(300), each));
                let outcome = sim.run();
                assert_eq!(outcome.counters.indications, each);
                let again = outcome.marks["link_retransmitted"].count;
                messages += each;
                transmissions += each + again;
                acks += outcome.counters.messages - each - again;
            }
            let case = format!("p = q = {p} %, seeds {seeds:?}");
            let close = |value: u64, permille: u64| {
                let expected = messages * permille / 1_000;
                let off = value.abs_diff(expected) * 1_000;
                assert!(off <= 15 * expected, "{case}: {value} and not {expected}");
            };
            close(transmissions, permille);
            close(acks, 100_000 / u64::from(100 - p));
        }
    }
}

/// What a stubborn link is for, and what it is not: a message sent once comes n times more in n periods.
#[test]
fn a_bare_stubborn_link_delivers_again_in_every_period() {
    let periods = 20;
    let every = Span::from_millis(100);
    let mut setup = Setup::new(2, 1);
    setup.limits.at = every.saturating_mul(periods).saturating_add(every);
    let choice = LinkChoice::Stubborn(Stubbornness {
        every,
        until: Until::Forever,
        most: 1,
    });
    let mut sim = Sim::new(setup, |me| {
        Built::<u64, Perfect>::new(choice, Keyring::of_seed(1, me))
    });
    let to = Group::One(NodeId(1));
    sim.request(MS, NodeId(0), Transmit { to, msg: 7 });
    for about in Perfect::PROMISED {
        let property = checker::<u64, Perfect>(about.name, &Overlay::complete(2));
        sim.watch(property.expect("it is promised"), Span::from_secs(1));
    }
    let outcome = sim.run();
    assert_eq!(outcome.counters.indications, 1 + periods);
    let broken = |(about, verdict): (&About, Verdict)| {
        matches!(verdict.finding, Finding::Violated(_)).then_some(about.name)
    };
    let found = Perfect::PROMISED.iter().zip(outcome.verdicts);
    let broken: Vec<_> = found.filter_map(broken).collect();
    assert_eq!(broken, ["no_duplication"]);
}
