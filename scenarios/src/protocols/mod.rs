//! The protocols that scenarios can name: a module and a line each.

mod best_effort;
mod eager;
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
}

/// Runs a scenario of the shipped protocols, as [`run`](crate::run::run) does with any registry.
///
/// Naming the registry here has the compiler make their simulations once, in this crate, for all that use it.
#[must_use]
pub fn run(scenario: &crate::format::Scenario, options: crate::run::Options) -> crate::run::Run {
    crate::run::run(scenario, &Shipped, options)
}
