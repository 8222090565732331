//! When a fault strikes, and for how long, as a scenario says it.

use std::fmt;

use super::words::shown;
use sim_core::kernel::time::Span;

/// When a fault strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// At this time.
    At(Span),
    /// At a time drawn for each node (for a partition once), from the first to the second.
    Between(Span, Span),
    /// On an event: of each of its nodes for itself, or of any node if it is a partition.
    When(Occasion),
}

/// An event that a fault waits for. At the 0-th of what can be counted from zero it strikes at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Once the node has sent so many copies to others.
    AfterSends(u64),
    /// Once it has received so many copies from others.
    AfterReceipts(u64),
    /// Once it has received so many messages of one kind.
    AfterRecv {
        /// The name of the kind.
        kind: String,
        /// From 1.
        count: u64,
    },
    /// Once it has written to its disk so many times.
    AfterWrites(u64),
    /// Once so many of its effects have been carried out.
    AfterEffects(u64),
    /// Once it has left a mark so many times.
    Mark {
        /// One of the marks of the protocol.
        name: String,
        /// From 1.
        count: u64,
    },
}

/// In words: `at 5ms`, `after 2 sends`.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut after = |count: u64, what: &str| {
            let plural = if count == 1 { "" } else { "s" };
            write!(f, "after {count} {what}{plural}")
        };
        match self {
            Trigger::At(at) => write!(f, "at {at}"),
            Trigger::Between(first, last) => write!(f, "between {first} and {last}"),
            Trigger::When(Occasion::AfterSends(copies)) => after(*copies, "send"),
            Trigger::When(Occasion::AfterReceipts(copies)) => after(*copies, "receipt"),
            Trigger::When(Occasion::AfterWrites(writes)) => after(*writes, "write"),
            Trigger::When(Occasion::AfterEffects(effects)) => after(*effects, "effect"),
            Trigger::When(Occasion::AfterRecv { kind, count }) => {
                let what = format!("receipt of {}", shown(kind));
                if *count == 1 {
                    write!(f, "after a {what}")
                } else {
                    write!(
                        f,
                        "after {count} {}",
                        what.replacen("receipt", "receipts", 1)
                    )
                }
            }
            Trigger::When(Occasion::Mark { name, count: 1 }) => {
                write!(f, "after the mark {}", shown(name))
            }
            Trigger::When(Occasion::Mark { name, count }) => {
                write!(f, "after {count} marks {}", shown(name))
            }
        }
    }
}

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// To the end of the run.
    Forever,
    /// Until this time, which is after the trigger if that is a time.
    Until(Span),
    /// For this time after it struck; above zero.
    For(Span),
}
