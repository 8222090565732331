//! Leases: at most one process at a time, for a limited time.

mod manager;
mod port;
pub mod property;

pub use manager::{LeaseManager, Message, Terms, Ticket, Timer};
pub use port::{Demand, Lease, Notice};
