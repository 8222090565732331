//! An open struct: the one place where a field is named, typed, defaulted, checked, recorded and documented.
//!
//! The methods that read single values are in `leaves.rs` and `units.rs`, those that nest in `nesting.rs`.

use super::context::Context;
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::{Entry, Raw};
use super::resolved::Ron;
use super::sets::{Node, Set};
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
    pub(super) name: String,
    pub(super) place: Place,
    /// Where to say that something is missing.
    pub(super) opening: Place,
    pub(super) shape: Shape<'r>,
    pub(super) sets: Vec<Set<'r>>,
    pub(super) positional: bool,
    /// The value is no struct, which is reported already: nothing is missing in it.
    pub(super) muted: bool,
    pub(super) known: Vec<&'static str>,
    pub(super) resolved: Vec<(&'static str, Ron)>,
}

pub(super) enum Shape<'r> {
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
