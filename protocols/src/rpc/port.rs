//! The ports of remote calls: of who calls, and of who serves.

use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::service::Service;

/// The name of a call, the same for all its attempts: an idempotency key.
///
/// A call that a server makes on behalf of another bears that one's name, so that it stays one operation all the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Who wants it.
    pub client: NodeId,
    /// In which of its lives.
    pub incarnation: u32,
    /// Its calls in this life, from 1.
    pub number: u32,
    /// Which part of it, where a server asks several others for one call; else 0.
    pub part: u32,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}.{}", self.client.0, self.number)?;
        if self.part > 0 {
            write!(f, "/{}", self.part)?;
        }
        if self.incarnation > 0 {
            write!(f, "@{}", self.incarnation)?;
        }
        Ok(())
    }
}

/// How a call ended, as far as its caller can know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome<R> {
    /// It was carried out, and this was answered.
    Success(R),
    /// It was not carried out: every attempt was refused, by a server that had too much to do. Where the links make no
    /// second copies that is certain; of an attempt that arrived twice, one copy may have been refused and not the other.
    Refused,
    /// It was not carried out: it was not even sent.
    Failed(Cause),
    /// It may have been carried out or not: the server no longer knows of a call as old as this.
    Expired,
    /// It may have been carried out or not: no answer came in time.
    Unknown,
}

/// Why a call was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// The circuit breaker is open.
    BreakerOpen,
    /// As many calls as may be are under way (bulkhead).
    TooMany,
    /// Its deadline had passed.
    TooLate,
}

impl<R> Outcome<R> {
    /// True if the caller knows that it was not carried out.
    pub const fn is_definite_failure(&self) -> bool {
        matches!(self, Outcome::Refused | Outcome::Failed(_))
    }
}

impl<R: fmt::Display> fmt::Display for Outcome<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Success(reply) => write!(f, "Success {reply}"),
            Outcome::Refused => f.write_str("Refused"),
            Outcome::Failed(Cause::BreakerOpen) => f.write_str("Failed: breaker open"),
            Outcome::Failed(Cause::TooMany) => f.write_str("Failed: too many calls"),
            Outcome::Failed(Cause::TooLate) => f.write_str("Failed: too late"),
            Outcome::Expired => f.write_str("Expired"),
            Outcome::Unknown => f.write_str("Unknown"),
        }
    }
}

/// Request of a caller: `Call(Add(1))`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Call<Q>(pub Q);

impl<Q: fmt::Display> fmt::Display for Call<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call {}", self.0)
    }
}

/// Indication of a caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Progress<Q, R> {
    /// A call begins: the one that was asked for, or one that [follows](Service::follow) from another.
    Begun {
        /// Its name.
        key: Key,
        /// What is asked.
        request: Q,
        /// How long it may take, on the client's monotonic clock.
        deadline: Option<Span>,
    },
    /// A call has ended.
    Ended {
        /// Its name.
        key: Key,
        /// How.
        outcome: Outcome<R>,
        /// How often it was sent: retries and hedges count.
        attempts: u32,
    },
}

impl<Q: fmt::Display, R: fmt::Display> fmt::Display for Progress<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Progress::Begun { key, request, .. } => write!(f, "{key} {request} begun"),
            Progress::Ended {
                key,
                outcome,
                attempts,
            } => {
                let times = if *attempts == 1 {
                    "attempt"
                } else {
                    "attempts"
                };
                write!(f, "{key} {outcome}, {attempts} {times}")
            }
        }
    }
}

/// Indication of a server: it has carried out a call.
///
/// After a crash it says once more what it did last, as its disk tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Executed<Q, R> {
    /// Whose.
    pub key: Key,
    /// What was asked.
    pub request: Q,
    /// What was answered.
    pub reply: R,
    /// Which effect on the server's state it was, from 1; `None` if it only read.
    pub effect: Option<u64>,
}

impl<Q: fmt::Display, R: fmt::Display> fmt::Display for Executed<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Executed {
            key,
            request,
            reply,
            effect,
        } = self;
        match effect {
            Some(effect) => write!(f, "{key} {request} = {reply} applied as effect {effect}"),
            None => write!(f, "{key} {request} = {reply}"),
        }
    }
}

/// The port of a process that calls the service `S`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Calling<S>(PhantomData<fn() -> S>);

impl<S: Service> Port for Calling<S> {
    type Request = Call<S::Request>;
    type Indication = Progress<S::Request, S::Reply>;
}

/// The port of a process that serves `S`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Serving<S>(PhantomData<fn() -> S>);

impl<S: Service> Port for Serving<S> {
    type Request = Never;
    type Indication = Executed<S::Request, S::Reply>;
}

/// The port of a cluster of clients and servers: properties are judged here.
pub type Rpc<S> = EitherPort<Calling<S>, Serving<S>>;
