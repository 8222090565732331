//! SWIM: each period every member probes one other, and what it finds out rides along on the probes.
//!
//! Source: Das, Gupta, Motivala 2002 (Scalable Weakly-consistent Infection-style process group Membership). Needs
//! fair-loss links, offers ◇P (EPFD1, EPFD2) as far as members hear of suspicions in time to refute them. Cost: 2 messages
//! a member and period without loss, at most 4k+2 with k proxies, whatever the size of the group; a crash is first found
//! after e/(e−1) periods in the mean, and known to all some log n periods later. Model: crash-stop and crash-recovery,
//! any number of crashes.
//! Wrong about a member whose every ack is lost in a period, directly and by all proxies, if it cannot refute in time.
//!
//! What it says above is who is *confirmed* to have failed: a member that is only suspected still belongs to the group, so
//! that a suspicion that is refuted is no mistake. This is what the time that it costs is spent for.
//!
//! Not as published, all three to be accurate in the end: a confirmation bears an incarnation, so that a member that was
//! wronged can come back (as in Serf); every message bears the incarnation of its sender, and tells a receiver that is
//! suspected or confirmed that it is (the *buddy system* of Lifeguard, Dadgar et al. 2018); and now and then a member that
//! failed is asked whether it is back, or the two sides of a partition would never meet again.

mod members;
mod message;
mod news;

use core::fmt;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use crate::detector::{Detector, EventuallyAccurate, Opinion};
use members::Members;
pub use message::{Incarnation, Message, Piggyback, Probe, Record, Standing, Update};
use news::News;

/// In which order a member probes the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// A random one each period.
    Random,
    /// Down a list of all, which is shuffled at its end: nobody waits for more than 2n−3 periods.
    RoundRobin,
}

/// Whether a member contradicts what is said of it. Without, who is suspected once is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refuting {
    /// As published.
    On,
    /// A lesson: nobody who was wronged comes back.
    Off,
}

/// How a group is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// T′ of the paper: how often a member probes another. Longer than the timeout and two more round trips.
    pub period: Span,
    /// How long it waits for an ack before it asks proxies.
    pub timeout: Span,
    /// k of the paper: how many proxies.
    pub proxies: u32,
    /// Whom it probes.
    pub order: Order,
    /// How long a suspect may contradict; zero: a probe that failed is a failure at once.
    pub suspicion: Span,
    /// Whether it does.
    pub refuting: Refuting,
    /// λ: an update is told λ·log₂ n times.
    pub lambda: u32,
    /// How many updates a message carries at most, besides what it tells its receiver about itself.
    pub carried: u32,
    /// How often a member that failed is asked whether it is back; zero: never, as published.
    pub reconnect: Span,
}

/// Names of timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// The next period begins.
    Period,
    /// The ack of the member that was probed is overdue.
    Timeout,
    /// This suspect has not contradicted.
    Suspicion(NodeId),
    /// Somebody who failed may be back.
    Reconnect,
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timer::Period => f.write_str("period"),
            Timer::Timeout => f.write_str("timeout"),
            Timer::Suspicion(node) => write!(f, "suspicion of {node}"),
            Timer::Reconnect => f.write_str("reconnect"),
        }
    }
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Swim {
    settings: Settings,
    incarnation: Incarnation,
    members: Members,
    news: News,
    /// How many probes it has begun.
    probes: u32,
    /// Whom it probes in this period, until the ack is there.
    unanswered: Option<NodeId>,
    /// Whom it will probe, from the end; only if it goes round.
    round: Vec<NodeId>,
}

impl Swim {
    /// A member that takes all others for alive.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Swim {
            settings,
            incarnation: Incarnation {
                life: 0,
                refutations: 0,
            },
            members: Members::new(),
            news: News::new(),
            probes: 0,
            unanswered: None,
            round: Vec::new(),
        }
    }
}

impl Protocol for Swim {
    type Offers = Detector<EventuallyAccurate>;
    type Needs = Link<Message, FairLoss>;
    type Timer = Timer;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => {
                self.incarnation.life = boot.incarnation;
                self.on_period(fx);
            }
            Event::Request(never) => match never {},
            Event::Indication(Arrival { from, msg }) => self.on_message(from, msg, fx),
            Event::Timer(Timer::Period) => self.on_period(fx),
            Event::Timer(Timer::Timeout) => self.on_timeout(fx),
            Event::Timer(Timer::Suspicion(suspect)) => self.on_no_refutation(suspect, fx),
            Event::Timer(Timer::Reconnect) => self.on_reconnect(fx),
        }
    }
}

/// Probing.
impl Swim {
    /// The probe of the last period is over, and the next one begins.
    fn on_period(&mut self, fx: &mut impl Effects<Self>) {
        if let Some(target) = self.unanswered.take() {
            fx.mark("probe_failed");
            self.on_failed_probe(target, fx);
        }
        if let Some(target) = self.next_target(fx) {
            self.probes = self.probes.wrapping_add(1);
            self.unanswered = Some(target);
            self.send(target, |news, probe| Message::Ping(probe, news), fx);
            fx.arm(Timer::Timeout, self.settings.timeout);
        }
        fx.arm(Timer::Period, self.settings.period);
    }

    fn on_timeout(&mut self, fx: &mut impl Effects<Self>) {
        let Some(target) = self.unanswered else {
            return;
        };
        let (me, nodes) = (fx.me(), fx.nodes());
        let mut excluded = self.members.but(&[me, target]);
        for _ in 0..self.settings.proxies.min(excluded.left(nodes)) {
            let place = fx.pick("proxy", excluded.left(nodes));
            let proxy = excluded.take(place);
            self.send(
                proxy,
                |news, probe| Message::PingRequest(probe, target, news),
                fx,
            );
        }
    }

    fn next_target(&mut self, fx: &mut impl Effects<Self>) -> Option<NodeId> {
        let (me, nodes) = (fx.me(), fx.nodes());
        let mut excluded = self.members.but(&[me]);
        let left = excluded.left(nodes);
        if left == 0 {
            return None;
        }
        match self.settings.order {
            Order::Random => Some(excluded.take(fx.pick("target", left))),
            Order::RoundRobin => loop {
                if self.round.is_empty() {
                    self.round = shuffled(me, nodes, fx);
                }
                let target = self.round.pop()?;
                if !self.members.failed().contains(&target) {
                    return Some(target);
                }
            },
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, fx: &mut impl Effects<Self>) {
        let nodes = fx.nodes();
        let (Message::Ping(probe, news)
        | Message::PingRequest(probe, _, news)
        | Message::Ack(probe, news)) = &message;
        let probe = *probe;
        self.hear(from, news, fx);
        match message {
            Message::Ping(..) => self.answer(from, |news| Message::Ack(probe, news), fx),
            Message::PingRequest(_, target, _) if target.0 < nodes => {
                self.answer(target, |news| Message::Ping(probe, news), fx);
            }
            Message::Ack(..) if probe == self.probe(fx) => self.unanswered = None,
            // It was a proxy.
            Message::Ack(..) if probe.by != fx.me() && probe.by.0 < nodes => {
                self.answer(probe.by, |news| Message::Ack(probe, news), fx);
            }
            // Late, of one who was asked whether it is back, or made up by the network.
            _ => fx.mark("swim_message_dropped"),
        }
    }

    fn on_reconnect(&mut self, fx: &mut impl Effects<Self>) {
        let failed = u32::try_from(self.members.failed().len()).unwrap_or(u32::MAX);
        if failed == 0 {
            return;
        }
        let place = fx.pick("reconnect", failed) as usize;
        if let Some(lost) = self.members.failed().iter().nth(place).copied() {
            // The ack is the answer to no probe: it says what it has to say by its incarnation.
            let nobody = Probe {
                number: 0,
                ..self.probe(fx)
            };
            self.answer(lost, |news| Message::Ping(nobody, news), fx);
        }
        fx.arm(Timer::Reconnect, self.settings.reconnect);
    }

    /// The probe of this period.
    fn probe(&self, fx: &mut impl Effects<Self>) -> Probe {
        Probe {
            by: fx.me(),
            life: self.incarnation.life,
            number: self.probes,
        }
    }

    fn send(
        &mut self,
        to: NodeId,
        message: impl FnOnce(Piggyback, Probe) -> Message,
        fx: &mut impl Effects<Self>,
    ) {
        let probe = self.probe(fx);
        self.answer(to, |news| message(news, probe), fx);
    }
}

/// Everybody but `me`, in random order (Fisher and Yates).
fn shuffled(me: NodeId, nodes: u32, fx: &mut impl Effects<Swim>) -> Vec<NodeId> {
    let mut list: Vec<NodeId> = (0..nodes).map(NodeId).filter(|node| *node != me).collect();
    for (last, choices) in (1..nodes.saturating_sub(1))
        .map(|last| (last as usize, last + 1))
        .rev()
    {
        let other = fx.pick("shuffle", choices) as usize;
        list.swap(last, other);
    }
    list
}

/// Membership.
impl Swim {
    fn on_failed_probe(&mut self, target: NodeId, fx: &mut impl Effects<Self>) {
        let standing = match self.settings.suspicion {
            Span::ZERO => Standing::Confirm,
            _ => Standing::Suspect,
        };
        self.judge(target, standing, fx);
    }

    fn on_no_refutation(&mut self, suspect: NodeId, fx: &mut impl Effects<Self>) {
        if self.members.of(suspect).standing == Standing::Suspect {
            self.judge(suspect, Standing::Confirm, fx);
        }
    }

    /// Finds that the member, as far as it is known, stands so.
    fn judge(&mut self, member: NodeId, standing: Standing, fx: &mut impl Effects<Self>) {
        let incarnation = self.members.of(member).incarnation;
        let record = Record {
            incarnation,
            standing,
        };
        self.learn(Update { member, record }, fx);
    }

    /// What rode along on a message: that its sender is alive, and what it says of others.
    fn hear(&mut self, from: NodeId, news: &Piggyback, fx: &mut impl Effects<Self>) {
        let (me, nodes) = (fx.me(), fx.nodes());
        let itself = Update {
            member: from,
            record: Record {
                incarnation: news.incarnation,
                standing: Standing::Alive,
            },
        };
        for update in core::iter::once(&itself).chain(&news.updates) {
            if update.member == me {
                self.on_word_of_myself(update.record, fx);
            } else if update.member.0 < nodes {
                self.learn(*update, fx);
            }
        }
    }

    fn on_word_of_myself(&mut self, said: Record, fx: &mut impl Effects<Self>) {
        let wronged = said.standing > Standing::Alive && said.incarnation >= self.incarnation;
        if !wronged || self.settings.refuting == Refuting::Off {
            return;
        }
        fx.mark("suspicion_refuted");
        self.incarnation = said.incarnation.next();
        let record = Record {
            incarnation: self.incarnation,
            standing: Standing::Alive,
        };
        let member = fx.me();
        self.news.add(Update { member, record });
    }

    fn learn(&mut self, update: Update, fx: &mut impl Effects<Self>) {
        let Some(before) = self.members.learn(update) else {
            return;
        };
        self.news.add(update);
        let Update { member, record } = update;
        if before.standing == Standing::Suspect {
            fx.disarm(Timer::Suspicion(member));
        }
        if record.standing == Standing::Suspect {
            fx.mark("member_suspected");
            fx.arm(Timer::Suspicion(member), self.settings.suspicion);
        }
        let failed = |record: Record| record.standing == Standing::Confirm;
        match (failed(before), failed(record)) {
            (false, true) => {
                fx.indicate(Opinion::Suspect(member));
                if self.settings.reconnect > Span::ZERO {
                    fx.arm(Timer::Reconnect, self.settings.reconnect);
                }
            }
            (true, false) => fx.indicate(Opinion::Restore(member)),
            _ => (),
        }
    }

    /// Sends a message with what there is to tell. A receiver that is suspected or failed is told that first.
    fn answer(
        &mut self,
        to: NodeId,
        message: impl FnOnce(Piggyback) -> Message,
        fx: &mut impl Effects<Self>,
    ) {
        let times = news::times(self.settings.lambda, fx.nodes());
        let mut updates = self.news.tell(self.settings.carried, times);
        let record = self.members.of(to);
        if record.standing > Standing::Alive {
            updates.retain(|update| update.member != to);
            updates.insert(0, Update { member: to, record });
        }
        let incarnation = self.incarnation;
        fx.send(
            to,
            message(Piggyback {
                incarnation,
                updates,
            }),
        );
    }
}

#[cfg(test)]
mod tests;
