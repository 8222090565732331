//! What the literature says of a point: what its messages cost, and what the file says.

use super::plan::Theory;
use crate::format::{
    Entry, Figures, Messages, NodeSet, Overrides, Said, Scenario, SourceId, Sources, Sweep, Turn,
    Value, bound, formula, read,
};
use crate::overlay::Shape;

/// A metric, what is said of it, and how much that is at a point.
type Line = (String, Option<Theory>, Option<f64>);

/// What is said of a point: by the file, of the scenario itself and no variant of it; for messages else by the protocol's cost.
pub(super) fn at(
    sweep: &Sweep,
    is_itself: bool,
    scenario: &Scenario,
    cost: Option<(String, f64)>,
) -> Vec<Line> {
    let mut lines: Vec<Line> = sweep
        .theory
        .iter()
        .map(|said| {
            let theory = Theory {
                formula: match &said.figures {
                    Figures::Formula(text) => text.clone(),
                    Figures::Table(..) => String::new(),
                },
                source: sweep.source.clone(),
            };
            let value = value(said, scenario).filter(|_| is_itself);
            (said.metric.clone(), Some(theory), value)
        })
        .collect();
    if lines.iter().all(|(metric, ..)| metric != "messages") {
        let (formula, value) = cost.unzip();
        let theory = formula.map(|formula| Theory {
            formula,
            source: String::new(),
        });
        lines.push(("messages".to_owned(), theory, value));
    }
    lines
}

fn value(said: &Said, scenario: &Scenario) -> Option<f64> {
    match &said.figures {
        Figures::Formula(text) => bound(text, &|name| param(scenario, name)),
        Figures::Table(name, table) => {
            let Value::Number(here) = param(scenario, name)? else {
                return None;
            };
            // Values of an axis are computed: a rounding is no other value.
            let near = |value: f64| (value - here).abs() <= 1e-9 * here.abs().max(1e-9);
            let found = table.iter().find(|(value, _)| near(*value));
            found.map(|(_, figure)| *figure)
        }
    }
}

fn param(scenario: &Scenario, name: &str) -> Option<Value> {
    let (_, text) = scenario.params.iter().find(|(param, _)| param == name)?;
    Some(match text.parse() {
        Ok(number) => Value::Number(number),
        Err(_) => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => Value::Text(text.to_owned()),
        },
    })
}

/// The formula and its value, if the protocol states its cost exactly for the form that the scenario has, and nothing else
/// is counted: every process a neighbour of every other, no acknowledgements of links, operations that end.
pub(super) fn messages(
    sources: &Sources,
    file: SourceId,
    overrides: &Overrides,
    scenario: &Scenario,
    registry: &[&dyn Entry],
) -> Option<(String, f64)> {
    let name = scenario.protocol_text.split('(').next()?;
    let entry = registry.iter().find(|entry| entry.about().name == name)?;
    let Messages::Exactly(costs) = entry.about().messages else {
        return None;
    };
    let bare =
        scenario.links.is_assumed() || scenario.links.promise() == crate::format::Need::FairLoss;
    if scenario.topology != Shape::Complete || !bare || scenario.workload.is_empty() {
        return None;
    }
    let once = |job: &crate::format::Job| {
        matches!((&job.turn, &job.node), (Turn::Once { .. }, NodeSet::One(_)))
    };
    if !scenario.workload.iter().all(once) {
        return None;
    }
    let same_form = |form: &str| {
        let mut sources = sources.clone();
        let mut overrides = overrides.clone();
        let text = match form {
            "" => format!("protocol={name}"),
            form => format!("protocol={name}({form})"),
        };
        overrides.sets.push(sources.add("form", text));
        let read = read(&sources, file, &overrides, registry).scenario;
        read.is_some_and(|read| read.protocol_text == scenario.protocol_text)
    };
    let plain = costs.iter().filter(|cost| cost.kinds.is_empty());
    let cost = plain.into_iter().find(|cost| same_form(cost.form))?;
    let known = |name: &str| (name == "n").then(|| f64::from(scenario.nodes));
    #[expect(clippy::cast_precision_loss, reason = "a number of lines of a file")]
    let operations = scenario.workload.len() as f64;
    let value = formula(cost.net, &known)? * operations;
    let text = match scenario.workload.len() {
        1 => cost.net.to_owned(),
        many if is_product(cost.net) => format!("{many}*{}", cost.net),
        many => format!("{many}*({})", cost.net),
    };
    Some((text, value))
}

/// Does nothing stand outside brackets that binds less than a product?
fn is_product(formula: &str) -> bool {
    let mut depth = 0_i32;
    formula.chars().all(|letter| {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth > 0 || !matches!(letter, '+' | '-')
    })
}
