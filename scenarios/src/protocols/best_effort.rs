//! `BestEffortMulticast`: send to everybody, once.

use protocols::multicast::{Basic, BestEffort, Multicast};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use crate::format::{About, Cost, Fields, Mark, Messages, Need};
use crate::recipe::Recipe;

/// It has no parameters.
#[derive(Clone, Copy, Debug)]
pub struct BestEffortMulticast;

impl Recipe for BestEffortMulticast {
    const ABOUT: About = About {
        name: "BestEffortMulticast",
        what: "send to everybody, once",
        needs: Need::Reliable,
        messages: Messages::Exactly(&[Cost {
            form: "",
            net: "n-1",
            with_self: "n",
            steps: "1",
            kinds: &[],
        }]),
        source: "CGR 3.1",
        layers: &["Basic"],
    };
    const MARKS: &'static [Mark] = &[];
    type Port = Multicast<Text, BestEffort>;
    type Message = Text;
    type Links = Perfect;

    fn read(_: &mut Fields<'_>) -> Self {
        BestEffortMulticast
    }

    fn layers(self, _: NodeId) -> impl Protocol<Offers = Self::Port, Needs = Link<Text, Perfect>> {
        Basic::new()
    }
}
