//! What faults wait for: a time, or that something has happened so many times.

use std::collections::BTreeMap;

use crate::kernel::id::NodeId;
use crate::kernel::protocol::Node;
use crate::kernel::time::SimTime;

use super::engine::Sim;
use super::fault::{Strike, Trigger};
use super::host::Trouble;
use super::strike::Act;

/// Faults that wait for something other than a time.
#[derive(Clone, Debug, Default)]
pub(super) struct Alarms {
    /// For a number of sends of a process.
    pub(super) sends: BTreeMap<NodeId, Sends>,
    pub(super) receipts: Watch,
    pub(super) writes: Watch,
    pub(super) effects: Watch,
    pub(super) marks: Watch,
}

/// Faults that wait for a process to have sent so many copies to others.
#[derive(Clone, Debug, Default)]
pub(super) struct Sends {
    /// Copies that it may still send before the next of them strikes.
    pub(super) left: u64,
    /// How many each waits for, ascending, and its place in the list.
    waiting: Vec<(u64, u32)>,
}

/// Faults that wait for something to happen so many times, by the process at which it has to; `ALL` for any.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch(BTreeMap<NodeId, Vec<Alarm>>);

#[derive(Clone, Debug)]
struct Alarm {
    left: u64,
    wanted: Option<String>,
    fault: u32,
}

impl Watch {
    fn add(&mut self, node: Option<NodeId>, count: u64, wanted: Option<&String>, fault: u32) {
        self.0
            .entry(node.unwrap_or(NodeId::ALL))
            .or_default()
            .push(Alarm {
                left: count.max(1),
                wanted: wanted.cloned(),
                fault,
            });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// It has happened at `node` once more: the faults whose time has come.
    pub(super) fn count(
        &mut self,
        node: NodeId,
        is_it: impl Fn(&Option<String>) -> bool,
    ) -> Vec<u32> {
        let mut due = Vec::new();
        for key in [node, NodeId::ALL] {
            let Some(alarms) = self.0.get_mut(&key) else {
                continue;
            };
            for alarm in alarms.iter_mut().filter(|alarm| is_it(&alarm.wanted)) {
                alarm.left -= 1;
                if alarm.left == 0 {
                    due.push(alarm.fault);
                }
            }
            alarms.retain(|alarm| alarm.left > 0);
            if alarms.is_empty() {
                self.0.remove(&key);
            }
        }
        due
    }
}

impl<P: Node> Sim<'_, P> {
    /// Puts every fault where its trigger will find it.
    pub(super) fn plan_faults(&mut self) {
        for place in 0..self.setup.faults.len() {
            let fault = self.setup.faults[place].clone();
            let row = u32::try_from(place).expect("fewer than 2^27 faults");
            assert!(
                fault.number < self.setup.counted,
                "the number of a fault is counted"
            );
            if let Strike::Turn { node, behaviour } = fault.strike {
                let behaviours = &mut self.afflict(node).behaviours;
                let place = usize::from(behaviour);
                behaviours.resize(behaviours.len().max(place + 1), fault.number);
                behaviours[place] = fault.number;
            }
            if !self.concerns_us(&fault) {
                continue;
            }
            let since = self.since();
            let alarms = &mut self.alarms;
            match &fault.trigger {
                Trigger::Start => (),
                Trigger::At(at) => self.plan(Act::Strike(row), SimTime::ZERO.after(*at).max(since)),
                Trigger::AfterSends(node, copies) => {
                    let Sends { left, waiting } = alarms.sends.entry(*node).or_default();
                    let place = waiting.partition_point(|(count, _)| count <= copies);
                    waiting.insert(place, (*copies, row));
                    *left = waiting[0].0;
                    self.trouble(*node, Trouble::COUNTED, true);
                }
                Trigger::AfterReceipts { node, kind, count } => {
                    alarms.receipts.add(*node, *count, kind.as_ref(), row);
                }
                Trigger::AfterWrites(node, count) => {
                    alarms.writes.add(Some(*node), *count, None, row);
                }
                Trigger::AfterEffects(node, count) => {
                    alarms.effects.add(Some(*node), *count, None, row);
                }
                Trigger::OnMark { node, name, count } => {
                    alarms.marks.add(*node, *count, Some(name), row);
                }
            }
        }
    }

    /// A process has sent as many copies as a fault waits for.
    pub(super) fn strike_after_sends(&mut self, node: NodeId, cause: u64) {
        let Some(Sends { left, waiting }) = self.alarms.sends.get_mut(&node) else {
            return;
        };
        let (sent, _) = waiting[0];
        let due = waiting.partition_point(|(count, _)| *count == sent);
        let due: Vec<u32> = waiting.drain(..due).map(|(_, fault)| fault).collect();
        if let Some((count, _)) = waiting.first() {
            *left = count - sent;
        } else {
            self.alarms.sends.remove(&node);
            self.trouble(node, Trouble::COUNTED, false);
        }
        self.strike_all(due, cause);
    }
}
