//! Gossip: epidemic multicast (Demers et al. 1987; CGR ch. 3.8), and what epidemics are good for besides.
//!
//! All of it stands on fair-loss links and offers the probabilistic broadcast of CGR module 3.7.

mod anti_entropy;
mod data;
mod eager;
mod fanout;
mod lazy;
mod lazy_push;
mod push;
mod rounds;
mod rumor;
pub mod swim;
mod targets;

pub use anti_entropy::{AntiEntropy, Comparing, Difference, Exchange};
pub use data::Data;
pub use eager::{EagerProbabilistic, Forwarded};
pub use fanout::Fanout;
pub use lazy::{Asking, Gap, LazyMessage, LazyProbabilistic};
pub use lazy_push::{LazyPush, LazyPushMessage, Unanswered};
pub use push::Push;
pub use rounds::{Beat, Contact, Decisions, Rounds};
pub use rumor::{Gossip, Interest, Judging, Mongering, RumorMongering};

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::text::Text;

    /// A million of them fit into little memory: beside each the engine keeps about fifty bytes.
    #[test]
    fn an_idle_node_is_small() {
        assert!(size_of::<Push<Text>>() <= 48, "{}", size_of::<Push<Text>>());
        assert!(
            size_of::<RumorMongering<Text>>() <= 88,
            "{}",
            size_of::<RumorMongering<Text>>()
        );
        assert!(
            size_of::<AntiEntropy<Text>>() <= 88,
            "{}",
            size_of::<AntiEntropy<Text>>()
        );
    }
}
