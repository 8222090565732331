//! Push gossip: whoever hears a rumour for the first time tells it to `fanout` others, picked at random.

use std::collections::BTreeSet;
use std::fmt;

use protocols::multicast::{BestEffort, Cast, Deliver, Multicast};
use scenarios::format::{About, Fields, Mark, Messages, Need};
use scenarios::recipe::Recipe;
use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;
use sim_core::kernel::text::Text;

/// One process: what it has heard, and how many it tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Gossip {
    fanout: u32,
    heard: BTreeSet<Rumour>,
}

/// What the processes send each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rumour {
    origin: NodeId,
    text: Text,
}

/// How a trace prints it.
impl fmt::Display for Rumour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rumour {}", self.text)
    }
}

impl Protocol for Gossip {
    type Offers = Multicast<Text, BestEffort>;
    type Needs = Net<Rumour>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        let rumour = match event {
            Event::Boot(_) => return,
            Event::Request(Cast(text)) => Rumour {
                origin: fx.me(),
                text,
            },
            Event::Indication(Arrival { msg, .. }) => msg,
            Event::Timer(never) => match never {},
        };
        if self.heard.insert(rumour.clone()) {
            for _ in 0..self.fanout {
                let (me, others) = (fx.me().0, fx.nodes() - 1);
                let to = (me + 1 + fx.pick("whom", others)) % (others + 1);
                fx.send(NodeId(to), rumour.clone());
            }
            fx.indicate(Deliver {
                origin: rumour.origin,
                payload: rumour.text,
            });
        }
    }
}

/// What a scenario can say about it: `PushRumour(fanout: 3)`.
#[derive(Clone, Debug)]
pub struct PushRumour {
    fanout: u32,
}

impl Recipe for PushRumour {
    const ABOUT: About = About {
        name: "PushRumour",
        what: "tell a rumour to a few others, once",
        needs: Need::FairLoss,
        messages: Messages::About("fanout*n"),
        source: "Demers et al. 1987",
        layers: &["Gossip"],
    };
    const MARKS: &'static [Mark] = &[];
    type Port = Multicast<Text, BestEffort>;
    type Message = Rumour;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let fanout = args.integer(
            "fanout",
            1..=1000,
            Some(3),
            "how many others each node tells",
        );
        PushRumour {
            fanout: u32::try_from(fanout).unwrap_or(u32::MAX),
        }
    }

    fn layers(self, _: NodeId) -> impl Protocol<Offers = Self::Port, Needs = Net<Rumour>> {
        Gossip {
            fanout: self.fanout,
            heard: BTreeSet::new(),
        }
    }
}
