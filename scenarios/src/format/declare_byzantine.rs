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
pub(super) const BEHAVIOURS_MAX: usize = 64;

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
                to: f.nodes(
                    "to",
                    Some(NodeSet::All),
                    "who is told the other; `All` is the second half of the nodes",
                ),
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
            copies: f.integer("copies", 2..=1000, None, "how often each message is sent"),
            kinds: kinds(f),
        },
    }
}

fn kinds(f: &mut Fields<'_>) -> Vec<String> {
    let kinds = f.texts("kinds", "of these kinds of messages; all if there are none");
    kinds.into_iter().map(|(_, kind)| kind).collect()
}

fn values(f: &mut Fields<'_>) -> Option<[String; 2]> {
    let doc = "two texts: the first becomes the second; if there are none, a bit is flipped";
    let values = f.texts("values", doc);
    let places: Vec<_> = values.iter().map(|(place, _)| *place).collect();
    let values: Vec<String> = values.into_iter().map(|(_, value)| value).collect();
    let wrong = match (&values[..], &places[..]) {
        ([], _) => return None,
        ([a, b], [first, second]) if a == b => {
            Problem::error(Code::S106, *second, "this value is given twice")
                .label("again here")
                .also(*first, "first here")
        }
        ([_, _], _) => return <[String; 2]>::try_from(values).ok(),
        _ => Problem::error(
            Code::S105,
            f.place_of("values"),
            "`values` are two texts, or none",
        )
        .label("the first becomes the second")
        .help(
            "write `values: [\"a\", \"b\"]`: some are told `b` where the rest is told `a`",
            Vec::new(),
        ),
    };
    f.report(wrong);
    None
}
