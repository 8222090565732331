//! A client: calls, tries again, and says honestly how it ended.
//!
//! Source: Birrell and Nelson 1984; CDK §5.3; the parts of the [policy](super::Policy) name their own. Needs fair-loss links (it
//! sends again by itself), offers [`Calling`]. Cost without failures: 2 messages a call, two message delays. Model: crash-recovery;
//! a client that recovers has forgotten its calls and begins a new row of names.
//! Where it fails: a call that was not answered in time is `Unknown`, never `Failed`: it may have been carried out, or may yet be. Without
//! keys at the server every attempt that arrives is carried out.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::marker::PhantomData;

use sim_core::kernel::prelude::*;

use super::caller::{Caller, Ended, Order};
use super::message::{Message, Timer};
use super::policy::Policy;
use super::port::{Call, Calling, Key, Outcome, Progress};
use super::service::{Follow, Service};

/// A process that calls servers of `S` over links `Q`.
///
/// It marks `timed_out` for an attempt, `retry_succeeded`, `deadline_passed`, `hedged`, `retry_budget_empty`,
/// `too_many_calls`, `breaker_opened`, `breaker_refused` and `breaker_closed`, `conflict` when a call has to be followed by the same
/// again, and `rpc_message_refused` for what is not for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client<S: Service, Q> {
    caller: Caller<S>,
    /// What open calls are part of.
    plans: BTreeMap<u32, Plan<S::Request>>,
    /// What backs off, after others were faster.
    resting: BTreeMap<u32, Plan<S::Request>>,
    rests: u32,
    link: PhantomData<fn() -> Q>,
}

/// What was asked of the client, which may take several calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Plan<R> {
    first: R,
    /// How often others were faster.
    conflicts: u32,
    waited: Option<Span>,
    until: Option<LocalTime>,
}

impl<S: Service, Q> Client<S, Q> {
    /// A client of these servers.
    ///
    /// # Panics
    /// If there are none.
    #[must_use]
    pub fn new(policy: Policy, servers: Vec<NodeId>) -> Self {
        Client {
            caller: Caller::new(policy, servers),
            plans: BTreeMap::new(),
            resting: BTreeMap::new(),
            rests: 0,
            link: PhantomData,
        }
    }

    /// How many calls are open, or back off.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.caller.under_way() + self.resting.len()
    }
}

impl<S: Service, Q: AtLeast<FairLoss>> Protocol for Client<S, Q> {
    type Offers = Calling<S>;
    type Needs = Link<Message<S::Request, S::Reply>, Q>;
    type Timer = Timer;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        let ended = match event {
            Event::Boot(boot) => return self.caller.boot(boot.incarnation),
            Event::Request(Call(request)) => {
                let plan = Plan {
                    first: request.clone(),
                    conflicts: 0,
                    waited: None,
                    until: self.caller.until(None, fx),
                };
                return self.begin(request, plan, fx);
            }
            Event::Indication(Arrival {
                from,
                msg:
                    Message::Reply {
                        ticket,
                        attempt,
                        answer,
                        ..
                    },
            }) => self.caller.on_reply(from, (ticket, attempt, answer), fx),
            Event::Indication(_) => return fx.mark("rpc_message_refused"),
            Event::Timer(Timer::Attempt(number)) => self.caller.on_attempt(number, fx),
            Event::Timer(Timer::Hedge(number)) => return self.caller.on_hedge(number, fx),
            Event::Timer(Timer::Again(rest)) => {
                if let Some(plan) = self.resting.remove(&rest) {
                    self.begin(plan.first.clone(), plan, fx);
                }
                return;
            }
            Event::Timer(Timer::Core(_) | Timer::Io(_)) => return,
        };
        if let Some(ended) = ended {
            self.on_end(ended, fx);
        }
    }
}

impl<S: Service, Q: AtLeast<FairLoss>> Client<S, Q> {
    fn begin(&mut self, request: S::Request, plan: Plan<S::Request>, fx: &mut impl Effects<Self>) {
        let number = self.caller.next();
        let key = Key {
            client: fx.me(),
            incarnation: self.caller.incarnation(),
            number,
            part: 0,
        };
        let until = plan.until;
        let deadline = until.map(|until| until.since(fx.monotonic()));
        fx.indicate(Progress::Begun {
            key,
            request: request.clone(),
            deadline,
        });
        self.plans.insert(number, plan);
        let order = Order {
            key,
            request,
            by: None,
            until,
            done_below: None,
        };
        if let Some(ended) = self.caller.call(order, fx) {
            self.on_end(ended, fx);
        }
    }

    fn on_end(&mut self, ended: Ended<S::Request, S::Reply>, fx: &mut impl Effects<Self>) {
        let Ended {
            number,
            key,
            request,
            outcome,
            attempts,
        } = ended;
        let plan = self.plans.remove(&number);
        let next = match (&outcome, &plan) {
            (Outcome::Success(reply), Some(plan)) => S::follow(&plan.first, &request, reply),
            _ => Follow::Done,
        };
        fx.indicate(Progress::Ended {
            key,
            outcome,
            attempts,
        });
        match (next, plan) {
            (Follow::Then(request), Some(plan)) => self.begin(request, plan, fx),
            (Follow::Again(request), Some(plan)) => self.rest(request, plan, fx),
            _ => (),
        }
    }

    /// Somebody was faster: the same again, after backing off.
    fn rest(&mut self, first: S::Request, mut plan: Plan<S::Request>, fx: &mut impl Effects<Self>) {
        fx.mark("conflict");
        let backoff = self.caller.policy().backoff;
        let wait = backoff.draw(plan.conflicts, plan.waited, fx);
        plan.conflicts += 1;
        plan.waited = Some(wait);
        plan.first = first;
        self.rests += 1;
        self.resting.insert(self.rests, plan);
        fx.arm(Timer::Again(self.rests), wait);
    }
}
