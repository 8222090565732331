//! The declaration of `topology` and `routing`.

use super::fields::Fields;
use super::network::Routing;
use super::problem::{Code, Problem};
use super::words::shown;
use crate::overlay::Shape;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
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
pub(super) fn topology(f: &mut Fields<'_>) -> Shape {
    let doc = "who can talk to whom";
    let read = f.variant("topology", &TOPOLOGIES, Some("Complete"), doc, shape);
    read.unwrap_or(Shape::Complete)
}

fn shape(f: &mut Fields<'_>) -> Shape {
    match f.name() {
        "Complete" => Shape::Complete,
        "Star" => Shape::Star {
            centre: NodeId(f.one_node("centre", Some(0), "the node in the middle")),
        },
        "Ring" => Shape::Ring,
        "Line" => Shape::Line,
        "Tree" => Shape::Tree {
            arity: f.small("arity", 1, Some(2), "how many children a node has at most"),
        },
        "Grid" => Shape::Grid,
        "Hypercube" => Shape::Hypercube,
        "Bus" => Shape::Bus,
        "RandomRegular" => {
            let doc = "to how many others each node is joined";
            Shape::RandomRegular {
                degree: f.small("degree", 1, Some(16), doc),
            }
        }
        "ErdosRenyi" => Shape::ErdosRenyi {
            p: f.probability(
                "p",
                Some(tenth()),
                "how likely two nodes are joined, for each pair",
            ),
        },
        "SmallWorld" => {
            let doc = "neighbours of a node in the ring, half of them on either side";
            let k = f.small("k", 2, Some(4), doc);
            let doc = "how likely an edge is moved to somewhere else";
            let p = f.probability("p", Some(tenth()), doc);
            Shape::SmallWorld { k, p }
        }
        "ScaleFree" => {
            let doc = "to how many others a node is joined when it comes";
            Shape::ScaleFree {
                m: f.small("m", 1, Some(2), doc),
            }
        }
        _ => {
            f.positional();
            let doc = "a list of edges or GraphML; relative to the scenario file";
            let path = f.text("path", None, doc);
            Shape::File(if f.describing() {
                String::new()
            } else {
                graph(f, &path)
            })
        }
    }
}

/// The text of a graph file.
fn graph(f: &mut Fields<'_>, path: &str) -> String {
    let file = f.cx.folder().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| {
        let title = format!("`{}` cannot be read", shown(&file.display().to_string()));
        f.report(Problem::error(Code::S107, f.place(), title).label(error.to_string()));
        String::new()
    })
}

fn tenth() -> Probability {
    Probability::ratio(1, 10).unwrap_or(Probability::NEVER)
}

/// The graph itself. What cannot be is reported; then everybody is everybody's neighbour.
pub(super) fn overlay(f: &mut Fields<'_>, shape: &Shape, nodes: u32, seed: u64) -> Overlay {
    let place = f.place_of("topology");
    // What is wrong already would only be said again.
    if !f.describing() && f.cx.count() == 0 {
        match crate::overlay::build(shape, nodes, seed) {
            Ok(overlay) => return overlay,
            Err(why) => {
                let problem = Problem::error(Code::S107, place, why.to_string());
                f.cluster_problem(problem.label("there is no such graph"));
            }
        }
    }
    Overlay::complete(nodes)
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
