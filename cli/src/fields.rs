//! The fields of a scenario as text: what `explain` shows of one, and `list` of what can be chosen.

use scenarios::format::{FieldDoc, describe, meaning};
use scenarios::recipe::Registry;

use crate::out::wrapped;

/// Lines are broken here, where they can be.
const WIDTH: usize = 100;

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

impl Reference {
    /// Of what a registry describes.
    pub fn new(registry: &impl Registry) -> Reference {
        let entries = registry.entries();
        let about = entries.iter().map(|entry| entry.about());
        Reference {
            docs: describe(entries),
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
            .map(|option| (self.signature(path, option), option))
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
                format!("{path}: {what}\n  {}\n", self.signature(field, option))
            }
            (None, _) if inside.is_empty() => return None,
            (None, _) => format!("{path}\n"),
        };
        if !inside.is_empty() {
            text.push('\n');
            text.push_str(&shown(&inside));
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
        for line in self.options(path, true).lines() {
            text.push_str(format!("  {line}").trim_end());
            text.push('\n');
        }
        text
    }

    /// The paths of an option: `scenario.faults.Crash`.
    pub fn offered(&self, option: &str) -> Vec<String> {
        let paths = self.paths().filter(|path| self.offers(path, option));
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
                entries.extend(self.entries(&doc.path, &format!("{indent}  ")));
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
            .map(|option| format!("{} |", self.signature(&doc.path, option)))
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
