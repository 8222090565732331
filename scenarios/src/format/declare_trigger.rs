//! The declaration of when a fault strikes, and when it is over.

use super::faults::{Ends, FaultAbout, Strikes};
use super::fields::Fields;
use super::problem::{Code, Problem};
use super::triggers::{Lasting, Occasion, Trigger};
use super::words::{shown, similar};
use sim_core::kernel::time::Span;

const OCCASIONS: [&str; 6] = [
    "AfterSends",
    "AfterReceipts",
    "AfterRecv",
    "AfterWrites",
    "AfterEffects",
    "Mark",
];

/// What a fault that strikes all nodes at once can wait for.
const OCCASIONS_OF_ANYBODY: [&str; 2] = ["AfterRecv", "Mark"];

/// When the fault strikes. `marks` are those of the protocol, if it is known.
pub(super) fn trigger(
    f: &mut Fields<'_>,
    about: &FaultAbout,
    marks: Option<&[&'static str]>,
) -> Option<Trigger> {
    if about.strikes == Strikes::FromTheStart {
        return None;
    }
    let together = about.strikes == Strikes::AllAtOnce;
    let at = f.optional_time("at", "when, since the start");
    let doc = if together {
        "at a time drawn once, from the first to the second"
    } else {
        "at a time drawn for each node, from the first to the second"
    };
    let between = f.optional_structure("between", doc, span_of_time);
    let (options, doc): (&[&str], _) = if together && f.describing() {
        (&OCCASIONS_OF_ANYBODY, "on an event, of any node")
    } else {
        (&OCCASIONS, "on an event, of each node for itself")
    };
    let when = f.optional_variant("when", options, doc, |f| {
        if together && !OCCASIONS_OF_ANYBODY.contains(&f.name()) {
            let name = f.name().to_owned();
            let title = format!("`{name}` counts what one node does, and this fault is about many");
            let problem = Problem::error(Code::S102, f.place(), title).label("of which node?");
            f.report(problem.note("choose from: AfterRecv, Mark, which watch all nodes"));
        }
        occasion(f, marks)
    });
    let given: Vec<&str> = ["at", "between", "when"]
        .into_iter()
        .filter(|name| !f.describing() && f.has(name))
        .collect();
    match given.as_slice() {
        [] if f.describing() || about.strikes == Strikes::FromTheStartOrOnTrigger => {}
        [_] => {}
        [] => {
            let title = format!("`{}` needs a time", about.name);
            let problem = Problem::error(Code::S103, f.place_of("at"), title).label("when?");
            f.report(problem.help("write one of `at`, `between`, `when`", Vec::new()));
        }
        [first, second, ..] => exclusive(f, first, second, "a fault has one trigger"),
    }
    at.map(Trigger::At).or(between).or(when.map(Trigger::When))
}

fn exclusive(f: &mut Fields<'_>, first: &str, second: &str, label: &str) {
    let title = format!("`{first}` and `{second}` exclude each other");
    let problem = Problem::error(Code::S106, f.place_of(second), title).label(label);
    let other = f.place_of(first);
    f.report(problem.also(other, "the other"));
}

/// Two times, the earlier first.
fn span_of_time(f: &mut Fields<'_>) -> Trigger {
    f.positional();
    let before = f.cx.count();
    let from = f.time("from", None, "the earliest");
    let to = f.time("to", None, "the latest");
    if to < from && f.cx.count() == before {
        let title = "this span of time ends before it begins";
        let problem = Problem::error(Code::S105, f.place(), title);
        f.report(problem.label("earliest, then latest"));
    }
    Trigger::Between(from, to)
}

fn occasion(f: &mut Fields<'_>, marks: Option<&[&'static str]>) -> Occasion {
    f.positional();
    let any = 0..=u64::MAX;
    match f.name() {
        "AfterSends" => {
            let doc = "after so many copies that the node has sent";
            Occasion::AfterSends(f.integer("copies", any, None, doc))
        }
        "AfterReceipts" => {
            let doc = "after so many copies that the node has received";
            Occasion::AfterReceipts(f.integer("copies", any, None, doc))
        }
        "AfterWrites" => {
            let doc = "after so many times that the node has written to its disk";
            Occasion::AfterWrites(f.integer("writes", any, None, doc))
        }
        "AfterEffects" => {
            let doc = "after so many effects of the node, of whatever kind";
            Occasion::AfterEffects(f.integer("effects", any, None, doc))
        }
        "AfterRecv" => Occasion::AfterRecv {
            kind: f.text("kind", None, "messages of this kind"),
            count: f.integer("count", 1..=u64::MAX, Some(1), "after so many of them"),
        },
        _ => {
            let name = f.text("name", None, "a mark that the protocol leaves");
            if let Some(marks) = marks
                && !f.describing()
                && !name.is_empty()
                && !marks.contains(&name.as_str())
            {
                unknown_mark(f, &name, marks);
            }
            Occasion::Mark {
                name,
                count: f.integer("count", 1..=u64::MAX, Some(1), "after so many of them"),
            }
        }
    }
}

fn unknown_mark(f: &mut Fields<'_>, name: &str, marks: &[&'static str]) {
    let title = format!("the protocol leaves no mark `{}`", shown(name));
    let mut problem = Problem::error(Code::S130, f.place(), title).label("this never comes");
    if let Some(near) = similar(name, marks.iter().copied()) {
        problem = problem.help(format!("did you mean `{near}`?"), Vec::new());
    }
    let known = if marks.is_empty() {
        "none".to_owned()
    } else {
        marks.join(", ")
    };
    f.report(problem.note(format!("its marks: {known}")));
}

/// When the fault is over.
pub(super) fn end(f: &mut Fields<'_>, about: &FaultAbout, trigger: Option<&Trigger>) -> Lasting {
    let (name, needed) = match about.ends {
        Ends::Never => return Lasting::Forever,
        Ends::Always(name) => (name, true),
        Ends::IfWritten(name) => (name, false),
    };
    let (doc, length) = match name {
        "restart" => (
            "it boots again at this time, since the start of the run",
            "it boots again so long after it struck",
        ),
        "heal" => (
            "it is over at this time, since the start of the run",
            "it is over so long after it struck",
        ),
        _ => (
            "it lasts until this time, since the start of the run",
            "it lasts so long",
        ),
    };
    let before = f.cx.count();
    let until = f.optional_time(name, doc);
    let long = f.optional_time("for", length);
    let sound = f.cx.count() == before && !f.describing();
    if sound && f.has(name) && f.has("for") {
        exclusive(f, name, "for", "a fault ends once");
    } else if let Some(until) = until.filter(|_| sound) {
        after_the_beginning(f, name, until, trigger);
    } else if long == Some(Span::ZERO) {
        f.zero("for", "it would be over at once");
    } else if sound && needed && long.is_none() {
        let title = format!("`{}` needs an end", about.name);
        let problem = Problem::error(Code::S103, f.place_of(name), title).label("until when?");
        f.report(problem.help(format!("write one of `{name}`, `for`"), Vec::new()));
    }
    match (until, long) {
        (Some(until), _) => Lasting::Until(until),
        (None, Some(long)) => Lasting::For(long),
        (None, None) => Lasting::Forever,
    }
}

/// Reports an end that may come before the beginning.
fn after_the_beginning(f: &mut Fields<'_>, name: &str, until: Span, trigger: Option<&Trigger>) {
    let (begins, field) = match trigger {
        None => (Span::ZERO, ""),
        Some(Trigger::At(at)) => (*at, "at"),
        Some(Trigger::Between(_, latest)) => (*latest, "between"),
        Some(Trigger::When(_)) => {
            let title = format!("`{name}` is a time, and nobody knows when this fault strikes");
            let problem = Problem::error(Code::S106, f.place_of(name), title)
                .label("before or after it?")
                .also(f.place_of("when"), "it strikes on an event");
            let help = "write `for: \"1s\"`, so long after it struck";
            f.report(problem.help(help, Vec::new()));
            return;
        }
    };
    if until > begins {
        return;
    }
    let title = "this fault ends before it begins";
    let mut problem = Problem::error(Code::S105, f.place_of(name), title);
    if field.is_empty() {
        problem = problem.label("it begins with the run");
    } else {
        let latest = if field == "between" {
            ", at the latest"
        } else {
            ""
        };
        problem = problem
            .label("not after the beginning")
            .also(f.place_of(field), format!("it begins at {begins}{latest}"));
    }
    f.report(problem);
}
