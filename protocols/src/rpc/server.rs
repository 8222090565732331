//! A server: carries out what it is asked, once or as often as it is asked, or asks others to.
//!
//! Source: CDK §5.3 for at-most-once and the saved reply; Lee et al. 2015 (RIFL) for how long it is saved and that it is saved in one
//! write with the change of state; [`Desk`](super::desk::Desk) for how a server works. Needs fair-loss links, offers [`Serving`].
//! Cost: 1 message a request that arrives, and a write if it changes the state. Model: crash-recovery; what is on its way
//! through the server is lost in a crash.
//! Where it fails: without [`Keys`] every copy of a request is carried out; with a table that is not on the disk, every copy once a
//! life; with a table that forgets, once a time. A server in front of others keeps a thread for every call that it waits for: if
//! they are slow, it runs out of threads, and those that wait for it do too.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

use super::caller::{Caller, Ended, Order};
use super::desk::{Admission, Desk, Terms};
use super::ledger::{Commit, Keys, Known, Ledger, Then};
use super::message::{Answer, Message, Ticket, Timer};
use super::policy::Policy;
use super::port::{Executed, Key, Outcome, Serving};
use super::service::Service;

/// What a server keeps over a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// The state of the service and the table of calls, in one write.
    Durable,
    /// A lesson: the state alone.
    VolatileTable,
    /// Nothing.
    Volatile,
}

/// How a server asks the servers behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fan {
    /// One of them, for the whole call.
    One,
    /// All of them at once.
    Parallel,
    /// All of them, one after the other.
    Sequential,
}

/// Who stands behind a server, and how it asks them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Behind {
    /// The servers.
    pub servers: Vec<NodeId>,
    /// How they are asked.
    pub fan: Fan,
    /// What is done when they do not answer.
    pub policy: Policy,
}

/// A process that serves `S`, over links `Q`.
///
/// It marks `duplicate_suppressed`, `key_expired`, `load_shed`, `work_too_late` for what it drops because nobody waits for it any
/// more, `call_cancelled`, and `rpc_message_refused`; as a caller of others, what a [client](super::Client) marks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server<S: Service, Q> {
    terms: Terms,
    keys: Option<Keys>,
    storage: Storage,
    desk: Desk<Job<S::Request, S::Reply>>,
    ledger: Ledger<S>,
    /// What is being carried out, by which job. Without keys every copy is a job, and the last one is here.
    under_way: BTreeMap<Key, u32>,
    /// The servers in front, which speak for clients; if there are none, clients speak for themselves.
    in_front: Vec<NodeId>,
    behind: Option<Front<S>>,
    link: PhantomData<fn() -> Q>,
}

/// A server that has others behind it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Front<S: Service> {
    fan: Fan,
    caller: Caller<S>,
    /// For which job a call is made.
    jobs: BTreeMap<u32, u32>,
}

/// A request that has come in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Job<Q, R> {
    /// Who waits for the answer: more than one if a call comes in on several ways.
    waiting: Vec<Waiting>,
    key: Key,
    done_below: u32,
    /// Until when its caller waits, on this server's monotonic clock.
    until: Option<LocalTime>,
    request: Q,
    /// How many servers behind were asked, and how many of them have answered.
    asked: u32,
    answered: u32,
    /// What can be said so far, and the part that the reply is of.
    answer: Option<(u32, Answer<R>)>,
}

/// Who waits for an answer, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Waiting {
    caller: NodeId,
    ticket: Ticket,
    attempt: u32,
}

type JobOf<S> = Job<<S as Service>::Request, <S as Service>::Reply>;

impl<S: Service, Q> Server<S, Q> {
    /// A server that carries out calls itself.
    #[must_use]
    pub fn new(terms: Terms, keys: Option<Keys>, storage: Storage) -> Self {
        Server {
            terms,
            keys,
            storage,
            desk: Desk::new(),
            ledger: Ledger::default(),
            under_way: BTreeMap::new(),
            in_front: Vec::new(),
            behind: None,
            link: PhantomData,
        }
    }

    /// A server that asks others, and keeps nothing itself.
    ///
    /// # Panics
    /// If there is nobody behind.
    #[must_use]
    pub fn in_front_of(self, behind: Behind) -> Self {
        let front = Front {
            fan: behind.fan,
            caller: Caller::new(behind.policy, behind.servers),
            jobs: BTreeMap::new(),
        };
        Server {
            behind: Some(front),
            ..self
        }
    }

    /// A server that is asked by these servers, in the name of clients, and by nobody else.
    #[must_use]
    pub fn behind(self, in_front: Vec<NodeId>) -> Self {
        Server { in_front, ..self }
    }

    /// How many replies it remembers.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.ledger.remembered()
    }

    /// How many requests it has not answered yet.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.desk.len()
    }
}

impl<S: Service, Q: AtLeast<FairLoss>> Protocol for Server<S, Q> {
    type Offers = Serving<S>;
    type Needs = Link<Message<S::Request, S::Reply>, Q>;
    type Timer = Timer;
    type Disk = Ledger<S>;

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => self.on_boot(boot, fx),
            Event::Request(never) => match never {},
            Event::Indication(Arrival { from, msg }) => self.on_message(from, msg, fx),
            Event::Timer(Timer::Core(job)) => {
                self.pass_core_on(fx);
                self.on_computed(job, fx);
            }
            Event::Timer(Timer::Io(job)) => self.carry_out(job, fx),
            Event::Timer(Timer::Attempt(call)) => {
                let ended = self
                    .behind
                    .as_mut()
                    .and_then(|front| front.caller.on_attempt(call, fx));
                self.on_ended(ended, fx);
            }
            Event::Timer(Timer::Hedge(call)) => {
                if let Some(front) = &mut self.behind {
                    front.caller.on_hedge(call, fx);
                }
            }
            Event::Timer(Timer::Again(_)) => (),
        }
        // Threads that have become free. A job may end as soon as it begins, and a queue may be long.
        while let Some(next) = self.desk.begin_next(&self.terms) {
            self.begin(next, fx);
        }
    }
}

/// What comes in.
impl<S: Service, Q: AtLeast<FairLoss>> Server<S, Q> {
    fn on_boot(&mut self, boot: Boot<Ledger<S>>, fx: &mut impl Effects<Self>) {
        if let Some(front) = &mut self.behind {
            front.caller.boot(boot.incarnation);
        }
        if boot.is_recovery() {
            self.ledger = boot.disk;
            // It may have crashed between the write and saying so.
            if let Some(last) = self.ledger.last() {
                fx.indicate(last.clone());
            }
        }
    }

    fn on_message(
        &mut self,
        from: NodeId,
        msg: Message<S::Request, S::Reply>,
        fx: &mut impl Effects<Self>,
    ) {
        match msg {
            Message::Request {
                ticket,
                attempt,
                key,
                done_below,
                left,
                request,
            } => {
                let now = fx.monotonic();
                let waiting = Waiting {
                    caller: from,
                    ticket,
                    attempt,
                };
                let job = Job {
                    waiting: alloc::vec![waiting],
                    key,
                    done_below,
                    until: left.map(|left| now.after(left)),
                    request,
                    asked: 0,
                    answered: 0,
                    answer: None,
                };
                self.on_request(from, job, fx);
            }
            Message::Cancel { ticket, key } => self.on_cancel(from, ticket, key, fx),
            Message::Reply {
                ticket,
                attempt,
                answer,
                ..
            } => match &mut self.behind {
                Some(front) => {
                    let ended = front.caller.on_reply(from, (ticket, attempt, answer), fx);
                    self.on_ended(ended, fx);
                }
                None => fx.mark("rpc_message_refused"),
            },
        }
    }

    fn on_request(&mut self, from: NodeId, job: JobOf<S>, fx: &mut impl Effects<Self>) {
        let may_ask = match self.in_front.is_empty() {
            true => job.key.client == from,
            false => self.in_front.contains(&from),
        };
        if !may_ask || job.key.client.0 >= fx.nodes() {
            return fx.mark("rpc_message_refused");
        }
        let mut is_full = false;
        if let (Some(keys), false) = (self.keys, S::reads(&job.request)) {
            if let Some((mark, answer)) = self.known(&keys, &job, fx) {
                fx.mark(mark);
                return self.reply(&job, &answer, fx);
            }
            if self.is_under_way(&job) {
                return fx.mark("duplicate_suppressed");
            }
            is_full = self.is_table_full(&keys, job.key.client);
        }
        let (key, copy) = (job.key, job.clone());
        let admission = match is_full {
            true => Admission::Full,
            false => self.desk.admit(&self.terms, job),
        };
        match admission {
            Admission::Full => {
                fx.mark("load_shed");
                self.reply(&copy, &Answer::Refused, fx);
            }
            Admission::Queued(number) => {
                self.under_way.insert(key, number);
            }
            Admission::Begun(number) => {
                self.under_way.insert(key, number);
                self.begin(number, fx);
            }
        }
    }

    /// What the table knows of a call. What only reads is not in it; whether the servers behind know of a call is their business.
    fn known(
        &mut self,
        keys: &Keys,
        job: &JobOf<S>,
        fx: &mut impl Effects<Self>,
    ) -> Option<(&'static str, Answer<S::Reply>)> {
        if self.behind.is_some() {
            return None;
        }
        let horizon = keys.horizon(fx.now());
        self.ledger.done(&job.key, job.done_below);
        match self.ledger.known(&job.key, &horizon) {
            Known::New => None,
            Known::Done(reply) => Some(("duplicate_suppressed", Answer::Done(reply))),
            Known::Expired => Some(("key_expired", Answer::Expired)),
        }
    }

    /// Is the call being carried out? Then whoever asks waits with the others.
    fn is_under_way(&mut self, job: &JobOf<S>) -> bool {
        let number = self.under_way.get(&job.key).copied();
        let Some(known) = number.and_then(|number| self.desk.job(number)) else {
            return false;
        };
        for waiting in &job.waiting {
            known.waiting.retain(|known| known.caller != waiting.caller);
            known.waiting.push(*waiting);
        }
        true
    }

    /// Is there no room for another reply to this client?
    fn is_table_full(&self, keys: &Keys, client: NodeId) -> bool {
        let first = |client| Key {
            client: NodeId(client),
            incarnation: 0,
            number: 0,
            part: 0,
        };
        let of_client = first(client.0)..first(client.0.saturating_add(1));
        let coming = self.under_way.range(of_client).count();
        self.behind.is_none() && self.ledger.remembered_for(client) + coming >= keys.most as usize
    }

    /// A caller waits no longer. If nobody does, a job that has not had a core is dropped.
    fn on_cancel(&mut self, caller: NodeId, ticket: Ticket, key: Key, fx: &mut impl Effects<Self>) {
        let number = self.under_way.get(&key).copied();
        let Some((number, job)) = number.and_then(|number| Some((number, self.desk.job(number)?)))
        else {
            return;
        };
        let is_it = |waiting: &Waiting| waiting.caller == caller && waiting.ticket == ticket;
        if job.waiting.iter().all(is_it) && self.desk.withdraw(number).is_some() {
            self.under_way.remove(&key);
            fx.mark("call_cancelled");
        }
    }

    fn reply(&self, job: &JobOf<S>, answer: &Answer<S::Reply>, fx: &mut impl Effects<Self>) {
        for waiting in &job.waiting {
            let Waiting {
                caller,
                ticket,
                attempt,
            } = *waiting;
            let reply = Message::Reply {
                ticket,
                attempt,
                key: job.key,
                answer: answer.clone(),
            };
            fx.send(caller, reply);
        }
    }
}

/// What becomes of a job.
impl<S: Service, Q: AtLeast<FairLoss>> Server<S, Q> {
    /// It has a thread.
    fn begin(&mut self, number: u32, fx: &mut impl Effects<Self>) {
        if self.is_too_late(number, fx) {
            self.end(number, None, fx);
        } else if self.terms.cpu.is_none() {
            self.on_computed(number, fx);
        } else if self.desk.compute(&self.terms, number) {
            self.occupy(number, fx);
        }
    }

    /// Nobody waits for it any more.
    fn is_too_late(&mut self, number: u32, fx: &mut impl Effects<Self>) -> bool {
        let now = fx.monotonic();
        let job = self.desk.job(number);
        let is_late = job.is_some_and(|job| job.until.is_some_and(|until| until <= now));
        if is_late {
            fx.mark("work_too_late");
        }
        is_late
    }

    /// A core is free: the next that waits for one has it, unless nobody waits for that any more.
    fn pass_core_on(&mut self, fx: &mut impl Effects<Self>) {
        while let Some(next) = self.desk.computed() {
            if !self.is_too_late(next, fx) {
                return self.occupy(next, fx);
            }
            self.end(next, None, fx);
        }
    }

    /// It has a core.
    fn occupy(&mut self, number: u32, fx: &mut impl Effects<Self>) {
        if let Some(cpu) = &self.terms.cpu {
            let time = fx.draw("cpu", cpu);
            fx.arm(Timer::Core(number), time);
        }
    }

    /// It has had its core: now it waits for a disk, or for others.
    fn on_computed(&mut self, number: u32, fx: &mut impl Effects<Self>) {
        if self.behind.is_some() {
            return self.ask(number, fx);
        }
        match &self.terms.io {
            Some(io) => {
                let time = fx.draw("io", io);
                fx.arm(Timer::Io(number), time);
            }
            None => self.carry_out(number, fx),
        }
    }

    /// The effect, the table and the answer.
    fn carry_out(&mut self, number: u32, fx: &mut impl Effects<Self>) {
        let Some(job) = self.desk.job(number) else {
            return;
        };
        let (key, request, done_below) = (job.key, job.request.clone(), job.done_below);
        let at = fx.now();
        let executed = if S::reads(&request) {
            let reply = self.ledger.read(&request, at);
            Executed {
                key,
                request,
                reply,
                effect: None,
            }
        } else {
            let forgetful = Keys {
                ttl: Span::ZERO,
                most: 0,
                then: Then::Forget,
            };
            let commit = Commit {
                key,
                request,
                at,
                remember: self.keys.is_some(),
                done_below,
                horizon: self.keys.unwrap_or(forgetful).horizon(at),
            };
            match self.storage {
                Storage::Durable => fx.persist(commit.clone()),
                Storage::VolatileTable => fx.persist(Commit {
                    remember: false,
                    ..commit.clone()
                }),
                Storage::Volatile => (),
            }
            self.ledger.commit(commit)
        };
        let answer = Answer::Done(executed.reply.clone());
        fx.indicate(executed);
        self.end(number, Some(answer), fx);
    }

    /// A job has ended: its thread is free.
    fn end(&mut self, number: u32, answer: Option<Answer<S::Reply>>, fx: &mut impl Effects<Self>) {
        let Some(job) = self.desk.end(number) else {
            return;
        };
        if self.under_way.get(&job.key) == Some(&number) {
            self.under_way.remove(&job.key);
        }
        if let Some(answer) = answer {
            self.reply(&job, &answer, fx);
        }
    }
}

/// What the servers behind are asked.
impl<S: Service, Q: AtLeast<FairLoss>> Server<S, Q> {
    /// Asks the next of them, or all.
    fn ask(&mut self, number: u32, fx: &mut impl Effects<Self>) {
        let Some(front) = &self.behind else {
            return;
        };
        let all = front.caller.servers().to_vec();
        let turns: Vec<(u32, Option<NodeId>)> = match front.fan {
            Fan::One => alloc::vec![(0, None)],
            _ => (0..).zip(all.iter().copied().map(Some)).collect(),
        };
        let count = u32::try_from(turns.len()).unwrap_or(u32::MAX);
        let at_once = if front.fan == Fan::Sequential {
            1
        } else {
            turns.len()
        };
        let begun = self.desk.job(number).map_or(0, |job| job.asked as usize);
        for (part, by) in turns.into_iter().skip(begun).take(at_once) {
            let Some(job) = self.desk.job(number) else {
                return;
            };
            job.asked += 1;
            let (job, front) = (job.clone(), self.behind.as_mut());
            let Some(front) = front else {
                return;
            };
            let order = Order {
                key: Key {
                    part: job.key.part.wrapping_mul(count).wrapping_add(part),
                    ..job.key
                },
                request: job.request,
                by,
                until: front.caller.until(job.until, fx),
                done_below: Some(job.done_below),
            };
            front.jobs.insert(front.caller.next(), number);
            let ended = front.caller.call(order, fx);
            self.on_ended(ended, fx);
        }
    }

    /// One of them has answered, or will not any more.
    fn on_ended(
        &mut self,
        ended: Option<Ended<S::Request, S::Reply>>,
        fx: &mut impl Effects<Self>,
    ) {
        let (Some(ended), Some(front)) = (ended, &mut self.behind) else {
            return;
        };
        let asked = match front.fan {
            Fan::One => 1,
            _ => u32::try_from(front.caller.servers().len()).unwrap_or(u32::MAX),
        };
        let (fan, number) = (front.fan, front.jobs.remove(&ended.number));
        let Some((number, job)) = number.and_then(|number| Some((number, self.desk.job(number)?)))
        else {
            return;
        };
        let answer = match ended.outcome {
            Outcome::Success(reply) => Answer::Done(reply),
            Outcome::Refused | Outcome::Failed(_) => Answer::Refused,
            Outcome::Expired => Answer::Expired,
            Outcome::Unknown => Answer::Unknown,
        };
        let is_done = matches!(answer, Answer::Done(_));
        job.answered += 1;
        let answer = (ended.key.part, answer);
        job.answer = Some(match job.answer.take() {
            Some(before) => together(before, answer),
            None => answer,
        });
        if job.answered == asked || (fan == Fan::Sequential && !is_done) {
            let answer = job.answer.take();
            self.end(number, answer.map(|(_, answer)| answer), fx);
        } else if fan == Fan::Sequential {
            self.ask(number, fx);
        }
    }
}

/// What can be said of two parts of one call: the reply of the first part if both were carried out, refused only if neither
/// was.
fn together<R>(one: (u32, Answer<R>), other: (u32, Answer<R>)) -> (u32, Answer<R>) {
    let (one, other) = if one.0 <= other.0 {
        (one, other)
    } else {
        (other, one)
    };
    let answer = match (one.1, other.1) {
        (Answer::Done(reply), Answer::Done(_)) => Answer::Done(reply),
        (Answer::Refused, Answer::Refused) => Answer::Refused,
        (Answer::Expired, _) | (_, Answer::Expired) => Answer::Expired,
        _ => Answer::Unknown,
    };
    (one.0, answer)
}
