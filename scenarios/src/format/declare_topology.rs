//! The declaration of `topology` and `routing`.

use super::fields::Fields;
use super::network::{Routing, Topology};
use super::problem::{Code, Problem};
use sim_core::kernel::random::Probability;

const TOPOLOGIES: [&str; 13] = [
    "Complete",
    "Star",
    "Ring",
    "Line",
    "Tree",
    "Grid",
    "Hypercube",
    "Bus",
    "RandomRegular",
    "ErdosRenyi",
    "SmallWorld",
    "ScaleFree",
    "File",
];

/// Who can talk to whom.
pub(super) fn topology(f: &mut Fields<'_>) -> Topology {
    let doc = "who can talk to whom";
    let read = f.variant("topology", &TOPOLOGIES, Some("Complete"), doc, one);
    read.unwrap_or(Topology::Complete)
}

fn one(f: &mut Fields<'_>) -> Topology {
    let nodes = f.cluster_size();
    match f.name() {
        "Complete" => Topology::Complete,
        "Star" => Topology::Star {
            centre: f.one_node("centre", Some(0), "the node in the middle"),
        },
        "Ring" => Topology::Ring,
        "Line" => Topology::Line,
        "Tree" => Topology::Tree {
            arity: f.small("arity", 1, Some(2), "how many children a node has at most"),
        },
        "Grid" => Topology::Grid,
        "Hypercube" => {
            if !nodes.is_power_of_two() && nodes != u32::MAX {
                let title = format!("there is no hypercube of {nodes} nodes");
                impossible(f, "", &title, "their number has to be a power of two");
            }
            Topology::Hypercube
        }
        "Bus" => Topology::Bus,
        "RandomRegular" => {
            let doc = "to how many others each node is joined";
            let degree = f.small("degree", 1, Some(16), doc);
            if degree >= nodes {
                fewer(f, "degree", degree);
            } else if degree % 2 == 1 && nodes % 2 == 1 && nodes != u32::MAX {
                let title = format!("there is no graph of {nodes} nodes of degree {degree}");
                impossible(f, "degree", &title, "one of the two has to be even");
            }
            Topology::RandomRegular { degree }
        }
        "ErdosRenyi" => Topology::ErdosRenyi {
            p: f.probability(
                "p",
                Some(tenth()),
                "how likely two nodes are joined, for each pair",
            ),
        },
        "SmallWorld" => {
            let doc = "neighbours of a node in the ring, half of them on either side";
            let k = f.small("k", 2, Some(4), doc);
            if k >= nodes {
                fewer(f, "k", k);
            } else if k % 2 == 1 {
                let title = format!("`k` has to be even, and is {k}");
                impossible(f, "k", &title, "half of them on either side");
            }
            let doc = "how likely an edge is moved to somewhere else";
            let p = f.probability("p", Some(tenth()), doc);
            Topology::SmallWorld { k, p }
        }
        "ScaleFree" => {
            let doc = "to how many others a node is joined when it comes";
            let m = f.small("m", 1, Some(2), doc);
            if m >= nodes {
                fewer(f, "m", m);
            }
            Topology::ScaleFree { m }
        }
        _ => {
            f.positional();
            let path = f.text(
                "path",
                None,
                "a file with an edge a line, two nodes; relative to the scenario file",
            );
            Topology::File {
                path,
                place: f.place(),
            }
        }
    }
}

fn tenth() -> Probability {
    Probability::ratio(1, 10).unwrap_or(Probability::NEVER)
}

/// Reports a graph that would need more nodes.
fn fewer(f: &mut Fields<'_>, field: &'static str, number: u32) {
    let nodes = f.cluster_size();
    let title = format!("`{field}` is {number}, and there are {nodes} nodes");
    let label = format!("each has at most {} others", nodes - 1);
    impossible(f, field, &title, &label);
}

fn impossible(f: &mut Fields<'_>, field: &str, title: &str, label: &str) {
    if !f.describing() {
        let place = if f.has(field) {
            f.place_of(field)
        } else {
            f.place()
        };
        f.cluster_problem(Problem::error(Code::S105, place, title).label(label));
    }
}

/// How a message finds its way in the topology.
pub(super) fn routing(f: &mut Fields<'_>) -> Routing {
    let nodes = f.cluster_size();
    let doc = "how a message finds its way in the topology";
    let read = f.variant(
        "routing",
        &["Direct", "Flooding"],
        Some("Direct"),
        doc,
        |f| match f.name() {
            "Flooding" => {
                let doc = "over how many links a message travels at most; default nodes - 1";
                let written = f.optional_small("ttl", 1, doc);
                Routing::Flooding {
                    ttl: written.unwrap_or_else(|| {
                        let ttl = nodes.saturating_sub(1).max(1);
                        f.record("ttl", super::resolved::Ron::Leaf(ttl.to_string()));
                        ttl
                    }),
                }
            }
            _ => Routing::Direct,
        },
    );
    read.unwrap_or(Routing::Direct)
}
