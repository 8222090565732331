//! A single writer: no write under an older lease takes effect after one under a later lease.
//!
//! The number of a lease is the fencing token that a write bears. Looked at is the order in which a server carries out the
//! writes of an object: several servers are several copies. A write that the service refused took no effect. What failed
//! servers do is not looked at.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::kept;
use super::roll::{News, Roll, Standing};
use crate::rpc::port::{Key, Rpc};
use crate::rpc::service::{Service, Token};

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct SingleWriter {
    roll: Roll,
    /// The latest lease under which an object on a server was written, and by which call, and when.
    latest: BTreeMap<(NodeId, u64), (Token, Key, Moment)>,
    writes: u64,
}

impl SingleWriter {
    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        SingleWriter {
            roll: Roll::new(),
            latest: BTreeMap::new(),
            writes: 0,
        }
    }
}

impl<S: Service> Property<Rpc<S>> for SingleWriter {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        let Some(News::Executed {
            server,
            executed,
            honest: true,
            standing: Standing::New | Standing::Forgetful,
        }) = self.roll.see(moment, fact)
        else {
            return Ok(());
        };
        let Some(token) = S::token(&executed.request)
            .filter(|_| S::took_effect(&executed.request, &executed.reply))
        else {
            return Ok(());
        };
        self.writes += 1;
        let object = (server, S::object(&executed.request));
        let this = (token, executed.key, moment);
        let (latest, by, at) = self.latest.insert(object, this).unwrap_or(this);
        if latest <= token {
            return Ok(());
        }
        Err(Violation {
            before: Some(at),
            since: moment,
            what: format!(
                "node {} carried out {} {} after {by} had written under {latest}",
                server.0,
                executed.key,
                summary(&executed.request)
            ),
            nodes: vec![executed.key.client, server],
        })
    }

    fn finish(&mut self, _: &End) -> Finding {
        kept(self.writes, "write")
    }
}

#[cfg(test)]
mod tests {
    use sim_core::kernel::property::Fact;
    use sim_core::kernel::time::Span;

    use super::super::bench::{All, Bench, panel};
    use super::*;
    use crate::rpc::FencedReply::{Granted, Overtaken, Written};
    use crate::rpc::{Fenced, FencedReply, FencedRequest};

    fn write(token: u64) -> FencedRequest {
        FencedRequest::Write {
            value: "x".into(),
            token: Token(token),
            fenced: false,
        }
    }

    /// Clients 0 and 1 take the lease one after the other; then the second writes, and then the first.
    fn paused_past_its_lease(panel: &mut Bench<All<Fenced>, Fenced>, reply: FencedReply) {
        let ask = FencedRequest::Guarded {
            value: "x".into(),
            term: Span::from_millis(1),
            fenced: false,
        };
        for (client, effect) in [(0, 1), (1, 2)] {
            let call = panel.begin(client, ask.clone());
            let granted = Granted(Token(effect));
            panel.execute(2, call, ask.clone(), granted.clone(), Some(effect));
            panel.succeed(call, granted);
        }
        for (client, token, effect, reply) in [(1, 2, 3, Written), (0, 1, 4, reply)] {
            let call = panel.follow(client, write(token), None);
            panel.execute(2, call, write(token), reply.clone(), Some(effect));
            panel.succeed(call, reply);
        }
    }

    #[test]
    fn a_write_under_an_older_lease_is_caught() {
        let mut panel = panel();
        paused_past_its_lease(&mut panel, Written);
        assert_eq!(panel.violated(), ["single_writer"]);
    }

    #[test]
    fn a_write_that_is_refused_is_none() {
        let mut panel = panel();
        paused_past_its_lease(&mut panel, Overtaken(Token(2)));
        assert_eq!(panel.violated(), [""; 0]);
    }

    /// Nor is what a failed server does, or what a server reads from its log.
    #[test]
    fn looks_at_news_of_honest_servers() {
        let mut panel = panel::<Fenced>();
        let calls = [1, 2].map(|token| (token, panel.begin(0, write(token))));
        for (token, call) in calls {
            panel.execute(2, call, write(token), Written, Some(token));
            panel.execute(3, call, write(token), Written, Some(token));
        }
        panel.wait(1);
        panel.fact(&Fact::Crashed(NodeId(2))).unwrap();
        panel.fact(&Fact::Recovered(NodeId(2))).unwrap();
        panel.execute(2, calls[0].1, write(1), Written, Some(1));
        panel.fact(&Fact::Failed(NodeId(3))).unwrap();
        panel.execute(3, calls[0].1, write(1), Written, Some(3));
        assert!(!panel.violated().contains(&"single_writer"));
    }
}
