//! What a protocol must say of itself to be named in a scenario, and the door to every world that can run it.
//!
//! A [`Recipe`] is one protocol: its parameters, the stack that it makes of them, and the words about it. A [`Family`]
//! is a port with its workload and its properties, shared by all protocols that offer it. A [`World`] is whoever runs
//! a stack once its type is known: the simulator here, real sockets elsewhere. [`registry!`](crate::registry!) puts
//! recipes together.

use std::any::Any;
use std::fmt::Debug;
use std::marker::PhantomData;

use protocols::link::{AnyFrame, Hop};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::kinds::kinds;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{
    Authentic, FairLoss, Fifo, Guarantee, Link, Logged, Payload, Perfect, Port, Req, Stubborn,
};
use sim_core::kernel::property::{About as PropertyAbout, Property, Quiescence};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::time::Span;

use crate::format::{About, Configured, Entry, Fields, Mark, MetricAbout, Need, Resilience};
use crate::marks;

/// A port as scenarios see it: what a workload may ask of it, and which properties judge it.
pub trait Family: Port<Request: Send + Sync> {
    /// The operations of a workload: `Multicast`.
    const OPERATIONS: &'static [&'static str];

    /// Reads one operation, `Multicast("hello")`; `None` if it is not one of [`Family::OPERATIONS`].
    fn read(operation: &mut Fields<'_>) -> Option<Self::Request>;

    /// What a repeated job asks for the n-th time after the first. The books assume that messages are unique.
    fn again(request: &Self::Request, n: u64) -> Self::Request;

    /// The properties that can be asked of it.
    fn properties() -> Vec<PropertyAbout>;

    /// The checker of one of them, for the cluster of this overlay.
    fn checker(name: &str, overlay: &Overlay) -> Option<Box<dyn Property<Self>>>;

    /// The metrics that are measured at this port, if an expectation asks for one of them.
    const MEASURES: &'static [&'static str] = &[];

    /// Who measures those that are `asked` for, for the cluster of this overlay and a protocol whose rounds take so long.
    fn observers(
        _asked: &[&str],
        _overlay: &Overlay,
        _period: Option<Span>,
    ) -> Vec<Box<dyn Property<Self>>> {
        Vec::new()
    }
}

/// A protocol that scenarios can name. Adding one is a module with a recipe and a line in a registry.
pub trait Recipe: Clone + Debug + Send + Sync + 'static {
    /// What `stormglass list protocols` prints.
    const ABOUT: About;
    /// The marks that it may leave.
    const MARKS: &'static [Mark];
    /// The port on top.
    type Port: Family;
    /// What it sends over its links.
    type Message: Payload;
    /// What its links have to promise, at the least. [`Recipe::ABOUT`] says the same.
    type Links: Required;

    /// Reads its parameters. Each call names a field, its default and its meaning.
    fn read(args: &mut Fields<'_>) -> Self;

    /// How long a round takes, if the protocol goes by rounds.
    fn period(&self) -> Option<Span> {
        None
    }

    /// How many faulty processes it bears in a group of `nodes`, if it keeps its promises only up to a bound.
    fn bears(&self, _nodes: u32) -> Option<Resilience> {
        None
    }

    /// Whether the process `node` takes requests. A job that names a set of nodes asks those of them that do.
    fn takes_requests(&self, _node: NodeId) -> bool {
        true
    }

    /// The layers of the process `node` above its links. Which links these are is the scenario's choice.
    fn layers(
        self,
        node: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Self::Message, Self::Links>>;
}

/// What a protocol can require of its links, as a type and as scenarios say it.
pub trait Required: Guarantee {
    /// The same as a value.
    const NEED: Need;
}

impl Required for FairLoss {
    const NEED: Need = Need::FairLoss;
}

impl Required for Stubborn {
    const NEED: Need = Need::Stubborn;
}

impl Required for Perfect {
    const NEED: Need = Need::Reliable;
}

impl Required for Logged {
    const NEED: Need = Need::Logged;
}

impl Required for Fifo {
    const NEED: Need = Need::Fifo;
}

impl Required for Authentic {
    const NEED: Need = Need::Authenticated;
}

/// What a world does with a protocol once its type is known.
pub trait World {
    /// What comes of it.
    type Out;

    /// Takes the protocol, and what the workload asks of it in the order of its operations.
    fn host<R: Recipe>(self, recipe: &R, requests: &[Req<R::Port>]) -> Self::Out;
}

/// A list of protocols, as a type; made by [`registry!`](crate::registry!).
pub trait Registry {
    /// The protocols, for readers of scenarios.
    fn entries(&self) -> &'static [&'static dyn Entry];

    /// Hands the protocol that a scenario chose to a world. `None` if it came from another registry.
    fn visit<W: World>(&self, chosen: &dyn Configured, world: W) -> Option<W::Out>;
}

/// Makes a registry of recipes: `registry! { pub struct Mine: Flood, Echo }`. One line a protocol.
#[macro_export]
macro_rules! registry {
    ($(#[$meta:meta])* $vis:vis struct $name:ident: $($recipe:ty),+ $(,)?) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default)]
        $vis struct $name;

        impl $crate::recipe::Registry for $name {
            fn entries(&self) -> &'static [&'static dyn $crate::format::Entry] {
                &[$(&$crate::recipe::Registered::<$recipe>::NEW),+]
            }

            fn visit<W: $crate::recipe::World>(&self, chosen: &dyn $crate::format::Configured, world: W) -> Option<W::Out> {
                $(if let Some(chosen) = $crate::recipe::Chosen::<$recipe>::of(chosen) {
                    return Some(chosen.open(world));
                })+
                None
            }
        }
    };
}

/// A recipe as an entry of a registry.
#[derive(Debug)]
pub struct Registered<R>(PhantomData<fn() -> R>);

impl<R> Registered<R> {
    /// The entry.
    pub const NEW: Self = Registered(PhantomData);
}

impl<R: Recipe> Entry for Registered<R> {
    fn about(&self) -> &About {
        const {
            let (said, meant) = (R::ABOUT.needs, R::Links::NEED);
            assert!(
                said as u8 == meant as u8,
                "a recipe says what its layers need"
            );
            &R::ABOUT
        }
    }

    fn properties(&self) -> Vec<PropertyAbout> {
        properties::<R>()
    }

    fn marks(&self) -> &'static [Mark] {
        R::MARKS
    }

    fn read(&self, args: &mut Fields<'_>) -> Box<dyn Configured> {
        Box::new(Chosen {
            recipe: R::read(args),
            requests: Vec::new(),
        })
    }
}

/// A recipe that a scenario has chosen, with what its workload asks.
#[derive(Debug)]
pub struct Chosen<R: Recipe> {
    recipe: R,
    requests: Vec<Req<R::Port>>,
}

impl<R: Recipe> Chosen<R> {
    /// What a scenario has chosen, if it is this recipe.
    #[must_use]
    pub fn of(chosen: &dyn Configured) -> Option<&Self> {
        (chosen as &dyn Any).downcast_ref()
    }

    /// Hands it to a world.
    pub fn open<W: World>(&self, world: W) -> W::Out {
        world.host(&self.recipe, &self.requests)
    }
}

/// What can be asked of a protocol: the properties of its port, and quiescence, which belongs to every port.
fn properties<R: Recipe>() -> Vec<PropertyAbout> {
    let mut all = R::Port::properties();
    all.push(Quiescence::ABOUT);
    all
}

impl<R: Recipe> Configured for Chosen<R> {
    fn operation(&mut self, operation: &mut Fields<'_>) -> bool {
        let request = R::Port::read(operation);
        let known = request.is_some();
        self.requests.extend(request);
        known
    }

    fn operations(&self) -> &[&'static str] {
        R::Port::OPERATIONS
    }

    fn properties(&self) -> Vec<PropertyAbout> {
        properties::<R>()
    }

    fn metrics(&self) -> Vec<MetricAbout> {
        crate::metrics::of_port(R::Port::MEASURES).collect()
    }

    fn kinds(&self) -> Option<Vec<&'static str>> {
        let mut all = kinds::<R::Message>()?;
        let with_links = kinds::<Hop<AnyFrame<R::Message>>>()?;
        let of_links: Vec<_> = with_links
            .into_iter()
            .filter(|kind| !all.contains(kind))
            .collect();
        all.extend(of_links);
        Some(all)
    }

    fn bears(&self, nodes: u32) -> Option<Resilience> {
        self.recipe.bears(nodes)
    }

    fn period(&self) -> Option<Span> {
        self.recipe.period()
    }

    fn takes_requests(&self, node: NodeId) -> bool {
        self.recipe.takes_requests(node)
    }

    fn marks(&self) -> Vec<&'static str> {
        let all = R::MARKS.iter().chain(marks::COMMON);
        all.map(|mark| mark.name).collect()
    }
}
