//! Processes that are busy: paused, slow, or waiting for their disk. What happens to them meanwhile waits in order.

use std::collections::VecDeque;

use crate::kernel::id::NodeId;
use crate::kernel::protocol::{Effect, Node};
use crate::kernel::time::SimTime;

use super::engine::{Kind, Sim};
use super::host::{Afflicted, Trouble, Waiting, Work};
use super::interpret::Cause;
use super::queue::Entry;

impl<P: Node> Sim<'_, P> {
    pub(super) fn afflict(&mut self, node: NodeId) -> &mut Afflicted<P> {
        self.afflicted.entry(node).or_default()
    }

    /// The process is in trouble of this sort, or no longer.
    pub(super) fn trouble(&mut self, node: NodeId, sort: Trouble, is_so: bool) {
        let trouble = &mut self.hosts[node.index()].trouble;
        *trouble = if is_so {
            trouble.with(sort)
        } else {
            trouble.without(sort)
        };
    }

    /// Something happens to a process that is busy or slow.
    pub(super) fn wait_or_work(&mut self, node: NodeId, what: Waiting) {
        if self.hosts[node.index()].trouble.has(Trouble::BUSY) {
            self.waiting += 1;
            self.afflict(node).backlog.push_back(what);
        } else {
            self.begin(node, what);
        }
    }

    /// The process turns to something: at once, or when it has worked on it long enough.
    fn begin(&mut self, node: NodeId, what: Waiting) {
        // A timer that was stopped meanwhile is no work.
        let is_work = self.hosts[node.index()].up && !self.is_dead_timer(what);
        let (now, key) = (self.now, self.fate.processing);
        let afflicted = self.afflicted.entry(node).or_default();
        let slow = afflicted.slow.last_mut().filter(|_| is_work);
        let Some(((processing, worked), fault)) = slow else {
            return self.take(node, what);
        };
        let draws = key.at(u64::from(node.0), u64::from(*worked));
        let at = now.after(processing.sample(draws, 0));
        *worked += 1;
        afflicted.work = Work::Handling(what, at.as_nanos());
        self.waiting += 1;
        let event = self.events;
        self.fire(fault, event);
        self.be_busy(node, at);
    }

    fn is_dead_timer(&self, what: Waiting) -> bool {
        match what {
            Waiting::Entry(handle) => match Kind::of(handle) {
                (Kind::Timer, row) => !self.timers.is_live(row),
                _ => false,
            },
            Waiting::Job(..) => false,
        }
    }

    /// The effects of a handler wait for the write that comes first.
    pub(super) fn wait_for_disk(
        &mut self,
        node: NodeId,
        effects: VecDeque<Effect<P>>,
        cause: Cause,
        at: SimTime,
    ) {
        self.waiting += 1;
        self.afflict(node).work = Work::Writing(effects, cause, at.as_nanos());
        self.be_busy(node, at);
    }

    /// The process takes nothing else before `at`.
    pub(super) fn be_busy(&mut self, node: NodeId, at: SimTime) {
        self.trouble(node, Trouble::BUSY, true);
        self.push(Entry {
            at: at.as_nanos(),
            node: node.0,
            handle: Kind::Resume.handle(0),
        });
    }

    /// A busy process may have done what it was busy with: it goes on until it is busy again, or has nothing left.
    pub(super) fn resume(&mut self, node: NodeId) {
        let now = self.now.as_nanos();
        while self.hosts[node.index()].up {
            let Some(afflicted) = self.afflicted.get_mut(&node) else {
                return;
            };
            if now < afflicted.paused_until {
                return;
            }
            match std::mem::take(&mut afflicted.work) {
                Work::Handling(what, until) if until <= now => {
                    self.waiting -= 1;
                    self.take(node, what);
                }
                Work::Writing(effects, cause, until) if until <= now => {
                    self.waiting -= 1;
                    self.carry_on(node, effects, cause);
                }
                Work::Idle => match afflicted.backlog.pop_front() {
                    Some(what) => {
                        self.waiting -= 1;
                        self.begin(node, what);
                    }
                    None => return self.trouble(node, Trouble::BUSY, false),
                },
                // Not yet: another entry of the queue will tell.
                work => {
                    afflicted.work = work;
                    return;
                }
            }
        }
    }

    /// A process crashes: what it was busy with is gone, and what waited for it finds it down.
    pub(super) fn abandon(&mut self, node: NodeId) {
        let Some(afflicted) = self.afflicted.get_mut(&node) else {
            return;
        };
        afflicted.paused_until = 0;
        let mut waiting = std::mem::take(&mut afflicted.backlog);
        self.waiting -= waiting.len();
        match std::mem::take(&mut afflicted.work) {
            Work::Idle => (),
            Work::Handling(what, _) => {
                self.waiting -= 1;
                waiting.push_front(what);
            }
            Work::Writing(..) => self.waiting -= 1,
        }
        self.trouble(node, Trouble::BUSY, false);
        waiting.into_iter().for_each(|what| self.take(node, what));
    }
}
