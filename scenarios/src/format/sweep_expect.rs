//! What is expected of a whole sweep.
//!
//! ```text
//! exponent(METRIC, PARAMETER) in A .. B          mean(METRIC) op EXPR          p05(METRIC) op EXPR
//! ```
//!
//! where METRIC is that of one run, `messages` or `p99(delivery_latency)`; `mean min max p1 .. p99 p999` are taken over the runs
//! of a point, and the sentence is asked at each. Any may end in ` where EXPR`, over the parameters of the point.

use std::ops::Range;

use super::expect::{Comparison, Statistic, statistic};
use super::expr::{self, ExprError, Lookup, Value};
use super::lexemes::{Token, tokens};
use sim_core::kernel::time::Span;

/// One sentence of `sweep.expect`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// As it is written.
    pub text: String,
    /// What it says.
    pub what: What,
    /// What stands after `where`.
    pub condition: Option<String>,
}

/// What a sentence about a sweep says.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// How a metric grows with a parameter: the slope of a line through the means, both axes logarithmic.
    Exponent {
        /// What grows.
        metric: Term,
        /// With what.
        param: String,
        /// Not slower, as an expression.
        low: String,
        /// Not faster.
        high: String,
    },
    /// A statistic over the runs of each point.
    Statistic {
        /// Which.
        statistic: Statistic,
        /// Of what.
        metric: Term,
        /// How it compares.
        comparison: Comparison,
        /// With what: a time, or an expression over the parameters of the point.
        bound: String,
    },
}

/// A metric of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Its name.
    pub name: String,
    /// What to take of its samples, if a run has many.
    pub statistic: Option<String>,
}

impl Ask {
    /// The metric it is about.
    #[must_use]
    pub const fn metric(&self) -> &Term {
        match &self.what {
            What::Exponent { metric, .. } | What::Statistic { metric, .. } => metric,
        }
    }

    /// Reads a sentence.
    ///
    /// # Errors
    /// The bytes that are wrong, and why.
    pub fn parse(text: &str) -> Result<Ask, (Range<usize>, String)> {
        let wrong = |error| match error {
            ExprError::Wrong(range, message) => (range, message),
            ExprError::Unknown(range, name) => (range, format!("`{name}` is unknown")),
            ExprError::Elsewhere => (0..text.len(), String::new()),
        };
        // `1.9..2.1` is three words, but to the lexer of expressions none.
        let plain = text.replace("..", "  ");
        let tokens = tokens(&plain).map_err(wrong)?;
        let split = tokens
            .iter()
            .find(|(token, _)| *token == Token::Name("where"))
            .map(|(_, range)| range.clone());
        let end = split.as_ref().map_or(text.len(), |word| word.start);
        let condition = split.map(|word| text[word.end..].trim().to_owned());
        let tokens = tokens
            .iter()
            .filter(|(_, range)| range.end <= end)
            .map(|(_, range)| (&text[range.clone()], range.clone()))
            .collect();
        let mut reader = Reader {
            text,
            end,
            tokens,
            at: 0,
        };
        let what = reader.sentence()?;
        Ok(Ask {
            text: text.trim().to_owned(),
            what,
            condition,
        })
    }
}

struct Reader<'t> {
    text: &'t str,
    end: usize,
    tokens: Vec<(&'t str, Range<usize>)>,
    at: usize,
}

type Read<T> = Result<T, (Range<usize>, String)>;

impl<'t> Reader<'t> {
    fn next(&mut self, what: &str) -> Read<(&'t str, Range<usize>)> {
        let found = self.tokens.get(self.at).cloned();
        self.at += 1;
        found.ok_or_else(|| (self.end..self.end, format!("{what} belongs here")))
    }

    fn expect(&mut self, sign: &str) -> Read<()> {
        match self.next(&format!("`{sign}`"))? {
            (found, _) if found == sign => Ok(()),
            (_, range) => Err((range, format!("`{sign}` belongs here"))),
        }
    }

    fn name(&mut self, what: &str) -> Read<&'t str> {
        match self.next(what)? {
            (name, _) if super::lexemes::is_name(name) => Ok(name),
            (_, range) => Err((range, format!("{what} belongs here"))),
        }
    }

    fn term(&mut self) -> Read<Term> {
        let name = self.name("a metric")?.to_owned();
        if self
            .tokens
            .get(self.at)
            .is_some_and(|(sign, _)| *sign == "(")
        {
            self.at += 1;
            let of = self.name("a metric")?.to_owned();
            self.expect(")")?;
            return Ok(Term {
                name: of,
                statistic: Some(name),
            });
        }
        Ok(Term {
            name,
            statistic: None,
        })
    }

    fn sentence(&mut self) -> Read<What> {
        let (word, range) = self.next("`exponent` or a statistic")?;
        self.expect("(")?;
        let metric = self.term()?;
        if word == "exponent" {
            self.expect(",")?;
            let param = self.name("a parameter")?.to_owned();
            self.expect(")")?;
            self.expect("in")?;
            let start = self.tokens[self.at - 1].1.end;
            let rest = &self.text[start..self.end];
            let Some((low, high)) = rest.split_once("..") else {
                return Err((start..self.end, "write `1.9 .. 2.1`".to_owned()));
            };
            return Ok(What::Exponent {
                metric,
                param,
                low: low.trim().to_owned(),
                high: high.trim_start_matches('=').trim().to_owned(),
            });
        }
        let Some(statistic) = statistic(word) else {
            let message = "none of exponent, mean, min, max, p1 .. p99, p999".to_owned();
            return Err((range, message));
        };
        self.expect(")")?;
        let (sign, range) = self.next("one of < <= > >= == !=")?;
        let Some(comparison) = Comparison::of(sign) else {
            return Err((range, "one of < <= > >= == != belongs here".to_owned()));
        };
        let bound = self.text[range.end..self.end].trim().to_owned();
        if bound.is_empty() {
            return Err((self.end..self.end, "compared with what?".to_owned()));
        }
        Ok(What::Statistic {
            statistic,
            metric,
            comparison,
            bound,
        })
    }
}

/// A bound as a number, times in nanoseconds, if `known` says what its names stand for.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a bound, written by a person")]
pub fn bound(text: &str, known: &dyn Fn(&str) -> Option<Value>) -> Option<f64> {
    if let Ok(span) = text.parse::<Span>() {
        return Some(span.as_nanos() as f64);
    }
    match value(text, known) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    }
}

/// The value of an expression, if `known` says what its names stand for.
#[must_use]
pub fn value(text: &str, known: &dyn Fn(&str) -> Option<Value>) -> Option<Value> {
    let mut lookup = |name: &str| known(name).map_or(Lookup::Unknown, Lookup::Value);
    expr::evaluate(text, &mut lookup).ok()
}
