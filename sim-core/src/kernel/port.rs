//! Ports: the interface of an abstraction, as data.
//!
//! Cachin, Guerraoui and Rodrigues describe every abstraction by its *requests* (what one may ask of it) and its
//! *indications* (what it may say). A [`Port`] is that pair of types. A layer offers one port upward and needs one
//! port below; two layers stack when these are the same type.

use core::fmt::{Debug, Display};
use core::hash::Hash;
use core::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::either::Never;
use super::id::NodeId;

/// What may travel through a port.
///
/// `Display` is the short summary that a trace prints (the kernel cuts it at 60 characters): write it by hand, for
/// people. `Serialize` is the canonical encoding, from which fingerprints and wire bytes are made; it must depend on
/// the value alone. `DeserializeOwned` reads it back, from the wire or from a recording. `Ord` keeps floats out.
pub trait Payload:
    Clone + Ord + Hash + Debug + Display + Serialize + DeserializeOwned + 'static
{
}

impl<T: Clone + Ord + Hash + Debug + Display + Serialize + DeserializeOwned + 'static> Payload
    for T
{
}

/// The interface of an abstraction: what may be asked of it, and what it may say.
pub trait Port: Clone + Eq + Hash + Debug + 'static {
    /// From above: `<beb, Broadcast | m>`.
    type Request: Payload;
    /// To above: `<beb, Deliver | p, m>`.
    type Indication: Payload;
}

/// The requests of a port.
pub type Req<P> = <P as Port>::Request;
/// The indications of a port.
pub type Ind<P> = <P as Port>::Indication;

/// To whom a message goes. A group is one effect, so that a driver may share the body among the receivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Group {
    /// One process, perhaps the sender itself.
    One(NodeId),
    /// Every process, the sender included: the Π of the books.
    All,
    /// Every process but the sender.
    Others,
    /// The sender's neighbours in the overlay.
    Neighbours,
    /// The sender's neighbours but one: what flooding does with a copy that came from that one.
    NeighboursBut(NodeId),
}

impl From<NodeId> for Group {
    fn from(node: NodeId) -> Group {
        Group::One(node)
    }
}

/// Request of a link: `<pl, Send | q, m>`, for one receiver or for a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Transmit<M> {
    /// The receivers.
    pub to: Group,
    /// What they are to receive.
    pub msg: M,
}

impl<M: Display> Display for Transmit<M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.to {
            Group::One(to) => write!(f, "{} to {to}", self.msg),
            Group::All => write!(f, "{} to all", self.msg),
            Group::Others => write!(f, "{} to the others", self.msg),
            Group::Neighbours => write!(f, "{} to the neighbours", self.msg),
            Group::NeighboursBut(but) => write!(f, "{} to the neighbours but {but}", self.msg),
        }
    }
}

/// Indication of a link: `<pl, Deliver | p, m>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Arrival<M> {
    /// The process that sent it.
    pub from: NodeId,
    /// What it sent.
    pub msg: M,
}

impl<M: Display> Display for Arrival<M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} from {}", self.msg, self.from)
    }
}

/// A point-to-point link that carries `M` with the guarantee `Q` (CGR ch. 2.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link<M, Q>(PhantomData<fn() -> (M, Q)>);

impl<M: Payload, Q: Guarantee> Port for Link<M, Q> {
    type Request = Transmit<M>;
    type Indication = Arrival<M>;
}

/// What every driver provides: a network that may lose, duplicate, delay and reorder.
pub type Net<W> = Link<W, FairLoss>;

/// A marker type that stands for a set of promised properties.
pub trait Guarantee: Clone + Eq + Hash + Debug + 'static {}

/// Fair-loss links, CGR module 2.1: may lose, but not for ever; may duplicate, but not for ever; create nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FairLoss;

/// Stubborn links, CGR module 2.2: what is sent once is delivered infinitely often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stubborn;

/// Perfect links, CGR module 2.3: between correct processes every message arrives, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Perfect;

/// Logged perfect links, CGR module 2.4: a message is in stable storage before it is delivered, so it is delivered once
/// even if its receiver crashes and recovers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Logged;

/// FIFO perfect links, CGR algorithm 2.11: messages of one sender arrive in the order in which they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fifo;

/// Authenticated perfect links, CGR module 2.5: nobody can speak in the name of a correct process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Authentic;

impl Guarantee for FairLoss {}
impl Guarantee for Stubborn {}
impl Guarantee for Perfect {}
impl Guarantee for Logged {}
impl Guarantee for Fifo {}
impl Guarantee for Authentic {}

/// `Q: AtLeast<G>` when whoever is promised `Q` is promised `G`. A layer that is content with several links asks for
/// `Q: AtLeast<Perfect>`, and a stack over a weaker one does not compile.
pub trait AtLeast<G: Guarantee>: Guarantee {}

impl<G: Guarantee> AtLeast<G> for G {}
impl AtLeast<FairLoss> for Stubborn {}
impl AtLeast<FairLoss> for Perfect {}
impl AtLeast<FairLoss> for Logged {}
impl AtLeast<FairLoss> for Fifo {}
impl AtLeast<FairLoss> for Authentic {}
impl AtLeast<Perfect> for Logged {}
impl AtLeast<Perfect> for Fifo {}
impl AtLeast<Perfect> for Authentic {}

/// A port through which nothing passes: for protocols that start by themselves and say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Silent;

impl Port for Silent {
    type Request = Never;
    type Indication = Never;
}
