//! The network of a scenario as the simulator takes it, and the numbers under which its faults are counted.

use std::fmt::Display;

use sim_core::kernel::random::{Delay, Key, Purpose};
use sim_core::kernel::time::Span;
use sim_core::sim::{self, Bandwidth, LawNumbers, Stabilisation};

use super::super::FaultReport;
use super::super::stage::Latency;
use super::{alike, name, number};
use crate::format::{Conduct, Guarantee, Links, Loss, Place, Scenario, Timing};
use crate::overlay::Shape;

/// The network of a scenario; its faults are numbered after those of the scenario.
pub(super) fn network(scenario: &Scenario, latency: Latency) -> sim::Network {
    let mut network = sim::Network::new(scenario.nodes);
    network.overlay = scenario.overlay.clone();
    network.shared = scenario.topology == Shape::Bus;
    network.checksum = scenario.network.checksum;
    if let Timing::PartiallySynchronous { gst, bound } = scenario.timing
        && latency == Latency::AsWritten
    {
        network.stabilisation = Some(Stabilisation { gst, bound });
    }
    // An assumed link keeps its promise because the network does.
    network.holds = scenario.links.is_assumed();
    network.authentic = scenario.links == Links::Assumed(Guarantee::Authenticated);
    let in_order = scenario.links == Links::Assumed(Guarantee::Fifo);
    let law = |conduct: &Conduct, first: u32| {
        let law = law(conduct, latency, first);
        // An assumed link loses nothing: what waits for its turn waits as long as it takes.
        let bandwidth = law.bandwidth.map(|bandwidth| Bandwidth {
            queue: if scenario.links.is_assumed() {
                u64::MAX
            } else {
                bandwidth.queue
            },
            ..bandwidth
        });
        sim::Law {
            fifo: law.fifo || in_order,
            bandwidth,
            ..law
        }
    };
    let mut first = number(scenario.faults.len());
    network.law = law(&scenario.network.everywhere, first);
    for (place, between) in scenario.network.between.iter().enumerate() {
        first += 4;
        let texts = scenario.network.between[..place].iter();
        let alike = alike(texts.map(|other| other.text.as_str()), &between.text);
        let draws = |end| {
            let key = Key::new(scenario.seed, Purpose::Selection);
            key.at(end, name(&between.text, alike))
        };
        let set = |nodes: &crate::format::NodeSet, end| -> sim::Nodes {
            let nodes = nodes.resolve(scenario.nodes, draws(end));
            nodes.into_iter().collect()
        };
        // Faults and jobs draw under the numbers 0 and 1.
        let (from, to) = (set(&between.from, 2), set(&between.to, 3));
        let law = law(&conduct(scenario, place), first);
        if between.both {
            network.between.push(sim::Between {
                from: to.clone(),
                to: from.clone(),
                law: law.clone(),
            });
        }
        network.between.push(sim::Between { from, to, law });
    }
    network
}

/// What happens where the entry `place` of `network.between` holds.
fn conduct(scenario: &Scenario, place: usize) -> Conduct {
    scenario.network.between[place]
        .differs
        .over(&scenario.network.everywhere)
}

fn law(conduct: &Conduct, latency: Latency, first: u32) -> sim::Law {
    let delay = match latency {
        Latency::AsWritten => conduct.latency.clone(),
        Latency::Unit => Delay::Fixed(Span::from_millis(1)),
    };
    let bandwidth = conduct.bandwidth.map(|rate| Bandwidth {
        bits_per_second: rate.bits_per_second(),
        queue: conduct.queue,
    });
    sim::Law {
        latency: delay
            .sampler()
            .expect("a scenario that was read has laws of delay"),
        loss: match conduct.loss {
            Loss::Each(p) => sim::Loss::Bernoulli(p),
            Loss::GilbertElliott {
                to_bad,
                to_good,
                good,
                bad,
            } => sim::Loss::GilbertElliott {
                to_bad,
                to_good,
                good,
                bad,
            },
        },
        duplicate: conduct.duplicate,
        corrupt: conduct.corrupt,
        fifo: conduct.fifo,
        bandwidth: bandwidth.filter(|_| latency == Latency::AsWritten),
        numbers: LawNumbers {
            loss: first,
            duplicate: first + 1,
            corrupt: first + 2,
            overflow: first + 3,
        },
    }
}

/// Does every message take equally long? Then a run counts its own steps.
pub(in crate::run) fn is_uniform(scenario: &Scenario) -> bool {
    let network = &scenario.network;
    let conducts = (0..network.between.len()).map(|place| conduct(scenario, place));
    matches!(network.latency, Delay::Fixed(_))
        && network.bandwidth.is_none()
        && conducts
            .into_iter()
            .all(|conduct| conduct.latency == network.latency && conduct.bandwidth.is_none())
}

/// How many numbers the faults of the network take.
pub(super) fn counted(scenario: &Scenario) -> u32 {
    4 * number(1 + scenario.network.between.len())
}

/// The faults of the network in the order of their numbers: id, what it does, where it is written; none that cannot
/// strike.
pub(super) fn faults(scenario: &Scenario) -> Vec<Option<FaultReport>> {
    let network = &scenario.network;
    let mut all = one_law("network", &network.everywhere, |field| match field {
        "loss" => scenario.places.loss,
        "duplicate" => scenario.places.duplicate,
        "corrupt" => scenario.places.corrupt,
        _ => None,
    });
    for (place, between) in network.between.iter().enumerate() {
        let id = format!("network.between[{place}]");
        let mut own = one_law(&id, &conduct(scenario, place), |_| Some(between.place));
        // What an entry does not say itself is the network's, and may never meet a message here.
        let differs = &between.differs;
        let written = [
            differs.loss.is_some(),
            differs.duplicate.is_some(),
            differs.corrupt.is_some(),
            differs.bandwidth.is_some() || differs.queue.is_some(),
        ];
        for (fault, written) in own.iter_mut().zip(written) {
            if let Some(fault) = fault.as_mut().filter(|_| !written) {
                fault.may_rest = true;
            }
        }
        all.append(&mut own);
    }
    all
}

fn one_law(
    id: &str,
    conduct: &Conduct,
    place: impl Fn(&str) -> Option<Place>,
) -> Vec<Option<FaultReport>> {
    let fault = |field: &str, what: String| FaultReport {
        id: format!("{id}.{field}"),
        what,
        fired: 0,
        may_rest: false,
        place: place(field),
    };
    let with = |what: &str, p: &dyn Display| format!("{what} with probability {p}");
    let lost = match conduct.loss {
        Loss::Each(p) => with("loses a message", &p),
        bursts @ Loss::GilbertElliott { .. } => format!("loses messages in {bursts}"),
    };
    vec![
        (!conduct.loss.is_never()).then(|| fault("loss", lost)),
        (!conduct.duplicate.is_never()).then(|| {
            fault(
                "duplicate",
                with("delivers a message twice", &conduct.duplicate),
            )
        }),
        (!conduct.corrupt.is_never()).then(|| {
            fault(
                "corrupt",
                with("flips a bit of a message", &conduct.corrupt),
            )
        }),
        conduct.bandwidth.map(|rate| FaultReport {
            // A queue that never overflows is no fault that never fired.
            may_rest: true,
            ..fault(
                "queue",
                format!("drops what finds the queue full, at {rate}"),
            )
        }),
    ]
}
