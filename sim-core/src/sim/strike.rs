//! Faults at work: when they strike, what they do, and how they end.

use crate::kernel::id::NodeId;
use crate::kernel::property::{Fact, Moment};
use crate::kernel::protocol::Node;
use crate::kernel::time::SimTime;
use crate::trace::What;

use super::engine::{Kind, Sim};
use super::fault::{Fault, Flaw, Lasting, Strike, Trigger};
use super::host::{Omission, Trouble};
use super::interpret::Cause;
use super::live::Deed;
use super::numbers::Folded;
use super::queue::Entry;

/// What the queue plans for a fault, by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Strike(u32),
    End(u32),
    Flap(u32),
}

impl Act {
    fn row(self) -> u32 {
        match self {
            Act::Strike(fault) => fault * 3,
            Act::End(fault) => fault * 3 + 1,
            Act::Flap(fault) => fault * 3 + 2,
        }
    }

    pub(super) const fn of(row: u32) -> Act {
        match row % 3 {
            0 => Act::Strike(row / 3),
            1 => Act::End(row / 3),
            _ => Act::Flap(row / 3),
        }
    }
}

/// What is known of faults while the run goes on.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// Partitions in force, and whether each is closed just now.
    pub(super) cuts: Vec<(u32, bool)>,
    /// Flaps in the queue: they keep nobody waiting.
    pub(super) flaps_planned: usize,
}

impl<P: Node> Sim<'_, P> {
    /// Puts an act into the queue. What is planned for after the end would only keep the run waiting.
    pub(super) fn plan(&mut self, act: Act, at: SimTime) {
        if at.as_nanos() <= self.setup.limits.at.as_nanos() {
            self.faults.flaps_planned += usize::from(matches!(act, Act::Flap(_)));
            self.push(Entry {
                at: at.as_nanos(),
                node: 0,
                handle: Kind::Act.handle(act.row()),
            });
        }
    }

    pub(super) fn strike_from_the_start(&mut self) {
        for place in 0..self.setup.faults.len() {
            let fault = &self.setup.faults[place];
            let row = u32::try_from(place).expect("fewer than 2^27 faults");
            if fault.trigger == Trigger::Start && self.concerns_us(fault) {
                self.strike(row, 0);
            }
        }
    }

    pub(super) fn strike_all(&mut self, due: Vec<u32>, cause: u64) {
        due.into_iter().for_each(|fault| self.strike(fault, cause));
    }

    pub(super) fn act(&mut self, act: Act) {
        match act {
            Act::Strike(row) => self.strike(row, 0),
            Act::End(row) => self.end(row),
            Act::Flap(row) => self.flap(row),
        }
    }

    fn strike(&mut self, row: u32, cause: u64) {
        let Fault {
            number,
            strike,
            lasting,
            trigger,
        } = self.setup.faults[row as usize].clone();
        // In real time it may strike late; it ends when it was to end.
        let begun = match trigger {
            Trigger::At(at) => SimTime::ZERO.after(at),
            _ => self.now,
        };
        let end = match lasting {
            Lasting::Forever => None,
            Lasting::Until(at) => Some(SimTime::ZERO.after(at).max(self.now)),
            Lasting::For(span) => Some(begun.after(span).max(self.now)),
        };
        let struck = match strike {
            Strike::Crash { node, disk_lost } => {
                let struck = self.crash(node, number, cause);
                if let Some(at) = end.filter(|_| struck) {
                    self.tell(|| Deed::Returns {
                        node,
                        at,
                        disk_lost,
                    });
                }
                struck
            }
            Strike::Pause(node) => self.pause(node, number, cause, end),
            strike => {
                self.befall(row, number, strike, cause);
                true
            }
        };
        if let Some(end) = end.filter(|_| struck) {
            self.plan(Act::End(row), end);
        }
    }

    /// A fault strikes that finds its victim whatever state it is in.
    fn befall(&mut self, row: u32, number: u32, strike: Strike, cause: u64) {
        let now = self.now;
        match strike {
            Strike::Crash { .. } | Strike::Pause(_) => {
                unreachable!("these need a process that is up")
            }
            Strike::Slow { node, processing } => {
                self.afflict(node).slow.add((processing, 0), number);
                self.befell(node, Trouble::SLOW, number, cause);
            }
            Strike::Omit {
                node,
                send,
                receive,
            } => {
                let omission = Omission { send, receive };
                self.afflict(node).omissions.add(omission, number);
                self.befell(node, Trouble::OMITS, number, cause);
                self.fails(node);
            }
            Strike::Turn { node, behaviour } => {
                self.afflict(node).active |= 1 << behaviour;
                self.befell(node, Trouble::TURNED, number, cause);
                self.fails(node);
            }
            Strike::Delay { node, by } => {
                self.afflict(node).late.add(by, number);
                self.befell(node, Trouble::WIRE, number, cause);
                self.fails(node);
            }
            Strike::Forge { node, sender } => {
                self.afflict(node).forges.add(sender, number);
                self.befell(node, Trouble::WIRE, number, cause);
                self.fails(node);
            }
            Strike::Disk { node, flaw } => {
                let disk = &mut self.afflict(node).disk;
                match flaw {
                    Flaw::Slow(latency) => disk.latency.add(latency, number),
                    Flaw::LosesWrites(count) => disk.loses.add(count, number),
                    Flaw::Tears => disk.tears.add((), number),
                    Flaw::Full(capacity) => {
                        disk.full.add(disk.used.saturating_add(capacity), number)
                    }
                    Flaw::Fails(p) => disk.fails.add(p, number),
                }
                self.befell(node, Trouble::DISK, number, cause);
            }
            Strike::Skew { node, by } => {
                let clock = &mut self.afflict(node).clock;
                clock.ahead = clock.ahead.saturating_add(by);
                // A draw may have come out at nothing, which nobody can notice.
                if by != 0 {
                    clock.skews.push(number);
                }
                self.befell(node, Trouble::CLOCK, number, cause);
            }
            Strike::Drift { node, ppm } => {
                let clock = &mut self.afflict(node).clock;
                if ppm != 0 {
                    clock.drifts.add(ppm, number);
                }
                clock.runs(now);
                self.befell(node, Trouble::CLOCK, number, cause);
            }
            Strike::Step { node, by } => {
                let clock = &mut self.afflict(node).clock;
                clock.ahead = clock.ahead.saturating_add(by);
                self.befell(node, Trouble::CLOCK, number, cause);
                self.fire(number, self.events);
            }
            Strike::Cut { flap, .. } => {
                self.faults.cuts.push((row, true));
                self.announce(Folded::Fault, NodeId::ALL, number, cause);
                if let Some((closed, _)) = flap {
                    self.plan(Act::Flap(row), self.now.after(closed));
                }
            }
        }
    }

    fn end(&mut self, row: u32) {
        let Fault { number, strike, .. } = self.setup.faults[row as usize].clone();
        match strike {
            Strike::Crash { node, disk_lost } => self.recover(node, number, disk_lost),
            Strike::Pause(node) => {
                let event = self.announce(Folded::Over, node, number, 0);
                // A crash or a longer pause may have overtaken it.
                let until = self.afflict(node).paused_until;
                if self.hosts[node.index()].up && until <= self.now.as_nanos() {
                    self.repaired(event);
                }
                self.resume(node);
            }
            Strike::Cut { .. } => {
                let closed = self.faults.cuts.contains(&(row, true));
                self.faults.cuts.retain(|(cut, _)| *cut != row);
                // A flapping one may have opened for the last time before.
                if !closed {
                    return;
                }
                let event = self.announce(Folded::Over, NodeId::ALL, number, 0);
                self.release();
                self.repaired(event);
            }
            Strike::Slow { node, .. } => {
                let slow = &mut self.afflict(node).slow;
                slow.lift(number);
                let sort = Trouble::SLOW.if_true(slow.is_empty());
                self.over(node, sort, number);
            }
            Strike::Omit { node, .. } => {
                let omissions = &mut self.afflict(node).omissions;
                omissions.lift(number);
                let sort = Trouble::OMITS.if_true(omissions.is_empty());
                self.over(node, sort, number);
            }
            Strike::Turn { node, behaviour } => {
                self.afflict(node).active &= !(1 << behaviour);
                self.over(node, Trouble::default(), number);
            }
            Strike::Delay { node, .. } => {
                self.afflict(node).late.lift(number);
                self.over(node, Trouble::default(), number);
            }
            Strike::Forge { node, .. } => {
                self.afflict(node).forges.lift(number);
                self.over(node, Trouble::default(), number);
            }
            Strike::Disk { node, flaw } => {
                let disk = &mut self.afflict(node).disk;
                match flaw {
                    Flaw::Slow(_) => disk.latency.lift(number),
                    Flaw::LosesWrites(_) => disk.loses.lift(number),
                    Flaw::Tears => disk.tears.lift(number),
                    Flaw::Full(_) => disk.full.lift(number),
                    Flaw::Fails(_) => disk.fails.lift(number),
                }
                self.sync(node);
                self.over(node, Trouble::default(), number);
            }
            Strike::Drift { node, .. } => {
                let now = self.now;
                let clock = &mut self.afflict(node).clock;
                clock.drifts.lift(number);
                clock.runs(now);
                self.over(node, Trouble::default(), number);
            }
            // A clock that is off stays off until it is set.
            Strike::Skew { .. } | Strike::Step { .. } => (),
        }
    }

    /// The process stops. True if it was up.
    pub(super) fn crash(&mut self, node: NodeId, fault: u32, cause: u64) -> bool {
        let host = &mut self.hosts[node.index()];
        if !host.up {
            return false;
        }
        host.up = false;
        self.timers.disarm_all(&mut host.timers);
        let event = self.next_event(Folded::Crash, node, u64::from(fault));
        let moment = Moment {
            at: self.now,
            event,
        };
        self.fire(fault, event);
        self.crashed.insert(node, (moment, fault));
        self.note(event, cause, node, |_| What::Crash(fault));
        self.show(moment, &Fact::Crashed(node));
        self.tell(|| Deed::Crashed(node, fault));
        self.lose_writes(node, event);
        self.abandon(node);
        true
    }

    /// The process recovers from a crash by this fault: a new program, and the disk as it was found.
    fn recover(&mut self, node: NodeId, fault: u32, disk_lost: bool) {
        if self.crashed.get(&node).map(|(_, by)| *by) != Some(fault) {
            return;
        }
        self.crashed.remove(&node);
        self.rebuild(node);
        let host = &mut self.hosts[node.index()];
        host.up = true;
        let incarnation = self.incarnations.of(node, self.setup.nodes);
        *incarnation += 1;
        let incarnation = *incarnation;
        if disk_lost {
            host.disk = Default::default();
            if let Some(afflicted) = self.afflicted.get_mut(&node) {
                afflicted.disk.used = 0;
            }
            self.tell(|| Deed::DiskLost(node));
        }
        self.tell(|| Deed::Life(node, incarnation));
        self.counters.recoveries += 1;
        self.last_repair = self.now;
        let event = self.next_event(Folded::Recover, node, u64::from(incarnation));
        self.note(event, 0, node, |_| What::Recover(fault));
        let moment = Moment {
            at: self.now,
            event,
        };
        self.show(moment, &Fact::Recovered(node));
        self.boot(node, Cause { event, depth: 0 });
    }

    fn pause(&mut self, node: NodeId, fault: u32, cause: u64, end: Option<SimTime>) -> bool {
        if !self.hosts[node.index()].up {
            return false;
        }
        let event = self.announce(Folded::Fault, node, fault, cause);
        self.fire(fault, event);
        let until = end.map_or(u64::MAX, SimTime::as_nanos);
        let afflicted = self.afflict(node);
        afflicted.paused_until = afflicted.paused_until.max(until);
        // Its end, which is planned, lets it resume.
        self.trouble(node, Trouble::BUSY, true);
        true
    }

    /// A fault befell a process.
    fn befell(&mut self, node: NodeId, sort: Trouble, fault: u32, cause: u64) {
        self.trouble(node, sort, true);
        self.announce(Folded::Fault, node, fault, cause);
    }

    fn over(&mut self, node: NodeId, sort: Trouble, fault: u32) {
        self.trouble(node, sort, false);
        self.announce(Folded::Over, node, fault, 0);
    }

    /// Something begins or ends that is no message and no step of a protocol.
    pub(super) fn announce(&mut self, folded: Folded, node: NodeId, fault: u32, cause: u64) -> u64 {
        let event = self.next_event(folded, node, u64::from(fault));
        self.note(event, cause, node, |_| match folded {
            Folded::Over => What::Over(fault),
            _ => What::Fault(fault),
        });
        event
    }

    /// The process deviates from its algorithm from now on: it is not correct.
    fn fails(&mut self, node: NodeId) {
        let moment = Moment {
            at: self.now,
            event: self.events,
        };
        self.show(moment, &Fact::Failed(node));
    }

    pub(super) fn repaired(&mut self, event: u64) {
        self.last_repair = self.now;
        let moment = Moment {
            at: self.now,
            event,
        };
        self.show(moment, &Fact::Healed);
    }
}
