//! `EagerProbabilistic`, `LazyProbabilistic` and `LazyPush`: gossip without rounds.

use protocols::gossip::{
    Asking, EagerProbabilistic as EagerLayer, Forwarded, LazyMessage,
    LazyProbabilistic as LazyLayer, LazyPush as LazyPushLayer, LazyPushMessage,
};
use protocols::multicast::{Multicast, Probabilistic};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{FairLoss, Link};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::random::Probability;
use sim_core::kernel::text::Text;
use sim_core::kernel::time::Span;

use crate::format::{About, Fields, Mark, Messages, Need};
use crate::recipe::Recipe;

const OVERBURDENED: Mark = Mark {
    name: "gossip_overburdened",
    what: "more waited than a node keeps, and something was dropped",
};

/// A small whole number.
fn count(args: &mut Fields<'_>, name: &'static str, default: u64, doc: &'static str) -> u32 {
    let value = args.integer(name, 1..=1_000_000, Some(default), doc);
    u32::try_from(value).expect("read in a range that fits")
}

fn fanout(args: &mut Fields<'_>) -> u32 {
    count(args, "fanout", 3, "how many others each node tells")
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct EagerProbabilistic {
    fanout: u32,
    rounds: u32,
}

impl Recipe for EagerProbabilistic {
    const ABOUT: About = About {
        name: "EagerProbabilistic",
        what: "forward every copy, new or not, for a few rounds",
        needs: Need::FairLoss,
        messages: Messages::About("k + k^2 + ... + k^R, fanout k and rounds R"),
        source: "CGR 3.9",
        layers: &["EagerProbabilistic"],
    };
    const MARKS: &'static [Mark] = &[];
    type Port = Multicast<Text, Probabilistic>;
    type Message = Forwarded<Text>;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let fanout = fanout(args);
        // A message more a round: what is asked for must end.
        let doc = "for how many rounds a copy travels";
        let rounds = args.integer("rounds", 1..=20, Some(3), doc);
        EagerProbabilistic {
            fanout,
            rounds: u32::try_from(rounds).expect("read in a range that fits"),
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Forwarded<Text>, FairLoss>> {
        EagerLayer::new(self.fanout, self.rounds)
    }
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct LazyProbabilistic {
    asking: Asking,
}

impl Recipe for LazyProbabilistic {
    const ABOUT: About = About {
        name: "LazyProbabilistic",
        what: "send to everybody, and ask around for what is missing",
        needs: Need::FairLoss,
        messages: Messages::About("n-1, and requests for what is lost"),
        source: "CGR 3.10, 3.11",
        layers: &["LazyProbabilistic"],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "gossip_gave_up",
            what: "a message that was missing did not come in time, and is not waited for",
        },
        OVERBURDENED,
    ];
    type Port = Multicast<Text, Probabilistic>;
    type Message = LazyMessage<Text>;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let fanout = fanout(args);
        let doc = "for how many rounds a request is passed on";
        let rounds = args.integer("rounds", 1..=20, Some(2), doc);
        let half = Probability::ratio(1, 2).expect("a probability");
        let doc =
            "the probability with which a node keeps a message for others; 1 - alpha of the book";
        let store = args.probability("store", Some(half), doc);
        let doc = "how long a missing message is waited for";
        let timeout = args.time_above_zero("timeout", Some(Span::from_millis(200)), doc);
        LazyProbabilistic {
            asking: Asking {
                fanout,
                rounds: u32::try_from(rounds).expect("read in a range that fits"),
                store,
                timeout,
            },
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<LazyMessage<Text>, FairLoss>> {
        LazyLayer::new(self.asking)
    }
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct LazyPush {
    fanout: u32,
    timeout: Span,
}

impl Recipe for LazyPush {
    const ABOUT: About = About {
        name: "LazyPush",
        what: "offer the name of what is new, and give it to who asks",
        needs: Need::FairLoss,
        messages: Messages::About("n-1 of the update, fanout names a node, n-1 requests"),
        source: "Leitao et al. 2007",
        layers: &["LazyPush"],
    };
    const MARKS: &'static [Mark] = &[OVERBURDENED];
    type Port = Multicast<Text, Probabilistic>;
    type Message = LazyPushMessage<Text>;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let fanout = fanout(args);
        let doc = "how long an answer is waited for before another is asked";
        let timeout = args.time_above_zero("timeout", Some(Span::from_millis(200)), doc);
        LazyPush { fanout, timeout }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<LazyPushMessage<Text>, FairLoss>> {
        LazyPushLayer::new(self.fanout, self.timeout)
    }
}
