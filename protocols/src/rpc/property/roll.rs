//! What facts tell of calls, and whose word counts.
//!
//! What a failed client says counts for nothing. What a failed server says is never held against anybody; but that it has
//! carried a call out is believed in anybody's favour, as it may have.
//!
//! After a crash a server says its last effect once more, in the instant of its recovery: that is no news, unless it had
//! crashed before it could say it.

use alloc::collections::{BTreeMap, BTreeSet};

use sim_core::kernel::either::Either;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{Fact, Moment};
use sim_core::kernel::time::{SimTime, Span};

use crate::rpc::port::{Call, Executed, Key, Outcome, Progress, Rpc};
use crate::rpc::service::Service;

/// What is known of the processes.
#[derive(Clone, Debug, Default)]
pub(super) struct Roll {
    failed: BTreeSet<NodeId>,
    recovered: BTreeMap<NodeId, SimTime>,
    /// The number of the last effect of each server.
    effects: BTreeMap<NodeId, u64>,
}

/// What a fact tells.
pub(super) enum News<'a, S: Service> {
    /// A client is asked to call.
    Asked(NodeId, &'a S::Request),
    /// A call begins.
    Begun {
        client: NodeId,
        key: Key,
        request: &'a S::Request,
        deadline: Option<Span>,
    },
    /// A call has ended.
    Ended {
        client: NodeId,
        key: Key,
        outcome: &'a Outcome<S::Reply>,
        attempts: u32,
    },
    /// A server has carried a call out.
    Executed {
        server: NodeId,
        executed: &'a Executed<S::Request, S::Reply>,
        /// It follows its algorithm.
        honest: bool,
        standing: Standing,
    },
    /// A process crashed.
    Crashed(NodeId),
    /// A process began to deviate.
    Failed(NodeId),
    /// A partition healed, or a process went on.
    Repaired,
}

/// What an effect is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is new.
    New,
    /// The server reads it from its log in the instant of its recovery.
    Retold,
    /// Its number comes again: the server has forgotten the effects from there on.
    Forgetful,
}

impl Roll {
    pub(super) const fn new() -> Self {
        Roll {
            failed: BTreeSet::new(),
            recovered: BTreeMap::new(),
            effects: BTreeMap::new(),
        }
    }

    pub(super) fn has_failed(&self, node: NodeId) -> bool {
        self.failed.contains(&node)
    }

    /// Takes a fact down; what it tells, unless it is the word of a failed client.
    pub(super) fn see<'a, S: Service>(
        &mut self,
        moment: Moment,
        fact: &Fact<'a, Rpc<S>>,
    ) -> Option<News<'a, S>> {
        Some(match *fact {
            Fact::Requested(client, Either::Left(Call(request))) => {
                self.of_client(client, News::Asked(client, request))?
            }
            Fact::Requested(_, Either::Right(never)) => match *never {},
            Fact::Indicated(client, Either::Left(progress)) => {
                self.of_client(client, News::of(client, progress))?
            }
            Fact::Indicated(server, Either::Right(executed)) => News::Executed {
                server,
                executed,
                honest: !self.has_failed(server),
                standing: self.standing(moment, server, executed.effect),
            },
            Fact::Crashed(node) => News::Crashed(node),
            Fact::Failed(node) => {
                self.failed.insert(node);
                News::Failed(node)
            }
            Fact::Recovered(node) => {
                self.recovered.insert(node, moment.at);
                News::Repaired
            }
            Fact::Healed => News::Repaired,
        })
    }

    fn of_client<'a, S: Service>(&self, client: NodeId, news: News<'a, S>) -> Option<News<'a, S>> {
        (!self.has_failed(client)).then_some(news)
    }

    fn standing(&mut self, moment: Moment, server: NodeId, effect: Option<u64>) -> Standing {
        let Some(effect) = effect else {
            return Standing::New;
        };
        let recovers = self.recovered.get(&server) == Some(&moment.at);
        let comes_again = self
            .effects
            .get(&server)
            .is_some_and(|last| effect <= *last);
        if comes_again && recovers {
            return Standing::Retold;
        }
        self.effects.insert(server, effect);
        if comes_again {
            Standing::Forgetful
        } else {
            Standing::New
        }
    }
}

impl<'a, S: Service> News<'a, S> {
    const fn of(client: NodeId, progress: &'a Progress<S::Request, S::Reply>) -> Self {
        match progress {
            Progress::Begun {
                key,
                request,
                deadline,
            } => News::Begun {
                client,
                key: *key,
                request,
                deadline: *deadline,
            },
            Progress::Ended {
                key,
                outcome,
                attempts,
            } => News::Ended {
                client,
                key: *key,
                outcome,
                attempts: *attempts,
            },
        }
    }
}
