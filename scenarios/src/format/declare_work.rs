//! The declaration of `workload`, and what is planned too late.

use super::declare_delay::{LAWS, delay};
use super::entry::Configured;
use super::fields::{Absent, Fields, Spec};
use super::leaves::Label;
use super::nodes::NodeSet;
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::{Opened, Raw};
use super::resolved::Ron;
use super::scenario::{Every, Job, Scenario, Turn};
use super::triggers::Trigger;
use super::words::shown;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::Span;

/// What a client asks for; true if it is read.
pub(super) fn operation(f: &mut Fields<'_>, protocol: &mut Box<dyn Configured>) -> bool {
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

/// What clients ask for.
pub(super) fn workload(
    f: &mut Fields<'_>,
    mut protocol: Option<&mut Box<dyn Configured>>,
) -> Vec<Job> {
    let mut operations = 0;
    f.structures(
        "workload",
        "what clients ask for: once, `at` a time, or `every` so often",
        |f| {
            let turn = turn(f);
            let repeated = f.has("every");
            let doc = "each repetition asks for something of its own: `hello`, `hello 2`, ..; only with `every`";
            let numbered = !repeated || f.flag("numbered", true, doc);
            let node = f.nodes(
                "node",
                None,
                "at which nodes; drawn once for all repetitions",
            );
            match &mut protocol {
                Some(protocol) => {
                    asked_in_vain(f, protocol.as_ref(), &node);
                    operations += usize::from(operation(f, protocol));
                }
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
                numbered,
                node,
                text: String::new(),
                operation: usize::saturating_sub(operations, 1),
                place: f.place(),
            }
        },
    )
}

/// Warns of a job that nobody takes.
fn asked_in_vain(f: &mut Fields<'_>, protocol: &dyn Configured, node: &NodeSet) {
    let nodes =
        f.cx.cluster
            .borrow()
            .as_ref()
            .map_or(1, |cluster| cluster.nodes);
    let certain = node.certain(nodes).filter(|_| !f.describing());
    let takes = |(first, last): (u32, u32)| {
        (first..=last).any(|node| protocol.takes_requests(NodeId(node)))
    };
    if certain.is_some_and(|ranges| !ranges.into_iter().any(takes)) {
        let problem = Problem::warning(Code::W201, f.place_of("node"), "this job never comes");
        f.report(problem.label("only clients take requests, and here are servers"));
    }
}

fn turn(f: &mut Fields<'_>) -> Turn {
    let at = f.optional_time("at", "when, since the start");
    let every = every(f);
    let from = f.optional_time(
        "from",
        "the first time of `every`, and with a law where the first gap begins; 0s if it is not written",
    );
    if every.is_some() && from.is_none() && !f.has("from") {
        f.record("from", Ron::text(&Span::ZERO.to_string()));
    }
    let until = f.optional_time("until", "no more of `every` from here on");
    let count = f.optional_integer(
        "count",
        1..=u64::MAX,
        "at most so many of `every` at each node, the first included",
    );
    if !f.describing()
        && let Some(problem) = untimely(f, every.as_ref(), from, until)
    {
        f.report(problem);
    }
    match every {
        Some(every) => Turn::Repeated {
            every,
            from: from.unwrap_or_default(),
            until,
            count,
        },
        None => Turn::Once {
            at: at.unwrap_or_default(),
        },
    }
}

/// The time between two requests: always the same, or drawn.
fn every(f: &mut Fields<'_>) -> Option<Every> {
    let label = Label {
        name: "every",
        doc: "again and again, with this period or after gaps of this law; what is asked is numbered from the second \
              time on",
    };
    let mut options = vec!["\"20ms\""];
    options.extend(LAWS);
    let node = f.take(Spec {
        name: label.name,
        kind: "one of".to_owned(),
        absent: Absent::Nothing,
        doc: label.doc,
        options: &options,
    });
    if f.describing() {
        f.each_option(label.name, &LAWS, delay);
        return None;
    }
    let (every, ron) = match node.raw.map(Raw::open) {
        Some(Opened::Struct(name, _) | Opened::Tuple(name, _)) if !name.is_empty() => {
            let (law, ron) = f.constructed(label.name, node, &LAWS, &mut delay)?;
            (Every::Drawn(law), ron)
        }
        _ => {
            let raw = f.only(label.name, node)?;
            let period = f.span_value(raw, raw.open(), label)?;
            (Every::Period(period), Ron::text(&period.to_string()))
        }
    };
    f.record(label.name, ron);
    Some(every)
}

/// Is there no time at all between any two requests? What is no law is reported elsewhere.
fn stands_still(every: &Every) -> bool {
    match every {
        Every::Period(period) => *period == Span::ZERO,
        Every::Drawn(law) => law.sampler().is_ok_and(|law| law.max() == Span::ZERO),
    }
}

/// What is wrong with the times of a job.
fn untimely(
    f: &Fields<'_>,
    every: Option<&Every>,
    from: Option<Span>,
    until: Option<Span>,
) -> Option<Problem> {
    let place = |name| f.place_of(name);
    match (f.has("at"), f.has("every")) {
        (false, false) => {
            let problem = Problem::error(Code::S103, place("at"), "a job needs `at` or `every`");
            Some(problem.label("when?").help(
                "write `at: \"1ms\"`, or `every: \"20ms\", until: \"4s\"`",
                Vec::new(),
            ))
        }
        (true, true) => {
            let title = "a job has either `at` or `every`";
            let problem = Problem::error(Code::S106, place("every"), title).label("one of the two");
            Some(problem.also(place("at"), "the other"))
        }
        (true, false) => {
            let name = ["from", "until", "count"]
                .into_iter()
                .find(|name| f.has(name))?;
            let title = format!("`{name}` belongs to `every`, not to `at`");
            let problem =
                Problem::error(Code::S106, place(name), title).label("this job comes once");
            Some(problem.also(place("at"), "at this time"))
        }
        (false, true) if !f.has("until") && !f.has("count") => {
            let problem = Problem::error(Code::S103, place("every"), "`until` is missing");
            Some(
                problem.label("until when?").note(
                    "`until`: no more from here on; or `count`: at most so many at each node",
                ),
            )
        }
        (false, true) if every.is_some_and(stands_still) => {
            let problem = Problem::error(Code::S105, place("every"), "`every` is out of range");
            Some(problem.label("this would never come to an end"))
        }
        (false, true) if until.is_some_and(|until| until <= from.unwrap_or_default()) => {
            let problem = Problem::error(Code::S105, place("until"), "this job never comes");
            Some(problem.label("`until` is not after `from`"))
        }
        (false, true) => None,
    }
}

/// Warns of what is planned for a time that never comes.
pub(super) fn too_late(f: &mut Fields<'_>, read: &Scenario, stop: Place) {
    let end = read.stop.at;
    let line = f.cx.sources.position(stop).0;
    let written = f.has("stop");
    let never = |what: &str, when: Span, place: Place| {
        let at_line = if written && stop.source == place.source {
            format!(" (line {line})")
        } else {
            String::new()
        };
        let title = format!("{what} at {when}, but the run stops at {end}{at_line}");
        let problem = Problem::warning(Code::W201, place, title).label("too late");
        if written {
            problem.also(stop, format!("the run stops at {end}"))
        } else {
            problem
        }
    };
    let mut late = Vec::new();
    for job in &read.workload {
        let (Turn::Once { at: begin } | Turn::Repeated { from: begin, .. }) = job.turn;
        if begin > end {
            late.push(never("this job never comes: it begins", begin, job.place));
        }
    }
    for fault in &read.faults {
        let begin = match &fault.trigger {
            Some(Trigger::At(begin) | Trigger::Between(begin, _)) => *begin,
            Some(Trigger::When(_)) | None => continue,
        };
        if begin > end {
            let what = format!("this fault never happens: {}", fault.kind.words());
            late.push(never(&what, begin, fault.place));
        }
    }
    late.into_iter().for_each(|problem| f.report(problem));
}
