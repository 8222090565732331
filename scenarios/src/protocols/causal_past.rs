//! `CausalPastMulticast`: no message before what may have caused it, by sending that along.

use protocols::multicast::{AnyCopy, CausalOrder, Chosen, Multicast, MulticastChoice, Reliable};
use protocols::order::{CausalPast, WithPast};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use super::over::{CHOSEN, COSTS, MULTICAST_MISPLACED, RELAY_SAVED_A_NODE, bears, over};

use crate::format::{About, Fields, Mark, Messages, Need, Resilience};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct CausalPastMulticast {
    over: MulticastChoice,
}

impl Recipe for CausalPastMulticast {
    const ABOUT: About = About {
        name: "CausalPastMulticast",
        what: "a message carries all that may have caused it",
        needs: Need::Reliable,
        messages: Messages::Exactly(COSTS),
        source: "CGR 3.13",
        layers: &["CausalPast", CHOSEN],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "causal_past_filled_a_gap",
            what: "a message was delivered from the past of another, before it came itself",
        },
        MULTICAST_MISPLACED,
        RELAY_SAVED_A_NODE,
    ];
    type Port = Multicast<Text, CausalOrder>;
    type Message = AnyCopy<WithPast<Text>>;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        CausalPastMulticast {
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
        CausalPast::<_, Reliable>::new().over(Chosen::new(self.over))
    }
}
