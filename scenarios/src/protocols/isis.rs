//! `IsisMulticast`: one order for all, agreed on message by message.

use protocols::link::Itself;
use protocols::multicast::{AnyCopy, BestEffort, Chosen, Multicast, MulticastChoice, TotalOrder};
use protocols::order::{Isis, IsisMessage, Proposal};
use sim_core::kernel::either::Either;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use super::over::{CHOSEN, MULTICAST_MISPLACED, RELAY_SAVED_A_NODE, bears, over};

use crate::format::{About, Cost, Fields, Mark, Messages, Need, Resilience};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct IsisMulticast {
    over: MulticastChoice,
}

impl Recipe for IsisMulticast {
    const ABOUT: About = About {
        name: "IsisMulticast",
        what: "everybody proposes a place in the order, the highest is final",
        needs: Need::Reliable,
        messages: Messages::Exactly(&[Cost {
            form: "",
            net: "3*(n-1)",
            with_self: "3*n",
            steps: "3",
            kinds: &[],
        }]),
        source: "Birman, Joseph 1987",
        layers: &["Isis", "Itself beside", CHOSEN],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "isis_agreed",
            what: "a caster has all proposals for a message",
        },
        Mark {
            name: "isis_waited",
            what: "a message has its place, but another may still come first",
        },
        Mark {
            name: "isis_refused",
            what: "a proposal or a place was not possible, or a message came again",
        },
        MULTICAST_MISPLACED,
        RELAY_SAVED_A_NODE,
    ];
    type Port = Multicast<Text, TotalOrder>;
    type Message = Either<Proposal, AnyCopy<IsisMessage<Text>>>;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        IsisMulticast {
            over: over(args, MulticastChoice::BestEffort),
        }
    }

    fn bears(&self, nodes: u32) -> Option<Resilience> {
        bears(self.over, nodes)
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Self::Message, Perfect>> {
        Isis::<_, BestEffort>::new().over(Itself::new().beside(Chosen::new(self.over)))
    }
}
