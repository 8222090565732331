//! Honest outcomes: what a client is told of a call is true.
//!
//! A call that *succeeded* with a reply was carried out by some server, which answered that. A call that was *refused* or
//! *failed* was carried out by no server, before or after, that has not failed. The other outcomes say nothing.
//!
//! A server that has failed is believed when it says what it answered: it is the client that must not be told anything
//! else, and a reply that was changed or made up on its way is something else.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::kept;
use super::numbers::Numbers;
use super::roll::{News, Roll};
use crate::rpc::port::{Executed, Key, Outcome, Rpc};
use crate::rpc::service::Service;

/// The checker.
#[derive(Clone, Debug)]
pub struct HonestOutcome<S: Service> {
    roll: Roll,
    /// Calls under way.
    open: BTreeMap<Key, Open<S>>,
    /// Calls that ended as not carried out.
    denied: Numbers,
    judged: u64,
}

/// A call under way.
#[derive(Clone, Debug)]
struct Open<S: Service> {
    request: S::Request,
    /// What servers answered.
    replies: Vec<(NodeId, S::Reply)>,
    /// An honest server that carried it out.
    by: Option<NodeId>,
}

impl<S: Service> Default for HonestOutcome<S> {
    fn default() -> Self {
        HonestOutcome::new()
    }
}

impl<S: Service> HonestOutcome<S> {
    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        HonestOutcome {
            roll: Roll::new(),
            open: BTreeMap::new(),
            denied: Numbers::new(),
            judged: 0,
        }
    }

    fn on_executed(
        &mut self,
        moment: Moment,
        server: NodeId,
        executed: &Executed<S::Request, S::Reply>,
        honest: bool,
    ) -> Result<(), Violation> {
        let key = executed.key;
        if let Some(open) = self.open.get_mut(&key) {
            if open
                .replies
                .iter()
                .all(|(_, known)| *known != executed.reply)
            {
                open.replies.push((server, executed.reply.clone()));
            }
            if honest {
                open.by.get_or_insert(server);
            }
        }
        if !honest || !self.denied.contains(key) {
            return Ok(());
        }
        Err(Violation {
            before: None,
            since: moment,
            what: format!(
                "node {} carried out {key} {}, of which node {} had been told that nobody would",
                server.0,
                summary(&executed.request),
                key.client.0
            ),
            nodes: vec![key.client, server],
        })
    }

    fn on_ended(
        &mut self,
        moment: Moment,
        client: NodeId,
        key: Key,
        outcome: &Outcome<S::Reply>,
    ) -> Result<(), Violation> {
        let Some(open) = self.open.remove(&key) else {
            return Ok(());
        };
        self.judged += u64::from(!matches!(outcome, Outcome::Unknown | Outcome::Expired));
        if outcome.is_definite_failure() {
            self.denied.insert(key);
        }
        let Some((but, liar)) = open.refutes(outcome) else {
            return Ok(());
        };
        let mut nodes = vec![client];
        nodes.extend(liar);
        Err(Violation {
            before: None,
            since: moment,
            what: format!(
                "node {} was told {} of {key} {}, but {but}",
                client.0,
                summary(outcome),
                summary(&open.request)
            ),
            nodes,
        })
    }
}

impl<S: Service> Open<S> {
    /// What speaks against this outcome, and who did otherwise.
    fn refutes(&self, outcome: &Outcome<S::Reply>) -> Option<(String, Option<NodeId>)> {
        match outcome {
            Outcome::Success(reply) => match &self.replies[..] {
                [] => Some(("no server has carried it out".into(), None)),
                replies if replies.iter().any(|(_, known)| known == reply) => None,
                [(server, answered), ..] => {
                    let what = format!("node {} answered {}", server.0, summary(answered));
                    Some((what, Some(*server)))
                }
            },
            Outcome::Refused | Outcome::Failed(_) => self.by.map(|server| {
                (
                    format!("node {} has carried it out", server.0),
                    Some(server),
                )
            }),
            Outcome::Expired | Outcome::Unknown => None,
        }
    }
}

impl<S: Service> Property<Rpc<S>> for HonestOutcome<S> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        match self.roll.see(moment, fact) {
            Some(News::Begun { key, request, .. }) => {
                self.open.entry(key).or_insert_with(|| Open {
                    request: request.clone(),
                    replies: Vec::new(),
                    by: None,
                });
            }
            Some(News::Executed {
                server,
                executed,
                honest,
                ..
            }) => self.on_executed(moment, server, executed, honest)?,
            Some(News::Ended {
                client,
                key,
                outcome,
                ..
            }) => self.on_ended(moment, client, key, outcome)?,
            Some(News::Crashed(node) | News::Failed(node)) => {
                self.open.retain(|key, _| key.client != node);
            }
            Some(News::Asked(..) | News::Repaired) | None => (),
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        kept(self.judged, "outcome")
    }
}

#[cfg(test)]
mod tests {
    use super::super::bench::{Bench, panel};
    use super::*;
    use crate::rpc::CounterReply::Is;
    use crate::rpc::CounterRequest::{Add, Read};
    use crate::rpc::{Cause, Counter};

    fn bench() -> Bench<HonestOutcome<Counter>> {
        Bench::new(HonestOutcome::new())
    }

    /// The read is concurrent with the addition, so it may have shown the one or the other; but it did not.
    #[test]
    fn a_reply_that_was_changed_on_its_way_is_caught() {
        let mut panel = panel::<Counter>();
        let (add, read) = (panel.begin(0, Add(1)), panel.begin(1, Read));
        panel.execute(2, read, Read, Is(0), None);
        panel.execute(2, add, Add(1), Is(1), Some(1));
        panel.succeed(add, Is(1));
        panel.succeed(read, Is(1));
        assert_eq!(panel.violated(), ["honest_outcome"]);
    }

    #[test]
    fn a_call_that_is_carried_out_was_not_refused() {
        for late in [false, true] {
            let mut panel = panel::<Counter>();
            let call = panel.begin(0, Add(1));
            if late {
                panel.end_as(call, Outcome::Refused);
                panel.execute(2, call, Add(1), Is(1), Some(1));
            } else {
                panel.execute(2, call, Add(1), Is(1), Some(1));
                panel.end_as(call, Outcome::Failed(Cause::TooLate));
            }
            assert_eq!(panel.violated(), ["honest_outcome"]);
        }
    }

    #[test]
    fn says_what_was_told_and_what_was_done() {
        let mut bench = bench();
        let calls = [1, 2, 3, 4].map(|by| bench.begin(0, Add(by)));
        for effect in 1..4 {
            let by = i64::try_from(effect).unwrap();
            let call = calls[usize::try_from(effect).unwrap() - 1];
            bench.execute(2, call, Add(by), Is(by), Some(effect));
        }
        let told = |text: &str| Err(text.into());
        assert_eq!(
            bench.ended(calls[0], Outcome::Success(Is(7))),
            told("node 0 was told Success 7 of #0.1 Add(1), but node 2 answered 1")
        );
        assert_eq!(
            bench.ended(calls[1], Outcome::Refused),
            told("node 0 was told Refused of #0.2 Add(2), but node 2 has carried it out")
        );
        assert_eq!(bench.ended(calls[2], Outcome::Unknown), Ok(()));
        assert_eq!(
            bench.ended(calls[3], Outcome::Success(Is(9))),
            told("node 0 was told Success 9 of #0.4 Add(4), but no server has carried it out")
        );
    }

    /// A Byzantine server is believed as to what it did, and its client is told something else all the same.
    #[test]
    fn servers_that_failed_are_believed_in_favour_and_not_against() {
        let mut bench = bench();
        bench.fact(&Fact::Failed(NodeId(2))).unwrap();
        let calls = [1, 2, 3].map(|by| bench.begin(0, Add(by)));
        for (call, effect) in calls.into_iter().zip(1..) {
            bench.execute(2, call, Add(1), Is(1), Some(effect));
        }
        bench.succeed(calls[0], Is(1));
        bench.end_as(calls[1], Outcome::Refused);
        assert!(bench.ended(calls[2], Outcome::Success(Is(2))).is_err());
    }

    /// Without a table every attempt is carried out, and any of the answers may arrive.
    #[test]
    fn any_answer_will_do() {
        let mut bench = bench();
        let call = bench.begin(0, Add(1));
        bench.execute(2, call, Add(1), Is(1), Some(1));
        bench.execute(2, call, Add(1), Is(2), Some(2));
        bench.succeed(call, Is(1));
        assert_eq!(bench.finish(), Finding::Held("1 outcome".into()));
    }

    #[test]
    fn forgets_calls_that_are_over() {
        let mut bench = bench();
        let held = |checker: &HonestOutcome<_>| checker.open.len() + checker.denied.entries();
        assert!(bench.a_million_calls(held) <= 3);
    }
}
