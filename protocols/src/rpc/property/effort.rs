//! What calls cost and how they end: figures of one run, which promise nothing.

use alloc::vec;

use sim_core::kernel::property::{
    End, Fact, Finding, Measure, Moment, Property, Quantity, Violation,
};

use super::roll::{News, Roll, Standing};
use crate::rpc::port::{Outcome, Rpc};
use crate::rpc::service::Service;

/// Sees calls begin, end and be carried out.
///
/// `calls` counts those that began, `attempts` how often one that ended was sent, `executions` how often one that began was
/// carried out, `success_ratio` is the share of those that succeeded among those that ended, and `throughput` how many succeeded a
/// second. Failed clients and servers
/// are not counted, and no effect that a server reads from its log.
#[derive(Clone, Debug, Default)]
pub struct Effort {
    roll: Roll,
    begun: u64,
    ended: u64,
    succeeded: u64,
    attempts: u64,
    executions: u64,
}

impl Effort {
    /// The metrics of remote calls.
    pub const MEASURES: &'static [&'static str] = &[
        "attempts",
        "executions",
        "success_ratio",
        "throughput",
        "calls",
    ];

    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        Effort {
            roll: Roll::new(),
            begun: 0,
            ended: 0,
            succeeded: 0,
            attempts: 0,
            executions: 0,
        }
    }
}

impl<S: Service> Property<Rpc<S>> for Effort {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        match self.roll.see(moment, fact) {
            Some(News::Begun { .. }) => self.begun += 1,
            Some(News::Ended {
                outcome, attempts, ..
            }) => {
                self.ended += 1;
                self.succeeded += u64::from(matches!(outcome, Outcome::Success(_)));
                self.attempts += u64::from(attempts);
            }
            Some(News::Executed {
                honest: true,
                standing: Standing::New | Standing::Forgetful,
                ..
            }) => self.executions += 1,
            _ => (),
        }
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        let ratio = |name, part, whole| Measure {
            name,
            quantity: Quantity::Ratio { part, whole },
        };
        let mut measures = vec![Measure {
            name: "calls",
            quantity: Quantity::Count(self.begun),
        }];
        if self.ended > 0 {
            measures.push(ratio("attempts", self.attempts, self.ended));
            measures.push(ratio("success_ratio", self.succeeded, self.ended));
        }
        if self.begun > 0 {
            measures.push(ratio("executions", self.executions, self.begun));
        }
        measures.extend(Measure::per_second("throughput", self.succeeded, end));
        Finding::Measured(measures)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::kernel::id::NodeId;

    use super::super::bench::Bench;
    use super::*;
    use crate::rpc::CounterReply::Is;
    use crate::rpc::CounterRequest::{Add, Read};

    #[test]
    fn measures_what_was_done_for_how_many_calls() {
        let mut bench = Bench::new(Effort::new());
        let calls = |count| Measure {
            name: "calls",
            quantity: Quantity::Count(count),
        };
        assert_eq!(bench.finish(), Finding::Measured(vec![calls(0)]));
        let (add, read) = (bench.begin(0, Add(1)), bench.begin(0, Read));
        bench.begin(1, Read);
        bench.execute(2, add, Add(1), Is(1), Some(1));
        bench.execute(2, add, Add(1), Is(2), Some(2));
        bench.fact(&Fact::Recovered(NodeId(2))).unwrap();
        bench.execute(2, add, Add(1), Is(2), Some(2));
        bench.succeed(add, Is(1));
        bench.end_as(read, Outcome::Unknown);
        bench.fact(&Fact::Failed(NodeId(1))).unwrap();
        bench.begin(1, Read);
        let ratio = |name, part, whole| Measure {
            name,
            quantity: Quantity::Ratio { part, whole },
        };
        let attempts = ratio("attempts", 2, 2);
        let (success, executions) = (ratio("success_ratio", 1, 2), ratio("executions", 2, 3));
        let measured = vec![calls(3), attempts, success, executions];
        assert_eq!(bench.finish(), Finding::Measured(measured));
    }
}
