//! Heartbeats: everybody tells everybody that it is alive, and suspects whoever has been silent for too long.
//!
//! Source: the common algorithm in Chen, Toueg, Aguilera 2002 (On the quality of service of failure detectors); what is
//! *too long* is a [`Patience`]: a fixed time here, an estimate in `phi_accrual.rs`. Needs fair-loss links, offers ◇P as far
//! as the patience is longer than every silence of a correct process. Cost: N(N−1) messages an interval; a crash is found one
//! patience after the last heartbeat. Model: crash-stop, crash-recovery (a new life is heard of by its first heartbeat). Any
//! number of crashes.
//! Wrong about a correct process whose heartbeats are lost, delayed or cut off for longer than the patience.

use core::fmt;
use core::hash::Hash;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::port::{Detector, EventuallyAccurate, Opinion};

/// *I am alive*, for the so-manieth time. Numbers keep old heartbeats and copies from counting as new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Alive {
    /// How often the sender had been started before.
    pub life: u32,
    /// Which one of that life, from 1.
    pub number: u32,
}

impl fmt::Display for Alive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Alive{{{}.{}}}", self.life, self.number)
    }
}

/// How long a process may be silent before it is suspected.
pub trait Patience: Clone + Eq + Hash + fmt::Debug + 'static {
    /// A heartbeat came so long after the one before it.
    fn heard(&mut self, gap: Span);

    /// The longest silence after a heartbeat that is no reason for a suspicion.
    fn limit(&self) -> Span;
}

/// The same for ever: an agreed timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fixed(pub Span);

impl Patience for Fixed {
    fn heard(&mut self, _: Span) {}

    fn limit(&self) -> Span {
        self.0
    }
}

/// Names of timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// The next heartbeat is due.
    Beat,
    /// This process has been silent for too long.
    Silence(NodeId),
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timer::Beat => f.write_str("beat"),
            Timer::Silence(node) => write!(f, "silence of {node}"),
        }
    }
}

/// One node, with a patience for each of the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Heartbeats<P> {
    interval: Span,
    patience: P,
    /// The last heartbeat sent.
    sent: Alive,
    /// By number of the process; empty before the first event.
    peers: Vec<Peer<P>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Peer<P> {
    last: Option<Heard>,
    patience: P,
    suspected: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Heard {
    heartbeat: Alive,
    at: LocalTime,
}

impl<P> Heartbeats<P> {
    /// A node that sends a heartbeat each `interval` (above zero), and has for everybody the `patience` that it has here.
    #[must_use]
    pub const fn new(interval: Span, patience: P) -> Self {
        Heartbeats {
            interval,
            patience,
            sent: Alive { life: 0, number: 0 },
            peers: Vec::new(),
        }
    }
}

impl<P: Patience> Protocol for Heartbeats<P> {
    type Offers = Detector<EventuallyAccurate>;
    type Needs = Link<Alive, FairLoss>;
    type Timer = Timer;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => self.on_boot(boot.incarnation, fx),
            Event::Request(never) => match never {},
            Event::Indication(Arrival { from, msg }) => self.on_heartbeat(from, msg, fx),
            Event::Timer(Timer::Beat) => self.on_beat(fx),
            Event::Timer(Timer::Silence(node)) => self.on_silence(node, fx),
        }
    }
}

impl<P: Patience> Heartbeats<P> {
    /// Everybody is given the patience that nobody has tried yet.
    fn on_boot(&mut self, life: u32, fx: &mut impl Effects<Self>) {
        self.sent.life = life;
        let (me, nodes) = (fx.me(), fx.nodes());
        for node in (0..nodes).map(NodeId) {
            self.peers.push(Peer {
                last: None,
                patience: self.patience.clone(),
                suspected: false,
            });
            if node != me {
                fx.arm(Timer::Silence(node), self.patience.limit());
            }
        }
        self.on_beat(fx);
    }

    fn on_beat(&mut self, fx: &mut impl Effects<Self>) {
        self.sent.number = self.sent.number.saturating_add(1);
        fx.send(Group::Others, self.sent);
        fx.arm(Timer::Beat, self.interval);
    }

    fn on_heartbeat(&mut self, from: NodeId, heartbeat: Alive, fx: &mut impl Effects<Self>) {
        let now = fx.monotonic();
        let me = fx.me();
        let Some(peer) = self.peers.get_mut(from.index()).filter(|_| from != me) else {
            return;
        };
        match peer.last {
            Some(last) if heartbeat <= last.heartbeat => return,
            // Between two lives it was down: that says nothing of how long it is silent when it is up.
            Some(last) if heartbeat.life == last.heartbeat.life => {
                peer.patience.heard(now.since(last.at))
            }
            _ => (),
        }
        peer.last = Some(Heard { heartbeat, at: now });
        if peer.suspected {
            peer.suspected = false;
            fx.mark("suspicion_taken_back");
            fx.indicate(Opinion::Restore(from));
        }
        fx.arm(Timer::Silence(from), peer.patience.limit());
    }

    fn on_silence(&mut self, node: NodeId, fx: &mut impl Effects<Self>) {
        if let Some(peer) = self.peers.get_mut(node.index()) {
            peer.suspected = true;
            fx.indicate(Opinion::Suspect(node));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    const INTERVAL: Span = Span::from_millis(100);
    const TIMEOUT: Span = Span::from_millis(250);

    fn rig() -> Rig<Heartbeats<Fixed>> {
        let mut rig = Rig::new(Heartbeats::new(INTERVAL, Fixed(TIMEOUT)));
        rig.boot().effects();
        rig
    }

    const fn beat(life: u32, number: u32) -> Arrival<Alive> {
        Arrival {
            from: NodeId(1),
            msg: Alive { life, number },
        }
    }

    fn wait_for_more<P: Patience>() -> Effect<Heartbeats<P>> {
        Effect::Arm(Timer::Silence(NodeId(1)), TIMEOUT)
    }

    #[test]
    fn tells_everybody_each_interval_and_waits_for_everybody() {
        let sent = |number| {
            Effect::Request(Transmit {
                to: Group::Others,
                msg: Alive { life: 0, number },
            })
        };
        let mut rig = Rig::new(Heartbeats::new(INTERVAL, Fixed(TIMEOUT)));
        let wait = |node| Effect::Arm(Timer::Silence(NodeId(node)), TIMEOUT);
        let again = Effect::Arm(Timer::Beat, INTERVAL);
        assert_eq!(
            rig.boot().effects(),
            [wait(1), wait(2), sent(1), again.clone()]
        );
        assert_eq!(rig.timer(Timer::Beat).effects(), [sent(2), again]);
    }

    /// EPFD1 and EPFD2: silence is a crash until it is broken.
    #[test]
    fn suspects_the_silent_and_restores_who_is_heard_again() {
        let mut rig = rig();
        let suspect = Effect::Indicate(Opinion::Suspect(NodeId(1)));
        assert_eq!(rig.timer(Timer::Silence(NodeId(1))).effects(), [suspect]);
        let restore = Effect::Indicate(Opinion::Restore(NodeId(1)));
        assert_eq!(
            rig.indication(beat(0, 1)).effects(),
            [restore, wait_for_more()]
        );
        assert_eq!(rig.marks(), ["suspicion_taken_back"]);
        assert_eq!(rig.indication(beat(0, 2)).effects(), [wait_for_more()]);
    }

    /// A heartbeat that was sent before one that is known proves nothing, wherever it has been all the time.
    #[test]
    fn old_heartbeats_and_copies_do_not_count() {
        let mut rig = rig();
        assert_eq!(rig.indication(beat(0, 5)).effects(), [wait_for_more()]);
        for (life, number) in [(0, 5), (0, 4)] {
            assert_eq!(rig.indication(beat(life, number)).effects(), []);
        }
        assert_eq!(
            rig.indication(beat(1, 1)).effects(),
            [wait_for_more()],
            "a new life"
        );
        assert_eq!(rig.indication(beat(0, 6)).effects(), [], "of the old one");
    }

    /// Whatever number the network makes up, it is dropped.
    #[test]
    fn a_stranger_is_ignored() {
        let mut rig = rig();
        let stranger = Arrival {
            from: NodeId(7),
            msg: Alive { life: 0, number: 1 },
        };
        assert_eq!(rig.indication(stranger).effects(), []);
    }
}
