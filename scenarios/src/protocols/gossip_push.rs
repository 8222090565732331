//! `PushGossip`: tell a few others what is heard for the first time.

use protocols::gossip::{Data, Fanout, Push};
use protocols::multicast::{Multicast, Probabilistic};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{FairLoss, Link};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use crate::format::{About, Choice, Fields, Mark, Messages, Need};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct PushGossip {
    fanout: Fanout,
}

/// Is the fanout always the same?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Draw {
    Fixed,
    Random,
}

impl Recipe for PushGossip {
    const ABOUT: About = About {
        name: "PushGossip",
        what: "tell a few others what is heard for the first time",
        needs: Need::FairLoss,
        messages: Messages::About("fanout * (nodes that are reached)"),
        source: "Eugster et al. 2004",
        layers: &["Push"],
    };
    const MARKS: &'static [Mark] = &[];
    type Port = Multicast<Text, Probabilistic>;
    type Message = Data<Text>;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let fanout = args.number(
            "fanout",
            0.0..=4_000.0,
            Some(3.0),
            "how many others each node tells; a fixed one is rounded to a whole number",
        );
        let draws = [
            Choice {
                name: "Fixed",
                value: Draw::Fixed,
            },
            Choice {
                name: "Random",
                value: Draw::Random,
            },
        ];
        let doc =
            "always as many others, or each other with the same probability, `fanout` on average";
        let draw = args.choice("draw", &draws, Some(Draw::Fixed), doc);
        let scaled = |by: f64| (fanout * by).round();
        PushGossip {
            fanout: match draw {
                Draw::Fixed => Fanout::Fixed(whole(scaled(1.0))),
                Draw::Random => Fanout::Mean(whole(scaled(1e6))),
            },
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Data<Text>, FairLoss>> {
        Push::new(self.fanout)
    }
}

/// A number that was rounded and lies in the range of its type.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "read in a range that fits, and rounded"
)]
fn whole(number: f64) -> u32 {
    number as u32
}
