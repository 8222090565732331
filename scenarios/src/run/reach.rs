//! What a scenario says that a real run cannot do, so that it can be told.

use sim_core::sim::{Fault, Strike, Trigger};

use super::plan;
use crate::format::Scenario;
use crate::overlay::Shape;

/// What is out of reach in a real run, a sentence each. `apart`: every process is an OS process of its own.
pub(super) fn out_of_reach(scenario: &Scenario, apart: bool) -> Vec<String> {
    let mut said = Vec::new();
    if scenario.links.is_assumed() {
        let promise = scenario.links.promise().name();
        said.push(format!(
            "links: Assumed({promise}): nothing repeats what the real network loses"
        ));
    }
    if !apart {
        return said;
    }
    let network = &scenario.network;
    let queues = network.everywhere.bandwidth.is_some()
        || network
            .between
            .iter()
            .any(|between| between.differs.bandwidth.is_some());
    if queues && scenario.topology == Shape::Bus {
        said.push("bandwidth on a bus: each process knows only its own queue".to_owned());
    }
    let faults = plan::faults(scenario).list;
    let mut unseen: Vec<u32> = Vec::new();
    for fault in &faults {
        if is_unseen(fault) && !unseen.contains(&fault.number) {
            unseen.push(fault.number);
            said.push(format!(
                "faults[{}]: only the process at which its trigger is pulled knows of it",
                scenario.faults[fault.number as usize].index
            ));
        }
    }
    let has = |wanted: fn(&Strike) -> bool| faults.iter().any(|fault| wanted(&fault.strike));
    let crashes = has(|strike| matches!(strike, Strike::Crash { .. }));
    let cuts = has(|strike| matches!(strike, Strike::Cut { .. }));
    if crashes && cuts && scenario.links.is_assumed() {
        said.push(
            "a process that crashes takes the messages with it that wait for a heal".to_owned(),
        );
    }
    said
}

/// Does the fault befall another process than the one at which its trigger is pulled?
fn is_unseen(fault: &Fault) -> bool {
    let puller = match &fault.trigger {
        Trigger::Start | Trigger::At(_) => return false,
        Trigger::AfterSends(node, _)
        | Trigger::AfterWrites(node, _)
        | Trigger::AfterEffects(node, _) => Some(*node),
        Trigger::AfterReceipts { node, .. } | Trigger::OnMark { node, .. } => *node,
    };
    puller.is_none()
        || matches!(fault.strike, Strike::Cut { .. })
        || puller != fault.strike.victim()
}
