//! Whoever calls: attempts, waits, and what can be said in the end.
//!
//! A part of [clients](super::Client), and of [servers](super::Server) that ask others. An attempt that was refused is known not
//! to have been carried out; of any other without an answer nothing is known. That is what the outcome says.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use sim_core::kernel::prelude::*;

use super::breaker::Breaker;
use super::budget::Budget;
use super::message::{Answer, Message, Ticket, Timer};
use super::policy::{Balance, Policy};
use super::port::{Cause, Key, Outcome};
use super::service::Service;

/// A process that calls others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller<S: Service> {
    policy: Policy,
    servers: Vec<NodeId>,
    incarnation: u32,
    /// The number of the last call.
    calls: u32,
    /// Whose turn it is.
    turn: u32,
    budget: Option<Budget>,
    breakers: BTreeMap<NodeId, Breaker>,
    open: BTreeMap<u32, Open<S::Request>>,
}

/// What is to be called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order<Q> {
    /// Whose operation it is.
    pub key: Key,
    /// What is to be carried out.
    pub request: Q,
    /// The one server that can do it; `None`: any.
    pub by: Option<NodeId>,
    /// Until when, on the monotonic clock.
    pub until: Option<LocalTime>,
    /// The client's watermark; `None`: this process is the client.
    pub done_below: Option<u32>,
}

/// A call that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Open<Q> {
    order: Order<Q>,
    sent: Vec<Attempt>,
    retries: u32,
    /// The wait before the last retry.
    waited: Option<Span>,
    /// It backs off, or waits for an answer.
    backs_off: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Attempt {
    to: NodeId,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Waits,
    TimedOut,
    Refused,
    /// The server does not know either.
    Unknown,
}

/// A call that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ended<Q, R> {
    /// Its number at this caller.
    pub number: u32,
    /// Whose operation it was.
    pub key: Key,
    /// What was to be carried out.
    pub request: Q,
    /// How it ended.
    pub outcome: Outcome<R>,
    /// How often it was sent.
    pub attempts: u32,
}

type EndedOf<S> = Ended<<S as Service>::Request, <S as Service>::Reply>;

impl<S: Service> Caller<S> {
    /// A caller of these servers.
    ///
    /// # Panics
    /// If there are none.
    #[must_use]
    pub fn new(policy: Policy, servers: Vec<NodeId>) -> Self {
        assert!(!servers.is_empty(), "a caller calls somebody");
        Caller {
            budget: policy.budget.map(Budget::new),
            policy,
            servers,
            incarnation: 0,
            calls: 0,
            turn: 0,
            breakers: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    /// A new life begins.
    pub const fn boot(&mut self, incarnation: u32) {
        self.incarnation = incarnation;
    }

    /// Its life.
    pub const fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// What it does when no answer comes.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whom it calls.
    pub fn servers(&self) -> &[NodeId] {
        &self.servers
    }

    /// The number of the next call.
    pub const fn next(&self) -> u32 {
        self.calls + 1
    }

    /// How many calls are open.
    pub fn under_way(&self) -> usize {
        self.open.len()
    }

    /// Until when a call that begins now may take: the policy's deadline, or what is left of the one that came along.
    pub fn until<P: Protocol>(
        &self,
        given: Option<LocalTime>,
        fx: &mut impl Effects<P>,
    ) -> Option<LocalTime> {
        let Some(own) = self.policy.deadline else {
            return given;
        };
        let own_end = fx.monotonic().after(own.after);
        let given = given.filter(|_| own.propagates);
        Some(given.map_or(own_end, |given| given.min(own_end)))
    }

    /// Begins a call; gives its end if it has ended at once.
    pub fn call<P, Q>(
        &mut self,
        order: Order<S::Request>,
        fx: &mut impl Effects<P>,
    ) -> Option<EndedOf<S>>
    where
        P: Protocol<Needs = Link<Message<S::Request, S::Reply>, Q>, Timer = Timer>,
        Q: Guarantee,
    {
        self.calls += 1;
        let number = self.calls;
        if let Some(budget) = &mut self.budget {
            budget.deposit();
        }
        let is_full = |most| self.open.len() >= most as usize;
        let fails = if self.policy.in_flight.is_some_and(is_full) {
            fx.mark("too_many_calls");
            Some(Cause::TooMany)
        } else if order.until.is_some_and(|until| until <= fx.monotonic()) {
            Some(Cause::TooLate)
        } else {
            None
        };
        let open = Open {
            order,
            sent: Vec::new(),
            retries: 0,
            waited: None,
            backs_off: false,
        };
        if let Some(cause) = fails {
            return Some(open.ended(number, Outcome::Failed(cause)));
        }
        self.open.insert(number, open);
        let ended = self.send(number, fx);
        if let (None, Some(hedge)) = (&ended, self.policy.hedge) {
            fx.arm(Timer::Hedge(number), hedge.after);
        }
        ended
    }

    /// An answer is there.
    pub fn on_reply<P, Q>(
        &mut self,
        from: NodeId,
        reply: (Ticket, u32, Answer<S::Reply>),
        fx: &mut impl Effects<P>,
    ) -> Option<EndedOf<S>>
    where
        P: Protocol<Needs = Link<Message<S::Request, S::Reply>, Q>, Timer = Timer>,
        Q: Guarantee,
    {
        let (ticket, attempt, answer) = reply;
        let (number, now) = (ticket.number, fx.monotonic());
        let place = attempt.checked_sub(1)? as usize;
        let open = self.open.get_mut(&number);
        let open = open.filter(|_| ticket.incarnation == self.incarnation)?;
        let sent = open.sent.get_mut(place).filter(|sent| sent.to == from)?;
        let was = sent.state;
        sent.state = match &answer {
            Answer::Done(_) | Answer::Expired => {
                if let Some(breaker) = self.breakers.get_mut(&from)
                    && breaker.succeeded()
                {
                    fx.mark("breaker_closed");
                }
                let retried = open.retries > 0;
                let outcome = match answer {
                    Answer::Done(reply) => {
                        if retried {
                            fx.mark("retry_succeeded");
                        }
                        Outcome::Success(reply)
                    }
                    _ => Outcome::Expired,
                };
                return self.end(number, outcome, fx);
            }
            Answer::Refused => State::Refused,
            Answer::Unknown => State::Unknown,
        };
        if was == State::Waits {
            self.failed(from, now, fx);
        }
        let open = &self.open[&number];
        let waits = open.sent.iter().any(|sent| sent.state == State::Waits);
        if waits || open.backs_off {
            return None;
        }
        self.retry(number, fx)
    }

    /// The timer of a call has run out.
    pub fn on_attempt<P, Q>(&mut self, number: u32, fx: &mut impl Effects<P>) -> Option<EndedOf<S>>
    where
        P: Protocol<Needs = Link<Message<S::Request, S::Reply>, Q>, Timer = Timer>,
        Q: Guarantee,
    {
        let now = fx.monotonic();
        let open = self.open.get_mut(&number)?;
        let is_late = open.order.until.is_some_and(|until| until <= now);
        if open.backs_off && !is_late {
            open.backs_off = false;
            return self.send(number, fx);
        }
        let mut silent = Vec::new();
        for sent in &mut open.sent {
            if sent.state == State::Waits {
                sent.state = State::TimedOut;
                silent.push(sent.to);
            }
        }
        for server in silent {
            fx.mark("timed_out");
            self.failed(server, now, fx);
        }
        if is_late {
            fx.mark("deadline_passed");
            let outcome = self.open[&number].outcome();
            return self.end(number, outcome, fx);
        }
        self.retry(number, fx)
    }

    /// It is time to ask another server as well.
    pub fn on_hedge<P, Q>(&mut self, number: u32, fx: &mut impl Effects<P>)
    where
        P: Protocol<Needs = Link<Message<S::Request, S::Reply>, Q>, Timer = Timer>,
        Q: Guarantee,
    {
        let Some(open) = self.open.get(&number) else {
            return;
        };
        let asked = |server: &&NodeId| open.sent.iter().any(|sent| sent.to == **server);
        let first = open.sent.last().map(|sent| sent.to);
        let after = self
            .servers
            .iter()
            .position(|server| Some(*server) == first);
        let turned = self
            .servers
            .iter()
            .cycle()
            .skip(after.map_or(0, |at| at + 1));
        let other = turned
            .take(self.servers.len())
            .find(|server| !asked(server));
        if let (Some(other), None, false) = (other.copied(), open.order.by, open.backs_off)
            && self.admits(other, fx)
            && self.withdraw(fx)
        {
            fx.mark("hedged");
            self.transmit(number, other, fx);
        }
    }

    /// Sends an attempt, to whom it is the turn of.
    fn send<P, Q>(&mut self, number: u32, fx: &mut impl Effects<P>) -> Option<EndedOf<S>>
    where
        P: Protocol<Needs = Link<Message<S::Request, S::Reply>, Q>, Timer = Timer>,
        Q: Guarantee,
    {
        let Some(to) = self.choose(number, fx) else {
            fx.mark("breaker_refused");
            let open = &self.open[&number];
            let outcome = match open.sent.is_empty() {
                true => Outcome::Failed(Cause::BreakerOpen),
                false => open.outcome(),
            };
            return self.end(number, outcome, fx);
        };
        self.transmit(number, to, fx);
        let left = self.left(number, fx);
        let timeout = self.policy.timeout;
        fx.arm(
            Timer::Attempt(number),
            left.map_or(timeout, |left| left.min(timeout)),
        );
        None
    }

    fn transmit<P, Q>(&mut self, number: u32, to: NodeId, fx: &mut impl Effects<P>)
    where
        P: Protocol<Needs = Link<Message<S::Request, S::Reply>, Q>, Timer = Timer>,
        Q: Guarantee,
    {
        let left = self.left(number, fx);
        let says = self
            .policy
            .deadline
            .is_some_and(|deadline| deadline.propagates);
        let done_below = self.open.keys().next().copied().unwrap_or(number);
        let incarnation = self.incarnation;
        let Some(open) = self.open.get_mut(&number) else {
            return;
        };
        let state = State::Waits;
        open.sent.push(Attempt { to, state });
        let order = &open.order;
        let request = Message::Request {
            ticket: Ticket {
                incarnation,
                number,
            },
            attempt: u32::try_from(open.sent.len()).unwrap_or(u32::MAX),
            key: order.key,
            done_below: order.done_below.unwrap_or(done_below),
            left: left.filter(|_| says),
            request: order.request.clone(),
        };
        fx.send(to, request);
    }

    /// How long a call may still take.
    fn left<P: Protocol>(&self, number: u32, fx: &mut impl Effects<P>) -> Option<Span> {
        let until = self.open.get(&number)?.order.until?;
        Some(until.since(fx.monotonic()))
    }

    /// Which server is to be asked; `None` if the breakers of all are open.
    fn choose<P: Protocol>(&mut self, number: u32, fx: &mut impl Effects<P>) -> Option<NodeId> {
        if let Some(by) = self.open.get(&number)?.order.by {
            return self.admits(by, fx).then_some(by);
        }
        let count = u32::try_from(self.servers.len()).unwrap_or(u32::MAX);
        let (first, tried) = match self.policy.balance {
            Balance::First => (0, 1),
            Balance::RoundRobin => {
                self.turn = (self.turn + 1) % count;
                ((self.turn + count - 1) % count, count)
            }
            Balance::Random => (fx.pick("server", count), count),
        };
        for place in first..first + tried {
            let server = self.servers[(place % count) as usize];
            if self.admits(server, fx) {
                return Some(server);
            }
        }
        None
    }

    fn admits<P: Protocol>(&mut self, server: NodeId, fx: &mut impl Effects<P>) -> bool {
        let Some(terms) = self.policy.breaker else {
            return true;
        };
        let now = fx.monotonic();
        let breaker = self.breakers.entry(server);
        breaker.or_insert_with(|| Breaker::new(terms)).admits(now)
    }

    /// An attempt has failed, for all that one can see.
    fn failed<P: Protocol>(&mut self, server: NodeId, now: LocalTime, fx: &mut impl Effects<P>) {
        if let Some(breaker) = self.breakers.get_mut(&server)
            && breaker.failed(now)
        {
            fx.mark("breaker_opened");
        }
    }

    fn withdraw<P: Protocol>(&mut self, fx: &mut impl Effects<P>) -> bool {
        let may = self.budget.as_mut().is_none_or(Budget::withdraw);
        if !may {
            fx.mark("retry_budget_empty");
        }
        may
    }

    /// No attempt is under way: tries again after a while, or gives up.
    fn retry<P, Q>(&mut self, number: u32, fx: &mut impl Effects<P>) -> Option<EndedOf<S>>
    where
        P: Protocol<Needs = Link<Message<S::Request, S::Reply>, Q>, Timer = Timer>,
        Q: Guarantee,
    {
        let open = self.open.get(&number)?;
        if open.retries >= self.policy.retries || !self.withdraw(fx) {
            let outcome = self.open[&number].outcome();
            return self.end(number, outcome, fx);
        }
        let (retries, waited) = (self.open[&number].retries, self.open[&number].waited);
        let wait = self.policy.backoff.draw(retries, waited, fx);
        let left = self.left(number, fx);
        let open = self.open.get_mut(&number)?;
        open.retries += 1;
        open.waited = Some(wait);
        if wait == Span::ZERO && left != Some(Span::ZERO) {
            return self.send(number, fx);
        }
        open.backs_off = true;
        fx.arm(
            Timer::Attempt(number),
            left.map_or(wait, |left| left.min(wait)),
        );
        None
    }

    /// A call has ended: whoever still works on it may stop.
    fn end<P, Q>(
        &mut self,
        number: u32,
        outcome: Outcome<S::Reply>,
        fx: &mut impl Effects<P>,
    ) -> Option<EndedOf<S>>
    where
        P: Protocol<Needs = Link<Message<S::Request, S::Reply>, Q>, Timer = Timer>,
        Q: Guarantee,
    {
        let open = self.open.remove(&number)?;
        fx.disarm(Timer::Attempt(number));
        if let Some(hedge) = self.policy.hedge {
            fx.disarm(Timer::Hedge(number));
            let waits = open.sent.iter().filter(|sent| sent.state == State::Waits);
            let answered = usize::from(matches!(outcome, Outcome::Success(_)));
            if hedge.cancels && waits.clone().count() > answered {
                let incarnation = self.incarnation;
                let ticket = Ticket {
                    incarnation,
                    number,
                };
                for sent in waits {
                    let key = open.order.key;
                    fx.send(sent.to, Message::Cancel { ticket, key });
                }
            }
        }
        Some(open.ended(number, outcome))
    }
}

impl<Q> Open<Q> {
    /// What can be said of it without a reply.
    fn outcome<R>(&self) -> Outcome<R> {
        match self.sent.iter().all(|sent| sent.state == State::Refused) {
            true => Outcome::Refused,
            false => Outcome::Unknown,
        }
    }

    fn ended<R>(self, number: u32, outcome: Outcome<R>) -> Ended<Q, R> {
        Ended {
            number,
            key: self.order.key,
            request: self.order.request,
            outcome,
            attempts: u32::try_from(self.sent.len()).unwrap_or(u32::MAX),
        }
    }
}
