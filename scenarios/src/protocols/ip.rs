//! `IpMulticast`: one frame to the group, and repairs.

use protocols::multicast::ip::{Frame, IpMulticast as Layer, Repair, Repairers, Terms};
use protocols::multicast::{BestEffort, Multicast};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{FairLoss, Link};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;
use sim_core::kernel::time::Span;

use crate::format::{About, Choice, Code, Cost, Fields, Mark, Messages, Need, Problem};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct IpMulticast {
    terms: Terms,
}

/// Who finds out that a message was lost.
#[derive(Clone, Copy, PartialEq)]
enum Found {
    ByReceivers,
    ByCaster,
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
        let repairs = [
            Choice {
                name: "Nacks",
                value: Found::ByReceivers,
            },
            Choice {
                name: "Acks",
                value: Found::ByCaster,
            },
        ];
        let doc = "receivers ask for what they lack, or acknowledge what they have";
        let found = args.choice("repair", &repairs, Some(Found::ByReceivers), doc);
        let all = [
            Choice {
                name: "Caster",
                value: Repairers::Caster,
            },
            Choice {
                name: "Everybody",
                value: Repairers::Everybody,
            },
        ];
        let doc = "who sends what receivers ask for: the caster, or everybody who holds it";
        let repairers = args.choice("repairers", &all, Some(Repairers::Caster), doc);
        let repair = match found {
            Found::ByReceivers => Repair::Nacks(repairers),
            Found::ByCaster => Repair::Acks,
        };
        if !args.describing() && repair == Repair::Acks && repairers == Repairers::Everybody {
            let place = args.place_of("repairers");
            let problem =
                Problem::error(Code::S105, place, "receivers that acknowledge do not ask");
            args.report(problem.label("only the caster repairs with `repair: Acks`"));
        }
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
