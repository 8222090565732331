//! `EagerMulticast`: relay every first copy.

use protocols::multicast::{Basic, Eager, Multicast, Originator, Relaying, Reliable, Stamped};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use crate::format::{About, Choice, Cost, Fields, Mark, Messages, Need};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct EagerMulticast {
    relaying: Relaying,
    originator: Originator,
}

impl Recipe for EagerMulticast {
    const ABOUT: About = About {
        name: "EagerMulticast",
        what: "relay every first copy",
        needs: Need::Reliable,
        messages: Messages::Exactly(&[
            Cost {
                form: "",
                net: "n*(n-1)",
                with_self: "n*n",
                steps: "1",
                kinds: &[],
            },
            Cost {
                form: "originator: Literal",
                net: "n*n-1",
                with_self: "n*(n+1)",
                steps: "1",
                kinds: &[],
            },
        ]),
        source: "CGR 3.3",
        layers: &["Eager", "Basic"],
    };
    const MARKS: &'static [Mark] = &[Mark {
        name: "relay_saved_a_node",
        what: "the first copy of a message came from a relay, not from its caster",
    }];
    type Port = Multicast<Text, Reliable>;
    type Message = Stamped<Text>;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        let relay = args.flag(
            "relay",
            true,
            "relay a message when it is seen for the first time",
        );
        let originators = [
            Choice {
                name: "AtOnce",
                value: Originator::AtOnce,
            },
            Choice {
                name: "Literal",
                value: Originator::Literal,
            },
        ];
        let doc = "the originator delivers at once and sends once, or (as published) relays its own copy too";
        let originator = args.choice("originator", &originators, Some(Originator::AtOnce), doc);
        EagerMulticast {
            relaying: if relay { Relaying::On } else { Relaying::Off },
            originator,
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Stamped<Text>, Perfect>> {
        Eager::new(self.originator, self.relaying).over(Basic::new())
    }
}
