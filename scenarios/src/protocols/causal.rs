//! `CausalMulticast`: no message before what may have caused it, by waiting.

use protocols::multicast::{AnyCopy, CausalOrder, Chosen, Multicast, MulticastChoice, Reliable};
use protocols::order::{CausalWaiting, Vectored};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use super::over::{CHOSEN, COSTS, MULTICAST_MISPLACED, RELAY_SAVED_A_NODE, bears, over};

use crate::format::{About, Fields, Mark, Messages, Need, Resilience};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct CausalMulticast {
    over: MulticastChoice,
}

impl Recipe for CausalMulticast {
    const ABOUT: About = About {
        name: "CausalMulticast",
        what: "vector clocks: a message waits for what may have caused it",
        needs: Need::Reliable,
        messages: Messages::Exactly(COSTS),
        source: "CGR 3.15",
        layers: &["CausalWaiting", CHOSEN],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "causal_waited",
            what: "a message came before one that may have caused it",
        },
        Mark {
            name: "causal_vector_refused",
            what: "a message came again, or with a vector that fits no process",
        },
        MULTICAST_MISPLACED,
        RELAY_SAVED_A_NODE,
    ];
    type Port = Multicast<Text, CausalOrder>;
    type Message = AnyCopy<Vectored<Text>>;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        CausalMulticast {
            over: over(args, MulticastChoice::Eager),
        }
    }

    fn bears(&self, nodes: u32) -> Option<Resilience> {
        bears(self.over, nodes)
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Self::Message, Perfect>> {
        CausalWaiting::<_, Reliable>::new().over(Chosen::new(self.over))
    }
}
