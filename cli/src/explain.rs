//! `stormglass explain`: whatever a scenario or a screen names.

use scenarios::format::{Code, similar, vocabulary};
use scenarios::run::Runner;
use scenarios::{marks, metrics};
use sim_core::kernel::property::Kind;
use sim_core::trace::{causes, text};

use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::fields::Reference;
use crate::list;
use crate::out::{Out, wrapped};
use crate::trace::{not_there, whole};

/// Explains whatever `args.what` names.
pub fn explain(out: Out, registry: &dyn Runner, args: &ExplainArgs) -> Exit {
    let what = args.what.as_str();
    let explained = if let Some((run, event)) = what.rsplit_once('#') {
        event_of(out, args, run, event)
    } else if let Some(code) = code(what) {
        code.map_err(|error| (error, Exit::Usage))
    } else {
        named(registry, what).map_err(|error| (error, Exit::Usage))
    };
    match explained {
        Ok(text) => {
            out.answer(text);
            Exit::Held
        }
        Err((error, exit)) => {
            out.complain(format_args!("error: {error}"));
            exit
        }
    }
}

/// An error code; none if `what` does not look like one.
fn code(what: &str) -> Option<Result<String, String>> {
    let number = what.strip_prefix(['S', 's', 'W', 'w'])?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let Ok(code) = what.parse::<Code>() else {
        let known = Code::ALL.map(|code| code.to_string()).join(", ");
        return Some(Err(format!("there is no code {what}; codes: {known}")));
    };
    let about = code.explanation();
    let example = |text: &str| {
        text.lines()
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    };
    Some(Ok(format!(
        "{code}: {}\n\n{}\n\nwrong\n{}right\n{}",
        about.title,
        wrapped(about.text.split_whitespace(), 100),
        example(about.wrong),
        example(about.right)
    )))
}

/// More fields of one name than this are not explained all together.
const FIELDS_MAX: usize = 3;

/// A field, a protocol, a property or a metric.
fn named(registry: &dyn Runner, what: &str) -> Result<String, String> {
    let reference = Reference::new(registry);
    let full = format!("scenario.{what}");
    let is_path = what == "scenario" || what.starts_with("scenario.");
    let field = reference.explained(if is_path { what } else { &full });
    let found: Vec<String> = [
        registry
            .entries()
            .iter()
            .find(|entry| entry.about().name == what)
            .map(|entry| list::protocol(*entry, &reference)),
        properties(registry, what),
        metric(what),
        mark(registry, what),
        field,
    ]
    .into_iter()
    .flatten()
    .collect();
    if !found.is_empty() {
        let mut told = found.join("\n");
        if what.ends_with("expect") {
            let grammar = Code::S132.explanation().text;
            told.push_str(&format!("\n{}\n", wrapped(grammar.split_whitespace(), 100)));
        }
        return Ok(told);
    }
    // So is what can be chosen for a field: `Crash`, `LogNormal`.
    let options: Vec<String> = reference
        .offered(what)
        .iter()
        .filter_map(|path| reference.explained(path))
        .collect();
    if !options.is_empty() {
        return Ok(options.join("\n"));
    }
    // `loss` is enough, if not too many fields are called so.
    let called = |path: &&str| path.rsplit('.').next() == Some(what);
    let fields: Vec<String> = reference
        .paths()
        .filter(called)
        .filter(|path| vocabulary(path) == *path)
        .filter_map(|path| reference.explained(path))
        .collect();
    if (1..=FIELDS_MAX).contains(&fields.len()) {
        return Ok(fields.join("\n"));
    }
    if is_path {
        let near = similar(what, reference.paths())
            .map(|near| format!(" (did you mean `{near}`?)"))
            .unwrap_or_default();
        return Err(format!(
            "a scenario has no field `{what}`{near}; `stormglass explain scenario` shows all"
        ));
    }
    let promises = list::promises(registry);
    let names = registry
        .entries()
        .iter()
        .map(|entry| entry.about().name)
        .chain(promises.iter().map(|promise| promise.about.name))
        .chain(metrics::all().map(|about| about.name))
        .chain(reference.paths());
    let near = similar(what, names)
        .map(|near| format!(" (did you mean `{near}`?)"))
        .unwrap_or_default();
    Err(format!(
        "there is nothing called `{what}`{near}\n  a field      scenario.network.loss\n  a code       S110\n  \
         a protocol   EagerMulticast\n  a property   agreement, RB4\n  a metric     messages\n  \
         an event     latest#19"
    ))
}

/// The properties of a name or a number.
fn properties(registry: &dyn Runner, name: &str) -> Option<String> {
    let told: Vec<String> = list::promises(registry)
        .iter()
        .filter(|promise| {
            let numbered = |number: &&str| number.eq_ignore_ascii_case(name);
            promise.about.name == name || promise.numbers.iter().any(numbered)
        })
        .map(|promise| {
            let (about, word) = (&promise.about, promise.word());
            let (kind, within) = match about.kind {
                Kind::Safety => ("safety", ""),
                Kind::Liveness => ("liveness", " within 1s"),
            };
            let numbers = match promise.numbers.as_slice() {
                [] => String::new(),
                numbers => format!(" ({})", numbers.join(", ")),
            };
            format!(
                "{}{numbers}, {kind}\n  {}\n  ask for it with   \"{word} {}{within}\"\n  of                {}\n",
                about.name,
                about.meaning,
                about.name,
                promise.of.join(", ")
            )
        })
        .collect();
    (!told.is_empty()).then(|| told.join("\n"))
}

/// A mark and who leaves it.
fn mark(registry: &dyn Runner, name: &str) -> Option<String> {
    let of_protocols = registry.entries().iter().flat_map(|entry| {
        let of = entry.about().name;
        entry.marks().iter().map(move |mark| (of, mark))
    });
    let common = marks::COMMON.iter().map(|mark| ("any protocol", mark));
    let (of, mark) = of_protocols
        .chain(common)
        .find(|(_, mark)| mark.name == name)?;
    let what = mark.what;
    Some(format!(
        "{name}, a mark of {of}: {what}\n  ask for it with   \"sometimes {name}\"\n"
    ))
}

/// A metric.
fn metric(name: &str) -> Option<String> {
    let about = metrics::all().find(|about| about.name == name)?;
    let (name, what) = (about.name, about.what);
    if about.sampled {
        return Some(format!(
            "{name}, a metric of many samples\n  {what}\n  ask for it with   \"p99({name}) <= 100ms\"\n  \
             or with           min, mean, max, p1 .. p99, p999: percentiles by nearest rank\n"
        ));
    }
    Some(format!(
        "{name}, a metric\n  {what}\n  ask for it with   \"{name} <= 100\"\n"
    ))
}

/// The causal story of one event, oldest first.
fn event_of(
    out: Out,
    args: &ExplainArgs,
    run: &str,
    event: &str,
) -> Result<String, (String, Exit)> {
    let usage = |error| (error, Exit::Usage);
    let event: u64 = event
        .parse()
        .map_err(|_| usage(format!("`{event}` is not the number of an event")))?;
    let (header, trace) = whole(out, &args.out, run)?;
    let past = causes::of(&trace, event);
    if past.is_empty() {
        return Err(usage(not_there(&trace, event)));
    }
    let mut told = format!(
        "{}  seed {}  why event {event} happened, oldest first, times in ms\n",
        header.name, header.seed
    );
    for record in past {
        told.push_str(&format!(
            "{:>6} {}\n",
            record.id,
            text::line(&trace, record).to_string().trim_end()
        ));
    }
    Ok(told)
}
