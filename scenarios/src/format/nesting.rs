//! Fields that nest: structs within structs, lists of them, and choices with arguments.

use super::fields::{Absent, Fields, Shape, Spec};
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::{Opened, Origin, Raw};
use super::resolved::Ron;
use super::sets::Node;
use super::syntax;
use super::words::{listed, shown, similar};

impl<'r> Fields<'r> {
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
        read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        let absent = Absent::Default("[]".to_owned());
        self.list_of_variants(name, options, absent, doc, read)
    }

    /// A list of constructors that has to be written.
    pub fn required_variants<T>(
        &mut self,
        name: &'static str,
        options: &[&'static str],
        doc: &'static str,
        read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        self.list_of_variants(name, options, Absent::Required, doc, read)
    }

    fn list_of_variants<T>(
        &mut self,
        name: &'static str,
        options: &[&'static str],
        absent: Absent,
        doc: &'static str,
        mut read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        let node = self.take(Spec {
            name,
            kind: "list of".to_owned(),
            absent,
            doc,
            options,
        });
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

    pub(super) fn chosen<T>(
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

    pub(super) fn each_option<T>(
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

    pub(super) fn nested<T>(
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

    pub(super) fn below(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Opens a struct with one of `names`; reports what is none.
    pub(super) fn open(&self, field: &str, node: Node<'r>, names: &[&str]) -> Option<Fields<'r>> {
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
            "latency" | "processing" | "every" => "law of delay",
            "layer" | "links" => "kind of links",
            "node" | "from" | "to" | "groups" => "set of nodes",
            "when" => "condition",
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
            "links" | "layer" => "   (`stormglass list links`)",
            "faults" => "   (`stormglass list faults`)",
            "behaviour" => "   (`stormglass explain behaviour`)",
            "latency" | "processing" | "every" => "   (`stormglass list delays`)",
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
}
