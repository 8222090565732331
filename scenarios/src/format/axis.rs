//! The values of an axis: `[4, 8, 16..=64]`, `0..=7`, `Lin(0.0, 0.2, 5)`, `["ring", "star"]`.
//!
//! A range after two numbers or more goes on with their pattern, which has to be exactly arithmetic or exactly geometric; a
//! range by itself goes by ones. ron makes no difference between `4..16` and `4..=16`, so the text of a range decides.

use super::context::Context;
use super::expr::{Value, number_text};
use super::problem::{Code, Problem};
use super::raw::{Opened, Origin, Raw};
use super::tokens::trimmed;
use super::words::{listed, shown};
use sim_core::kernel::random::detmath::{exp, ln};

/// An axis of more values is taken for a mistake.
const VALUES_MAX: usize = 10_000;

const FORMS: &str = "an axis is `[4, 8, 16..=64]`, `0..=7`, `Lin(from, to, count)`, `Log(from, to, count)` or a list of names";

/// The values of the axis of parameter `name`. None if a mistake is reported.
pub(super) fn values(cx: &Context<'_>, raw: Raw<'_>, name: &str) -> Option<Vec<Value>> {
    let reader = Reader { cx, name };
    let values = match raw.open() {
        Opened::Text(_) if raw.origin == Origin::Bare => reader.items(&bare_items(raw))?,
        Opened::List(items) => reader.items(&items)?,
        Opened::Tuple(word @ ("Lin" | "Log"), arguments) => reader.spaced(raw, word, &arguments)?,
        Opened::Range | Opened::Number | Opened::Bool(_) | Opened::Text(_) => {
            reader.items(&[raw])?
        }
        other => {
            let title = format!("`{}` has no values to take", shown(name));
            let problem = Problem::error(Code::S140, raw.place, title);
            let label = format!("this is {}", other.describe());
            cx.report(problem.label(label).note(FORMS));
            return None;
        }
    };
    if values.is_empty() {
        reader.wrong(raw, "an axis needs values", "there is none here", None);
        return None;
    }
    for (place, value) in values.iter().enumerate() {
        if values[..place].contains(value) {
            let title = format!("`{}` takes the value {value} twice", shown(name));
            cx.report(Problem::error(Code::S106, raw.place, title).label("each value once"));
            return None;
        }
    }
    Some(values)
}

/// `4,8,16..=64` of the command line, where no brackets and no quotes are needed.
fn bare_items(raw: Raw<'_>) -> Vec<Raw<'_>> {
    let mut items = Vec::new();
    let mut start = 0;
    for part in raw.text.split(',') {
        let range = trimmed(part);
        let (begin, end) = (start + range.start, start + range.end);
        let text = &raw.text[begin..end];
        let is_name = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && !matches!(text, "true" | "false");
        items.push(Raw {
            text,
            place: raw.inside(begin, end),
            origin: if is_name || text.is_empty() {
                Origin::Bare
            } else {
                Origin::Written
            },
        });
        start += part.len() + 1;
    }
    items
}

struct Reader<'a> {
    cx: &'a Context<'a>,
    name: &'a str,
}

impl Reader<'_> {
    fn wrong(&self, raw: Raw<'_>, title: &str, label: &str, help: Option<(String, String)>) {
        let mut problem = Problem::error(Code::S140, raw.place, title).label(label);
        if let Some((say, text)) = help {
            problem = problem.help(say, vec![(raw.place.range(), text)]);
        }
        self.cx.report(problem.note(FORMS));
    }

    fn items(&self, items: &[Raw<'_>]) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        for raw in items {
            match raw.open() {
                Opened::Number => values.push(Value::Number(self.cx.float(*raw, raw.text)?)),
                Opened::Bool(value) => values.push(Value::Bool(value)),
                Opened::Text(text) if !text.trim().is_empty() => values.push(Value::Text(text)),
                Opened::Range => self.range(*raw, &mut values)?,
                other => {
                    let title = format!("`{}` cannot take this value", shown(self.name));
                    let label = match other {
                        Opened::Text(_) => "this is empty".to_owned(),
                        other => format!("this is {}", other.describe()),
                    };
                    self.wrong(*raw, &title, &label, None);
                    return None;
                }
            }
            if values.len() > VALUES_MAX {
                return self.too_many(*raw);
            }
        }
        Some(values)
    }

    fn too_many(&self, raw: Raw<'_>) -> Option<Vec<Value>> {
        let title = format!("an axis takes at most {VALUES_MAX} values");
        self.wrong(raw, &title, "these are more", None);
        None
    }

    /// Goes on with the pattern of the numbers before it.
    fn range(&self, raw: Raw<'_>, values: &mut Vec<Value>) -> Option<()> {
        let (first, last) = self.ends(raw)?;
        let mut before = Vec::new();
        for value in &*values {
            match value {
                Value::Number(number) => before.push(*number),
                other => {
                    let label = format!(
                        "there is no way from `{}` to here",
                        shown(&other.to_string())
                    );
                    self.wrong(raw, "a pattern goes on with numbers", &label, None);
                    return None;
                }
            }
        }
        let step = self.step(raw, &before, first)?;
        let is_within = |number: f64| {
            if step.rises(first) {
                number <= last
            } else {
                number >= last
            }
        };
        let mut number = first;
        if !is_within(number) {
            let label = format!("{} is past {}", number_text(first), number_text(last));
            self.wrong(raw, "this range holds nothing", &label, None);
            return None;
        }
        while is_within(number) {
            values.push(Value::Number(number));
            if values.len() > VALUES_MAX {
                self.too_many(raw);
                return None;
            }
            number = step.next(number);
        }
        Some(())
    }

    /// First and last of `first..=last`.
    fn ends(&self, raw: Raw<'_>) -> Option<(f64, f64)> {
        let (first, rest) = raw.text.split_once("..")?;
        let (first, rest) = (first.trim(), rest.trim());
        if rest.is_empty() || rest == "=" {
            let label = "from here, but up to what?";
            let help = (
                format!("give the last value: `{first}..=1024`"),
                format!("{first}..=1024"),
            );
            self.wrong(raw, "a sweep axis needs an end", label, Some(help));
            return None;
        }
        let part = |text: &str| self.cx.float(raw, text);
        match rest.strip_prefix('=') {
            Some(last) => Some((part(first)?, part(last.trim())?)),
            None => {
                let end = part(rest)?;
                let last = if end.fract() == 0.0 { end - 1.0 } else { end };
                let text = format!("{first}..={}", number_text(last));
                let label = "is the last one in it or not?";
                let help = (format!("write `{text}`"), text);
                self.wrong(
                    raw,
                    "a sweep axis has its last value in it",
                    label,
                    Some(help),
                );
                None
            }
        }
    }

    /// How one number follows from the one before it.
    fn step(&self, raw: Raw<'_>, before: &[f64], first: f64) -> Option<Step> {
        match before {
            [] => return Some(Step::Add(1.0)),
            [one] => {
                let one = number_text(*one);
                let title = "a pattern needs three terms";
                let label = format!("how does it go on from {one} and {}?", number_text(first));
                self.wrong(raw, title, &label, None);
                return None;
            }
            _ => {}
        }
        let terms: Vec<f64> = before.iter().copied().chain([first]).collect();
        let (start, second) = (terms[0], terms[1]);
        let add = Step::Add(second - start);
        let times = Step::Times(second / start);
        for step in [add, times] {
            let fits = terms.windows(2).all(|pair| match pair {
                [a, b] => step.next(*a) == *b,
                _ => true,
            });
            if fits && step.moves(start) {
                return Some(step);
            }
        }
        let texts = terms.iter().map(|term| number_text(*term));
        let label = format!("{} is neither arithmetic nor geometric", listed(texts));
        let title = "this pattern does not say how to go on";
        let problem = Problem::error(Code::S140, raw.place, title).label(label);
        self.cx.report(
            problem
                .help("list the values one by one", Vec::new())
                .note(FORMS),
        );
        None
    }

    /// `Lin(from, to, count)`, `Log(from, to, count)`: both ends and what lies evenly between them.
    fn spaced(&self, raw: Raw<'_>, word: &str, arguments: &[Raw<'_>]) -> Option<Vec<Value>> {
        let [from, to, count] = arguments else {
            let label = format!("{} arguments", arguments.len());
            let title = format!("write `{word}(from, to, count)`");
            self.wrong(raw, &title, &label, None);
            return None;
        };
        let number = |raw: &Raw<'_>| match raw.open() {
            Opened::Number => self.cx.float(*raw, raw.text),
            other => {
                let title = format!("`{word}` takes three numbers");
                let label = format!("this is {}", other.describe());
                self.wrong(*raw, &title, &label, None);
                None
            }
        };
        let (first, last, steps) = (number(from)?, number(to)?, number(count)?);
        if !(2.0..=10_000.0).contains(&steps) || steps.fract() != 0.0 {
            let title = "the count of an axis is a whole number from 2 to 10000";
            self.wrong(*count, title, "this is not", None);
            return None;
        }
        if word == "Log" && (first <= 0.0 || last <= 0.0) {
            self.wrong(
                raw,
                "a logarithmic axis has no zero",
                "both ends above 0",
                None,
            );
            return None;
        }
        let is_whole = |raw: &Raw<'_>| !raw.text.contains(['.', 'e', 'E']);
        let whole = word == "Log" && is_whole(from) && is_whole(to);
        let mut values: Vec<Value> = Vec::new();
        let mut at = 0.0;
        while at < steps {
            let part = at / (steps - 1.0);
            let number = match word {
                _ if at == 0.0 => first,
                _ if at == steps - 1.0 => last,
                "Lin" => decimal(first + (last - first) * part),
                _ => decimal(exp(ln(first) + (ln(last) - ln(first)) * part)),
            };
            let value = Value::Number(if whole { number.round() } else { number });
            // Whole numbers close to each other may be the same.
            if !(whole && values.last() == Some(&value)) {
                values.push(value);
            }
            at += 1.0;
        }
        Some(values)
    }
}

/// Twelve digits: what is left of 0.15000000000000002 is what was meant.
fn decimal(number: f64) -> f64 {
    format!("{number:.11e}").parse().unwrap_or(number)
}

#[derive(Clone, Copy)]
enum Step {
    Add(f64),
    Times(f64),
}

impl Step {
    fn next(self, number: f64) -> f64 {
        match self {
            Step::Add(by) => number + by,
            Step::Times(by) => number * by,
        }
    }

    fn moves(self, number: f64) -> bool {
        let next = self.next(number);
        next.is_finite() && next != number && self.next(next) != number
    }

    fn rises(self, number: f64) -> bool {
        self.next(number) > number
    }
}
