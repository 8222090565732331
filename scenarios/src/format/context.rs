//! What a whole reading shares: sources, parameters, and the lists that it fills.

use super::expr::{self, ExprError, FUNCTIONS, Lookup, Value};
use super::fields::FieldDoc;
use super::place::{Place, SourceId, Sources};
use super::problem::{Code, Problem};
use super::raw::Raw;
use super::words::{listed, shown, similar};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::path::Path;

/// More than anybody reads.
const PROBLEMS_MAX: usize = 100;

pub(super) struct Context<'s> {
    pub(super) sources: &'s Sources,
    /// The scenario file: paths in it are relative to its folder.
    file: SourceId,
    pub(super) problems: RefCell<Vec<Problem>>,
    /// Set when there is nothing to read, and the fields are only to be listed.
    pub(super) docs: Option<RefCell<Vec<FieldDoc>>>,
    pub(super) params: RefCell<Params>,
    /// Some parameter could not even be named, which is reported: who misses one says nothing further.
    pub(super) params_unread: Cell<bool>,
    /// Nothing before the number of nodes is known.
    pub(super) cluster: RefCell<Option<Cluster>>,
}

/// The number of nodes, and where it comes from.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) nodes: u32,
    pub(super) place: Place,
    /// What is written, if that is an expression.
    pub(super) expression: String,
}

/// The parameters: by name, value (none if it is wrong) and place.
#[derive(Debug, Default)]
pub(super) struct Params(pub(super) Vec<Param>);

#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: String,
    pub(super) value: Option<Value>,
    pub(super) place: Place,
}

impl Params {
    pub(super) fn get(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|param| param.name == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|param| param.name.as_str())
    }

    fn lookup(&self, name: &str) -> Lookup {
        match self.get(name) {
            Some(Param {
                value: Some(value), ..
            }) => Lookup::Value(value.clone()),
            Some(_) => Lookup::Failed,
            None => Lookup::Unknown,
        }
    }
}

impl<'s> Context<'s> {
    pub(super) fn new(sources: &'s Sources, file: SourceId, describing: bool) -> Context<'s> {
        Context {
            sources,
            file,
            problems: RefCell::default(),
            docs: describing.then(RefCell::default),
            params: RefCell::default(),
            params_unread: Cell::new(false),
            cluster: RefCell::default(),
        }
    }

    /// The folder of the scenario file.
    pub(super) fn folder(&self) -> &'s Path {
        let file = Path::new(self.sources.name(self.file));
        file.parent().unwrap_or(Path::new(""))
    }

    pub(super) fn describing(&self) -> bool {
        self.docs.is_some()
    }

    /// Takes note of a problem, once.
    pub(super) fn report(&self, problem: Problem) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < PROBLEMS_MAX && !self.describing() && !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Are there so many problems that no more are kept?
    pub(super) fn is_full(&self) -> bool {
        self.count() >= PROBLEMS_MAX
    }

    /// How many problems there are so far.
    pub(super) fn count(&self) -> usize {
        self.problems.borrow().len()
    }

    /// The value of the expression `content`, which `raw` holds in quotes.
    pub(super) fn evaluate(&self, raw: Raw<'_>, content: &str) -> Option<Value> {
        self.evaluate_part(raw, content, 0..content.len())
    }

    /// The value of the expression in a part of `content`.
    pub(super) fn evaluate_part(
        &self,
        raw: Raw<'_>,
        content: &str,
        part: Range<usize>,
    ) -> Option<Value> {
        let params = self.params.borrow();
        let result = expr::evaluate(&content[part.clone()], &mut |name| params.lookup(name));
        result
            .map_err(|error| self.report_expr(raw, content, part.start, error))
            .ok()
    }

    /// Reports what is wrong with an expression that begins at byte `start` of `content`.
    pub(super) fn report_expr(&self, raw: Raw<'_>, content: &str, start: usize, error: ExprError) {
        let params = self.params.borrow();
        match error {
            ExprError::Elsewhere => {}
            ExprError::Unknown(..) if self.params_unread.get() => {}
            ExprError::Wrong(range, message) => {
                let place = raw.inside_quotes(content, start + range.start, start + range.end);
                self.report(
                    Problem::error(Code::S112, place, "this expression has no value")
                        .label(message),
                );
            }
            ExprError::Unknown(range, name) => {
                let place = raw.inside_quotes(content, start + range.start, start + range.end);
                let title = format!("`{}` is neither a parameter nor a function", shown(&name));
                let mut problem = Problem::error(Code::S112, place, title).label("unknown here");
                if let Some(near) = similar(&name, params.names().chain(FUNCTIONS)) {
                    let edits = if place == raw.place {
                        Vec::new()
                    } else {
                        vec![(place.range(), near.to_owned())]
                    };
                    problem = problem.help(format!("did you mean `{near}`?"), edits);
                }
                let known = if params.0.is_empty() {
                    "none".to_owned()
                } else {
                    listed(params.names())
                };
                self.report(problem.note(format!(
                    "parameters: {known}; functions: {}",
                    listed(FUNCTIONS)
                )));
            }
        }
    }

    /// The value of a literal number; reports what is none.
    pub(super) fn float(&self, raw: Raw<'_>, literal: &str) -> Option<f64> {
        let digits = literal.replace('_', "");
        let whole_literal = !literal.contains(['.', 'e', 'E']);
        let (number, exact) = match whole(&digits) {
            #[expect(
                clippy::cast_precision_loss,
                reason = "too large is too large, however exactly"
            )]
            Some(number) => (number as f64, number <= expr::WHOLE_LITERAL_MAX),
            None => (digits.parse().unwrap_or(f64::NAN), true),
        };
        let too_large =
            number.is_infinite() || !exact || (whole_literal && number.abs() > expr::WHOLE_MAX);
        let title = match number {
            number if number.is_nan() => "this is not a number that a scenario can have",
            _ if too_large => "this number is too large",
            _ => return Some(number),
        };
        self.report(
            Problem::error(Code::S105, raw.place, title).label("write a plain decimal number"),
        );
        None
    }
}

/// A whole number from 0 to 2⁶⁴-1, in one of the bases of RON.
pub(super) fn whole(digits: &str) -> Option<u64> {
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return u64::from_str_radix(rest, radix).ok();
        }
    }
    digits.parse().ok()
}
