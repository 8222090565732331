//! The protocols that scenarios can name: a module and a line each.

mod best_effort;
mod eager;
mod multicast;

crate::registry! {
    /// The protocols that come with Stormglass.
    pub struct Shipped:
        best_effort::BestEffortMulticast,
        eager::EagerMulticast,
}
