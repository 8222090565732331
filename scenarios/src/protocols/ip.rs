//! `IpMulticast`: one frame to the group, and repairs.

use protocols::multicast::ip::{Frame, IpMulticast as Layer, Repair, Repairers, Terms};
use protocols::multicast::{BestEffort, Multicast};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{FairLoss, Link};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;
use sim_core::kernel::time::Span;

use crate::format::{About, Choice, Cost, Fields, Mark, Messages, Need};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct IpMulticast {
    terms: Terms,
}

impl Recipe for IpMulticast {
    const ABOUT: About = About {
        name: "IpMulticast",
        what: "send one frame to the group, repair what is lost",
        needs: Need::FairLoss,
        messages: Messages::Exactly(&[
            Cost {
                form: "repair: Nacks",
                net: "n-1",
                with_self: "n-1",
                steps: "1",
                kinds: &["Data", "Nack"],
            },
            Cost {
                form: "repair: Peers",
                net: "n-1",
                with_self: "n-1",
                steps: "1",
                kinds: &["Data", "Nack", "Request", "Repair"],
            },
            Cost {
                form: "repair: Acks",
                net: "2*(n-1)",
                with_self: "2*(n-1)",
                steps: "1",
                kinds: &[],
            },
        ]),
        source: "CDK 15.4.2; SRM, Floyd et al. 1997",
        layers: &["IpMulticast"],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "cast_repaired",
            what: "a caster sent a message again",
        },
        Mark {
            name: "cast_too_old",
            what: "a caster no longer had a message that somebody lacked",
        },
        Mark {
            name: "gap_given_up",
            what: "a receiver no longer waits for a message, as it is older than those that are kept",
        },
        Mark {
            name: "peer_repaired",
            what: "a receiver sent a message that it held, in place of the caster",
        },
    ];
    type Port = Multicast<Text, BestEffort>;
    type Message = Frame<Text>;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let choices = [
            Choice {
                name: "Nacks",
                value: Repair::Nacks(Repairers::Caster),
            },
            Choice {
                name: "Peers",
                value: Repair::Nacks(Repairers::Everybody),
            },
            Choice {
                name: "Acks",
                value: Repair::Acks,
            },
        ];
        let doc = "receivers ask the caster for what they lack, or each other too, or acknowledge what they have";
        let repair = args.choice("repair", &choices, Some(choices[0].value), doc);
        let every = args.time_above_zero(
            "every",
            Some(Span::from_secs(1)),
            "how long is waited before a message is repeated or asked for; how often a caster tells its last number",
        );
        let doc = "how many of the last messages of a caster can be sent again";
        let history = args.integer("history", 1..=1_024, Some(256), doc);
        IpMulticast {
            terms: Terms {
                repair,
                every,
                history: u32::try_from(history).unwrap_or(u32::MAX),
            },
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Frame<Text>, FairLoss>> {
        Layer::new(self.terms)
    }
}
