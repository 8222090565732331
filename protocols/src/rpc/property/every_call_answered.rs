//! Every call answered: what is asked of a correct client begins, and what begins ends.
//!
//! Any outcome is an answer, that nothing is known among them. A client that crashes forgets what it was asked: nothing is
//! owed to it any more.

use alloc::format;
use alloc::string::String;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;
use sim_core::kernel::time::SimTime;

use super::debts::{Debt, Debts};
use super::kept;
use super::roll::{News, Roll};
use crate::rpc::port::{Key, Rpc};
use crate::rpc::service::Service;

/// The checker.
#[derive(Clone, Debug)]
pub struct EveryCallAnswered<S: Service> {
    roll: Roll,
    waiting: Debts<Waiting<S::Request>, Wanted<S::Request>>,
    ended: u64,
}

/// What was asked for, and under which name it has begun.
type Wanted<Q> = (Option<Key>, Q);

/// What a client waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Waiting<Q> {
    /// A call that it is asked for begins. Of requests that look alike the oldest begins first.
    Begin(NodeId, Q, Moment),
    /// A call ends.
    End(Key),
}

impl<S: Service> Default for EveryCallAnswered<S> {
    fn default() -> Self {
        EveryCallAnswered::new()
    }
}

impl<S: Service> EveryCallAnswered<S> {
    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        EveryCallAnswered {
            roll: Roll::new(),
            waiting: Debts::new(),
            ended: 0,
        }
    }

    /// What was asked for has begun; a call that follows from another was not asked for.
    fn on_begun(&mut self, moment: Moment, client: NodeId, request: &S::Request) {
        let first = Moment {
            at: SimTime::ZERO,
            event: 0,
        };
        let asked = Waiting::Begin(client, request.clone(), first);
        let oldest = self.waiting.from(&asked).filter(|oldest| {
            matches!(oldest, Waiting::Begin(node, asked, _) if *node == client && asked == request)
        });
        if let Some(oldest) = oldest.cloned() {
            self.waiting.pay(&oldest, moment);
        }
    }
}

impl<S: Service> Property<Rpc<S>> for EveryCallAnswered<S> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        match self.roll.see(moment, fact) {
            Some(News::Asked(client, request)) => {
                let begin = Waiting::Begin(client, request.clone(), moment);
                let note = (None, request.clone());
                self.waiting.owe(begin, moment, client, note);
            }
            Some(News::Begun {
                client,
                key,
                request,
                ..
            }) => {
                self.on_begun(moment, client, request);
                let note = (Some(key), request.clone());
                self.waiting.owe(Waiting::End(key), moment, client, note);
            }
            Some(News::Ended { key, .. }) => {
                self.ended += u64::from(self.waiting.pay(&Waiting::End(key), moment));
            }
            Some(News::Crashed(node) | News::Failed(node)) => {
                self.waiting.retain(|debt| debt.client != node);
            }
            Some(News::Repaired) => self.waiting.repair(moment),
            Some(News::Executed { .. }) | None => (),
        }
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let said = |debt: &Debt<Wanted<S::Request>>, begin, end| -> String {
            let (key, request) = (&debt.note.0, summary(&debt.note.1));
            let node = debt.client.0;
            match key {
                None => format!("node {node} was asked to call {request}, {begin}"),
                Some(key) => format!("node {node} began {key} {request}, {end}"),
            }
        };
        let objection = self.waiting.settle(
            end,
            |debt| said(debt, "which never began", "which never ended"),
            |debt| said(debt, "which began", "which ended"),
        );
        objection.unwrap_or_else(|| kept(self.ended, "call"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::bench::{Bench, panel};
    use super::*;
    use crate::rpc::CounterReply::Is;
    use crate::rpc::CounterRequest::{Add, Read};
    use crate::rpc::{Counter, Outcome};

    fn bench() -> Bench<EveryCallAnswered<Counter>> {
        Bench::new(EveryCallAnswered::new())
    }

    #[test]
    fn a_client_that_waits_for_ever_is_caught() {
        let mut panel = panel::<Counter>();
        let call = panel.begin(0, Add(1));
        panel.execute(2, call, Add(1), Is(1), Some(1));
        assert_eq!(panel.violated(), ["every_call_answered"]);
    }

    #[test]
    fn a_client_that_does_not_begin_is_caught() {
        let mut panel = panel::<Counter>();
        panel.ask(0, Add(1)).unwrap();
        assert_eq!(panel.violated(), ["every_call_answered"]);
    }

    fn what(finding: Finding) -> String {
        match finding {
            Finding::Violated(violation) => violation.what,
            other => panic!("{other:?}"),
        }
    }

    /// A call that follows from another does not stand for one that was asked for.
    #[test]
    fn each_request_begins_once() {
        let mut bench = bench();
        for _ in 0..2 {
            bench.ask(0, Add(1)).unwrap();
        }
        for (client, request) in [(0, Add(2)), (1, Add(1)), (0, Add(1))] {
            let call = bench.follow(client, request, None);
            bench.end_as(call, Outcome::Unknown);
        }
        assert_eq!(
            what(bench.finish()),
            "node 0 was asked to call Add(1), which never began"
        );
        let call = bench.follow(0, Add(1), None);
        assert_eq!(
            what(bench.finish()),
            "node 0 began #0.3 Add(1), which never ended"
        );
        bench.end_as(call, Outcome::Refused);
        assert!(matches!(bench.finish(), Finding::Held(_)));
    }

    #[test]
    fn nothing_is_owed_to_clients_that_crash_or_fail() {
        let mut bench = bench();
        bench.begin(0, Read);
        bench.ask(1, Read).unwrap();
        bench.fact(&Fact::Crashed(NodeId(0))).unwrap();
        bench.fact(&Fact::Failed(NodeId(1))).unwrap();
        assert_eq!(bench.finish(), Finding::NotExercised);
    }

    #[test]
    fn forgets_calls_that_are_over() {
        let mut bench = bench();
        assert!(bench.a_million_calls(|checker| checker.waiting.entries()) <= 4);
    }
}
