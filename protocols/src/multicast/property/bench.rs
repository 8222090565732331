//! A bench for checkers: facts by hand, and what they say.

use alloc::string::String;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property};
use sim_core::kernel::time::{SimTime, Span};

use crate::multicast::port::{Cast, Deliver, Multicast, Reliable};

type Port = Multicast<u32, Reliable>;

/// A checker on the bench. Payloads are numbers.
pub(super) struct Bench<T> {
    pub(super) checker: T,
    /// When the next facts happen.
    pub(super) at: SimTime,
    event: u64,
}

impl<T: Property<Port>> Bench<T> {
    pub(super) fn new(checker: T) -> Self {
        let at = SimTime::ZERO;
        Bench {
            checker,
            at,
            event: 0,
        }
    }

    /// Shows it a fact; what it objects to.
    pub(super) fn fact(&mut self, fact: &Fact<'_, Port>) -> Result<(), String> {
        self.event += 1;
        let moment = Moment {
            at: self.at,
            event: self.event,
        };
        let seen = self.checker.see(moment, fact);
        seen.map_err(|violation| violation.what)
    }

    /// What it says of a run that ends here.
    pub(super) fn finish(&mut self) -> Finding {
        self.checker.finish(&End {
            at: self.at,
            complete: true,
            quiet_since: Some(self.at),
            within: Span::from_secs(1),
            last_repair: SimTime::ZERO,
        })
    }

    pub(super) fn cast(&mut self, node: u32, payload: u32) {
        let fact = Fact::Requested(NodeId(node), &Cast(payload));
        assert_eq!(self.fact(&fact), Ok(()));
    }

    pub(super) fn deliver(&mut self, node: u32, origin: u32, payload: u32) -> Result<(), String> {
        let origin = NodeId(origin);
        self.fact(&Fact::Indicated(NodeId(node), &Deliver { origin, payload }))
    }

    /// All of them are delivered by `node`, without objection.
    pub(super) fn delivers(&mut self, node: u32, messages: &[(u32, u32)]) {
        for (origin, payload) in messages {
            assert_eq!(self.deliver(node, *origin, *payload), Ok(()));
        }
    }

    /// A million deliveries at four nodes, in an order that all orders allow, of messages that look alike or not; each
    /// node is behind the one before it by a few messages, and node 3 crashes half-way. The most that was `held`.
    pub(super) fn a_million_deliveries(&mut self, held: impl Fn(&T) -> usize) -> usize {
        let (mut most, casts, lag) = (0, 250_000, 10);
        for cast in 0..casts + 3 * lag {
            if cast < casts {
                self.cast(cast % 3, cast % 1_000);
            }
            if cast == casts / 2 {
                assert_eq!(self.fact(&Fact::Crashed(NodeId(3))), Ok(()));
            }
            for node in 0..4 {
                let crashed = node == 3 && cast >= casts / 2;
                let due = cast.checked_sub(node * lag);
                if let Some(due) = due.filter(|due| *due < casts && !crashed) {
                    assert_eq!(self.deliver(node, due % 3, due % 1_000), Ok(()));
                }
            }
            most = most.max(held(&self.checker));
        }
        most
    }
}
