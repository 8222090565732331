//! The fields of a scenario as text: what `explain` shows of one, and `list` of what can be chosen.

use scenarios::format::{
    Ends, FaultKind, FieldDoc, Strikes, describe, example, meaning, vocabulary,
};
use scenarios::run::Runner;

use crate::out::wrapped;

/// Lines are broken here, where they can be.
const WIDTH: usize = 100;
/// Of more options than this only the names are told where they are not what is asked for.
const SIGNED_MAX: usize = 6;

/// What says of any fault when it strikes and when it is over.
const COMMON_TO_FAULTS: [&str; 7] = ["at", "between", "when", "until", "restart", "heal", "for"];

/// All fields, to look things up in.
pub struct Reference {
    docs: Vec<FieldDoc>,
    /// Names of protocols, and what they are.
    protocols: Vec<(&'static str, &'static str)>,
}

/// One entry of a listing: a name, what it is, and what may be written there.
struct Entry {
    name: String,
    what: String,
    /// In pieces between which a line may be broken.
    kind: Vec<String>,
}

/// Each field once: what the workload may ask for depends on the protocol, and is what any of them may be asked.
fn merged(docs: Vec<FieldDoc>) -> Vec<FieldDoc> {
    let mut merged: Vec<FieldDoc> = Vec::new();
    for doc in docs {
        match merged.iter_mut().find(|known| known.path == doc.path) {
            Some(known) => {
                let new = doc
                    .options
                    .iter()
                    .filter(|new| !known.options.contains(new));
                let new: Vec<String> = new.cloned().collect();
                known.options.extend(new);
            }
            None => merged.push(doc),
        }
    }
    merged
}

impl Reference {
    /// Of what a registry describes.
    pub fn new(registry: &dyn Runner) -> Reference {
        let entries = registry.entries();
        let about = entries.iter().map(|entry| entry.about());
        Reference {
            docs: merged(describe(entries)),
            protocols: about.map(|about| (about.name, about.what)).collect(),
        }
    }

    /// What an option means.
    fn meaning(&self, path: &str, option: &str) -> &'static str {
        let protocol = || self.protocols.iter().find(|(name, _)| *name == option);
        meaning(path, option)
            .or_else(|| {
                (path == "scenario.protocol")
                    .then(protocol)?
                    .map(|(_, what)| *what)
            })
            .unwrap_or_default()
    }

    /// The field at a path.
    pub fn get(&self, path: &str) -> Option<&FieldDoc> {
        self.docs.iter().find(|doc| doc.path == path)
    }

    /// The paths of all fields.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.docs.iter().map(|doc| doc.path.as_str())
    }

    /// The fields right below a path, or the arguments of an option.
    pub fn below<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a FieldDoc> {
        let start = format!("{path}.");
        // What a protocol can be asked for is written in the workload.
        let of_protocol = path.starts_with("scenario.protocol.");
        self.docs.iter().filter(move |doc| {
            let rest = doc.path.strip_prefix(&start);
            rest.is_some_and(|rest| !(rest.contains('.') || of_protocol && rest == "do"))
        })
    }

    /// `Uniform(min, max)`, `Crash(node: .., at: ..)`: an option as it is written.
    pub fn signature(&self, path: &str, option: &str) -> String {
        let arguments: Vec<String> = self
            .below(&format!("{path}.{option}"))
            .map(|doc| match last(&doc.path) {
                name if doc.positional => name.to_owned(),
                name => format!("{name}: .."),
            })
            .collect();
        if arguments.is_empty() {
            option.to_owned()
        } else {
            format!("{option}({})", arguments.join(", "))
        }
    }

    /// The options of a field, one a line, with their arguments if `verbose`.
    pub fn options(&self, path: &str, verbose: bool) -> String {
        let options = self.get(path).map_or(&[][..], |doc| &doc.options);
        let signed: Vec<(String, &String)> = options
            .iter()
            .map(|option| {
                let short = options.len() > SIGNED_MAX && path == "scenario.faults";
                let sign = match short {
                    true => option.clone(),
                    false => self.signature(path, option),
                };
                (sign, option)
            })
            .collect();
        let width = signed.iter().map(|(sign, _)| sign.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (sign, option) in signed {
            let what = self.meaning(path, option);
            text.push_str(format!("{sign:<width$}   {what}").trim_end());
            text.push('\n');
            let arguments = self.entries(&format!("{path}.{option}"), "  ");
            if verbose && !arguments.is_empty() {
                text.push_str(&shown(&arguments));
                text.push('\n');
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    /// A field and what can be written in it; none if there is none.
    pub fn explained(&self, path: &str) -> Option<String> {
        let inside = self.entries(path, "  ");
        let mut text = match (self.get(path), path.rsplit_once('.')) {
            (Some(doc), _) => self.field(doc),
            (None, Some((field, option))) if self.offers(field, option) => {
                let what = self.meaning(field, option);
                let signature = wrapped_signature(&self.signature(field, option));
                format!("{path}: {what}\n{signature}\n")
            }
            (None, _) if inside.is_empty() => return None,
            (None, _) => format!("{path}\n"),
        };
        if !inside.is_empty() {
            text.push('\n');
            text.push_str(&shown(&inside));
        }
        if let Some((field, option)) = path.rsplit_once('.')
            && let Some(example) = example(field, option)
        {
            text.push_str(&format!("\n  for example   {example}\n"));
        }
        Some(text)
    }

    /// A field with all that can be chosen for it.
    fn field(&self, doc: &FieldDoc) -> String {
        let FieldDoc {
            path,
            doc: what,
            options,
            ..
        } = doc;
        let kind = self.kind(doc);
        let told = |option: &String| {
            !self.meaning(path, option).is_empty() || self.signature(path, option) != *option
        };
        if !options.iter().any(told) {
            return match kind.join(" ") {
                kind if kind.is_empty() => format!("{path}: {what}\n"),
                kind => format!("{path}: {what}\n  {kind}\n"),
            };
        }
        let many = if doc.kind.starts_with("list") {
            "a list"
        } else {
            "one"
        };
        let default = kind.last().map(String::as_str).unwrap_or_default();
        let mut text = format!("{path}: {what}\n  {many} of these; {default}\n\n");
        let many = options.len() > SIGNED_MAX && path == "scenario.faults";
        for line in self.options(path, !many).lines() {
            text.push_str(format!("  {line}").trim_end());
            text.push('\n');
        }
        if many {
            let one = options.first().map_or("", String::as_str);
            text.push_str(&format!(
                "\n  `stormglass explain {one}` tells more of one of them\n"
            ));
        }
        text
    }

    /// The kinds of faults one after the other, with what they have of their own; then what they have in common.
    pub fn every_fault(&self) -> String {
        let mut text = String::new();
        for about in FaultKind::ABOUT {
            let path = format!("scenario.faults.{}", about.name);
            let common = |name: &str| COMMON_TO_FAULTS.contains(&name.trim());
            let mut own = Vec::new();
            let mut skipping = false;
            for mut entry in self.entries(&path, "  ") {
                // What lies inside a common field is further in.
                let inside = entry.name.starts_with("    ");
                skipping = if inside {
                    skipping
                } else {
                    common(&entry.name)
                };
                if !skipping {
                    // Sets of nodes are the same everywhere.
                    if let Some(form) = entry.kind.iter().position(|form| form == "3 |") {
                        let default = entry.kind.pop().unwrap_or_default();
                        entry.kind.truncate(form);
                        entry.kind.extend(["nodes;".to_owned(), default]);
                    }
                    own.push(entry);
                }
            }
            let what = self.meaning("scenario.faults", about.name);
            text.push_str(&format!("{}: {what}\n", about.name));
            text.push_str(&shown(&own));
            let example = example("scenario.faults", about.name).unwrap_or_default();
            text.push_str(&format!("  for example   {example}\n\n"));
        }
        text.push_str("When one strikes and when it is over:\n");
        for (name, path) in [("a crash", "Crash"), ("a partition", "Partition")] {
            let common = COMMON_TO_FAULTS.into_iter().filter_map(|field| {
                let doc = self.get(&format!("scenario.faults.{path}.{field}"))?;
                Some(Entry {
                    name: format!("  {field}"),
                    what: doc.doc.to_owned(),
                    kind: self.kind(doc),
                })
            });
            text.push_str(&format!("{name}\n{}", shown(&common.collect::<Vec<_>>())));
        }
        text.push_str("all others as a crash, with `until` instead of `restart`\n");
        text
    }

    /// The kinds of faults: what they are called, what they do, when they strike and when they are over.
    pub fn faults(&self) -> impl Iterator<Item = [String; 4]> + '_ {
        FaultKind::ABOUT.into_iter().map(|about| {
            let strikes = match about.strikes {
                Strikes::OnTrigger => "on a trigger",
                Strikes::AllAtOnce => "on a trigger, all at once",
                Strikes::FromTheStartOrOnTrigger => "from the start or on a trigger",
                Strikes::FromTheStart => "from the start",
            };
            let ends = match about.ends {
                Ends::Never => "never".to_owned(),
                Ends::Always(until) => format!("{until}, for"),
                Ends::IfWritten(until) => format!("never, {until}, for"),
            };
            let what = self.meaning("scenario.faults", about.name);
            [about.name, what, strikes, &ends].map(str::to_owned)
        })
    }

    /// The paths of an option: `scenario.faults.Crash`. Where several fields offer the same, that of the first.
    pub fn offered(&self, option: &str) -> Vec<String> {
        let paths = self
            .paths()
            .filter(|path| self.offers(path, option) && vocabulary(path) == *path);
        paths.map(|path| format!("{path}.{option}")).collect()
    }

    /// Can `option` be chosen for the field at `path`?
    fn offers(&self, path: &str, option: &str) -> bool {
        self.get(path)
            .is_some_and(|doc| doc.options.iter().any(|known| known == option))
    }

    /// The arguments of an option, in two columns.
    pub fn arguments(&self, path: &str) -> String {
        shown(&self.entries(path, "  "))
    }

    /// What lies below a path, structs with all that is in them.
    fn entries(&self, path: &str, indent: &str) -> Vec<Entry> {
        let mut entries = Vec::new();
        for doc in self.below(path) {
            entries.push(Entry {
                name: format!("{indent}{}", last(&doc.path)),
                what: doc.doc.to_owned(),
                kind: self.kind(doc),
            });
            if doc.options.is_empty() {
                // What is told of the fields around it is not told again.
                let told = |inner: &Entry| {
                    let known = |outer: &Entry| {
                        outer.name.trim() == inner.name.trim() && outer.what == inner.what
                    };
                    entries.iter().any(known)
                };
                let inner = self.entries(&doc.path, &format!("{indent}  "));
                let inner: Vec<Entry> = inner.into_iter().filter(|inner| !told(inner)).collect();
                entries.extend(inner);
            }
        }
        entries
    }

    /// What may be written for a field, and last what is taken if nothing is.
    fn kind(&self, doc: &FieldDoc) -> Vec<String> {
        // Of a struct its fields say the rest.
        if doc.kind == "struct" && doc.default.as_deref() == Some("()") {
            return vec![];
        }
        let default = match doc.default.as_deref() {
            None => "required".to_owned(),
            Some("") => "optional".to_owned(),
            Some(default) => format!("default {default}"),
        };
        let mut pieces: Vec<String> = doc
            .options
            .iter()
            .map(|option| match doc.options.len() > SIGNED_MAX {
                true => format!("{option} |"),
                false => format!("{} |", self.signature(&doc.path, option)),
            })
            .collect();
        match pieces.last_mut() {
            Some(last) => {
                last.truncate(last.len() - 2);
                last.push(';');
            }
            None => {
                let inside: Vec<&str> = self
                    .below(&doc.path)
                    .filter(|inner| inner.positional)
                    .map(|inner| last(&inner.path))
                    .collect();
                match doc.kind.as_str() {
                    "struct" if !inside.is_empty() => {
                        pieces.push(format!("({});", inside.join(", ")))
                    }
                    kind => pieces.push(format!("{kind};")),
                }
            }
        }
        if doc.kind.starts_with("list") && !doc.options.is_empty() {
            pieces.insert(0, "list of".to_owned());
        }
        pieces.push(default);
        pieces
    }
}

/// A signature, indented, broken between arguments if it is long.
fn wrapped_signature(signature: &str) -> String {
    let indent = signature.find('(').map_or(0, |at| at + 1);
    let pieces = wrapped(
        signature.split_inclusive(", ").map(str::trim_end),
        WIDTH - indent,
    );
    let lines = pieces.lines().enumerate();
    let lines = lines.map(|(i, line)| match i {
        0 => format!("  {line}"),
        _ => format!("  {:indent$}{line}", ""),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Names on the left, all else on the right.
fn shown(entries: &[Entry]) -> String {
    let column = entries
        .iter()
        .map(|entry| entry.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for Entry { name, what, kind } in entries {
        text.push_str(format!("{name:<column$}  {what}").trim_end());
        text.push('\n');
        if !kind.is_empty() {
            let pieces = kind.iter().map(String::as_str);
            for line in wrapped(pieces, WIDTH.saturating_sub(column)).lines() {
                text.push_str(&format!("{:column$}  {line}\n", ""));
            }
        }
    }
    text
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
