//! Exactly once: every call has one effect, neither none nor two.
//!
//! Checked is this. No call has an effect twice. Every call that began at a correct client has had its effect in the end,
//! and so has every call that succeeded, whatever became of its client. And no server forgets effects: one that numbers its
//! effects anew after a crash has lost its state, and what was done once is not done any more. Requests that only read
//! are left out. Of a call that a server lets several others carry out, the first part is owed; nobody outside knows how many
//! there are.

use alloc::format;
use alloc::vec;

use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::at_most_once_effect::Effects;
use super::debts::{Debt, Debts};
use super::kept;
use super::roll::{News, Roll, Standing};
use crate::rpc::port::{Key, Outcome, Rpc};
use crate::rpc::service::Service;

/// The checker.
#[derive(Clone, Debug)]
pub struct ExactlyOnceEffect<S: Service> {
    roll: Roll,
    effects: Effects,
    calls: Debts<Key, Owed<S::Request>>,
    had: u64,
}

/// A call that has had no effect.
#[derive(Clone, Debug)]
struct Owed<Q> {
    key: Key,
    request: Q,
    /// Its client was told that it succeeded.
    succeeded: bool,
}

impl<S: Service> Default for ExactlyOnceEffect<S> {
    fn default() -> Self {
        ExactlyOnceEffect::new()
    }
}

impl<S: Service> ExactlyOnceEffect<S> {
    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        ExactlyOnceEffect {
            roll: Roll::new(),
            effects: Effects::new(),
            calls: Debts::new(),
            had: 0,
        }
    }

    fn on_news(&mut self, moment: Moment, news: &News<'_, S>) -> Result<(), Violation> {
        match news {
            News::Begun {
                client,
                key,
                request,
                ..
            } if !S::reads(request) => {
                let owed = Owed {
                    key: *key,
                    request: (*request).clone(),
                    succeeded: false,
                };
                self.calls.owe(*key, moment, *client, owed);
            }
            News::Ended {
                key,
                outcome: Outcome::Success(_),
                ..
            } => {
                if let Some(debt) = self.calls.get_mut(key) {
                    debt.note.succeeded = true;
                }
            }
            News::Executed {
                server,
                executed,
                honest,
                standing,
            } => {
                if let Some(effect) = executed.effect {
                    self.had += u64::from(self.calls.pay(&executed.key, moment));
                    if *honest && *standing == Standing::Forgetful {
                        return Err(Violation {
                            before: None,
                            since: moment,
                            what: format!(
                                "node {} applied {} {} as effect {effect}, which it had given to another: \
                                 its effects from there on are lost",
                                server.0,
                                executed.key,
                                summary(&executed.request)
                            ),
                            nodes: vec![*server],
                        });
                    }
                }
            }
            News::Crashed(node) => self
                .calls
                .retain(|debt| debt.client != *node || debt.note.succeeded),
            News::Failed(node) => self.calls.retain(|debt| debt.client != *node),
            News::Repaired => self.calls.repair(moment),
            News::Asked(..) | News::Begun { .. } | News::Ended { .. } => (),
        }
        Ok(())
    }
}

impl<S: Service> Property<Rpc<S>> for ExactlyOnceEffect<S> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        let Some(news) = self.roll.see(moment, fact) else {
            return Ok(());
        };
        self.effects.see(moment, &news)?;
        self.on_news(moment, &news)
    }

    fn finish(&mut self, end: &End) -> Finding {
        let call = |debt: &Debt<Owed<S::Request>>| {
            let Owed { key, request, .. } = &debt.note;
            let did = if debt.note.succeeded {
                "was told of the success of"
            } else {
                "began"
            };
            format!("node {} {did} {key} {}", debt.client.0, summary(request))
        };
        let objection = self.calls.settle(
            end,
            |debt| format!("{}, which had no effect", call(debt)),
            |debt| format!("{}, which had its effect", call(debt)),
        );
        objection.unwrap_or_else(|| kept(self.had, "effect"))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::kernel::id::NodeId;

    use super::super::bench::{Bench, panel};
    use super::*;
    use crate::rpc::Counter;
    use crate::rpc::CounterReply::Is;
    use crate::rpc::CounterRequest::{Add, Read};

    fn bench() -> Bench<ExactlyOnceEffect<Counter>> {
        Bench::new(ExactlyOnceEffect::new())
    }

    /// The first call ends without an answer, so no client can tell; but its effect is gone.
    #[test]
    fn a_server_that_forgets_its_effects_is_caught() {
        let mut panel = panel::<Counter>();
        let first = panel.begin(0, Add(1));
        panel.execute(2, first, Add(1), Is(1), Some(1));
        panel.end_as(first, Outcome::Unknown);
        panel.fact(&Fact::Crashed(NodeId(2))).unwrap();
        panel.wait(5);
        panel.fact(&Fact::Recovered(NodeId(2))).unwrap();
        panel.wait(5);
        let second = panel.begin(0, Add(1));
        panel.execute(2, second, Add(1), Is(1), Some(1));
        panel.succeed(second, Is(1));
        assert_eq!(panel.violated(), ["exactly_once_effect"]);
    }

    #[test]
    fn says_which_effects_are_lost() {
        let mut bench = bench();
        let calls = [1, 2].map(|by| bench.begin(0, Add(by)));
        bench.execute(2, calls[0], Add(1), Is(1), Some(1));
        assert_eq!(
            bench.executed(2, calls[1], Add(2), Is(2), Some(1)),
            Err(
                "node 2 applied #0.2 Add(2) as effect 1, which it had given to another: \
                 its effects from there on are lost"
                    .into()
            )
        );
    }

    /// A server that carries a write out as if it were a read.
    #[test]
    fn a_success_without_an_effect_is_caught() {
        let mut panel = panel::<Counter>();
        let call = panel.begin(0, Add(1));
        panel.execute(2, call, Add(1), Is(1), None);
        panel.succeed(call, Is(1));
        assert_eq!(panel.violated(), ["exactly_once_effect"]);
    }

    /// A crash releases nobody from what was said to have succeeded.
    #[test]
    fn what_succeeded_is_owed_even_if_its_client_crashes() {
        let mut bench = bench();
        let calls = [1, 2].map(|by| bench.begin(0, Add(by)));
        bench.succeed(calls[1], Is(2));
        bench.fact(&Fact::Crashed(NodeId(0))).unwrap();
        let Finding::Violated(violation) = bench.finish() else {
            panic!("there is no effect");
        };
        assert_eq!(
            violation.what,
            "node 0 was told of the success of #0.2 Add(2), which had no effect"
        );
    }

    /// It had no time to say what its disk knows; what it had said it may say again.
    #[test]
    fn an_effect_that_is_told_after_a_recovery_counts_once() {
        let mut bench = bench();
        let calls = [1, 2].map(|by| bench.begin(0, Add(by)));
        bench.execute(2, calls[0], Add(1), Is(1), Some(1));
        for _ in 0..2 {
            bench.wait(1);
            bench.fact(&Fact::Crashed(NodeId(2))).unwrap();
            bench.fact(&Fact::Recovered(NodeId(2))).unwrap();
            bench.execute(2, calls[1], Add(2), Is(3), Some(2));
        }
        bench.begin(0, Read);
        assert_eq!(bench.finish(), Finding::Held("2 effects".into()));
    }

    #[test]
    fn forgets_calls_that_are_over() {
        let mut bench = bench();
        let held =
            |checker: &ExactlyOnceEffect<_>| checker.effects.entries() + checker.calls.entries();
        let most = bench.a_million_calls(held);
        assert!(most <= 12, "{most}");
    }
}
