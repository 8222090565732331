//! An open struct: the one place where a field is named, typed, defaulted, checked, recorded and documented.
//!
//! The methods that read single values are in `leaves.rs`; here are the struct itself and what nests.

use super::context::Context;
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::{Entry, Opened, Origin, Raw};
use super::resolved::Ron;
use super::sets::{Node, Set};
use super::syntax;
use super::words::{listed, shown, similar};

/// One field, as `stormglass explain` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDoc {
    /// `scenario.network.loss`; of a constructor's argument `scenario.network.latency.Uniform.min`.
    pub path: String,
    /// What may be written: `probability`.
    pub kind: String,
    /// What is taken if nothing is written; empty if that is nothing. None if something has to be written.
    pub default: Option<String>,
    /// In one line.
    pub doc: &'static str,
    /// The names to choose from.
    pub options: Vec<String>,
    /// An argument without a name: `Fixed("1ms")`.
    pub positional: bool,
}

/// A struct whose fields are being read; or described, when there is nothing to read.
///
/// Each method names a field, with its default and documentation. It returns the value; if the value is missing or
/// wrong it reports that and returns a stand-in, so that reading goes on and all mistakes are found in one go. A
/// scenario with a mistake is never run.
pub struct Fields<'r> {
    pub(super) cx: &'r Context<'r>,
    pub(super) path: String,
    name: String,
    place: Place,
    /// Where to say that something is missing.
    opening: Place,
    shape: Shape<'r>,
    sets: Vec<Set<'r>>,
    positional: bool,
    /// The value is no struct, which is reported already: nothing is missing in it.
    muted: bool,
    known: Vec<&'static str>,
    resolved: Vec<(&'static str, Ron)>,
}

enum Shape<'r> {
    Named(Vec<Entry<'r>>),
    Items(Vec<Raw<'r>>),
}

/// What a field is taken for when it is not written.
pub(super) enum Absent {
    Required,
    Default(String),
    Nothing,
}

/// How a field is declared.
pub(super) struct Spec<'a> {
    pub(super) name: &'static str,
    pub(super) kind: String,
    pub(super) absent: Absent,
    pub(super) doc: &'static str,
    pub(super) options: &'a [&'a str],
}

impl<'r> Fields<'r> {
    /// `EagerMulticast` of `EagerMulticast(relay: true)`; empty for a bare struct.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the whole struct is written.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// Where a field is written, from its name to its end; the beginning of the struct if it is not.
    #[must_use]
    pub fn place_of(&self, name: &str) -> Place {
        let set = self.sets.iter().rev().find(|set| set.begins_with(name));
        match (set, self.entry(name)) {
            (Some(set), _) => set.place(),
            (None, Some(entry)) => entry.place(),
            (None, None) => self.opening,
        }
    }

    /// Is the field written, or set? Always when describing.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.cx.describing()
            || self.entry(name).is_some()
            || self.sets.iter().any(|set| set.begins_with(name))
    }

    /// Are the fields only being described? Then every value is a stand-in.
    #[must_use]
    pub fn describing(&self) -> bool {
        self.cx.describing()
    }

    /// The arguments are given by position, `Uniform("1ms", "5ms")`, in the order of the calls that follow.
    pub fn positional(&mut self) {
        self.positional = true;
    }

    /// Reports what only the caller can see.
    pub fn report(&mut self, problem: Problem) {
        if !self.muted {
            self.cx.report(problem);
        }
    }

    /// A struct; if it is not written, all its defaults.
    pub fn structure<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> T {
        let spec = Spec {
            name,
            kind: "struct".to_owned(),
            absent: Absent::Default("()".to_owned()),
            doc,
            options: &[],
        };
        let node = self.take(spec);
        let (value, ron) = self.nested(name, node, read);
        self.record(name, ron);
        value
    }

    /// A struct, or nothing.
    pub fn optional_structure<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        let node = self.take(Spec {
            name,
            kind: "struct".to_owned(),
            absent: Absent::Nothing,
            doc,
            options: &[],
        });
        if !node.is_written() && !self.describing() {
            return None;
        }
        let (value, ron) = self.nested(name, node, read);
        self.record(name, ron);
        Some(value)
    }

    /// A list of structs.
    pub fn structures<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        mut read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        let spec = Spec {
            name,
            kind: "list of structs".to_owned(),
            absent: Absent::Default("[]".to_owned()),
            doc,
            options: &[],
        };
        let node = self.take(spec);
        if self.describing() {
            return vec![self.nested(name, node, read).0];
        }
        let items = self.items(name, node);
        let (values, rons) = items
            .into_iter()
            .map(|item| self.nested(name, item, &mut read))
            .unzip();
        self.record(name, Ron::List(rons));
        values
    }

    /// One of several constructors, with arguments; `default` is RON. None only if a mistake is reported.
    ///
    /// `read` meets one of `options` as the name; when describing, all of them one after the other.
    pub fn variant<T>(
        &mut self,
        name: &'static str,
        options: &[&'static str],
        default: Option<&'static str>,
        doc: &'static str,
        read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        let absent = default.map_or(Absent::Required, |ron| Absent::Default(ron.to_owned()));
        let mut node = self.take(Spec {
            name,
            kind: "one of".to_owned(),
            absent,
            doc,
            options,
        });
        if let (None, Some(text)) = (node.raw, default) {
            node.raw = Some(Raw {
                text,
                place: self.opening,
                origin: Origin::BuiltIn,
            });
        }
        self.chosen(name, node, options, read)
    }

    /// One of several constructors, or nothing.
    pub fn optional_variant<T>(
        &mut self,
        name: &'static str,
        options: &[&'static str],
        doc: &'static str,
        read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        let node = self.take(Spec {
            name,
            kind: "one of".to_owned(),
            absent: Absent::Nothing,
            doc,
            options,
        });
        self.chosen(name, node, options, read)
    }

    /// A list of constructors. An item that is wrong is left out.
    pub fn variants<T>(
        &mut self,
        name: &'static str,
        options: &[&'static str],
        doc: &'static str,
        mut read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        let spec = Spec {
            name,
            kind: "list of".to_owned(),
            absent: Absent::Default("[]".to_owned()),
            doc,
            options,
        };
        let node = self.take(spec);
        if self.describing() {
            return self.each_option(name, options, read);
        }
        let items = self.items(name, node);
        let read = items
            .into_iter()
            .filter_map(|item| self.constructed(name, item, options, &mut read));
        let (values, rons) = read.unzip();
        self.record(name, Ron::List(rons));
        values
    }

    fn chosen<T>(
        &mut self,
        name: &'static str,
        node: Node<'r>,
        options: &[&'static str],
        mut read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        if self.describing() {
            return self.each_option(name, options, read).pop();
        }
        let (value, ron) = self.constructed(name, node, options, &mut read)?;
        self.record(name, ron);
        Some(value)
    }

    fn each_option<T>(
        &self,
        name: &str,
        options: &[&'static str],
        mut read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        let describe = |option: &&'static str| {
            let mut fields = self.blank(format!("{}.{name}.{option}", self.path));
            (*option).clone_into(&mut fields.name);
            read(&mut fields)
        };
        options.iter().map(describe).collect()
    }

    /// Fields without anything written.
    pub(super) fn blank(&self, path: String) -> Fields<'r> {
        Fields {
            cx: self.cx,
            path,
            name: String::new(),
            place: self.opening,
            opening: self.opening,
            shape: Shape::Named(Vec::new()),
            sets: Vec::new(),
            positional: false,
            muted: false,
            known: Vec::new(),
            resolved: Vec::new(),
        }
    }

    /// The outermost struct.
    pub(super) fn top(cx: &'r Context<'r>, node: Node<'r>, place: Place) -> Fields<'r> {
        let shape = Shape::Named(Vec::new());
        let base = Fields {
            cx,
            path: String::new(),
            name: String::new(),
            place,
            opening: place,
            shape,
            sets: Vec::new(),
            positional: false,
            muted: false,
            known: Vec::new(),
            resolved: Vec::new(),
        };
        // What is no scenario is reported, and nothing is missing in it.
        base.open("scenario", node, &["", "Scenario"])
            .unwrap_or(Fields {
                muted: true,
                ..base
            })
    }

    fn nested<T>(
        &self,
        name: &str,
        node: Node<'r>,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> (T, Ron) {
        let mut fields = self.open(name, node, &[""]).unwrap_or_else(|| Fields {
            muted: true,
            ..self.blank(self.below(name))
        });
        let value = read(&mut fields);
        (value, fields.finish())
    }

    pub(super) fn constructed<T>(
        &self,
        name: &str,
        node: Node<'r>,
        options: &[&'static str],
        read: &mut impl FnMut(&mut Fields<'_>) -> T,
    ) -> Option<(T, Ron)> {
        node.is_written().then_some(())?;
        let mut fields = self.open(name, node, options)?;
        fields.path = format!("{}.{}", fields.path, fields.name);
        let value = read(&mut fields);
        Some((value, fields.finish()))
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Opens a struct with one of `names`; reports what is none.
    fn open(&self, field: &str, node: Node<'r>, names: &[&str]) -> Option<Fields<'r>> {
        let base = self.blank(self.below(field));
        let Some(raw) = node.raw else {
            return Some(Fields {
                sets: node.sets,
                ..base
            });
        };
        let (name, shape) = match raw.open() {
            Opened::Struct(name, entries) => (name, Shape::Named(entries)),
            Opened::Tuple(name, items) => (name, Shape::Items(items)),
            Opened::Map(_) if names.contains(&"") && raw.origin == Origin::Written => {
                let shift = |range: std::ops::Range<usize>| raw.inside(range.start, range.end);
                self.cx.report(syntax::curly(raw.text, 0, &shift));
                return None;
            }
            Opened::Text(text) if names.contains(&text.as_str()) && !text.is_empty() => {
                let title = format!("`{field}` is a name, not a text");
                let problem = Problem::error(Code::S104, raw.place, title).label("this is a text");
                let edits = vec![(raw.place.range(), text)];
                self.cx
                    .report(problem.help("write it without quotes", edits));
                return None;
            }
            other => {
                let path = self.below(field);
                let expected = if names.contains(&"") {
                    "a struct, `( .. )`".to_owned()
                } else {
                    format!("one of {}", listed(names))
                };
                let title = format!("`{field}` has to be {expected}");
                let problem = Problem::error(Code::S104, raw.place, title)
                    .label(format!("this is {}", other.describe()));
                self.cx
                    .report(problem.note(format!("`stormglass explain {path}` tells more")));
                return None;
            }
        };
        if !names.contains(&name) {
            self.wrong_name(raw, field, name, names);
            return None;
        }
        let opening = if raw.origin == Origin::BuiltIn {
            raw.place
        } else {
            raw.opening()
        };
        Some(Fields {
            name: name.to_owned(),
            place: raw.place,
            opening,
            shape,
            sets: node.sets,
            ..base
        })
    }

    /// Reports a name that is none of `names`.
    pub(super) fn wrong_name(&self, raw: Raw<'_>, field: &str, name: &str, names: &[&str]) {
        let noun = match field {
            "do" => "operation",
            "faults" => "fault",
            "links" => "kind of links",
            "node" => "set of nodes",
            field => field,
        };
        if names.contains(&"Scenario") {
            let title = format!("a scenario is not called `{}`", shown(name));
            let edits = vec![(raw.opening().range(), "Scenario".to_owned())];
            let problem = Problem::error(Code::S102, raw.opening(), title).label("unknown name");
            self.cx
                .report(problem.help("write `Scenario( .. )`", edits));
            return;
        }
        if names.contains(&"") {
            let title = format!("`{field}` is a struct without a name");
            self.cx
                .report(Problem::error(Code::S102, raw.opening(), title).label("leave this out"));
            return;
        }
        if name.is_empty() {
            self.wrong_type(
                raw,
                field,
                &format!("one of {}", listed(names)),
                "a struct without a name",
                "",
            );
            return;
        }
        let title = format!("no {noun} is called `{}`", shown(name));
        let mut problem = Problem::error(Code::S102, raw.opening(), title).label("unknown name");
        if let Some(near) = similar(name, names.iter().copied()) {
            problem = problem.help(
                format!("did you mean `{near}`?"),
                vec![(raw.opening().range(), near.to_owned())],
            );
        }
        let list = match field {
            "protocol" => "   (`stormglass list protocols`)",
            "links" => "   (`stormglass list links`)",
            "faults" => "   (`stormglass list faults`)",
            "latency" => "   (`stormglass list latencies`)",
            "topology" => "   (`stormglass list topologies`)",
            _ => "",
        };
        self.cx
            .report(problem.note(format!("choose from: {}{list}", listed(names))));
    }

    /// The items of a list, each with the sets that go to it.
    pub(super) fn items(&self, name: &str, node: Node<'r>) -> Vec<Node<'r>> {
        let items = match node.raw.map(|raw| (raw, raw.open())) {
            None => Vec::new(),
            Some((_, Opened::List(items))) => items,
            Some((raw, other)) => {
                let title = format!("`{name}` has to be a list, `[ .. ]`");
                let problem = Problem::error(Code::S104, raw.place, title)
                    .label(format!("this is {}", other.describe()));
                let Place { start, end, .. } = raw.place;
                let edits = vec![(start..start, "[".to_owned()), (end..end, "]".to_owned())];
                self.cx
                    .report(problem.help("put it in square brackets", edits));
                return Vec::new();
            }
        };
        let mut nodes: Vec<Node<'r>> = items.into_iter().map(Node::written).collect();
        for set in node.sets {
            match set.index() {
                Some(index) if index < nodes.len() => nodes[index].apply(set.inner()),
                Some(index) if index == nodes.len() && set.inner().is_whole() => {
                    nodes.push(Node::written(set.raw))
                }
                _ => {
                    let title = format!("`{name}` has no item `{}`", shown(set.first()));
                    let label = format!("there are {}, counted from 0", nodes.len());
                    self.cx
                        .report(Problem::error(Code::S101, set.place(), title).label(label));
                }
            }
        }
        nodes
    }

    /// Declares a field, and takes what is written for it. Reports it when it is missing and must not be.
    pub(super) fn take(&mut self, spec: Spec<'_>) -> Node<'r> {
        let index = self.known.len();
        self.known.push(spec.name);
        if let Some(docs) = &self.cx.docs {
            docs.borrow_mut().push(FieldDoc {
                path: self.below(spec.name),
                kind: spec.kind,
                default: match spec.absent {
                    Absent::Required => None,
                    Absent::Default(text) => Some(text),
                    Absent::Nothing => Some(String::new()),
                },
                doc: spec.doc,
                options: spec
                    .options
                    .iter()
                    .map(|option| (*option).to_owned())
                    .collect(),
                positional: self.positional,
            });
            return Node::default();
        }
        let mut node = Node::default();
        match &self.shape {
            Shape::Named(entries) if !self.positional => {
                node.raw = entries
                    .iter()
                    .find(|entry| entry.key == spec.name)
                    .map(|entry| entry.value);
            }
            Shape::Items(items) if self.positional => node.raw = items.get(index).copied(),
            _ if self.is_misshapen() => self.muted = true,
            _ => {}
        }
        for set in &self.sets {
            if set.begins_with(spec.name) || (self.positional && set.index() == Some(index)) {
                node.apply(set.inner());
            }
        }
        if matches!(spec.absent, Absent::Required) && !node.is_written() && !self.muted {
            let title = format!("`{}` is missing", spec.name);
            let label = format!("{} needs it", self.itself());
            let note = format!("`{}`: {}", spec.name, spec.doc);
            self.cx.report(
                Problem::error(Code::S103, self.opening, title)
                    .label(label)
                    .note(note),
            );
        }
        node
    }

    /// Named fields where positions are due, or the other way round.
    fn is_misshapen(&self) -> bool {
        match &self.shape {
            Shape::Named(entries) => self.positional && !entries.is_empty(),
            Shape::Items(items) => !self.positional && !items.is_empty(),
        }
    }

    /// The resolved value of a field that has been read.
    pub(super) fn recorded(&self, name: &str) -> Option<&Ron> {
        self.resolved
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, ron)| ron)
    }

    /// Where a field is written, if it is.
    pub(super) fn written_at(&self, name: &str) -> Option<Place> {
        self.has(name).then(|| self.place_of(name))
    }

    /// Notes the resolved value of a field.
    pub(super) fn record(&mut self, name: &'static str, ron: Ron) {
        self.resolved.push((name, ron));
    }

    /// How messages call this struct.
    fn itself(&self) -> String {
        let last = self.path.rsplit('.').next().unwrap_or("");
        match (self.name.as_str(), last) {
            ("" | "Scenario", "scenario") => "a scenario".to_owned(),
            ("", "workload") => "a job of the workload".to_owned(),
            ("", last) => format!("`{last}`"),
            (name, _) => format!("`{}`", shown(name)),
        }
    }

    /// Reports a value of the wrong type.
    pub(super) fn wrong_type(
        &self,
        raw: Raw<'_>,
        name: &str,
        expected: &str,
        found: &str,
        doc: &str,
    ) {
        let title = format!("`{name}` has to be {expected}");
        let mut problem =
            Problem::error(Code::S104, raw.place, title).label(format!("this is {found}"));
        if !doc.is_empty() {
            problem = problem.note(format!("`{name}`: {doc}"));
        }
        self.cx.report(problem);
    }

    /// After the last field: reports what nobody asked for, and gives the resolved struct.
    pub(super) fn finish(self) -> Ron {
        if !self.cx.describing() {
            self.leftovers();
        }
        if self.positional || (self.resolved.is_empty() && !self.name.is_empty()) {
            return Ron::Tuple(
                self.name,
                self.resolved.into_iter().map(|(_, ron)| ron).collect(),
            );
        }
        Ron::Struct(self.name, self.resolved)
    }

    fn leftovers(&self) {
        let itself = self.itself();
        if self.is_misshapen() {
            let (how, names) = if self.positional {
                ("by position", self.known.join(", "))
            } else {
                (
                    "by name",
                    self.known
                        .iter()
                        .map(|name| format!("{name}: .."))
                        .collect::<Vec<_>>()
                        .join(", "),
                )
            };
            let title = format!("{itself} takes its arguments {how}");
            let problem = Problem::error(Code::S104, self.place, title);
            self.cx
                .report(problem.label(format!("write {}({})", self.name, shown(&names))));
            return;
        }
        match &self.shape {
            Shape::Items(items) => {
                if let Some(extra) = items.get(self.known.len()) {
                    let title = format!("{itself} takes {} arguments", self.known.len());
                    self.cx.report(
                        Problem::error(Code::S101, extra.place, title).label("one too many"),
                    );
                }
            }
            Shape::Named(entries) => {
                for (i, entry) in entries.iter().enumerate() {
                    if self.cx.is_full() {
                        break;
                    }
                    if !self.known.contains(&entry.key.as_str()) {
                        self.unknown(&itself, &entry.key, entry.key_place);
                    } else if let Some(first) =
                        entries[..i].iter().find(|first| first.key == entry.key)
                    {
                        let title = format!("`{}` is given twice", shown(&entry.key));
                        let problem =
                            Problem::error(Code::S106, entry.key_place, title).label("again here");
                        self.cx.report(problem.also(first.key_place, "first here"));
                    }
                }
            }
        }
        for set in &self.sets {
            let by_position =
                self.positional && set.index().is_some_and(|index| index < self.known.len());
            if !by_position && !self.known.contains(&set.first()) {
                self.unknown(&itself, set.first(), set.place());
            }
        }
    }

    fn unknown(&self, itself: &str, key: &str, place: Place) {
        let mut problem = Problem::error(
            Code::S101,
            place,
            format!("{itself} has no field `{}`", shown(key)),
        )
        .label("unknown field");
        if let Some(near) = similar(key, self.known.iter().copied()) {
            problem = problem.help(
                format!("did you mean `{near}`?"),
                vec![(place.range(), near.to_owned())],
            );
        }
        let fields = if self.known.is_empty() {
            "none".to_owned()
        } else {
            listed(&self.known)
        };
        self.cx.report(problem.note(format!(
            "fields of {itself}: {fields}   (`stormglass explain {}`)",
            self.path
        )));
    }

    fn entry(&self, name: &str) -> Option<&Entry<'r>> {
        match &self.shape {
            Shape::Named(entries) => entries.iter().find(|entry| entry.key == name),
            Shape::Items(_) => None,
        }
    }
}
