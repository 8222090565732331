//! Exclude on timeout: whoever does not answer a heartbeat request within a period has crashed.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 2.5. Needs perfect links, offers the perfect failure detector P (PFD1, PFD2).
//! Cost: 2(N−1) messages a period and process, a request and a reply each, so 2N(N−1) in all. A crash is detected within
//! two periods. Model: crash-stop, any number of crashes, synchronous: a period is at least as long as the longest round trip.
//! Where it fails: a reply that comes later than that, from a slow process or over a slow link, is taken for a crash (PFD2
//! fails), and never taken back. With a period that does not end, no crash is detected (PFD1 fails).
//!
//! Two things are not as published: a process does not ask itself, and asks no more whom it has detected. So a link that
//! tries for ever has at most two requests to try.

use alloc::collections::BTreeSet;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::port::{Accurate, Detector, Opinion};

/// What the layer puts on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Heartbeat {
    /// Are you alive?
    HeartbeatRequest,
    /// I am.
    HeartbeatReply,
}

impl fmt::Display for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Heartbeat::HeartbeatRequest => "HeartbeatRequest",
            Heartbeat::HeartbeatReply => "HeartbeatReply",
        })
    }
}

/// The timer of the layer: a period is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period;

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("end of period")
    }
}

/// One process. It marks `process_detected`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExcludeOnTimeout<Q> {
    period: Span,
    /// Who has answered in this period.
    alive: BTreeSet<NodeId>,
    /// Who was detected; for good.
    detected: BTreeSet<NodeId>,
    link: PhantomData<fn() -> Q>,
}

impl<Q> ExcludeOnTimeout<Q> {
    /// A process that asks the others every `period`, and has detected nobody.
    #[must_use]
    pub const fn every(period: Span) -> Self {
        ExcludeOnTimeout {
            period,
            alive: BTreeSet::new(),
            detected: BTreeSet::new(),
            link: PhantomData,
        }
    }
}

impl<Q: AtLeast<Perfect>> Protocol for ExcludeOnTimeout<Q> {
    type Offers = Detector<Accurate>;
    type Needs = Link<Heartbeat, Q>;
    type Timer = Period;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            // Nobody has been asked yet, so nobody can have failed to answer.
            Event::Boot(_) => {
                self.alive.extend(others(fx.me(), fx.nodes()));
                fx.arm(Period, self.period);
            }
            Event::Request(never) => match never {},
            Event::Indication(Arrival { from, msg }) => match msg {
                Heartbeat::HeartbeatRequest => fx.send(from, Heartbeat::HeartbeatReply),
                Heartbeat::HeartbeatReply => {
                    self.alive.insert(from);
                }
            },
            Event::Timer(Period) => self.on_period(fx),
        }
    }
}

impl<Q: AtLeast<Perfect>> ExcludeOnTimeout<Q> {
    fn on_period(&mut self, fx: &mut impl Effects<Self>) {
        for node in others(fx.me(), fx.nodes()) {
            if self.detected.contains(&node) {
                continue;
            }
            if self.alive.contains(&node) {
                fx.send(node, Heartbeat::HeartbeatRequest);
            } else {
                self.detected.insert(node);
                fx.mark("process_detected");
                fx.indicate(Opinion::Suspect(node));
            }
        }
        self.alive.clear();
        fx.arm(Period, self.period);
    }
}

/// Every process but `me`.
fn others(me: NodeId, nodes: u32) -> impl Iterator<Item = NodeId> {
    (0..nodes).map(NodeId).filter(move |node| *node != me)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    const PERIOD: Span = Span::from_millis(100);

    type Layer = ExcludeOnTimeout<Perfect>;

    fn asks(node: u32) -> Effect<Layer> {
        Effect::Request(Transmit {
            to: NodeId(node).into(),
            msg: Heartbeat::HeartbeatRequest,
        })
    }

    fn reply(node: u32) -> Arrival<Heartbeat> {
        Arrival {
            from: NodeId(node),
            msg: Heartbeat::HeartbeatReply,
        }
    }

    fn detects(node: u32) -> Effect<Layer> {
        Effect::Indicate(Opinion::Suspect(NodeId(node)))
    }

    const NEXT: Effect<Layer> = Effect::Arm(Period, PERIOD);

    /// PFD1 Strong completeness: who has crashed before it was asked is detected one period after.
    #[test]
    fn detects_who_does_not_answer_and_asks_it_no_more() {
        let mut rig = Rig::new(Layer::every(PERIOD));
        assert_eq!(rig.boot().effects(), [NEXT]);
        assert_eq!(rig.timer(Period).effects(), [asks(1), asks(2), NEXT]);
        rig.indication(reply(2));
        assert_eq!(rig.timer(Period).effects(), [detects(1), asks(2), NEXT]);
        assert_eq!(rig.marks(), ["process_detected"]);
        rig.indication(reply(2));
        assert_eq!(rig.timer(Period).effects(), [asks(2), NEXT]);
    }

    /// A detected process that answers after all is a broken assumption; P has no way to take its word back.
    #[test]
    fn never_takes_it_back() {
        let mut rig = Rig::new(Layer::every(PERIOD));
        rig.boot().timer(Period).timer(Period).effects();
        rig.indication(reply(1)).indication(reply(2));
        assert_eq!(rig.timer(Period).effects(), [NEXT]);
    }

    #[test]
    fn answers_whoever_asks() {
        let mut rig = Rig::new(Layer::every(PERIOD));
        let asked = Arrival {
            from: NodeId(2),
            msg: Heartbeat::HeartbeatRequest,
        };
        let answer = Effect::Request(Transmit {
            to: NodeId(2).into(),
            msg: Heartbeat::HeartbeatReply,
        });
        assert_eq!(rig.indication(asked).effects(), [answer]);
    }
}
