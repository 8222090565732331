//! No lost call: every call that begins at a correct client is eventually carried out.
//!
//! Requests that only read count too, and a call that was refused is a lost one. A client that crashes forgets its calls:
//! nothing is owed to those any more. Of a call that a server lets several others carry out, the first part is owed.

use alloc::format;

use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::debts::{Debt, Debts};
use super::kept;
use super::roll::{News, Roll};
use crate::rpc::port::{Key, Rpc};
use crate::rpc::service::Service;

/// The checker.
#[derive(Clone, Debug)]
pub struct NoLostCall<S: Service> {
    roll: Roll,
    calls: Debts<Key, (Key, S::Request)>,
    carried_out: u64,
}

impl<S: Service> Default for NoLostCall<S> {
    fn default() -> Self {
        NoLostCall::new()
    }
}

impl<S: Service> NoLostCall<S> {
    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        NoLostCall {
            roll: Roll::new(),
            calls: Debts::new(),
            carried_out: 0,
        }
    }
}

impl<S: Service> Property<Rpc<S>> for NoLostCall<S> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        match self.roll.see(moment, fact) {
            Some(News::Begun {
                client,
                key,
                request,
                ..
            }) => {
                let note = (key, request.clone());
                self.calls.owe(key, moment, client, note);
            }
            Some(News::Executed { executed, .. }) => {
                self.carried_out += u64::from(self.calls.pay(&executed.key, moment));
            }
            Some(News::Crashed(node) | News::Failed(node)) => {
                self.calls.retain(|debt| debt.client != node);
            }
            Some(News::Repaired) => self.calls.repair(moment),
            Some(News::Asked(..) | News::Ended { .. }) | None => (),
        }
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let begun = |debt: &Debt<(Key, S::Request)>| {
            let (key, request) = &debt.note;
            format!("node {} began {key} {}", debt.client.0, summary(request))
        };
        let objection = self.calls.settle(
            end,
            |debt| format!("{}, which nobody carried out", begun(debt)),
            |debt| format!("{}, which was carried out", begun(debt)),
        );
        objection.unwrap_or_else(|| kept(self.carried_out, "call"))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::kernel::id::NodeId;

    use super::super::bench::{Bench, panel};
    use super::*;
    use crate::rpc::CounterReply::Is;
    use crate::rpc::CounterRequest::{Add, Read};
    use crate::rpc::{Counter, Outcome};

    fn bench() -> Bench<NoLostCall<Counter>> {
        Bench::new(NoLostCall::new())
    }

    #[test]
    fn a_request_that_never_arrives_is_caught() {
        let mut panel = panel::<Counter>();
        let call = panel.begin(0, Read);
        panel.end_as(call, Outcome::Unknown);
        assert_eq!(panel.violated(), ["no_lost_call"]);
    }

    #[test]
    fn names_the_oldest_of_those_that_are_lost() {
        let mut bench = bench();
        let calls = [1, 2, 3].map(|by| bench.begin(0, Add(by)));
        bench.execute(2, calls[0], Add(1), Is(1), Some(1));
        let Finding::Violated(violation) = bench.finish() else {
            panic!("two calls are lost");
        };
        assert_eq!(
            violation.what,
            "node 0 began #0.2 Add(2), which nobody carried out; and so for 1 more call"
        );
        assert_eq!(violation.nodes, [NodeId(0)]);
        assert!(
            matches!(bench.break_off(), Finding::Pending(_)),
            "in a second"
        );
    }

    #[test]
    fn too_late_is_lost_unless_something_was_repaired() {
        for repaired in [false, true] {
            let mut bench = bench();
            let call = bench.begin(0, Add(1));
            bench.wait(1_001);
            bench.execute(2, call, Add(1), Is(1), Some(1));
            if repaired {
                bench.fact(&Fact::Healed).unwrap();
            }
            let held = matches!(bench.finish(), Finding::Held(_));
            assert_eq!(held, repaired);
        }
    }

    #[test]
    fn nothing_is_owed_to_clients_that_crash_or_fail() {
        let mut bench = bench();
        bench.begin(0, Add(1));
        bench.begin(1, Add(1));
        bench.fact(&Fact::Crashed(NodeId(0))).unwrap();
        bench.fact(&Fact::Recovered(NodeId(0))).unwrap();
        bench.fact(&Fact::Failed(NodeId(1))).unwrap();
        bench.begin(1, Add(1));
        assert_eq!(bench.finish(), Finding::NotExercised);
    }

    #[test]
    fn forgets_calls_that_are_over() {
        let mut bench = bench();
        assert!(bench.a_million_calls(|checker| checker.calls.entries()) <= 3);
    }
}
