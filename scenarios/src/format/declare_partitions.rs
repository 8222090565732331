//! The declaration of partitions: who is cut from whom.

use super::faults::{FaultKind, Flap};
use super::fields::Fields;
use super::nodes::NodeSet;
use super::problem::{Code, Problem};

pub(super) fn partition(f: &mut Fields<'_>) -> FaultKind {
    match f.name() {
        "Partition" => FaultKind::Partition {
            groups: groups(f),
            flap: flap(f),
        },
        "OneWay" => FaultKind::OneWay {
            from: f.nodes("from", None, "what these send"),
            to: f.nodes("to", None, "does not reach these"),
            flap: flap(f),
        },
        "Bridge" => {
            let node = f.one_node("node", None, "the node between the two halves");
            enough_nodes(f, 3);
            FaultKind::Bridge {
                node,
                flap: flap(f),
            }
        }
        "MajorityRing" => {
            enough_nodes(f, 4);
            FaultKind::MajorityRing { flap: flap(f) }
        }
        _ => FaultKind::Isolate {
            node: f.nodes("node", None, "which nodes can talk to nobody"),
            flap: flap(f),
        },
    }
}

/// Groups that have no node in common, as far as that can be known.
fn groups(f: &mut Fields<'_>) -> Vec<NodeSet> {
    let before = f.cx.count();
    let doc =
        "sets of nodes; those of different ones are cut, and who is in none is cut from nobody";
    let groups = f.node_sets("groups", doc);
    if f.describing() || f.cx.count() != before {
        return Vec::new();
    }
    if groups.len() < 2 {
        let title = "`Partition` needs two groups at least";
        let problem = Problem::error(Code::S103, f.place_of("groups"), title);
        let help = "write the other side too: `groups: [[0, 1], [2, 3, 4]]`";
        f.report(problem.label("cut from whom?").help(help, Vec::new()));
    }
    let nodes = f.cluster_size();
    for (i, (place, group)) in groups.iter().enumerate() {
        let mut earlier = groups[..i].iter();
        let shared = earlier.find_map(|(at, other)| Some((at, other.common(group, nodes)?)));
        if let Some((at, node)) = shared {
            let title = format!("node {node} is in two groups");
            let problem = Problem::error(Code::S106, *place, title).label("here");
            f.report(problem.also(*at, "and here"));
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn flap(f: &mut Fields<'_>) -> Option<Flap> {
    f.optional_structure("flap", "comes and goes while it lasts", |f| Flap {
        down: f.time_above_zero("down", None, "so long the links are cut"),
        up: f.time_above_zero("up", None, "then so long they are not"),
    })
}

fn enough_nodes(f: &mut Fields<'_>, least: u32) {
    let nodes = f.cluster_size();
    if nodes < least && !f.describing() {
        let title = format!("`{}` needs {least} nodes at least", f.name());
        let problem = Problem::error(Code::S105, f.place(), title);
        f.cluster_problem(problem.label(format!("there are {nodes}")));
    }
}
