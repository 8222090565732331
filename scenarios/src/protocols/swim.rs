//! `Swim`: group membership by probes, and by gossip about what they found.

use protocols::detector::{Detector, EventuallyAccurate};
use protocols::gossip::swim::{Message, Order, Refuting, Settings, Swim as Layer};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{FairLoss, Link};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::time::Span;

use crate::format::{About, Choice, Fields, Mark, Messages, Need};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Swim {
    settings: Settings,
}

impl Recipe for Swim {
    const ABOUT: About = About {
        name: "Swim",
        what: "probe a member a period, gossip about what was found",
        needs: Need::FairLoss,
        messages: Messages::About("2*n a period"),
        source: "Das et al. 2002",
        layers: &["Swim"],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "probe_failed",
            what: "a member answered neither a probe nor the proxies within the period",
        },
        Mark {
            name: "member_suspected",
            what: "a node learned that a member is suspected",
        },
        Mark {
            name: "suspicion_refuted",
            what: "a member heard that it is suspected or confirmed, and contradicted",
        },
        Mark {
            name: "swim_message_dropped",
            what: "an answer was late, or a message made no sense",
        },
    ];
    type Port = Detector<EventuallyAccurate>;
    type Message = Message;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let ms = |ms| Some(Span::from_millis(ms));
        let orders = [
            Choice {
                name: "Random",
                value: Order::Random,
            },
            Choice {
                name: "RoundRobin",
                value: Order::RoundRobin,
            },
        ];
        let period = args.time_above_zero("period", ms(1_000), "how often a node probes another");
        let doc = "how long it waits for an answer before it asks proxies";
        let timeout = args.time_above_zero("timeout", ms(300), doc);
        let proxies = number(args, "proxies", 3, "how many proxies it asks");
        let doc = "whom it probes: a random member, or down a shuffled list";
        let order = args.choice("probe", &orders, Some(Order::RoundRobin), doc);
        let doc = "how long a suspect has to contradict; 0s: who does not answer has failed";
        let suspicion = args.time("suspicion", ms(5_000), doc);
        let refute = args.flag("refute", true, "who is wronged contradicts");
        let doc = "an update is told so many times the logarithm of the number of nodes";
        let lambda = number(args, "lambda", 3, doc);
        let carried = number(
            args,
            "carried",
            8,
            "how many updates ride along on a message",
        );
        let doc = "how often a member that failed is asked whether it is back; 0s: never";
        let reconnect = args.time("reconnect", ms(10_000), doc);
        Swim {
            settings: Settings {
                period,
                timeout,
                proxies,
                order,
                suspicion,
                refuting: if refute { Refuting::On } else { Refuting::Off },
                lambda,
                carried,
                reconnect,
            },
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Message, FairLoss>> {
        Layer::new(self.settings)
    }
}

fn number(args: &mut Fields<'_>, name: &'static str, default: u64, doc: &'static str) -> u32 {
    let value = args.integer(name, 0..=1_000, Some(default), doc);
    u32::try_from(value).unwrap_or(u32::MAX)
}
