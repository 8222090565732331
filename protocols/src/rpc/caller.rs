//! Whoever calls: attempts, waits, and what can be said in the end.
//!
//! A part of [clients](super::Client), and of [servers](super::Server) that ask others. An attempt that was refused has not been
//! carried out; of any other without an answer nothing is known. That is what the outcome says.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use sim_core::kernel::prelude::*;

use super::breaker::{Breaker, Pass};
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
    at: LocalTime,
    /// What the breaker before the server let it through with.
    pass: Option<Pass>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Waits,
    Answered,
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
        let given = given.filter(|_| self.policy.propagates);
        let Some(own) = self.policy.deadline else {
            return given;
        };
        let own = fx.monotonic().after(own);
        Some(given.map_or(own, |given| given.min(own)))
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
        if let Some(budget) = &mut self.budget {
            budget.deposit();
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
        let (was, pass) = (sent.state, sent.pass);
        sent.state = match &answer {
            Answer::Done(_) | Answer::Expired => State::Answered,
            Answer::Refused => State::Refused,
            Answer::Unknown => State::Unknown,
        };
        match answer {
            Answer::Done(reply) => {
                let retried = open.retries > 0;
                self.succeeded(from, pass, fx);
                if retried {
                    fx.mark("retry_succeeded");
                }
                return self.end(number, Outcome::Success(reply), fx);
            }
            Answer::Expired => {
                self.succeeded(from, pass, fx);
                return self.end(number, Outcome::Expired, fx);
            }
            // Once an attempt has timed out it has been counted.
            Answer::Refused | Answer::Unknown if was == State::Waits => {
                self.failed(from, pass, now, fx);
            }
            Answer::Refused | Answer::Unknown => (),
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
        // A hedge has gone out later, and has time of its own.
        let timeout = self.policy.timeout;
        let mut silent = Vec::new();
        let mut next = None;
        for sent in open
            .sent
            .iter_mut()
            .filter(|sent| sent.state == State::Waits)
        {
            let end = sent.at.after(timeout);
            if is_late || end <= now {
                sent.state = State::TimedOut;
                silent.push((sent.to, sent.pass));
            } else {
                next = Some(next.map_or(end, |next: LocalTime| next.min(end)));
            }
        }
        for (server, pass) in silent {
            fx.mark("timed_out");
            self.failed(server, pass, now, fx);
        }
        if is_late {
            fx.mark("deadline_passed");
            let outcome = self.open[&number].outcome();
            return self.end(number, outcome, fx);
        }
        match next {
            Some(next) => {
                let left = self.left(number, fx);
                let wait = next.since(now);
                fx.arm(
                    Timer::Attempt(number),
                    left.map_or(wait, |left| left.min(wait)),
                );
                None
            }
            None => self.retry(number, fx),
        }
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
            && self.has_budget(fx)
            && let Some(pass) = self.admits(other, fx)
        {
            self.withdraw(fx);
            fx.mark("hedged");
            self.transmit(number, other, pass, fx);
        }
    }

    /// Sends an attempt, to whom it is the turn of.
    fn send<P, Q>(&mut self, number: u32, fx: &mut impl Effects<P>) -> Option<EndedOf<S>>
    where
        P: Protocol<Needs = Link<Message<S::Request, S::Reply>, Q>, Timer = Timer>,
        Q: Guarantee,
    {
        let Some((to, pass)) = self.choose(number, fx) else {
            fx.mark("breaker_refused");
            let open = &self.open[&number];
            let outcome = match open.sent.is_empty() {
                true => Outcome::Failed(Cause::BreakerOpen),
                false => open.outcome(),
            };
            return self.end(number, outcome, fx);
        };
        self.transmit(number, to, pass, fx);
        let left = self.left(number, fx);
        let timeout = self.policy.timeout;
        fx.arm(
            Timer::Attempt(number),
            left.map_or(timeout, |left| left.min(timeout)),
        );
        None
    }

    fn transmit<P, Q>(
        &mut self,
        number: u32,
        to: NodeId,
        pass: Option<Pass>,
        fx: &mut impl Effects<P>,
    ) where
        P: Protocol<Needs = Link<Message<S::Request, S::Reply>, Q>, Timer = Timer>,
        Q: Guarantee,
    {
        let (left, at) = (self.left(number, fx), fx.monotonic());
        let says = self.policy.propagates;
        let done_below = self.open.keys().next().copied().unwrap_or(number);
        let incarnation = self.incarnation;
        let Some(open) = self.open.get_mut(&number) else {
            return;
        };
        open.sent.push(Attempt {
            to,
            at,
            pass,
            state: State::Waits,
        });
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
    fn choose<P: Protocol>(
        &mut self,
        number: u32,
        fx: &mut impl Effects<P>,
    ) -> Option<(NodeId, Option<Pass>)> {
        if let Some(by) = self.open.get(&number)?.order.by {
            return self.admits(by, fx).map(|pass| (by, pass));
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
            if let Some(pass) = self.admits(server, fx) {
                return Some((server, pass));
            }
        }
        None
    }

    /// Does the breaker before this server let an attempt through, if there is one?
    fn admits<P: Protocol>(
        &mut self,
        server: NodeId,
        fx: &mut impl Effects<P>,
    ) -> Option<Option<Pass>> {
        let Some(terms) = self.policy.breaker else {
            return Some(None);
        };
        let now = fx.monotonic();
        let breaker = self.breakers.entry(server);
        let pass = breaker.or_insert_with(|| Breaker::new(terms)).admits(now)?;
        Some(Some(pass))
    }

    /// An attempt was answered.
    fn succeeded<P: Protocol>(
        &mut self,
        server: NodeId,
        pass: Option<Pass>,
        fx: &mut impl Effects<P>,
    ) {
        if let (Some(breaker), Some(pass)) = (self.breakers.get_mut(&server), pass)
            && breaker.succeeded(pass)
        {
            fx.mark("breaker_closed");
        }
    }

    /// An attempt has failed, for all that one can see.
    fn failed<P: Protocol>(
        &mut self,
        server: NodeId,
        pass: Option<Pass>,
        now: LocalTime,
        fx: &mut impl Effects<P>,
    ) {
        if let (Some(breaker), Some(pass)) = (self.breakers.get_mut(&server), pass)
            && breaker.failed(pass, now)
        {
            fx.mark("breaker_opened");
        }
    }

    /// Is there a token for another attempt?
    fn has_budget<P: Protocol>(&self, fx: &mut impl Effects<P>) -> bool {
        let may = self.budget.as_ref().is_none_or(Budget::has_token);
        if !may {
            fx.mark("retry_budget_empty");
        }
        may
    }

    fn withdraw<P: Protocol>(&mut self, fx: &mut impl Effects<P>) -> bool {
        let may = self.has_budget(fx);
        if let Some(budget) = self.budget.as_mut() {
            budget.withdraw();
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
        let Some(hedge) = self.policy.hedge else {
            return Some(open.ended(number, outcome));
        };
        fx.disarm(Timer::Hedge(number));
        let (now, incarnation) = (fx.monotonic(), self.incarnation);
        for sent in &open.sent {
            if sent.state == State::Waits {
                // A hedge has overtaken it: to the breaker it is one that failed.
                self.failed(sent.to, sent.pass, now, fx);
            }
            if hedge.cancels && matches!(sent.state, State::Waits | State::TimedOut) {
                let key = open.order.key;
                let ticket = Ticket {
                    incarnation,
                    number,
                };
                fx.send(sent.to, Message::Cancel { ticket, key });
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
