//! Linearizability: each call seems to take effect at one instant between its beginning and its end (Herlihy and Wing 1990).
//!
//! Judged are the answers that clients were given, and nothing that servers say. A call that was refused or failed has not
//! happened. One whose outcome is not known, that has not ended, or whose client has crashed, has happened at any time
//! after it began, or not at all. What a failed client has asked for is what servers say they have carried out for it.
//!
//! Objects are judged apart ([`Service::object`]): a history is linearizable if the history of each object is (locality).
//! Whenever no call on an object is under way, the states that it may be in are found, and the history is forgotten; if
//! that takes too long it is kept, and judged in the end. The search may take [`STEPS`] steps and [`STEPS_PER_CALL`]
//! for every call; after that the finding is that nobody knows.
//!
//! Replies must depend on nothing but the requests before: calls that are [timed](Service::is_timed) are not judged.

mod history;
mod judge;
mod operation;
mod search;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property, Violation};
use sim_core::kernel::summary::summary;

use super::roll::{News, Roll, Standing};
use super::{counted, grouped};
use crate::rpc::port::{Executed, Key, Outcome, Rpc};
use crate::rpc::service::Service;
use history::History;
use search::Steps;

pub use judge::{Unexplained, Verdict, judge};
pub use operation::{Fate, Operation};

/// So many steps may be taken in all to find an order of the calls …
pub const STEPS: u64 = 2_000_000;
/// … and so many more for every call.
pub const STEPS_PER_CALL: u64 = 8;
/// If histories grow longer than this because they cannot be settled, nobody knows either.
const KEPT_MAX: usize = 1 << 18;
/// So many answers that could have been given are named.
const NAMED_MAX: usize = 4;

/// The checker.
#[derive(Clone, Debug)]
pub struct Linearizability<S: Service> {
    roll: Roll,
    objects: BTreeMap<u64, Object<S>>,
    /// Where to find the calls that have not been answered, of those that are kept: their object and their place.
    unanswered: BTreeMap<Key, (u64, usize)>,
    /// Events so far.
    clock: u64,
    steps: Steps,
    calls: u64,
    /// How many calls are kept in all histories.
    kept: usize,
    gave_up: bool,
}

#[derive(Clone, Debug)]
struct Object<S: Service> {
    history: History<S>,
    /// What else there is to know of each operation of the history.
    calls: Vec<Call>,
    under_way: usize,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    key: Key,
    under_way: bool,
    /// When it began or, once it has ended, when that was.
    last: Moment,
}

impl<S: Service> Default for Linearizability<S> {
    fn default() -> Self {
        Linearizability::new()
    }
}

impl<S: Service> Linearizability<S> {
    /// For any number of processes.
    #[must_use]
    pub const fn new() -> Self {
        Linearizability {
            roll: Roll::new(),
            objects: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            clock: 0,
            steps: Steps::new(STEPS),
            calls: 0,
            kept: 0,
            gave_up: false,
        }
    }

    /// A call that is not known yet: it is under way, or has happened or not.
    fn add(&mut self, moment: Moment, key: Key, request: &S::Request, under_way: bool) {
        self.steps.left += STEPS_PER_CALL;
        self.calls += 1;
        self.kept += 1;
        let number = S::object(request);
        let object = self.objects.entry(number).or_insert_with(Object::new);
        self.unanswered.insert(key, (number, object.calls.len()));
        object.under_way += usize::from(under_way);
        object.calls.push(Call {
            key,
            under_way,
            last: moment,
        });
        object.history.operations.push(Operation {
            request: request.clone(),
            begun: self.clock,
            fate: Fate::Perhaps,
            guess: Operation::<S>::NO_GUESS,
        });
    }

    fn on_ended(
        &mut self,
        moment: Moment,
        key: Key,
        outcome: &Outcome<S::Reply>,
    ) -> Result<(), Violation> {
        let fate = match outcome {
            Outcome::Success(reply) => Fate::Answered(self.clock, reply.clone()),
            Outcome::Refused | Outcome::Failed(_) => Fate::Never,
            Outcome::Unknown | Outcome::Expired => Fate::Perhaps,
        };
        let Some((number, place)) = self.unanswered.get(&key).copied() else {
            return Ok(());
        };
        if fate != Fate::Perhaps {
            self.unanswered.remove(&key);
        }
        let object = self.objects.get_mut(&number).expect("it has this call");
        let call = &mut object.calls[place];
        if !core::mem::replace(&mut call.under_way, false) {
            return Ok(());
        }
        call.last = moment;
        object.under_way -= 1;
        object.history.operations[place].fate = fate;
        self.settle(number)
    }

    /// Nothing more is heard of the calls of this client.
    fn on_gone(&mut self, moment: Moment, client: NodeId) -> Result<(), Violation> {
        let first = Key {
            client,
            incarnation: 0,
            number: 0,
            part: 0,
        };
        let calls = self.unanswered.range(first..);
        let calls: Vec<Key> = calls
            .map(|(key, _)| *key)
            .take_while(|key| key.client == client)
            .collect();
        for key in calls {
            self.on_ended(moment, key, &Outcome::Unknown)?;
        }
        Ok(())
    }

    fn on_executed(&mut self, moment: Moment, executed: &Executed<S::Request, S::Reply>) {
        let Executed { key, request, .. } = executed;
        if let Some((number, place)) = self.unanswered.get(key).copied() {
            let object = self.objects.get_mut(&number).expect("it has this call");
            let operation = &mut object.history.operations[place];
            operation.guess = operation.guess.min(self.clock);
        } else if self.roll.has_failed(key.client) && !S::reads(request) && !S::is_timed(request) {
            self.add(moment, *key, request, false);
        }
    }

    /// If no call on this object is under way, forgets its history.
    fn settle(&mut self, number: u64) -> Result<(), Violation> {
        let object = self.objects.get_mut(&number).expect("a call was on it");
        if object.under_way > 0 {
            return Ok(());
        }
        match object.history.settle(&mut self.steps) {
            Ok(true) => {
                self.kept -= object.calls.len();
                for call in object.calls.drain(..) {
                    self.unanswered.remove(&call.key);
                }
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(unexplained) => Err(object.violation(&unexplained)),
        }
    }

    fn on_news(&mut self, moment: Moment, news: &News<'_, S>) -> Result<(), Violation> {
        match news {
            News::Begun { key, request, .. }
                if !self.unanswered.contains_key(key) && !S::is_timed(request) =>
            {
                self.add(moment, *key, request, true);
            }
            News::Ended { key, outcome, .. } => self.on_ended(moment, *key, outcome)?,
            News::Executed {
                executed,
                standing: Standing::New | Standing::Forgetful,
                ..
            } => self.on_executed(moment, executed),
            News::Crashed(node) | News::Failed(node) => self.on_gone(moment, *node)?,
            _ => (),
        }
        Ok(())
    }

    /// Nobody will know: nothing needs to be kept.
    fn give_up(&mut self) {
        self.gave_up = true;
        self.objects.clear();
        self.unanswered.clear();
    }

    fn undecided(&self) -> Finding {
        Finding::Pending(format!(
            "undecided after {} steps of search through {}",
            grouped(self.steps.taken),
            counted(self.calls, "call")
        ))
    }
}

impl<S: Service> Property<Rpc<S>> for Linearizability<S> {
    fn see(&mut self, moment: Moment, fact: &Fact<'_, Rpc<S>>) -> Result<(), Violation> {
        if self.gave_up {
            return Ok(());
        }
        self.clock += 1;
        if let Some(news) = self.roll.see(moment, fact) {
            self.on_news(moment, &news)?;
        }
        if self.steps.left == 0 || self.kept > KEPT_MAX {
            self.give_up();
        }
        Ok(())
    }

    fn finish(&mut self, _: &End) -> Finding {
        if self.gave_up {
            return self.undecided();
        }
        let (mut violation, mut decided) = (None::<Violation>, true);
        for object in self.objects.values() {
            match object.history.judge(&mut self.steps) {
                Verdict::Linearizable => (),
                Verdict::Undecided => decided = false,
                Verdict::Unexplained(unexplained) => {
                    let found = object.violation(&unexplained);
                    if violation
                        .as_ref()
                        .is_none_or(|known| found.since < known.since)
                    {
                        violation = Some(found);
                    }
                }
            }
        }
        match violation {
            Some(violation) => Finding::Violated(violation),
            None if !decided => self.undecided(),
            None if self.calls == 0 => Finding::NotExercised,
            None => Finding::Held(format!(
                "{}, {}",
                counted(self.calls, "call"),
                counted(self.steps.taken, "step")
            )),
        }
    }
}

impl<S: Service> Object<S> {
    fn new() -> Self {
        Object {
            history: History::new(),
            calls: Vec::new(),
            under_way: 0,
        }
    }

    fn violation(&self, unexplained: &Unexplained<S::Reply>) -> Violation {
        let Call { key, last, .. } = self.calls[unexplained.place];
        let operation = &self.history.operations[unexplained.place];
        let answered = match &operation.fate {
            Fate::Answered(_, reply) => summary(reply),
            Fate::Perhaps | Fate::Never => String::new(),
        };
        let instead: Vec<String> = unexplained.instead.iter().map(summary).collect();
        let why = match &instead[..] {
            [] => "which no order of the calls explains".into(),
            [only] => format!("but all that was answered before allows {only}"),
            [few @ .., last] if instead.len() <= NAMED_MAX => format!(
                "but all that was answered before allows {} or {last}",
                few.join(", ")
            ),
            many => format!(
                "but all that was answered before allows {} and others",
                many[..NAMED_MAX].join(", ")
            ),
        };
        Violation {
            before: None,
            since: last,
            what: format!(
                "node {} was answered {answered} to {key} {}, {why}",
                key.client.0,
                summary(&operation.request)
            ),
            nodes: vec![key.client],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bench::{Bench, panel};
    use super::*;
    use crate::rpc::CounterReply::Is;
    use crate::rpc::CounterRequest::{Add, Read};
    use crate::rpc::{Counter, Fenced, FencedReply, FencedRequest};

    fn bench() -> Bench<Linearizability<Counter>> {
        Bench::new(Linearizability::new())
    }

    /// The server answers what it knows, and knows too little.
    #[test]
    fn a_stale_read_is_caught() {
        let mut panel = panel::<Counter>();
        let add = panel.begin(0, Add(1));
        panel.execute(2, add, Add(1), Is(1), Some(1));
        panel.succeed(add, Is(1));
        let read = panel.begin(1, Read);
        panel.execute(3, read, Read, Is(0), None);
        panel.succeed(read, Is(0));
        assert_eq!(panel.violated(), ["linearizability"]);
    }

    #[test]
    fn says_what_could_have_been_answered() {
        let mut bench = bench();
        let add = bench.begin(0, Add(1));
        bench.succeed(add, Is(1));
        let (add, read) = (bench.begin(0, Add(2)), bench.begin(1, Read));
        bench.end_as(add, Outcome::Unknown);
        assert_eq!(
            bench.ended(read, Outcome::Success(Is(2))),
            Err(
                "node 1 was answered 2 to #1.1 Read, but all that was answered before allows 1 or 3"
                    .into()
            )
        );
    }

    /// The two reads contradict each other, whatever the addition did.
    #[test]
    fn names_the_first_call_that_cannot_be_explained() {
        let mut bench = bench();
        let slow = bench.begin(0, Add(1));
        for (client, value) in [(1, 0), (2, 1), (1, 0), (2, 1)] {
            let read = bench.begin(client, Read);
            bench.succeed(read, Is(value));
        }
        let Finding::Violated(violation) = bench.finish() else {
            panic!("one, then none");
        };
        assert_eq!(
            violation.what,
            "node 1 was answered 0 to #1.2 Read, but all that was answered before allows 1"
        );
        assert_eq!(violation.nodes, [NodeId(1)]);
        assert!(bench.ended(slow, Outcome::Success(Is(1))).is_err());
    }

    #[test]
    fn what_is_not_known_may_happen_at_any_time_or_never() {
        for crash in [false, true] {
            let mut bench = bench();
            let call = bench.begin(0, Add(1));
            if crash {
                bench.fact(&Fact::Crashed(NodeId(0))).unwrap();
            } else {
                bench.end_as(call, Outcome::Unknown);
            }
            for value in [0, 0, 1, 1] {
                let read = bench.begin(1, Read);
                bench.succeed(read, Is(value));
            }
            assert_eq!(
                bench.checker.objects[&0].history.entries(),
                1,
                "it has happened"
            );
            let read = bench.begin(1, Read);
            assert!(bench.ended(read, Outcome::Success(Is(0))).is_err());
        }
    }

    #[test]
    fn what_was_refused_has_not_happened() {
        let mut bench = bench();
        let (refused, read) = (bench.begin(0, Add(1)), bench.begin(1, Read));
        bench.end_as(refused, Outcome::Refused);
        assert!(bench.ended(read, Outcome::Success(Is(1))).is_err());
    }

    /// Only what a server says it did for a client that failed has happened, or not.
    #[test]
    fn failed_clients_are_not_heard_but_what_they_did_counts() {
        let mut bench = bench();
        bench.fact(&Fact::Failed(NodeId(0))).unwrap();
        let call = bench.begin(0, Add(1));
        bench.execute(2, call, Add(5), Is(5), Some(1));
        bench.succeed(call, Is(7));
        for value in [0, 5] {
            let read = bench.begin(1, Read);
            bench.succeed(read, Is(value));
        }
        assert!(matches!(bench.finish(), Finding::Held(_)));
    }

    #[test]
    fn services_that_look_at_the_clock_are_not_judged() {
        let mut panel = panel::<Fenced>();
        let look = panel.begin(0, FencedRequest::Look);
        let reply = FencedReply::Is("never written".into());
        panel.execute(2, look, FencedRequest::Look, reply.clone(), None);
        panel.succeed(look, reply);
        assert_eq!(panel.violated(), [""; 0]);
    }

    #[test]
    fn forgets_calls_that_are_over() {
        let mut bench = bench();
        let most = bench.a_million_calls(|checker| {
            let objects = checker.objects.values();
            let entries: usize = objects.map(|object| object.history.entries()).sum();
            entries + checker.unanswered.len() + checker.kept
        });
        assert!(most <= 12, "{most}");
        let Finding::Held(what) = bench.finish() else {
            panic!("all is well");
        };
        assert!(what.starts_with("999,999 calls, "), "{what}");
    }

    /// Half of the lost additions have happened, and nobody can tell which; but they all look alike.
    #[test]
    fn lost_calls_that_look_alike_are_one_thing_to_remember() {
        for (rounds, settles) in [(200, true), (10_000, false)] {
            let (mut bench, mut sum) = (bench(), 0);
            for round in 0..rounds {
                let lost = bench.begin(0, Add(1));
                bench.end_as(lost, Outcome::Unknown);
                sum += 1 + round % 2;
                let add = bench.begin(1, Add(1));
                bench.succeed(add, Is(sum));
            }
            let entries = bench.checker.objects[&0].history.entries();
            assert_eq!(entries <= 4, settles, "{entries}");
            assert!(matches!(bench.finish(), Finding::Held(_)));
        }
    }

    /// Whether any of two hundred writes that differ has happened is more than can be found out.
    #[test]
    fn says_so_if_it_cannot_decide() {
        let mut bench = bench();
        for by in 0..200 {
            let lost = bench.begin(0, Add(1 << (by % 50)));
            bench.end_as(lost, Outcome::Unknown);
        }
        let read = bench.begin(1, Read);
        bench.succeed(read, Is(-1));
        let Finding::Pending(what) = bench.finish() else {
            panic!("nobody can know");
        };
        assert!(
            what.starts_with("undecided after 2,001,608 steps"),
            "{what}"
        );
    }
}
