//! `UniformMajorityAck` and `UniformAllAck`: deliver what has been relayed by enough.

use protocols::detector::{ExcludeOnTimeout, Heartbeat};
use protocols::multicast::{AllAck, Basic, MajorityAck, Multicast, Stamped, Uniform};
use sim_core::kernel::either::Either;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;
use sim_core::kernel::time::Span;

use super::crash_detection::{PROCESS_DETECTED, detect_every};
use super::over::majority;
use crate::format::{About, Cost, Fields, Mark, Messages, Need, Resilience};
use crate::recipe::Recipe;

/// It has no parameters.
#[derive(Clone, Copy, Debug)]
pub struct UniformMajorityAck;

impl Recipe for UniformMajorityAck {
    const ABOUT: About = About {
        name: "UniformMajorityAck",
        what: "relay every first copy, deliver what a majority relayed",
        needs: Need::Reliable,
        messages: Messages::Exactly(&[Cost {
            form: "",
            net: "n*(n-1)",
            with_self: "n*n",
            steps: "2",
            kinds: &[],
        }]),
        source: "CGR 3.5",
        layers: &["MajorityAck", "Basic"],
    };
    const MARKS: &'static [Mark] = &[];
    type Port = Multicast<Text, Uniform>;
    type Message = Stamped<Text>;
    type Links = Perfect;

    fn read(_: &mut Fields<'_>) -> Self {
        UniformMajorityAck
    }

    fn bears(&self, nodes: u32) -> Option<Resilience> {
        Some(majority(nodes))
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Stamped<Text>, Perfect>> {
        MajorityAck::new().over(Basic::new())
    }
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct UniformAllAck {
    detect_every: Span,
}

impl Recipe for UniformAllAck {
    const ABOUT: About = About {
        name: "UniformAllAck",
        what: "relay every first copy, deliver what all who live relayed",
        needs: Need::Reliable,
        messages: Messages::Exactly(&[Cost {
            form: "",
            net: "n*(n-1)",
            with_self: "n*n",
            steps: "2",
            kinds: &["Data"],
        }]),
        source: "CGR 3.4",
        layers: &["AllAck", "Basic", "ExcludeOnTimeout"],
    };
    const MARKS: &'static [Mark] = &[PROCESS_DETECTED];
    type Port = Multicast<Text, Uniform>;
    type Message = Either<Stamped<Text>, Heartbeat>;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        UniformAllAck {
            detect_every: detect_every(args),
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Either<Stamped<Text>, Heartbeat>, Perfect>>
    {
        let detector = ExcludeOnTimeout::every(self.detect_every);
        AllAck::new().over(Basic::new().beside(detector))
    }
}
