//! Remote procedure calls: what one process asks of another, under loss, delay and crashes.
//!
//! Source: Birrell and Nelson 1984; Coulouris, Dollimore, Kindberg, Blair (CDK) §5.3 for the semantics; Lee et al. 2015 (RIFL)
//! for names of calls and what a server remembers.
//!
//! A client cannot tell a lost request from a lost reply, so it has to try again, and so an operation has to be carried out
//! once however often it arrives:
//!
//! ```text
//! maybe                no retries, no keys
//! at-least-once        retries, no keys: carried out once for every request that arrives
//! at-most-once         retries, keys, a volatile table: once, unless the server crashes
//! exactly-once effect  retries, keys, a table on the disk, written in one write with the change of state
//! ```
//!
//! All this is between a client and *one* server: tables are not shared, so what is asked of another server, by a hedge or by
//! turns, is another execution.

mod backoff;
mod breaker;
mod budget;
mod caller;
mod client;
mod desk;
mod ledger;
mod message;
mod policy;
mod port;
pub mod property;
mod server;
mod service;
#[cfg(test)]
mod tests;

pub use backoff::{Backoff, Jitter};
pub use breaker::{Breaker, Pass};
pub use budget::Budget;
pub use client::Client;
pub use desk::Terms;
pub use ledger::{Commit, Horizon, Keys, Ledger, Then};
pub use message::{Answer, Message, Ticket, Timer};
pub use policy::{Balance, BreakerTerms, BudgetTerms, Hedge, Policy};
pub use port::{Call, Calling, Cause, Executed, Key, Outcome, Progress, Rpc, Serving};
pub use server::{Behind, Fan, Server, Storage};
pub use service::{
    Bank, BankReply, BankRequest, Both, Counter, CounterReply, CounterRequest, Fenced, FencedReply,
    FencedRequest, Follow, KeyValue, KeyValueReply, KeyValueRequest, Service, Side, Token,
};
