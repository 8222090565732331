//! `stormglass explain`: a field of a scenario, an error code, a property, or an event of a run.

use scenarios::folder::read_trace;
use scenarios::format::{Code, FieldDoc, describe};
use scenarios::recipe::Registry;
use sim_core::kernel::property::Kind;
use sim_core::trace::{causes, text};

use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::list;
use crate::out::Out;
use crate::trace::not_there;

/// Explains whatever `args.what` names.
pub fn explain(out: Out, registry: &impl Registry, args: &ExplainArgs) -> Exit {
    let what = args.what.as_str();
    let explained = if let Some((run, event)) = what.rsplit_once('#') {
        event_of(args, run, event)
    } else if let Ok(code) = what.to_ascii_uppercase().parse::<Code>() {
        Ok(error_code(code))
    } else if what == "scenario" || what.starts_with("scenario.") {
        field(registry, what)
    } else {
        property(registry, what)
    };
    match explained {
        Ok(text) => {
            out.answer(text);
            Exit::Held
        }
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            Exit::Usage
        }
    }
}

fn error_code(code: Code) -> String {
    let about = code.explanation();
    let example = |text: &str| {
        text.lines()
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    };
    format!(
        "{code}: {}\n\n{}\n\nwrong\n{}right\n{}",
        about.title,
        wrapped(about.text),
        example(about.wrong),
        example(about.right)
    )
}

/// A field and what lies below it.
fn field(registry: &impl Registry, path: &str) -> Result<String, String> {
    let docs = describe(registry.entries());
    let below = format!("{path}.");
    let own = docs.iter().find(|doc| doc.path == path);
    let children: Vec<&FieldDoc> = docs
        .iter()
        .filter(|doc| doc.path.starts_with(&below))
        .collect();
    if own.is_none() && children.is_empty() {
        let names = docs.iter().map(|doc| doc.path.as_str());
        let near = nearest(path, names)
            .map(|near| format!(" (did you mean `{near}`?)"))
            .unwrap_or_default();
        return Err(format!(
            "a scenario has no field `{path}`{near}; `stormglass explain scenario` shows all"
        ));
    }
    let mut text = own
        .map(|doc| list::line(doc, path))
        .unwrap_or_else(|| format!("{path}\n"));
    if !children.is_empty() {
        text.push('\n');
    }
    for doc in children {
        // Deeper fields are indented below the one they belong to.
        let rest = &doc.path[below.len()..];
        let depth = rest.matches('.').count();
        let name = rest.rsplit('.').next().unwrap_or(rest);
        for line in list::line(doc, if depth == 0 { name } else { rest }).lines() {
            text.push_str(&format!("{}{line}\n", "  ".repeat(depth.min(1))));
        }
    }
    Ok(text)
}

fn property(registry: &impl Registry, name: &str) -> Result<String, String> {
    let all: Vec<_> = registry
        .entries()
        .iter()
        .flat_map(|entry| entry.properties())
        .collect();
    let mut told = String::new();
    let mut known: Vec<(&str, &str)> = Vec::new();
    let asked = |about: &sim_core::kernel::property::About| {
        about.name == name || about.number.eq_ignore_ascii_case(name)
    };
    for about in all.iter().filter(|about| asked(about)) {
        if known.contains(&(about.name, about.number)) {
            continue;
        }
        known.push((about.name, about.number));
        let (kind, ask) = match about.kind {
            Kind::Safety => ("safety", format!("always {}", about.name)),
            Kind::Liveness => ("liveness", format!("eventually {} within 1s", about.name)),
        };
        let number = if about.number.is_empty() {
            String::new()
        } else {
            format!(" ({})", about.number)
        };
        told.push_str(&format!(
            "{}{number}, {kind}\n  {}\n  ask for it with   \"{ask}\"\n",
            about.name, about.meaning
        ));
    }
    if told.is_empty() {
        let near = nearest(name, all.iter().map(|about| about.name))
            .map(|near| format!(" (did you mean `{near}`?)"))
            .unwrap_or_default();
        return Err(format!(
            "there is nothing called `{name}`{near}; I can explain a field (`scenario.network.loss`), a code (`S110`), \
             a property (`agreement`) or an event (`latest#19`)"
        ));
    }
    Ok(told)
}

/// The causal story of one event, oldest first.
fn event_of(args: &ExplainArgs, run: &str, event: &str) -> Result<String, String> {
    let event: u64 = event
        .parse()
        .map_err(|_| format!("`{event}` is not the number of an event"))?;
    let (header, trace) = read_trace(&args.out, run).map_err(|error| error.to_string())?;
    let past = causes::of(&trace, event);
    if past.is_empty() {
        return Err(not_there(&trace, event));
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

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    scenarios::format::similar(name, known)
}

/// `text` in lines of at most 100 characters.
fn wrapped(text: &str) -> String {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > 100 {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join("\n")
}
