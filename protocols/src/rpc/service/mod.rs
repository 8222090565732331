//! Services: what a server does when it is called, as a type.
//!
//! A service is declared without a macro: two enums, what may be asked and what is answered, a durable state, and one function
//! that takes the state from one request to the next. It knows nothing of messages, retries or crashes: those are the
//! business of whoever [calls](super::Client) and [serves](super::Server) it.

mod bank;
mod both;
mod counter;
mod fenced;
mod key_value;

use core::fmt::Debug;
use core::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sim_core::kernel::port::Payload;
use sim_core::kernel::time::LocalTime;

pub use bank::{Bank, BankReply, BankRequest};
pub use both::{Both, Side};
pub use counter::{Counter, CounterReply, CounterRequest};
pub use fenced::{Fenced, FencedReply, FencedRequest, Token};
pub use key_value::{KeyValue, KeyValueReply, KeyValueRequest};

/// A deterministic state machine behind a remote call.
///
/// ```
/// use protocols::rpc::{Counter, CounterReply, CounterRequest, Service};
/// use sim_core::kernel::time::LocalTime;
///
/// let (mut state, at) = (Default::default(), LocalTime::default());
/// assert_eq!(Counter::apply(&mut state, &CounterRequest::Add(2), at), CounterReply::Is(2));
/// assert!(Counter::reads(&CounterRequest::Read));
/// ```
pub trait Service: Clone + Default + Eq + Hash + Debug + 'static {
    /// True if what it answers depends on when it is asked, not only on what it was asked before.
    const TIMED: bool = false;

    /// What may be asked of it.
    type Request: Payload;
    /// What it answers, refusals of its own among it: that there is not enough money is an answer.
    type Reply: Payload;
    /// What it keeps. It begins with the default value.
    type State: Clone + Default + Eq + Hash + Debug + Serialize + DeserializeOwned + 'static;

    /// Carries out one request at the time `at` of the server's wall clock. A function of its arguments: it is carried out once in
    /// memory and once on the disk.
    fn apply(state: &mut Self::State, request: &Self::Request, at: LocalTime) -> Self::Reply;

    /// True if the request changes nothing, whatever the state: it may be carried out again, and is not remembered.
    fn reads(request: &Self::Request) -> bool;

    /// What a client does after a reply to its request, with `first` the request that it was asked for. Most are done.
    fn follow(
        _first: &Self::Request,
        _request: &Self::Request,
        _reply: &Self::Reply,
    ) -> Follow<Self::Request> {
        Follow::Done
    }

    /// Which object of the service the request is about: histories of different objects are judged apart, so a request
    /// must touch one object only.
    fn object(_request: &Self::Request) -> u64 {
        0
    }

    /// The fencing token that a request bears, if it writes under a lease.
    fn token(_request: &Self::Request) -> Option<Token> {
        None
    }

    /// False if the service refused: the reply says that nothing was changed, though the request was carried out.
    fn took_effect(_request: &Self::Request, _reply: &Self::Reply) -> bool {
        true
    }
}

/// What comes after a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Follow<R> {
    /// Nothing: it is done.
    Done,
    /// Another call, at once.
    Then(R),
    /// Another call after backing off: somebody else was faster.
    Again(R),
}
