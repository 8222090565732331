//! `LamportMulticast`: one order for all, by Lamport's timestamps.

use protocols::multicast::{Multicast, TotalOrder};
use protocols::order::{LamportOrder, Timestamped};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Fifo, Link};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use crate::format::{About, Cost, Fields, Mark, Messages, Need};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct LamportMulticast;

impl Recipe for LamportMulticast {
    const ABOUT: About = About {
        name: "LamportMulticast",
        what: "Lamport's timestamps: the oldest message once everybody is past it",
        needs: Need::Fifo,
        messages: Messages::Exactly(&[Cost {
            form: "",
            net: "n*(n-1)",
            with_self: "n*(n-1)",
            steps: "2",
            kinds: &[],
        }]),
        source: "Lamport 1978",
        layers: &["LamportOrder"],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "lamport_out_of_order",
            what: "a message came that is older than another of its sender",
        },
        Mark {
            name: "lamport_refused",
            what: "a message came from a time that no clock reaches",
        },
    ];
    type Port = Multicast<Text, TotalOrder>;
    type Message = Timestamped<Text>;
    type Links = Fifo;

    fn read(_: &mut Fields<'_>) -> Self {
        LamportMulticast
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Self::Message, Fifo>> {
        LamportOrder::new()
    }
}
