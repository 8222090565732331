//! Links as protocols of their own: the workload sends messages, and the promises of the link are judged.
//!
//! What a link is made of is the scenario's choice, as for any protocol: `links: Weaker(..)` shows a promise broken.

use protocols::link::Itself;
use protocols::link::property::{Promises, askable, checker};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{
    Authentic, FairLoss, Fifo, Group, Link, Logged, Perfect, Stubborn, Transmit,
};
use sim_core::kernel::property::{About as PropertyAbout, Property};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use crate::format::{About, Fields, Mark, Messages, Need};
use crate::recipe::{Family, Recipe};

impl<Q: Promises> Family for Link<Text, Q> {
    const OPERATIONS: &'static [&'static str] = &["Send", "SendToAll"];

    fn read(operation: &mut Fields<'_>) -> Option<Transmit<Text>> {
        operation.positional();
        let to = match operation.name() {
            "Send" => Group::One(NodeId(operation.one_node("to", None, "the receiver"))),
            "SendToAll" => Group::All,
            _ => return None,
        };
        let msg = operation.text("message", None, "what it is to receive");
        Some(Transmit {
            to,
            msg: Text::from(msg.as_str()),
        })
    }

    fn again(Transmit { to, msg }: &Transmit<Text>, n: u64) -> Transmit<Text> {
        let msg = Text::from(format!("{} {}", msg.as_str(), n + 1).as_str());
        Transmit { to: *to, msg }
    }

    fn properties() -> Vec<PropertyAbout> {
        askable::<Q>().collect()
    }

    fn checker(name: &str, overlay: &Overlay) -> Option<Box<dyn Property<Self>>> {
        checker(name, overlay)
    }
}

/// Declares a link as a protocol. It has no parameters.
macro_rules! link {
    ($name:ident, $guarantee:ident, $need:ident, $what:literal, $messages:literal, $source:literal) => {
        #[doc = $what]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Recipe for $name {
            const ABOUT: About = About {
                name: stringify!($name),
                what: $what,
                needs: Need::$need,
                messages: Messages::About($messages),
                source: $source,
                layers: &[],
            };
            const MARKS: &'static [Mark] = &[];
            type Port = Link<Text, $guarantee>;
            type Message = Text;
            type Links = $guarantee;

            fn read(_: &mut Fields<'_>) -> Self {
                $name
            }

            fn layers(
                self,
                _: NodeId,
            ) -> impl Protocol<Offers = Self::Port, Needs = Link<Text, $guarantee>> {
                Itself::new()
            }
        }
    };
}

link!(
    FairLossLink,
    FairLoss,
    FairLoss,
    "the network itself",
    "1",
    "CGR 2.1 (module)"
);
link!(
    StubbornLink,
    Stubborn,
    Stubborn,
    "deliver again and again",
    "1 a period",
    "CGR 2.2 (module)"
);
link!(
    PerfectLink,
    Perfect,
    Reliable,
    "deliver once, whatever is lost",
    "1 + 1 ack",
    "CGR 2.3 (module)"
);
link!(
    LoggedLink,
    Logged,
    Logged,
    "deliver once, whoever recovers",
    "1 + 1 ack",
    "CGR 2.4 (module)"
);
link!(
    FifoLink,
    Fifo,
    Fifo,
    "deliver once, in order",
    "1 + 1 ack",
    "CGR 2.11 (algorithm)"
);
link!(
    AuthenticatedLink,
    Authentic,
    Authenticated,
    "deliver once, from who it says",
    "1 + 1 ack",
    "CGR 2.5 (module)"
);
