//! `RumorMongering` and `AntiEntropy`: the epidemics that go by rounds.

use protocols::gossip::{
    AntiEntropy as Comparer, Comparing, Contact, Decisions, Difference, Exchange, Gossip, Interest,
    Judging, Mongering, Rounds, RumorMongering as Monger,
};
use protocols::multicast::{Multicast, Probabilistic};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{FairLoss, Link};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;
use sim_core::kernel::time::Span;

use crate::format::{About, Choice, Fields, Mark, Messages, Need};
use crate::recipe::Recipe;

/// How long a round takes, unless a scenario says otherwise.
const PERIOD: Span = Span::from_millis(100);

/// What both go by: the length of a round, and on what decisions in it rest.
#[derive(Clone, Copy, Debug)]
struct Beat {
    period: Span,
    decisions: Decisions,
}

impl Beat {
    fn read(args: &mut Fields<'_>) -> Beat {
        let doc = "how long a round takes: it begins at every multiple of the monotonic clock, and delays are to be below a third of it";
        let period = args.time_above_zero("period", Some(PERIOD), doc);
        let all = [
            choice("Snapshot", Decisions::Snapshot),
            choice("Immediate", Decisions::Immediate),
            choice("Asynchronous", Decisions::Asynchronous),
        ];
        let doc = "what is known: when the round began, or at the moment of a contact (which then is a random one); Asynchronous: the same, without common rounds, each node making a contact once a period on average";
        let decisions = args.choice("decisions", &all, Some(Decisions::Snapshot), doc);
        Beat { period, decisions }
    }

    fn rounds(self) -> Rounds {
        Rounds::every(self.period, self.decisions)
    }
}

const fn choice<T>(name: &'static str, value: T) -> Choice<T> {
    Choice { name, value }
}

fn contact(args: &mut Fields<'_>) -> Contact {
    let all = [
        choice("Push", Contact::Push),
        choice("Pull", Contact::Pull),
        choice("PushPull", Contact::PushPull),
    ];
    let doc = "who tells whom: whoever makes the contact, whoever is asked, or both";
    args.choice("contact", &all, Some(Contact::Push), doc)
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct RumorMongering {
    mongering: Mongering,
    beat: Beat,
}

impl Recipe for RumorMongering {
    const ABOUT: About = About {
        name: "RumorMongering",
        what: "tell a rumour until too many knew it",
        needs: Need::FairLoss,
        messages: Messages::About("n m of the rumour, where e^(-m) of all are left out"),
        source: "Demers et al. 1987",
        layers: &["RumorMongering"],
    };
    const MARKS: &'static [Mark] = &[];
    type Port = Multicast<Text, Probabilistic>;
    type Message = Gossip<Text>;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let contact = contact(args);
        let judgings = [
            choice("Feedback", Judging::Feedback),
            choice("Blind", Judging::Blind),
        ];
        let doc = "what counts against a rumour: that the other knew it, or every contact";
        let judging = args.choice("judging", &judgings, Some(Judging::Feedback), doc);
        let interests = [
            choice("Coin", Interest::Coin),
            choice("Accumulate", Interest::Accumulate),
            choice("Reset", Interest::Reset),
        ];
        let doc = "it is dropped with probability 1/k each time, at k in all, or at k in a row";
        let interest = args.choice("interest", &interests, Some(Interest::Reset), doc);
        let doc = "how much has to count against a rumour";
        let k = args.integer("k", 1..=1_000_000, Some(2), doc);
        RumorMongering {
            mongering: Mongering {
                contact,
                judging,
                interest,
                k: u32::try_from(k).expect("read in a range that fits"),
            },
            beat: Beat::read(args),
        }
    }

    fn period(&self) -> Option<Span> {
        Some(self.beat.period)
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Gossip<Text>, FairLoss>> {
        Monger::new(self.mongering, self.beat.rounds())
    }
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct AntiEntropy {
    comparing: Comparing,
    beat: Beat,
}

impl Recipe for AntiEntropy {
    const ABOUT: About = About {
        name: "AntiEntropy",
        what: "compare all that is known with a random other, every round",
        needs: Need::FairLoss,
        messages: Messages::About(
            "n-1 of an update if it pulls with digests, which go on for ever",
        ),
        source: "Demers et al. 1987",
        layers: &["AntiEntropy"],
    };
    const MARKS: &'static [Mark] = &[];
    type Port = Multicast<Text, Probabilistic>;
    type Message = Difference<Text>;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let contact = contact(args);
        let exchanges = [
            choice("Digest", Exchange::Digest),
            choice("State", Exchange::State),
        ];
        let doc = "what is sent: names, and then what is missing; or all that is known";
        let exchange = args.choice("exchange", &exchanges, Some(Exchange::Digest), doc);
        let doc = "a node that has heard nothing new for so many rounds makes no more contacts; it always does if this is left out";
        let patience = args.optional_integer("patience", 1..=1_000_000, doc);
        AntiEntropy {
            comparing: Comparing {
                contact,
                exchange,
                patience: patience.and_then(|rounds| u32::try_from(rounds).ok()),
            },
            beat: Beat::read(args),
        }
    }

    fn period(&self) -> Option<Span> {
        Some(self.beat.period)
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Difference<Text>, FairLoss>> {
        Comparer::new(self.comparing, self.beat.rounds())
    }
}
