//! The protocols that scenarios can name: a module and a line each.

mod best_effort;
mod eager;
mod gossip_book;
mod gossip_push;
mod gossip_rounds;
mod lease;
mod links;
mod multicast;
mod register;

crate::registry! {
    /// The protocols that come with Stormglass.
    pub struct Shipped:
        best_effort::BestEffortMulticast,
        eager::EagerMulticast,
        gossip_push::PushGossip,
        gossip_rounds::RumorMongering,
        gossip_rounds::AntiEntropy,
        gossip_book::EagerProbabilistic,
        gossip_book::LazyProbabilistic,
        gossip_book::LazyPush,
        links::FairLossLink,
        links::StubbornLink,
        links::PerfectLink,
        links::LoggedLink,
        links::FifoLink,
        links::AuthenticatedLink,
        register::LastWriterWins,
        lease::LeaseManager,
}

/// The protocols that come with Stormglass, ready to run.
#[must_use]
pub fn shipped() -> &'static dyn crate::run::Runner {
    &Shipped
}
