//! The port of a register.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

/// Request of a register: `<r, Write | v>` and `<r, Read>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operation<V> {
    /// Store a value. Answered by [`Reply::Wrote`].
    Write(V),
    /// Tell the value. Answered by [`Reply::Value`].
    Read,
}

impl<V: fmt::Display> fmt::Display for Operation<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::Write(value) => write!(f, "Write {value}"),
            Operation::Read => f.write_str("Read"),
        }
    }
}

/// Indication of a register.
///
/// The *content* of a register at a process is a list: empty if nothing was written yet, one value as a rule, several if
/// writes were concurrent and the register keeps both. It is sorted and names no value twice. It changes with
/// [`Reply::Changed`] and only then, for one's own writes too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reply<V> {
    /// The write of this value is done: if it is not in the content by now, it took no effect here.
    Wrote(V),
    /// What was read: the content.
    Value(Vec<V>),
    /// The content is another than before.
    Changed(Vec<V>),
}

impl<V: fmt::Display> fmt::Display for Reply<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (said, content) = match self {
            Reply::Wrote(value) => return write!(f, "Wrote {value}"),
            Reply::Value(content) => ("Value", content),
            Reply::Changed(content) => ("Changed to", content),
        };
        f.write_str(said)?;
        if content.is_empty() {
            f.write_str(" nothing")?;
        }
        for (place, value) in content.iter().enumerate() {
            write!(f, "{} {value}", if place == 0 { "" } else { " |" })?;
        }
        Ok(())
    }
}

/// A register that holds a `V`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Register<V>(PhantomData<fn() -> V>);

impl<V: Payload> Port for Register<V> {
    type Request = Operation<V>;
    type Indication = Reply<V>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn a_trace_shows_siblings_side_by_side() {
        assert_eq!(Operation::Write(7).to_string(), "Write 7");
        assert_eq!(Reply::<u8>::Value(vec![]).to_string(), "Value nothing");
        assert_eq!(Reply::Changed(vec![7, 8]).to_string(), "Changed to 7 | 8");
    }
}
