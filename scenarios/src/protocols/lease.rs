//! `LeaseManager`: at most one holder at a time, for a limited time.

use protocols::lease::property::{ASKABLE, checker};
use protocols::lease::{Demand, Lease, LeaseManager as Layer, Message, Terms};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{Link, Perfect};
use sim_core::kernel::property::{About as PropertyAbout, Property};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::time::Span;

use crate::format::{About, Fields, Mark, Messages, Need};
use crate::recipe::{Family, Recipe};

impl Family for Lease {
    const OPERATIONS: &'static [&'static str] = &["Acquire", "Release"];

    fn read(operation: &mut Fields<'_>) -> Option<Demand> {
        match operation.name() {
            "Acquire" => Some(Demand::Acquire),
            "Release" => Some(Demand::Release),
            _ => None,
        }
    }

    fn again(demand: &Demand, _: u64) -> Demand {
        *demand
    }

    fn properties() -> Vec<PropertyAbout> {
        ASKABLE.to_vec()
    }

    fn checker(name: &str, _: &Overlay) -> Option<Box<dyn Property<Self>>> {
        checker(name)
    }
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct LeaseManager {
    terms: Terms,
}

impl Recipe for LeaseManager {
    const ABOUT: About = About {
        name: "LeaseManager",
        what: "one holder at a time, until its lease ends",
        needs: Need::Reliable,
        messages: Messages::About("2 a lease, 4 after waiting"),
        source: "Gray, Cheriton 1989",
        layers: &["LeaseManager"],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "lease_ran_out",
            what: "the manager took a lease for ended, and nobody had told it so",
        },
        Mark {
            name: "grant_came_too_late",
            what: "a lease was over before its grant arrived",
        },
        Mark {
            name: "lease_queue_full",
            what: "too many waited, so the manager sent one away",
        },
        Mark {
            name: "manager_waits",
            what: "the manager recovered, and waits a term before it grants anything",
        },
        Mark {
            name: "lease_message_refused",
            what: "a message made no sense to who received it",
        },
    ];
    type Port = Lease;
    type Message = Message;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        let manager = NodeId(args.one_node("manager", Some(0), "who grants the lease"));
        let term = args.time_above_zero(
            "term",
            Some(Span::from_secs(1)),
            "how long it is granted for, on the manager's clock",
        );
        let margin = args.time(
            "margin",
            Some(Span::from_millis(10)),
            "how long before its end a holder gives it up, on its own clock",
        );
        if !args.describing() && margin >= term {
            let place = args.place_of("margin");
            let problem = crate::format::Problem::error(
                crate::format::Code::S105,
                place,
                "a holder would give the lease up before it has it",
            );
            args.report(problem.label(format!("as long as the term, {term}, or longer")));
        }
        let queue = args.integer("queue", 1..=1_000_000, Some(64), "how many may wait");
        LeaseManager {
            terms: Terms {
                manager,
                term,
                margin,
                queue_max: u32::try_from(queue).unwrap_or(u32::MAX),
            },
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Message, Perfect>> {
        Layer::new(self.terms)
    }
}
