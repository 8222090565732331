//! Expressions over parameters: `ceil(log2(n)) + 4`, `0 < k and k < n - 1`.
//!
//! Numbers are `f64`, computed only by operations that IEEE 754 defines to the last bit; `log2` and `ln` are the kernel's own.
//! What is not finite is an error, and so is a whole number that `f64` cannot hold exactly.

use super::lexemes::{Token, tokens};
use sim_core::kernel::random::detmath;
use std::fmt;
use std::ops::Range;

/// A value of a parameter or an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A finite number.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// A text.
    Text(String),
}

/// Up to here every whole number is an `f64`.
pub(super) const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// The same, as an integer.
pub(super) const WHOLE_LITERAL_MAX: u64 = 1 << 53;

/// A number as it is written in a resolved scenario: reads back to the same number.
pub(super) fn number_text(number: f64) -> String {
    if number == 0.0 {
        // A minus zero is of no use to anybody.
        "0".to_owned()
    } else if number.fract() == 0.0 && number.abs() <= WHOLE_MAX {
        format!("{number:.0}")
    } else {
        format!("{number:?}")
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => f.write_str(&number_text(*number)),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExprError {
    /// Something is wrong with these bytes of it.
    Wrong(Range<usize>, String),
    /// This name stands for nothing.
    Unknown(Range<usize>, String),
    /// A parameter that it uses has no value, which is reported where the parameter is.
    Elsewhere,
}

/// What a name stands for.
pub(super) enum Lookup {
    Value(Value),
    Unknown,
    /// Of a parameter that is wrong itself.
    Failed,
}

/// The value of an expression.
pub(super) fn evaluate(
    text: &str,
    lookup: &mut dyn FnMut(&str) -> Lookup,
) -> Result<Value, ExprError> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        end: text.len(),
        depth: 0,
        idle: 0,
        lookup,
    };
    let value = parser.any()?;
    match parser.peek() {
        None => Ok(value),
        Some((Token::Sign("<" | "<=" | ">" | ">=" | "==" | "!="), range)) => {
            let message = "comparisons do not chain: write `a < b and b < c`".to_owned();
            Err(ExprError::Wrong(range, message))
        }
        Some((_, range)) => Err(ExprError::Wrong(
            range,
            "the expression is complete before this".to_owned(),
        )),
    }
}

/// The number that `text`, an expression, stands for, if `known` says what its names stand for. `None` if it has none.
#[must_use]
pub fn formula(text: &str, known: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
    let mut lookup = |name: &str| match known(name) {
        Some(number) => Lookup::Value(Value::Number(number)),
        None => Lookup::Unknown,
    };
    match evaluate(text, &mut lookup) {
        Ok(Value::Number(number)) => Some(number),
        _ => None,
    }
}

/// The functions.
pub(super) const FUNCTIONS: [&str; 9] = [
    "min", "max", "abs", "floor", "ceil", "round", "sqrt", "log2", "ln",
];

/// How deeply an expression may be nested.
const DEPTH_MAX: u32 = 64;

struct Parser<'p> {
    tokens: &'p [(Token<'p>, Range<usize>)],
    at: usize,
    end: usize,
    depth: u32,
    /// Above zero in the half of an `and` or `or` that decides nothing: read, but not computed.
    idle: u32,
    lookup: &'p mut dyn FnMut(&str) -> Lookup,
}

type Valued = Result<Value, ExprError>;

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<(Token<'p>, Range<usize>)> {
        self.tokens.get(self.at).cloned()
    }

    /// Takes the next token if it is one of these signs or words.
    fn accept(&mut self, any: &[&'static str]) -> Option<(&'static str, Range<usize>)> {
        let (token, range) = self.peek()?;
        let (Token::Sign(text) | Token::Name(text)) = token else {
            return None;
        };
        let found = any.iter().find(|sign| **sign == text)?;
        self.at += 1;
        Some((found, range))
    }

    fn any(&mut self) -> Valued {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(ExprError::Wrong(
                self.here(),
                format!("this is nested more than {DEPTH_MAX} deep"),
            ));
        }
        let value = self.either();
        self.depth -= 1;
        value
    }

    /// The next token, or the end.
    fn here(&self) -> Range<usize> {
        self.peek().map_or(self.end..self.end, |(_, range)| range)
    }

    fn either(&mut self) -> Valued {
        let mut left = self.both()?;
        while let Some((_, range)) = self.accept(&["or"]) {
            let known = self.truth(&left, &range)?;
            let right = self.idly(known, Self::both)?;
            left = Value::Bool(self.truth(&right, &range)? || known);
        }
        Ok(left)
    }

    fn both(&mut self) -> Valued {
        let mut left = self.negation()?;
        while let Some((_, range)) = self.accept(&["and"]) {
            let known = self.truth(&left, &range)?;
            let right = self.idly(!known, Self::negation)?;
            left = Value::Bool(self.truth(&right, &range)? && known);
        }
        Ok(left)
    }

    fn idly(&mut self, idle: bool, read: impl FnOnce(&mut Self) -> Valued) -> Valued {
        self.idle += u32::from(idle);
        let value = read(self);
        self.idle -= u32::from(idle);
        value
    }

    fn negation(&mut self) -> Valued {
        let mut flip = false;
        let mut last = None;
        while let Some((_, range)) = self.accept(&["not"]) {
            (flip, last) = (!flip, Some(range));
        }
        let value = self.comparison()?;
        match last {
            Some(range) => Ok(Value::Bool(self.truth(&value, &range)? != flip)),
            None => Ok(value),
        }
    }

    fn comparison(&mut self) -> Valued {
        let left = self.sum()?;
        let Some((sign, range)) = self.accept(&["<=", ">=", "==", "!=", "<", ">"]) else {
            return Ok(left);
        };
        let right = self.sum()?;
        let equal = match (&left, &right) {
            _ if self.idle > 0 => false,
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            _ => {
                return Err(ExprError::Wrong(
                    range,
                    format!("`{sign}` compares two different kinds of values"),
                ));
            }
        };
        Ok(Value::Bool(match sign {
            "==" => equal,
            "!=" => !equal,
            _ => {
                let (a, b) = (self.numeric(&left, &range)?, self.numeric(&right, &range)?);
                match sign {
                    "<" => a < b,
                    "<=" => a <= b,
                    ">" => a > b,
                    _ => a >= b,
                }
            }
        }))
    }

    fn sum(&mut self) -> Valued {
        let mut left = self.product()?;
        while let Some((sign, range)) = self.accept(&["+", "-"]) {
            let right = self.product()?;
            left = self.arithmetic(sign, &left, &right, range)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Valued {
        let mut left = self.signed()?;
        while let Some((sign, range)) = self.accept(&["*", "/", "%"]) {
            let right = self.signed()?;
            left = self.arithmetic(sign, &left, &right, range)?;
        }
        Ok(left)
    }

    fn signed(&mut self) -> Valued {
        let mut minus = None;
        let mut negative = false;
        while let Some((_, range)) = self.accept(&["-"]) {
            (negative, minus) = (!negative, Some(range));
        }
        let value = self.atom()?;
        match minus {
            Some(range) => {
                let number = self.numeric(&value, &range)?;
                Ok(Value::Number(if negative { 0.0 - number } else { number }))
            }
            None => Ok(value),
        }
    }

    fn atom(&mut self) -> Valued {
        let Some((token, range)) = self.peek() else {
            return Err(ExprError::Wrong(
                self.here(),
                "something is missing here".to_owned(),
            ));
        };
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Value::Number(number)),
            Token::Measure => Err(ExprError::Wrong(
                range,
                "a number in an expression has no unit".to_owned(),
            )),
            Token::Name("true") => Ok(Value::Bool(true)),
            Token::Name("false") => Ok(Value::Bool(false)),
            Token::Name(name @ ("and" | "or" | "not")) => Err(ExprError::Wrong(
                range,
                format!("`{name}` needs something on both sides"),
            )),
            Token::Name(name) => match self.accept(&["("]) {
                Some(_) => self.call(name, range),
                None => match (self.lookup)(name) {
                    Lookup::Value(value) => Ok(value),
                    Lookup::Unknown => Err(ExprError::Unknown(range, name.to_owned())),
                    Lookup::Failed => Err(ExprError::Elsewhere),
                },
            },
            Token::Sign("(") => {
                let value = self.any()?;
                self.close(range)?;
                Ok(value)
            }
            Token::Sign(sign) => {
                self.at -= 1;
                Err(ExprError::Wrong(
                    range,
                    format!("a value is missing before `{sign}`"),
                ))
            }
        }
    }

    fn close(&mut self, open: Range<usize>) -> Result<(), ExprError> {
        match self.accept(&[")"]) {
            Some(_) => Ok(()),
            None => Err(ExprError::Wrong(
                open,
                "this bracket is never closed".to_owned(),
            )),
        }
    }

    fn call(&mut self, name: &str, range: Range<usize>) -> Valued {
        if !FUNCTIONS.contains(&name) {
            return Err(ExprError::Unknown(range, name.to_owned()));
        }
        let mut arguments = Vec::new();
        loop {
            let value = self.any()?;
            arguments.push(self.numeric(&value, &range)?);
            if self.accept(&[","]).is_none() {
                break;
            }
        }
        self.close(range.clone())?;
        if self.idle > 0 {
            return Ok(Value::Number(0.0));
        }
        let wrong = |message: String| Err(ExprError::Wrong(range.clone(), message));
        let value = match (name, arguments.as_slice()) {
            ("min", [first, rest @ ..]) if !rest.is_empty() => {
                rest.iter().fold(*first, |a, b| if *b < a { *b } else { a })
            }
            ("max", [first, rest @ ..]) if !rest.is_empty() => {
                rest.iter().fold(*first, |a, b| if *b > a { *b } else { a })
            }
            ("min" | "max", _) => return wrong(format!("`{name}` takes two numbers or more")),
            ("abs", [x]) => x.abs(),
            ("floor", [x]) => x.floor(),
            ("ceil", [x]) => x.ceil(),
            ("round", [x]) => x.round(),
            ("sqrt", [x]) if *x >= 0.0 => x.sqrt(),
            ("log2", [x]) if *x > 0.0 => detmath::log2(*x),
            ("ln", [x]) if *x > 0.0 => detmath::ln(*x),
            ("sqrt", [x]) => {
                return wrong(format!("there is no square root of {}", number_text(*x)));
            }
            ("log2" | "ln", [x]) => {
                return wrong(format!("there is no logarithm of {}", number_text(*x)));
            }
            _ => return wrong(format!("`{name}` takes one number")),
        };
        Ok(Value::Number(value))
    }

    fn arithmetic(&self, sign: &str, left: &Value, right: &Value, range: Range<usize>) -> Valued {
        let (a, b) = (self.numeric(left, &range)?, self.numeric(right, &range)?);
        if self.idle > 0 {
            return Ok(Value::Number(0.0));
        }
        let value = match sign {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            _ if b == 0.0 => {
                return Err(ExprError::Wrong(range, "this divides by zero".to_owned()));
            }
            "/" => a / b,
            _ => a % b,
        };
        if value.is_finite() {
            Ok(Value::Number(value))
        } else {
            Err(ExprError::Wrong(
                range,
                "the result is too large".to_owned(),
            ))
        }
    }

    fn numeric(&self, value: &Value, range: &Range<usize>) -> Result<f64, ExprError> {
        match value {
            Value::Number(number) => Ok(*number),
            _ if self.idle > 0 => Ok(0.0),
            other => Err(ExprError::Wrong(
                range.clone(),
                format!(
                    "this needs numbers, and `{}` is none",
                    super::words::shown(&other.to_string())
                ),
            )),
        }
    }

    fn truth(&self, value: &Value, range: &Range<usize>) -> Result<bool, ExprError> {
        match value {
            Value::Bool(value) => Ok(*value),
            _ if self.idle > 0 => Ok(false),
            other => Err(ExprError::Wrong(
                range.clone(),
                format!(
                    "this needs true or false, and `{}` is neither",
                    super::words::shown(&other.to_string())
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<Value, ExprError> {
        evaluate(text, &mut |name| match name {
            "n" => Lookup::Value(Value::Number(10_000.0)),
            "k" => Lookup::Value(Value::Number(0.0)),
            "mode" => Lookup::Value(Value::Text("ring".to_owned())),
            _ => Lookup::Unknown,
        })
    }

    #[test]
    fn computes_what_scenarios_ask_for() {
        for (text, expected) in [
            ("ceil(log2(n)) + 4", 18.0),
            ("floor((7 - 1) / 3)", 2.0),
            ("2 + 3 * 4 - 10 % 4", 12.0),
            ("-2 - -3", 1.0),
            ("min(3, 1, 2) + max(1, 2)", 3.0),
            ("round(2.5) + abs(-1) + sqrt(16)", 8.0),
            ("1e3 + 10_000 + .5", 11_000.5),
            ("log2(8)", 3.0),
        ] {
            assert_eq!(value(text), Ok(Value::Number(expected)), "{text}");
        }
        for (text, expected) in [
            ("0 < k and n / k > 2", false),
            ("k == 0 or n / k > 2", true),
            ("not k == 0 or true", true),
            ("not not (1 < 2)", true),
            ("mode == mode", true),
        ] {
            assert_eq!(value(text), Ok(Value::Bool(expected)), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, range) in [
            ("n / k", 2..3),
            ("1 +", 3..3),
            ("(1 + 2", 0..1),
            ("0 < k < 5", 6..7),
            ("sqrt(-1)", 0..4),
            ("log2(k)", 0..4),
            ("1e400", 0..5),
            ("9007199254740993", 0..16),
            ("1e300 * 1e300", 6..7),
            ("mode + 1", 5..6),
            ("n && k", 2..3),
            ("5ms", 0..3),
            ("n n", 2..3),
            ("", 0..0),
            ("abs(1, 2)", 0..3),
            ("3 and 4", 2..5),
        ] {
            match value(text) {
                Err(ExprError::Wrong(at, _)) => assert_eq!(at, range, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert_eq!(
            value("2 * fanuot"),
            Err(ExprError::Unknown(4..10, "fanuot".to_owned()))
        );
        assert_eq!(
            value("sin(1)"),
            Err(ExprError::Unknown(0..3, "sin".to_owned()))
        );
        assert!(matches!(
            value(&"(".repeat(100_000)),
            Err(ExprError::Wrong(..))
        ));
        assert!(matches!(
            value(&"-".repeat(100_000)),
            Err(ExprError::Wrong(..))
        ));
    }

    #[test]
    fn numbers_read_back() {
        for number in [
            0.0,
            -0.0,
            1.0,
            -3.0,
            0.1,
            1e300,
            5e-324,
            WHOLE_MAX,
            1.0 / 3.0,
        ] {
            let text = number_text(number);
            assert_eq!(text.parse::<f64>().unwrap(), number, "{text}");
        }
        assert_eq!(number_text(-0.0), "0");
        assert_eq!(number_text(-30.0), "-30");
    }
}
