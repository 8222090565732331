//! Registers by their keys, with compare-and-set.

use core::fmt;

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sim_core::kernel::text::Text;
use sim_core::kernel::time::LocalTime;

use super::{Follow, Service};

/// Registers by their keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyValue;

/// What may be asked of the registers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyValueRequest {
    /// What is there?
    Get(Text),
    /// Put this there.
    Put(Text, Text),
    /// Put this there, if what is there still has this version: 0 if nothing has been put there yet.
    CompareAndSet {
        /// The key.
        key: Text,
        /// The version that was read.
        version: u64,
        /// What to put there.
        value: Text,
    },
    /// Of a client: read, then compare and set; and both again after backing off, if somebody else was faster (optimistic
    /// concurrency control). To a server it is a [`KeyValueRequest::Get`].
    Update(Text, Text),
}

impl KeyValueRequest {
    const fn key(&self) -> &Text {
        match self {
            Self::Get(key)
            | Self::Put(key, _)
            | Self::CompareAndSet { key, .. }
            | Self::Update(key, _) => key,
        }
    }
}

impl fmt::Display for KeyValueRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get(key) => write!(f, "Get({key})"),
            Self::Put(key, value) => write!(f, "Put({key}, {value})"),
            Self::CompareAndSet {
                key,
                version,
                value,
            } => write!(f, "CompareAndSet({key}, {version}, {value})"),
            Self::Update(key, value) => write!(f, "Update({key}, {value})"),
        }
    }
}

/// What the registers answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyValueReply {
    /// This is there, and has this version.
    Is(Text, u64),
    /// Nothing has been put there.
    Absent,
    /// It is put there, and has this version.
    Stored(u64),
    /// It has another version: this one. Nothing was put there.
    Stale(u64),
}

impl fmt::Display for KeyValueReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value, version) => write!(f, "Is({value}, {version})"),
            Self::Absent => f.write_str("Absent"),
            Self::Stored(version) => write!(f, "Stored({version})"),
            Self::Stale(version) => write!(f, "Stale({version})"),
        }
    }
}

impl Service for KeyValue {
    type Request = KeyValueRequest;
    type Reply = KeyValueReply;
    type State = BTreeMap<Text, (Text, u64)>;

    fn apply(state: &mut Self::State, request: &Self::Request, _: LocalTime) -> KeyValueReply {
        let held = state.get(request.key());
        let now = held.map_or(0, |(_, version)| *version);
        let value = match request {
            KeyValueRequest::Get(_) | KeyValueRequest::Update(..) => {
                return held.map_or(KeyValueReply::Absent, |(value, version)| {
                    KeyValueReply::Is(value.clone(), *version)
                });
            }
            KeyValueRequest::CompareAndSet { version, .. } if *version != now => {
                return KeyValueReply::Stale(now);
            }
            KeyValueRequest::CompareAndSet { value, .. } | KeyValueRequest::Put(_, value) => value,
        };
        state.insert(request.key().clone(), (value.clone(), now + 1));
        KeyValueReply::Stored(now + 1)
    }

    fn reads(request: &Self::Request) -> bool {
        matches!(
            request,
            KeyValueRequest::Get(_) | KeyValueRequest::Update(..)
        )
    }

    fn follow(
        first: &Self::Request,
        request: &Self::Request,
        reply: &KeyValueReply,
    ) -> Follow<Self::Request> {
        let (KeyValueRequest::Update(key, value), reads) = (first, Self::reads(request)) else {
            return Follow::Done;
        };
        let version = match reply {
            KeyValueReply::Stale(_) => return Follow::Again(first.clone()),
            KeyValueReply::Is(_, version) if reads => *version,
            KeyValueReply::Absent if reads => 0,
            _ => return Follow::Done,
        };
        let (key, value) = (key.clone(), value.clone());
        Follow::Then(KeyValueRequest::CompareAndSet {
            key,
            version,
            value,
        })
    }

    fn took_effect(_: &Self::Request, reply: &KeyValueReply) -> bool {
        !matches!(reply, KeyValueReply::Stale(_))
    }

    /// FNV-1a over the key.
    fn object(request: &Self::Request) -> u64 {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        request
            .key()
            .as_str()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, step)
    }
}
