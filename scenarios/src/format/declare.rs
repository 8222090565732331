//! Every field of a scenario, declared once: read top-down, this is the reference of the format.

use super::context::Cluster;
use super::declare_faults::faults;
use super::declare_links::links;
use super::declare_network::{network, timing};
use super::declare_sweep::sweep;
use super::declare_topology::{overlay, routing, topology};
use super::declare_work::{operation, too_late, workload};
use super::entry::{Configured, Entry};
use super::expect::{self, Expectation, Sentence, Vocabulary};
use super::fields::{Absent, Fields, Spec};
use super::leaves::{Choice, Label};
use super::params::params;
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::{Opened, Raw};
use super::resolved::Ron;
use super::scenario::{Places, Scenario, Stop, StopWhen, Trace};
use super::words::shown;
use sim_core::kernel::time::Span;

/// The largest cluster.
pub const NODES_MAX: u64 = 10_000_000;

/// Reads all fields. None if what is read is no scenario; that is reported. `expects` are further sentences.
pub(super) fn scenario(
    f: &mut Fields<'_>,
    variant: Option<&str>,
    expects: &[Raw<'_>],
    registry: &[&dyn Entry],
) -> Option<Scenario> {
    let name = name(f, variant);
    let about = f.text("about", Some(""), "what it asks, in a sentence");
    let params = params(f);
    let seed = f.integer("seed", 0..=u64::MAX, Some(0), "the seed of every draw");
    let nodes = nodes(f);
    let topology = topology(f);
    let overlay = overlay(f, &topology, nodes, seed);
    let routing = routing(f);
    let mut places = Places::default();
    let network = f.structure("network", "what happens to a message on its way", |f| {
        (places.loss, places.duplicate) = (f.written_at("loss"), f.written_at("duplicate"));
        places.corrupt = f.written_at("corrupt");
        network(f)
    });
    let timing = timing(f);
    places.protocol = f.written_at("protocol");
    let protocol = protocol(f, registry);
    let protocol_text = f.recorded("protocol").map(Ron::line).unwrap_or_default();
    let links = links(f, protocol.as_ref(), &network, &places);
    let (about_it, mut protocol) = match protocol {
        Some((entry, protocol)) => (Some(entry), Some(protocol)),
        None => (None, None),
    };
    let mut workload = workload(f, protocol.as_mut());
    let texts = f
        .recorded("workload")
        .map(Ron::item_lines)
        .unwrap_or_default();
    for (job, text) in workload.iter_mut().zip(texts) {
        job.text = text;
    }
    let faults = faults(f, protocol.as_deref());
    let words = about_it
        .zip(protocol.as_ref())
        .map(|(entry, protocol)| Vocabulary::of(entry.about().name, &**protocol));
    let expect = expectations(f, expects, words.as_ref());
    let violations = f.texts(
        "expect_violation",
        "properties that are meant to break, and only those",
    );
    for (place, property) in &violations {
        if let Some(words) = &words {
            words.check_property(f.cx, *place, property);
        }
    }
    unasked(f, &violations, &expect);
    let stop_place = f.place_of("stop");
    let stop = f.structure("stop", "when the run ends: whatever comes first", stop);
    let trace = f.choice(
        "trace",
        &TRACES,
        Some(Trace::Messages),
        "how much is written down",
    );
    let sweep = sweep(f, words.as_ref());
    f.take(Spec {
        name: "variants",
        kind: "map of named overrides".to_owned(),
        absent: Absent::Default("{}".to_owned()),
        doc: "other versions of this scenario, each a name and the fields that differ",
        options: &[],
    });
    let read = Scenario {
        name,
        about,
        seed,
        params,
        nodes,
        topology,
        overlay,
        routing,
        network,
        timing,
        protocol: protocol?,
        protocol_text,
        links,
        workload,
        faults,
        expect,
        expect_violation: violations
            .into_iter()
            .map(|(_, property)| property)
            .collect(),
        stop,
        trace,
        sweep,
        measure: Vec::new(),
        places,
        resolved: String::new(),
    };
    too_late(f, &read, stop_place);
    Some(read)
}

fn name(f: &mut Fields<'_>, variant: Option<&str>) -> String {
    const DOC: &str = "its name, fit for a folder: letters, digits, `-`, `_`, `.`";
    let spec = Spec {
        name: "name",
        kind: "text".to_owned(),
        absent: Absent::Required,
        doc: DOC,
        options: &[],
    };
    let read = f.leaf_value(spec, |f, raw, opened| match opened {
        Opened::Text(name) if is_fit_for_a_path(&name) => Some(name),
        Opened::Text(name) => {
            let problem = Problem::error(
                Code::S105,
                raw.place,
                format!("`{}` cannot be the name of a scenario", shown(&name)),
            );
            f.cx.report(problem.label("not fit for a folder").note(DOC));
            None
        }
        other => {
            let label = Label {
                name: "name",
                doc: DOC,
            };
            f.plain_text(raw, other, label);
            None
        }
    });
    let mut name = read.unwrap_or_else(|| "unnamed".to_owned());
    if let Some(variant) = variant {
        name = format!("{name}/{variant}");
    }
    f.record("name", Ron::text(&name));
    name
}

/// `name`, or `name/variant`: no part is empty, hidden or a way out of the folder.
pub(super) fn is_fit_for_a_path(name: &str) -> bool {
    name.len() <= 100 && name.split('/').count() <= 2 && name.split('/').all(is_fit_for_a_folder)
}

pub(super) fn is_fit_for_a_folder(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphanumeric())
        && part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn nodes(f: &mut Fields<'_>) -> u32 {
    let place = f.place_of("nodes");
    let mut expression = String::new();
    let spec = Spec {
        name: "nodes",
        kind: format!("whole number, 1 to {NODES_MAX}"),
        absent: Absent::Required,
        doc: "how many nodes there are; they are numbered from 0",
        options: &[],
    };
    let doc = spec.doc;
    let read = f.leaf_value(spec, |f, raw, opened| {
        if let Opened::Text(text) = &opened {
            expression.clone_from(text);
        }
        f.whole_value(raw, opened, "nodes", doc, &(1..=NODES_MAX))
    });
    let nodes = read.and_then(|nodes| u32::try_from(nodes).ok());
    if let Some(nodes) = nodes {
        *f.cx.cluster.borrow_mut() = Some(Cluster {
            nodes,
            place,
            expression,
        });
    }
    let nodes = nodes.unwrap_or(1);
    f.record("nodes", Ron::Leaf(nodes.to_string()));
    nodes
}

/// A protocol with its entry in the registry.
pub(super) type Chosen<'e> = (&'e dyn Entry, Box<dyn Configured>);

fn protocol<'e>(f: &mut Fields<'_>, registry: &[&'e dyn Entry]) -> Option<Chosen<'e>> {
    let names: Vec<&'static str> = registry.iter().map(|entry| entry.about().name).collect();
    let read = f.variant(
        "protocol",
        &names,
        None,
        "what the nodes run, with its parameters",
        |f| {
            let entry = *registry
                .iter()
                .find(|entry| entry.about().name == f.name())?;
            let mut protocol = entry.read(f);
            if f.describing() {
                operation(f, &mut protocol);
            }
            Some((entry, protocol))
        },
    );
    read.flatten()
}

fn expectations(
    f: &mut Fields<'_>,
    further: &[Raw<'_>],
    words: Option<&Vocabulary>,
) -> Vec<Expectation> {
    let mut sentences = f.raw_texts("expect", "what must hold, in sentences");
    sentences.extend(further.iter().map(|raw| (*raw, raw.text.to_owned())));
    f.record(
        "expect",
        Ron::List(sentences.iter().map(|(_, text)| Ron::text(text)).collect()),
    );
    let read = |(raw, text): (Raw<'_>, String)| expect::read(f.cx, raw, &text, words?);
    sentences.into_iter().filter_map(read).collect()
}

/// Warns of a violation that no sentence could show.
fn unasked(f: &mut Fields<'_>, violations: &[(Place, String)], expect: &[Expectation]) {
    // A sentence that could not be read may have been the one.
    if f.cx.count() > 0 {
        return;
    }
    for (place, name) in violations {
        let shows = |one: &Expectation| match &one.sentence {
            Sentence::Always { property } | Sentence::Eventually { property, .. } => {
                property == name
            }
            _ => false,
        };
        if !expect.iter().filter(|one| one.is_asked()).any(shows) {
            let title = format!("nothing expects `{}`, so nobody sees it break", shown(name));
            let problem = Problem::warning(Code::W202, *place, title).label("not in `expect`");
            f.report(problem);
        }
    }
}

fn stop(f: &mut Fields<'_>) -> Stop {
    let conditions = [
        Choice {
            name: "Quiescent",
            value: StopWhen::Quiescent,
        },
        Choice {
            name: "Never",
            value: StopWhen::Never,
        },
    ];
    Stop {
        at: f.time(
            "at",
            Some(Span::from_secs(60)),
            "at this time at the latest",
        ),
        when: f.choice(
            "when",
            &conditions,
            Some(StopWhen::Quiescent),
            "earlier, once nothing is in flight, armed or planned",
        ),
        events: f.integer(
            "events",
            1..=u64::MAX,
            Some(10_000_000),
            "after so many events at the latest",
        ),
        memory: f.bytes(
            "memory",
            Some(4 << 30),
            "before more memory than this is used",
        ),
    }
}

const TRACES: [Choice<Trace>; 4] = [
    Choice {
        name: "Off",
        value: Trace::Off,
    },
    Choice {
        name: "Summary",
        value: Trace::Summary,
    },
    Choice {
        name: "Messages",
        value: Trace::Messages,
    },
    Choice {
        name: "Full",
        value: Trace::Full,
    },
];
