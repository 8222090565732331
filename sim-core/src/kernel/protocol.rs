//! The protocol interface: one handler, effects as data.
//!
//! A protocol layer is a plain value. It takes one [`Event`] and emits [`Effect`]s into a buffer that its driver owns.
//! It has no other way to touch the world: no clock, no socket, no thread, no hidden randomness. So the same value
//! runs in the simulator, on real sockets and in a replay, and a driver can log its effects, cut them at any point by
//! a crash, tamper with them and compare them.
//!
//! # The rule of interpretation
//!
//! Every driver does this and nothing else: take one event; set the [`Env`] (the clocks of this process, the source of
//! its choices); call [`Protocol::on`]; carry out the effects **in order**. A `Persist` is a barrier: what follows it
//! is not visible before it is durable. A crash may fall between any two effects, and inside a group send between any
//! two copies.

use core::fmt::{Debug, Display};
use core::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::beside::Beside;
use super::disk::{Boot, Disk};
use super::env::Env;
use super::id::NodeId;
use super::port::{Group, Ind, Net, Payload, Port, Req, Transmit};
use super::random::{Probability, Sampler};
use super::stack::Stack;
use super::time::{LocalTime, Span};

/// A protocol layer: a value with one handler.
///
/// `Clone + Eq + Hash` make a hash map in its state a type error and let drivers fork, compare and search it.
pub trait Protocol: Clone + Eq + Hash + Debug + 'static {
    /// The port above: what this layer may be asked, and what it says.
    type Offers: Port;
    /// The port below: what this layer asks, and what it is told.
    type Needs: Port;
    /// Names its timers; at most one of each name is pending. [`Never`](super::either::Never) if it has none.
    type Timer: Tag;
    /// Its stable storage; `()` if it has none.
    type Disk: Disk;

    /// Takes one event and emits what follows from it.
    ///
    /// For equal value, event, clocks and choices the effects are equal. What the network brought must not make it
    /// panic: bad input is dropped and marked. A broken invariant of its own is an `assert!`, in release builds too.
    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>);

    /// This layer on top of `lower`. Chains group to the left: `a.over(b).over(c)`.
    fn over<L: Protocol<Offers = Self::Needs>>(self, lower: L) -> Stack<Self, L> {
        Stack { upper: self, lower }
    }

    /// This layer and `other` in one process, over one link that carries the messages of both.
    fn beside<B: Protocol>(self, other: B) -> Beside<Self, B> {
        Beside {
            left: self,
            right: other,
        }
    }
}

/// The name of a timer: a small value. `Display` is what a trace prints.
pub trait Tag:
    Copy + Ord + Hash + Debug + Display + Serialize + DeserializeOwned + 'static
{
}

impl<T: Copy + Ord + Hash + Debug + Display + Serialize + DeserializeOwned + 'static> Tag for T {}

/// What can happen to a layer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event<P: Protocol> {
    /// The process starts, or starts again after a crash. Always the first event of a life.
    Boot(Boot<P::Disk>),
    /// The layer above asks for something.
    Request(Req<P::Offers>),
    /// The layer below says something.
    Indication(Ind<P::Needs>),
    /// A timer that was armed has run out.
    Timer(P::Timer),
}

/// What a layer can do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect<P: Protocol> {
    /// Ask the layer below for something.
    Request(Req<P::Needs>),
    /// Say something to the layer above.
    Indicate(Ind<P::Offers>),
    /// Let a timer run for a span of the local monotonic clock. Arming a pending timer again replaces it.
    Arm(P::Timer, Span),
    /// Stop a timer; nothing happens if it is not pending.
    Disarm(P::Timer),
    /// Change stable storage: a barrier.
    Persist(<P::Disk as Disk>::Write),
    /// Leave a named mark in the trace: a counter, an annotation, and a point that a scenario can demand to be reached.
    Mark(&'static str),
}

/// Where a layer puts its effects, and what it may know of the world.
pub trait Effects<P: Protocol> {
    /// Puts one effect at the end of the list.
    fn emit(&mut self, effect: Effect<P>);

    /// The world as this process may see it.
    fn env(&mut self) -> &mut Env;

    /// Asks the layer below.
    fn request(&mut self, request: Req<P::Needs>) {
        self.emit(Effect::Request(request));
    }

    /// Sends `msg` to one process or to a group, over a link below: `<pl, Send | q, m>`.
    fn send<M: Payload>(&mut self, to: impl Into<Group>, msg: M)
    where
        P::Needs: Port<Request = Transmit<M>>,
    {
        self.emit(Effect::Request(Transmit { to: to.into(), msg }));
    }

    /// Tells the layer above.
    fn indicate(&mut self, indication: Ind<P::Offers>) {
        self.emit(Effect::Indicate(indication));
    }

    /// Lets the timer `tag` run for `span` of the monotonic clock; replaces one that is pending.
    fn arm(&mut self, tag: P::Timer, span: Span) {
        self.emit(Effect::Arm(tag, span));
    }

    /// Stops the timer `tag`.
    fn disarm(&mut self, tag: P::Timer) {
        self.emit(Effect::Disarm(tag));
    }

    /// Writes to stable storage; what is emitted after it becomes visible only once the write is durable.
    fn persist(&mut self, write: <P::Disk as Disk>::Write) {
        self.emit(Effect::Persist(write));
    }

    /// This process.
    fn me(&mut self) -> NodeId {
        self.env().me
    }

    /// How many processes there are, this one included.
    fn nodes(&mut self) -> u32 {
        self.env().nodes
    }

    /// How many neighbours this process has in the overlay.
    fn degree(&mut self) -> u32 {
        let env = self.env();
        env.overlay.degree(env.me)
    }

    /// The neighbour number `place` of this process, in ascending order from 0.
    ///
    /// # Panics
    /// If it has no more than `place` neighbours.
    fn neighbour(&mut self, place: u32) -> NodeId {
        let env = self.env();
        env.overlay.neighbour(env.me, place)
    }

    /// The wall clock of this process: it may be off, drift and be set back.
    fn now(&mut self) -> LocalTime {
        let env = self.env();
        env.looks.wall += 1;
        env.now
    }

    /// The monotonic clock of this process: it may drift, but never steps. Timers run on it.
    fn monotonic(&mut self) -> LocalTime {
        let env = self.env();
        env.looks.monotonic += 1;
        env.monotonic
    }

    /// A choice among `0..n`, all equally likely. `why` names the purpose: choices of different purposes are independent.
    ///
    /// # Panics
    /// If `n` is 0.
    fn pick(&mut self, why: &'static str, n: u32) -> u32 {
        self.env().pick(why, n)
    }

    /// A time drawn from a law, such as how long some work takes.
    fn draw(&mut self, why: &'static str, law: &Sampler) -> Span {
        self.env().time(why, law)
    }

    /// True with probability `p`.
    fn chance(&mut self, why: &'static str, p: Probability) -> bool {
        self.env().chance(why, p)
    }

    /// Leaves a named mark in the trace.
    fn mark(&mut self, name: &'static str) {
        self.emit(Effect::Mark(name));
    }
}

/// A complete program for one process: a protocol that needs nothing but the network.
pub trait Node: Protocol<Needs = Net<Self::Wire>> {
    /// What it sends over the network.
    type Wire: Payload;
}

impl<W: Payload, P: Protocol<Needs = Net<W>>> Node for P {
    type Wire = W;
}
