//! The targets that concern the simulator, each held or missed.

use std::fmt::Write as _;

use crate::report::{MIB, Results, median, ratio};
use crate::stormglass::GOSSIP_NODE;
use crate::subject::Subject;

/// A figure and its bound; what was not measured has no figure.
struct Target {
    what: String,
    measured: Option<f64>,
    bound: f64,
    /// Must the figure stay below the bound, or reach it?
    at_most: bool,
    unit: &'static str,
}

/// One line a target.
pub fn judge(results: &Results) -> String {
    let mut text = String::from("\nTargets\n\n");
    for target in targets(results) {
        let Target {
            what,
            measured,
            bound,
            at_most,
            unit,
        } = target;
        let sign = if at_most { '≤' } else { '≥' };
        let verdict = match measured {
            None => "not measured".to_owned(),
            Some(figure) => {
                let off = if at_most {
                    figure / bound
                } else {
                    bound / figure
                };
                if off <= 1.0 {
                    format!("held: {figure:.2}{unit}")
                } else {
                    format!("missed by {off:.2}x: {figure:.2}{unit}")
                }
            }
        };
        let _ = writeln!(text, "- {what} {sign} {bound}{unit}: {verdict}");
    }
    text
}

fn targets(results: &Results) -> Vec<Target> {
    let ours = |workload: &str| results.cell(workload, Subject::Stormglass);
    let to_bare = |workload: &str| Some(ratio(ours(workload)?, results.bare(workload)?));
    let to_simplest = |workload: &str| {
        let bare = results.cell(workload, Subject::BareWheel)?;
        Some(ratio(ours(workload)?, bare))
    };
    let at_most = |what: &str, bound, measured, unit| Target {
        what: what.to_owned(),
        measured,
        bound,
        at_most: true,
        unit,
    };
    let watched = |workload: &str| {
        let watched = results.cell(workload, Subject::Watched)?;
        Some(ratio(watched, ours(workload)?))
    };
    let all = vec![
        at_most("W2, times bare", 1.6, to_bare("W2"), "x"),
        at_most(
            "W2, times the simplest bare loop (bare-wheel)",
            1.6,
            to_simplest("W2"),
            "x",
        ),
        at_most("W3, times bare", 2.0, to_bare("W3"), "x"),
        at_most(
            "W3, times the simplest bare loop",
            2.0,
            to_simplest("W3"),
            "x",
        ),
        at_most(
            "W3 at N = 10,000, CPU",
            15.0,
            ours("W3-1e4").map(|cell| cell.seconds()),
            " s",
        ),
        at_most(
            "W3 at N = 10,000, memory",
            64.0,
            ours("W3-1e4").map(|cell| cell.peak() / MIB),
            " MiB",
        ),
        at_most("W4 at N = 10^6, times bare", 3.0, to_bare("W4-1e6"), "x"),
        at_most(
            "W4 at N = 10^6, times the simplest bare loop",
            3.0,
            to_simplest("W4-1e6"),
            "x",
        ),
        at_most(
            "W4 at N = 10^6, memory of the process",
            96.0,
            ours("W4-1e6").map(|cell| cell.peak() / MIB),
            " MiB",
        ),
        at_most(
            "memory of an idle gossip node",
            128.0,
            ours("W4-1e6").and_then(|cell| cell.bytes_per_node()),
            " B",
        ),
        at_most(
            "the same besides the protocol's own state",
            32.0,
            ours("W4-1e6")
                .and_then(|cell| cell.bytes_per_node())
                .map(|bytes| bytes - GOSSIP_NODE as f64),
            " B",
        ),
        at_most(
            "memory of a message in flight (W2, 10^6), payload of 4 B",
            28.0,
            ours("W2-1e6").and_then(|cell| cell.bytes_in_flight(results.pending_max(cell))),
            " B",
        ),
        at_most(
            "memory of a copy of a multicast in flight (W3, N = 10,000)",
            24.0,
            ours("W3-1e4").and_then(|cell| cell.bytes_in_flight(results.pending_max(cell))),
            " B",
        ),
        at_most(
            "W3 with properties, times without",
            1.15,
            watched("W3"),
            "x",
        ),
        at_most(
            "W4 at N = 10^6 with properties, times without",
            1.15,
            watched("W4-1e6"),
            "x",
        ),
        at_most(
            "bare queue, ns at 10^7 pending / at 10^3",
            2.5,
            growth(results),
            "x",
        ),
    ];
    #[cfg(feature = "peers")]
    let all = all.into_iter().chain(against_peers(results)).collect();
    all
}

fn growth(results: &Results) -> Option<f64> {
    let ns = |workload| Some(median(results.cell(workload, Subject::BareQueue)?.ns()));
    Some(ns("W2-1e7")? / ns("W2")?)
}

#[cfg(feature = "peers")]
fn against_peers(results: &Results) -> Vec<Target> {
    use Subject::{Anysystem, Nexosim, Simcore, Stormglass};
    let quicker = |workload: &str, peer| {
        let (ours, theirs) = (
            results.cell(workload, Stormglass)?,
            results.cell(workload, peer)?,
        );
        Some(ratio(theirs, ours))
    };
    let smaller = || {
        let ours = results.cell("W4-1e6", Stormglass)?.peak();
        Some(results.cell("W4-1e6", Simcore)?.peak() / ours)
    };
    let mut all: Vec<Target> = [
        ("W2", Simcore, 1.7),
        ("W2", Nexosim, 13.0),
        ("W2", Anysystem, 40.0),
        ("W3", Simcore, 12.0),
        ("W3", Nexosim, 30.0),
        ("W4-1e6", Simcore, 8.0),
    ]
    .into_iter()
    .map(|(workload, peer, bound)| Target {
        what: format!("{workload}, times quicker than {}", peer.name()),
        measured: quicker(workload, peer),
        bound,
        at_most: false,
        unit: "x",
    })
    .collect();
    all.push(Target {
        what: "W4-1e6, times smaller than simcore".into(),
        measured: smaller(),
        bound: 3.5,
        at_most: false,
        unit: "x",
    });
    all
}
