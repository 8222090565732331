//! The protocols that scenarios can name: a module and a line each.

mod best_effort;
mod crash_detection;
mod eager;
mod ip;
mod lazy;
mod lease;
mod links;
mod multicast;
mod register;
mod uniform;

crate::registry! {
    /// The protocols that come with Stormglass.
    pub struct Shipped:
        best_effort::BestEffortMulticast,
        eager::EagerMulticast,
        lazy::LazyMulticast,
        uniform::UniformMajorityAck,
        uniform::UniformAllAck,
        ip::IpMulticast,
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
