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
    /// True if what is answered to this request, or to others about the same object, depends on the time: then no order
    /// of the requests alone explains the replies.
    fn is_timed(_request: &Self::Request) -> bool {
        false
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::text::Text;
    use sim_core::kernel::time::Span;

    fn at(ms: u64) -> LocalTime {
        LocalTime::default().after(Span::from_millis(ms))
    }

    fn text(text: &str) -> Text {
        Text::from(text)
    }

    #[test]
    fn a_register_takes_a_value_only_at_the_version_that_was_read() {
        let mut state = Default::default();
        let mut ask = |request| KeyValue::apply(&mut state, &request, at(0));
        let (key, one, two) = (text("k"), text("1"), text("2"));
        let set = |version, value: &Text| KeyValueRequest::CompareAndSet {
            key: key.clone(),
            version,
            value: value.clone(),
        };
        assert_eq!(
            ask(KeyValueRequest::Get(key.clone())),
            KeyValueReply::Absent
        );
        assert_eq!(ask(set(0, &one)), KeyValueReply::Stored(1));
        assert_eq!(ask(set(0, &two)), KeyValueReply::Stale(1));
        assert_eq!(ask(set(1, &two)), KeyValueReply::Stored(2));
        assert_eq!(ask(KeyValueRequest::Get(key)), KeyValueReply::Is(two, 2));
    }

    /// Read, compare and set, and again if somebody was faster.
    #[test]
    fn an_update_follows_what_it_has_read() {
        let update = KeyValueRequest::Update(text("k"), text("v"));
        let set = |version| KeyValueRequest::CompareAndSet {
            key: text("k"),
            version,
            value: text("v"),
        };
        let follow = |request: &KeyValueRequest, reply| KeyValue::follow(&update, request, &reply);
        let read = KeyValueReply::Is(text("old"), 4);
        assert_eq!(follow(&update, read), Follow::Then(set(4)));
        assert_eq!(follow(&update, KeyValueReply::Absent), Follow::Then(set(0)));
        let stale = follow(&set(4), KeyValueReply::Stale(5));
        assert_eq!(stale, Follow::Again(update.clone()));
        assert_eq!(follow(&set(4), KeyValueReply::Stored(5)), Follow::Done);
        let get = KeyValueRequest::Get(text("k"));
        let alone = KeyValue::follow(&get, &get, &KeyValueReply::Absent);
        assert_eq!(alone, Follow::Done);
    }

    #[test]
    fn no_account_is_overdrawn_and_no_money_is_made() {
        let mut state = Default::default();
        let mut ask = |request| Bank::apply(&mut state, &request, at(0));
        let (ann, bob) = (text("ann"), text("bob"));
        let transfer =
            |from: &Text, to: &Text, by| BankRequest::Transfer(from.clone(), to.clone(), by);
        assert_eq!(
            ask(BankRequest::Deposit(ann.clone(), 10)),
            BankReply::Balance(10)
        );
        assert_eq!(ask(transfer(&ann, &bob, 11)), BankReply::NotEnough(10));
        assert_eq!(ask(transfer(&ann, &bob, 4)), BankReply::Balance(6));
        assert_eq!(ask(transfer(&ann, &ann, 4)), BankReply::Balance(6));
        assert_eq!(ask(BankRequest::Balance(bob)), BankReply::Balance(4));
        assert_eq!(ask(BankRequest::Withdraw(ann, 6)), BankReply::Balance(0));
    }

    #[test]
    fn an_overtaken_writer_is_fenced_off_if_the_store_looks() {
        let lease = |value| FencedRequest::Guarded {
            value: text(value),
            term: Span::from_millis(10),
            fenced: true,
        };
        let write = |token, fenced| FencedRequest::Write {
            value: text("late"),
            token: Token(token),
            fenced,
        };
        let mut state = Default::default();
        let mut ask = |ms, request| Fenced::apply(&mut state, &request, at(ms));
        assert_eq!(ask(0, lease("a")), FencedReply::Granted(Token(1)));
        assert_eq!(ask(9, lease("b")), FencedReply::Busy);
        assert_eq!(ask(10, lease("b")), FencedReply::Granted(Token(2)));
        assert_eq!(ask(11, write(1, true)), FencedReply::Overtaken(Token(2)));
        assert_eq!(ask(11, write(1, false)), FencedReply::Written);
        assert_eq!(
            ask(12, FencedRequest::Release(Token(1))),
            FencedReply::Released
        );
        assert_eq!(
            ask(12, lease("c")),
            FencedReply::Busy,
            "the second still holds it"
        );
        assert_eq!(
            ask(13, FencedRequest::Release(Token(2))),
            FencedReply::Released
        );
        assert_eq!(ask(14, lease("c")), FencedReply::Granted(Token(3)));
    }
}
