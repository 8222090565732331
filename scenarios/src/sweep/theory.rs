//! What the literature says that the messages of a point cost.

use crate::format::{
    Entry, Messages, NodeSet, Overrides, Scenario, SourceId, Sources, Turn, formula, read,
};
use crate::overlay::Shape;

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
        many => format!("{many} * ({})", cost.net),
    };
    Some((text, value))
}
