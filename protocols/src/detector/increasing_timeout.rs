//! Increasing timeout: asks everybody for a sign of life each period, and waits longer whenever it was wrong.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 2.7. Needs perfect links, offers ◇P (EPFD1, EPFD2). Cost: 2(N−1) messages a
//! period and process, 2N(N−1) for all. A crash is found within two periods. Model: crash-stop, partial synchrony: once
//! round trips are bounded, after at most ⌈bound/step⌉ increases nobody is suspected wrongly any more.
//! Without any bound it is wrong again and again, ever more seldom. Over links that lose it never stops to be: each
//! period has but one chance. As published, except that a process does not ask itself.

use alloc::collections::BTreeSet;

use sim_core::kernel::prelude::*;

use super::exclude_on_timeout::{Heartbeat, Period};
use super::port::{Detector, EventuallyAccurate, Opinion};

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IncreasingTimeout {
    /// The length of a period.
    delay: Span,
    /// By how much it grows.
    step: Span,
    /// Who has replied in this period.
    alive: BTreeSet<NodeId>,
    suspected: BTreeSet<NodeId>,
}

impl IncreasingTimeout {
    /// A node that suspects nobody. Its first period is `delay` (above zero), and `step` longer after each mistake.
    #[must_use]
    pub const fn new(delay: Span, step: Span) -> Self {
        IncreasingTimeout {
            delay,
            step,
            alive: BTreeSet::new(),
            suspected: BTreeSet::new(),
        }
    }
}

impl Protocol for IncreasingTimeout {
    type Offers = Detector<EventuallyAccurate>;
    type Needs = Link<Heartbeat, Perfect>;
    type Timer = Period;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => self.on_boot(fx),
            Event::Request(never) => match never {},
            Event::Indication(Arrival {
                from,
                msg: Heartbeat::HeartbeatRequest,
            }) => fx.send(from, Heartbeat::HeartbeatReply),
            Event::Indication(Arrival {
                from,
                msg: Heartbeat::HeartbeatReply,
            }) => {
                self.alive.insert(from);
            }
            Event::Timer(Period) => self.on_period(fx),
        }
    }
}

impl IncreasingTimeout {
    /// As in the book, everybody is alive in the first period, in which nobody has been asked.
    fn on_boot(&mut self, fx: &mut impl Effects<Self>) {
        self.alive = (0..fx.nodes()).map(NodeId).collect();
        fx.arm(Period, self.delay);
    }

    fn on_period(&mut self, fx: &mut impl Effects<Self>) {
        if !self.alive.is_disjoint(&self.suspected) {
            self.delay = self.delay.saturating_add(self.step);
            fx.mark("timeout_increased");
        }
        let me = fx.me();
        for node in (0..fx.nodes()).map(NodeId).filter(|node| *node != me) {
            if self.alive.contains(&node) {
                if self.suspected.remove(&node) {
                    fx.indicate(Opinion::Restore(node));
                }
            } else if self.suspected.insert(node) {
                fx.indicate(Opinion::Suspect(node));
            }
        }
        fx.send(Group::Others, Heartbeat::HeartbeatRequest);
        self.alive.clear();
        fx.arm(Period, self.delay);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    const DELAY: Span = Span::from_millis(100);
    const STEP: Span = Span::from_millis(30);

    fn reply(from: u32) -> Arrival<Heartbeat> {
        Arrival {
            from: NodeId(from),
            msg: Heartbeat::HeartbeatReply,
        }
    }

    fn ask() -> Effect<IncreasingTimeout> {
        Effect::Request(Transmit {
            to: Group::Others,
            msg: Heartbeat::HeartbeatRequest,
        })
    }

    fn rig() -> Rig<IncreasingTimeout> {
        let mut rig = Rig::new(IncreasingTimeout::new(DELAY, STEP));
        let armed = rig.boot().effects();
        assert_eq!(armed, [Effect::Arm(Period, DELAY)]);
        let first = rig.timer(Period).effects();
        assert_eq!(
            first,
            [ask(), Effect::Arm(Period, DELAY)],
            "nobody had been asked"
        );
        rig
    }

    #[test]
    fn answers_at_once() {
        let request = Arrival {
            from: NodeId(2),
            msg: Heartbeat::HeartbeatRequest,
        };
        let answer = Effect::Request(Transmit {
            to: NodeId(2).into(),
            msg: Heartbeat::HeartbeatReply,
        });
        assert_eq!(rig().indication(request).effects(), [answer]);
    }

    /// EPFD1 and EPFD2: who does not reply is suspected; who replies late is restored, and the next period is longer.
    #[test]
    fn waits_longer_once_it_was_wrong() {
        let mut rig = rig();
        let suspected = rig.indication(reply(1)).timer(Period).effects();
        let suspect = Effect::Indicate(Opinion::Suspect(NodeId(2)));
        assert_eq!(suspected, [suspect, ask(), Effect::Arm(Period, DELAY)]);

        let restored = rig
            .indication(reply(1))
            .indication(reply(2))
            .timer(Period)
            .effects();
        let restore = Effect::Indicate(Opinion::Restore(NodeId(2)));
        let longer = Effect::Arm(Period, DELAY.saturating_add(STEP));
        assert_eq!(restored, [restore, ask(), longer]);
        assert_eq!(rig.marks(), ["timeout_increased"]);
    }
}
