//! The protocols that scenarios can name: a module and a line each.

mod best_effort;
mod byzantine;
mod causal;
mod causal_past;
mod clocked;
mod crash_detection;
mod detector;
mod eager;
mod fifo;
mod gossip_book;
mod gossip_push;
mod gossip_rounds;
mod ip;
mod isis;
mod lamport;
mod lazy;
mod lease;
mod links;
mod multicast;
mod over;
mod register;
mod rpc;
mod rpc_fields;
mod sequencer;
mod swim;
mod uniform;

crate::registry! {
    /// The protocols that come with Stormglass.
    pub struct Shipped:
        best_effort::BestEffortMulticast,
        clocked::ClockedMulticast,
        eager::EagerMulticast,
        lazy::LazyMulticast,
        uniform::UniformMajorityAck,
        uniform::UniformAllAck,
        gossip_push::PushGossip,
        ip::IpMulticast,
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
        rpc::RetryRpc,
        detector::PerfectDetector,
        detector::EventuallyPerfectDetector,
        detector::HeartbeatDetector,
        detector::PhiAccrualDetector,
        swim::Swim,
        fifo::FifoMulticast,
        causal::CausalMulticast,
        causal_past::CausalPastMulticast,
        sequencer::SequencerMulticast,
        isis::IsisMulticast,
        lamport::LamportMulticast,
        byzantine::AuthenticatedEcho,
        byzantine::SignedEcho,
        byzantine::Bracha,
}

/// The protocols that come with Stormglass, ready to run.
#[must_use]
pub fn shipped() -> &'static dyn crate::run::Runner {
    &Shipped
}
