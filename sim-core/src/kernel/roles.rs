//! Two roles in one cluster: clients and servers, brokers and producers.
//!
//! `Either<A, B>` runs the one or the other protocol in each process, over one network that carries the messages of
//! both. What is asked of a process and what it says is an [`Either`] too.

use core::marker::PhantomData;

use super::disk::{Boot, Pair};
use super::either::Either;
use super::env::Env;
use super::port::Port;
use super::protocol::{Effect, Effects, Event, Protocol};

/// Two ports as one: that of a process that plays one of two roles, or of one in which two protocols live
/// [beside](super::beside) each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EitherPort<A, B>(PhantomData<fn() -> (A, B)>);

impl<A: Port, B: Port> Port for EitherPort<A, B> {
    type Request = Either<A::Request, B::Request>;
    type Indication = Either<A::Indication, B::Indication>;
}

impl<A, B> Protocol for Either<A, B>
where
    A: Protocol,
    B: Protocol<Needs = A::Needs>,
{
    type Offers = EitherPort<A::Offers, B::Offers>;
    type Needs = A::Needs;
    type Timer = Either<A::Timer, B::Timer>;
    type Disk = Pair<A::Disk, B::Disk>;

    /// An event that is meant for the other role is dropped and marked `roles.not_mine`.
    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match (self, event) {
            (Either::Left(left), event) => match event {
                Event::Boot(Boot { disk, incarnation }) => {
                    left.on(
                        Event::Boot(Boot {
                            disk: disk.upper,
                            incarnation,
                        }),
                        &mut LeftFx(fx, PhantomData::<fn() -> B>),
                    );
                }
                Event::Request(Either::Left(request)) => left.on(
                    Event::Request(request),
                    &mut LeftFx(fx, PhantomData::<fn() -> B>),
                ),
                Event::Indication(said) => left.on(
                    Event::Indication(said),
                    &mut LeftFx(fx, PhantomData::<fn() -> B>),
                ),
                Event::Timer(Either::Left(tag)) => {
                    left.on(Event::Timer(tag), &mut LeftFx(fx, PhantomData::<fn() -> B>))
                }
                Event::Request(Either::Right(_)) | Event::Timer(Either::Right(_)) => {
                    fx.mark(NOT_MINE)
                }
            },
            (Either::Right(right), event) => match event {
                Event::Boot(Boot { disk, incarnation }) => {
                    right.on(
                        Event::Boot(Boot {
                            disk: disk.lower,
                            incarnation,
                        }),
                        &mut RightFx(fx, PhantomData::<fn() -> A>),
                    );
                }
                Event::Request(Either::Right(request)) => right.on(
                    Event::Request(request),
                    &mut RightFx(fx, PhantomData::<fn() -> A>),
                ),
                Event::Indication(said) => right.on(
                    Event::Indication(said),
                    &mut RightFx(fx, PhantomData::<fn() -> A>),
                ),
                Event::Timer(Either::Right(tag)) => right.on(
                    Event::Timer(tag),
                    &mut RightFx(fx, PhantomData::<fn() -> A>),
                ),
                Event::Request(Either::Left(_)) | Event::Timer(Either::Left(_)) => {
                    fx.mark(NOT_MINE)
                }
            },
        }
    }
}

const NOT_MINE: &str = "roles.not_mine";

/// What the first role writes to; `B` is the other role.
struct LeftFx<'a, B, F>(&'a mut F, PhantomData<fn() -> B>);

impl<A, B, F> Effects<A> for LeftFx<'_, B, F>
where
    A: Protocol,
    B: Protocol<Needs = A::Needs>,
    F: Effects<Either<A, B>>,
{
    fn emit(&mut self, effect: Effect<A>) {
        self.0.emit(match effect {
            Effect::Request(request) => Effect::Request(request),
            Effect::Indicate(said) => Effect::Indicate(Either::Left(said)),
            Effect::Arm(tag, span) => Effect::Arm(Either::Left(tag), span),
            Effect::Disarm(tag) => Effect::Disarm(Either::Left(tag)),
            Effect::Persist(write) => Effect::Persist(Either::Left(write)),
            Effect::Mark(name) => Effect::Mark(name),
        });
    }

    fn env(&mut self) -> &mut Env {
        self.0.env()
    }
}

/// What the second role writes to; `A` is the other role.
struct RightFx<'a, A, F>(&'a mut F, PhantomData<fn() -> A>);

impl<A, B, F> Effects<B> for RightFx<'_, A, F>
where
    A: Protocol,
    B: Protocol<Needs = A::Needs>,
    F: Effects<Either<A, B>>,
{
    fn emit(&mut self, effect: Effect<B>) {
        self.0.emit(match effect {
            Effect::Request(request) => Effect::Request(request),
            Effect::Indicate(said) => Effect::Indicate(Either::Right(said)),
            Effect::Arm(tag, span) => Effect::Arm(Either::Right(tag), span),
            Effect::Disarm(tag) => Effect::Disarm(Either::Right(tag)),
            Effect::Persist(write) => Effect::Persist(Either::Right(write)),
            Effect::Mark(name) => Effect::Mark(name),
        });
    }

    fn env(&mut self) -> &mut Env {
        self.0.env()
    }
}
