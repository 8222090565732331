//! What a server keeps: the state of its service, and which calls it has carried out.
//!
//! Source: Lee et al. 2015 (RIFL), §3: what was answered is remembered together with the change of state, until the client says
//! that it needs it no more. Bounds: a watermark a client, a number of replies a client, above which its calls are refused, and
//! a time. What is forgotten before the client says so raises the watermark, so that a late attempt is answered with
//! [`Answer::Expired`](super::message::Answer::Expired) and never carried out again.

use alloc::collections::BTreeMap;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::port::{Executed, Key};
use super::service::Service;

/// How a server tells a call that it has carried out from a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keys {
    /// How long a reply is kept, on the server's wall clock.
    pub ttl: Span,
    /// How many replies are kept for one client; while there is no room, its calls are refused.
    pub most: u32,
    /// What becomes of the rest.
    pub then: Then,
}

/// What becomes of what is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Then {
    /// The server knows that it has forgotten, and says so.
    Expire,
    /// A lesson: it does not know, and takes the call for a new one.
    Forget,
}

/// One change, carried out in memory and on the disk alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Commit<Q> {
    /// Whose.
    pub key: Key,
    /// What is to be carried out.
    pub request: Q,
    /// The server's wall clock.
    pub at: LocalTime,
    /// Whether the reply is remembered.
    pub remember: bool,
    /// The client's watermark.
    pub done_below: u32,
    /// How far back is remembered.
    pub horizon: Horizon,
}

/// How far back a server remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Horizon {
    /// What was carried out before this is forgotten.
    pub since: LocalTime,
    /// What is forgotten counts as expired.
    pub expires: bool,
}

impl Keys {
    /// How far back is remembered at a time.
    #[must_use]
    pub fn horizon(&self, now: LocalTime) -> Horizon {
        let ttl = i64::try_from(self.ttl.as_nanos()).unwrap_or(i64::MAX);
        Horizon {
            since: LocalTime::from_nanos(now.as_nanos().saturating_sub(ttl)),
            expires: self.then == Then::Expire,
        }
    }
}

impl<Q: fmt::Display> fmt::Display for Commit<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let and = if self.remember { " and its reply" } else { "" };
        write!(f, "Commit{{{} {}{and}}}", self.key, self.request)
    }
}

/// The state of a service, and the calls that it has carried out. A server's disk, and its memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Ledger<S: Service> {
    state: S::State,
    /// How often the state has changed.
    effects: u64,
    last: Option<Executed<S::Request, S::Reply>>,
    clients: BTreeMap<NodeId, Session<S::Reply>>,
}

// Derived, it would ask for a default of the requests as well.
impl<S: Service> Default for Ledger<S> {
    fn default() -> Self {
        Ledger {
            state: S::State::default(),
            effects: 0,
            last: None,
            clients: BTreeMap::new(),
        }
    }
}

/// What is known of the calls of one client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Session<R> {
    /// Its present life; of the ones before nothing is known.
    incarnation: u32,
    /// What becomes of calls with smaller numbers is not known.
    below: u32,
    /// By number and part.
    replies: BTreeMap<(u32, u32), Saved<R>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Saved<R> {
    reply: R,
    at: LocalTime,
}

/// What a server knows of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Known<R> {
    /// Nothing, and it was never carried out.
    New,
    /// It was carried out, and this was answered.
    Done(R),
    /// Nothing any more.
    Expired,
}

impl<S: Service> Ledger<S> {
    /// What is known of a call.
    #[must_use]
    pub fn known(&self, key: &Key, horizon: &Horizon) -> Known<S::Reply> {
        let Some(session) = self.clients.get(&key.client) else {
            return Known::New;
        };
        if key.incarnation != session.incarnation {
            return match key.incarnation > session.incarnation {
                true => Known::New,
                false => Known::Expired,
            };
        }
        match session.replies.get(&(key.number, key.part)) {
            Some(saved) if saved.at >= horizon.since => Known::Done(saved.reply.clone()),
            Some(_) if horizon.expires => Known::Expired,
            Some(_) => Known::New,
            None if key.number < session.below => Known::Expired,
            None => Known::New,
        }
    }

    /// A client needs nothing any more of its calls below a number.
    pub fn done(&mut self, key: &Key, below: u32) {
        let session = self.session(key);
        if key.incarnation == session.incarnation {
            session.raise(below);
        }
    }

    /// What reads only is answered from the state as it is.
    pub fn read(&mut self, request: &S::Request, at: LocalTime) -> S::Reply {
        S::apply(&mut self.state, request, at)
    }

    /// Carries out a change.
    pub fn commit(&mut self, commit: Commit<S::Request>) -> Executed<S::Request, S::Reply> {
        let reply = S::apply(&mut self.state, &commit.request, commit.at);
        self.effects += 1;
        self.forget(&commit);
        if commit.remember {
            let (key, at, reply) = (&commit.key, commit.at, reply.clone());
            let session = self.session(key);
            if key.incarnation == session.incarnation {
                let saved = Saved { reply, at };
                session.replies.insert((key.number, key.part), saved);
            }
        }
        let executed = Executed {
            key: commit.key,
            request: commit.request,
            reply,
            effect: Some(self.effects),
        };
        self.last = Some(executed.clone());
        executed
    }

    /// The last change.
    #[must_use]
    pub const fn last(&self) -> Option<&Executed<S::Request, S::Reply>> {
        self.last.as_ref()
    }

    /// How many replies are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        let replies = self.clients.values().map(|session| session.replies.len());
        replies.sum()
    }

    /// How many replies are remembered for this client.
    #[must_use]
    pub fn remembered_for(&self, client: NodeId) -> usize {
        let session = self.clients.get(&client);
        session.map_or(0, |session| session.replies.len())
    }

    /// The session of a client, begun anew for a later life.
    fn session(&mut self, key: &Key) -> &mut Session<S::Reply> {
        let session = self.clients.entry(key.client).or_insert_with(Session::new);
        if key.incarnation > session.incarnation {
            *session = Session::new();
            session.incarnation = key.incarnation;
        }
        session
    }

    /// Forgets what is too old.
    fn forget(&mut self, commit: &Commit<S::Request>) {
        self.done(&commit.key, commit.done_below);
        for session in self.clients.values_mut() {
            let mut last = None;
            session.replies.retain(|(number, _), saved| {
                let is_old = saved.at < commit.horizon.since;
                last = if is_old { Some(*number) } else { last };
                !is_old
            });
            if let (Some(number), true) = (last, commit.horizon.expires) {
                session.raise(number.saturating_add(1));
            }
        }
    }
}

impl<R> Session<R> {
    const fn new() -> Self {
        Session {
            incarnation: 0,
            below: 0,
            replies: BTreeMap::new(),
        }
    }

    /// Nothing needs to be known any more below a number.
    fn raise(&mut self, below: u32) {
        if below > self.below {
            self.below = below;
            self.replies = self.replies.split_off(&(below, 0));
        }
    }
}

impl<S: Service> Disk for Ledger<S> {
    type Write = Commit<S::Request>;

    fn apply(&mut self, commit: Commit<S::Request>) {
        self.commit(commit);
    }
}
