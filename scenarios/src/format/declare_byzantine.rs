//! The declaration of what traitors do.

use super::faults::{Behaviour, FaultKind};
use super::fields::Fields;
use super::nodes::NodeSet;
use super::problem::{Code, Problem};

const BEHAVIOURS: [&str; 7] = [
    "Silent",
    "Equivocate",
    "Mutate",
    "Replay",
    "Delay",
    "Forge",
    "Flood",
];

/// So many can be told apart.
const BEHAVIOURS_MAX: usize = 64;

pub(super) fn byzantine(f: &mut Fields<'_>) -> FaultKind {
    let node = f.nodes("node", None, "which nodes are in the hands of an adversary");
    let before = f.cx.count();
    let behaviour = f.required_variants("behaviour", &BEHAVIOURS, "what they do", behaviour);
    if !f.describing() && f.cx.count() == before {
        let place = f.place_of("behaviour");
        if behaviour.is_empty() {
            let problem = Problem::error(Code::S103, place, "`Byzantine` needs a behaviour");
            let help = "write `behaviour: [Silent()]`, or another of the list";
            f.report(problem.label("what do they do?").help(help, Vec::new()));
        } else if behaviour.len() > BEHAVIOURS_MAX {
            let title = format!("these are {} behaviours", behaviour.len());
            let problem = Problem::error(Code::S105, place, title);
            f.report(problem.label(format!("at most {BEHAVIOURS_MAX}")));
        }
    }
    FaultKind::Byzantine { node, behaviour }
}

fn behaviour(f: &mut Fields<'_>) -> Behaviour {
    match f.name() {
        "Silent" => Behaviour::Silent {
            kinds: kinds(f),
            to: f.nodes("to", Some(NodeSet::All), "who hears nothing"),
        },
        "Equivocate" => {
            let kinds = kinds(f);
            let values = values(f);
            Behaviour::Equivocate {
                kinds,
                values,
                to: f.nodes("to", Some(NodeSet::All), "who is told one of them"),
            }
        }
        "Mutate" => Behaviour::Mutate { kinds: kinds(f) },
        "Replay" => Behaviour::Replay { kinds: kinds(f) },
        "Delay" => Behaviour::Delay {
            by: f.time_above_zero("by", None, "how long every message is held back"),
        },
        "Forge" => Behaviour::Forge {
            sender: f.one_node("sender", None, "in whose name they speak"),
        },
        _ => Behaviour::Flood {
            copies: f.integer(
                "copies",
                2..=u64::from(u32::MAX),
                None,
                "how often each message is sent",
            ),
            kinds: kinds(f),
        },
    }
}

fn kinds(f: &mut Fields<'_>) -> Vec<String> {
    let kinds = f.texts("kinds", "of these kinds of messages; all if there are none");
    kinds.into_iter().map(|(_, kind)| kind).collect()
}

fn values(f: &mut Fields<'_>) -> Vec<String> {
    let before = f.cx.count();
    let values = f.texts("values", "what is said instead, two at least");
    let mut known: Vec<String> = Vec::new();
    for (place, value) in values {
        if known.contains(&value) {
            let title = "this value is given twice";
            f.report(Problem::error(Code::S106, place, title).label("again here"));
        } else {
            known.push(value);
        }
    }
    if known.len() < 2 && f.cx.count() == before && !f.describing() {
        let title = "`Equivocate` needs two values at least";
        let problem = Problem::error(Code::S103, f.place_of("values"), title);
        let help = "write `values: [\"a\", \"b\"]`: some are told one, the rest the other";
        f.report(problem.label("what to whom?").help(help, Vec::new()));
    }
    known
}
