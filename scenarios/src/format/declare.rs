//! Every field of a scenario, declared once: read top-down, this is the reference of the format.

use super::context::Cluster;
use super::entry::{Configured, Entry, Need};
use super::expect::{self, Expectation, Vocabulary};
use super::expr;
use super::fields::{Absent, Fields, Spec};
use super::leaves::Choice;
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::{Opened, Raw};
use super::resolved::Ron;
use super::scenario::{
    Fault, FaultKind, Job, Links, Network, Places, Scenario, Stop, StopWhen, Topology, Trace, Trigger, Turn,
};
use super::sets::Node;
use super::words::{shown, similar};
use sim_core::kernel::random::{Delay, DelayError};
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
    let topology = f.choice(
        "topology",
        &[Choice {
            name: "Complete",
            value: Topology::Complete,
        }],
        Some(Topology::Complete),
        "who can talk to whom",
    );
    let mut places = Places::default();
    let network = f.structure("network", "what happens to a message on its way", |f| {
        (places.loss, places.duplicate) = (f.written_at("loss"), f.written_at("duplicate"));
        network(f)
    });
    places.protocol = f.written_at("protocol");
    let protocol = protocol(f, registry);
    let protocol_text = f.recorded("protocol").map(Ron::line).unwrap_or_default();
    let links = links(f, protocol.as_ref(), &network);
    let (about_it, mut protocol) = match protocol {
        Some((entry, protocol)) => (Some(entry), Some(protocol)),
        None => (None, None),
    };
    let workload = workload(f, protocol.as_mut());
    let faults = f.variants(
        "faults",
        &["Crash"],
        "what goes wrong; each has the id `faults[i]`",
        fault,
    );
    let faults = faults
        .into_iter()
        .enumerate()
        .map(|(index, (kind, place))| Fault { index, kind, place })
        .collect();
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
    let stop_place = f.place_of("stop");
    let stop = f.structure("stop", "when the run ends: whatever comes first", stop);
    let trace = f.choice(
        "trace",
        &TRACES,
        Some(Trace::Messages),
        "how much is written down",
    );
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
        network,
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
            f.wrong_type(raw, "name", "a text", other.describe(), DOC);
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

/// The parameters, resolved; afterwards expressions can be read.
fn params(f: &mut Fields<'_>) -> Vec<(String, String)> {
    let node = f.take(Spec {
        name: "params",
        kind: "map of numbers, texts, true or false".to_owned(),
        absent: Absent::Default("{}".to_owned()),
        doc: "names for what is to be varied; a text is an expression over the others",
        options: &[],
    });
    let written = written_params(f, node);
    f.cx.resolve_params(written);
    let mut resolved = Vec::new();
    let mut entries = Vec::new();
    for param in &f.cx.params.borrow().0 {
        if let Some(value) = &param.value {
            let ron = match value {
                expr::Value::Text(text) => Ron::text(text),
                other => Ron::Leaf(other.to_string()),
            };
            entries.push((param.name.clone(), ron));
            resolved.push((param.name.clone(), value.to_string()));
        }
    }
    f.record("params", Ron::Map(entries));
    resolved
}

fn written_params<'r>(f: &Fields<'r>, node: Node<'r>) -> Vec<(String, Place, Raw<'r>)> {
    let mut params: Vec<(String, Place, Raw<'r>)> = Vec::new();
    let entries = match node.raw.map(|raw| (raw, raw.open())) {
        None => Vec::new(),
        Some((_, Opened::Map(entries))) => entries,
        Some((_, Opened::Tuple("", items))) if items.is_empty() => Vec::new(),
        Some((raw, other)) => {
            f.wrong_type(raw, "params", "a map, `{ \"n\": 5 }`", other.describe(), "");
            Vec::new()
        }
    };
    for entry in entries {
        let reserved = expr::FUNCTIONS.contains(&entry.key.as_str())
            || matches!(
                entry.key.as_str(),
                "and" | "or" | "not" | "where" | "true" | "false"
            );
        if !entry.sound {
            let problem = Problem::error(
                Code::S104,
                entry.key_place,
                "the name of a parameter is a text",
            );
            let edits = vec![(
                entry.key_place.range(),
                Ron::text(&shown(&entry.key)).line(),
            )];
            f.cx.report(
                problem
                    .label("put it in quotes")
                    .help("write it in quotes", edits),
            );
        } else if !expr::is_name(&entry.key) || reserved || entry.key.len() > 64 {
            let title = format!("`{}` cannot be the name of a parameter", shown(&entry.key));
            f.cx.report(
                Problem::error(Code::S104, entry.key_place, title)
                    .label("letters, digits and `_`, and no word of expressions"),
            );
        } else if let Some((_, first, _)) = params.iter().find(|(name, _, _)| *name == entry.key) {
            let title = format!("`{}` is given twice", shown(&entry.key));
            f.cx.report(
                Problem::error(Code::S106, entry.key_place, title)
                    .label("again here")
                    .also(*first, "first here"),
            );
        } else {
            let place = entry.place();
            params.push((entry.key, place, entry.value));
        }
    }
    for set in node.sets {
        match params.iter_mut().find(|(name, _, _)| name == set.first()) {
            Some(param) if set.inner().is_whole() => (param.1, param.2) = (set.raw.place, set.raw),
            _ => {
                let title = format!("there is no parameter `{}`", shown(set.first()));
                let mut problem =
                    Problem::error(Code::S102, set.place(), title).label("unknown parameter");
                let names = || params.iter().map(|(name, _, _)| name.as_str());
                if let Some(near) = similar(set.first(), names()) {
                    problem = problem.help(
                        format!("did you mean `{near}`?"),
                        vec![(set.place().range(), near.to_owned())],
                    );
                }
                let known = if params.is_empty() {
                    "none".to_owned()
                } else {
                    super::words::listed(names())
                };
                f.cx.report(problem.note(format!("parameters of this scenario: {known}")));
            }
        }
    }
    params
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

fn network(f: &mut Fields<'_>) -> Network {
    const LAWS: [&str; 6] = [
        "Fixed",
        "Uniform",
        "Exponential",
        "Normal",
        "LogNormal",
        "Pareto",
    ];
    let latency = f.variant(
        "latency",
        &LAWS,
        Some("Fixed(\"1ms\")"),
        "how long a copy travels",
        latency,
    );
    Network {
        latency: latency.unwrap_or(Delay::Fixed(Span::from_millis(1))),
        loss: f.probability(
            "loss",
            Some(super::Probability::NEVER),
            "how likely a copy is lost",
        ),
        duplicate: f.probability(
            "duplicate",
            Some(super::Probability::NEVER),
            "how likely a copy arrives twice",
        ),
    }
}

fn latency(f: &mut Fields<'_>) -> Delay {
    const MIN: &str = "what is shorter becomes this";
    const MAX: &str = "what is longer becomes this";
    let delay = match f.name() {
        "Fixed" => {
            f.positional();
            Delay::Fixed(f.time("delay", None, "always the same"))
        }
        "Uniform" => {
            f.positional();
            Delay::Uniform {
                min: f.time("min", None, "the shortest"),
                max: f.time("max", None, "the longest"),
            }
        }
        "Exponential" => Delay::Exponential {
            mean: f.time("mean", None, "on average, before clamping"),
            min: f.time("min", Some(Span::ZERO), MIN),
            max: f.optional_time("max", MAX),
        },
        "Normal" => Delay::Normal {
            mean: f.time("mean", None, "the centre"),
            sd: f.time("sd", None, "the standard deviation"),
            min: f.time("min", Some(Span::ZERO), MIN),
            max: f.optional_time("max", MAX),
        },
        "LogNormal" => Delay::LogNormal {
            median: f.time("median", None, "half of the copies take at most this"),
            p99: f.time("p99", None, "99 of 100 take at most this"),
            min: f.time("min", Some(Span::ZERO), MIN),
            max: f.optional_time("max", MAX),
        },
        _ => Delay::Pareto {
            scale: f.time("scale", None, "the shortest"),
            shape_ppm: millionths(f.number(
                "shape",
                0.000_001..=1000.0,
                None,
                "the larger, the shorter the tail",
            )),
            max: f.optional_time("max", MAX),
        },
    };
    // What is missing reads as zero, and has been reported.
    if !f.describing()
        && let Err(error) = delay.sampler()
    {
        let field = match error {
            DelayError::Zero { field } | DelayError::Order { field, .. } => field,
        };
        let place = if f.has(field) {
            f.place_of(field)
        } else {
            f.place()
        };
        f.report(
            Problem::error(Code::S105, place, "there is no such delay").label(error.to_string()),
        );
    }
    delay
}

fn millionths(number: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 1 to 1e9"
    )]
    let ppm = (number * 1e6).round() as u32;
    ppm
}

type Chosen<'e> = (&'e dyn Entry, Box<dyn Configured>);

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

fn links(f: &mut Fields<'_>, protocol: Option<&Chosen<'_>>, network: &Network) -> Links {
    let needs = protocol.map_or(Need::FairLoss, |(entry, _)| entry.about().needs);
    let default = match needs {
        Need::FairLoss => "FairLoss",
        Need::Reliable => "Assumed(Reliable)",
    };
    let (place, written) = (f.place_of("links"), f.has("links"));
    let doc = "what lies between the protocol and the network; by default what the protocol needs";
    let read = f.variant(
        "links",
        &["FairLoss", "Assumed", "Weaker"],
        Some(default),
        doc,
        |f| match f.name() {
            "Assumed" => {
                f.positional();
                let options = [Choice {
                    name: "Reliable",
                    value: (),
                }];
                f.choice(
                    "guarantee",
                    &options,
                    None,
                    "nothing is lost or duplicated, and no acknowledgements are sent",
                );
                Links::AssumedReliable
            }
            "Weaker" => {
                f.positional();
                let options = [Choice {
                    name: "FairLoss",
                    value: (),
                }];
                f.choice(
                    "guarantee",
                    &options,
                    None,
                    "less than the protocol needs, on purpose",
                );
                Links::Weaker
            }
            _ => Links::FairLoss,
        },
    );
    let links = read.unwrap_or(Links::FairLoss);
    let name = protocol.map_or("", |(entry, _)| entry.about().name);
    if read.is_some() && links == Links::FairLoss && needs == Need::Reliable {
        let title = format!("`{name}` needs Reliable links, and FairLoss may lose messages");
        let problem = Problem::error(Code::S121, place, title).label("too weak");
        f.report(problem.help(
            "`Assumed(Reliable)` assumes them, `Weaker(FairLoss)` goes without on purpose",
            Vec::new(),
        ));
    }
    if links == Links::AssumedReliable {
        for (field, value) in [("loss", network.loss), ("duplicate", network.duplicate)] {
            if value.is_never() {
                continue;
            }
            let title = format!("Assumed(Reliable) cannot stand beside a {field} of {value}");
            let mut problem = Problem::error(Code::S121, place, title)
                .label("nothing is lost or duplicated here");
            if !written {
                problem.place = f.place_of("network");
                problem.label = format!(
                    "`{name}` needs Reliable links, which are assumed unless `links` says otherwise"
                );
            } else if f.has("network") {
                problem = problem.also(f.place_of("network"), format!("with a {field} of {value}"));
            }
            let help = format!(
                "leave out `{field}`, or write `links: Weaker(FairLoss)` to see what breaks"
            );
            f.report(problem.help(help, Vec::new()));
        }
    }
    links
}

/// What a client asks for; true if it is read.
fn operation(f: &mut Fields<'_>, protocol: &mut Box<dyn Configured>) -> bool {
    let names: Vec<&'static str> = protocol.operations().to_vec();
    let read = f.variant("do", &names, None, "what is asked for", |op| {
        let known = protocol.operation(op);
        if !known {
            let title = format!("`{}` cannot be asked for", shown(op.name()));
            op.report(Problem::error(Code::S102, op.place(), title));
        }
        known
    });
    read == Some(true)
}

fn workload(f: &mut Fields<'_>, mut protocol: Option<&mut Box<dyn Configured>>) -> Vec<Job> {
    let mut operations = 0;
    f.structures("workload", "what clients ask for, and when", |f| {
        let turn = turn(f);
        let node = f.nodes("node", None, "at which nodes");
        match &mut protocol {
            Some(protocol) => operations += usize::from(operation(f, protocol)),
            // Without a protocol nobody knows what may be asked for.
            None => {
                let (kind, doc) = (
                    "an operation of the protocol".to_owned(),
                    "what is asked for",
                );
                f.take(Spec {
                    name: "do",
                    kind,
                    absent: Absent::Required,
                    doc,
                    options: &[],
                });
            }
        }
        Job {
            turn,
            node,
            operation: usize::saturating_sub(operations, 1),
            place: f.place(),
        }
    })
}

fn turn(f: &mut Fields<'_>) -> Turn {
    let at = f.optional_time("at", "when, since the start");
    let every = f.optional_time("every", "again and again, with this period");
    let from = f.optional_time("from", "the first time of `every`; 0s if it is not written");
    let until = f.optional_time("until", "no more of `every` from here on");
    if every.is_some() && from.is_none() && !f.has("from") {
        f.record("from", Ron::text(&Span::ZERO.to_string()));
    }
    let place = |name| f.place_of(name);
    let problem = match (f.has("at"), f.has("every")) {
        _ if f.describing() => None,
        (false, false) => {
            let problem = Problem::error(Code::S103, place("at"), "a job needs `at` or `every`");
            Some(problem.label("when?").help(
                "write `at: \"1ms\"`, or `every: \"20ms\", until: \"4s\"`",
                Vec::new(),
            ))
        }
        (true, true) => {
            let problem = Problem::error(
                Code::S106,
                place("every"),
                "a job has either `at` or `every`",
            );
            Some(
                problem
                    .label("one of the two")
                    .also(place("at"), "the other"),
            )
        }
        (true, false) => ["from", "until"]
            .into_iter()
            .find(|name| f.has(name))
            .map(|name| {
                let problem = Problem::error(
                    Code::S106,
                    place(name),
                    format!("`{name}` belongs to `every`, not to `at`"),
                );
                problem
                    .label("this job comes once")
                    .also(place("at"), "at this time")
            }),
        (false, true) if !f.has("until") => {
            let problem = Problem::error(Code::S103, place("every"), "`until` is missing");
            Some(
                problem
                    .label("until when?")
                    .note("`until`: no more from here on"),
            )
        }
        (false, true) if every == Some(Span::ZERO) => {
            let problem = Problem::error(Code::S105, place("every"), "`every` is out of range");
            Some(problem.label("this would never come to an end"))
        }
        (false, true) => None,
    };
    if let Some(problem) = problem {
        f.report(problem);
    }
    match every {
        Some(every) => Turn::Repeated {
            every,
            from: from.unwrap_or_default(),
            until: until.unwrap_or_default(),
        },
        None => Turn::Once {
            at: at.unwrap_or_default(),
        },
    }
}

/// One fault; crashes are the only ones yet.
fn fault(f: &mut Fields<'_>) -> (FaultKind, Place) {
    let node = f.nodes("node", None, "which nodes stop for good");
    let at = f
        .optional_time("at", "when, since the start")
        .map(Trigger::At);
    let between = f.optional_structure(
        "between",
        "at a time drawn for each node, from the first to the second",
        |f| {
            f.positional();
            let (from, to) = (
                f.time("from", None, "the earliest"),
                f.time("to", None, "the latest"),
            );
            if to < from {
                f.report(
                    Problem::error(
                        Code::S105,
                        f.place(),
                        "this span of time ends before it begins",
                    )
                    .label("earliest, then latest"),
                );
            }
            Trigger::Between(from, to)
        },
    );
    let when = f.optional_variant("when", &["AfterSends"], "on an event", |f| {
        f.positional();
        Trigger::AfterSends(f.integer(
            "copies",
            0..=u64::MAX,
            None,
            "after so many copies that the node has sent",
        ))
    });
    let given: Vec<&str> = ["at", "between", "when"]
        .into_iter()
        .filter(|name| f.has(name))
        .collect();
    match given.as_slice() {
        _ if f.describing() => {}
        [_] => {}
        [] => {
            let problem = Problem::error(Code::S103, f.place_of("at"), "`Crash` needs a time");
            f.report(
                problem
                    .label("when?")
                    .help("write one of `at`, `between`, `when`", Vec::new()),
            );
        }
        [first, second, ..] => {
            let title = format!("`{first}` and `{second}` exclude each other");
            let problem = Problem::error(Code::S106, f.place_of(second), title);
            f.report(
                problem
                    .label("a fault has one trigger")
                    .also(f.place_of(first), "the other"),
            );
        }
    }
    let trigger = at.or(between).or(when).unwrap_or(Trigger::At(Span::ZERO));
    (FaultKind::Crash { node, trigger }, f.place())
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
        memory: f.bytes("memory", 4 << 30, "before more memory than this is used"),
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

/// Warns of what is planned for a time that never comes.
fn too_late(f: &mut Fields<'_>, read: &Scenario, stop: Place) {
    let end = read.stop.at;
    let never = |what: &str, when: Span, place: Place| {
        let title = format!("this {what} at {when}, but the run stops at {end}");
        Problem::warning(Code::W201, place, title)
            .label("too late")
            .also(stop, format!("the run stops at {end}"))
    };
    let mut late = Vec::new();
    for job in &read.workload {
        let (Turn::Once { at: begin } | Turn::Repeated { from: begin, .. }) = job.turn;
        if begin >= end {
            late.push(never("is never asked for: it comes", begin, job.place));
        }
    }
    for fault in &read.faults {
        let FaultKind::Crash { trigger, .. } = &fault.kind;
        if let Trigger::At(begin) | Trigger::Between(begin, _) = trigger
            && *begin >= end
        {
            late.push(never("fault never happens: it comes", *begin, fault.place));
        }
    }
    late.into_iter().for_each(|problem| f.report(problem));
}
