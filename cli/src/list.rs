//! `stormglass list`: what scenarios can use.

use std::collections::BTreeMap;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use scenarios::format::Entry;
use scenarios::run::Runner;
use scenarios::{marks, metrics};
use sim_core::kernel::property::{About, Kind, Quiescence};

use crate::args::{ListArgs, What};
use crate::exit::Exit;
use crate::fields::Reference;
use crate::out::Out;

/// Lists one kind of thing.
pub fn list(out: Out, registry: &dyn Runner, args: &ListArgs) -> Exit {
    let reference = Reference::new(registry);
    let verbose = args.verbose;
    let text = match args.what {
        What::Protocols => protocols(registry, &reference, verbose),
        What::Properties => properties(registry, verbose),
        What::Links => reference.options("scenario.links", verbose),
        What::Faults => faults(&reference, verbose),
        What::Delays => reference.options("scenario.network.latency", verbose),
        What::Topologies => reference.options("scenario.topology", verbose),
        What::Metrics => table(
            ["NAME", "WHAT"],
            metrics::all().map(|about| [about.name, about.what]),
        ),
        What::Marks => marks(registry),
        What::Formats => table(["NAME", "WHAT"], FORMATS),
    };
    out.answer(text);
    Exit::Held
}

/// The marks of each protocol, then those below any of them.
fn marks(registry: &dyn Runner) -> String {
    let entries = registry.entries().iter();
    let own = entries.flat_map(|entry| {
        let of = entry.about().name;
        entry
            .marks()
            .iter()
            .map(move |mark| [mark.name, of, mark.what])
    });
    let common = marks::COMMON
        .iter()
        .map(|mark| [mark.name, "any", mark.what]);
    table(["NAME", "OF", "WHAT"], own.chain(common))
}

const FORMATS: [[&str; 2]; 3] = [
    ["text", "fixed columns, for people and snapshots"],
    [
        "jsonl",
        "one JSON object a line, times in integer nanoseconds",
    ],
    [
        "shiviz",
        "events of processes with their vector clocks, for ShiViz, which draws them",
    ],
];

fn protocols(registry: &dyn Runner, reference: &Reference, verbose: bool) -> String {
    let rows = registry.entries().iter().map(|entry| {
        let about = entry.about();
        let row = [
            about.name,
            about.what,
            about.needs.name(),
            &about.messages.to_string(),
            about.source,
        ];
        row.map(str::to_owned)
    });
    let head = ["NAME", "WHAT", "NEEDS", "MESSAGES (no faults)", "SOURCE"];
    let mut text = table(head, rows);
    if !verbose {
        text.push_str(
            "\n`stormglass explain NAME` tells the parameters of one; `-v` those of all.\n",
        );
    } else {
        for entry in registry.entries() {
            text.push('\n');
            text.push_str(&protocol(*entry, reference));
        }
    }
    text
}

/// The kinds of faults; with `verbose` all that can be said of each.
fn faults(reference: &Reference, verbose: bool) -> String {
    let mut text = table(["NAME", "WHAT", "STRIKES", "ENDS"], reference.faults());
    if verbose {
        text.push('\n');
        text.push_str(&reference.every_fault());
    }
    text
}

/// One protocol: its layers and parameters, and what can be asked of it.
pub fn protocol(entry: &dyn Entry, reference: &Reference) -> String {
    let about = entry.about();
    let path = format!("scenario.protocol.{}", about.name);
    let signature = reference.signature("scenario.protocol", about.name);
    let asked = format!("{path}.do");
    let operations = reference.get(&asked).map_or(&[][..], |doc| &doc.options);
    let operations: Vec<String> = operations
        .iter()
        .map(|operation| reference.signature(&asked, operation))
        .collect();
    let marks: String = entry
        .marks()
        .iter()
        .map(|mark| format!("  marks      {}: {}\n", mark.name, mark.what))
        .collect();
    format!(
        "{signature}: {}   ({})\n  layers     {}\n  asked for  {}\n{marks}{}",
        about.what,
        about.source,
        about.layers.join(" over "),
        operations.join(", "),
        reference.arguments(&path),
    )
}

/// A property, with the numbers that it has in the literature, and of whom it can be asked.
pub struct Promise {
    /// What it is, with one of the numbers.
    pub about: About,
    /// All of them.
    pub numbers: Vec<&'static str>,
    /// The protocols.
    pub of: Vec<&'static str>,
}

impl Promise {
    /// The word that asks for it.
    pub const fn word(&self) -> &'static str {
        match self.about.kind {
            Kind::Safety => "always",
            Kind::Liveness => "eventually",
        }
    }
}

/// All properties, by name; those with the same meaning are one.
pub fn promises(registry: &dyn Runner) -> Vec<Promise> {
    let mut known: BTreeMap<(&str, &str), Promise> = BTreeMap::new();
    for entry in registry.entries() {
        let mut properties = entry.properties();
        if properties
            .iter()
            .all(|about| about.name != Quiescence::ABOUT.name)
        {
            properties.push(Quiescence::ABOUT);
        }
        for about in properties {
            let promise = known
                .entry((about.name, about.meaning))
                .or_insert_with(|| Promise {
                    about,
                    numbers: vec![],
                    of: vec![],
                });
            if !about.number.is_empty() && !promise.numbers.contains(&about.number) {
                promise.numbers.push(about.number);
            }
            promise.of.push(entry.about().name);
        }
    }
    known.into_values().collect()
}

fn properties(registry: &dyn Runner, verbose: bool) -> String {
    let all = promises(registry);
    let row = |promise: &Promise| {
        let numbers = promise.numbers.join(", ");
        [
            promise.about.name,
            promise.word(),
            &numbers,
            promise.about.meaning,
        ]
        .map(str::to_owned)
    };
    let rows = all.iter().map(row);
    if !verbose {
        return table(["NAME", "ASKED WITH", "NUMBER", "MEANING"], rows);
    }
    let with_protocols = rows
        .zip(&all)
        .map(|([name, word, numbers, meaning], promise)| {
            [name, word, numbers, promise.of.join(", "), meaning]
        });
    table(
        ["NAME", "ASKED WITH", "NUMBER", "OF", "MEANING"],
        with_protocols,
    )
}

/// No line of a table is longer, wherever it is read, so that what a script reads does not depend on a terminal.
const WIDTH: u16 = 100;

/// Blanks between two columns.
const GAP: u16 = 2;

/// Columns, two blanks apart, nothing after the last. What is too long goes on below, in its column.
fn table<const N: usize, T: ToString>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [T; N]>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(head);
    // A name that is broken in two can be neither searched for nor copied: no word is.
    let longest = |text: &str| text.split(' ').map(|word| word.chars().count()).max();
    let mut widths = head.map(longest);
    for row in rows {
        let row = row.map(|cell| cell.to_string());
        for (width, cell) in widths.iter_mut().zip(&row) {
            *width = longest(cell).max(*width);
        }
        table.add_row(row);
    }
    for (column, width) in table.column_iter_mut().zip(widths) {
        let width = u16::try_from(width.unwrap_or(0)).unwrap_or(WIDTH) + GAP;
        column
            .set_padding((0, GAP))
            .set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
    }
    table.trim_fmt() + "\n"
}
