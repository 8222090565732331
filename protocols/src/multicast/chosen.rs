//! A multicast chosen at run time: one type for all of them, so that a layer above is compiled once.
//!
//! What it costs and where it fails is told by the layer that was chosen. What it *offers* is taken on trust, as with a
//! [link that is chosen](crate::link::Built): best-effort under an order that needs reliable is a lesson.

use core::marker::PhantomData;

use sim_core::kernel::env::Env;
use sim_core::kernel::prelude::*;

use super::basic::Basic;
use super::eager::{Eager, Originator, Relaying, Stamped};
use super::majority_ack::MajorityAck;
use super::port::{BestEffort, Multicast, Reliable, Uniform};

/// Which multicast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MulticastChoice {
    /// Sends to everybody, once.
    BestEffort,
    /// Relays every first copy.
    Eager,
    /// Relays every first copy, and delivers what a majority has relayed.
    MajorityAck,
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
type ByMajority<P> = Stack<MajorityAck<P, BestEffort>, Basic<Stamped<P>, Perfect>>;
type Eagerly<P> = Stack<Eager<P>, Basic<Stamped<P>, Perfect>>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Choice<P> {
    BestEffort(BestEffortly<P>),
    Eager(Eagerly<P>),
    MajorityAck(ByMajority<P>),
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
            MulticastChoice::MajorityAck => {
                Choice::MajorityAck(MajorityAck::new().over(Basic::new()))
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
            Choice::MajorityAck(majority) => pass(majority, event, fx),
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
}

/// `multicast, guarantee, copy on a side`.
macro_rules! choosable {
    ($multicast:ty, $is:ty, $copy:ty, $side:path) => {
        impl<P: Payload> Choosable<P> for $multicast {
            type Is = $is;
            type Copy = $copy;

            fn wrap(copy: $copy) -> AnyCopy<P> {
                $side(copy)
            }

            fn unwrap(copy: AnyCopy<P>) -> Option<$copy> {
                match copy {
                    $side(copy) => Some(copy),
                    _ => None,
                }
            }
        }
    };
}

choosable!(BestEffortly<P>, BestEffort, P, Either::Left);
choosable!(Eagerly<P>, Reliable, Stamped<P>, Either::Right);
choosable!(ByMajority<P>, Uniform, Stamped<P>, Either::Right);

/// Hands an event to the multicast that was chosen.
fn pass<P: Payload, G: Guarantee, M: Choosable<P>>(
    multicast: &mut M,
    event: Event<Chosen<P, G>>,
    fx: &mut impl Effects<Chosen<P, G>>,
) {
    let event = match event {
        Event::Boot(Boot { incarnation, .. }) => Event::Boot(Boot {
            disk: M::Disk::default(),
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

#[cfg(test)]
mod tests {
    use super::super::port::{Cast, Deliver};
    use super::*;
    use alloc::vec::Vec;
    use sim_core::kernel::rig::Rig;

    type Any = Chosen<u8, Reliable>;

    fn stamped() -> Stamped<u8> {
        let origin = NodeId(1);
        let id = MsgId { origin, seq: 0 };
        Stamped { id, payload: 7 }
    }

    fn hear(rig: &mut Rig<Any>, from: u32, msg: AnyCopy<u8>) -> Vec<Effect<Any>> {
        let from = NodeId(from);
        rig.indication(Arrival { from, msg }).effects()
    }

    /// Each choice is the multicast of its name: it sends the payload alone or with its name, and delivers it at once, at
    /// the first copy, or when two of three have it.
    #[test]
    fn is_the_multicast_that_was_chosen() {
        let sends = |msg| {
            let to = Group::All;
            Effect::<Any>::Request(Transmit { to, msg })
        };
        let delivers = Effect::<Any>::Indicate(Deliver {
            origin: NodeId(1),
            payload: 7,
        });
        let copy = Either::Right(stamped());
        let relays = sends(copy.clone());

        let bench = |choice| {
            let mut rig = Rig::new(Any::new(choice));
            rig.boot();
            rig
        };
        let mut rig = bench(MulticastChoice::BestEffort);
        assert_eq!(rig.request(Cast(7)).effects(), [sends(Either::Left(7))]);
        let heard = hear(&mut rig, 1, Either::Left(7));
        assert_eq!(heard, core::slice::from_ref(&delivers));

        let mut rig = bench(MulticastChoice::Eager);
        let heard = hear(&mut rig, 1, copy.clone());
        assert_eq!(heard, [delivers.clone(), relays.clone()]);

        let mut rig = bench(MulticastChoice::MajorityAck);
        assert_eq!(hear(&mut rig, 1, copy.clone()), [relays]);
        assert_eq!(hear(&mut rig, 2, copy), [delivers]);
    }

    #[test]
    fn a_copy_of_another_multicast_is_dropped() {
        for (choice, copy) in [
            (MulticastChoice::BestEffort, Either::Right(stamped())),
            (MulticastChoice::Eager, Either::Left(7)),
            (MulticastChoice::MajorityAck, Either::Left(7)),
        ] {
            let mut rig = Rig::new(Any::new(choice));
            assert_eq!(hear(&mut rig, 1, copy), []);
            assert_eq!(rig.marks(), ["multicast_misplaced"]);
        }
    }
}
