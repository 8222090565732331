//! The declaration of `params`, and how they are worked out.

use super::context::{Context, Param};
use super::expr::{self, Value};
use super::fields::{Absent, Fields, Spec};
use super::place::Place;
use super::problem::{Code, Edits, Problem};
use super::raw::{Entry, Opened, Raw};
use super::resolved::Ron;
use super::sets::Node;
use super::words::{listed, shown, similar};
use sim_core::kernel::time::Span;

/// The parameters, resolved; afterwards expressions can be read.
pub(super) fn params(f: &mut Fields<'_>) -> Vec<(String, String)> {
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
                Value::Text(text) => Ron::text(text),
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
            f.cx.params_unread.set(true);
            let problem = Problem::error(
                Code::S104,
                raw.place,
                "`params` has to be a map, `{ \"n\": 5 }`",
            )
            .label(format!("this is {}", other.describe()));
            f.cx.report(match other {
                Opened::Struct("", fields) => problem.help(
                    "write curly brackets, and the names in quotes",
                    as_map(raw, &fields),
                ),
                _ => problem,
            });
            Vec::new()
        }
    };
    for entry in entries {
        if params.len() == PARAMS_MAX {
            let title = format!("there are more than {PARAMS_MAX} parameters");
            f.cx.report(Problem::error(Code::S004, entry.key_place, title).label("one too many"));
            break;
        }
        let reserved = expr::FUNCTIONS.contains(&entry.key.as_str())
            || matches!(
                entry.key.as_str(),
                "and" | "or" | "not" | "where" | "true" | "false"
            );
        if !entry.sound {
            f.cx.params_unread.set(true);
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
                    .label("this is a name")
                    .help("put it in quotes", edits),
            );
        } else if !super::lexemes::is_name(&entry.key) || reserved || entry.key.len() > 64 {
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
                    listed(names())
                };
                f.cx.report(problem.note(format!("parameters of this scenario: {known}")));
            }
        }
    }
    params
}

/// The edits that make a map of a struct.
fn as_map(raw: Raw<'_>, fields: &[Entry<'_>]) -> Edits {
    let Place { start, end, .. } = raw.place;
    let names = fields.iter().map(|field| {
        let name = Ron::text(&shown(&field.key)).line();
        (field.key_place.range(), name)
    });
    let mut edits = vec![(start..start + 1, "{".to_owned())];
    edits.extend(names);
    edits.push((end - 1..end, "}".to_owned()));
    edits
}

impl Context<'_> {
    /// Works out the parameters, which may refer to each other in any order.
    fn resolve_params(&self, entries: Vec<(String, Place, Raw<'_>)>) {
        let mut open: Vec<Raw<'_>> = Vec::new();
        for (name, place, raw) in entries {
            let value = match raw.open() {
                Opened::Bool(value) => Some(Value::Bool(value)),
                Opened::Number => self.float(raw, raw.text).map(Value::Number),
                // A time, or the name of some option: no expression.
                Opened::Text(text) if text.parse::<Span>().is_ok() => Some(Value::Text(text)),
                Opened::Text(_) => None,
                other => {
                    let label = format!("this is {}", other.describe());
                    let title = format!(
                        "parameter `{}` has to be a number, a text, true or false",
                        shown(&name)
                    );
                    self.report(Problem::error(Code::S104, raw.place, title).label(label));
                    None
                }
            };
            open.push(raw);
            self.params
                .borrow_mut()
                .0
                .push(Param { name, value, place });
        }
        let mut states: Vec<State> = self
            .params
            .borrow()
            .0
            .iter()
            .map(|param| {
                if param.value.is_some() {
                    State::Done
                } else {
                    State::New
                }
            })
            .collect();
        for index in 0..open.len() {
            self.resolve(index, &open, &mut states);
        }
    }

    fn resolve(&self, index: usize, open: &[Raw<'_>], states: &mut [State]) {
        if states[index] != State::New {
            return;
        }
        states[index] = State::Busy;
        let raw = open[index];
        if let Opened::Text(text) = raw.open() {
            for name in super::lexemes::names(&text) {
                let other = self.params.borrow().names().position(|known| known == name);
                let Some(other) = other else { continue };
                if states[other] == State::Busy {
                    let title = format!("parameter `{}` is defined by itself", shown(name));
                    self.report(
                        Problem::error(Code::S112, raw.place, title)
                            .label("this goes round in a circle"),
                    );
                    // Whoever meets a parameter without a value says nothing further.
                    states[index] = State::Done;
                    return;
                }
                self.resolve(other, open, states);
            }
            let unknown = super::lexemes::is_name(&text)
                && self.params.borrow().get(&text).is_none()
                && !matches!(text.as_str(), "true" | "false");
            let value = if unknown {
                Some(Value::Text(text))
            } else {
                self.evaluate(raw, &text)
            };
            self.params.borrow_mut().0[index].value = value;
        }
        states[index] = State::Done;
    }
}

/// More parameters are refused: each is looked up in a list.
const PARAMS_MAX: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Busy,
    Done,
}
