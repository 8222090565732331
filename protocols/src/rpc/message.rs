//! What callers and servers say to each other.

use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::port::Key;

/// The name of a call between one caller and the server that it asks; all attempts bear it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ticket {
    /// The life of the caller: it counts anew after a crash.
    pub incarnation: u32,
    /// Its calls in this life, from 1.
    pub number: u32,
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Answer<R> {
    /// It was carried out, now or before.
    Done(R),
    /// This copy of the attempt will not be carried out: there is too much to do.
    Refused,
    /// It may have been carried out: whatever was known of it is forgotten.
    Expired,
    /// It may have been carried out: another server did not answer.
    Unknown,
}

impl<R: fmt::Display> fmt::Display for Answer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Done(reply) => reply.fmt(f),
            Answer::Refused => f.write_str("refused"),
            Answer::Expired => f.write_str("expired"),
            Answer::Unknown => f.write_str("unknown"),
        }
    }
}

/// What travels between callers and servers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message<Q, R> {
    /// To a server: carry this out.
    Request {
        /// What to answer with.
        ticket: Ticket,
        /// Which attempt this is, from 1.
        attempt: u32,
        /// Whose operation it is: the idempotency key.
        key: Key,
        /// The client needs nothing any more of its calls with smaller numbers (RIFL's watermark).
        done_below: u32,
        /// How long the caller still waits; `None`: it does not say.
        left: Option<Span>,
        /// What to carry out.
        request: Q,
    },
    /// To a caller: what became of it.
    Reply {
        /// Of which call.
        ticket: Ticket,
        /// Of which attempt.
        attempt: u32,
        /// Whose operation it was.
        key: Key,
        /// What became of it.
        answer: Answer<R>,
    },
    /// To a server: the caller has its answer, do not begin.
    Cancel {
        /// Of which call.
        ticket: Ticket,
        /// Whose operation it is.
        key: Key,
    },
}

impl<Q: fmt::Display, R: fmt::Display> fmt::Display for Message<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Request {
                attempt,
                key,
                request,
                ..
            } => {
                write!(f, "Request{{{key} {request}")?;
                if *attempt > 1 {
                    write!(f, ", attempt {attempt}")?;
                }
                f.write_str("}")
            }
            Message::Reply { key, answer, .. } => write!(f, "Reply{{{key} {answer}}}"),
            Message::Cancel { key, .. } => write!(f, "Cancel{{{key}}}"),
        }
    }
}

/// The timers of callers and servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A caller: the attempt at this call has taken too long, or it has backed off long enough.
    Attempt(u32),
    /// A caller: another server is to be asked about this call.
    Hedge(u32),
    /// A client: what follows from a call has backed off long enough.
    Again(u32),
    /// A server: this job has had its time on a core.
    Core(u32),
    /// A server: what this job waited for is there.
    Io(u32),
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timer::Attempt(call) => write!(f, "call {call}"),
            Timer::Hedge(call) => write!(f, "hedge of call {call}"),
            Timer::Again(rest) => write!(f, "again {rest}"),
            Timer::Core(job) => write!(f, "core, job {job}"),
            Timer::Io(job) => write!(f, "io, job {job}"),
        }
    }
}
