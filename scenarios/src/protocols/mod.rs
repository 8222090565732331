//! The protocols that scenarios can name: a module and a line each.

mod best_effort;
mod eager;
mod multicast;

pub use best_effort::BestEffortMulticast;
pub use eager::EagerMulticast;

crate::registry! {
    /// The protocols that come with Stormglass.
    pub struct Shipped:
        BestEffortMulticast,
        EagerMulticast,
}
