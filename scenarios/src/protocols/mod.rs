//! The protocols that scenarios can name: a module and a line each.

mod best_effort;
mod byzantine;
mod eager;
mod lease;
mod links;
mod multicast;
mod register;

crate::registry! {
    /// The protocols that come with Stormglass.
    pub struct Shipped:
        best_effort::BestEffortMulticast,
        eager::EagerMulticast,
        links::FairLossLink,
        links::StubbornLink,
        links::PerfectLink,
        links::LoggedLink,
        links::FifoLink,
        links::AuthenticatedLink,
        register::LastWriterWins,
        lease::LeaseManager,
        byzantine::AuthenticatedEcho,
        byzantine::SignedEcho,
        byzantine::Bracha,
}

/// The protocols that come with Stormglass, ready to run.
#[must_use]
pub fn shipped() -> &'static dyn crate::run::Runner {
    &Shipped
}
