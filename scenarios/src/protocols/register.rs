//! `LastWriterWins`: a replicated register in which the newest write wins.

use protocols::register::property::{ASKABLE, checker};
use protocols::register::{LastWriterWins as Layer, Operation, Register, Stamping, Update};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{FairLoss, Link};
use sim_core::kernel::property::{About as PropertyAbout, Property};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use crate::format::{About, Choice, Fields, Mark, Messages, Need};
use crate::recipe::{Family, Recipe};

impl Family for Register<Text> {
    const OPERATIONS: &'static [&'static str] = &["Write", "Read"];

    fn read(operation: &mut Fields<'_>) -> Option<Operation<Text>> {
        match operation.name() {
            "Write" => {
                operation.positional();
                let value = operation.text("value", None, "what to store");
                Some(Operation::Write(Text::from(value.as_str())))
            }
            "Read" => Some(Operation::Read),
            _ => None,
        }
    }

    fn again(operation: &Operation<Text>, n: u64) -> Operation<Text> {
        match operation {
            Operation::Write(value) => {
                let value = format!("{} {}", value.as_str(), n + 1);
                Operation::Write(Text::from(value.as_str()))
            }
            Operation::Read => Operation::Read,
        }
    }

    fn properties() -> Vec<PropertyAbout> {
        ASKABLE.to_vec()
    }

    fn checker(name: &str, overlay: &Overlay) -> Option<Box<dyn Property<Self>>> {
        checker(name, overlay.nodes())
    }
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct LastWriterWins {
    stamps: Stamping,
}

impl Recipe for LastWriterWins {
    const ABOUT: About = About {
        name: "LastWriterWins",
        what: "a replicated register, the newest write wins",
        needs: Need::FairLoss,
        messages: Messages::About("n-1 a write"),
        source: "RFC 677; Kulkarni et al. 2014",
        layers: &["LastWriterWins"],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "write_took_no_effect",
            what: "a node's own write was older than what it held",
        },
        Mark {
            name: "older_update_dropped",
            what: "an update was older than what the node held",
        },
        Mark {
            name: "siblings_kept",
            what: "a node holds the values of concurrent writes side by side",
        },
        Mark {
            name: "stamp_refused",
            what: "an update bore a stamp that no replica of its kind makes",
        },
    ];
    type Port = Register<Text>;
    type Message = Update<Text>;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let stampings = [
            Choice {
                name: "Wall",
                value: Stamping::Wall,
            },
            Choice {
                name: "Hybrid",
                value: Stamping::Hybrid,
            },
            Choice {
                name: "Versions",
                value: Stamping::Versions,
            },
        ];
        let doc = "what tells which write is newer: wall clocks, hybrid logical clocks, or version vectors";
        LastWriterWins {
            stamps: args.choice("stamps", &stampings, Some(Stamping::Wall), doc),
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Update<Text>, FairLoss>> {
        Layer::new(self.stamps)
    }
}
