//! Multicasts that traitors cannot divide: the Byzantine broadcasts of CGR 3.10 and 3.11.
//!
//! A caster that lies tells different processes different things under one name. What it said is therefore settled by
//! everybody telling everybody what they heard, and by two quorums having a correct process in common.

mod double_echo;
mod echo;
mod quorums;
mod signed_echo;
mod votes;

pub use double_echo::{Amplification, DoubleEcho, DoubleEchoMessage};
pub use echo::{AuthenticatedEcho, EchoMessage};
pub use quorums::Quorums;
pub use signed_echo::{Signed, SignedEcho, SignedEchoMessage};
