//! A multicast chosen at run time: one type for all of them, so that a layer above is compiled once.
//!
//! What it costs and where it fails is told by the layer that was chosen. What it *offers* is taken on trust, as with a
//! [link that is chosen](crate::link::Built): best-effort under an order that needs reliable is a lesson.

use core::marker::PhantomData;

use sim_core::kernel::env::Env;
use sim_core::kernel::prelude::*;

use super::basic::Basic;
use super::eager::{Eager, Originator, Relaying, Stamped};
use super::port::Multicast;

/// Which multicast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MulticastChoice {
    /// Sends to everybody, once.
    BestEffort,
    /// Relays every first copy.
    Eager,
}

/// What a chosen multicast puts on the wire: the payload itself, or with the name of its message.
pub type AnyCopy<P> = Either<P, Stamped<P>>;

/// One process's end of a chosen multicast that goes by the guarantee `G`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chosen<P, G> {
    multicast: Choice<P>,
    guarantee: PhantomData<fn() -> G>,
}

type BestEffortly<P> = Basic<P, Perfect>;
type Eagerly<P> = Stack<Eager<P>, Basic<Stamped<P>, Perfect>>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Choice<P> {
    BestEffort(BestEffortly<P>),
    Eager(Eagerly<P>),
}

impl<P: Payload, G: Guarantee> Chosen<P, G> {
    /// A process that has cast and seen nothing.
    #[must_use]
    pub fn new(choice: MulticastChoice) -> Self {
        let multicast = match choice {
            MulticastChoice::BestEffort => Choice::BestEffort(Basic::new()),
            MulticastChoice::Eager => {
                Choice::Eager(Eager::new(Originator::AtOnce, Relaying::On).over(Basic::new()))
            }
        };
        Chosen {
            multicast,
            guarantee: PhantomData,
        }
    }
}

impl<P: Payload, G: Guarantee> Protocol for Chosen<P, G> {
    type Offers = Multicast<P, G>;
    type Needs = Link<AnyCopy<P>, Perfect>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match &mut self.multicast {
            Choice::BestEffort(basic) => pass(basic, event, fx),
            Choice::Eager(eager) => pass(eager, event, fx),
        }
    }
}

/// A multicast that can be chosen: how its types fit into those of [`Chosen`].
trait Choosable<P: Payload>:
    Protocol<Offers = Multicast<P, Self::Is>, Needs = Link<Self::Copy, Perfect>>
{
    /// What it offers under its own name.
    type Is: Guarantee;
    /// What it puts on the wire.
    type Copy: Payload;

    fn wrap(copy: Self::Copy) -> AnyCopy<P>;
    /// `None` if the copy is of another kind of multicast.
    fn unwrap(copy: AnyCopy<P>) -> Option<Self::Copy>;
    fn boot() -> Self::Disk {
        Self::Disk::default()
    }
}

impl<P: Payload> Choosable<P> for BestEffortly<P> {
    type Is = super::port::BestEffort;
    type Copy = P;

    fn wrap(copy: P) -> AnyCopy<P> {
        Either::Left(copy)
    }

    fn unwrap(copy: AnyCopy<P>) -> Option<P> {
        match copy {
            Either::Left(copy) => Some(copy),
            Either::Right(_) => None,
        }
    }
}

impl<P: Payload> Choosable<P> for Eagerly<P> {
    type Is = super::port::Reliable;
    type Copy = Stamped<P>;

    fn wrap(copy: Stamped<P>) -> AnyCopy<P> {
        Either::Right(copy)
    }

    fn unwrap(copy: AnyCopy<P>) -> Option<Stamped<P>> {
        match copy {
            Either::Right(copy) => Some(copy),
            Either::Left(_) => None,
        }
    }
}

/// Hands an event to the multicast that was chosen.
fn pass<P: Payload, G: Guarantee, M: Choosable<P>>(
    multicast: &mut M,
    event: Event<Chosen<P, G>>,
    fx: &mut impl Effects<Chosen<P, G>>,
) {
    let event = match event {
        Event::Boot(Boot { incarnation, .. }) => Event::Boot(Boot {
            disk: M::boot(),
            incarnation,
        }),
        Event::Request(cast) => Event::Request(cast),
        Event::Indication(Arrival { from, msg }) => match M::unwrap(msg) {
            Some(msg) => Event::Indication(Arrival { from, msg }),
            None => return fx.mark("multicast_misplaced"),
        },
        Event::Timer(never) => match never {},
    };
    multicast.on(event, &mut Outside(fx, PhantomData::<fn() -> (P, G)>));
}

/// What the chosen multicast writes to.
struct Outside<'a, F, P, G>(&'a mut F, PhantomData<fn() -> (P, G)>);

impl<P, G, M, F> Effects<M> for Outside<'_, F, P, G>
where
    P: Payload,
    G: Guarantee,
    M: Choosable<P>,
    F: Effects<Chosen<P, G>>,
{
    fn emit(&mut self, effect: Effect<M>) {
        self.0.emit(match effect {
            Effect::Request(Transmit { to, msg }) => Effect::Request(Transmit {
                to,
                msg: M::wrap(msg),
            }),
            Effect::Indicate(said) => Effect::Indicate(said),
            Effect::Mark(name) => Effect::Mark(name),
            Effect::Arm(..) | Effect::Disarm(_) | Effect::Persist(_) => {
                unreachable!("no multicast here has a timer or a disk")
            }
        });
    }

    fn env(&mut self) -> &mut Env {
        self.0.env()
    }
}
