//! Two protocols beside each other in one process, over one link: a failure detector beside a multicast.
//!
//! `Beside<A, B>` offers both ports as one, [`EitherPort`]: what is asked of it, and what it says, is the one's or the
//! other's. So is what goes over the link. A layer above that needs two abstractions needs one port.

use core::marker::PhantomData;

use super::disk::{Boot, Pair};
use super::either::Either;
use super::env::Env;
use super::port::{Arrival, Guarantee, Link, Payload, Transmit};
use super::protocol::{Effect, Effects, Event, Protocol};
use super::roles::EitherPort;

/// `left` and `right` in one process; made by [`Protocol::beside`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Beside<A, B> {
    /// The first.
    pub left: A,
    /// The second.
    pub right: B,
}

impl<A, B, Ma, Mb, Q> Protocol for Beside<A, B>
where
    A: Protocol<Needs = Link<Ma, Q>>,
    B: Protocol<Needs = Link<Mb, Q>>,
    Ma: Payload,
    Mb: Payload,
    Q: Guarantee,
{
    type Offers = EitherPort<A::Offers, B::Offers>;
    type Needs = Link<Either<Ma, Mb>, Q>;
    type Timer = Either<A::Timer, B::Timer>;
    type Disk = Pair<A::Disk, B::Disk>;

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        let (left, right) = (&mut self.left, &mut self.right);
        match event {
            Event::Boot(Boot { disk, incarnation }) => {
                let boot = Boot {
                    disk: disk.upper,
                    incarnation,
                };
                left.on(Event::Boot(boot), &mut LeftFx(fx, PhantomData));
                let boot = Boot {
                    disk: disk.lower,
                    incarnation,
                };
                right.on(Event::Boot(boot), &mut RightFx(fx, PhantomData));
            }
            Event::Request(Either::Left(request)) => {
                left.on(Event::Request(request), &mut LeftFx(fx, PhantomData));
            }
            Event::Request(Either::Right(request)) => {
                right.on(Event::Request(request), &mut RightFx(fx, PhantomData));
            }
            Event::Indication(Arrival { from, msg }) => match msg {
                Either::Left(msg) => {
                    let said = Event::Indication(Arrival { from, msg });
                    left.on(said, &mut LeftFx(fx, PhantomData));
                }
                Either::Right(msg) => {
                    let said = Event::Indication(Arrival { from, msg });
                    right.on(said, &mut RightFx(fx, PhantomData));
                }
            },
            Event::Timer(Either::Left(tag)) => {
                left.on(Event::Timer(tag), &mut LeftFx(fx, PhantomData));
            }
            Event::Timer(Either::Right(tag)) => {
                right.on(Event::Timer(tag), &mut RightFx(fx, PhantomData));
            }
        }
    }
}

/// What one of the two writes to: everything it does gets its side. `O` stands for the other one.
macro_rules! side {
    ($name:ident, $side:ident, $own:ident, $other:ident) => {
        struct $name<'a, F, O>(&'a mut F, PhantomData<fn() -> O>);

        impl<A, B, Ma, Mb, Q, F> Effects<$own> for $name<'_, F, $other>
        where
            A: Protocol<Needs = Link<Ma, Q>>,
            B: Protocol<Needs = Link<Mb, Q>>,
            Ma: Payload,
            Mb: Payload,
            Q: Guarantee,
            F: Effects<Beside<A, B>>,
        {
            fn emit(&mut self, effect: Effect<$own>) {
                self.0.emit(match effect {
                    Effect::Request(Transmit { to, msg }) => Effect::Request(Transmit {
                        to,
                        msg: Either::$side(msg),
                    }),
                    Effect::Indicate(said) => Effect::Indicate(Either::$side(said)),
                    Effect::Arm(tag, span) => Effect::Arm(Either::$side(tag), span),
                    Effect::Disarm(tag) => Effect::Disarm(Either::$side(tag)),
                    Effect::Persist(write) => Effect::Persist(Either::$side(write)),
                    Effect::Mark(name) => Effect::Mark(name),
                });
            }

            fn env(&mut self) -> &mut Env {
                self.0.env()
            }
        }
    };
}

side!(LeftFx, Left, A, B);
side!(RightFx, Right, B, A);

#[cfg(test)]
mod tests {
    use super::super::id::NodeId;
    use super::super::port::Perfect;
    use super::super::rig::Rig;
    use super::*;

    /// Says what it hears, and sends what it is asked to; arms a timer when it boots.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Echo<M>(PhantomData<fn() -> M>);

    impl<M: Payload> Protocol for Echo<M> {
        type Offers = Link<M, Perfect>;
        type Needs = Link<M, Perfect>;
        type Timer = char;
        type Disk = ();

        fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
            match event {
                Event::Boot(_) => fx.arm('t', super::super::time::Span::from_millis(1)),
                Event::Request(transmit) => fx.request(transmit),
                Event::Indication(said) => fx.indicate(said),
                Event::Timer(_) => fx.mark("timer"),
            }
        }
    }

    /// Each of the two is asked, told and woken by itself, and what it does bears its side.
    #[test]
    fn the_two_do_not_mix() {
        let echo = Echo::<u8>(PhantomData).beside(Echo::<u16>(PhantomData));
        let mut rig = Rig::new(echo);
        let armed = rig.boot().effects();
        let span = super::super::time::Span::from_millis(1);
        assert_eq!(
            armed,
            [
                Effect::Arm(Either::Left('t'), span),
                Effect::Arm(Either::Right('t'), span)
            ]
        );
        let asked = rig
            .request(Either::Right(Transmit {
                to: NodeId(1).into(),
                msg: 300,
            }))
            .effects();
        assert_eq!(
            asked,
            [Effect::Request(Transmit {
                to: NodeId(1).into(),
                msg: Either::Right(300)
            })]
        );
        let from = NodeId(1);
        let heard = rig
            .indication(Arrival {
                from,
                msg: Either::Left(3),
            })
            .effects();
        assert_eq!(
            heard,
            [Effect::Indicate(Either::Left(Arrival { from, msg: 3 }))]
        );
    }
}
