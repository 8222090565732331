//! `ClockedMulticast`: a multicast whose casts and deliveries bear the stamps of a clock.

use protocols::clock::property::{askable, checker};
use protocols::clock::{AnyClock, AnyTime, ClockKind, Clocked, Stamping, Timed};
use protocols::multicast::{Basic, BestEffort, Cast, Multicast};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::property::{About as PropertyAbout, Property};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use crate::format::{About, Choice, Cost, Fields, Mark, Messages, Need};
use crate::recipe::{Family, Recipe};

type Unclocked = Multicast<Text, BestEffort>;

impl Family for Clocked<Text, AnyTime, BestEffort> {
    const OPERATIONS: &'static [&'static str] = Unclocked::OPERATIONS;

    fn read(operation: &mut Fields<'_>) -> Option<Cast<Text>> {
        Unclocked::read(operation)
    }

    fn again(request: &Cast<Text>, n: u64) -> Cast<Text> {
        Unclocked::again(request, n)
    }

    fn properties() -> Vec<PropertyAbout> {
        askable::<BestEffort>().collect()
    }

    fn checker(name: &str, overlay: &Overlay) -> Option<Box<dyn Property<Self>>> {
        checker(name, overlay.nodes())
    }
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct ClockedMulticast {
    clock: ClockKind,
}

impl Recipe for ClockedMulticast {
    const ABOUT: About = About {
        name: "ClockedMulticast",
        what: "send to everybody, once, with the stamp of a clock",
        needs: Need::Reliable,
        messages: Messages::Exactly(&[Cost {
            form: "",
            net: "n-1",
            with_self: "n",
            steps: "1",
            kinds: &[],
        }]),
        source: "Lamport 1978; Fidge 1988, Mattern 1989; Kulkarni et al. 2014",
        layers: &["Stamping", "Basic"],
    };
    const MARKS: &'static [Mark] = &[Mark {
        name: "stamp_refused",
        what: "a message bore a stamp that no clock of this kind makes",
    }];
    type Port = Clocked<Text, AnyTime, BestEffort>;
    type Message = Timed<Text, AnyTime>;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        let kind = |name, value| Choice { name, value };
        let clocks = [
            kind("Lamport", ClockKind::Lamport),
            kind("Vector", ClockKind::Vector),
            kind("Matrix", ClockKind::Matrix),
            kind("Hybrid", ClockKind::Hybrid),
            kind("Wall", ClockKind::Wall),
        ];
        let doc = "what stamps events: Lamport's clock, a vector or a matrix clock, a hybrid logical clock, or the wall clock";
        ClockedMulticast {
            clock: args.choice("clock", &clocks, Some(ClockKind::Vector), doc),
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Self::Message, Perfect>> {
        Stamping::new(AnyClock::new(self.clock)).over(Basic::new())
    }
}
