//! A rig for unit tests: one layer on the bench, its effects as data.

use super::disk::Boot;
use super::env::{Choices, Env};
use super::id::NodeId;
use super::overlay::Overlay;
use super::port::{Ind, Req};
use super::protocol::{Effect, Effects, Event, Protocol};
use super::time::Span;

/// One layer on the bench: feed it events, look at what it emits.
///
/// It is process 0 of 3 unless told otherwise, and its clocks stand at zero until [`Rig::wait`].
///
/// ```
/// use sim_core::kernel::prelude::*;
/// use sim_core::kernel::rig::Rig;
///
/// /// Answers every message with one that is greater by one.
/// #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// struct Increment;
///
/// impl Protocol for Increment {
///     type Offers = Silent;
///     type Needs = Net<u32>;
///     type Timer = Never;
///     type Disk = ();
///     fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
///         if let Event::Indication(Arrival { from, msg }) = event {
///             fx.send(from, msg + 1);
///         }
///     }
/// }
///
/// let effects = Rig::new(Increment).boot().indication(Arrival { from: NodeId(2), msg: 7 }).effects();
/// assert_eq!(effects, [Effect::Request(Transmit { to: Group::One(NodeId(2)), msg: 8 })]);
/// ```
#[derive(Clone, Debug)]
pub struct Rig<P: Protocol> {
    /// The layer.
    pub layer: P,
    bench: Bench<P>,
}

#[derive(Clone, Debug)]
struct Bench<P: Protocol> {
    env: Env,
    effects: Vec<Effect<P>>,
    marks: Vec<&'static str>,
}

impl<P: Protocol> Effects<P> for Bench<P> {
    fn emit(&mut self, effect: Effect<P>) {
        match effect {
            Effect::Mark(name) => self.marks.push(name),
            effect => self.effects.push(effect),
        }
    }

    fn env(&mut self) -> &mut Env {
        &mut self.env
    }
}

impl<P: Protocol> Rig<P> {
    /// Puts `layer` on the bench as process 0 of 3.
    pub fn new(layer: P) -> Rig<P> {
        let env = Env::new(NodeId(0), 3, Choices::listed(&[]));
        Rig {
            layer,
            bench: Bench {
                env,
                effects: Vec::new(),
                marks: Vec::new(),
            },
        }
    }

    /// Makes it process `me` of `nodes`.
    pub fn as_node(&mut self, me: NodeId, nodes: u32) -> &mut Rig<P> {
        self.bench.env.me = me;
        self.bench.env.nodes = nodes;
        self.bench.env.overlay = Overlay::complete(nodes);
        self
    }

    /// The world as it sees it, to be changed at will.
    pub fn env(&mut self) -> &mut Env {
        &mut self.bench.env
    }

    /// Prepares the answers to its choices, in order.
    pub fn choices(&mut self, answers: &[u32]) -> &mut Rig<P> {
        self.bench.env.choices = Choices::listed(answers);
        self
    }

    /// Lets both its clocks advance.
    pub fn wait(&mut self, span: Span) -> &mut Rig<P> {
        self.bench.env.now = self.bench.env.now.after(span);
        self.bench.env.monotonic = self.bench.env.monotonic.after(span);
        self
    }

    /// Starts it with an empty disk.
    pub fn boot(&mut self) -> &mut Rig<P> {
        self.boot_with(Boot {
            disk: P::Disk::default(),
            incarnation: 0,
        })
    }

    /// Starts it with what `boot` holds.
    pub fn boot_with(&mut self, boot: Boot<P::Disk>) -> &mut Rig<P> {
        self.on(Event::Boot(boot))
    }

    /// Asks it for something.
    pub fn request(&mut self, request: Req<P::Offers>) -> &mut Rig<P> {
        self.on(Event::Request(request))
    }

    /// Tells it something from below.
    pub fn indication(&mut self, said: Ind<P::Needs>) -> &mut Rig<P> {
        self.on(Event::Indication(said))
    }

    /// Lets one of its timers run out.
    pub fn timer(&mut self, tag: P::Timer) -> &mut Rig<P> {
        self.on(Event::Timer(tag))
    }

    /// Gives it an event.
    pub fn on(&mut self, event: Event<P>) -> &mut Rig<P> {
        self.layer.on(event, &mut self.bench);
        self
    }

    /// What it emitted since the last call, marks aside.
    pub fn effects(&mut self) -> Vec<Effect<P>> {
        std::mem::take(&mut self.bench.effects)
    }

    /// The marks it left since the last call.
    pub fn marks(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.bench.marks)
    }
}
