//! At most once: no call has an effect twice, on whichever servers.
//!
//! Effects of requests that only read are none. What failed servers do is not looked at.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec;

use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::kept;
use super::numbers::Numbers;
use super::roll::{News, Roll, Standing};
use crate::rpc::port::{Key, Rpc};
use crate::rpc::service::Service;

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct AtMostOnceEffect {
    roll: Roll,
    effects: Effects,
    count: u64,
}

/// Which calls have had an effect.
///
/// A call that only reads has none and leaves a gap between those that had: it is put in as soon as it begins, so that
/// nothing is to be remembered of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects {
    had: Numbers,
    /// When the last effects were, to say when a call had its first.
    last: VecDeque<(Key, Moment)>,
}

/// How many effects are remembered with their times.
const LAST_MAX: usize = 4096;

impl Effects {
    pub(super) const fn new() -> Self {
        Effects {
            had: Numbers::new(),
            last: VecDeque::new(),
        }
    }

    /// Takes news down.
    ///
    /// # Errors
    /// If a call has an effect, and has had one.
    pub(super) fn see<S: Service>(
        &mut self,
        moment: Moment,
        news: &News<'_, S>,
    ) -> Result<bool, Violation> {
        match news {
            News::Begun { key, request, .. } if S::reads(request) => {
                self.had.insert(*key);
                Ok(false)
            }
            News::Executed {
                server,
                executed,
                honest: true,
                standing: Standing::New | Standing::Forgetful,
            } if executed.effect.is_some() && !S::reads(&executed.request) => {
                let key = executed.key;
                if self.had.insert(key) {
                    if self.last.len() == LAST_MAX {
                        self.last.pop_front();
                    }
                    self.last.push_back((key, moment));
                    return Ok(true);
                }
                let mut last = self.last.iter().rev();
                let before = last.find(|(known, _)| *known == key).map(|(_, at)| *at);
                let when = before.map_or_else(|| "before".into(), |at| format!("at {}ms", at.at));
                Err(Violation {
                    before,
                    since: moment,
                    what: format!(
                        "node {} carried out {key} {}, which had had its effect {when}",
                        server.0,
                        summary(&executed.request)
                    ),
                    nodes: vec![*server, key.client],
                })
            }
            _ => Ok(false),
        }
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.had.entries()
    }
}

impl AtMostOnceEffect {
    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        AtMostOnceEffect {
            roll: Roll::new(),
            effects: Effects::new(),
            count: 0,
        }
    }
}

impl<S: Service> Property<Rpc<S>> for AtMostOnceEffect {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        if let Some(news) = self.roll.see(moment, fact) {
            self.count += u64::from(self.effects.see(moment, &news)?);
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        kept(self.count, "effect")
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

    /// Two effects are neither one at most nor exactly one, and that is all.
    #[test]
    fn a_retry_that_is_carried_out_again_is_caught() {
        let mut panel = panel::<Counter>();
        let call = panel.begin(0, Add(1));
        panel.execute(2, call, Add(1), Is(1), Some(1));
        panel.execute(2, call, Add(1), Is(2), Some(2));
        panel.succeed(call, Is(1));
        assert_eq!(
            panel.violated(),
            ["at_most_once_effect", "exactly_once_effect"]
        );
    }

    #[test]
    fn it_does_not_matter_which_server_it_is() {
        let mut bench = Bench::new(AtMostOnceEffect::new());
        let call = bench.begin(0, Add(1));
        bench.execute(2, call, Add(1), Is(1), Some(1));
        assert_eq!(
            bench.executed(3, call, Add(1), Is(1), Some(1)),
            Err("node 3 carried out #0.1 Add(1), which had had its effect at 0.000ms".into())
        );
    }

    /// Its last effect only, and only in the instant of its recovery; and what it could not say before is news.
    #[test]
    fn what_a_server_says_again_as_it_recovers_is_no_second_effect() {
        let mut bench = Bench::new(AtMostOnceEffect::new());
        let (one, two) = (bench.begin(0, Add(1)), bench.begin(0, Add(1)));
        bench.execute(2, one, Add(1), Is(1), Some(1));
        bench.execute(3, two, Add(1), Is(1), Some(1));
        bench.wait(5);
        bench.fact(&Fact::Crashed(NodeId(2))).unwrap();
        bench.fact(&Fact::Recovered(NodeId(2))).unwrap();
        bench.execute(2, one, Add(1), Is(1), Some(1));
        assert!(
            bench.executed(2, two, Add(1), Is(2), Some(2)).is_err(),
            "it did so before it crashed, and could not say it"
        );
        bench.wait(1);
        assert!(bench.executed(2, one, Add(1), Is(1), Some(1)).is_err());
    }

    #[test]
    fn reads_and_failed_servers_have_no_effects() {
        let mut bench = Bench::new(AtMostOnceEffect::new());
        let (read, add) = (bench.begin(0, Read), bench.begin(0, Add(1)));
        bench.fact(&Fact::Failed(NodeId(3))).unwrap();
        for effect in 1..3 {
            bench.execute(2, read, Read, Is(0), None);
            bench.execute(3, add, Add(1), Is(1), Some(effect));
        }
        bench.execute(2, add, Add(1), Is(1), Some(1));
        assert!(bench.executed(2, add, Add(1), Is(2), Some(2)).is_err());
    }

    #[test]
    fn forgets_calls_that_are_over() {
        let mut bench = Bench::new(AtMostOnceEffect::new());
        let most = bench.a_million_calls(|checker| checker.effects.entries());
        assert!(most <= 12, "{most}");
    }
}
