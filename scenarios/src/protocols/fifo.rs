//! `FifoMulticast`: each caster's messages in the order of its casts.

use protocols::multicast::{AnyCopy, Chosen, FifoOrder, Multicast, MulticastChoice, Reliable};
use protocols::order::{FifoBySequence, Sequenced};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use super::over::{CHOSEN, COSTS, MULTICAST_MISPLACED, RELAY_SAVED_A_NODE, bears, over};

use crate::format::{About, Fields, Mark, Messages, Need, Resilience};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct FifoMulticast {
    over: MulticastChoice,
}

impl Recipe for FifoMulticast {
    const ABOUT: About = About {
        name: "FifoMulticast",
        what: "sequence numbers: in the order of each caster",
        needs: Need::Reliable,
        messages: Messages::Exactly(COSTS),
        source: "CGR 3.12",
        layers: &["FifoBySequence", CHOSEN],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "fifo_waited",
            what: "a message came before an earlier one of its caster",
        },
        Mark {
            name: "fifo_number_refused",
            what: "a message came with a number that was delivered already, or that nobody has",
        },
        MULTICAST_MISPLACED,
        RELAY_SAVED_A_NODE,
    ];
    type Port = Multicast<Text, FifoOrder>;
    type Message = AnyCopy<Sequenced<Text>>;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        FifoMulticast {
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
        FifoBySequence::<_, Reliable>::new().over(Chosen::new(self.over))
    }
}
