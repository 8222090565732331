//! A counter.

use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::time::LocalTime;

use super::Service;

/// A counter that begins at zero and saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counter;

/// What may be asked of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CounterRequest {
    /// Add so much, and say what it is then.
    Add(i64),
    /// Say what it is.
    Read,
}

impl fmt::Display for CounterRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CounterRequest::Add(by) => write!(f, "Add({by})"),
            CounterRequest::Read => f.write_str("Read"),
        }
    }
}

/// What a counter answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CounterReply {
    /// Its value.
    Is(i64),
}

impl fmt::Display for CounterReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CounterReply::Is(value) = self;
        write!(f, "{value}")
    }
}

impl Service for Counter {
    type Request = CounterRequest;
    type Reply = CounterReply;
    type State = i64;

    fn apply(state: &mut i64, request: &CounterRequest, _: LocalTime) -> CounterReply {
        if let CounterRequest::Add(by) = request {
            *state = state.saturating_add(*by);
        }
        CounterReply::Is(*state)
    }

    fn reads(request: &CounterRequest) -> bool {
        *request == CounterRequest::Read
    }
}
