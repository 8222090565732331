//! `SequencerMulticast`: one order for all, told by one process.

use protocols::link::Itself;
use protocols::multicast::{AnyCopy, BestEffort, Chosen, Multicast, MulticastChoice, TotalOrder};
use protocols::order::{FixedSequencer, Form, Numbering, Request};
use sim_core::kernel::either::Either;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use super::over::{CHOSEN, MULTICAST_MISPLACED, RELAY_SAVED_A_NODE, bears, over};

use crate::format::{About, Choice, Cost, Fields, Mark, Messages, Need, Resilience};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct SequencerMulticast {
    form: Form,
    sequencer: NodeId,
    over: MulticastChoice,
}

impl Recipe for SequencerMulticast {
    const ABOUT: About = About {
        name: "SequencerMulticast",
        what: "a fixed sequencer numbers the messages",
        needs: Need::Reliable,
        // For a caster that is not the sequencer.
        messages: Messages::Exactly(&[
            Cost {
                form: "",
                net: "n",
                with_self: "n+1",
                steps: "2",
                kinds: &[],
            },
            Cost {
                form: "form: BB",
                net: "2*(n-1)",
                with_self: "2*n",
                steps: "2",
                kinds: &[],
            },
            Cost {
                form: "form: UUB",
                net: "n+1",
                with_self: "n+2",
                steps: "3",
                kinds: &[],
            },
        ]),
        source: "Défago, Schiper, Urbán 2004",
        layers: &["FixedSequencer", "Itself beside", CHOSEN],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "sequencer_waited",
            what: "a message has its number, but an earlier one is missing",
        },
        Mark {
            name: "sequencer_refused",
            what: "a request or a number made no sense to who received it",
        },
        MULTICAST_MISPLACED,
        RELAY_SAVED_A_NODE,
    ];
    type Port = Multicast<Text, TotalOrder>;
    type Message = Either<Request<Text>, AnyCopy<Numbering<Text>>>;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        let forms = [
            Choice {
                name: "UB",
                value: Form::Ub,
            },
            Choice {
                name: "BB",
                value: Form::Bb,
            },
            Choice {
                name: "UUB",
                value: Form::Uub,
            },
        ];
        let doc = "send to the sequencer, which casts (UB); cast, and the sequencer casts the number (BB); ask for a \
                   number, then cast (UUB)";
        let form = args.choice("form", &forms, Some(Form::Ub), doc);
        let sequencer = NodeId(args.one_node("sequencer", Some(0), "who numbers the messages"));
        let over = over(args, MulticastChoice::BestEffort);
        SequencerMulticast {
            form,
            sequencer,
            over,
        }
    }

    fn bears(&self, nodes: u32) -> Option<Resilience> {
        bears(self.over, nodes)
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Self::Message, Perfect>> {
        let chosen = Chosen::new(self.over);
        FixedSequencer::<_, BestEffort>::new(self.form, self.sequencer)
            .over(Itself::new().beside(chosen))
    }
}
