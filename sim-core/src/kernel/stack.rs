//! `Stack`: one layer over another, with the plumbing written once.
//!
//! Requests go down by a direct call. Indications rise through a queue, first in, first out, after the running handler
//! has returned; so no handler is ever entered while it runs. All layers write into one list of effects: a `Persist` by
//! any of them is a barrier for the whole process, and a crash may fall between the effects of two layers.

use std::collections::VecDeque;

use super::disk::{Boot, Pair};
use super::either::Either;
use super::env::Env;
use super::port::Ind;
use super::protocol::{Effect, Effects, Event, Protocol};

/// The layer `upper` over the layer `lower`; made by [`Protocol::over`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stack<U, L> {
    /// The layer above.
    pub upper: U,
    /// The layer below.
    pub lower: L,
}

impl<U, L> Protocol for Stack<U, L>
where
    U: Protocol<Needs = L::Offers>,
    L: Protocol,
{
    type Offers = U::Offers;
    type Needs = L::Needs;
    type Timer = Either<U::Timer, L::Timer>;
    type Disk = Pair<U::Disk, L::Disk>;

    #[inline]
    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        let mut rising = Rising::default();
        match event {
            Event::Request(request) => self.upper(Event::Request(request), &mut rising, fx),
            Event::Indication(said) => self.lower(Event::Indication(said), &mut rising, fx),
            Event::Timer(Either::Left(tag)) => self.upper(Event::Timer(tag), &mut rising, fx),
            Event::Timer(Either::Right(tag)) => self.lower(Event::Timer(tag), &mut rising, fx),
            Event::Boot(Boot { disk, incarnation }) => {
                // From the bottom up; what the lower layer says while it boots waits until the upper one has booted.
                self.lower(
                    Event::Boot(Boot {
                        disk: disk.lower,
                        incarnation,
                    }),
                    &mut rising,
                    fx,
                );
                self.upper(
                    Event::Boot(Boot {
                        disk: disk.upper,
                        incarnation,
                    }),
                    &mut rising,
                    fx,
                );
            }
        }
        while let Some(said) = rising.take_first() {
            self.upper(Event::Indication(said), &mut rising, fx);
        }
    }
}

impl<U, L> Stack<U, L>
where
    U: Protocol<Needs = L::Offers>,
    L: Protocol,
{
    #[inline]
    fn upper(
        &mut self,
        event: Event<U>,
        rising: &mut Rising<Ind<L::Offers>>,
        fx: &mut impl Effects<Self>,
    ) {
        self.upper.on(
            event,
            &mut UpperFx {
                lower: &mut self.lower,
                rising,
                fx,
            },
        );
    }

    #[inline]
    fn lower(
        &mut self,
        event: Event<L>,
        rising: &mut Rising<Ind<L::Offers>>,
        fx: &mut impl Effects<Self>,
    ) {
        self.lower.on(
            event,
            &mut LowerFx {
                rising,
                fx,
                upper: core::marker::PhantomData::<fn() -> U>,
            },
        );
    }
}

/// What the upper layer writes to: its requests go to the lower layer at once, all else to the outside.
struct UpperFx<'a, L: Protocol, F> {
    lower: &'a mut L,
    rising: &'a mut Rising<Ind<L::Offers>>,
    fx: &'a mut F,
}

impl<U, L, F> Effects<U> for UpperFx<'_, L, F>
where
    U: Protocol<Needs = L::Offers>,
    L: Protocol,
    F: Effects<Stack<U, L>>,
{
    #[inline]
    fn emit(&mut self, effect: Effect<U>) {
        match effect {
            Effect::Request(request) => {
                let mut fx = LowerFx {
                    rising: self.rising,
                    fx: self.fx,
                    upper: core::marker::PhantomData::<fn() -> U>,
                };
                self.lower.on(Event::Request(request), &mut fx);
            }
            Effect::Indicate(said) => self.fx.emit(Effect::Indicate(said)),
            Effect::Arm(tag, span) => self.fx.emit(Effect::Arm(Either::Left(tag), span)),
            Effect::Disarm(tag) => self.fx.emit(Effect::Disarm(Either::Left(tag))),
            Effect::Persist(write) => self.fx.emit(Effect::Persist(Either::Left(write))),
            Effect::Mark(name) => self.fx.emit(Effect::Mark(name)),
        }
    }

    #[inline]
    fn env(&mut self) -> &mut Env {
        self.fx.env()
    }
}

/// What the lower layer writes to: what it says waits in `rising`, all else goes to the outside.
struct LowerFx<'a, U, S, F> {
    rising: &'a mut Rising<S>,
    fx: &'a mut F,
    upper: core::marker::PhantomData<fn() -> U>,
}

impl<U, L, F> Effects<L> for LowerFx<'_, U, Ind<L::Offers>, F>
where
    U: Protocol<Needs = L::Offers>,
    L: Protocol,
    F: Effects<Stack<U, L>>,
{
    #[inline]
    fn emit(&mut self, effect: Effect<L>) {
        match effect {
            Effect::Request(request) => self.fx.emit(Effect::Request(request)),
            Effect::Indicate(said) => self.rising.push(said),
            Effect::Arm(tag, span) => self.fx.emit(Effect::Arm(Either::Right(tag), span)),
            Effect::Disarm(tag) => self.fx.emit(Effect::Disarm(Either::Right(tag))),
            Effect::Persist(write) => self.fx.emit(Effect::Persist(Either::Right(write))),
            Effect::Mark(name) => self.fx.emit(Effect::Mark(name)),
        }
    }

    #[inline]
    fn env(&mut self) -> &mut Env {
        self.fx.env()
    }
}

/// Indications on their way up. One fits without touching the heap: that is nearly every event.
struct Rising<S> {
    first: Option<S>,
    rest: VecDeque<S>,
}

impl<S> Default for Rising<S> {
    fn default() -> Self {
        Rising {
            first: None,
            rest: VecDeque::new(),
        }
    }
}

impl<S> Rising<S> {
    fn push(&mut self, said: S) {
        if self.first.is_none() && self.rest.is_empty() {
            self.first = Some(said);
        } else {
            self.rest.push_back(said);
        }
    }

    fn take_first(&mut self) -> Option<S> {
        self.first.take().or_else(|| self.rest.pop_front())
    }
}
