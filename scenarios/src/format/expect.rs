//! Expectations: one-line sentences that a run is judged by.
//!
//! ```text
//! always P          eventually P within T          sometimes P          METRIC op EXPR
//! ```
//!
//! each with ` where EXPR` at its end, if it is not always asked.

use super::context::Context;
use super::entry::{Configured, MetricAbout, Unit};
use super::expr::Value;
use super::lexemes::{Token, tokens};
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::Raw;
use super::units::bad_time;
use super::words::{listed, shown, similar};
use sim_core::kernel::property::{About, Kind, Quiescence};
use sim_core::kernel::time::Span;
use std::ops::Range;

/// One sentence of `expect`, or of `--expect`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Where it is written.
    pub place: Place,
    /// As it is written, without the `where`.
    pub text: String,
    /// What it says.
    pub sentence: Sentence,
    /// What stands after `where`, and whether it is so; a sentence whose `where` is false is not asked.
    pub condition: Option<(String, bool)>,
}

impl Expectation {
    /// False if its `where` is false.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.condition.as_ref().is_none_or(|(_, holds)| *holds)
    }
}

/// What an expectation says.
#[derive(Clone, Debug, PartialEq)]
pub enum Sentence {
    /// Safety: judged after every event.
    Always {
        /// A property.
        property: String,
    },
    /// Liveness.
    Eventually {
        /// A property.
        property: String,
        /// How long after it was owed.
        within: Span,
    },
    /// A property or a mark that must be reached.
    Sometimes {
        /// Its name.
        goal: String,
    },
    /// A metric at the end of the run.
    Metric {
        /// What to take of the metric's samples: `p99(..)`; none for a plain count.
        statistic: Option<Statistic>,
        /// Its name.
        metric: String,
        /// Of which kind of messages: `messages(Ack)`; none for all.
        kind: Option<String>,
        /// How it compares.
        comparison: Comparison,
        /// With what.
        bound: Bound,
        /// The bound as it is written, for the report.
        bound_text: String,
    },
}

/// What to take of the samples of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// By nearest rank, what so many of a thousand do not exceed: `p50` is 500, `p999` is 999.
    Percentile(u16),
}

/// `<`, `<=`, `>`, `>=`, `==`, `!=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Different,
}

impl Comparison {
    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
            Comparison::Equal => "==",
            Comparison::Different => "!=",
        }
    }

    pub(super) fn of(sign: &str) -> Option<Comparison> {
        use Comparison::{AtLeast, AtMost, Different, Equal, Greater, Less};
        [Less, AtMost, Greater, AtLeast, Equal, Different]
            .into_iter()
            .find(|comparison| comparison.sign() == sign)
    }

    /// Does `left op right` hold?
    #[must_use]
    pub fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::Greater => left > right,
            Comparison::AtLeast => left >= right,
            Comparison::Equal => left == right,
            Comparison::Different => left != right,
        }
    }
}

/// What a metric is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A time.
    Time(Span),
}

/// What sentences about one protocol may name.
pub(super) struct Vocabulary {
    protocol: &'static str,
    properties: Vec<About>,
    metrics: Vec<MetricAbout>,
    marks: Vec<&'static str>,
    /// The kinds of messages, if they are known.
    kinds: Option<Vec<&'static str>>,
}

impl Vocabulary {
    pub(super) fn of(protocol: &'static str, configured: &dyn Configured) -> Vocabulary {
        let mut properties = configured.properties();
        if properties
            .iter()
            .all(|property| property.name != Quiescence::ABOUT.name)
        {
            properties.push(Quiescence::ABOUT);
        }
        Vocabulary {
            protocol,
            properties,
            metrics: configured.metrics(),
            marks: configured.marks(),
            kinds: configured.kinds(),
        }
    }

    pub(super) fn metric(&self, name: &str) -> Option<&MetricAbout> {
        self.metrics.iter().find(|about| about.name == name)
    }

    fn property(&self, name: &str) -> Option<&About> {
        self.properties
            .iter()
            .find(|property| property.name == name)
    }

    fn property_names(&self) -> impl Iterator<Item = &'static str> {
        self.properties.iter().map(|property| property.name)
    }

    /// A name that is nothing, or nothing that fits here; `fitting` are those that would.
    fn unknown(&self, place: Place, name: &str, what: &str, fitting: &[&'static str]) -> Problem {
        let offers = format!("{} offers: {}", self.protocol, listed(fitting));
        Self::unknown_among(place, name, what, fitting).note(offers)
    }

    /// The same without saying what there is.
    fn unknown_among(place: Place, name: &str, what: &str, fitting: &[&'static str]) -> Problem {
        let title = format!("`{}` is {what}", shown(name));
        let mut problem = Problem::error(Code::S130, place, title).label("unknown here");
        if let Some(near) = similar(name, fitting.iter().copied()) {
            problem = problem.help(
                format!("did you mean `{near}`?"),
                vec![(place.range(), near.to_owned())],
            );
        }
        problem
    }

    /// A kind of messages that nobody sends, so that a count of them says nothing.
    fn no_kind(&self, place: Place, name: &str) -> Option<Problem> {
        let kinds = self.kinds.as_ref()?;
        (!kinds.contains(&name)).then(|| {
            let sent = format!(
                "{} and its links send: {}",
                self.protocol,
                listed(kinds.iter().copied())
            );
            Self::unknown_among(place, name, "no kind of message", kinds).note(sent)
        })
    }

    /// A name in an expectation of a sweep that is no metric.
    pub(super) fn no_metric_of_a_sweep(&self, place: Place, name: &str) -> Problem {
        let names: Vec<_> = self.metrics.iter().map(|about| about.name).collect();
        self.unknown(place, name, "no metric", &names)
    }

    /// The same for a text, whose place is that of it with its quotes.
    pub(super) fn no_metric_in_quotes(&self, place: Place, name: &str) -> Problem {
        quoted(self.no_metric_of_a_sweep(place, name))
    }

    /// Checks a name of `expect_violation`, a text.
    pub(super) fn check_property(&self, cx: &Context<'_>, place: Place, name: &str) {
        if self.property(name).is_none() {
            let names: Vec<_> = self.property_names().collect();
            cx.report(quoted(self.unknown(place, name, "not a property", &names)));
        }
    }
}

/// The place of a text is that of it with its quotes, and so is what stands in its place.
fn quoted(mut problem: Problem) -> Problem {
    if let Some((_, edits)) = &mut problem.help {
        edits
            .iter_mut()
            .for_each(|(_, near)| *near = format!("\"{near}\""));
    }
    problem
}

/// Reads the sentence `content`, which `raw` holds in quotes. None if a mistake is reported.
pub(super) fn read(
    cx: &Context<'_>,
    raw: Raw<'_>,
    content: &str,
    words: &Vocabulary,
) -> Option<Expectation> {
    let tokens = match tokens(content) {
        Ok(tokens) => tokens,
        Err(error) => {
            cx.report_expr(raw, content, 0, error);
            return None;
        }
    };
    let split = tokens
        .iter()
        .position(|(token, _)| *token == Token::Name("where"));
    let (main, condition) = match split {
        Some(at) => (&tokens[..at], Some(tokens[at].1.end..content.len())),
        None => (&tokens[..], None),
    };
    let end = split.map_or(content.len(), |at| tokens[at].1.start);
    let reader = Reader {
        cx,
        raw,
        content,
        words,
        tokens: main,
        end,
    };
    // Both halves are read before either gives up.
    let condition = match condition {
        Some(range) => reader.condition(range).map(Some),
        None => Some(None),
    };
    let sentence = reader.sentence()?;
    let text = content[..end].trim().to_owned();
    Some(Expectation {
        place: raw.place,
        text,
        sentence,
        condition: condition?,
    })
}

const FORMS: &str = "write `always P`, `eventually P within T`, `sometimes P` or `METRIC <= EXPR`, and perhaps \
    `where EXPR`";

struct Reader<'a> {
    cx: &'a Context<'a>,
    raw: Raw<'a>,
    content: &'a str,
    words: &'a Vocabulary,
    tokens: &'a [(Token<'a>, Range<usize>)],
    /// Where the sentence ends: at `where`, or with the text.
    end: usize,
}

impl<'a> Reader<'a> {
    fn place(&self, range: &Range<usize>) -> Place {
        self.raw.inside_quotes(self.content, range.start, range.end)
    }

    fn malformed(&self, range: &Range<usize>, label: impl Into<String>) {
        let problem = Problem::error(Code::S132, self.place(range), "this is not an expectation")
            .label(label);
        self.cx.report(problem.note(FORMS));
    }

    fn name(&self, index: usize) -> Option<(&'a str, Range<usize>)> {
        match self.tokens.get(index) {
            Some((Token::Name(name), range)) => Some((name, range.clone())),
            _ => None,
        }
    }

    fn range(&self, index: usize) -> Range<usize> {
        self.tokens
            .get(index)
            .map_or(self.end..self.end, |(_, range)| range.clone())
    }

    fn condition(&self, range: Range<usize>) -> Option<(String, bool)> {
        let text = self.content[range.clone()].trim();
        match self
            .cx
            .evaluate_part(self.raw, self.content, range.clone())?
        {
            Value::Bool(value) => Some((text.to_owned(), value)),
            _ => {
                let problem = Problem::error(
                    Code::S112,
                    self.place(&range),
                    "`where` asks for something true or false",
                );
                self.cx.report(problem.label("this is neither"));
                None
            }
        }
    }

    fn sentence(&self) -> Option<Sentence> {
        let Some((word, _)) = self.name(0) else {
            self.malformed(&self.range(0), "this begins with no word");
            return None;
        };
        match word {
            "always" | "eventually" | "sometimes" => {}
            _ => return self.metric(),
        }
        let Some((name, range)) = self.name(1) else {
            self.malformed(&self.range(1), format!("`{word}` what?"));
            return None;
        };
        let name_of = |name: &str| name.to_owned();
        match word {
            "always" => {
                self.complete(2)?;
                self.property(name, &range, Kind::Safety)?;
                Some(Sentence::Always {
                    property: name_of(name),
                })
            }
            "sometimes" => {
                self.complete(2)?;
                self.goal(name, &range)?;
                Some(Sentence::Sometimes {
                    goal: name_of(name),
                })
            }
            _ => {
                let property = self.property(name, &range, Kind::Liveness);
                let Some(("within", word)) = self.name(2) else {
                    if property.is_some() {
                        self.malformed(&self.range(2), "`within` how long?");
                    }
                    return None;
                };
                let rest = word.end..self.end;
                let text = &self.content[rest.clone()];
                let within: Span = match text.parse() {
                    Ok(span) => span,
                    Err(error) => {
                        let lead = text.len() - text.trim_start().len();
                        let place = self.place(
                            &(rest.start + lead..rest.start + lead.max(text.trim_end().len())),
                        );
                        let mut problem = bad_time(place, text, error);
                        // The patch of a field adds quotes; here the sentence has them.
                        if let Some((_, edits)) = &mut problem.help {
                            edits
                                .iter_mut()
                                .for_each(|(_, text)| *text = text.replace('"', ""));
                        }
                        self.cx.report(problem);
                        return None;
                    }
                };
                property?;
                Some(Sentence::Eventually {
                    property: name_of(name),
                    within,
                })
            }
        }
    }

    /// Nothing may follow.
    fn complete(&self, index: usize) -> Option<()> {
        if index < self.tokens.len() {
            self.malformed(
                &(self.range(index).start..self.tokens.last()?.1.end),
                "the sentence is complete before this",
            );
            return None;
        }
        Some(())
    }

    fn property(&self, name: &str, range: &Range<usize>, asked: Kind) -> Option<()> {
        let place = self.place(range);
        let Some(property) = self.words.property(name) else {
            let names: Vec<_> = self.words.property_names().collect();
            let what = if self.words.marks.contains(&name) {
                "a mark, not a property: it can only be reached `sometimes`"
            } else if self.words.metric(name).is_some() {
                "a metric, not a property: compare it with something"
            } else {
                "not a property"
            };
            self.cx
                .report(self.words.unknown(place, name, what, &names));
            return None;
        };
        if property.kind == asked {
            return Some(());
        }
        let number = if property.number.is_empty() {
            name
        } else {
            property.number
        };
        let (title, sentence) = match asked {
            Kind::Safety => (
                format!("`{name}` cannot hold `always`: {number} is about what happens in the end"),
                format!("eventually {name} within 1s"),
            ),
            Kind::Liveness => (
                format!(
                    "`{name}` is not owed `eventually`: {number} is about what must never happen"
                ),
                format!("always {name}"),
            ),
        };
        let whole = self.place(&(self.tokens.first()?.1.start..self.tokens.last()?.1.end));
        let problem =
            Problem::error(Code::S131, whole, title).label("the wrong word for this property");
        self.cx.report(problem.help(
            format!("write `{sentence}`"),
            vec![(whole.range(), sentence)],
        ));
        None
    }

    fn goal(&self, name: &str, range: &Range<usize>) -> Option<()> {
        if self.words.property(name).is_some() || self.words.marks.contains(&name) {
            return Some(());
        }
        let names: Vec<_> = self
            .words
            .marks
            .iter()
            .copied()
            .chain(self.words.property_names())
            .collect();
        self.cx.report(self.words.unknown(
            self.place(range),
            name,
            "neither a mark nor a property",
            &names,
        ));
        None
    }

    fn metric(&self) -> Option<Sentence> {
        let (first, first_range) = self.name(0)?;
        let called = matches!(self.tokens.get(1), Some((Token::Sign("("), _)));
        let mut kind = None;
        let by_kind = self.words.metric(first).is_some_and(|about| about.by_kind);
        let (statistic, metric, range, next) = if called && by_kind {
            let (Some((name, range)), Some((Token::Sign(")"), _))) =
                (self.name(2), self.tokens.get(3))
            else {
                self.malformed(
                    &self.range(2),
                    format!("`{first}(Ack)`: which kind of messages?"),
                );
                return None;
            };
            if let Some(problem) = self.words.no_kind(self.place(&range), name) {
                self.cx.report(problem);
                return None;
            }
            kind = Some(name.to_owned());
            (None, first, first_range.clone(), 4)
        } else if called {
            let Some(statistic) = statistic(first) else {
                self.malformed(&first_range, "none of mean, min, max, p1 .. p99, p999");
                return None;
            };
            let (Some((metric, range)), Some((Token::Sign(")"), _))) =
                (self.name(2), self.tokens.get(3))
            else {
                self.malformed(
                    &self.range(2),
                    format!("`{}(METRIC)`: which metric?", shown(first)),
                );
                return None;
            };
            (Some(statistic), metric, range, 4)
        } else {
            (None, first, first_range.clone(), 1)
        };
        let Some(about) = self.words.metric(metric) else {
            self.no_metric(metric, &range, next);
            return None;
        };
        if about.sampled != statistic.is_some() {
            let whole = first_range.start..self.range(next - 1).end;
            self.malformed(
                &whole,
                if about.sampled {
                    format!("a run has many of these; which of them? `p99({metric})`")
                } else {
                    format!("a run has one `{metric}`, of which there is no statistic")
                },
            );
            return None;
        }
        let comparison = match self.tokens.get(next) {
            Some((Token::Sign(sign), _)) => Comparison::of(sign),
            _ => None,
        };
        let Some(comparison) = comparison else {
            self.malformed(&self.range(next), "one of < <= > >= == != belongs here");
            return None;
        };
        let rest = self.range(next).end..self.end;
        let bound_text = self.content[rest.clone()].trim().to_owned();
        let bound = match bound_text.parse() {
            Ok(span) if about.unit == Unit::Time => Bound::Time(span),
            Ok(_) => {
                self.malformed(&rest, format!("`{metric}` is a number, not a time"));
                return None;
            }
            Err(_) => match self
                .cx
                .evaluate_part(self.raw, self.content, rest.clone())?
            {
                Value::Number(_) if about.unit == Unit::Time => {
                    self.malformed(
                        &rest,
                        format!("`{metric}` is a time: write the unit, `5ms`"),
                    );
                    return None;
                }
                Value::Number(number) => Bound::Number(number),
                _ => {
                    self.malformed(&rest, "a metric is compared with a number or a time");
                    return None;
                }
            },
        };
        Some(Sentence::Metric {
            statistic,
            metric: metric.to_owned(),
            kind,
            comparison,
            bound,
            bound_text,
        })
    }

    /// What stands where a metric is due is something else, or nothing.
    fn no_metric(&self, name: &str, range: &Range<usize>, next: usize) {
        if let (Some(property), true) = (self.words.property(name), next == 1) {
            let sentence = match property.kind {
                Kind::Safety => format!("always {name}"),
                Kind::Liveness => format!("eventually {name} within 1s"),
            };
            self.malformed(range, format!("a property: write `{sentence}`"));
        } else if self.cx.params.borrow().get(name).is_some() {
            self.malformed(range, "a parameter: nothing to measure");
        } else if next == 1 && self.name(next).is_some() {
            // Two words follow each other: the first was to say what is asked of the second.
            let title = format!("an expectation does not begin with `{}`", shown(name));
            let mut problem = Problem::error(Code::S132, self.place(range), title)
                .label("`always`, `eventually` or `sometimes`?");
            let known = ["always", "eventually", "sometimes"];
            if let Some(near) = similar(name, known) {
                let edits = vec![(self.place(range).range(), near.to_owned())];
                problem = problem.help(format!("did you mean `{near}`?"), edits);
            }
            self.cx.report(problem.note(FORMS));
        } else {
            let mut names: Vec<_> = self.words.metrics.iter().map(|about| about.name).collect();
            if next == 1 {
                names.extend(self.words.property_names());
            }
            let problem = self.words.unknown(
                self.place(range),
                name,
                "neither a metric, a property nor a parameter",
                &names,
            );
            self.cx.report(problem);
        }
    }
}

pub(super) fn statistic(name: &str) -> Option<Statistic> {
    match name {
        "mean" => Some(Statistic::Mean),
        "min" => Some(Statistic::Min),
        "max" => Some(Statistic::Max),
        _ => {
            let percent: u16 = name.strip_prefix('p')?.parse().ok()?;
            match percent {
                1..=99 => Some(Statistic::Percentile(percent * 10)),
                999 => Some(Statistic::Percentile(999)),
                _ => None,
            }
        }
    }
}
