//! `stormglass list`: what scenarios can use.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};
use scenarios::format::{FieldDoc, Need, describe};
use scenarios::metrics;
use scenarios::recipe::Registry;

use crate::args::{ListArgs, What};
use crate::exit::Exit;
use crate::out::Out;

/// Lists one kind of thing.
pub fn list(out: Out, registry: &impl Registry, args: &ListArgs) -> Exit {
    let docs = describe(registry.entries());
    let text = match args.what {
        What::Protocols => protocols(registry, &docs, args.verbose),
        What::Properties => properties(registry),
        What::Links => options(&docs, "scenario.links", args.verbose),
        What::Faults => options(&docs, "scenario.faults", args.verbose),
        What::Latencies => options(&docs, "scenario.network.latency", args.verbose),
        What::Topologies => options(&docs, "scenario.topology", args.verbose),
        What::Metrics => metrics::ALL.iter().fold(table(["NAME", "WHAT"]), |table, (name, what)| row(table, [name, what])).to_string() + "\n",
        What::Formats => "text    fixed columns, for people and snapshots\njsonl   one JSON object a line, times in integer nanoseconds\n".to_owned(),
    };
    out.answer(text);
    Exit::Held
}

fn protocols(registry: &impl Registry, docs: &[FieldDoc], verbose: bool) -> String {
    let mut all = table([
        "NAME",
        "WHAT",
        "NEEDS",
        "MESSAGES (no faults)",
        "SOURCE",
        "PARAMETERS",
    ]);
    let mut more = String::new();
    for entry in registry.entries() {
        let about = entry.about();
        let needs = match about.needs {
            Need::FairLoss => "FairLoss",
            Need::Reliable => "Reliable",
        };
        let below = format!("scenario.protocol.{}.", about.name);
        let parameters: Vec<&FieldDoc> = docs
            .iter()
            .filter(|doc| parameter(doc, &below).is_some())
            .collect();
        let names: Vec<&str> = parameters
            .iter()
            .filter_map(|doc| parameter(doc, &below))
            .collect();
        all = row(
            all,
            [
                about.name,
                about.what,
                needs,
                about.messages,
                about.source,
                &names.join(" "),
            ],
        );
        if verbose {
            more.push_str(&format!(
                "\n{}   {}\n",
                about.name,
                about.layers.join(" over ")
            ));
            for doc in parameters {
                more.push_str(&line(doc, parameter(doc, &below).unwrap_or_default()));
            }
        }
    }
    format!("{all}\n{more}")
}

/// The name of a parameter of the protocol whose fields lie below `below`.
fn parameter<'a>(doc: &'a FieldDoc, below: &str) -> Option<&'a str> {
    doc.path
        .strip_prefix(below)
        .filter(|rest| !rest.contains('.'))
}

fn properties(registry: &impl Registry) -> String {
    let mut known: BTreeMap<(&str, &str), (String, &str, Vec<&str>)> = BTreeMap::new();
    for entry in registry.entries() {
        for property in entry.properties() {
            let asked = match property.kind {
                sim_core::kernel::property::Kind::Safety => "always",
                sim_core::kernel::property::Kind::Liveness => "eventually",
            };
            let row = known.entry((property.name, property.number)).or_insert((
                asked.to_owned(),
                property.meaning,
                vec![],
            ));
            row.2.push(entry.about().name);
        }
    }
    let mut all = table(["NAME", "NUMBER", "ASKED WITH", "MEANING"]);
    for ((name, number), (asked, meaning, _)) in known {
        all = row(all, [name, number, &asked, meaning]);
    }
    format!("{all}\n")
}

/// The options of a field, with their own fields if `verbose`.
fn options(docs: &[FieldDoc], path: &str, verbose: bool) -> String {
    let mut text = String::new();
    let Some(field) = docs.iter().find(|doc| doc.path == path) else {
        return text;
    };
    for option in &field.options {
        let below = format!("{path}.{option}.");
        let arguments: Vec<&FieldDoc> = docs
            .iter()
            .filter(|doc| parameter(doc, &below).is_some())
            .collect();
        let names: Vec<&str> = arguments
            .iter()
            .filter_map(|doc| parameter(doc, &below))
            .collect();
        if names.is_empty() {
            text.push_str(&format!("{option}\n"))
        } else {
            text.push_str(&format!("{option}({})\n", names.join(", ")))
        }
        if verbose {
            for doc in arguments {
                text.push_str(&line(doc, parameter(doc, &below).unwrap_or_default()));
            }
        }
    }
    text
}

/// One field with its type and default.
pub fn line(doc: &FieldDoc, name: &str) -> String {
    let default = match doc.default.as_deref() {
        None => "required".to_owned(),
        Some("") => "optional".to_owned(),
        Some(default) => format!("default {default}"),
    };
    let kind = if doc.options.is_empty() {
        doc.kind.clone()
    } else {
        doc.options.join(" | ")
    };
    format!("  {name:<14}{}\n{:16}{kind}; {default}\n", doc.doc, "")
}

fn table<const N: usize>(head: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head);
    table
}

fn row<const N: usize>(mut table: Table, cells: [&str; N]) -> Table {
    table.add_row(cells);
    table
}
