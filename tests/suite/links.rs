//! Links that are built: what they deliver over a bad network, and what that costs.

use protocols::link::{BACKLOG, PerfectLink, Retransmission, Rto};
use sim_core::kernel::prelude::*;
use sim_core::kernel::random::Delay;
use sim_core::sim::{Job, Outcome, Repeat, Setup, Sim};

/// Messages of a run.
const MESSAGES: u64 = 10_000;

/// Node 0 sends node 1 the numbers 0, 1, …, one every `every`.
fn stream(every: Span, messages: u64) -> Job<Transmit<u64>> {
    let at = Span::from_millis(1);
    let until = at.saturating_add(every.saturating_mul(messages));
    let again = |first: &Transmit<u64>, n| Transmit {
        msg: n,
        ..first.clone()
    };
    Job {
        at,
        repeat: Some(Repeat { every, until }),
        nodes: vec![NodeId(0)],
        request: Transmit {
            to: Group::One(NodeId(1)),
            msg: 0,
        },
        again,
    }
}

fn percent(p: u32) -> Probability {
    Probability::parse(&format!("{}.{:02}", p / 100, p % 100)).expect("a probability")
}

const RELIABLE: Retransmission = Retransmission {
    rto: Rto::Estimated,
    attempts: None,
    backlog: BACKLOG,
};

/// Every message once, quiet afterwards, and the receiver remembers one window, whatever the network does.
fn delivers_each_once(loss: u32, duplicate: u32) {
    let mut setup = Setup::new(2, 1);
    setup.network.loss = percent(loss);
    setup.network.duplicate = percent(duplicate);
    let (min, max) = (Span::from_millis(1), Span::from_millis(50));
    setup.network.latency = Delay::Uniform { min, max }.sampler().expect("a delay");
    setup.limits.at = Span::from_secs(600);
    let mut sim = Sim::new(setup, |_| PerfectLink::<u64>::new(RELIABLE));
    sim.job(stream(Span::from_millis(1), MESSAGES));
    let outcome: Outcome = sim.run();
    let case = format!("loss {loss} %, duplication {duplicate} %");
    assert_eq!(outcome.counters.indications, MESSAGES, "{case}");
    assert_eq!(outcome.ended, sim_core::sim::Ended::Quiescent, "{case}");
    assert!(sim.node(NodeId(1)).window_bytes() <= 160, "{case}");
    assert_eq!(sim.node(NodeId(0)).window_bytes(), 0, "{case}");
}

#[test]
fn a_perfect_link_delivers_each_message_once() {
    for loss in [0, 10, 30, 50] {
        for duplicate in [0, 10] {
            delivers_each_once(loss, duplicate);
        }
    }
}
