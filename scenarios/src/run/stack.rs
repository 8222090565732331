//! What lies between a protocol and the network, as a scenario chooses it.

use protocols::link::{BACKLOG, LinkChoice, Retransmission, Routed, Rto, Stubbornness, Ttl, Until};
use sim_core::kernel::port::Payload;

use crate::format::{Layer, Links, Retries, Routing, Scenario};

/// Built links.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stack {
    pub(super) link: LinkChoice,
    routing: Routing,
}

/// The links of a scenario; none if the protocol stands on the bare network.
pub(super) fn of(scenario: &Scenario) -> Option<Stack> {
    let link = match scenario.links {
        Links::Assumed(_) => LinkChoice::Passing,
        Links::Built(layer) | Links::Weaker(layer) => choice(layer),
    };
    let bare = link == LinkChoice::Passing && scenario.routing == Routing::Direct;
    (!bare).then_some(Stack {
        link,
        routing: scenario.routing,
    })
}

fn choice(layer: Layer) -> LinkChoice {
    let patient = |Retries { rto, attempts }| Retransmission {
        rto: rto.map_or(Rto::Estimated, Rto::Fixed),
        attempts,
        backlog: BACKLOG,
    };
    match layer {
        Layer::FairLoss => LinkChoice::Passing,
        Layer::Stubborn { every, acks } => LinkChoice::Stubborn(Stubbornness {
            every,
            until: if acks { Until::Acked } else { Until::Forever },
            most: BACKLOG,
        }),
        Layer::Reliable(retries) => LinkChoice::Perfect(patient(retries)),
        Layer::Logged(retries) => LinkChoice::Logged(patient(retries)),
        Layer::Fifo(retries) => LinkChoice::Fifo(patient(retries)),
        Layer::Authenticated(retries) => LinkChoice::Authenticated(patient(retries)),
    }
}

impl Stack {
    /// The lowest layer.
    pub(super) fn routed<M: Payload>(self) -> Routed<M> {
        match self.routing {
            Routing::Direct => Routed::direct(),
            Routing::Flooding { ttl } => Routed::flooding(Ttl::Hops(ttl)),
        }
    }
}
