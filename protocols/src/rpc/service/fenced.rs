//! A register that one client at a time may write, under a lease with a fencing token.
//!
//! Source: Gray and Cheriton 1989 for leases; fencing tokens: Chubby's sequencers (Burrows 2006, §2.4). The token grows with every
//! lease, so a store that looks at it refuses who was overtaken. The store that does not look is the lesson.

use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::text::Text;
use sim_core::kernel::time::{LocalTime, Span};

use super::{Follow, Service};

/// The register and the office that grants its lease, on one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fenced;

/// The number of a lease: a later one is larger.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Token(pub u64);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token {}", self.0)
    }
}

/// What may be asked of the register.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FencedRequest {
    /// Of a client: take the lease for so long, write this under it, and give it up; and again after backing off, if
    /// another holds it. To a server: the first of these.
    Guarded {
        /// What to write.
        value: Text,
        /// How long the lease is to last.
        term: Span,
        /// Whether the store looks at tokens.
        fenced: bool,
    },
    /// Write this under the lease of this number.
    Write {
        /// What to write.
        value: Text,
        /// The number of the lease.
        token: Token,
        /// Whether the store looks at it.
        fenced: bool,
    },
    /// Give the lease of this number up.
    Release(Token),
    /// What is there?
    Look,
}

impl fmt::Display for FencedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guarded { value, term, .. } => write!(f, "Guarded({value}, for {term})"),
            Self::Write { value, token, .. } => write!(f, "Write({value}, {token})"),
            Self::Release(token) => write!(f, "Release({token})"),
            Self::Look => f.write_str("Look"),
        }
    }
}

/// What the register answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FencedReply {
    /// The lease is yours, under this number.
    Granted(Token),
    /// Another holds it.
    Busy,
    /// It is written.
    Written,
    /// Nothing is written: a lease with a later number, this one, has been granted.
    Overtaken(Token),
    /// It is given up, if it was still held.
    Released,
    /// This is there.
    Is(Text),
    /// Nothing is there.
    Absent,
}

impl fmt::Display for FencedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted(token) => write!(f, "Granted({token})"),
            Self::Busy => f.write_str("Busy"),
            Self::Written => f.write_str("Written"),
            Self::Overtaken(token) => write!(f, "Overtaken({token})"),
            Self::Released => f.write_str("Released"),
            Self::Is(value) => write!(f, "Is({value})"),
            Self::Absent => f.write_str("Absent"),
        }
    }
}

/// What the server keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Held {
    value: Option<Text>,
    /// The last lease that was granted.
    token: Token,
    /// Until when it lasts, on the server's clock; `None`: it was given up, or never granted.
    until: Option<LocalTime>,
}

impl Service for Fenced {
    fn is_timed(_: &FencedRequest) -> bool {
        true
    }

    type Request = FencedRequest;
    type Reply = FencedReply;
    type State = Held;

    fn apply(held: &mut Held, request: &FencedRequest, at: LocalTime) -> FencedReply {
        match request {
            FencedRequest::Guarded { .. } if held.until.is_some_and(|until| at < until) => {
                FencedReply::Busy
            }
            FencedRequest::Guarded { term, .. } => {
                held.token.0 += 1;
                held.until = Some(at.after(*term));
                FencedReply::Granted(held.token)
            }
            FencedRequest::Write { token, fenced, .. } if *fenced && *token < held.token => {
                FencedReply::Overtaken(held.token)
            }
            FencedRequest::Write { value, .. } => {
                held.value = Some(value.clone());
                FencedReply::Written
            }
            FencedRequest::Release(token) => {
                if *token == held.token {
                    held.until = None;
                }
                FencedReply::Released
            }
            FencedRequest::Look => held
                .value
                .clone()
                .map_or(FencedReply::Absent, FencedReply::Is),
        }
    }

    fn reads(request: &FencedRequest) -> bool {
        *request == FencedRequest::Look
    }

    fn follow(
        first: &FencedRequest,
        request: &FencedRequest,
        reply: &FencedReply,
    ) -> Follow<FencedRequest> {
        let FencedRequest::Guarded { value, fenced, .. } = first else {
            return Follow::Done;
        };
        match (request, reply) {
            (_, FencedReply::Busy) => Follow::Again(first.clone()),
            (_, FencedReply::Granted(token)) => Follow::Then(FencedRequest::Write {
                value: value.clone(),
                token: *token,
                fenced: *fenced,
            }),
            (FencedRequest::Write { token, .. }, FencedReply::Written) => {
                Follow::Then(FencedRequest::Release(*token))
            }
            _ => Follow::Done,
        }
    }

    fn token(request: &FencedRequest) -> Option<Token> {
        match request {
            FencedRequest::Write { token, .. } => Some(*token),
            _ => None,
        }
    }

    fn took_effect(_: &FencedRequest, reply: &FencedReply) -> bool {
        !matches!(reply, FencedReply::Busy | FencedReply::Overtaken(_))
    }
}
