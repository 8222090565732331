//! A bench for checkers: schedules by hand, and what one checker or all of them say.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;

use sim_core::kernel::either::Either;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::time::{SimTime, Span};

use super::{ASKABLE, checker};
use crate::rpc::port::{Call, Executed, Key, Outcome, Progress, Rpc};
use crate::rpc::service::{Counter, CounterReply, CounterRequest, Service};

/// A checker on the bench, of calls to a counter unless told otherwise.
pub(super) struct Bench<T, S: Service = Counter> {
    pub(super) checker: T,
    now: Moment,
    /// How many calls each client has made.
    made: BTreeMap<NodeId, u32>,
    last_repair: SimTime,
    service: PhantomData<fn() -> S>,
}

type Checker<S> = Box<dyn Property<Rpc<S>>>;

/// All checkers at once.
pub(super) struct All<S: Service> {
    checkers: Vec<(&'static str, Checker<S>)>,
    violated: Vec<&'static str>,
}

impl<S: Service> Property<Rpc<S>> for All<S> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        let violated = &mut self.violated;
        self.checkers.retain_mut(|(name, checker)| {
            let holds = checker.see(moment, fact).is_ok();
            if !holds {
                violated.push(*name);
            }
            holds
        });
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Finding {
        for (name, checker) in &mut self.checkers {
            if matches!(checker.finish(end), Finding::Violated(_)) {
                self.violated.push(*name);
            }
        }
        Finding::NotExercised
    }
}

/// All checkers on the bench.
pub(super) fn panel<S: Service>() -> Bench<All<S>, S> {
    let named = |name| {
        (
            name,
            checker(name, 4).expect("what can be asked is checked"),
        )
    };
    Bench::of(All {
        checkers: ASKABLE.iter().map(|about| named(about.name)).collect(),
        violated: Vec::new(),
    })
}

impl<S: Service> Bench<All<S>, S> {
    /// The names of the properties that do not hold, in order, once nothing can happen any more.
    pub(super) fn violated(mut self) -> Vec<&'static str> {
        self.finish();
        self.checker.violated.sort();
        self.checker.violated
    }
}

impl<T: Property<Rpc<Counter>>> Bench<T> {
    pub(super) fn new(checker: T) -> Self {
        Bench::of(checker)
    }

    /// A million calls of three clients to a server, three at a time, a third of them reads. The most that was `held`.
    pub(super) fn a_million_calls(&mut self, held: impl Fn(&T) -> usize) -> usize {
        use CounterReply::Is;
        use CounterRequest::{Add, Read};
        let (mut most, mut sum) = (0, 0);
        for round in 1..=1_000_000 / 3 {
            let first = self.begin(0, Add(1));
            let read = self.begin(1, Read);
            let second = self.begin(2, Add(2));
            self.execute(3, second, Add(2), Is(sum + 2), Some(2 * round - 1));
            self.execute(3, read, Read, Is(sum + 2), None);
            self.wait(1);
            self.execute(3, first, Add(1), Is(sum + 3), Some(2 * round));
            self.succeed(read, Is(sum + 2));
            self.succeed(first, Is(sum + 3));
            most = most.max(held(&self.checker));
            self.succeed(second, Is(sum + 2));
            sum += 3;
        }
        most
    }
}

impl<T: Property<Rpc<S>>, S: Service> Bench<T, S> {
    fn of(checker: T) -> Self {
        Bench {
            checker,
            now: Moment {
                at: SimTime::ZERO,
                event: 0,
            },
            made: BTreeMap::new(),
            last_repair: SimTime::ZERO,
            service: PhantomData,
        }
    }

    /// Lets so many milliseconds pass.
    pub(super) fn wait(&mut self, ms: u64) {
        self.now.at = self.now.at.after(Span::from_millis(ms));
    }

    /// Shows it a fact; what it objects to.
    pub(super) fn fact(&mut self, fact: &Fact<'_, Rpc<S>>) -> Result<(), String> {
        self.now.event += 1;
        if matches!(fact, Fact::Recovered(_) | Fact::Healed) {
            self.last_repair = self.now.at;
        }
        let seen = self.checker.see(self.now, fact);
        seen.map_err(|violation| violation.what)
    }

    /// What it finds once nothing can happen any more. A debt may stay open for a second.
    pub(super) fn finish(&mut self) -> Finding {
        let end = self.end(true);
        self.checker.finish(&end)
    }

    /// What it finds of a run that is broken off now.
    pub(super) fn break_off(&mut self) -> Finding {
        let end = self.end(false);
        self.checker.finish(&end)
    }

    const fn end(&self, quiet: bool) -> End {
        End {
            at: self.now.at,
            complete: true,
            quiet_since: if quiet { Some(self.now.at) } else { None },
            within: Span::from_secs(1),
            last_repair: self.last_repair,
        }
    }

    pub(super) fn ask(&mut self, client: u32, request: S::Request) -> Result<(), String> {
        let request = Either::Left(Call(request));
        self.fact(&Fact::Requested(NodeId(client), &request))
    }

    /// The next call of a client begins, without objection.
    pub(super) fn begin(&mut self, client: u32, request: S::Request) -> Key {
        self.ask(client, request.clone()).expect("it may be asked");
        self.follow(client, request, None)
    }

    /// The same without having been asked for, to be over within so many milliseconds.
    pub(super) fn follow(
        &mut self,
        client: u32,
        request: S::Request,
        deadline: Option<u64>,
    ) -> Key {
        let client = NodeId(client);
        let number = self.made.entry(client).or_insert(0);
        *number += 1;
        let key = Key {
            client,
            incarnation: 0,
            number: *number,
            part: 0,
        };
        let begun = Either::Left(Progress::Begun {
            key,
            request,
            deadline: deadline.map(Span::from_millis),
        });
        let seen = self.fact(&Fact::Indicated(client, &begun));
        seen.expect("a call may begin");
        key
    }

    /// A server carries a call out.
    pub(super) fn executed(
        &mut self,
        server: u32,
        key: Key,
        request: S::Request,
        reply: S::Reply,
        effect: Option<u64>,
    ) -> Result<(), String> {
        let executed = Either::Right(Executed {
            key,
            request,
            reply,
            effect,
        });
        self.fact(&Fact::Indicated(NodeId(server), &executed))
    }

    /// The same without objection.
    pub(super) fn execute(
        &mut self,
        server: u32,
        key: Key,
        request: S::Request,
        reply: S::Reply,
        effect: Option<u64>,
    ) {
        let seen = self.executed(server, key, request, reply, effect);
        assert_eq!(seen, Ok(()));
    }

    /// A call ends at its client.
    pub(super) fn ended(&mut self, key: Key, outcome: Outcome<S::Reply>) -> Result<(), String> {
        let ended = Either::Left(Progress::Ended {
            key,
            outcome,
            attempts: 1,
        });
        self.fact(&Fact::Indicated(key.client, &ended))
    }

    /// The same without objection.
    pub(super) fn end_as(&mut self, key: Key, outcome: Outcome<S::Reply>) {
        assert_eq!(self.ended(key, outcome), Ok(()));
    }

    /// A call ends well, without objection.
    pub(super) fn succeed(&mut self, key: Key, reply: S::Reply) {
        self.end_as(key, Outcome::Success(reply));
    }
}
