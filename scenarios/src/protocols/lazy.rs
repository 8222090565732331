//! `LazyMulticast`: relay the messages of those who have crashed.

use protocols::detector::{ExcludeOnTimeout, Heartbeat};
use protocols::multicast::{Basic, Lazy, Multicast, Reliable, Stamped};
use sim_core::kernel::either::Either;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;
use sim_core::kernel::time::Span;

use super::crash_detection::{PROCESS_DETECTED, detect_every};
use crate::format::{About, Cost, Fields, Mark, Messages, Need};
use crate::recipe::Recipe;

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct LazyMulticast {
    detect_every: Span,
}

impl Recipe for LazyMulticast {
    const ABOUT: About = About {
        name: "LazyMulticast",
        what: "relay the messages of those who have crashed",
        needs: Need::Reliable,
        messages: Messages::Exactly(&[Cost {
            form: "",
            net: "n-1",
            with_self: "n",
            steps: "1",
            kinds: &["Data"],
        }]),
        source: "CGR 3.2",
        layers: &["Lazy", "Basic", "ExcludeOnTimeout"],
    };
    const MARKS: &'static [Mark] = &[
        PROCESS_DETECTED,
        Mark {
            name: "relay_saved_a_node",
            what: "the first copy of a message came from a relay, not from its caster",
        },
    ];
    type Port = Multicast<Text, Reliable>;
    type Message = Either<Stamped<Text>, Heartbeat>;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        LazyMulticast {
            detect_every: detect_every(args),
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Either<Stamped<Text>, Heartbeat>, Perfect>>
    {
        let detector = ExcludeOnTimeout::every(self.detect_every);
        Lazy::new().over(Basic::new().beside(detector))
    }
}
