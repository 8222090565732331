//! Two services on one server.

use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::either::Either;
use sim_core::kernel::time::LocalTime;

use super::{Follow, Service, Token};

/// A server of `A` and of `B`: requests, replies and states of both, side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Both<A, B>(PhantomData<fn() -> (A, B)>);

impl<A, B> Default for Both<A, B> {
    fn default() -> Self {
        Both(PhantomData)
    }
}

/// The states of two services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Side<A, B> {
    left: A,
    right: B,
}

impl<A: Service, B: Service> Service for Both<A, B> {
    fn is_timed(request: &Self::Request) -> bool {
        match request {
            Either::Left(request) => A::is_timed(request),
            Either::Right(request) => B::is_timed(request),
        }
    }

    type Request = Either<A::Request, B::Request>;
    type Reply = Either<A::Reply, B::Reply>;
    type State = Side<A::State, B::State>;

    fn apply(state: &mut Self::State, request: &Self::Request, at: LocalTime) -> Self::Reply {
        match request {
            Either::Left(request) => Either::Left(A::apply(&mut state.left, request, at)),
            Either::Right(request) => Either::Right(B::apply(&mut state.right, request, at)),
        }
    }

    fn reads(request: &Self::Request) -> bool {
        match request {
            Either::Left(request) => A::reads(request),
            Either::Right(request) => B::reads(request),
        }
    }

    fn follow(
        first: &Self::Request,
        request: &Self::Request,
        reply: &Self::Reply,
    ) -> Follow<Self::Request> {
        match (first, request, reply) {
            (Either::Left(first), Either::Left(request), Either::Left(reply)) => {
                A::follow(first, request, reply).map(Either::Left)
            }
            (Either::Right(first), Either::Right(request), Either::Right(reply)) => {
                B::follow(first, request, reply).map(Either::Right)
            }
            // A server that answers with another service's reply is Byzantine.
            _ => Follow::Done,
        }
    }

    fn object(request: &Self::Request) -> u64 {
        match request {
            Either::Left(request) => A::object(request).wrapping_mul(2),
            Either::Right(request) => B::object(request).wrapping_mul(2).wrapping_add(1),
        }
    }

    fn token(request: &Self::Request) -> Option<Token> {
        match request {
            Either::Left(request) => A::token(request),
            Either::Right(request) => B::token(request),
        }
    }

    fn took_effect(request: &Self::Request, reply: &Self::Reply) -> bool {
        match (request, reply) {
            (Either::Left(request), Either::Left(reply)) => A::took_effect(request, reply),
            (Either::Right(request), Either::Right(reply)) => B::took_effect(request, reply),
            // A reply of the other service answers nothing.
            _ => false,
        }
    }
}

impl<R> Follow<R> {
    /// The same of another type of requests.
    pub fn map<T>(self, into: impl FnOnce(R) -> T) -> Follow<T> {
        match self {
            Follow::Done => Follow::Done,
            Follow::Then(request) => Follow::Then(into(request)),
            Follow::Again(request) => Follow::Again(into(request)),
        }
    }
}
