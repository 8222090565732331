//! A link chosen at run time: one type for all of them, so that a protocol above is compiled once.
//!
//! What it costs and where it fails is told by the layer that was chosen. What it *offers* is taken on trust: whoever
//! builds it has checked that the choice is good enough for the guarantee it is given the name of.

use core::convert::identity;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::env::Env;
use sim_core::kernel::prelude::*;

use super::assumed::Assumed;
use super::authenticated::{AuthenticFairLoss, Authenticator, Keyring, Sealed};
use super::exchange::{Frame, MISPLACED, Receipt, Retransmission, Retransmit, WINDOW};
use super::fifo::{FifoFrame, FifoLink};
use super::logged::{Log, LoggedLink};
use super::perfect::PerfectLink;
use super::stubborn::{StubbornLink, Stubbornness};

/// Which link, and how it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkChoice {
    /// None: what is sent is left to the network, which may be assumed to be as good as one likes.
    Passing,
    /// Sends again and again.
    Stubborn(Stubbornness),
    /// Acknowledges and repeats.
    Perfect(Retransmission),
    /// The same with its record on stable storage.
    Logged(Retransmission),
    /// In order, over a perfect link.
    Fifo(Retransmission),
    /// A perfect link over sealed messages.
    Authenticated(Retransmission),
}

/// What a chosen link puts on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename = "Either")] // The kind of a message is that of what is inside.
pub enum AnyFrame<M> {
    /// The message as it is.
    Passing(M),
    /// A frame of a stubborn, perfect or logged link.
    Plain(Frame<M>),
    /// A frame of a FIFO link.
    Fifo(Frame<FifoFrame<M>>),
    /// A frame of an authenticated link.
    Sealed(Sealed<Frame<M>>),
}

/// As the frame inside displays.
impl<M: fmt::Display> fmt::Display for AnyFrame<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnyFrame::Passing(msg) => msg.fmt(f),
            AnyFrame::Plain(frame) => frame.fmt(f),
            AnyFrame::Fifo(frame) => frame.fmt(f),
            AnyFrame::Sealed(sealed) => sealed.fmt(f),
        }
    }
}

/// One process's end of a chosen link that goes by the guarantee `Q`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Built<M, Q> {
    link: Chosen<M>,
    guarantee: PhantomData<fn() -> Q>,
}

type InOrder<M> = Stack<FifoLink<M, Perfect>, PerfectLink<FifoFrame<M>>>;
type Authenticated<M> = Stack<PerfectLink<M, AuthenticFairLoss>, Authenticator<Frame<M>>>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Chosen<M> {
    Passing(Assumed<M, FairLoss>),
    Stubborn(StubbornLink<M>),
    Perfect(PerfectLink<M>),
    Logged(LoggedLink<M>),
    Fifo(InOrder<M>),
    Authenticated(Authenticated<M>),
}

impl<M: Payload, Q: Guarantee> Built<M, Q> {
    /// The link of the process that owns `keys`, which only an authenticated one looks at.
    #[must_use]
    pub fn new(choice: LinkChoice, keys: Keyring) -> Self {
        let link = match choice {
            LinkChoice::Passing => Chosen::Passing(Assumed::new()),
            LinkChoice::Stubborn(config) => Chosen::Stubborn(StubbornLink::new(config)),
            LinkChoice::Perfect(config) => Chosen::Perfect(PerfectLink::new(config)),
            LinkChoice::Logged(config) => Chosen::Logged(LoggedLink::new(config)),
            LinkChoice::Fifo(config) => {
                Chosen::Fifo(FifoLink::new(WINDOW).over(PerfectLink::new(config)))
            }
            LinkChoice::Authenticated(config) => {
                Chosen::Authenticated(PerfectLink::new(config).over(Authenticator::new(keys)))
            }
        };
        Built {
            link,
            guarantee: PhantomData,
        }
    }
}

impl<M: Payload, Q: Guarantee> Protocol for Built<M, Q> {
    type Offers = Link<M, Q>;
    type Needs = Net<AnyFrame<M>>;
    type Timer = Retransmit;
    type Disk = Log<M>;

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match &mut self.link {
            Chosen::Passing(link) => pass(link, event, fx),
            Chosen::Stubborn(link) => pass(link, event, fx),
            Chosen::Perfect(link) => pass(link, event, fx),
            Chosen::Logged(link) => pass(link, event, fx),
            Chosen::Fifo(link) => pass(link, event, fx),
            Chosen::Authenticated(link) => pass(link, event, fx),
        }
    }
}

/// A link that can be chosen: how its types fit into those of [`Built`].
trait Choice<M: Payload>: Protocol<Offers = Link<M, Self::Is>, Needs = Net<Self::Frame>> {
    /// What it would offer under its own name.
    type Is: Guarantee;
    /// What it puts on the wire.
    type Frame: Payload;

    fn wrap(frame: Self::Frame) -> AnyFrame<M>;
    /// `None` if the frame is of another kind of link.
    fn unwrap(frame: AnyFrame<M>) -> Option<Self::Frame>;
    /// Its timer by that name, if it has one.
    fn timer() -> Option<Self::Timer>;
    /// Its storage; a link that has none knows nothing after a crash.
    fn disk(_: Log<M>) -> Self::Disk {
        Self::Disk::default()
    }
    fn write(write: <Self::Disk as Disk>::Write) -> Receipt<M>;
}

/// Hands an event to the link that was chosen.
fn pass<M: Payload, Q: Guarantee, L: Choice<M>>(
    link: &mut L,
    event: Event<Built<M, Q>>,
    fx: &mut impl Effects<Built<M, Q>>,
) {
    let event = match event {
        Event::Boot(Boot { disk, incarnation }) => {
            let disk = L::disk(disk);
            Some(Event::Boot(Boot { disk, incarnation }))
        }
        Event::Request(transmit) => Some(Event::Request(transmit)),
        Event::Indication(Arrival { from, msg }) => {
            L::unwrap(msg).map(|msg| Event::Indication(Arrival { from, msg }))
        }
        Event::Timer(Retransmit) => L::timer().map(Event::Timer),
    };
    match event {
        Some(event) => link.on(event, &mut Outside(fx, PhantomData::<fn() -> (M, Q)>)),
        None => fx.mark(MISPLACED),
    }
}

/// What the chosen link writes to.
struct Outside<'a, F, M, Q>(&'a mut F, PhantomData<fn() -> (M, Q)>);

impl<M, Q, L, F> Effects<L> for Outside<'_, F, M, Q>
where
    M: Payload,
    Q: Guarantee,
    L: Choice<M>,
    F: Effects<Built<M, Q>>,
{
    fn emit(&mut self, effect: Effect<L>) {
        self.0.emit(match effect {
            Effect::Request(Transmit { to, msg }) => Effect::Request(Transmit {
                to,
                msg: L::wrap(msg),
            }),
            Effect::Indicate(arrival) => Effect::Indicate(arrival),
            Effect::Arm(_, span) => Effect::Arm(Retransmit, span),
            Effect::Disarm(_) => Effect::Disarm(Retransmit),
            Effect::Persist(write) => Effect::Persist(L::write(write)),
            Effect::Mark(name) => Effect::Mark(name),
        });
    }

    fn env(&mut self) -> &mut Env {
        self.0.env()
    }
}

/// `link, guarantee, frame in variant; timer; what becomes of a write`.
macro_rules! choice {
    ($link:ty, $is:ty, $frame:ty, $variant:path; $timer:expr; $write:expr $(; $disk:expr)?) => {
        impl<M: Payload> Choice<M> for $link {
            type Is = $is;
            type Frame = $frame;

            fn wrap(frame: $frame) -> AnyFrame<M> {
                $variant(frame)
            }

            fn unwrap(frame: AnyFrame<M>) -> Option<$frame> {
                match frame {
                    $variant(frame) => Some(frame),
                    _ => None,
                }
            }

            fn timer() -> Option<Self::Timer> {
                $timer
            }

            $(fn disk(log: Log<M>) -> Log<M> {
                $disk(log)
            })?

            fn write(write: <Self::Disk as Disk>::Write) -> Receipt<M> {
                $write(write)
            }
        }
    };
}

choice!(Assumed<M, FairLoss>, FairLoss, M, AnyFrame::Passing; None; never);
choice!(StubbornLink<M>, Stubborn, Frame<M>, AnyFrame::Plain; Some(Retransmit); never);
choice!(PerfectLink<M>, Perfect, Frame<M>, AnyFrame::Plain; Some(Retransmit); never);
choice!(LoggedLink<M>, Logged, Frame<M>, AnyFrame::Plain; Some(Retransmit); identity; identity);
choice!(InOrder<M>, Fifo, Frame<FifoFrame<M>>, AnyFrame::Fifo; Some(Either::Right(Retransmit)); neither);
choice!(Authenticated<M>, Authentic, Sealed<Frame<M>>, AnyFrame::Sealed; Some(Either::Left(Retransmit)); neither);

/// What a link without storage writes.
fn never<T>(write: Never) -> T {
    match write {}
}

/// What two of them write.
fn neither<T>(write: Either<Never, Never>) -> T {
    match write {
        Either::Left(write) | Either::Right(write) => never(write),
    }
}

#[cfg(test)]
mod tests {
    use super::super::exchange::Rto;
    use super::super::stubborn::Until;
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use sim_core::kernel::rig::Rig;

    const PLAIN: Retransmission = Retransmission {
        rto: Rto::Fixed(Span::from_millis(1)),
        attempts: None,
        backlog: 3,
    };

    const STUBBORN: Stubbornness = Stubbornness {
        every: Span::from_millis(1),
        until: Until::Acked,
        most: 3,
    };

    const CHOICES: [LinkChoice; 6] = [
        LinkChoice::Passing,
        LinkChoice::Stubborn(STUBBORN),
        LinkChoice::Perfect(PLAIN),
        LinkChoice::Logged(PLAIN),
        LinkChoice::Fifo(PLAIN),
        LinkChoice::Authenticated(PLAIN),
    ];

    type Any = Built<u8, Perfect>;

    fn bench(choice: LinkChoice, me: u32) -> Rig<Any> {
        let me = NodeId(me);
        let mut rig = Rig::new(Built::new(choice, Keyring::of_seed(42, me)));
        rig.as_node(me, 3).boot();
        rig
    }

    /// What is said, sent, armed and written, as a trace would name it.
    fn shown(effects: &[Effect<Any>]) -> Vec<String> {
        let shown = |effect: &Effect<Any>| match effect {
            Effect::Request(Transmit { to, msg }) => format!("{to:?} {msg}"),
            Effect::Indicate(arrival) => format!("said {arrival}"),
            Effect::Arm(tag, _) => format!("arm {tag}"),
            Effect::Disarm(tag) => format!("disarm {tag}"),
            Effect::Persist(write) => format!("write {write}"),
            Effect::Mark(name) => format!("mark {name}"),
        };
        effects.iter().map(shown).collect()
    }

    /// From one process to another and back: each choice is the link of its name, timer and disk included.
    #[test]
    fn is_the_link_that_was_chosen() {
        let expected: [(&[&str], &[&str], &[&str]); 6] = [
            (&["One(NodeId(1)) 7"], &["said 7 from n0"], &[]),
            (
                &["One(NodeId(1)) Msg{#0 7}", "arm retransmit"],
                &["said 7 from n0", "One(NodeId(0)) Ack{#0}"],
                &["disarm retransmit"],
            ),
            (
                &["One(NodeId(1)) Msg{#0 7}", "arm retransmit"],
                &["said 7 from n0", "One(NodeId(0)) Ack{#0}"],
                &["disarm retransmit"],
            ),
            (
                &["One(NodeId(1)) Msg{#0 7}", "arm retransmit"],
                &[
                    "write #0 7 from n0",
                    "said 7 from n0",
                    "One(NodeId(0)) Ack{#0}",
                ],
                &["disarm retransmit"],
            ),
            // In a stack what is said goes up last.
            (
                &["One(NodeId(1)) Msg{#0 Seq{0 7}}", "arm retransmit"],
                &["One(NodeId(0)) Ack{#0}", "said 7 from n0"],
                &["disarm retransmit"],
            ),
            (
                &["One(NodeId(1)) Sealed{Msg{#0 7}}", "arm retransmit"],
                &["said 7 from n0", "One(NodeId(0)) Sealed{Ack{#0}}"],
                &["disarm retransmit"],
            ),
        ];
        for (choice, (sent, heard, answered)) in CHOICES.into_iter().zip(expected) {
            let (mut zero, mut one) = (bench(choice, 0), bench(choice, 1));
            let to = Group::One(NodeId(1));
            let first = zero.request(Transmit { to, msg: 7 }).effects();
            assert_eq!(shown(&first), sent, "{choice:?}");
            let carry = |from, effects: &[Effect<Any>]| {
                let sent = effects.iter().find_map(|effect| match effect {
                    Effect::Request(Transmit { msg, .. }) => Some(msg.clone()),
                    _ => None,
                });
                sent.map(|msg| Arrival { from, msg })
            };
            let msg = carry(NodeId(0), &first).unwrap();
            let second = one.indication(msg).effects();
            assert_eq!(shown(&second), heard, "{choice:?}");
            if answered.is_empty() {
                continue;
            }
            let again = zero.wait(Span::from_millis(1)).timer(Retransmit).effects();
            assert!(shown(&again)[0].contains(" x2 "), "{choice:?}");
            let ack = carry(NodeId(1), &second).unwrap();
            assert_eq!(
                shown(&zero.indication(ack).effects()),
                answered,
                "{choice:?}"
            );
        }
    }

    #[test]
    fn a_frame_of_another_link_is_dropped() {
        let from = NodeId(1);
        for choice in &CHOICES[1..] {
            let mut rig = bench(*choice, 0);
            let msg = AnyFrame::Passing(7);
            rig.indication(Arrival { from, msg });
            assert_eq!(
                (rig.effects(), rig.marks()),
                (Vec::new(), Vec::from(["link_misplaced"]))
            );
        }
        let mut rig = bench(LinkChoice::Passing, 0);
        rig.timer(Retransmit);
        assert_eq!(rig.marks(), ["link_misplaced"]);
    }
}
