//! The multicast that another layer stands on, as a parameter: `over: Eager`.

use protocols::multicast::MulticastChoice;

use crate::format::{Choice, Cost, Fields, Mark, Resilience};

/// Reads it.
pub fn over(args: &mut Fields<'_>, default: MulticastChoice) -> MulticastChoice {
    let choices = [
        Choice {
            name: "BestEffort",
            value: MulticastChoice::BestEffort,
        },
        Choice {
            name: "Eager",
            value: MulticastChoice::Eager,
        },
        Choice {
            name: "MajorityAck",
            value: MulticastChoice::MajorityAck,
        },
    ];
    args.choice("over", &choices, Some(default), "the multicast below")
}

/// How many faulty processes it bears: the only one that needs a majority says so.
pub fn bears(over: MulticastChoice, nodes: u32) -> Option<Resilience> {
    (over == MulticastChoice::MajorityAck).then(|| majority(nodes))
}

/// What a majority of the processes has to be there for.
pub const fn majority(nodes: u32) -> Resilience {
    Resilience {
        faulty: nodes.saturating_sub(1) / 2,
        rule: "n > 2f",
    }
}

/// The layers of which one is chosen, for people.
pub const CHOSEN: &str = "Basic | Eager | MajorityAck";

/// What an order that sends nothing of its own costs: what the multicast below does.
pub const COSTS: &[Cost] = &[
    Cost {
        form: "",
        net: "n*(n-1)",
        with_self: "n*n",
        steps: "1",
        kinds: &[],
    },
    Cost {
        form: "over: BestEffort",
        net: "n-1",
        with_self: "n",
        steps: "1",
        kinds: &[],
    },
    Cost {
        form: "over: MajorityAck",
        net: "n*(n-1)",
        with_self: "n*n",
        steps: "2",
        kinds: &[],
    },
];

/// A mark of the multicast below.
pub const RELAY_SAVED_A_NODE: Mark = Mark {
    name: "relay_saved_a_node",
    what: "the first copy of a message came from a relay, not from its caster",
};

/// A mark of the layer that chooses.
pub const MULTICAST_MISPLACED: Mark = Mark {
    name: "multicast_misplaced",
    what: "a message of another kind of multicast arrived",
};
